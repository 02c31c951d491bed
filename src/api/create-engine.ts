import { checkInteger, checkSignal, checkWord, type Given, type Names, readOptions, wrongKind } from '../check.ts';
import type { Dataset } from '../dataset.ts';
import type { SharedFrame } from '../engine/shared-frame.ts';
import { TUNING_VERSION, type Tuning } from '../engine/tuning.ts';
import { checkKMeansPlan, KMEANS_DEFAULTS } from '../kmeans/plan.ts';
import { METRICS, type Metric } from '../metric.ts';
import type { GaussianMixtureModel } from '../models/gaussian-mixture-model.ts';
import type { KMeansModel } from '../models/kmeans-model.ts';
import { ENGINE_OPTIONS, type EngineInfo, type EngineOptions, EngineSet, readTuning } from '../placement.ts';
import type { Backend, PointsInput, Weights } from '../points.ts';
import { unwrapped } from '../proxies.ts';
import { isDataset } from '../reading.ts';
import { shardOf } from '../shard.ts';
import { run } from '../steps.ts';
import { surveyPoints } from '../survey.ts';
import { gaussianMixtureWith } from './gaussian-mixture.ts';
import {
  checkMixtureOptions,
  type GaussianMixtureFitOptions,
  type GaussianMixtureOptions,
  MIXTURE_FIT_OPTIONS,
} from './gaussian-mixture-options.ts';
import { checkKMeansFit, KMEANS_FIT_OPTIONS, kmeansWith, needsGpu } from './kmeans.ts';
import type { KMeansFitOptions, KMeansOptions } from './kmeans-options.ts';

/** What belongs to points that stay in an engine. */
export interface UploadOptions {
  /** Default `'euclidean'`. */
  readonly metric?: Metric;
  /** Weights [n], finite and not negative, in float32. */
  readonly sampleWeight?: Weights;
  /** What these points agreed on with others, of which they are a shard: see {@link frameOf}. Default one of their own. */
  readonly frame?: SharedFrame;
  /** Rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

const UPLOAD_OPTIONS: Names<UploadOptions> = { metric: true, sampleWeight: true, frame: true, signal: true };

/** Options of `engine.kmeans`. `metric` and `sampleWeight` belong to a dataset, where the points are one. */
export type EngineKMeansOptions = KMeansFitOptions & Pick<KMeansOptions, 'metric' | 'sampleWeight'>;

const ENGINE_KMEANS_OPTIONS: Names<EngineKMeansOptions> = { ...KMEANS_FIT_OPTIONS, metric: true, sampleWeight: true };

/** Options of `engine.gaussianMixture`. `sampleWeight` belongs to a dataset, where the points are one. */
export type EngineGaussianMixtureOptions = GaussianMixtureFitOptions & Pick<GaussianMixtureOptions, 'sampleWeight'>;

const ENGINE_MIXTURE_OPTIONS: Names<EngineGaussianMixtureOptions> = { ...MIXTURE_FIT_OPTIONS, sampleWeight: true };

/** Options of `engine.tune`. */
export interface TuneOptions {
  /** Number of clusters. */
  readonly k: number;
  /** Rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

const TUNE_OPTIONS: Names<TuneOptions> = { k: true, signal: true };

/** What fits of resident points need not say. */
const RESIDENT = { backend: undefined, device: undefined, metric: undefined, sampleWeight: undefined };

/**
 * An engine of one's own: it owns its device (a borrowed one excepted) and keeps points resident.
 *
 * @example
 * ```ts
 * import { createEngine } from 'webgpu-clustering';
 *
 * const engine = await createEngine({ backend: 'cpu' });
 * const dataset = await engine.upload([[0, 0], [0, 1], [9, 9], [9, 8]]);
 * for (const k of [1, 2]) console.log(k, (await engine.kmeans(dataset, { k })).inertia); // 1 146 | 2 1
 * await engine.destroy();
 * ```
 */
export interface Engine {
  /** Where points go, if they are many enough. */
  readonly backend: Backend;
  /** What it runs on, and why. */
  readonly info: EngineInfo;
  /**
   * Copies points [n, d] into the engine, once; under `'auto'` it decides where they live. A GPUBuffer is read in place.
   *
   * @throws {TypeError | RangeError} as `kmeans` does, and a `TypeError` where the engine was destroyed.
   */
  upload(points: PointsInput, options?: UploadOptions): Promise<Dataset>;
  /**
   * k-means of points [n, d] that are resident, or that are uploaded to this engine for as long as it takes.
   *
   * @throws {TypeError | RangeError} as `kmeans` does, and a `TypeError` where the dataset was destroyed.
   * @throws {DeviceLostError} where the device was lost and the points could not go on to the CPU.
   */
  kmeans(points: PointsInput | Dataset, options: EngineKMeansOptions): Promise<KMeansModel>;
  /**
   * A mixture of Gaussians, of points [n, d] that are resident or that are uploaded for as long as it takes.
   *
   * @throws {TypeError | RangeError} as `gaussianMixture` does, and a `TypeError` where the dataset was destroyed.
   * @throws {DeviceLostError} where the device was lost and the points could not go on to the CPU.
   */
  gaussianMixture(points: PointsInput | Dataset, options: EngineGaussianMixtureOptions): Promise<GaussianMixtureModel>;
  /**
   * Finds out which way to assign points of d features to k centroids is the fastest on this GPU: times a few passes over the
   * dataset [n, d] with each of its kernels' variants, which takes a few seconds, and is best done while the GPU has nothing else to
   * do. From then on k-means of d features and k/2 to 2k clusters takes that variant, where there is room for it: of all engines of
   * this thread on such an adapter, unless they were given a `tuning` that knows better. Results have the same bits with any, as long
   * as compilers keep the order of sums.
   *
   * What it resolves to is all that is known of the adapter by now, as JSON: kept by the caller, it is the `tuning` of an engine of
   * another day. `choices` are empty where there is nothing to choose: on the CPU, where under `'auto'` a dataset may be, too.
   *
   * @throws {TypeError} where the dataset is none of this engine's, or they were destroyed, or an option does not exist.
   * @throws {RangeError} where k is less than 1 or more than the points of positive weight, or the GPU has no room for k.
   * @throws {DeviceLostError} where the device was lost and the points could not go on to the CPU.
   * @example
   * ```ts
   * import { createEngine } from 'webgpu-clustering';
   *
   * const engine = await createEngine();
   * const dataset = await engine.upload([[0, 0], [0, 1], [9, 9], [9, 8]]);
   * const stored = JSON.stringify(await engine.tune(dataset, { k: 2 }));
   * await engine.destroy();
   *
   * const tuned = await createEngine({ tuning: JSON.parse(stored) });
   * console.log(JSON.parse(stored).choices.length); // 0
   * await tuned.destroy();
   * ```
   */
  tune(dataset: Dataset, options: TuneOptions): Promise<Tuning>;
  /** Frees the engine and its datasets; a fit that is running rejects. */
  destroy(): Promise<void>;
  /** The same, for `await using`, where the runtime has the symbol. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Makes an engine, for points that are used more than once, or for a device or a number of threads of one's own. Free it
 * with `destroy`.
 *
 * @throws {TypeError | RangeError} naming the option that is wrong, or does not exist.
 * @throws {WebGPUUnavailableError} under `'webgpu'`, where there is no adapter.
 * @example
 * ```ts
 * import { createEngine } from 'webgpu-clustering';
 *
 * const engine = await createEngine({ backend: 'cpu', threads: 1 });
 * console.log(engine.backend, engine.info.threads, engine.info.reason); // cpu 1 asked
 * await engine.destroy();
 * ```
 */
export async function createEngine(options?: EngineOptions): Promise<Engine> {
  const { tuning, ...given } = readOptions('createEngine', options, ENGINE_OPTIONS);
  return engineOf(
    await EngineSet.create({ ...given, tuning: tuning === undefined ? tuning : await readTuning(tuning) }),
  );
}

/** The public face of a set of engines. */
export function engineOf(engines: EngineSet): Engine {
  const engine: Omit<Engine, typeof Symbol.asyncDispose> = {
    get backend() {
      return engines.backend;
    },
    get info() {
      return engines.info;
    },
    async upload(points, options) {
      return uploadTo(engines, points, readOptions('upload', options, UPLOAD_OPTIONS));
    },
    async kmeans(points, options) {
      const given = readOptions('engine.kmeans', options, ENGINE_KMEANS_OPTIONS);
      if (isDataset(points)) return kmeansWith(points, { ...RESIDENT, ...given });
      const { metric, sampleWeight, ...fit } = given;
      const onGpu = checkKMeansFit(fit).output === 'buffer';
      if (onGpu && !engines.hasGpu) throw needsGpu();
      const resident = { metric, sampleWeight, frame: undefined, signal: checkSignal(fit.signal) };
      return whileResident(engines, points, resident, onGpu, (dataset) => kmeansWith(dataset, { ...RESIDENT, ...fit }));
    },
    async gaussianMixture(points, options) {
      const given = readOptions('engine.gaussianMixture', options, ENGINE_MIXTURE_OPTIONS);
      if (isDataset(points)) return gaussianMixtureWith(points, { ...RESIDENT, ...given });
      const { sampleWeight, ...fit } = given;
      checkMixtureOptions(fit);
      const signal = checkSignal(fit.signal);
      return whileResident(engines, points, { ...RESIDENT, frame: undefined, sampleWeight, signal }, false, (dataset) =>
        gaussianMixtureWith(dataset, { ...RESIDENT, ...fit }),
      );
    },
    async tune(given, options) {
      const { k: asked, signal } = readOptions('engine.tune', options, TUNE_OPTIONS);
      const dataset = unwrapped(given);
      if (!isDataset(dataset)) throw wrongKind('dataset', 'a Dataset of this engine', dataset);
      const k = checkInteger('k', asked, 1);
      return dataset.use(checkSignal(signal), async ({ dataset: points }) => {
        if (!engines.has(dataset)) throw new TypeError('the dataset is of another engine');
        signal?.throwIfAborted();
        checkKMeansPlan({ ...KMEANS_DEFAULTS, k }, points);
        return (await points.tune?.(k)) ?? untuned();
      });
    },
    destroy: () => engines.destroy(),
  };
  return withDispose(engine);
}

async function uploadTo(
  engines: EngineSet,
  points: PointsInput,
  options: Given<UploadOptions>,
  onGpu = false,
): Promise<Dataset> {
  if (options.metric !== undefined) checkWord('metric', options.metric, METRICS);
  checkSignal(options.signal);
  const { metric, sampleWeight, frame } = options;
  const own = { metric, sampleWeight, frame: undefined };
  const surveyed = await run(
    frame === undefined ? surveyPoints(points, own) : shardOf(points, own, frame),
    options.signal,
  );
  return engines.upload(surveyed, options.signal, onGpu);
}

async function whileResident<T>(
  engines: EngineSet,
  points: PointsInput,
  options: Given<UploadOptions>,
  onGpu: boolean,
  work: (dataset: Dataset) => Promise<T>,
): Promise<T> {
  const dataset = await uploadTo(engines, points, options, onGpu);
  try {
    return await work(dataset);
  } finally {
    dataset.destroy();
  }
}

/** Of a CPU, which has no variants. */
function untuned(): Tuning {
  return { version: TUNING_VERSION, adapter: { vendor: '', architecture: '', description: '' }, choices: [] };
}

/** `await using` where the runtime has it. */
function withDispose(engine: Omit<Engine, typeof Symbol.asyncDispose>): Engine {
  const symbol: symbol | undefined = Symbol.asyncDispose;
  if (symbol !== undefined) Object.defineProperty(engine, symbol, { value: () => engine.destroy() });
  return engine as Engine;
}
