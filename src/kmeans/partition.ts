import type { Steps } from '../steps.ts';

/** Rows and the clusters that somebody has put them into, without those that are not measured. */
export interface Partition {
  /** Ascending indices of the rows that are measured: [m]. */
  readonly rows: Uint32Array;
  /** Which of the clusters each of them is in: [m]. */
  readonly labels: Uint32Array;
  /** Rows in each cluster, none of them 0: [k]. */
  readonly sizes: Uint32Array;
}

/** Rows between two looks at the clock. */
const PAUSE_ROWS = 2 ** 14;

/** @param given any integers [n] */
export function* partitionOf(rows: Uint32Array, given: ArrayLike<number>): Steps<Partition> {
  const numbers = new Map<number, number>();
  const sizes: number[] = [];
  const labels = new Uint32Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const label = given[rows[i]];
    let number = numbers.get(label);
    if (number === undefined) {
      number = numbers.size;
      numbers.set(label, number);
      sizes.push(0);
    }
    labels[i] = number;
    sizes[number]++;
    if (i % PAUSE_ROWS === PAUSE_ROWS - 1) yield;
  }
  return { rows, labels, sizes: Uint32Array.from(sizes) };
}
