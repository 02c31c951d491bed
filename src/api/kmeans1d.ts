import { checkInteger, LARGEST, type Names, readOptions, rounded } from '../check.ts';
import { type Column, checkWeights, originOf, readColumn, type Weights, wrongInColumn } from '../forms.ts';
import { bestIntervals } from '../kmeans/intervals.ts';

/** Options of {@link kmeans1d}. */
export interface KMeans1dOptions {
  /** Number of clusters: an integer from 1 to the number of values of positive weight. */
  readonly k: number;
  /** Weights [n], finite and not negative, in float32: 2 counts a value twice, 0 leaves it out. */
  readonly sampleWeight?: Weights;
}

const OPTIONS: Names<KMeans1dOptions> = { k: true, sampleWeight: true };

/** What {@link kmeans1d} found: k clusters, or as many as there are distinct values where these are fewer. */
export interface KMeans1d {
  /** Weighted means of the clusters [k], ascending. */
  readonly centroids: Float64Array;
  /** The cluster of each value [n], in the caller's order. A value of weight 0 has that of the nearest centroid. */
  readonly labels: Uint32Array;
  /**
   * The least value of each cluster [k], ascending, as class breaks of maps: a value x that counts is in cluster c where
   * breaks[c] ≤ x < breaks[c + 1]; rounded to float64 where the values are 64-bit integers, as centroids are.
   */
  readonly breaks: Float64Array;
  /** Summed weights of the clusters [k]. */
  readonly counts: Float64Array;
  /** Σ w·(x − c)², of which no clustering of the values has less. */
  readonly inertia: number;
}

/**
 * Clusters numbers into the k clusters of least inertia there are, by dynamic programming (Wang and Song 2011), at once: the
 * calling thread does nothing else until then. It takes n·k·log n steps and memory for n·k indices. What it finds is the
 * optimum within 1e-9 of the inertia, however far the values are from zero; but where some of them lie a 1e15th as far apart
 * as others do, or weights differ as much, rounding may choose among the splits of those. Equal values are in one cluster;
 * where there are fewer distinct values than k, each is a cluster, and there are no others.
 *
 * @param values [n]: an array, a typed array, of 64-bit integers too, or a column with `get` or `at`; at most 1e150 in
 *   magnitude
 * @throws {TypeError} where an argument is of the wrong kind, or an option does not exist.
 * @throws {RangeError} where there is no value, one is not finite or null, or k is more than there are values of positive
 *   weight; the message names the first offending index.
 * @example
 * ```ts
 * import { kmeans1d } from 'webgpu-clustering';
 *
 * const { centroids, labels, breaks, inertia } = kmeans1d([9, 1, 2, 8, 1], { k: 2 });
 * console.log(centroids.map((c) => Math.round(10 * c) / 10).join(), labels.join(), breaks.join()); // 1.3,8.5 1,0,0,1,0 1,8
 * console.log(inertia.toFixed(3)); // 1.167
 * ```
 */
export function kmeans1d(values: Column, options: KMeans1dOptions): KMeans1d {
  const { k: asked, sampleWeight } = readOptions('kmeans1d', options, OPTIONS);
  const most = checkInteger('k', asked, 1);
  const { read, origin } = readValues(values);
  const weights = checkWeights(sampleWeight, read.length);
  const counted = weights === null ? read.slice() : read.filter((_, i) => weights[i] > 0);
  if (most > counted.length)
    throw new RangeError(`k is ${most}, there are ${counted.length} values of positive weight`);
  const { distinct, weightsOf } = distinctOf(counted.sort());
  if (weights !== null) {
    weightsOf.fill(0);
    read.forEach((value, i) => {
      if (weights[i] > 0) weightsOf[lastUpTo(value, distinct)] += weights[i];
    });
  }
  const starts =
    distinct.length > most ? bestIntervals(distinct, weightsOf, most) : Uint32Array.from(distinct, (_, i) => i);
  const clusters = Array.from(starts, (start, c) =>
    summed(distinct.subarray(start, starts[c + 1]), weightsOf.subarray(start, starts[c + 1])),
  );
  const lows = Float64Array.from(starts, (start) => distinct[start]);
  const middles = Float64Array.from(clusters, ({ mean }, c) => (c === 0 ? mean : (clusters[c - 1].mean + mean) / 2));
  const labels = new Uint32Array(read.length);
  for (let i = 0; i < labels.length; i++) {
    labels[i] = weights?.[i] === 0 ? nearestTo(read[i], middles) : lastUpTo(read[i], lows);
  }
  return {
    centroids: Float64Array.from(clusters, ({ mean }) => mean + origin),
    labels,
    breaks: lows.map((low) => low + origin),
    counts: Float64Array.from(clusters, ({ weight }) => weight),
    inertia: clusters.reduce((sum, { inertia }) => sum + inertia, 0),
  };
}

/** The values less an origin, which integers beyond float64 are near. */
function readValues(values: Column): { readonly read: Float64Array; readonly origin: number } {
  const { n, valueAt } = readColumn('values', values);
  if (n === 0) throw new RangeError('values must have at least one value');
  const origin = originOf(n, valueAt);
  const less = Number(origin);
  const read = new Float64Array(n);
  for (let i = 0; i < n; i++) {
    const value = valueAt(i);
    const number = typeof value === 'bigint' ? Number(value - origin) : typeof value === 'number' ? value - less : NaN;
    if (!(Math.abs(number) <= LARGEST)) throw wrongInColumn(`values[${i}]`, rounded(value));
    read[i] = number;
  }
  return { read, origin: less };
}

/** Ascending values without those that are there before, and how many are equal to each. Minus zero and zero are one. */
function distinctOf(ascending: Float64Array) {
  const distinct = new Float64Array(ascending.length);
  const weightsOf = new Float64Array(ascending.length);
  let last = -1;
  for (const value of ascending) {
    if (last < 0 || value !== distinct[last]) distinct[++last] = value;
    weightsOf[last]++;
  }
  return { distinct: distinct.subarray(0, last + 1), weightsOf: weightsOf.subarray(0, last + 1) };
}

/** The last of ascending values that are not above one, which the first is not. */
function lastUpTo(value: number, ascending: Float64Array): number {
  let [low, high] = [0, ascending.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (ascending[middle] <= value) low = middle;
    else high = middle;
  }
  return low;
}

/** The nearest of centroids: behind each but the first the middle between it and the one before. */
function nearestTo(value: number, middles: Float64Array): number {
  let label = middles.length - 1;
  while (label > 0 && value <= middles[label]) label--;
  return label;
}

/** Weight, mean and inertia of a cluster, about its least value. */
function summed(values: Float64Array, weights: Float64Array) {
  const [first] = values;
  let [weight, sum, inertia] = [0, 0, 0];
  for (let i = 0; i < values.length; i++) {
    weight += weights[i];
    sum += weights[i] * (values[i] - first);
  }
  const offset = sum / weight;
  for (let i = 0; i < values.length; i++) inertia += weights[i] * (values[i] - first - offset) ** 2;
  return { weight, mean: first + offset, inertia };
}
