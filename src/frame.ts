/**
 * The frame in which an engine holds points, and how it is found. Float32 resolves a value to 6e-8 of its distance from
 * the shift, so the shift has to lie in the midst of the points, wherever a few of them, or a third, may be.
 */

import { checkBoolean, checkObject, checkWhole, readCoordinates, readNumbers } from './check.ts';
import type { Metric } from './metric.ts';
import { runNow, type Steps } from './steps.ts';

/**
 * x' = (x − shift)·scale, in float64 before it is rounded to float32.
 *
 * A shift is a median of the feature, which no far value can move, rounded to a multiple of the power of two under the
 * feature's spread: so the subtraction is nearly always exact, and exact ties survive. The scale is a power of two that
 * brings the largest |x'| to 1 or below; where values lie far out it brings what is usual to 2^-16, and no value over
 * what the engine takes. Cosine rows are normalised instead: shift 0, scale 1.
 */
export interface Frame {
  readonly shift: Float64Array;
  readonly scale: number;
  /** Whether float32 cannot tell the points apart: then the CPU engine keeps its rows in float64. WebGPU has float32 only. */
  readonly precise: boolean;
}

/** What is usual among points: their columns in a sample of m rows of positive weight. */
export interface Sample {
  /** The values of each feature, ascending: [d, m]. */
  readonly columns: Float64Array;
  /** Of each feature [d]. */
  readonly medians: Float64Array;
  /** From the median: the deviation of half of the rows, of nine in ten, of the nearest that has one. [d, 3] */
  readonly deviations: Float64Array;
  /** The same from zero. */
  readonly magnitudes: Float64Array;
}

/** The least and the largest value of each feature: [d] each. */
export interface Extremes {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** What exact sums are counted in: the columns of a sum, d features, then the weight, padded to an even number. */
export interface Units {
  readonly stride: number;
  /** 1; 2 where one window is too short for what the values have in bits. */
  readonly limbs: number;
  /** Powers of two: [limbs, stride]. */
  readonly units: Float64Array;
  /** The largest values that count: [stride]. */
  readonly limits: Float64Array;
}

/** Weight, and weighted mean of each feature [d], of rows of positive weight. */
export interface WeightedMean {
  readonly weight: number;
  readonly mean: Float64Array;
}

/** The same with the variances [d]. */
export interface RangeMoments extends WeightedMean {
  readonly variance: Float64Array;
}

/** What a shard of points tells of them before it is put into a frame; those of disjoint shards add up. */
export interface PointsRange {
  /** What it is. */
  readonly type: 'PointsRange';
  /** Number of rows. */
  readonly n: number;
  /** Number of rows of positive weight. */
  readonly positiveRows: number;
  /** Under which they will be clustered. */
  readonly metric: Metric;
  /** @internal */
  readonly moments: RangeMoments;
  /** The range of each feature, of the rows of positive weight. @internal */
  readonly extremes: Extremes;
  /** Some of those rows, of each shard. @internal */
  readonly samples: readonly RangeSample[];
}

export interface RangeSample {
  /** [m, d] */
  readonly values: Float64Array;
  /** [m]; null where all have the weight 1. */
  readonly weights: Float64Array | null;
  /** How many rows each of them stands for. */
  readonly standsFor: number;
}

/**
 * The range of the rows of two shards. In whatever order they are added, the same shift, scale and units come of it.
 *
 * @throws {RangeError} where they are of other features or another metric.
 * @example
 * ```ts
 * import { addRanges, rangeOf } from 'webgpu-clustering';
 *
 * const [a, b] = await Promise.all([rangeOf([[0], [1]]), rangeOf([[9]])]);
 * console.log(addRanges(a, b).n); // 3
 * ```
 */
export function addRanges(a: PointsRange, b: PointsRange): PointsRange {
  for (const { extremes } of [a, b]) checkWhole('a range', extremes?.low);
  const [d, other] = [a.extremes.low.length, b.extremes.low.length];
  if (d !== other) throw new RangeError(`ranges of ${d} and of ${other} features do not add up`);
  if (a.metric !== b.metric) throw new RangeError(`ranges of '${a.metric}' and '${b.metric}' points do not add up`);
  return {
    type: 'PointsRange',
    n: a.n + b.n,
    positiveRows: a.positiveRows + b.positiveRows,
    metric: a.metric,
    moments: addMoments(a.moments, b.moments),
    extremes: {
      low: a.extremes.low.map((low, j) => Math.min(low, b.extremes.low[j])),
      high: a.extremes.high.map((high, j) => Math.max(high, b.extremes.high[j])),
    },
    samples: [...a.samples, ...b.samples],
  };
}

export function addMeans(a: WeightedMean, b: WeightedMean): WeightedMean {
  const weight = a.weight + b.weight;
  const share = weight === 0 ? 0 : b.weight / weight;
  return { weight, mean: a.mean.map((mean, j) => mean + share * (b.mean[j] - mean)) };
}

/** By the shares of the weight, so that no square is larger than that of the distance of two rows. */
function addMoments(a: RangeMoments, b: RangeMoments): RangeMoments {
  const { weight, mean } = addMeans(a, b);
  if (weight === 0) return a;
  const share = b.weight / weight;
  return {
    ...{ weight, mean },
    variance: a.variance.map(
      (variance, j) =>
        (1 - share) * variance + share * b.variance[j] + share * (1 - share) * (b.mean[j] - a.mean[j]) ** 2,
    ),
  };
}

/** The rows of all samples of a range [m, d], their weights [m], and how many rows each stands for [m]. */
export function sampledRange({ samples, extremes }: PointsRange): {
  readonly values: Float64Array;
  readonly weights: Float64Array;
  readonly standsFor: Float64Array;
} {
  const d = extremes.low.length;
  const joined = (of: (sample: RangeSample, m: number) => Float64Array) =>
    Float64Array.from(samples.flatMap((sample) => Array.from(of(sample, sample.values.length / d))));
  return {
    values: joined(({ values }) => values),
    weights: joined(({ weights }, m) => weights ?? new Float64Array(m).fill(1)),
    standsFor: joined(({ standsFor }, m) => new Float64Array(m).fill(standsFor)),
  };
}

/** From this share of equal values on float32 is too coarse. */
export const COARSE = 0.01;
/** Where the limit leaves so little of the scale, float32 loses what is usual beside what is far. */
const LEAST_SCALE = 2 ** -8;

/** The frame within the limit of float32 rows, or where they are too coarse that of float64 ones; with their rounding. */
export function* preciseWhereCoarse(
  frame: Frame,
  sample: Sample,
  extremes: Extremes,
  limit: number,
): Steps<{ readonly frame: Frame; readonly rounding: Float64Array }> {
  const held = withinLimit(frame, extremes, limit);
  const rounding = yield* roundingOf(sample, held, 0);
  const isCoarse = held.scale < LEAST_SCALE * frame.scale || rounding.some((share) => share > COARSE);
  return { frame: isCoarse ? { ...withinLimit(frame, extremes, PRECISE_LIMIT), precise: true } : held, rounding };
}

/** What is usual may be smaller than the largest value by this factor before it gives the scale. */
const ROOM = 2 ** 16;
/** Shares of the rows: one of these deviations is that of what is usual. */
const HALF = 0.5;
const MOST = 0.9;
/** Scales stay within it: so their squares have inverses. */
const LARGEST_EXPONENT = 500;

/**
 * @param values rows [m, d]
 * @param weights positive: [m]; null where all rows have the same
 */
export function sampled(values: Float64Array, weights: Float64Array | null, d: number): Sample {
  return runNow(sampling(values, weights, d));
}

/** The same in turns with other work: wide points have many columns to sort. */
export function* sampling(values: Float64Array, weights: Float64Array | null, d: number): Steps<Sample> {
  const m = values.length / d;
  const columns = new Float64Array(d * m);
  const medians = new Float64Array(d);
  const deviations = new Float64Array(3 * d);
  const magnitudes = new Float64Array(3 * d);
  const uneven = weights?.some((weight) => weight !== weights[0]) ? weights : null;
  for (let j = 0; j < d; j++) {
    const column = columns.subarray(j * m, (j + 1) * m);
    for (let i = 0, at = j; i < m; i++, at += d) column[i] = values[at];
    const shares = uneven && sortWith(column, uneven);
    if (shares === null) sortColumn(column);
    const usual = withoutSentinels(column, shares);
    medians[j] = medianOf(usual);
    deviations.set(deviationsFrom(medians[j], usual), 3 * j);
    magnitudes.set(deviationsFrom(0, usual), 3 * j);
    yield;
  }
  return { columns, medians, deviations, magnitudes };
}

/** Squared numbers of values of one bucket, for each value, from which on the sort of the language takes less. */
const CROWDED = 8;

/** Sorts values as the language does, in a fifth of the time where they are spread evenly enough: into buckets first. */
function sortColumn(column: Float64Array): void {
  const { length } = column;
  let [low, high] = [Infinity, -Infinity];
  let hasOrder = true;
  for (let i = 0; i < length; i++) {
    const value = column[i];
    if (value < low) low = value;
    if (value > high) high = value;
    // NaN comes last, and -0 before 0.
    if (value === 0 ? 1 / value < 0 : Number.isNaN(value)) hasOrder = false;
  }
  const scale = (length - 1) / (high - low);
  if (!hasOrder || !(scale < Infinity)) {
    column.sort();
    return;
  }
  const buckets = new Int32Array(length);
  const ends = new Int32Array(length + 1);
  for (let i = 0; i < length; i++) {
    const bucket = (column[i] - low) * scale;
    buckets[i] = bucket;
    ends[buckets[i] + 1]++;
  }
  let crowd = 0;
  for (let b = 0; b < length; b++) {
    crowd += ends[b + 1] ** 2;
    ends[b + 1] += ends[b];
  }
  if (crowd > CROWDED * length) {
    column.sort();
    return;
  }
  const unsorted = column.slice();
  for (let i = 0; i < length; i++) column[ends[buckets[i]]++] = unsorted[i];
  for (let i = 1; i < length; i++) {
    const value = column[i];
    let at = i;
    for (; at > 0 && column[at - 1] > value; at--) column[at] = column[at - 1];
    column[at] = value;
  }
}

/** Sorts values, and returns their weights in that order. */
function sortWith(values: Float64Array, weights: Float64Array): Float64Array {
  const order = Uint32Array.from(values.keys()).sort(
    // Equal values by their weights, so that sums do not tell in which order rows came.
    (a, b) => values[a] - values[b] || weights[a] - weights[b],
  );
  const unsorted = values.slice();
  order.forEach((from, to) => {
    values[to] = unsorted[from];
  });
  return Float64Array.from(order, (from) => weights[from]);
}

/** Ascending values with their weights, null where all have the same. */
interface Column {
  readonly values: Float64Array;
  readonly weights: Float64Array | null;
}

/** One value of so many rows may stand for "no data", where it costs the others so many of their bits. */
const SHARE_OF_SENTINEL = 3 / 8;
/** What fewer rows have is not what a column is about. */
const LEAST_SHARE_OF_REST = 1 / 16;
const FAR_OUT = 2 ** 6;

/**
 * What is left of a column without the values that stand for "no data": such a one is the value of many rows, and lies so
 * far out that float32 would lose what the others have to tell, their deviation or their size, beside it.
 */
function withoutSentinels(values: Float64Array, weights: Float64Array | null): Column {
  const { from, to, share } = mostFrequent(values, weights);
  if (share < SHARE_OF_SENTINEL || share > 1 - LEAST_SHARE_OF_REST) return { values, weights };
  const without = (all: Float64Array) => all.filter((_, i) => i < from || i >= to);
  const rest = { values: without(values), weights: weights && without(weights) };
  const median = medianOf(rest);
  const [deviation] = deviationsFrom(median, rest);
  const told = deviation > 0 ? deviation : Math.abs(median);
  const modal = values[from];
  // Zeros lose nothing beside a value that float32 has.
  const isFar =
    told > 0 ? Math.abs(modal - median) > FAR_OUT * told && Math.abs(modal) > told : Math.fround(modal) !== modal;
  return isFar ? withoutSentinels(rest.values, rest.weights) : { values, weights };
}

/** The longest run of equal values [from, to), by weight, and its share. */
function mostFrequent(
  values: Float64Array,
  weights: Float64Array | null,
): { readonly from: number; readonly to: number; readonly share: number } {
  let [from, to, most, total] = [0, 0, 0, 0];
  for (let start = 0, end = 0; start < values.length; start = end) {
    let sum = 0;
    // NaN, which the first reading of the points will tell of, is not equal to itself.
    do {
      sum += weights === null ? 1 : weights[end];
      end++;
    } while (end < values.length && values[end] === values[start]);
    total += sum;
    if (sum > most) [from, to, most] = [start, end, sum];
  }
  return { from, to, share: most / total };
}

/** The first value at which half of the weight is reached: so weight 2 is the row twice. */
function medianOf({ values, weights }: Column): number {
  if (weights === null) return values[Math.max(0, Math.ceil(values.length / 2) - 1)];
  const target = weights.reduce((sum, weight) => sum + weight, 0) / 2;
  let sum = 0;
  return values[
    Math.max(
      0,
      weights.findIndex((weight) => (sum += weight) >= target),
    )
  ];
}

/** Quantiles of |x − centre|, and the least positive one up to the last of these, of ascending values. */
function deviationsFrom(centre: number, { values, weights }: Column): number[] {
  const right = firstOver(centre, values);
  if (weights !== null) return weightedFrom(centre, right, values, weights);
  const [half, most] = [HALF, MOST].map((share) => Math.ceil(share * values.length) - 1);
  let equal = 0;
  while (equal < right && values[right - 1 - equal] === centre) equal++;
  return [half, most, Math.min(equal, most)].map((rank) => rankedFrom(centre, right, values, rank));
}

/** The same of weighted values: a walk outwards from the centre, which the value at `right` is the first behind. */
function weightedFrom(centre: number, right: number, values: Float64Array, weights: Float64Array): number[] {
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const half = HALF * total;
  const most = MOST * total;
  let [ofHalf, ofMost, nearest] = [0, 0, 0];
  let sum = 0;
  let left = right - 1;
  while (sum < most && (left >= 0 || right < values.length)) {
    const below = left >= 0 ? centre - values[left] : Infinity;
    const above = right < values.length ? values[right] - centre : Infinity;
    const isBelow = below <= above;
    const deviation = isBelow ? below : above;
    const at = isBelow ? left-- : right++;
    if (sum < half) ofHalf = deviation;
    if (sum < most) ofMost = deviation;
    if (nearest === 0) nearest = deviation;
    sum += weights[at];
  }
  return [ofHalf, ofMost, nearest];
}

/** Which |x − centre| is at a rank: so many of those up to it lie below the centre, the others above. */
function rankedFrom(centre: number, right: number, values: Float64Array, rank: number): number {
  const count = rank + 1;
  let below = Math.max(0, count - (values.length - right));
  let most = Math.min(count, right);
  while (below < most) {
    const middle = (below + most) >> 1;
    if (centre - values[right - 1 - middle] < values[right + count - middle - 1] - centre) below = middle + 1;
    else most = middle;
  }
  return Math.max(
    below > 0 ? centre - values[right - below] : 0,
    below < count ? values[right + count - below - 1] - centre : 0,
  );
}

/** The first place of ascending values at which one is larger. */
function firstOver(value: number, column: Float64Array): number {
  let [from, to] = [0, column.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if (column[middle] > value) to = middle;
    else from = middle + 1;
  }
  return from;
}

/** The frame for points of which this is a sample, whatever an engine takes. */
export function robustFrame({ medians, deviations, magnitudes }: Sample, { low, high }: Extremes): Frame {
  const shift = medians.map((median, j) => {
    const spread = deviations[3 * j];
    const wide = deviations[3 * j + 1];
    if (low[j] === high[j]) return low[j];
    // Groups on both sides of zero, the median in one of them: from there the others lose a bit.
    if (magnitudes[3 * j + 1] <= HALFWAY * wide && spread > 0) return 0;
    // Where half of the rows have one value, no other deviation is sure to be usual: that value is the shift.
    return spread > 0 ? roundTo(median, stepOf(spread, Math.max(-low[j], high[j]))) : median;
  });
  let reach = reachOf(shift, { low, high });
  // Equal points have no reach; what they are compared with is likely of their magnitude.
  if (reach === 0) reach = shift.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const usual = [0, 0, 0];
  for (let at = 0; at < deviations.length; at++) usual[at % 3] = Math.max(usual[at % 3], deviations[at]);
  const spread = usual.find((deviation) => deviation > 0) ?? reach;
  return { shift, scale: scaleOf(spread > 0 ? Math.min(reach, ROOM * spread) : reach), precise: false };
}

/** Squared deviations of what is usual are no larger: groups that lie 32 usual deviations apart have room. */
const USUAL_SQUARES = 2 ** 10;

/** Variances [d] that no far value can move, from those of the features, in a frame of that scale. */
export function usualVariances({ deviations }: Sample, variance: Float64Array, scale: number): Float64Array {
  return variance.map((value, j) => {
    const half = deviations[3 * j];
    const usual = (half > 0 ? half : deviations[3 * j + 2]) * scale;
    return usual > 0 ? Math.min(value, USUAL_SQUARES * usual * usual) : value;
  });
}

/** The frame with no |x'| over a limit. */
export function withinLimit(frame: Frame, extremes: Extremes, limit: number): Frame {
  const reach = reachOf(frame.shift, extremes);
  return reach * frame.scale <= limit ? frame : { ...frame, scale: scaleOf(reach / limit) };
}

/** The largest distance of a value from its shift. */
export function reachOf(shift: Float64Array, { low, high }: Extremes): number {
  let reach = 0;
  // Asked for each row that a model labels alone: a callback takes as long as the rest.
  for (let j = 0; j < shift.length; j++) reach = Math.max(reach, shift[j] - low[j], high[j] - shift[j]);
  return reach;
}

/** The power of two that brings a size to 1 or just below. */
export function scaleOf(size: number): number {
  return size > 0 ? 2 ** clamp(-Math.ceil(Math.log2(size)), -LARGEST_EXPONENT, LARGEST_EXPONENT) : 1;
}

/**
 * The share of the distinct values of each feature [d] that float32 makes equal in the frame.
 *
 * @param floor |x'| below it are as good as 0
 */
export function* roundingOf({ columns }: Sample, { shift, scale }: Frame, floor: number): Steps<Float64Array> {
  const m = columns.length / shift.length;
  const rounding = new Float64Array(shift.length);
  for (const [j, origin] of shift.entries()) {
    const column = columns.subarray(j * m, (j + 1) * m);
    let distinct = 1;
    let equal = 0;
    let last = held((column[0] - origin) * scale, floor);
    for (let i = 1; i < column.length; i++) {
      if (column[i] === column[i - 1]) continue;
      const value = held((column[i] - origin) * scale, floor);
      distinct++;
      if (value === last) equal++;
      last = value;
    }
    rounding[j] = equal / distinct;
    yield;
  }
  return rounding;
}

function held(value: number, floor: number): number {
  return Math.abs(value) < floor ? 0 : Math.fround(value);
}

/** A deviation that is a smaller share of a mean's distance from the shift leaves float32 few bits to tell rows by. */
const FEW_BITS = 2 ** -17;
/** In the frame of a model no mean is farther out in float32. */
const LARGEST_MEAN = 2 ** 60;
/** The largest |x'| of rows in float64: their squares are numbers. */
export const PRECISE_LIMIT = 2 ** 500;
/** Means that tell what is usual among them. */
const MODEL_SAMPLE = 2 ** 10;

/**
 * The frame that is made of a model's parameters alone.
 *
 * @param means [k, d]
 * @param deviations of the rows about each of them, where they are known: [k, d]
 */
export function frameOfModel(means: Float64Array, deviations: Float64Array, d: number): Frame {
  const k = means.length / d;
  const extremes = { low: new Float64Array(d).fill(Infinity), high: new Float64Array(d).fill(-Infinity) };
  means.forEach((mean, i) => {
    const deviation = deviations[i] < Infinity ? deviations[i] : 0;
    extremes.low[i % d] = Math.min(extremes.low[i % d], mean - deviation);
    extremes.high[i % d] = Math.max(extremes.high[i % d], mean + deviation);
  });
  // Where the rows of each lie: at the mean, and a deviation to either side.
  const each = Math.ceil(k / MODEL_SAMPLE);
  const values: number[] = [];
  for (let c = 0; c < k; c += each) {
    for (const sign of [0, 1, -1]) {
      for (let i = c * d; i < (c + 1) * d; i++) {
        values.push(means[i] + (sign === 0 || !(deviations[i] < Infinity) ? 0 : sign * deviations[i]));
      }
    }
  }
  const sample = sampled(Float64Array.from(values), null, d);
  const robust = robustFrame(sample, extremes);
  const frame = withinLimit(robust, extremes, LARGEST_MEAN);
  const { shift } = frame;
  const isCrowded = deviations.some((deviation, i) => deviation < FEW_BITS * Math.abs(means[i] - shift[i % d]));
  const isWide = frame.scale < robust.scale;
  if (!isWide && !(isCrowded && needsDigits(means, deviations, frame))) return frame;
  return { ...withinLimit(robust, extremes, PRECISE_LIMIT), precise: true };
}

/** Whether rows about the means have few bits in float32; where no deviation tells, whether it makes means equal. */
function needsDigits(means: Float64Array, deviations: Float64Array, frame: Frame): boolean {
  if (deviations.every((deviation) => deviation > 0)) return true;
  const d = frame.shift.length;
  const distinct = (rows: Float64Array | Float32Array) => {
    const seen = new Set<string>();
    for (let from = 0; from < rows.length; from += d) seen.add(rows.subarray(from, from + d).join());
    return seen.size;
  };
  const rows = intoFrame(means, frame);
  return distinct(Float32Array.from(rows)) < distinct(rows);
}

/** What JSON has of a frame, in which the points of a fit were held: x' = (x − shift)·scale. */
export interface FrameJSON {
  /** About what is usual among the points [d]. */
  readonly shift: number[];
  /** A power of two. */
  readonly scale: number;
  /** Whether the points are held in float64. */
  readonly precise: boolean;
}

export function frameToJSON({ shift, scale, precise }: Frame): FrameJSON {
  return { shift: Array.from(shift), scale, precise };
}

/**
 * The frame that `frameToJSON` gave; null where there is none.
 *
 * @throws {TypeError | RangeError} where it is no such object.
 */
export function frameFromJSON(given: unknown, d: number): Frame | null {
  if (given === undefined) return null;
  const json = checkObject('json.frame', given) as FrameJSON;
  const [scale] = readNumbers('json.frame.scale', [json.scale], 1);
  if (scale !== scaleOf(1 / scale)) {
    throw new RangeError(`json.frame.scale must be a power of two within 2^±${LARGEST_EXPONENT}, got ${scale}`);
  }
  return {
    shift: readCoordinates('json.frame.shift', json.shift, d),
    scale,
    precise: checkBoolean('json.frame.precise', json.precise),
  };
}

function roundTo(value: number, step: number): number {
  // Not −0, which JSON has not.
  const rounded = Math.round(value / step) * step + 0;
  return Number.isFinite(rounded) ? rounded : value;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** So much nearer than to the median nine in ten rows are to zero, if that lies between them. */
const HALFWAY = 0.75;
/** How many usual deviations a shift may be off for the sake of what lies far out. */
const LEEWAY = 16;

/** The step to which a shift is rounded: the last place of the largest float32, if that is at most {@link LEEWAY} spreads, else the spread's power of two. */
function stepOf(spread: number, largest: number): number {
  const step = 2 ** Math.floor(Math.log2(spread));
  const lastPlace = 2 ** (Math.floor(Math.log2(largest)) - 23);
  return lastPlace > step && lastPlace <= LEEWAY * step ? lastPlace : step;
}

/** Points [m, d] of the caller's into a frame, in float64. */
export function intoFrame(points: ArrayLike<number>, frame: Frame): Float64Array {
  const { shift, scale } = frame;
  const placed = new Float64Array(points.length);
  for (let i = 0; i < placed.length; ) {
    for (let j = 0; j < shift.length; i++, j++) placed[i] = (points[i] - shift[j]) * scale;
  }
  return placed;
}

/** So much of a usual deviation is nothing that rounding may make of a distance. */
const MATTERS = 2 ** -10;

/** Whether float32 rounds rows near a value of a feature by what matters beside the usual deviation of the feature. */
export function isCoarse(value: number, usualVariance: number): boolean {
  return 2 ** -23 * Math.abs(value) > MATTERS * Math.sqrt(usualVariance);
}

/**
 * Rows [m, d] of the caller's into the frame of a dataset, as starts: where float32 rounds the points by what matters they
 * are rounded likewise, or their distance from equal points would hide all others.
 */
export function startIntoFrame(
  points: ArrayLike<number>,
  { frame, usualVariance }: { readonly frame: Frame; readonly usualVariance: Float64Array },
): Float64Array {
  const rows = intoFrame(points, frame);
  if (frame.precise) return rows;
  const d = frame.shift.length;
  return rows.map((value, i) => {
    const rounded = Math.fround(value);
    return Number.isFinite(rounded) && isCoarse(value, usualVariance[i % d]) ? rounded : value;
  });
}

/** Points [m, d] of a frame back to the caller's coordinates, in float64. */
export function outOfFrame(points: ArrayLike<number>, frame: Frame): Float64Array {
  const { shift, scale } = frame;
  const placed = new Float64Array(points.length);
  for (let i = 0; i < placed.length; ) {
    for (let j = 0; j < shift.length; i++, j++) placed[i] = points[i] / scale + shift[j];
  }
  return placed;
}
