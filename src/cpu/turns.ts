import { runAsync, type Steps } from '../steps.ts';
import { SLICE_ROWS } from './partition.ts';

/** Multiply-adds that are about a millisecond. */
const TURN_WORK = 2 ** 20;

/** Rows between two looks at the clock where each takes so many multiply-adds: a power of two, at least four. */
export function rowsOfTurn(workPerRow: number): number {
  const rows = 2 ** Math.floor(Math.log2(TURN_WORK / workPerRow));
  return Math.max(4, Math.min(SLICE_ROWS, rows));
}

/**
 * Runs steps and lets other work in from time to time. That decides when to pause, never what is computed.
 *
 * @throws the signal's reason soon after its abort, behind the `finally` blocks of the steps.
 */
export function runInTurns<T>(steps: Steps<T>, signal?: AbortSignal): Promise<T> {
  return runAsync(steps, undefined, signal);
}
