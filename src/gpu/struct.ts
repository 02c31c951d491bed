/** Structs that the host and kernels share: described once, by the names that they have in the WGSL. */

/** The types of fields: four bytes each, so that fields lie one behind the other. */
export type FieldType = 'u32' | 'f32';

export interface Struct<Name extends string = string, Fields extends FieldTypes = FieldTypes> {
  /** As in the WGSL. */
  readonly name: Name;
  /** In order. */
  readonly fields: Fields;
  readonly bytes: number;
}

type FieldTypes = Readonly<Record<string, FieldType>>;

/** A number for each field; integers are below 2³². */
export type ValuesOf<S extends Struct> = { readonly [Field in keyof S['fields']]: number };

/** A uniform buffer that holds a struct. */
export interface Uniform<S extends Struct = Struct> {
  readonly struct: S;
  readonly buffer: GPUBuffer;
}

export function struct<const Name extends string, const Fields extends FieldTypes>(
  name: Name,
  fields: Fields,
): Struct<Name, Fields> {
  return { name, fields, bytes: 4 * Object.keys(fields).length };
}

/** The words of a struct with these values. */
export function pack<S extends Struct>(struct: S, values: ValuesOf<S>): Uint32Array<ArrayBuffer> {
  return packAll(struct, [values]);
}

/** The words of an array of structs. */
export function packAll<S extends Struct>({ fields }: S, all: readonly ValuesOf<S>[]): Uint32Array<ArrayBuffer> {
  const types = Object.entries(fields);
  const words = new Uint32Array(all.length * types.length);
  const floats = new Float32Array(words.buffer);
  all.forEach((values: Readonly<Record<string, number>>, row) => {
    types.forEach(([name, type], i) => {
      (type === 'f32' ? floats : words)[row * types.length + i] = values[name];
    });
  });
  return words;
}

/** The values of a struct that begins at a byte. */
export function unpack<S extends Struct>({ fields }: S, contents: ArrayBuffer, at: number): ValuesOf<S> {
  const view = new DataView(contents, at);
  const values = Object.entries(fields).map(([name, type], i): [string, number] => [
    name,
    type === 'f32' ? view.getFloat32(4 * i, true) : view.getUint32(4 * i, true),
  ]);
  return Object.fromEntries(values) as ValuesOf<S>;
}
