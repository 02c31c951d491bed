import { runAsync, type Steps } from '../steps.ts';
import { SLICE_ROWS } from './partition.ts';

/** Milliseconds of work between two turns of the event loop: short enough for a page to feel alive. */
const TURN_MS = 20;

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
  let since = performance.now();
  return runAsync(
    steps,
    () => {
      if (performance.now() - since < TURN_MS) return undefined;
      return nextTurn().then(() => {
        since = performance.now();
      });
    },
    signal,
  );
}

/** Behind what waits in the event loop; timers would add four milliseconds to each turn in a page. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (typeof setImmediate === 'function') {
      setImmediate(resolve);
      return;
    }
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
