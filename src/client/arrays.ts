/** Typed arrays of all kinds, of whatever realm. */
import { detached } from '../check.ts';
import type { Steps } from '../steps.ts';

type ArrayClass = new (of: ArrayBuffer | ArrayLike<unknown>) => ArrayBufferView;

/** The class of a typed array in this realm; undefined for anything else. */
export function arrayOf(value: unknown): ArrayClass | undefined {
  if (!ArrayBuffer.isView(value) || !('length' in value)) return undefined;
  return Reflect.get(globalThis, (value as Uint8Array)[Symbol.toStringTag]);
}

export function isShared({ buffer }: ArrayBufferView): boolean {
  return Object.prototype.toString.call(buffer) === '[object SharedArrayBuffer]';
}

/** Bytes that are copied between two looks at the clock: about a millisecond. */
const COPIED_BYTES = 2 ** 21;

/**
 * A copy, made in turns with other work: a message would make it at once.
 *
 * @param name what the caller calls it
 */
export function* copied(name: string, array: ArrayBufferView): Steps<ArrayBufferView> {
  const { byteLength } = array;
  const copy = new Uint8Array(byteLength);
  for (let at = 0; at < byteLength; at += COPIED_BYTES) {
    if (at > 0) yield;
    if (array.byteLength !== byteLength) throw detached(name);
    const length = Math.min(COPIED_BYTES, byteLength - at);
    copy.set(new Uint8Array(array.buffer, array.byteOffset + at, length), at);
  }
  return new (arrayOf(array)!)(copy.buffer);
}
