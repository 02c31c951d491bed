import type { EngineDataset } from '../engine/contract.ts';
import { resultOf, type Steps } from '../steps.ts';
import type { Partition } from './partition.ts';

/** How far the rows of each cluster lie from their mean, in the frame of the points. */
export interface Dispersion {
  /** [k, d] */
  readonly means: Float64Array;
  /** Mean of all rows [d]. */
  readonly mean: Float64Array;
  /** Σ ‖x − mean of its cluster‖² */
  readonly squares: number;
  /** Mean distance of the rows of each cluster from its mean [k]. */
  readonly spreads: Float64Array;
}

/** Values that are read at a time. */
const BLOCK_VALUES = 2 ** 16;

/** The engine has sums of nearest rows only; these are of any labels, so they are made of the rows, in float64. */
export function* dispersionOf(dataset: EngineDataset, partition: Partition): Steps<Dispersion> {
  const { d } = dataset;
  const { rows, sizes } = partition;
  const means = new Float64Array(sizes.length * d);
  const mean = new Float64Array(d);
  yield* eachRow(dataset, partition, (row, label) => {
    for (let j = 0; j < d; j++) {
      means[label * d + j] += row[j];
      mean[j] += row[j];
    }
  });
  for (let at = 0; at < means.length; at++) means[at] /= sizes[Math.floor(at / d)];
  for (let j = 0; j < d; j++) mean[j] /= rows.length;
  let squares = 0;
  const spreads = new Float64Array(sizes.length);
  yield* eachRow(dataset, partition, (row, label) => {
    const square = squaredBetween(row, means.subarray(label * d, (label + 1) * d));
    squares += square;
    spreads[label] += Math.sqrt(square) / sizes[label];
  });
  return { means, mean, squares, spreads };
}

/** Visits rows in blocks, in the frame: their values [d], labels, and places in the list. */
export function* eachRow(
  dataset: EngineDataset,
  { rows, labels }: Pick<Partition, 'rows' | 'labels'>,
  visit: (row: Float64Array, label: number, place: number) => void,
): Steps<void> {
  const { d } = dataset;
  const each = Math.max(1, Math.floor(BLOCK_VALUES / d));
  for (let from = 0; from < rows.length; from += each) {
    const values = yield* resultOf(dataset.gather(rows.slice(from, from + each)));
    for (let i = 0; i * d < values.length; i++) {
      visit(values.subarray(i * d, (i + 1) * d), labels[from + i], from + i);
    }
    yield;
  }
}

/** The ratio of what lies between clusters to what lies within them (Calinski and Harabasz 1974). */
export function* varianceRatio({ means, mean, squares }: Dispersion, { rows, sizes }: Partition): Steps<number> {
  if (squares === 0) return 1;
  const d = mean.length;
  const k = sizes.length;
  let between = 0;
  for (let c = 0; c < k; c++) {
    between += sizes[c] * squaredBetween(means.subarray(c * d, (c + 1) * d), mean);
    yield;
  }
  return (between * (rows.length - k)) / (squares * (k - 1));
}

/** The mean over clusters of their likeness to the one that is most alike (Davies and Bouldin 1979). */
export function* likeness({ means, mean, spreads }: Dispersion): Steps<number> {
  const d = mean.length;
  let sum = 0;
  for (let a = 0; a < spreads.length; a++) {
    let most = 0;
    for (let b = 0; b < spreads.length; b++) {
      const distance = Math.sqrt(
        squaredBetween(means.subarray(a * d, (a + 1) * d), means.subarray(b * d, (b + 1) * d)),
      );
      // Partition with one mean are left out, as scikit-learn does.
      if (distance > 0) most = Math.max(most, (spreads[a] + spreads[b]) / distance);
    }
    sum += most;
    yield;
  }
  return sum / spreads.length;
}

function squaredBetween(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) sum += (a[j] - b[j]) ** 2;
  return sum;
}
