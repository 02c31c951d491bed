import { SLICE_ROWS } from './partition.ts';

/** Multiply-adds that are about a millisecond. */
const TURN_WORK = 2 ** 20;

/** Rows between two looks at the clock where each takes so many multiply-adds: a power of two, at least four. */
export function rowsOfTurn(workPerRow: number): number {
  const rows = 2 ** Math.floor(Math.log2(TURN_WORK / workPerRow));
  return Math.max(4, Math.min(SLICE_ROWS, rows));
}
