/** What a CPU engine is asked for, wherever its shards live. Without what makes threads: who cannot wait has none. */
import { ownOf } from '../check.ts';
import type {
  ClusterDistances,
  ClusteringEngine,
  EngineDataset,
  MixtureWorkspace,
  Nearest,
  UploadOptions,
} from '../engine/contract.ts';
import type { Gaussians } from '../engine/gaussians.ts';
import type { GpuPoints, PointsSummary, PreparedPoints } from '../points.ts';
import { type Awaitable, type Runner, resultOf, runNow, type Steps } from '../steps.ts';
import { gather, joinedOf, type ResidentPoints, shardsWithin, upload } from './dataset.ts';
import { KMEANS, type KMeansFamily } from './families/kmeans.ts';
import { CpuKMeans, nearestDistances } from './kmeans.ts';
import { CpuDistanceField, plusPlus } from './seeding.ts';
import { answersOf, ask, type Place } from './threads/place.ts';

/** Multiply-adds of k-means++, for each candidate of a step, that estimates are loaded for. */
const WORK_OF_ESTIMATES = 2 ** 22;

/** n points of d features. */
export interface Size {
  readonly n: number;
  readonly d: number;
}

interface Threads {
  /** What assigns these points; undefined where nothing can be loaded. */
  readonly kmeans: ((points: Size) => Steps<KMeansFamily>) | undefined;
  /** Where shards of these points are to live. */
  places(points: Size, signal: AbortSignal | undefined): Steps<readonly Place[]>;
  destroy(): Awaitable<void>;
}

export function engineOf(
  run: Runner,
  threads: number,
  features: readonly string[],
  { kmeans, places, destroy }: Threads,
): ClusteringEngine {
  function* open(points: PreparedPoints | GpuPoints, { signal, units }: UploadOptions): Steps<EngineDataset> {
    // First: workers that wait for their points are not to wait for a file, they might be ended meanwhile.
    const family = kmeans ? yield* kmeans(points) : KMEANS;
    const resident = yield* upload(points, yield* places(points, signal), units, family);
    return datasetOf(resident, engine, run, undefined);
  }
  const engine: ClusteringEngine = {
    backend: 'cpu',
    info: { adapter: '', features, threads, software: false },
    lost: false,
    upload(points, options = {}) {
      const given = ownOf(options);
      return run(open(points, given), given.signal);
    },
    destroy,
  };
  return engine;
}

export function datasetOf(
  points: ResidentPoints,
  engine: ClusteringEngine,
  runner: Runner,
  signal: AbortSignal | undefined,
): EngineDataset {
  return Object.assign(new Verbs(points, engine, runner, signal), points.summary);
}

/** What is asked of a dataset. A class, since small fits would feel sixteen closures for each. */
class Verbs implements Omit<EngineDataset, keyof PointsSummary> {
  readonly backend = 'cpu';
  readonly largestBuffer = 0;
  readonly signal: AbortSignal | undefined;
  readonly #points: ResidentPoints;
  readonly #engine: ClusteringEngine;
  readonly #runner: Runner;

  constructor(points: ResidentPoints, engine: ClusteringEngine, runner: Runner, signal: AbortSignal | undefined) {
    this.signal = signal;
    this.#points = points;
    this.#engine = engine;
    this.#runner = runner;
  }

  bound(signal: AbortSignal | undefined): EngineDataset {
    return datasetOf(this.#points, this.#engine, this.#runner, signal);
  }

  upload(points: PreparedPoints): Awaitable<EngineDataset> {
    return this.#engine.upload(points, { signal: this.signal });
  }

  gather(indices: Uint32Array): Awaitable<Float64Array> {
    return this.#run(gather(this.#points, indices));
  }

  nearestDistances(centroids: Float64Array): Awaitable<Float64Array> {
    return this.#run(nearestDistances(this.#points, centroids));
  }

  nearest(centroids: Float64Array, count: number): Awaitable<Nearest> {
    return this.#run(this.#nearest(centroids, count));
  }

  allDistances(centroids: Float64Array, start: number, end: number): Awaitable<Float64Array> {
    return this.#run(allDistances(this.#points, centroids, start, end));
  }

  clusterDistances(labels: Uint32Array, k: number, isRoot: boolean): Awaitable<ClusterDistances> {
    return this.#run(this.#clusterDistances(labels, k, isRoot));
  }

  plusPlus(k: number, candidates: number, draws: Float32Array): Awaitable<Uint32Array> {
    return this.#run(this.#plusPlus(k, candidates, draws));
  }

  distanceField(): CpuDistanceField {
    return new CpuDistanceField(this.#points, this.#run);
  }

  kmeans(k: number): CpuKMeans {
    return new CpuKMeans(this.#points, k, this.#run);
  }

  mixture(): Awaitable<MixtureWorkspace> {
    return this.#run(mixtures(({ openMixture }) => openMixture(this.#points, this.#run)));
  }

  logDensities(gaussians: Gaussians, start: number, end: number): Awaitable<Float32Array> {
    return this.#run(mixtures(({ logDensities }) => logDensities(this.#points, gaussians, start, end)));
  }

  transformed(matrix: Float64Array, variance: Float64Array): Awaitable<EngineDataset> {
    return this.#run(this.#transformed(matrix, variance));
  }

  destroy(): void {
    this.#points.destroy();
  }

  readonly #run = <T>(steps: Steps<T>): Awaitable<T> => this.#runner(steps, this.signal);

  *#nearest(centroids: Float64Array, count: number): Steps<Nearest> {
    const { nearestCentroids } = yield* resultOf(import('./nearest-centroids.ts'));
    return yield* nearestCentroids(this.#points, centroids, count);
  }

  *#clusterDistances(labels: Uint32Array, k: number, isRoot: boolean): Steps<ClusterDistances> {
    const { clusterDistances } = yield* resultOf(import('./silhouettes.ts'));
    return clusterDistances(this.#points, labels, k, isRoot, this.#run);
  }

  *#plusPlus(...args: [k: number, candidates: number, draws: Float32Array]): Steps<Uint32Array> {
    const { n, d } = this.#points.summary;
    // Who cannot wait has what is there.
    const isLarge = this.#runner !== runNow && n * d * args[0] >= WORK_OF_ESTIMATES;
    // Without them it takes longer, and draws the same rows.
    const estimates = isLarge ? yield* resultOf(import('./estimates.ts').catch(() => null)) : null;
    return yield* plusPlus(this.#points, ...args, estimates?.estimating);
  }

  *#transformed(matrix: Float64Array, variance: Float64Array): Steps<EngineDataset> {
    const points = yield* mixtures(({ transformed }) => transformed(this.#points, matrix, variance));
    return datasetOf(points, this.#engine, this.#runner, this.signal);
  }
}

let loaded: typeof import('./mixture.ts') | undefined;

/** What mixtures need, loaded when somebody first wants one. */
function* mixtures<T>(work: (module: typeof import('./mixture.ts')) => Steps<T>): Steps<T> {
  loaded ??= yield* resultOf(import('./mixture.ts'));
  return yield* work(loaded);
}

function* allDistances(
  points: ResidentPoints,
  centroids: Float64Array,
  start: number,
  end: number,
): Steps<Float64Array> {
  points.check();
  const questions = shardsWithin(points, start, end).map(({ shard, start, end }) =>
    ask(shard, 'distances', [centroids, start, end]),
  );
  return yield* joinedOf(answersOf(questions));
}
