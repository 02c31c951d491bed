/**
 * The library in a worker of its own, for pages that have other things to do: the functions of the main entry that take
 * points.
 *
 * @module webgpu-clustering/client
 */
import '../globals.ts';
import type { bisectingKMeans } from '../api/bisecting-kmeans.ts';
import type { UploadOptions } from '../api/create-engine.ts';
import type { gaussianMixture } from '../api/gaussian-mixture.ts';
import type { kmeans } from '../api/kmeans.ts';
import type { nearest } from '../api/nearest.ts';
import type { calinskiHarabaszScore, daviesBouldinScore, silhouetteSamples, silhouetteScore } from '../api/scores.ts';
import type { selectModel } from '../api/select-model.ts';
import { type Names, readOptions, wrongKind } from '../check.ts';
import type { GaussianMixtureJSON } from '../models/gaussian-mixture-model.ts';
import type { KMeansJSON } from '../models/kmeans-model.ts';
import type { EngineOptions } from '../placement.ts';
import type { DevicePoints, PointsInput } from '../points.ts';
import type { WorkerLike } from '../thread.ts';
import { asking } from './asking.ts';
import { ClientDataset } from './dataset.ts';
import { Link } from './link.ts';
import { OPTIONS_AT, type Resident } from './messages.ts';
import type { BothInWorker, ClientGaussianMixtureModel, ClientKMeansModel, ClientOptions, InWorker } from './types.ts';

export type { Answered, ClientArguments, ClientPoints, MethodsInWorker, TransferOptions } from './types.ts';
export type {
  BothInWorker,
  ClientDataset,
  ClientGaussianMixtureModel,
  ClientKMeansModel,
  ClientOptions,
  InWorker,
  WorkerLike,
};

/** Options of {@link createWorkerClient}. */
export interface WorkerClientOptions {
  /**
   * URL of the worker's script, of the page's own origin: the file `webgpu-clustering/worker` of the package, or a bundle of
   * it. Needed where a content security policy forbids workers from blobs. Default: a script in the bundle, loaded when the
   * client is made.
   */
  readonly url?: string | URL;
  /** A worker that runs that script, made by the caller; the client ends it. */
  readonly worker?: WorkerLike;
  /** Of the engine that {@link WorkerClient.upload} puts points in, which is not tuned. `workerUrl` is `url` if left out. */
  readonly engine?: Omit<EngineOptions, 'device' | 'tuning'>;
}

const CLIENT_OPTIONS: Names<WorkerClientOptions> = { url: true, worker: true, engine: true };
const ENGINE_OPTIONS: Names<Omit<EngineOptions, 'device' | 'tuning'>> = {
  backend: true,
  threads: true,
  workerUrl: true,
  bindingLimit: true,
};

/**
 * The functions of the library that take points, computed in a worker: the same results, to the bit, and the same errors. What
 * is told of them here holds for all:
 *
 * - Points are copied at the call, in turns of the event loop, of at most 20 ms; what the caller changes before that is done
 *   is seen. `transfer: true` gives them away.
 * - `onIteration` and `onProgress` are called as without a worker, here: the fit waits until they have returned, so that
 *   `'stop'` ends it with the iteration that it was told of, or on a GPU with those that were submitted.
 * - `signal` rejects at once with its reason, and what the worker does for the call ends soon.
 * - Options that cannot cross are a `TypeError`: `device` (the worker has devices of its own), `output: 'buffer'`; so are points
 *   in a GPUBuffer, in a `Dataset` of an engine, or in that of another client.
 * - Where the worker cannot start or dies, what is pending rejects with an `Error` that says why, and so do later calls.
 */
export interface WorkerClient {
  /** `kmeans` of the main entry. */
  readonly kmeans: InWorker<typeof kmeans>;
  /** `bisectingKMeans` of the main entry. */
  readonly bisectingKMeans: InWorker<typeof bisectingKMeans>;
  /** `gaussianMixture` of the main entry. */
  readonly gaussianMixture: InWorker<typeof gaussianMixture>;
  /** `selectModel` of the main entry. */
  readonly selectModel: BothInWorker<typeof selectModel>;
  /** `nearest` of the main entry. */
  readonly nearest: InWorker<typeof nearest>;
  /** `silhouetteScore` of the main entry. */
  readonly silhouetteScore: InWorker<typeof silhouetteScore>;
  /** `silhouetteSamples` of the main entry. */
  readonly silhouetteSamples: InWorker<typeof silhouetteSamples>;
  /** `calinskiHarabaszScore` of the main entry. */
  readonly calinskiHarabaszScore: InWorker<typeof calinskiHarabaszScore>;
  /** `daviesBouldinScore` of the main entry. */
  readonly daviesBouldinScore: InWorker<typeof daviesBouldinScore>;
  /**
   * Puts points [n, d] into an engine in the worker, once, for many calls.
   *
   * @throws {TypeError | RangeError} as `engine.upload` does.
   */
  upload(points: Exclude<PointsInput, DevicePoints>, options?: ClientOptions<UploadOptions>): Promise<ClientDataset>;
  /**
   * The model that `toJSON` gave, whose methods run in the worker.
   *
   * @throws {TypeError | RangeError} as `fromJSON` of the model does.
   */
  fromJSON(json: KMeansJSON): Promise<ClientKMeansModel>;
  /** The same of a mixture. */
  fromJSON(json: GaussianMixtureJSON): Promise<ClientGaussianMixtureModel>;
  /** Ends the worker, and with it its datasets. What is pending rejects, and so do later calls, of models too. */
  destroy(): void;
  /** The same, for `using`, where the runtime has the symbol. */
  [Symbol.dispose](): void;
}

/**
 * Makes a worker that clusters, in a page, in a worker or in Node: see {@link WorkerClient}. Its script is loaded when this is
 * called; calls wait for it.
 *
 * @throws {TypeError} naming the option that is wrong, or does not exist.
 * @example
 * ```ts
 * import { createWorkerClient } from 'webgpu-clustering/client';
 *
 * const client = createWorkerClient();
 * const data = new Float32Array([0, 0, 0, 1, 9, 9, 9, 8]);
 * const model = await client.kmeans({ data, shape: [4, 2] }, { k: 2, init: [[0, 0], [9, 9]], transfer: true });
 * console.log(model.labels.join(), data.length); // 0,0,1,1 0
 * console.log((await model.predict([[1, 1], [7, 7]])).join()); // 0,1
 * client.destroy();
 * ```
 */
export function createWorkerClient(options?: WorkerClientOptions): WorkerClient {
  const { url, worker, engine } = readOptions('createWorkerClient', options, CLIENT_OPTIONS);
  if (url !== undefined && worker !== undefined) throw new TypeError('a client has a url or a worker, not both');
  if (url !== undefined && typeof url !== 'string' && !(url instanceof URL)) {
    throw wrongKind('url', 'a string or a URL', url);
  }
  if (worker !== undefined && typeof worker?.postMessage !== 'function') throw wrongKind('worker', 'a Worker', worker);
  const { workerUrl = url, ...rest } = readOptions('the engine of a client', engine, ENGINE_OPTIONS);
  const link = new Link(url !== undefined ? { url } : worker !== undefined ? { worker } : null, {
    type: 'serve',
    engine: { ...rest, workerUrl: workerUrl && absolute(workerUrl) },
  });
  const { ask, load } = asking(link);
  const functions = Object.entries(OPTIONS_AT).map(([name, optionsAt]) => [
    name,
    (points: unknown, ...args: unknown[]) => ask({ verb: name, model: null, optionsAt }, points, args),
  ]);
  const { upload, ...others } = Object.fromEntries(functions);
  const client = {
    ...others,
    async upload(...args: unknown[]) {
      const resident: Resident = await upload(...args);
      return new ClientDataset(resident, link);
    },
    fromJSON: load,
    destroy: () => link.end(new TypeError('the client was destroyed')),
  };
  const symbol: symbol | undefined = Symbol.dispose;
  if (symbol !== undefined) Object.defineProperty(client, symbol, { value: client.destroy });
  // What the worker answers is what the functions of these types return there.
  return client as unknown as WorkerClient;
}

/** A URL that a worker finds too, whose own is another. */
function absolute(url: string | URL): string {
  const base =
    (globalThis as Partial<typeof globalThis>).document?.baseURI ??
    (globalThis as Partial<typeof globalThis>).location?.href;
  return new URL(url, base).href;
}
