import type { Values } from './table.ts';

/** Lays parts one behind the other into an array that has room for all of them. */
export function laid<All extends Values>(all: All, parts: readonly Values[]): All {
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

export function lengthOf(parts: readonly Values[]): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}
