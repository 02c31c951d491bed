/** Milliseconds of work between two turns of the event loop: short enough for a page to feel alive. */
const TURN_MS = 40;

/** Rows between two looks at the clock. */
export const SLICE_ROWS = 4096;

/** Multiply-adds that are about a millisecond. */
const TURN_WORK = 2 ** 20;

/** Rows between two looks at the clock where each takes so many multiply-adds. */
export function rowsOfTurn(workPerRow: number): number {
  return Math.max(1, Math.min(SLICE_ROWS, Math.ceil(TURN_WORK / workPerRow)));
}

/** Lets other work in from time to time, and notices an abort there. It decides when to pause, never what to compute. */
export class Turns {
  readonly #signal: AbortSignal | undefined;
  #since = performance.now();

  constructor(signal: AbortSignal | undefined) {
    this.#signal = signal;
  }

  /** To be awaited between pieces of work; throws the signal's reason once it is aborted. */
  async next(): Promise<void> {
    this.#signal?.throwIfAborted();
    if (performance.now() - this.#since < TURN_MS) return;
    await new Promise((resolve) => setTimeout(resolve, 0));
    this.#since = performance.now();
    this.#signal?.throwIfAborted();
  }
}
