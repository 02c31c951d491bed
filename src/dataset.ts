/** The caller's points in an engine. */
import { DeviceLostError } from './errors.ts';
import { datasets, type Home, type Reason } from './home.ts';
import type { Metric } from './metric.ts';
import type { Backend } from './points.ts';
import { knowSelf } from './proxies.ts';

/**
 * Points resident in an engine; made by `engine.upload`. They go with their engine, or by `destroy()`.
 *
 * @example
 * ```ts
 * import { createEngine } from 'webgpu-clustering';
 *
 * const engine = await createEngine();
 * const dataset = await engine.upload([[0, 0], [0, 1], [9, 9], [9, 8]]);
 * console.log(dataset.n, dataset.d, dataset.backend); // 4 2 cpu
 * const model = await engine.kmeans(dataset, { k: 2 });
 * console.log((await model.predict(dataset)).length); // 4
 * dataset.destroy();
 * await engine.destroy();
 * ```
 */
export class Dataset {
  /** Number of points. */
  readonly n: number;
  /** Number of features. */
  readonly d: number;
  /** What distances between the points are; `'cosine'` ones have unit length in the engine. */
  readonly metric: Metric;
  /**
   * The share of the distinct values of each feature [d], in a sample of the points, that float32 makes equal. Above 0.01
   * `'auto'` takes the CPU, whose results are then those of the float64 values.
   */
  readonly rounding: Float64Array;
  #home: Home;
  /** Moves the points to an engine that still works; null where they cannot move. */
  readonly #evacuate: (() => Promise<Home>) | null;
  readonly #forget: (dataset: Dataset) => void;
  #moved: Promise<Home> | null = null;
  #destroyed = false;

  /** @internal */
  constructor(home: Home, evacuate: (() => Promise<Home>) | null, forget: (dataset: Dataset) => void) {
    knowSelf(this, Dataset);
    datasets.add(this);
    this.n = home.dataset.n;
    this.d = home.dataset.d;
    this.metric = home.dataset.metric;
    this.rounding = home.dataset.rounding;
    this.#home = home;
    this.#evacuate = evacuate;
    this.#forget = forget;
    const symbol: symbol | undefined = Symbol.dispose;
    if (symbol !== undefined) Object.defineProperty(this, symbol, { value: () => this.destroy() });
  }

  /** Where the points are. */
  get backend(): Backend {
    return this.#home.dataset.backend;
  }

  /** Why they are there. */
  get reason(): Reason {
    return this.#home.reason;
  }

  /** Frees the points. Using the dataset afterwards is a `TypeError`. */
  destroy(): void {
    this.#destroyed = true;
    this.#home.dataset.destroy();
    this.#forget(this);
  }

  /** The same, for `using`, where the runtime has the symbol. */
  declare [Symbol.dispose]: () => void;

  /**
   * Runs `work` where the points are, bound to a signal, and once more on the CPU if the device is lost meanwhile and they
   * may move.
   * @internal
   */
  async use<T>(signal: AbortSignal | undefined, work: (home: Home) => Promise<T>): Promise<T> {
    // Without a signal the dataset itself: who keeps something open for it knows it again.
    const bound = ({ dataset, reason }: Home) =>
      work({ dataset: signal === undefined ? dataset : dataset.bound(signal), reason });
    if (this.#destroyed) throw new TypeError('the dataset was destroyed');
    try {
      return await bound(this.#home);
    } catch (error) {
      if (!(error instanceof DeviceLostError) || this.#evacuate === null || this.#destroyed) throw error;
      return bound(await this.#move(this.#evacuate));
    }
  }

  /** Once, for all the work that the loss of the device has stopped. */
  #move(evacuate: () => Promise<Home>): Promise<Home> {
    this.#moved ??= evacuate().then((home) => {
      this.#home.dataset.destroy();
      this.#home = home;
      if (this.#destroyed) home.dataset.destroy();
      return home;
    });
    return this.#moved;
  }
}
