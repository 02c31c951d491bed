import type { Steps } from '../steps.ts';

/** Rows between two looks at the clock. */
const STEP_ROWS = 2 ** 14;

/** Rows by falling key, those of equal keys in index order: a heap, so that the first few cost little more than a look. */
export class Ranking {
  readonly #keys: Float64Array;
  /** Each row is behind none of those at 2i + 1 and 2i + 2. */
  readonly #heap: Uint32Array;
  #length = 0;

  private constructor(n: number) {
    this.#keys = new Float64Array(n);
    this.#heap = new Uint32Array(n);
  }

  /** @param key of a row of [0, n); −Infinity leaves it out */
  static *of(n: number, key: (row: number) => number): Steps<Ranking> {
    const ranking = new Ranking(n);
    for (let row = 0; row < n; row++) {
      const value = key(row);
      ranking.#keys[row] = value;
      if (value > -Infinity) ranking.#heap[ranking.#length++] = row;
      if (row % STEP_ROWS === STEP_ROWS - 1) yield;
    }
    for (let at = (ranking.#length >> 1) - 1; at >= 0; at--) {
      ranking.#sink(ranking.#heap[at], at);
      if (at % STEP_ROWS === 0) yield;
    }
    return ranking;
  }

  /** The next rows, `count` of them where there are so many left. */
  *next(count: number): Steps<Uint32Array> {
    const rows = new Uint32Array(Math.min(count, this.#length));
    for (let i = 0; i < rows.length; i++) {
      rows[i] = this.#heap[0];
      this.#sink(this.#heap[--this.#length], 0);
      if (i % STEP_ROWS === STEP_ROWS - 1) yield;
    }
    return rows;
  }

  /** Puts a row in place of the one at `at`, or below. */
  #sink(row: number, at: number): void {
    const heap = this.#heap;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= this.#length) break;
      if (child + 1 < this.#length && this.#isBefore(heap[child + 1], heap[child])) child++;
      if (!this.#isBefore(heap[child], row)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = row;
  }

  #isBefore(a: number, b: number): boolean {
    const [first, second] = [this.#keys[a], this.#keys[b]];
    return first > second || (first === second && a < b);
  }
}
