/** What is asked of points beside fits of k-means: without what is loaded for it, until it is asked. */
import type { ClusterDistances, EngineDataset, MixtureWorkspace, Nearest } from '../engine/contract.ts';
import type { Gaussians } from '../engine/gaussians.ts';
import type { PointsSummary } from '../points.ts';
import { type Awaitable, type Runner, resultOf, type Steps } from '../steps.ts';
import type { ResidentPoints } from './dataset.ts';
import { plusPlus } from './seeding.ts';
import { KMeansVerbs, type Uploading } from './verbs.ts';

/** Multiply-adds of k-means++, for each candidate of a step, that estimates are loaded for. */
const WORK_OF_ESTIMATES = 2 ** 22;

/** Points of an engine whose callers can wait. */
export function datasetOf(
  points: ResidentPoints,
  engine: Uploading<EngineDataset>,
  runner: Runner,
  signal?: AbortSignal,
): EngineDataset {
  return Object.assign(new Verbs(points, engine, runner, signal), points.summary);
}

class Verbs extends KMeansVerbs<EngineDataset> implements Omit<EngineDataset, keyof PointsSummary> {
  bound(signal: AbortSignal | undefined): EngineDataset {
    return datasetOf(this.points, this.engine, this.runner, signal);
  }

  override plusPlus(k: number, candidates: number, draws: Float32Array): Awaitable<Uint32Array> {
    return this.run(this.#plusPlus(k, candidates, draws));
  }

  nearest(centroids: Float64Array, count: number): Awaitable<Nearest> {
    return this.run(this.#nearest(centroids, count));
  }

  allDistances(centroids: Float64Array, start: number, end: number): Awaitable<Float64Array> {
    return this.run(this.#allDistances(centroids, start, end));
  }

  clusterDistances(labels: Uint32Array, k: number, isRoot: boolean): Awaitable<ClusterDistances> {
    return this.run(this.#clusterDistances(labels, k, isRoot));
  }

  mixture(): Awaitable<MixtureWorkspace> {
    return this.run(mixtures(({ openMixture }) => openMixture(this.points, this.run)));
  }

  logDensities(gaussians: Gaussians, start: number, end: number): Awaitable<Float32Array> {
    return this.run(mixtures(({ logDensities }) => logDensities(this.points, gaussians, start, end)));
  }

  transformed(matrix: Float64Array, variance: Float64Array): Awaitable<EngineDataset> {
    return this.run(this.#transformed(matrix, variance));
  }

  *#plusPlus(...args: [k: number, candidates: number, draws: Float32Array]): Steps<Uint32Array> {
    const { n, d } = this.points.summary;
    const isLarge = n * d * args[0] >= WORK_OF_ESTIMATES;
    // Without them it takes longer, and draws the same rows.
    const estimates = isLarge ? yield* resultOf(import('./estimates.ts').catch(() => null)) : null;
    return yield* plusPlus(this.points, ...args, estimates?.estimating);
  }

  *#nearest(centroids: Float64Array, count: number): Steps<Nearest> {
    const { nearestCentroids } = yield* resultOf(import('./nearest-centroids.ts'));
    return yield* nearestCentroids(this.points, centroids, count);
  }

  *#allDistances(centroids: Float64Array, start: number, end: number): Steps<Float64Array> {
    const { allDistances } = yield* resultOf(import('./nearest-centroids.ts'));
    return yield* allDistances(this.points, centroids, start, end);
  }

  *#clusterDistances(labels: Uint32Array, k: number, isRoot: boolean): Steps<ClusterDistances> {
    const { clusterDistances } = yield* resultOf(import('./silhouettes.ts'));
    return clusterDistances(this.points, labels, k, isRoot, this.run);
  }

  *#transformed(matrix: Float64Array, variance: Float64Array): Steps<EngineDataset> {
    const points = yield* mixtures(({ transformed }) => transformed(this.points, matrix, variance));
    return datasetOf(points, this.engine, this.runner, this.signal);
  }
}

let loaded: typeof import('./mixture.ts') | undefined;

/** What mixtures need, loaded when somebody first wants one. */
function* mixtures<T>(work: (module: typeof import('./mixture.ts')) => Steps<T>): Steps<T> {
  loaded ??= yield* resultOf(import('./mixture.ts'));
  return yield* work(loaded);
}
