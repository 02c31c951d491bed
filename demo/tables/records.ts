/** Records of delimited text, of which values may be in quotes, with delimiters and line ends within. */
import { laid, lengthOf } from './laid.ts';

export const [LINE_FEED, CARRIAGE_RETURN, QUOTE] = [10, 13, 34];

/** Bytes of one record: where each value begins and ends, quotes and all. */
export interface Record {
  readonly starts: number[];
  readonly ends: number[];
}

/**
 * Finds the values of the record at `at`. The byte behind the last one must be a line feed.
 *
 * @param length of the bytes, without that line feed
 * @param isLast whether no bytes follow these
 * @returns where the next record begins; −1 where this one may go on behind the bytes
 */
export function splitRecord(
  bytes: Uint8Array,
  at: number,
  length: number,
  isLast: boolean,
  delimiter: number,
  { starts, ends }: Record,
): number {
  starts.length = 0;
  ends.length = 0;
  for (let p = at; ; p++) {
    starts.push(p);
    if (bytes[p] === QUOTE) {
      p = quoteEnd(bytes, p, length);
      if (p < 0) return -1;
    }
    while (bytes[p] !== delimiter && bytes[p] !== LINE_FEED && bytes[p] !== CARRIAGE_RETURN) p++;
    ends.push(p);
    if (bytes[p] === delimiter && p < length) continue;
    return recordEnd(bytes, p, length, isLast);
  }
}

/** Behind the line end at `p`; −1 where more bytes may belong to it. */
export function recordEnd(bytes: Uint8Array, p: number, length: number, isLast: boolean): number {
  if (p >= length) return isLast ? length : -1;
  if (bytes[p] === LINE_FEED) return p + 1;
  if (p + 1 >= length) return isLast ? length : -1;
  return bytes[p + 1] === LINE_FEED ? p + 2 : p + 1;
}

/** Behind the quote that ends the one at `at`; −1 where there is none. */
export function quoteEnd(bytes: Uint8Array, at: number, length: number): number {
  for (let p = at + 1; p < length; p++) {
    if (bytes[p] !== QUOTE) continue;
    if (bytes[p + 1] !== QUOTE || p + 1 >= length) return p + 1;
    p++;
  }
  return -1;
}

/** The value as it is meant, without quotes. */
export function unquoted(bytes: Uint8Array, start: number, end: number): Uint8Array {
  if (bytes[start] !== QUOTE) return bytes.subarray(start, end);
  const value = new Uint8Array(end - start);
  let size = 0;
  let isInside = true;
  for (let p = start + 1; p < end; p++) {
    if (isInside && bytes[p] === QUOTE) {
      if (bytes[p + 1] === QUOTE && p + 1 < end) p++;
      else {
        isInside = false;
        continue;
      }
    }
    value[size++] = bytes[p];
  }
  return value.subarray(0, size);
}

export function isBlank({ starts, ends }: Record): boolean {
  return starts.length === 1 && ends[0] === starts[0];
}

/** Bytes in one piece, with a line feed behind. */
export function joined(blocks: readonly Uint8Array[]): Uint8Array {
  return laid(new Uint8Array(lengthOf(blocks) + 1), [...blocks, Uint8Array.of(LINE_FEED)]);
}
