import {
  checkInteger,
  checkNotNegative,
  checkSignal,
  checkWord,
  type Given,
  type Names,
  readOptions,
} from '../check.ts';
import type { Dataset } from '../dataset.ts';
import { withPoints } from '../defaults.ts';
import { outOfFrame } from '../frame.ts';
import { unfitted } from '../kmeans/held.ts';
import type { Learned, MiniBatchPlan } from '../kmeans/mini-batch.ts';
import { METRICS, type Metric } from '../metric.ts';
import { KMeansModel } from '../models/kmeans-model.ts';
import type { PointsInput } from '../points.ts';
import { knowSelf } from '../proxies.ts';
import { type BlockSource, isSource, PLACEMENT_OPTIONS } from '../reading.ts';
import { heeding, runAsync } from '../steps.ts';
import { BATCH_OPTIONS, Batches, type PartialFitOptions } from './batches.ts';
import { modelOfSource } from './kmeans.ts';
import { checkKMeansOptions, type KMeansOptions } from './kmeans-options.ts';

/** Options of {@link miniBatchKMeans}. */
export interface MiniBatchKMeansOptions extends Omit<KMeansOptions, 'output' | 'maxSize'> {
  /** Rows of a batch, drawn with replacement; those of a source are cut from its blocks. Default 1024. */
  readonly batchSize?: number;
  /**
   * Rows that a start is fitted to, k at least. Default 3 · `batchSize`, or 512 · k where that is more and not over a 16th of the
   * points.
   */
  readonly initSize?: number;
  /** Starts, of which the one of the least inertia over all points is taken. Default 3; an explicit start is used as it is. */
  readonly nInit?: number;
  /** So many times the number of points, at most, are rows learnt from; of a source, so many passes. Default 100. */
  readonly maxIterations?: number;
  /**
   * Stops when the summed squared shift of the centroids by a batch is at most `tolerance` × the mean weighted variance of the
   * features. Default 0: not for that reason.
   */
  readonly tolerance?: number;
  /** Stops when so many batches in a row did not lower the smoothed inertia. Default 10; null: not for that reason. */
  readonly maxNoImprovement?: number | null;
  /**
   * Clusters of less than this share of the largest one's weight go to rows of the batch, drawn by their weights; looked for
   * whenever 10 · k rows were seen, and while one has none. Default 0, none, and not scikit-learn's 0.01: clusters
   * of few rows may be right. {@link MiniBatchKMeans} has 0.01.
   */
  readonly reassignmentRatio?: number;
}

/** Options of {@link MiniBatchKMeans}. */
export type MiniBatchLearnerOptions = Pick<
  MiniBatchKMeansOptions,
  'k' | 'init' | 'initSize' | 'reassignmentRatio' | 'metric' | 'seed' | 'backend' | 'device'
>;

const LEARNER_OPTIONS: Names<MiniBatchLearnerOptions> = {
  ...PLACEMENT_OPTIONS,
  k: true,
  init: true,
  initSize: true,
  reassignmentRatio: true,
  metric: true,
  seed: true,
};

const OPTIONS: Names<MiniBatchKMeansOptions> = {
  ...LEARNER_OPTIONS,
  ...BATCH_OPTIONS,
  batchSize: true,
  nInit: true,
  maxIterations: true,
  tolerance: true,
  maxNoImprovement: true,
  onIteration: true,
};

/** Loaded where it is asked for. */
const learning = () => import('../kmeans/mini-batch.ts');

/**
 * Clusters points [n, d] into k clusters by mini-batches (Sculley 2010): k-means of some of the rows, then batches of others,
 * each of which moves the centroids that its rows are nearest to, the less the more rows they had. An inertia within a few percent
 * of that of `kmeans`, in a fraction of its time where there are many points. Learning rates, moves of starved clusters and the
 * end are those of scikit-learn's MiniBatchKMeans, which begins with k-means++ alone, however.
 *
 * Of a source of blocks a pass makes batches of the rows of each block, in random order. Since blocks need not be alike, clusters
 * are moved, and an end is seen, from the second pass on. Behind it one assignment of all rows makes the model. Its `iterations`
 * are batches; `onIteration` tells of each, and of the inertia of all points that the batches let expect.
 *
 * @param points [n, d]: a typed array with its shape, rows, columns, a GPUBuffer, a Dataset of an engine, or a source of blocks,
 *   of which no labels are kept: weights are in its blocks
 * @throws {TypeError | RangeError} as `kmeans` does.
 * @throws {WebGPUUnavailableError} under `backend: 'webgpu'`, where there is no adapter.
 * @throws {DeviceLostError} where the device was lost and the points could not go on to the CPU.
 * @example
 * ```ts
 * import { miniBatchKMeans } from 'webgpu-clustering';
 *
 * const data = Float32Array.from({ length: 100_000 }, (_, i) => (i % 2) * 10 + Math.sin(i));
 * const model = await miniBatchKMeans({ data, shape: [100_000, 1] }, { k: 2 });
 * console.log(model.counts.join(), model.converged); // 50000,50000 true
 * ```
 */
export async function miniBatchKMeans(
  points: PointsInput | Dataset | BlockSource,
  options: MiniBatchKMeansOptions,
): Promise<KMeansModel> {
  const given = readOptions('miniBatchKMeans', options, OPTIONS);
  const { metric, sampleWeight, backend, device, signal: heeded, ...fit } = given;
  const plan = checkMiniBatch(fit);
  const signal = checkSignal(heeded);
  if (metric !== undefined) checkWord('metric', metric, METRICS);
  if (isSource(points)) {
    const { fitSource } = await import('../streams/mini-batch.ts');
    return modelOfSource(fitSource, points, plan, { metric, sampleWeight, backend, device, signal });
  }
  return withPoints(points, { backend, device, metric, sampleWeight, signal, frame: undefined }, (resident) =>
    heeding(plan.onIteration, signal, (onIteration) =>
      resident.use(signal, async ({ dataset, reason }) => {
        const { fitMiniBatch } = await learning();
        return new KMeansModel({
          ...(await runAsync(fitMiniBatch(dataset, { ...plan, onIteration }), signal)),
          reason,
        });
      }),
    ),
  );
}

/** @throws {TypeError | RangeError} naming the option that is wrong. */
function checkMiniBatch({
  batchSize: asked,
  initSize,
  maxNoImprovement,
  reassignmentRatio,
  nInit,
  maxIterations,
  tolerance,
  ...fit
}: Given<Omit<MiniBatchKMeansOptions, 'metric' | 'sampleWeight' | 'signal' | 'backend' | 'device'>>): MiniBatchPlan {
  const plan = checkKMeansOptions({
    ...fit,
    nInit: nInit ?? 3,
    maxIterations: maxIterations ?? 100,
    tolerance: tolerance ?? 0,
  });
  const { k } = plan;
  const batchSize = checkInteger('batchSize', asked ?? 1024, 1);
  const ratio = checkNotNegative('reassignmentRatio', reassignmentRatio ?? 0);
  if (ratio > 1) throw new RangeError(`reassignmentRatio must be at most 1, got ${ratio}`);
  return {
    ...plan,
    batchSize,
    initSize: initSize === undefined ? undefined : checkInteger('initSize', initSize, k),
    maxNoImprovement:
      maxNoImprovement === null ? Infinity : checkInteger('maxNoImprovement', maxNoImprovement ?? 10, 1),
    reassignmentRatio: ratio,
  };
}

/** What a learner is not asked for. */
const OF_FITS = {
  batchSize: undefined,
  nInit: undefined,
  maxIterations: undefined,
  tolerance: undefined,
  maxNoImprovement: undefined,
  onIteration: undefined,
};

/**
 * k-means of points that keep coming: each call learns from one batch, as each step of {@link miniBatchKMeans} does, and the
 * rows are not needed behind it. Semantics are those of `partial_fit` of scikit-learn's MiniBatchKMeans. The first batch draws the
 * start, so it has to have k points. Batches are learnt in the order of the calls; one that rejects is not.
 *
 * @example
 * ```ts
 * import { MiniBatchKMeans } from 'webgpu-clustering';
 *
 * const learner = new MiniBatchKMeans({ k: 2 });
 * await learner.partialFit([[0], [1], [9]]);
 * await learner.partialFit([[2], [10], [11]]);
 * console.log(Array.from(learner.model.centroids).sort().join()); // 1,10
 * ```
 */
export class MiniBatchKMeans {
  readonly #metric: Metric;
  readonly #plan: MiniBatchPlan;
  readonly #batches: Batches<{ readonly learned: Learned }>;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: MiniBatchLearnerOptions) {
    knowSelf(this, MiniBatchKMeans);
    const { metric, backend, device, ...given } = readOptions('MiniBatchKMeans', options, LEARNER_OPTIONS);
    this.#metric = checkWord('metric', metric ?? 'euclidean', METRICS);
    this.#batches = new Batches({ backend, device }, this.#metric);
    this.#plan = checkMiniBatch({
      ...OF_FITS,
      ...given,
      reassignmentRatio: given.reassignmentRatio ?? 0.01,
    });
  }

  /**
   * Learns from points [n, d].
   *
   * @throws {TypeError | RangeError} as `kmeans` does; a batch of other features than the first is a `RangeError`.
   */
  async partialFit(points: PointsInput | Dataset, options?: PartialFitOptions): Promise<void> {
    return this.#batches.learn(points, options, async (batch, known, signal) => {
      const { learnedFrom } = await learning();
      return { learned: await runAsync(learnedFrom(batch, known?.learned ?? null, this.#plan), signal) };
    });
  }

  /**
   * What was learnt so far: `counts` are the summed weights behind each centroid, `iterations` the batches; `labels` are empty and
   * the inertia is NaN, since the rows are gone.
   *
   * @throws {TypeError} before the first batch.
   */
  get model(): KMeansModel {
    const { known } = this.#batches;
    if (known === null) throw new TypeError('there is no model before the first partialFit');
    const { learned, ...where } = known;
    const { centroids, counts, steps: iterations } = learned;
    const frame = { ...learned.newest, shift: learned.newest.shift.slice() };
    const [k, d] = [counts.length, frame.shift.length];
    return new KMeansModel({
      ...unfitted(k),
      ...{ k, d, metric: this.#metric, centroids: outOfFrame(centroids, learned.frame), counts: counts.slice() },
      ...{ frame, iterations, ...where },
    });
  }
}
