import { checkOptions, checkSignal, checkWord } from './check.ts';
import type { Backend } from './engine.ts';
import { kmeans } from './kmeans/kmeans.ts';
import type { KMeansModel } from './kmeans/model.ts';
import { checkFitOptions, type KMeansFitOptions, type KMeansOptions } from './kmeans/options.ts';
import { gaussianMixture } from './mixture/mixture.ts';
import type { GaussianMixtureModel } from './mixture/model.ts';
import { checkMixtureOptions, type GaussianMixtureFitOptions, type GaussianMixtureOptions } from './mixture/options.ts';
import { Dataset, type EngineInfo, type EngineOptions, EngineSet } from './placement.ts';
import type { Metric, PointsInput } from './points.ts';

export interface UploadOptions {
  /** Default `'euclidean'`; `'cosine'` normalises the rows as they are copied. */
  readonly metric?: Metric;
  /** Weights [n], not negative. */
  readonly sampleWeight?: Float32Array;
  readonly signal?: AbortSignal;
}

/** `metric` and `sampleWeight` belong to a dataset, where the points are one. */
export type EngineKMeansOptions = KMeansFitOptions & Pick<KMeansOptions, 'metric' | 'sampleWeight'>;

/** `sampleWeight` belongs to a dataset, where the points are one. */
export type EngineGaussianMixtureOptions = GaussianMixtureFitOptions & Pick<GaussianMixtureOptions, 'sampleWeight'>;

/** An engine of one's own: it owns its device (a borrowed one excepted) and keeps points resident. */
export interface Engine {
  /** Where points go, if they are many enough. */
  readonly backend: Backend;
  readonly info: EngineInfo;
  /**
   * Copies points into the engine, once; under `'auto'` it decides where they live.
   *
   * @throws {TypeError | RangeError} as `kmeans` does.
   */
  upload(points: PointsInput, options?: UploadOptions): Promise<Dataset>;
  /**
   * k-means of points that are resident, or that are uploaded to this engine for as long as it takes.
   *
   * @throws {TypeError | RangeError} as `kmeans` does.
   */
  kmeans(points: PointsInput | Dataset, options: EngineKMeansOptions): Promise<KMeansModel>;
  /**
   * A mixture of Gaussians, of points that are resident or that are uploaded for as long as it takes.
   *
   * @throws {TypeError | RangeError} as `gaussianMixture` does.
   */
  gaussianMixture(points: PointsInput | Dataset, options: EngineGaussianMixtureOptions): Promise<GaussianMixtureModel>;
  /** Frees the engine and its datasets; a fit that is running rejects. */
  destroy(): Promise<void>;
  /** The same, for `await using`, where the runtime has the symbol. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Makes an engine.
 *
 * @throws {WebGPUUnavailableError} under `'webgpu'`, where there is no adapter.
 */
export async function createEngine(options?: EngineOptions): Promise<Engine> {
  return openSession(await EngineSet.create(checkOptions(options)));
}

/** The public face of a set of engines. */
export function openSession(engines: EngineSet): Engine {
  const engine: Omit<Engine, typeof Symbol.asyncDispose> = {
    get backend() {
      return engines.backend;
    },
    get info() {
      return engines.info;
    },
    async upload(points, options) {
      return uploadTo(engines, points, checkOptions(options));
    },
    async kmeans(points, options) {
      if (points instanceof Dataset) return kmeans(points, options);
      const { metric, sampleWeight, ...fit } = checkOptions(options);
      const { signal } = checkFitOptions(fit);
      return whileResident(engines, points, { metric, sampleWeight, signal }, (dataset) => kmeans(dataset, fit));
    },
    async gaussianMixture(points, options) {
      if (points instanceof Dataset) return gaussianMixture(points, options);
      const { sampleWeight, ...fit } = checkOptions(options);
      const { signal } = checkMixtureOptions(fit);
      return whileResident(engines, points, { sampleWeight, signal }, (dataset) => gaussianMixture(dataset, fit));
    },
    destroy: () => engines.destroy(),
  };
  return withDispose(engine);
}

async function uploadTo(
  engines: EngineSet,
  points: PointsInput,
  options: Parameters<EngineSet['upload']>[1],
): Promise<Dataset> {
  if (options.metric !== undefined) checkWord('metric', options.metric, ['euclidean', 'cosine'] as const);
  checkSignal(options.signal);
  return engines.upload(points, options);
}

async function whileResident<T>(
  engines: EngineSet,
  points: PointsInput,
  options: Parameters<EngineSet['upload']>[1],
  work: (dataset: Dataset) => Promise<T>,
): Promise<T> {
  const dataset = await uploadTo(engines, points, options);
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
