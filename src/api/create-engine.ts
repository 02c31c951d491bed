import { checkSignal, checkWord, type Given, type Names, readOptions } from '../check.ts';
import type { Dataset } from '../dataset.ts';
import type { SharedFrame } from '../engine/shared-frame.ts';
import { METRICS, type Metric } from '../metric.ts';
import type { GaussianMixtureModel } from '../models/gaussian-mixture-model.ts';
import type { KMeansModel } from '../models/kmeans-model.ts';
import { ENGINE_OPTIONS, type EngineInfo, type EngineOptions, EngineSet } from '../placement.ts';
import type { Backend, PointsInput, Weights } from '../points.ts';
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
  return engineOf(await EngineSet.create(readOptions('createEngine', options, ENGINE_OPTIONS)));
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

/** `await using` where the runtime has it. */
function withDispose(engine: Omit<Engine, typeof Symbol.asyncDispose>): Engine {
  const symbol: symbol | undefined = Symbol.asyncDispose;
  if (symbol !== undefined) Object.defineProperty(engine, symbol, { value: () => engine.destroy() });
  return engine as Engine;
}
