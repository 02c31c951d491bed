/** What a shard of points tells of the centroids of a model, and how that of several is one. */
import type { KMeansDataset, KMeansWorkspace } from '../engine/contract.ts';
import { fingerprintOf } from '../engine/fingerprint.ts';
import { countsAndSums, countsOf } from '../engine/fixed.ts';
import { needOneFrame } from '../engine/shared-frame.ts';
import { addExact, addKMeansStatistics, type ExactSums, settled } from '../engine/statistics.ts';
import type { Frame } from '../frame.ts';
import type { Metric } from '../metric.ts';
import { resultOf, runNow, type Steps } from '../steps.ts';
import { toInertia } from './assign.ts';

/** What a shard of points tells of the centroids of a model. */
export interface KMeansShardStatistics {
  /** What they are. */
  readonly type: 'KMeansStatistics';
  /** Number of clusters. */
  readonly k: number;
  /** Number of features. */
  readonly d: number;
  /** That of the model. */
  readonly metric: Metric;
  /** Number of rows, of all weights. */
  readonly n: number;
  /** Summed weights [k] of the rows that are nearest to each centroid. */
  readonly counts: Float64Array;
  /** Of those rows, as {@link Metric} has it: it belongs to the centroids that they were assigned to, not to the next ones. */
  readonly inertia: number;
  /** @internal */
  readonly frame: Frame;
  /** Of those of the assignment, in the frame: who adds or updates has to have the same. @internal */
  readonly fingerprint: string;
  /** Σ w·x of each cluster, in the frame [k, d]. @internal */
  readonly sums: Float64Array;
  /** What counts and sums are rounded from; null of an engine that does not sum exactly. @internal */
  readonly exact: ExactSums | null;
  /** Of the features [d], in the frame: what tolerances are shares of. @internal */
  readonly variance: Float64Array;
  /** See `PointsSummary` [d]. @internal */
  readonly usualVariance: Float64Array;
}

/** All but counts and sums. */
type Described = Omit<KMeansShardStatistics, 'counts' | 'sums' | 'exact'>;

export function described(statistics: KMeansShardStatistics): Described {
  const { type, k, d, metric, n, inertia, frame, fingerprint, variance, usualVariance } = statistics;
  return { type, k, d, metric, n, inertia, frame, fingerprint, variance, usualVariance };
}

/** Statistics of exact sums, which are rounded where somebody asks for them: who adds them up, or sends them on, does not. */
export function statisticsOfExact(rest: Described, exact: ExactSums): KMeansShardStatistics {
  const { k, d } = rest;
  const { integers, units } = exact;
  let sums: Float64Array | null = null;
  return {
    ...rest,
    counts: countsOf(integers, units, k, d),
    exact,
    get sums() {
      sums ??= runNow(countsAndSums(integers, units, k, d)).sums;
      return sums;
    },
  };
}

/** One assignment of the rows that an engine holds, to centroids [k, d] in their frame. */
export function* statisticsAt(dataset: KMeansDataset, centroids: Float64Array): Steps<KMeansShardStatistics> {
  const workspace = yield* resultOf(dataset.kmeans(centroids.length / dataset.d, true));
  try {
    return yield* statisticsIn(workspace, dataset, centroids);
  } finally {
    workspace.close();
  }
}

/** The same in a workspace that stays open: it may know from the last assignment which rows stay where they are. */
export function* statisticsIn(
  workspace: KMeansWorkspace,
  dataset: KMeansDataset,
  centroids: Float64Array,
): Steps<KMeansShardStatistics> {
  const { n, d, metric, frame, variance, usualVariance } = dataset;
  const { counts, sums, exact } = yield* resultOf(workspace.accumulate(centroids));
  const inertia = toInertia(yield* resultOf(workspace.inertia()), dataset);
  return {
    ...{ type: 'KMeansStatistics', k: centroids.length / d, d, metric, n, counts, inertia, frame },
    ...{ fingerprint: yield* fingerprintOf(centroids), sums, exact: exact && settled(exact) },
    ...{ variance, usualVariance },
  };
}

/** @throws {RangeError} where they do not belong together. */
export function addShards(a: KMeansShardStatistics, b: KMeansShardStatistics): KMeansShardStatistics {
  if (a.k !== b.k || a.d !== b.d) {
    throw new RangeError(`statistics of [${a.k}, ${a.d}] and of [${b.k}, ${b.d}] centroids do not add up`);
  }
  if (a.metric !== b.metric) throw new RangeError(`statistics of '${a.metric}' and '${b.metric}' do not add up`);
  needOneFrame(a, b);
  if (a.fingerprint !== b.fingerprint) throw new RangeError('statistics of different centroids do not add up');
  const both = { ...described(a), n: a.n + b.n, inertia: a.inertia + b.inertia };
  if (a.exact !== null && b.exact !== null) return statisticsOfExact(both, addExact(a.exact, b.exact));
  const { counts, sums } = addKMeansStatistics({ ...a, changed: 0 }, { ...b, changed: 0 });
  return { ...both, counts, sums, exact: null };
}
