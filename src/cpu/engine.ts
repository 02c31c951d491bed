import { ownOf } from '../check.ts';
import type { ClusteringEngine, EngineDataset, UploadOptions } from '../engine/contract.ts';
import type { GpuPoints, PreparedPoints, Unread } from '../points.ts';
import { resultOf, run, type Steps } from '../steps.ts';
import { datasetOf } from './all-verbs.ts';
import { upload } from './dataset.ts';
import { KMEANS, type KMeansFamily } from './families/kmeans.ts';
import { send } from './send.ts';
import { CallingThread, type Place } from './threads/place.ts';
import { canShareMemory, hardwareThreads } from './threads/platform.ts';
import type { Pool } from './threads/pool.ts';

export interface CpuEngineOptions {
  /** Default: as many as the hardware runs at once. 1 is the calling thread. */
  readonly threads?: number | undefined;
  /** False: TypeScript, even where there is WebAssembly SIMD. */
  readonly simd?: boolean;
  /** False: no relaxed SIMD, even where it is right and fast. */
  readonly relaxed?: boolean;
  /** Values [n·d] that a worker is for, at least. */
  readonly valuesOfThread?: number;
  /** False: memory is not shared with workers, even where it could be. */
  readonly shared?: boolean;
  /** Where workers have their script from; by default it is inlined. */
  readonly workerUrl?: string | URL | undefined;
}

/** With fewer values than twice these, the way to a worker and back costs more than a second thread saves. */
export const VALUES_OF_THREAD = 2 ** 16;

/** n points of d features. */
interface Size {
  readonly n: number;
  readonly d: number;
}

/** Points of fewer features than these are not worth a second module. */
const FEATURES_FOR_RELAXED = 64;

/** The engine that is always there: on the calling thread where points are few, else on workers. */
export function createCpuEngine(options: CpuEngineOptions = {}): ClusteringEngine {
  const given = ownOf(options);
  const { simd = true, valuesOfThread = VALUES_OF_THREAD, threads = hardwareThreads(), workerUrl } = given;
  const shared = (given.shared ?? true) && canShareMemory();
  const here = new CallingThread(simd);
  const features: string[] = [];
  let relaxed: Promise<KMeansFamily> | undefined;
  let loading: Promise<Pool | null> | undefined;

  /** Loaded when points first need it; null where it cannot be. */
  function pool(): Promise<Pool | null> {
    loading ??= import('./threads/pool.ts').then(
      ({ Pool }) => new Pool(simd, shared, workerUrl),
      () => null,
    );
    return loading;
  }

  /** So many workers as the points are worth; none where they are few, or where there cannot be two. */
  function* workersFor({ n, d }: Size, signal: AbortSignal | undefined): Steps<readonly Place[]> {
    const count = Math.min(threads, Math.floor((n * d) / valuesOfThread));
    if (count < 2) return [];
    const there = yield* resultOf(pool());
    return there === null ? [] : yield* resultOf(there.engage(count, signal));
  }

  function* kmeans({ d }: Size): Steps<KMeansFamily> {
    if (!simd || given.relaxed === false || d < FEATURES_FOR_RELAXED) return KMEANS;
    relaxed ??= import('./families/relaxed.ts').then(
      ({ relaxedWhere }) => relaxedWhere(features),
      () => KMEANS,
    );
    return yield* resultOf(relaxed);
  }

  function* places(points: Size, signal: AbortSignal | undefined): Steps<readonly Place[]> {
    const workers = yield* workersFor(points, signal);
    return workers.length < 2 ? [here] : workers;
  }

  function* open(points: PreparedPoints | GpuPoints, { signal }: UploadOptions): Steps<EngineDataset> {
    // First: workers that wait for their points are not to wait for a file, they might be ended meanwhile.
    const family = yield* kmeans(points);
    return datasetOf(yield* upload(points, yield* places(points, signal), family, send), engine, run);
  }

  function* take(points: Unread, { signal }: UploadOptions): Steps<EngineDataset | null> {
    const { take } = yield* resultOf(import('./take.ts'));
    const family = yield* kmeans(points.form);
    const resident = yield* take(points, yield* places(points.form, signal), family);
    return resident && datasetOf(resident, engine, run);
  }

  const engine: ClusteringEngine = {
    backend: 'cpu',
    info: { adapter: '', features, threads, software: false },
    lost: false,
    upload(points, options = {}) {
      const given = ownOf(options);
      return run(open(points, given), given.signal);
    },
    take(points, options = {}) {
      const given = ownOf(options);
      return run(take(points, given), given.signal);
    },
    destroy: async () => (await loading)?.end(),
  };
  return engine;
}
