import { type Names, readOptions } from '../check.ts';
import type { ClusteringEngine, EngineDataset } from '../engine/contract.ts';
import { resultOf, runAsync, runNow, type Steps } from '../engine/steps.ts';
import type { GpuPoints, PreparedPoints } from '../points.ts';
import { type CpuDataset, gather, held, joined, shardsWithin, transformed, upload } from './dataset.ts';
import { CpuWorkspace, type Run } from './kmeans.ts';
import { CpuMixtureWorkspace, logDensities } from './mixture.ts';
import { CpuDistanceField, plusPlus } from './seeding.ts';
import { answersOf, ask, CallingThread } from './threads/place.ts';
import { canShareMemory, hardwareThreads } from './threads/platform.ts';
import type { Pool } from './threads/pool.ts';
import { kernelModule } from './wasm.ts';

export interface CpuEngineOptions {
  /** Default: as many as the hardware runs at once. 1 is the calling thread. */
  readonly threads?: number | undefined;
  /** False: TypeScript, even where there is WebAssembly SIMD. */
  readonly simd?: boolean;
  /** Values [n·d] that a worker is for, at least. */
  readonly valuesOfThread?: number;
  /** False: memory is not shared with workers, even where it could be. */
  readonly shared?: boolean;
}

const OPTIONS: Names<CpuEngineOptions> = { threads: true, simd: true, valuesOfThread: true, shared: true };

/** With fewer values than twice these, the way to a worker and back costs more than a second thread saves. */
const VALUES_OF_THREAD = 2 ** 16;

/** The engine that is always there: on the calling thread where points are few, else on workers. */
export function createCpuEngine(options: CpuEngineOptions = {}): ClusteringEngine {
  const given = readOptions('createCpuEngine', options, OPTIONS);
  const { simd = true, valuesOfThread = VALUES_OF_THREAD, threads = hardwareThreads() } = given;
  const shared = (given.shared ?? true) && canShareMemory();
  const here = new CallingThread(simd ? kernelModule(false) : null);
  let loading: Promise<Pool | null> | undefined;

  /** Loaded when points first need it; null where it cannot be. */
  function pool(): Promise<Pool | null> {
    loading ??= import('./threads/pool.ts').then(
      ({ Pool }) => new Pool(simd, shared),
      () => null,
    );
    return loading;
  }

  /** So many workers as the points are worth; none where they are few, or where there cannot be two. */
  async function workersFor({ n, d }: PreparedPoints | GpuPoints, signal: AbortSignal | undefined) {
    const count = Math.min(threads, Math.floor((n * d) / valuesOfThread));
    if (count < 2) return null;
    const engaged = pool().then((pool) => pool?.engage(count, signal) ?? []);
    // Nobody waits for it behind an abort.
    engaged.catch(() => undefined);
    const workers = await runAsync(resultOf(engaged), signal);
    return workers.length < 2 ? null : workers;
  }

  return {
    ...verbsOf(runAsync, threads),
    async upload(points, signal) {
      const workers = await workersFor(points, signal);
      return runAsync(upload(points, workers ?? [here]), signal);
    },
    destroy: async () => (await loading)?.end(),
  };
}

/** The same on the calling thread, at once: values in place of promises. */
export function createSyncCpuEngine(options: Pick<CpuEngineOptions, 'simd'> = {}): ClusteringEngine {
  const { simd = true } = readOptions('createSyncCpuEngine', options, { simd: true });
  const here = new CallingThread(simd ? kernelModule(false) : null);
  return {
    ...verbsOf(runNow, 1),
    upload: (points) => runNow(upload(points, [here])),
    destroy: () => Promise.resolve(),
  };
}

function verbsOf(run: Run, threads: number): Omit<ClusteringEngine, 'upload' | 'destroy'> {
  return {
    backend: 'cpu',
    info: { adapter: '', features: [], threads, software: false },
    lost: false,
    open: (dataset, k) => new CpuWorkspace(held(dataset), k, run),
    nearestDistances: (dataset, centroids, signal) => run(nearestDistances(held(dataset), centroids, run), signal),
    allDistances: (dataset, centroids, start, end, signal) => run(allDistances(dataset, centroids, start, end), signal),
    gather: (dataset, indices, signal) => run(gather(held(dataset), indices), signal),
    openMixture: (dataset) => new CpuMixtureWorkspace(held(dataset), run),
    logDensities: (dataset, gaussians, start, end, signal) =>
      run(logDensities(held(dataset), gaussians, start, end), signal),
    transformed: (dataset, matrix, variance, signal) => run(transformed(held(dataset), matrix, variance), signal),
    plusPlus: (dataset, k, candidates, draws, signal) => run(plusPlus(held(dataset), k, candidates, draws), signal),
    distanceField: (dataset, signal) => new CpuDistanceField(held(dataset), run, signal),
  };
}

function* nearestDistances(dataset: CpuDataset, centroids: Float64Array, run: Run): Steps<Float64Array> {
  const workspace = new CpuWorkspace(dataset, centroids.length / dataset.d, run);
  try {
    return yield* workspace.distances(centroids);
  } finally {
    workspace.close();
  }
}

function* allDistances(
  dataset: EngineDataset,
  centroids: Float64Array,
  start: number,
  end: number,
): Steps<Float64Array> {
  const questions = shardsWithin(held(dataset), start, end).map(({ shard, start, end }) =>
    ask(shard, 'distances', [centroids, start, end]),
  );
  return joined(yield* answersOf(questions));
}
