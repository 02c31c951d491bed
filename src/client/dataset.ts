import type { Dataset } from '../dataset.ts';
import { knowSelf, unwrapped } from '../proxies.ts';
import type { Link } from './link.ts';
import type { Resident } from './messages.ts';

/** Which points in which worker. */
interface Place {
  readonly resident: Resident;
  readonly link: Link;
  destroyed: boolean;
}

const places = new WeakMap<object, Place>();

/**
 * Points that the worker of a client holds; made by `client.upload`. They go with their client, or by `destroy()`.
 *
 * @example
 * ```ts
 * import { createWorkerClient } from 'webgpu-clustering/client';
 *
 * const client = createWorkerClient();
 * const dataset = await client.upload([[0, 0], [0, 1], [9, 9], [9, 8]]);
 * for (const k of [1, 2]) console.log(k, (await client.kmeans(dataset, { k })).inertia); // 1 146 | 2 1
 * client.destroy();
 * ```
 */
export class ClientDataset implements Omit<Dataset, 'use' | typeof Symbol.dispose> {
  /** Number of points. */
  readonly n: number;
  /** Number of features. */
  readonly d: number;
  /** What distances between the points are. */
  readonly metric: Dataset['metric'];
  /** As that of a `Dataset`: the share of distinct values of each feature [d] that float32 makes equal. */
  readonly rounding: Float64Array;
  /** Where the points were put. */
  readonly backend: Dataset['backend'];
  /** Why they were put there. */
  readonly reason: Dataset['reason'];

  /** @internal */
  constructor(resident: Resident, link: Link) {
    knowSelf(this, ClientDataset);
    places.set(this, { resident, link, destroyed: false });
    this.n = resident.n;
    this.d = resident.d;
    this.metric = resident.metric;
    this.rounding = resident.rounding;
    this.backend = resident.backend;
    this.reason = resident.reason;
    const symbol: symbol | undefined = Symbol.dispose;
    if (symbol !== undefined) Object.defineProperty(this, symbol, { value: () => this.destroy() });
  }

  /** Frees the points. Using them afterwards is a `TypeError`. */
  destroy(): void {
    const place = places.get(this)!;
    place.destroyed = true;
    place.link.tell({ type: 'release', dataset: place.resident.dataset });
  }

  /** The same, for `using`, where the runtime has the symbol. */
  declare [Symbol.dispose]: () => void;
}

/**
 * What stands for points that a worker has; null for others.
 *
 * @throws {TypeError} where they were destroyed, or are in another worker.
 */
export function residentOf(points: unknown, link: Link): Resident | null {
  const place = places.get(unwrapped(points) as object);
  if (place === undefined) return null;
  if (place.link !== link) throw new TypeError('the dataset is in the worker of another client');
  if (place.destroyed) throw new TypeError('the dataset was destroyed');
  return place.resident;
}
