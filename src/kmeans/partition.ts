import type { KMeansDataset } from '../engine/contract.ts';
import { Random } from '../random.ts';
import type { Steps } from '../steps.ts';
import { distinctBelow } from './seeding.ts';

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

/** Whether there are other rows in a cluster and other clusters beside it, which every score compares. */
export function isJudgeable({ rows, sizes }: Partition): boolean {
  return sizes.length >= 2 && sizes.length < rows.length;
}

export function allRows(n: number): Uint32Array {
  const rows = new Uint32Array(n);
  for (let i = 0; i < n; i++) rows[i] = i;
  return rows;
}

/** Ascending: the rows of positive weight; where they are more than `size`, so many of them, each as likely as any other. */
export function* measuredRows({ n, weights }: KMeansDataset, size = Infinity, seed = 0): Steps<Uint32Array> {
  const rows = weights === null ? null : allRows(n).filter((row) => weights[row] > 0);
  const count = rows?.length ?? n;
  if (count <= size) return rows ?? allRows(n);
  const places = (yield* distinctBelow(count, size, new Random(seed))).sort();
  return rows === null ? places : places.map((place) => rows[place]);
}
