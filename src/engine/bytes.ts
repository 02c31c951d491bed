/**
 * Plain objects as bytes, for a message to another machine: a header of 12 bytes ("wgpc", the version, the length of the
 * JSON), JSON, and behind it the arrays that it names, little-endian: float64, float32, and integers of 32 bits.
 */
import { kindOf } from '../check.ts';

const MAGIC = 0x63706777;
/** What is written; others are refused. */
const BYTES_VERSION = 3;
const HEADER = 12;

const ARRAYS = { f64: Float64Array, f32: Float32Array, i32: Int32Array, u32: Uint32Array } as const;
type Name = keyof typeof ARRAYS;
type Named = InstanceType<(typeof ARRAYS)[Name]>;

/** What stands in JSON for what JSON has not. */
type Tagged =
  | { readonly $: Name; readonly length: number }
  | { readonly $: 'number'; readonly value: string }
  | { readonly $: 'integers'; readonly of: readonly (readonly [at: number, integer: string])[] };

export function encode(value: object): Uint8Array<ArrayBuffer> {
  const arrays: Named[] = [];
  const json = JSON.stringify(value, (_, part: unknown) => {
    const name = nameOf(part);
    if (name !== undefined) {
      arrays.push(part as Named);
      return { $: name, length: (part as Named).length } satisfies Tagged;
    }
    if (typeof part === 'number' && !Number.isFinite(part))
      return { $: 'number', value: String(part) } satisfies Tagged;
    if (part instanceof Map) {
      const of = Array.from(part as Map<number, bigint>, ([at, integer]) => [at, String(integer)] as const);
      return { $: 'integers', of } satisfies Tagged;
    }
    return part;
  });
  const text = new TextEncoder().encode(json);
  const length = arrays.reduce((sum, { byteLength }) => sum + byteLength, HEADER + text.length);
  const bytes = new Uint8Array(length);
  const header = new DataView(bytes.buffer);
  [MAGIC, BYTES_VERSION, text.length].forEach((word, i) => {
    header.setUint32(4 * i, word, true);
  });
  bytes.set(text, HEADER);
  let at = HEADER + text.length;
  for (const { buffer, byteOffset, byteLength } of arrays) {
    bytes.set(new Uint8Array(buffer, byteOffset, byteLength), at);
    at += byteLength;
  }
  return bytes;
}

function nameOf(part: unknown): Name | undefined {
  if (!ArrayBuffer.isView(part)) return undefined;
  return (Object.keys(ARRAYS) as Name[]).find((name) => part instanceof ARRAYS[name]);
}

/** @throws {TypeError | RangeError} where the bytes are not of this version of `encode`. */
export function decode(given: Uint8Array): object {
  if (!(given instanceof Uint8Array)) throw new TypeError(`bytes must be a Uint8Array, got ${kindOf(given)}`);
  // A Buffer of Node is one whose `slice` is no copy.
  const bytes = new Uint8Array(given.buffer, given.byteOffset, given.byteLength);
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEADER || header.getUint32(0, true) !== MAGIC) {
    throw new RangeError('bytes are not what toBytes gives');
  }
  const version = header.getUint32(4, true);
  if (version !== BYTES_VERSION) {
    throw new RangeError(`bytes are of version ${version}, this is version ${BYTES_VERSION}`);
  }
  let at = HEADER + header.getUint32(8, true);
  const cut = () => new RangeError(`bytes are cut off, or more than there should be: ${bytes.length} of them`);
  if (at > bytes.length) throw cut();
  const revive = (_: string, part: unknown): unknown => {
    const tagged = part as Tagged | null;
    if (typeof tagged !== 'object' || tagged === null || !Object.hasOwn(tagged, '$')) return part;
    if (tagged.$ === 'number') return Number(tagged.value);
    if (tagged.$ === 'integers') return new Map(tagged.of.map(([at, integer]) => [at, BigInt(integer)]));
    const kind = ARRAYS[tagged.$];
    const size = tagged.length * kind.BYTES_PER_ELEMENT;
    // A copy, which begins where an array may.
    const values = at + size <= bytes.length ? new kind(bytes.slice(at, at + size).buffer) : null;
    if (values === null) throw cut();
    at += size;
    return values;
  };
  const json = new TextDecoder().decode(bytes.subarray(HEADER, at));
  let value: unknown;
  try {
    value = JSON.parse(json, revive);
  } catch (error) {
    throw new RangeError('bytes are damaged', { cause: error });
  }
  if (at !== bytes.length || typeof value !== 'object' || value === null) throw cut();
  return value;
}
