/** What the benchmark asks a page for: the library's source, bundled, on threads of its own. */
import { createEngine, type Dataset, type Engine } from '../../src/index.ts';

export interface PageJob {
  readonly threads: number;
  readonly n: number;
  readonly d: number;
  readonly k: number;
}

interface Open {
  readonly engine: Engine;
  readonly dataset: Dataset;
  readonly k: number;
  readonly init: { readonly data: Float32Array; readonly shape: readonly [number, number] };
  centroids: ArrayLike<number>;
}

const opened = new Map<number, Open>();

const page = {
  /** Fetches the points [n, d] and the start [k, d] behind them; returns the milliseconds of the upload. */
  async prepare({ threads, n, d, k }: PageJob): Promise<number> {
    const values = new Float32Array(await (await fetch('/values')).arrayBuffer());
    const engine = await createEngine({ backend: 'cpu', threads });
    const before = performance.now();
    const dataset = await engine.upload({ data: values.subarray(0, n * d), shape: [n, d] });
    const uploadMs = performance.now() - before;
    const init = { data: values.slice(n * d), shape: [k, d] } as const;
    opened.set(threads, { engine, dataset, k, init, centroids: init.data });
    return uploadMs;
  },

  async fit(threads: number, maxIterations: number): Promise<{ iterations: number; inertia: number }> {
    const open = opened.get(threads)!;
    const { engine, dataset, k, init } = open;
    const { iterations, inertia, centroids } = await engine.kmeans(dataset, { k, init, maxIterations, tolerance: 0 });
    open.centroids = centroids;
    return { iterations, inertia };
  },

  centroids: (threads: number): number[] => Array.from(opened.get(threads)!.centroids),

  async release(threads: number): Promise<void> {
    await opened.get(threads)!.engine.destroy();
    opened.delete(threads);
  },
};

declare global {
  var clustering: typeof page;
}

globalThis.clustering = page;
