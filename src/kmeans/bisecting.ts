/** k clusters by splitting one in two, over and over. */
import type { EngineDataset } from '../engine/contract.ts';
import { pointsOfRows } from '../points.ts';
import { resultOf, type Steps } from '../steps.ts';
import { rowsOfTurn } from '../turns.ts';
import { assignment } from './assign.ts';
import { eachRow } from './dispersion.ts';
import { iterateFrom, type KMeansFit, newState, outcomeOf } from './fit.ts';
import { measuredRows } from './partition.ts';
import { checkKMeansPlan, type KMeansPlan } from './plan.ts';

/** Which cluster is split next: that of the largest inertia, or of the largest weight; of equals the first. */
export type BisectingStrategy = 'largest-inertia' | 'largest-cluster';

/** A cluster that may be split. */
interface Leaf {
  /** Ascending. */
  readonly rows: Uint32Array;
  /** [d], in the frame. */
  readonly centroid: Float64Array;
  readonly inertia: number;
  readonly weight: number;
}

/** Leaves that rows were put into. */
interface Split {
  readonly leaves: readonly Leaf[];
  readonly iterations: number;
  readonly converged: boolean;
}

/**
 * Bisecting k-means (Steinbach, Karypis and Kumar 2000). The rows of a cluster are points of their own while it is split, so
 * that a split costs what they are, not what all are. Clusters stand in the order of the tree, and a last
 * assignment gives each row the nearest of them.
 *
 * @returns fewer than `plan.k` clusters where there are fewer distinct points
 */
export function* fitBisecting(dataset: EngineDataset, plan: KMeansPlan, strategy: BisectingStrategy): Steps<KMeansFit> {
  checkKMeansPlan(plan, dataset);
  const root = yield* clustersOf(dataset, yield* measuredRows(dataset), { ...plan, k: 1, nInit: 1 }, 0);
  const leaves = [...root!.leaves];
  /** One point each, as far as two centroids can tell. */
  const whole = new Set<Leaf>();
  let [iterations, converged] = [0, true];
  for (let splits = 0; leaves.length < plan.k; splits++) {
    const next = largestOf(leaves, whole, strategy);
    if (next === undefined) break;
    const split = yield* clustersOf(dataset, next.rows, { ...plan, k: 2 }, splits * plan.nInit);
    if (split === null) {
      whole.add(next);
      continue;
    }
    leaves.splice(leaves.indexOf(next), 1, ...split.leaves);
    iterations += split.iterations;
    converged &&= split.converged;
  }
  return yield* assigned(dataset, leaves, { ...plan, k: leaves.length }, iterations, converged);
}

function largestOf(leaves: readonly Leaf[], whole: ReadonlySet<Leaf>, strategy: BisectingStrategy): Leaf | undefined {
  const sizeOf = ({ inertia, weight }: Leaf) => (strategy === 'largest-inertia' ? inertia : weight);
  const open = leaves.filter((leaf) => leaf.rows.length > 1 && !whole.has(leaf));
  return open.reduce<Leaf | undefined>((most, leaf) => (most && sizeOf(most) >= sizeOf(leaf) ? most : leaf), undefined);
}

/** The best of `plan.nInit` fits to some rows, from starts numbered from `first` on; null where none fills its clusters. */
function* clustersOf(dataset: EngineDataset, rows: Uint32Array, plan: KMeansPlan, first: number): Steps<Split | null> {
  const isAll = rows.length === dataset.n;
  const part = isAll ? dataset : yield* partOf(dataset, rows);
  try {
    let least = Infinity;
    let best: { labels: Uint32Array; counts: Float64Array; centroids: Float64Array } | null = null;
    let progress = { iterations: 0, converged: true };
    for (let start = first; start < first + plan.nInit; start++) {
      const state = newState();
      const { labels, counts, inertia } = yield* iterateFrom(part, plan, start, state, (workspace) =>
        assignment(workspace, state.centroids!),
      );
      if (counts.includes(0) || inertia >= least) continue;
      least = inertia;
      best = { labels, counts, centroids: state.centroids! };
      progress = state;
    }
    if (best === null) return null;
    const { labels, counts, centroids } = best;
    const { iterations, converged } = progress;
    return { leaves: yield* leavesOf(dataset, rows, labels, counts, centroids), iterations, converged };
  } finally {
    if (!isAll) part.destroy();
  }
}

/** Rows as points of their own, in the frame of all. */
function* partOf(dataset: EngineDataset, rows: Uint32Array): Steps<EngineDataset> {
  const { d, metric, frame, rounding, weights: ofAll } = dataset;
  const values = yield* resultOf(dataset.gather(rows));
  const weights = ofAll && Float32Array.from(rows, (row) => ofAll[row]);
  const variance = yield* varianceOf(values, weights, d);
  const summary = { d, metric, frame, rounding, variance, usualVariance: variance };
  return yield* resultOf(dataset.upload(pointsOfRows(summary, values, weights)));
}

/** Weighted variance of each feature [d] of rows [m, d]. */
function* varianceOf(values: Float64Array, weights: Float32Array | null, d: number): Steps<Float64Array> {
  const mean = new Float64Array(d);
  const variance = new Float64Array(d);
  const pause = rowsOfTurn(d) * d;
  for (const isMean of [true, false]) {
    let total = 0;
    for (let from = 0, i = 0; from < values.length; from += d, i++) {
      const weight = weights === null ? 1 : weights[i];
      total += weight;
      for (let j = 0; j < d; j++) {
        if (isMean) mean[j] += weight * values[from + j];
        else variance[j] += weight * (values[from + j] - mean[j]) ** 2;
      }
      if (from % pause === 0) yield;
    }
    const sums = isMean ? mean : variance;
    for (let j = 0; j < d; j++) sums[j] /= total;
  }
  return variance;
}

function* leavesOf(
  dataset: EngineDataset,
  rows: Uint32Array,
  labels: Uint32Array,
  counts: Float64Array,
  centroids: Float64Array,
): Steps<Leaf[]> {
  const { d, weights } = dataset;
  const inertias = new Float64Array(counts.length);
  yield* eachRow(dataset, { rows, labels }, (values, label, i) => {
    let square = 0;
    for (let j = 0; j < d; j++) square += (values[j] - centroids[label * d + j]) ** 2;
    inertias[label] += weights === null ? square : weights[rows[i]] * square;
  });
  return Array.from(counts, (weight, label) => ({
    rows: rows.filter((_, i) => labels[i] === label),
    centroid: centroids.slice(label * d, (label + 1) * d),
    inertia: inertias[label],
    weight,
  }));
}

function* assigned(
  dataset: EngineDataset,
  leaves: readonly Leaf[],
  plan: KMeansPlan,
  iterations: number,
  converged: boolean,
): Steps<KMeansFit> {
  const state = newState(Float64Array.from(leaves.flatMap(({ centroid }) => Array.from(centroid))));
  const workspace = yield* resultOf(dataset.kmeans(plan.k));
  try {
    return yield* outcomeOf(dataset, workspace, plan, { ...state, iterations, converged });
  } finally {
    workspace.close();
  }
}
