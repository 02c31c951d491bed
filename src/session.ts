import { checkOptions, checkSignal, checkWord } from './check.ts';
import type { Backend, EngineInfo } from './engine.ts';
import { kmeans } from './kmeans/kmeans.ts';
import type { KMeansModel } from './kmeans/model.ts';
import type { KMeansFitOptions } from './kmeans/options.ts';
import { type Dataset, type EngineOptions, EngineSet } from './placement.ts';
import type { Metric, PointsInput } from './points.ts';

export interface UploadOptions {
  /** Default `'euclidean'`; `'cosine'` normalises the rows as they are copied. */
  readonly metric?: Metric;
  /** Weights [n], not negative. */
  readonly sampleWeight?: Float32Array;
  readonly signal?: AbortSignal;
}

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
  /** k-means of points that are resident, as `kmeans` does it. */
  kmeans(dataset: Dataset, options: KMeansFitOptions): Promise<KMeansModel>;
  /** Frees the engine and its datasets; a fit that is running rejects. */
  destroy(): Promise<void>;
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
  const engine: Engine = {
    get backend() {
      return engines.backend;
    },
    get info() {
      return engines.info;
    },
    async upload(points, options) {
      const { metric, ...rest } = checkOptions(options);
      if (metric !== undefined) checkWord('metric', metric, ['euclidean', 'cosine'] as const);
      checkSignal(rest.signal);
      return engines.upload(points, { metric, ...rest });
    },
    kmeans: (dataset, options) => kmeans(dataset, options),
    destroy: () => engines.destroy(),
  };
  return withDispose(engine);
}

/** `await using` where the runtime has it. */
function withDispose(engine: Engine): Engine {
  const symbol = (Symbol as { asyncDispose?: symbol }).asyncDispose;
  if (symbol !== undefined) Object.defineProperty(engine, symbol, { value: () => engine.destroy() });
  return engine;
}
