/** How good a clustering is, whoever made it: by the points, or beside another one. */
import {
  checkInteger,
  checkNumbers,
  checkSignal,
  checkWord,
  type Given,
  type Names,
  notANumber,
  owns,
  readOptions,
  rounded,
} from '../check.ts';
import type { Dataset } from '../dataset.ts';
import { withReading } from '../defaults.ts';
import type { EngineDataset } from '../engine/contract.ts';
import { dispersionOf, likeness, varianceRatio } from '../kmeans/dispersion.ts';
import { allRows, isJudgeable, measuredRows, type Partition, partitionOf } from '../kmeans/partition.ts';
import { silhouettesOf } from '../kmeans/silhouettes.ts';
import { METRICS, type Metric } from '../metric.ts';
import {
  type GpuPoints,
  meanOf,
  type PointsInput,
  type SurveyedPoints,
  type SurveyOptions,
  type TypedArray,
} from '../points.ts';
import { unwrapped } from '../proxies.ts';
import { isDataset, PLACEMENT_OPTIONS, type PlacementOptions, readPoints } from '../reading.ts';
import { run, runAsync, runNow, type Steps } from '../steps.ts';
import { surveyPoints } from '../survey.ts';

/** The cluster of each of n rows: any integers. */
export type Labels = TypedArray | readonly number[];

/** Options of {@link calinskiHarabaszScore} and {@link daviesBouldinScore}. */
export interface ScoreOptions extends PlacementOptions {
  /** Default `'euclidean'`, or the dataset's. `'cosine'` takes the rows at unit length. */
  readonly metric?: Metric;
  /** Rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

/** Options of {@link silhouetteScore} and {@link silhouetteSamples}. */
export interface SilhouetteOptions extends ScoreOptions {
  /** Of more rows a sample of so many is drawn, and distances are measured within it. Default 10,000. */
  readonly sampleSize?: number;
  /** What the sample is drawn by: a whole number, default 0. */
  readonly seed?: number;
}

const SCORE_OPTIONS: Names<ScoreOptions> = { ...PLACEMENT_OPTIONS, metric: true, signal: true };
const SILHOUETTE_OPTIONS: Names<SilhouetteOptions> = { ...SCORE_OPTIONS, sampleSize: true, seed: true };

/**
 * The mean silhouette (Rousseeuw 1987), −1 to 1: how much nearer rows are to their own cluster than to the nearest other
 * one. The same as scikit-learn's, but that rows of a Dataset that have weight 0 are absent; other weights do not count.
 *
 * @param points [n, d]: a typed array with its shape, rows, columns, a GPUBuffer, or a Dataset of an engine
 * @param labels integers [n]
 * @throws {TypeError | RangeError} as `kmeans` does, for points and options.
 * @throws {RangeError} where `labels` has another length or a value that is no integer, or where the rows that are
 *   measured have fewer than 2 labels or each its own.
 * @example
 * ```ts
 * import { silhouetteScore } from 'webgpu-clustering';
 *
 * console.log(await silhouetteScore([[0], [1], [8], [9]], [0, 0, 1, 1])); // 0.8745098039215686
 * ```
 */
export async function silhouetteScore(
  points: PointsInput | Dataset,
  labels: Labels,
  options?: SilhouetteOptions,
): Promise<number> {
  const { silhouettes } = await silhouettesWith('silhouetteScore', points, labels, options);
  return meanOf(silhouettes);
}

/**
 * The silhouette of each row (Rousseeuw 1987): see {@link silhouetteScore}. 0 for a row that is alone in its cluster, NaN
 * for one that is not measured: outside of the sample, or of weight 0 in its Dataset.
 *
 * @returns Float64Array [n]
 * @param points [n, d]: a typed array with its shape, rows, columns, a GPUBuffer, or a Dataset of an engine
 * @param labels integers [n]
 * @throws {TypeError | RangeError} as `silhouetteScore` does.
 * @example
 * ```ts
 * import { silhouetteSamples } from 'webgpu-clustering';
 *
 * console.log((await silhouetteSamples([[0], [2], [6]], [5, 5, 7])).join()); // 0.6666666666666666,0.5,0
 * ```
 */
export async function silhouetteSamples(
  points: PointsInput | Dataset,
  labels: Labels,
  options?: SilhouetteOptions,
): Promise<Float64Array> {
  const { n, rows, silhouettes } = await silhouettesWith('silhouetteSamples', points, labels, options);
  const all = new Float64Array(n).fill(NaN);
  rows.forEach((row, i) => {
    all[row] = silhouettes[i];
  });
  return all;
}

/**
 * The ratio of what lies between clusters to what lies within them (Calinski and Harabasz 1974): the greater the better. The
 * same as scikit-learn's, but that rows of a Dataset that have weight 0 are absent; other weights do not count. 1 where
 * all rows are their cluster's mean.
 *
 * @param points [n, d]: a typed array with its shape, rows, columns, a GPUBuffer, or a Dataset of an engine
 * @param labels integers [n]
 * @throws {TypeError | RangeError} as `silhouetteScore` does.
 * @example
 * ```ts
 * import { calinskiHarabaszScore } from 'webgpu-clustering';
 *
 * console.log(await calinskiHarabaszScore([[0], [1], [8], [9]], [0, 0, 1, 1])); // 128
 * ```
 */
export async function calinskiHarabaszScore(
  points: PointsInput | Dataset,
  labels: Labels,
  options?: ScoreOptions,
): Promise<number> {
  const given = readOptions('calinskiHarabaszScore', options, SCORE_OPTIONS);
  return judge(points, labels, { ...given, sampleSize: Infinity, seed: 0 }, function* (dataset, partition) {
    return yield* varianceRatio(yield* dispersionOf(dataset, partition), partition);
  });
}

/**
 * The mean over clusters of (s + t) / distance of the means for the other cluster that makes it largest, s and t the mean
 * distances of their rows from their means (Davies and Bouldin 1979): the less the better. The same as scikit-learn's,
 * but that rows of a Dataset that have weight 0 are absent; other weights do not count.
 *
 * @param points [n, d]: a typed array with its shape, rows, columns, a GPUBuffer, or a Dataset of an engine
 * @param labels integers [n]
 * @throws {TypeError | RangeError} as `silhouetteScore` does.
 * @example
 * ```ts
 * import { daviesBouldinScore } from 'webgpu-clustering';
 *
 * console.log(await daviesBouldinScore([[0], [1], [8], [9]], [0, 0, 1, 1])); // 0.125
 * ```
 */
export async function daviesBouldinScore(
  points: PointsInput | Dataset,
  labels: Labels,
  options?: ScoreOptions,
): Promise<number> {
  const given = readOptions('daviesBouldinScore', options, SCORE_OPTIONS);
  return judge(points, labels, { ...given, sampleSize: Infinity, seed: 0 }, function* (dataset, partition) {
    return yield* likeness(yield* dispersionOf(dataset, partition));
  });
}

/**
 * How far two clusterings of the same rows agree, corrected for chance (Hubert and Arabie 1985): 1 for the same, whatever
 * its labels are called; about 0 for what has nothing to do with each other. Counted in integers without limits.
 *
 * @param a integers [n]
 * @param b integers [n]
 * @throws {TypeError} where an argument is no array of numbers.
 * @throws {RangeError} where the lengths differ, or a value is no integer.
 * @example
 * ```ts
 * import { adjustedRandScore } from 'webgpu-clustering';
 *
 * console.log(adjustedRandScore([0, 0, 1, 1], [7, 7, 3, 3]), adjustedRandScore([0, 0, 1, 1], [0, 1, 0, 1])); // 1 -0.5
 * ```
 */
export function adjustedRandScore(a: Labels, b: Labels): number {
  const first = checkLabels('a', a, a?.length);
  const second = checkLabels('b', b, first.length);
  const rows = allRows(first.length);
  const { labels: ofA, sizes: sizesOfA } = runNow(partitionOf(rows, first));
  const { labels: ofB, sizes: sizesOfB } = runNow(partitionOf(rows, second));
  const pairs = ofA.length === 0 ? [] : Array.from(ofA, (label, i) => label * sizesOfB.length + ofB[i]);
  return adjustedRandOf(runNow(partitionOf(rows, pairs)).sizes, sizesOfA, sizesOfB);
}

/** The same of numbers of rows: in a cluster of both [any order], of the one, and of the other. */
export function adjustedRandOf(sizesOfBoth: Uint32Array, sizesOfA: Uint32Array, sizesOfB: Uint32Array): number {
  const n = BigInt(sizesOfA.reduce((sum, size) => sum + size, 0));
  const both = orderedPairs(sizesOfBoth);
  const onlyA = orderedPairs(sizesOfA) - both;
  const onlyB = orderedPairs(sizesOfB) - both;
  if (onlyA === 0n && onlyB === 0n) return 1;
  const none = n * (n - 1n) - both - onlyA - onlyB;
  const chance = (both + onlyA) * (onlyA + none) + (both + onlyB) * (onlyB + none);
  return Number(2n * (both * none - onlyA * onlyB)) / Number(chance);
}

/** Pairs of different rows, each in both orders, that are in one cluster. */
function orderedPairs(sizes: Uint32Array): bigint {
  let pairs = 0n;
  for (const size of sizes) pairs += BigInt(size) * BigInt(size - 1);
  return pairs;
}

/** Which rows silhouettes are measured of. */
export interface Sampling {
  readonly sampleSize: number;
  readonly seed: number;
}

const SAMPLE_SIZE = 10_000;

/** @throws {TypeError | RangeError} naming the option that is wrong. */
export function checkSampling({ sampleSize, seed }: Given<Pick<SilhouetteOptions, 'sampleSize' | 'seed'>>): Sampling {
  return {
    sampleSize: checkInteger('sampleSize', sampleSize ?? SAMPLE_SIZE, 3),
    seed: checkInteger('seed', seed ?? 0, 0),
  };
}

async function silhouettesWith(
  caller: string,
  points: PointsInput | Dataset,
  labels: Labels,
  options: SilhouetteOptions | undefined,
): Promise<{ n: number; rows: Uint32Array; silhouettes: Float64Array }> {
  const given = readOptions(caller, options, SILHOUETTE_OPTIONS);
  return judge(points, labels, { ...given, ...checkSampling(given) }, function* (dataset, partition) {
    return { n: dataset.n, rows: partition.rows, silhouettes: yield* silhouettesOf(dataset, partition) };
  });
}

/** Runs steps where the points are, on the rows that count. */
async function judge<T>(
  points: PointsInput | Dataset,
  given: Labels,
  options: Given<ScoreOptions> & Sampling,
  work: (dataset: EngineDataset, partition: Partition) => Steps<T>,
): Promise<T> {
  const { metric, backend, device, sampleSize, seed } = options;
  const signal = checkSignal(options.signal);
  if (metric !== undefined) checkWord('metric', metric, METRICS);
  signal?.throwIfAborted();
  const placement = { backend, device, signal, metric, sampleWeight: undefined, frame: undefined };
  // Before anything is waited for: the caller's array may change behind the call.
  const labels = checkLabels('labels', given, given?.length);
  const onDataset = (dataset: Dataset) =>
    dataset.use(signal, ({ dataset }) => {
      checkNumbers('labels', labels, dataset.n);
      return runAsync(judged(dataset), signal);
    });
  function* judged(dataset: EngineDataset): Steps<T> {
    const rows = yield* measuredRows(dataset, sampleSize, seed);
    return yield* work(dataset, checkPartition(yield* partitionOf(rows, labels)));
  }
  const resident = unwrapped(points);
  const reading = isDataset(resident) ? readPoints(resident, placement) : run(asGiven(resident, placement), signal);
  return withReading(reading, placement, onDataset);
}

/** The points, in float64 where they go to the CPU: distances are then those of the caller's values. */
function* asGiven(points: PointsInput, options: SurveyOptions): Steps<SurveyedPoints | GpuPoints> {
  const surveyed = yield* surveyPoints(points, options);
  if (owns(surveyed, 'buffer')) return surveyed;
  return {
    ...surveyed,
    unread: undefined,
    *prepare(backend) {
      const prepared = yield* surveyed.prepare(backend);
      return backend === 'cpu' ? { ...prepared, frame: { ...prepared.frame, precise: true } } : prepared;
    },
  };
}

function checkPartition(partition: Partition): Partition {
  if (isJudgeable(partition)) return partition;
  const { rows, sizes } = partition;
  throw new RangeError(
    `labels must have from 2 to n − 1 distinct values, got ${sizes.length} among ${rows.length} rows`,
  );
}

/** @throws {TypeError | RangeError} where they are not so many integers. */
function checkLabels(name: string, given: unknown, length: number): Float64Array {
  const numbers = checkNumbers(name, given, length);
  const labels = new Float64Array(numbers.length);
  for (let i = 0; i < labels.length; i++) {
    const label = rounded(numbers[i]);
    if (typeof label !== 'number') throw notANumber(`${name}[${i}]`, label);
    if (!Number.isSafeInteger(label)) throw new RangeError(`${name}[${i}] must be an integer, got ${label}`);
    labels[i] = label;
  }
  return labels;
}
