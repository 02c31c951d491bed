import type { EngineDataset } from '../engine/contract.ts';
import { metricOf } from '../metric.ts';
import { pointsOfRows } from '../points.ts';
import { resultOf, type Steps } from '../steps.ts';
import { rowsOfTurn } from '../turns.ts';
import type { Partition } from './partition.ts';

/** Values of rows whose distances an engine sums at once, and of these sums: what stays in a cache. */
const SUMMED_VALUES = 2 ** 16;

/** Distances that the host has at a time: 8 MiB in float64. */
const BLOCK_VALUES = 2 ** 20;

/**
 * The silhouettes (Rousseeuw 1987) of the rows of some clusters, measured among these rows: Float64Array [m]. A row that is
 * alone in its cluster has 0.
 */
export function* silhouettesOf(dataset: EngineDataset, partition: Partition): Steps<Float64Array> {
  if (partition.rows.length === dataset.n) return yield* silhouettesWithin(dataset, partition);
  const rows = yield* resultOf(dataset.gather(partition.rows));
  const measured = yield* resultOf(dataset.upload(pointsOfRows(dataset, rows, null)));
  try {
    return yield* silhouettesWithin(measured, partition);
  } finally {
    measured.destroy();
  }
}

function* silhouettesWithin(dataset: EngineDataset, { labels, sizes }: Partition): Steps<Float64Array> {
  const { n, d, metric } = dataset;
  const k = sizes.length;
  const { isRoot } = metricOf(metric);
  const opened = dataset.clusterDistances && (yield* resultOf(dataset.clusterDistances(labels, k, isRoot)));
  const each = opened
    ? Math.max(4, Math.floor(SUMMED_VALUES / Math.max(d, k)))
    : Math.max(1, Math.floor(BLOCK_VALUES / Math.max(n, d)));
  const silhouettes = new Float64Array(n);
  try {
    for (let first = 0; first < n; first += each) {
      const count = Math.min(each, n - first);
      const own = yield* resultOf(dataset.gather(Uint32Array.from({ length: count }, (_, i) => first + i)));
      const sums = opened ? yield* resultOf(opened.sums(own)) : yield* summedDistances(dataset, labels, k, first, own);
      for (let i = 0; i < count; i++) {
        silhouettes[first + i] = silhouetteOf(sums.subarray(i * k, (i + 1) * k), labels[first + i], sizes);
      }
      yield;
    }
  } finally {
    opened?.close();
  }
  return silhouettes;
}

/** Summed distances of rows from `first` on, which are given, to the rows of each cluster: [count, k]. */
function* summedDistances(
  dataset: EngineDataset,
  labels: Uint32Array,
  k: number,
  first: number,
  own: Float64Array,
): Steps<Float64Array> {
  const { n, d } = dataset;
  const { isRoot } = metricOf(dataset.metric);
  const count = own.length / d;
  const sums = new Float64Array(count * k);
  const rows = Math.max(1, Math.floor(BLOCK_VALUES / count));
  const pause = rowsOfTurn(count);
  for (let from = 0; from < n; from += rows) {
    const end = Math.min(n, from + rows);
    const squares = yield* resultOf(dataset.allDistances(own, from, end));
    for (let row = from, at = 0; row < end; row++) {
      const label = labels[row];
      for (let i = 0; i < count; i++, at++) {
        // Of a row to itself: not what rounding may make of 0.
        if (first + i !== row) sums[i * k + label] += isRoot ? Math.sqrt(squares[at]) : squares[at];
      }
      if (row % pause === pause - 1) yield;
    }
  }
  return sums;
}

/** (b − a) / max(a, b), whatever the unit: a the mean distance to the others of its cluster and b that to the nearest other cluster. */
function silhouetteOf(sums: Float64Array, label: number, sizes: Uint32Array): number {
  if (sizes[label] === 1) return 0;
  const within = sums[label] / (sizes[label] - 1);
  let between = Infinity;
  for (let c = 0; c < sums.length; c++) if (c !== label) between = Math.min(between, sums[c] / sizes[c]);
  const larger = Math.max(within, between);
  return larger === 0 ? 0 : (between - within) / larger;
}
