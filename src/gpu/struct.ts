/** Structs that the host and kernels share: described once, by the names that they have in the WGSL. */

/** The types of fields: four bytes each, so that fields lie one behind the other. */
export type FieldType = 'u32' | 'f32';

export interface Struct<Name extends string = string, Fields extends FieldTypes = FieldTypes> {
  /** As in the WGSL. */
  readonly name: Name;
  /** In order. */
  readonly fields: Fields;
  /** The names, and whether they are floats. */
  readonly words: readonly { readonly name: string; readonly isFloat: boolean }[];
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
  const words = Object.entries(fields).map(([name, type]) => ({ name, isFloat: type === 'f32' }));
  return { name, fields, words, bytes: 4 * words.length };
}

/** The words of a struct with these values. */
export function pack<S extends Struct>(struct: S, values: ValuesOf<S>): Uint32Array<ArrayBuffer> {
  return packAll(struct, [values]);
}

/** The words of an array of structs. */
export function packAll<S extends Struct>(struct: S, all: readonly ValuesOf<S>[]): Uint32Array<ArrayBuffer> {
  const integers = new Uint32Array((all.length * struct.bytes) / 4);
  const floats = new Float32Array(integers.buffer);
  let at = 0;
  for (const values of all) {
    const byName: Readonly<Record<string, number>> = values;
    for (const { name, isFloat } of struct.words) (isFloat ? floats : integers)[at++] = byName[name];
  }
  return integers;
}

/** The values of a struct that begins at a byte. */
export function unpack<S extends Struct>({ words }: S, contents: ArrayBuffer, at: number): ValuesOf<S> {
  const integers = new Uint32Array(contents, at, words.length);
  const floats = new Float32Array(contents, at, words.length);
  const values = words.map(({ name, isFloat }, i) => [name, (isFloat ? floats : integers)[i]]);
  return Object.fromEntries(values) as ValuesOf<S>;
}
