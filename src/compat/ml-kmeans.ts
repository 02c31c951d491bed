/**
 * What the package ml-kmeans 7 exports, on the engines of this library: changing the import is all.
 *
 * @module webgpu-clustering/compat/ml-kmeans
 */
import '../globals.ts';
import { checkSignal } from '../check.ts';
import { type PlacementOptions, type Reading, readPoints, type UploadRequest } from '../reading.ts';
import { runAsync, runNow, type Steps } from '../steps.ts';
import {
  areForEngine,
  type Clusterer,
  EngineClusterer,
  engineHere,
  isWorthwhile,
  meansOf,
  PlainClusterer,
  squaredDistance,
} from './clusterer.ts';
import { xsadd } from './xsadd.ts';

/** Distance of two points of the same length. */
export type DistanceFunction = (p: number[], q: number[]) => number;

/** How the first centroids are chosen. */
export type InitializationMethod = 'kmeans++' | 'random' | 'mostDistant';

/** Those that have a default. */
export interface OptionsWithDefault {
  /** Default: the squared Euclidean distance. Another one is computed in plain JavaScript, as ml-kmeans does. */
  distanceFunction?: DistanceFunction;
  /** Converged where no centroid moved farther than this, by `distanceFunction`. Default 1e-6. */
  tolerance?: number;
  /** Default `'kmeans++'`; or K centroids. */
  initialization?: InitializationMethod | number[][];
  /** Default 100; 0 for no limit. */
  maxIterations?: number;
}

/** Those that have none. */
export interface OptionsWithoutDefault {
  /** An integer, with which the same call gives the same result; that of ml-kmeans. Default: another start each time. */
  seed?: number;
}

/** Options of {@link kmeans}. */
export type Options = OptionsWithDefault & OptionsWithoutDefault;

/** Options of {@link kmeansAsync}. */
export type AsyncOptions = Options &
  PlacementOptions & {
    /** Rejects with `signal.reason`. */
    readonly signal?: AbortSignal;
  };

/** What is known of a cluster. */
export interface CentroidWithInformation {
  /** [d] */
  centroid: number[];
  /** Mean distance of its points to the centroid, by the distance function; −1 where there are none. */
  error: number;
  /** Number of its points. */
  size: number;
}

/**
 * The result of an iteration.
 *
 * @example
 * ```ts
 * import { kmeans } from 'webgpu-clustering/compat/ml-kmeans';
 *
 * const data = [[0], [2], [8], [12]];
 * const result = kmeans(data, 2, { initialization: [[0], [8]] });
 * console.log(result.nearest([[3], [9]]).join()); // 0,1
 * console.log(result.computeInformation(data).map(({ error }) => error).join()); // 1,4
 * ```
 */
export class KMeansResult {
  /** Index of the nearest centroid of each point, of those before the update of the iteration [n]. */
  clusters: number[];
  /** Means of the points of each cluster [K][d]; where it has none, its centroid before. */
  centroids: number[][];
  /** Whether no centroid moved farther than the tolerance. */
  converged: boolean;
  /** Number of iterations so far. */
  iterations: number;
  /** By which points were compared. */
  distance: DistanceFunction;

  /** @internal */
  constructor(
    clusters: number[],
    centroids: number[][],
    converged: boolean,
    iterations: number,
    distance: DistanceFunction,
  ) {
    this.clusters = clusters;
    this.centroids = centroids;
    this.converged = converged;
    this.iterations = iterations;
    this.distance = distance;
  }

  /** Index of the nearest centroid of other points. */
  nearest(data: number[][]): number[] {
    return data.map((row) => nearestOf(row, this.centroids, this.distance));
  }

  /** Of each cluster its centroid, the mean distance of its points, and their number. `data` are the points of the call. */
  computeInformation(data: number[][]): CentroidWithInformation[] {
    const sums = this.centroids.map(() => 0);
    const sizes = this.centroids.map(() => 0);
    data.forEach((row, i) => {
      const cluster = this.clusters[i];
      sums[cluster] += this.distance(row, this.centroids[cluster]);
      sizes[cluster]++;
    });
    return this.centroids.map((centroid, c) => ({
      centroid,
      error: sizes[c] > 0 ? sums[c] / sizes[c] : -1,
      size: sizes[c],
    }));
  }
}

/**
 * `kmeans` of ml-kmeans, on the CPU engine of the calling thread.
 *
 * @param data n points [n][d]
 * @param K number of clusters, from 1 to n
 * @throws {Error} where K is no such integer, or there are not K centroids to begin with.
 * @throws {TypeError} where the seed is no integer.
 * @example
 * ```ts
 * import { kmeans } from 'webgpu-clustering/compat/ml-kmeans';
 *
 * const data = [[1, 1, 1], [1, 2, 1], [-1, -1, -1], [-1, -1, -1.5]];
 * const { clusters, centroids } = kmeans(data, 2, { initialization: [data[0], data[2]] });
 * console.log(clusters.join(), centroids.join(' ')); // 0,0,1,1 1,1.5,1 -1,-1,-1.25
 * ```
 */
export function kmeans(data: number[][], K: number, options?: Options | null): KMeansResult {
  const plan = checkPlan(data, K, options);
  return runNow(fit(clustererHere(plan), plan));
}

/**
 * `kmeansGenerator` of ml-kmeans: yields the result of each iteration. What is written to its `centroids` and `converged` holds
 * for the next one. The points may not change in between.
 *
 * @throws as {@link kmeans}, when the first result is asked for.
 * @example
 * ```ts
 * import { kmeansGenerator } from 'webgpu-clustering/compat/ml-kmeans';
 *
 * const iterations = kmeansGenerator([[0], [1], [8], [9]], 2, { initialization: [[0], [1]] });
 * for (const { centroids } of iterations) console.log(centroids.join(' ')); // 0 6 | 0.5 8.5 | 0.5 8.5
 * ```
 */
export function* kmeansGenerator(
  data: number[][],
  K: number,
  options?: Options | null,
): Generator<KMeansResult, void, unknown> {
  const plan = checkPlan(data, K, options);
  const clusterer = clustererHere(plan);
  try {
    const clusters: number[] = [];
    let state = runNow(begin(clusterer, plan));
    while (!state.converged && state.iterations < plan.maxIterations) {
      const next = runNow(iterate(clusterer, plan, state));
      const result = toResult(plan, next, clusters);
      yield result;
      const { centroids, converged } = result;
      state = { ...next, centroids, converged };
    }
  } finally {
    clusterer.close();
  }
}

/**
 * What {@link kmeans} gives, on a GPU where one is worth it, or on the CPU engine and its workers. Whatever `backend` says,
 * plain JavaScript answers small calls, those with a distance of their own, and those with values that no engine takes. The
 * points may not change before the promise settles.
 *
 * @example
 * ```ts
 * import { kmeansAsync } from 'webgpu-clustering/compat/ml-kmeans';
 *
 * const { clusters } = await kmeansAsync([[0], [1], [8], [9]], 2, { initialization: [[0], [9]] });
 * console.log(clusters.join()); // 0,0,1,1
 * ```
 * @throws rejects as {@link kmeans} throws.
 * @throws {WebGPUUnavailableError} under `backend: 'webgpu'`, where there is no adapter and an engine is asked.
 */
export async function kmeansAsync(data: number[][], K: number, options?: AsyncOptions | null): Promise<KMeansResult> {
  const { backend, device, signal: given, ...rest } = options ?? {};
  const signal = checkSignal(given);
  const plan = checkPlan(data, K, rest);
  const placement = { backend, device, signal, metric: undefined, sampleWeight: undefined, frame: undefined };
  const reading = await readingOf(plan, placement);
  if (reading === null) return runAsync(fit(plainClusterer(plan), plan), signal);
  const { withReading } = await import('../defaults.ts');
  return withReading(reading, placement, (dataset) =>
    dataset.use(signal, ({ dataset }) => runAsync(fit(new EngineClusterer(dataset, 'first', false), plan), signal)),
  );
}

/** The points of a call; null where an engine is not for them. */
async function readingOf(plan: Plan, request: UploadRequest): Promise<Reading | null> {
  if (!isForEngine(plan)) return null;
  try {
    return await readPoints(plan.data, request);
  } catch {
    request.signal?.throwIfAborted();
    return null;
  }
}

function isForEngine({ data, K, distance, initialization }: Plan): boolean {
  if (distance !== squaredDistance || !isWorthwhile(data, K)) return false;
  return !Array.isArray(initialization) || areForEngine(initialization, data[0].length);
}

/** What a call asks for. */
interface Plan {
  readonly data: number[][];
  readonly K: number;
  readonly distance: DistanceFunction;
  readonly tolerance: number;
  readonly initialization: InitializationMethod | number[][];
  readonly maxIterations: number;
  readonly seed: number | undefined;
}

interface State {
  /** Of the last assignment [n]. */
  readonly labels: ArrayLike<number>;
  readonly centroids: number[][];
  readonly converged: boolean;
  readonly iterations: number;
}

function checkPlan(data: number[][], K: number, options: Options | null | undefined): Plan {
  const { distanceFunction, tolerance = 1e-6, initialization = 'kmeans++', maxIterations = 100, seed } = options ?? {};
  if (K <= 0 || K > data.length || !Number.isInteger(K)) {
    throw new Error('K should be a positive integer smaller than the number of points');
  }
  if (Array.isArray(initialization) && initialization.length !== K) {
    throw new Error('The initial centers should have the same length as K');
  }
  if (!Array.isArray(initialization) && !Object.hasOwn(CHOICES, initialization)) {
    throw new Error(`Unknown initialization method: "${initialization}"`);
  }
  return {
    data,
    K,
    distance: distanceFunction ?? squaredDistance,
    tolerance,
    initialization,
    maxIterations,
    seed,
  };
}

function clustererHere(plan: Plan): Clusterer {
  return (isForEngine(plan) ? engineHere(plan.data, 'first') : null) ?? plainClusterer(plan);
}

function plainClusterer({ data, distance }: Plan): Clusterer {
  if (distance === squaredDistance) return new PlainClusterer(data, nearestInPlain);
  return new PlainClusterer(data, (row, centroids) => nearestOf(row, centroids, distance));
}

/** `nearestOf` with the squared distance, written out: a call for each pair would take longer than the sum. */
function nearestInPlain(row: number[], centroids: readonly number[][]): number {
  let nearest = -1;
  let least = Number.MAX_VALUE;
  for (let c = 0; c < centroids.length; c++) {
    const centroid = centroids[c];
    let squared = 0;
    for (let j = 0; j < row.length; j++) {
      const difference = row[j] - centroid[j];
      squared += difference * difference;
    }
    if (squared < least) {
      least = squared;
      nearest = c;
    }
  }
  return nearest;
}

/** −1 where no distance is a number below the largest. */
function nearestOf(row: number[], centroids: readonly number[][], distance: DistanceFunction): number {
  let nearest = -1;
  let least = Number.MAX_VALUE;
  for (let c = 0; c < centroids.length; c++) {
    const squared = distance(row, centroids[c]);
    if (squared < least) {
      least = squared;
      nearest = c;
    }
  }
  return nearest;
}

/** A fit, which closes its clusterer. */
function* fit(clusterer: Clusterer, plan: Plan): Steps<KMeansResult> {
  try {
    const most = plan.maxIterations === 0 ? Infinity : plan.maxIterations;
    let state = yield* begin(clusterer, plan);
    while (!state.converged && state.iterations < most) state = yield* iterate(clusterer, plan, state);
    if (state.iterations === 0) throw new Error('unreachable: no kmeans step executed');
    return toResult(plan, state, []);
  } finally {
    clusterer.close();
  }
}

function* begin(clusterer: Clusterer, plan: Plan): Steps<State> {
  return { labels: [], centroids: yield* firstCentroids(clusterer, plan), converged: false, iterations: 0 };
}

function* iterate(clusterer: Clusterer, plan: Plan, { centroids: previous, iterations }: State): Steps<State> {
  const { data, K, distance, tolerance } = plan;
  const labels = yield* clusterer.assign(previous);
  const { counts, means } = meansOf(data, labels, K);
  // Coordinate by coordinate: centroids that are given may be typed arrays, or of another width than the rows.
  const centroids = means.map((mean, c) => (counts[c] > 0 ? mean : mean.map((_, j) => previous[c][j])));
  const converged = !centroids.some((centroid, c) => distance(centroid, previous[c]) > tolerance);
  return { labels, centroids, converged, iterations: iterations + 1 };
}

/** @param clusters the array that the labels are left in */
function toResult(
  { distance }: Plan,
  { labels, centroids, converged, iterations }: State,
  clusters: number[],
): KMeansResult {
  for (let i = 0; i < labels.length; i++) clusters[i] = labels[i];
  return new KMeansResult(clusters, centroids, converged, iterations, distance);
}

function* firstCentroids(clusterer: Clusterer, plan: Plan): Steps<number[][]> {
  const { data, initialization, seed } = plan;
  if (Array.isArray(initialization)) return initialization;
  const rows = yield* CHOICES[initialization](clusterer, plan, seed === undefined ? Math.random : xsadd(seed));
  return rows.map((row) => Array.from(data[row]));
}

type Choice = (clusterer: Clusterer, plan: Plan, random: () => number) => Steps<number[]>;

/** The rows that are the first centroids, drawn with the numbers that ml-kmeans draws with. */
const CHOICES: Readonly<Record<InitializationMethod, Choice>> = {
  random: randomRows,
  mostDistant: mostDistantRows,
  'kmeans++': plusPlusRows,
};

function* randomRows(_: Clusterer, { data, K }: Plan, random: () => number): Steps<number[]> {
  const left = Array.from(data.keys());
  return Array.from({ length: K }, () => left.splice(Math.floor(random() * left.length), 1)[0]);
}

/**
 * The row that is farthest from a random one, then each time that whose nearest chosen row is farthest. Distances that are no
 * number below the largest are passed over, except that the second row may be infinitely far.
 */
function* mostDistantRows(clusterer: Clusterer, { data, K, distance }: Plan, random: () => number): Steps<number[]> {
  const chosen = [Math.floor(random() * data.length)];
  const nearest = new Float64Array(data.length).fill(Number.MAX_VALUE);
  while (chosen.length < K) {
    const newest = chosen[chosen.length - 1];
    const distances =
      distance === squaredDistance
        ? (yield* clusterer.distancesTo([newest]))[0]
        : data.map((row, i) => (i < newest ? distance(row, data[newest]) : distance(data[newest], row)));
    let [farthest, most] = [-1, -1];
    const isSecond = chosen.length === 1;
    for (let i = 0; i < nearest.length; i++) {
      if (distances[i] < nearest[i]) nearest[i] = distances[i];
      const far = isSecond ? distances[i] : nearest[i];
      if (far > most && (isSecond || (far < Number.MAX_VALUE && !chosen.includes(i)))) [farthest, most] = [i, far];
    }
    chosen.push(farthest);
  }
  return chosen;
}

/** What ml-kmeans refuses, of all starts, where it begins with k-means++. */
function checkMatrix(data: readonly number[][]): void {
  const d = data[0].length;
  for (const row of data) {
    if (row.length !== d) throw new RangeError('Inconsistent array dimensions');
    if (!row.every((value) => typeof value === 'number')) throw new TypeError('Input data contains non-numeric values');
  }
}

/** Greedy k-means++, as ml-kmeans draws it: each candidate by one number. */
function* plusPlusRows(clusterer: Clusterer, { data, K }: Plan, random: () => number): Steps<number[]> {
  checkMatrix(data);
  const trials = 2 + Math.floor(Math.log(K));
  const first = Math.floor(random() * data.length);
  const chosen = [first];
  let [nearest] = yield* clusterer.distancesTo(chosen);
  while (chosen.length < K) {
    const candidates = drawn(nearest, trials, random);
    const distances = yield* clusterer.distancesTo(candidates);
    let [best, least] = [-1, Infinity];
    let left = nearest;
    for (let t = 0; t < trials; t++) {
      const tried = new Float64Array(data.length);
      for (let i = 0; i < tried.length; i++) tried[i] = Math.min(nearest[i], distances[t][i]);
      const total = sumOf(tried);
      if (total < least) [best, least, left] = [candidates[t], total, tried];
    }
    if (best < 0) throw new RangeError('no distance between rows is a number');
    chosen.push(best);
    nearest = left;
  }
  return chosen;
}

/** Indices, each drawn by one number, with probability proportional to the weights: the first one where all are zero. */
function drawn(weights: ArrayLike<number>, count: number, random: () => number): number[] {
  const unit = 1 / sumOf(weights);
  const sums = new Float64Array(weights.length);
  for (let i = 0, sum = 0; i < sums.length; i++) {
    sum += weights[i] * unit;
    sums[i] = sum;
  }
  return Array.from({ length: count }, () => {
    const threshold = random();
    let index = 0;
    while (threshold > sums[index]) index++;
    return Math.min(index, sums.length - 1);
  });
}

function sumOf(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  return sum;
}
