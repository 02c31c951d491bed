/**
 * The points matrix: the first reading, which checks it and finds its frame, and the reading into an engine. The forms that it
 * comes in are in forms.ts.
 */
import { LARGEST, owns } from './check.ts';
import {
  checkWeights,
  type FlatForm,
  type HostForm,
  type HostPoints,
  type NearForm,
  type PointsInput,
  ROWS_OF_LOOK,
  type Rows,
  type RowsForm,
  readForm,
  shapeOf,
  type Tensor,
  type Weights,
} from './forms.ts';
import {
  type Extremes,
  type Frame,
  PRECISE_LIMIT,
  preciseWhereCoarse,
  type RangeMoments,
  reachOf,
  robustFrame,
  roundingOf,
  type Sample,
  sampling,
  scaleOf,
  type Units,
  usualVariances,
  type WeightedMean,
  withinLimit,
} from './frame.ts';
import { type Metric, metricOf } from './metric.ts';
import { hashUniform } from './random.ts';
import { runNow, type Steps } from './steps.ts';
import { chunkRowsOf, rootOf, Tree } from './tree.ts';

export type { Float16Values, TypedArray } from './check.ts';
export type {
  Column,
  ColumnSeries,
  Columns,
  ColumnVector,
  DevicePoints,
  HostPoints,
  Layout,
  PointsInput,
  Rows,
  Tensor,
  Weights,
} from './forms.ts';

/** The kinds of engines that hold points. */
export type Backend = 'webgpu' | 'cpu';

/**
 * Rows that an engine does not hold, since they lie beyond what its numbers reach in the frame: it has zeros in their
 * place, of weight 0, and the host answers for them.
 */
export interface FarRows {
  /** Ascending. */
  readonly indices: Uint32Array;
  /** In the caller's coordinates: [indices.length, d]. */
  readonly values: Float64Array;
  /** In the caller's units: [indices.length]. */
  readonly weights: Float64Array;
}

/** Values of rows, as an engine holds them. */
export type RowValues = Float32Array | Float64Array;

/** Float32 points in the caller's own GPU buffer: [n, d] row-major from byte `offset`. */
export interface GpuPoints {
  readonly buffer: GPUBuffer;
  readonly n: number;
  readonly d: number;
  readonly offset: number;
  readonly metric: Metric;
  readonly weights: Float32Array | null;
  /** That of a model, for points that its methods take. */
  readonly frame: Frame | undefined;
}

/** Host points, checked, with what their first reading told. */
export interface SurveyedPoints {
  readonly n: number;
  readonly d: number;
  /** What a range is made of: nothing where the frame is given, that of a model, and where nobody has read all rows yet. */
  readonly read?: RowsRead | undefined;
  /**
   * Points in the frame that an engine of that kind holds them in.
   *
   * @param agreed the frame of points of which these are a shard
   */
  prepare(backend: Backend, agreed?: Frame): Steps<PreparedPoints>;
  /** Where nobody has read all of them yet: for an engine that does so itself. */
  readonly unread?: Unread | undefined;
}

/** All rows, and what was found. */
export interface RowsRead {
  readonly form: HostForm & Partial<NearForm>;
  readonly rows: SampleRows;
  readonly extremes: Extremes;
  readonly weights: Float32Array | null;
  readonly positiveRows: number;
  readonly moments: () => RangeMoments;
}

/** Points of which some rows were read in the turn of the call, to tell whether they are what they were when all are. */
export interface Unread {
  readonly form: FlatForm;
  readonly seen: SampleRows;
  readonly options: SurveyOptions;
  /** Of a shard: what all shards agreed on, in whose frame it will be. */
  readonly agreed?: Agreed | undefined;
}

/** What shards of the same points have in common, and what is told of the moments of one once its rows are read. */
export interface Agreed extends Pick<PointsSummary, 'frame' | 'units' | 'variance' | 'usualVariance'> {
  /** What rounding makes of its rows where nobody asks for that; undefined for what a sample of them tells. */
  readonly rounding: Float64Array | undefined;
  hear(mean: WeightedMean): void;
}

/**
 * Points that float32 holds as they are, without weights: they are copied into an engine, which surveys them there and
 * brings them into a frame.
 */
export interface UnreadPoints {
  readonly n: number;
  readonly d: number;
  readonly weights: null;
  /** Whether rows are held at unit length. */
  readonly unitRows: boolean;
  /** Where nothing has to be told of them for their frame; null where it is. */
  readonly entry: Entry | null;
  /** What the deviations are of that the survey sums [d], and their scale. */
  readonly pivot: Float64Array;
  readonly scale: number;
  /**
   * Writes rows [start, end), as they are, to `target`, from its index 0.
   *
   * @throws {TypeError} where a row that was looked at before is another now, or the array was transferred.
   */
  fill(target: RowValues, start: number, end: number): void;
  /** What there is to know of the points in their frame; null where an engine has to be given them in another way. */
  settle(told: RowsTold): Steps<PointsSummary | null>;
  /** What is wrong with a value, or with its row, which is zero. */
  wrong(value: WrongValue): Error;
}

/** The frame of points that is known before they are read. */
export interface Entry {
  readonly frame: Frame;
  /**
   * What there is to know of the points then; null where an engine has to be given them in another way, and where a value is wrong.
   *
   * @param longest the largest ‖x'‖
   * @param sums Σ (x − shift)·scale of each feature [d], before values are rounded: no number where a value is none
   */
  settle(longest: number, sums: Float64Array): Steps<PointsSummary | null>;
}

/** Where a value is that cannot be one of points: the j-th of the i-th row. */
export interface WrongValue {
  readonly i: number;
  readonly j: number;
  /** Whether it is the whole row, which has no direction. */
  readonly isZero: boolean;
}

/** What a reading of all rows tells of each feature [d]. */
export interface RowsTold {
  /** The range of the rows of positive weight. */
  readonly extremes: Extremes;
  /** Σ w·deviation, and behind it Σ w·deviation² [2, d]; a deviation is (x − pivot)·scale. In the tree of chunks, whoever reads. */
  readonly sums: Float64Array;
}

/** What is known of points in a frame, wherever they are. */
export interface PointsSummary {
  readonly n: number;
  readonly d: number;
  readonly metric: Metric;
  readonly frame: Frame;
  /** Weights [n] in the caller's units, null without; 0 for far rows. */
  readonly weights: Float32Array | null;
  /** Σw of the rows that an engine holds, in the caller's units; n without weights. */
  readonly totalWeight: number;
  /** Number of rows of positive weight. */
  readonly positiveRows: number;
  /** Weighted variance of each feature [d], in the frame's units. */
  readonly variance: Float64Array;
  /** The same as no far value can move it: at most the variance, and at most that of the usual deviation, with room. */
  readonly usualVariance: Float64Array;
  /** The share of distinct values of each feature [d] that float32 makes equal in the frame, in a sample of the rows. */
  readonly rounding: Float64Array;
  /** Rows that are zeros of weight 0 in an engine. */
  readonly far: FarRows;
  /** What exact sums are counted in, where shards of points have agreed on that; else the points have their own. */
  readonly units?: Units | undefined;
}

/** Host points in a frame, ready to be copied into an engine. */
export interface PreparedPoints extends PointsSummary {
  /**
   * Writes rows [start, end) in the frame to `target`, from its index 0.
   *
   * @throws {TypeError} where a value lies outside the range that the first reading found, or the array was transferred.
   */
  fill(target: RowValues, start: number, end: number): void;
}

/** What engines keep of points: not their reader, which holds the caller's array. */
export function summaryOf(points: PreparedPoints): PointsSummary {
  const { fill: _, ...summary } = points;
  return summary;
}

/** Rows [m, d] in the frame of other points, as points of their own. */
export function pointsOfRows(
  {
    d,
    metric,
    frame,
    variance,
    usualVariance,
    rounding,
  }: Pick<PointsSummary, 'd' | 'metric' | 'frame' | 'variance' | 'usualVariance' | 'rounding'>,
  rows: Float64Array,
  weights: Float32Array | null,
): PreparedPoints {
  const n = rows.length / d;
  return {
    ...{ n, d, metric, frame, variance, usualVariance, rounding, weights },
    ...weigh(weights, n),
    far: noFarRows(),
    fill: (target, start, end) => target.set(rows.subarray(start * d, end * d)),
  };
}

export function bufferNeedsGpu(): TypeError {
  return new TypeError("points in a GPUBuffer need backend 'webgpu' and their device");
}

/** What float32 squares and their sums allow beside an ordinary |x'| of 1, and their sums, too. */
export const LIMITS: Readonly<Record<Backend, number>> = { cpu: 2 ** 126, webgpu: 2 ** 48 };
/** Rows this many times farther from the shift than a model's own data are answered in float64, on the host. */
export const MODEL_LIMITS: Readonly<Record<Backend, number>> = { cpu: LIMITS.cpu, webgpu: 2 ** 10 };
/** Rows of weight 0 beyond what is usual are scored apart, in float64, so that their label is right however far. */
export const ABSENT_LIMIT = 1;
/** Squares of |x'| below it vanish in float32. */
export const FLOORS: Readonly<Record<Backend, number>> = { cpu: 0, webgpu: 2 ** -60 };

/** How points are read. */
export interface SurveyOptions {
  readonly metric?: Metric | undefined;
  readonly sampleWeight?: Weights | undefined;
  /** That of a model, for points that its methods take; else points have their own. */
  readonly frame?: Frame | undefined;
}

/**
 * Points on the host in the frame of the CPU engine, at once.
 *
 * @throws {TypeError | RangeError} as `surveyPoints` does, and for points in a GPUBuffer.
 */
export function preparePoints(points: PointsInput, options: SurveyOptions = {}): PreparedPoints {
  const form = readForm(points);
  if (owns(form, 'fields')) throw new TypeError('points must be on the host, not in a GPUBuffer');
  return runNow(runNow(surveyForm(form, options)).prepare('cpu'));
}

/** Reads all of them. */
export function* surveyForm(
  form: HostForm | RowsForm,
  { metric = 'euclidean', sampleWeight, frame }: SurveyOptions,
): Steps<SurveyedPoints> {
  const weights = checkWeights(sampleWeight, form.n);
  if (owns(form, 'lengths')) yield* form.lengths();
  if (metricOf(metric).unitRows) return yield* surveyUnitRows(form, weights, metric);
  const near = { ...form, ...form.near };
  if (frame !== undefined) return yield* surveyForModel(near, weights, metric, frame);
  return yield* surveyCentred(near, weights, metric);
}

/**
 * Rows that are an argument beside the points: centroids, means.
 *
 * @param wanted what the argument may be
 * @throws {TypeError | RangeError} as `surveyPoints` does, but naming the argument.
 */
export function readRowsOf(
  name: string,
  rows: HostPoints | Tensor | Rows,
  wanted: string,
): { readonly values: Float64Array; readonly n: number; readonly d: number } {
  const form = readForm(rows, name, wanted);
  if (owns(form, 'fields')) throw new TypeError(`${name} must be ${wanted}, not a GPUBuffer`);
  if (owns(form, 'lengths')) runNow(form.lengths());
  const { n, d } = form;
  const values = new Float64Array(n * d);
  form.read(0, n, values);
  values.forEach((value, at) => {
    if (!(Math.abs(value) <= LARGEST)) throw form.wrong(Math.floor(at / d), at % d);
  });
  return { values, n, d };
}

/** Values [m, d] with the origin that was left away as they were read; with the sign −1 without it. */
export function moved(values: Float64Array, { origin }: Partial<NearForm>, sign = 1): Float64Array {
  return origin === undefined ? values : values.map((value, at) => value + sign * origin[at % origin.length]);
}

/** A frame of what is read in the caller's coordinates, or the other way round. */
function movedFrame(frame: Frame, form: Partial<NearForm>, sign?: number): Frame {
  return { ...frame, shift: moved(frame.shift, form, sign) };
}

/** The number of features, wherever the points are. */
export function featuresOf(points: PointsInput): number {
  const form = readForm(points);
  return owns(form, 'fields') ? shapeOf('points', form.fields)[1] : form.d;
}

/** Values that are read at a time: they stay in the nearest cache. */
const BLOCK_VALUES = 2 ** 13;

interface RowBlock {
  /** Float64 [m, d], valid until the next one. */
  readonly block: Float64Array;
  readonly first: number;
}

/** Rows [start, end) in blocks. */
function* blocksOf(form: HostForm, start: number, end: number): Generator<RowBlock, void, undefined> {
  const { d, held } = form;
  const rows = Math.max(1, Math.floor(BLOCK_VALUES / d));
  const block = held ?? new Float64Array(Math.min(rows, end - start) * d);
  for (let first = start; first < end; first += rows) {
    const last = Math.min(end, first + rows);
    if (held === undefined) form.read(first, last, block);
    const from = held === undefined ? 0 : first * d;
    yield { block: block.subarray(from, from + (last - first) * d), first };
  }
}

/** What the first reading of the points learns of each feature. */
class Survey {
  /** The range of all rows. */
  readonly all: Extremes;
  /** The range of the rows of positive weight. */
  readonly extremes: Extremes;
  /** Of the chunk that is being read: Σ w·deviation and behind it Σ w·deviation² [2, d]. */
  #sums: Float64Array;
  readonly #tree = new Tree();
  #chunks = 0;

  constructor(d: number, weighted: boolean) {
    const extremes = () => ({ low: new Float64Array(d).fill(Infinity), high: new Float64Array(d).fill(-Infinity) });
    this.extremes = extremes();
    this.all = weighted ? extremes() : this.extremes;
    this.#sums = new Float64Array(2 * d);
  }

  /** All rows of a chunk were taken in. */
  endChunk(): void {
    this.#tree.add({ level: 0, index: this.#chunks++, value: this.#sums });
    this.#sums = new Float64Array(this.#sums.length);
  }

  /** Behind the last chunk. */
  told(): RowsTold {
    return { extremes: this.extremes, sums: rootOf(this.#tree.nodes) };
  }

  /**
   * Takes rows in.
   *
   * @throws {TypeError | RangeError} where a value is not a number, or too large.
   */
  add(
    form: HostForm,
    weights: Float32Array | null,
    block: Float64Array,
    first: number,
    pivot: Float64Array,
    scale: number,
  ): void {
    const { all, extremes } = this;
    const sums = this.#sums;
    const d = form.d;
    // A feature at a time, whose range and sums are in registers then.
    for (let j = 0; j < d; j++) {
      const centre = pivot[j];
      let [least, most, low, high] = [all.low[j], all.high[j], extremes.low[j], extremes.high[j]];
      let [sum, square] = [sums[j], sums[d + j]];
      for (let at = j, i = first; at < block.length; at += d, i++) {
        const value = block[at];
        if (value < least) least = value;
        if (value > most) most = value;
        const weight = weights === null ? 1 : weights[i];
        // Absent, but for a value that is none.
        if (weight === 0 && !Number.isNaN(value)) continue;
        if (value < low) low = value;
        if (value > high) high = value;
        const deviation = (value - centre) * scale;
        sum += weight * deviation;
        square += weight * deviation * deviation;
      }
      [all.low[j], all.high[j], extremes.low[j], extremes.high[j]] = [least, most, low, high];
      [sums[j], sums[d + j]] = [sum, square];
      // NaN is in no range, but in the sum.
      if (!(least >= -LARGEST && most <= LARGEST) || Number.isNaN(sum)) checkValues(form, block, first);
    }
  }
}

/** The rows of each chunk. */
function* chunksOf({ n, d }: HostForm): Generator<{ readonly start: number; readonly end: number }> {
  const rows = chunkRowsOf(n, Float32Array.BYTES_PER_ELEMENT * d);
  for (let start = 0; start < n; start += rows) yield { start, end: Math.min(n, start + rows) };
}

/** @throws {TypeError | RangeError} where a value is not a number, or too large. */
function checkValues(form: HostForm, block: Float64Array, first: number): void {
  for (let at = 0; at < block.length; at++) {
    if (!(Math.abs(block[at]) <= LARGEST)) throw form.wrong(first + Math.floor(at / form.d), at % form.d);
  }
}

/** What an upload says of points that are no longer those that were checked. */
export function changedPoints(): TypeError {
  return new TypeError('points changed during the upload');
}

/** Rows that a sample has at most, and values, for which it has fewer rows where they are wide. */
const SAMPLE_ROWS = 2 ** 11;
const SAMPLE_VALUES = 2 ** 16;
const LEAST_SAMPLE_ROWS = 2 ** 8;
/** Where rows are so wide that even these were too many values. */
const MOST_SAMPLE_VALUES = 2 ** 24;

/** Rows of so many features that a sample has, at most. */
function sampleSize(d: number): number {
  const least = Math.max(1, Math.min(LEAST_SAMPLE_ROWS, Math.floor(MOST_SAMPLE_VALUES / d)));
  return Math.max(least, Math.min(SAMPLE_ROWS, Math.floor(SAMPLE_VALUES / d)));
}

/** Rows of positive weight, of which there are so many, spread over all of them: ascending indices. */
export function sampledRows(n: number, d: number, weights: Float32Array | null, positiveRows: number): Uint32Array {
  const rows = sampleSize(d);
  // One of each stratum, by chance: a step of fixed length would see a period of the rows and nothing else.
  const chosen = (s: number) => Math.floor(((s + hashUniform(0, s)) * positiveRows) / rows);
  const all = positiveRows <= rows;
  const places = new Uint32Array(all ? positiveRows : rows).map((_, i) => (all ? i : chosen(i)));
  if (weights === null || positiveRows === n) return places;
  // The rows at those places among the ones of positive weight.
  let [i, place] = [-1, -1];
  return places.map((wanted) => {
    while (place < wanted) if (weights[++i] > 0) place++;
    return i;
  });
}

/** Some of the rows. */
export interface SampleRows {
  /** Ascending; null where it is all of them. */
  readonly indices: Uint32Array | null;
  /** [m, d] */
  readonly values: Float64Array;
  /** [m]; null where all have the same. */
  readonly weights: Float64Array | null;
}

export function* sampleRowsOf(form: HostForm, weights: Float32Array | null, positiveRows: number): Steps<SampleRows> {
  const { n, d } = form;
  const indices = positiveRows === n && n <= sampleSize(d) ? null : sampledRows(n, d, weights, positiveRows);
  const values = new Float64Array((indices?.length ?? n) * d);
  // Few rows are read before anything else has a turn.
  if (indices === null) form.read(0, n, values);
  const pause = Math.ceil(BLOCK_VALUES / d);
  for (const [i, row] of indices?.entries() ?? []) {
    form.read(row, row + 1, values.subarray(i * d, (i + 1) * d));
    if (i % pause === 0) yield;
  }
  return { indices, values, weights: weights && Float64Array.from(indices ?? weights.keys(), (row) => weights[row]) };
}

/** What a sample of the rows tells before the others are read. */
export interface Centre {
  readonly sample: Sample;
  /** What deviations are summed of [d]: in the midst of the rows. */
  readonly pivot: Float64Array;
  readonly scale: number;
}

export function* centreOf(rows: SampleRows, d: number): Steps<Centre> {
  const sample = yield* sampling(rows.values, rows.weights, d);
  const { medians, columns } = sample;
  const pivot = medians.map((median) => (Number.isFinite(median) ? median : 0));
  return { sample, pivot, scale: scaleOf(reachOf(pivot, extremesOf(columns, d))) };
}

function* surveyCentred(
  given: HostForm & Partial<NearForm>,
  weights: Float32Array | null,
  metric: Metric,
): Steps<SurveyedPoints> {
  const { n, d } = given;
  const { totalWeight, positiveRows } = yield* weighing(weights, n);
  const rows = yield* sampleRowsOf(given, weights, positiveRows);
  const { sample, pivot, scale } = yield* centreOf(rows, d);
  // A sample of all rows is a reading of them: there is no second one, and what the caller changes behind it is not seen.
  const form = rows.values.length === n * d ? { ...given, held: rows.values } : given;
  const { all, told } = yield* surveyed(form, weights, pivot, scale);
  const { extremes } = told;
  // As float64 has its shift in the caller's coordinates.
  const frame = movedFrame(movedFrame(robustFrame(sample, extremes), form), form, -1);
  const moments = yield* variancesOf(form, weights, told, totalWeight, pivot, scale);
  const ofRange = () => ({
    weight: totalWeight,
    mean: pivot.map((value, j) => value + told.sums[j] / totalWeight / scale),
    variance: moments.variance.map((value) => value / moments.scale / moments.scale),
  });
  function* prepareIn(frame: Frame, rounding: Float64Array): Steps<PreparedPoints> {
    const limit = Math.min(ABSENT_LIMIT, reachOf(frame.shift, extremes) * frame.scale);
    const far =
      positiveRows === n ? noFarRows() : yield* farRows(form, weights, frame, limit, (i) => weights![i] === 0);
    return {
      ...{ n, d, metric, frame: movedFrame(frame, form), weights, totalWeight, positiveRows, rounding, far },
      ...variancesIn(frame, sample, moments),
      fill: filler(form, all, frame, far),
    };
  }
  return {
    n,
    d,
    read: { form, rows, extremes, weights, positiveRows, moments: ofRange },
    *prepare(backend, agreed) {
      if (backend === 'cpu' && agreed === undefined) {
        const { frame: own, rounding } = yield* preciseWhereCoarse(frame, sample, extremes, LIMITS.cpu);
        return yield* prepareIn(own, rounding);
      }
      const held = agreed ? movedFrame(agreed, form, -1) : withinLimit(frame, extremes, LIMITS.webgpu);
      return yield* prepareIn(held, yield* roundingOf(sample, held, FLOORS[backend]));
    },
  };
}

/** Variances [d] in a frame, of those in another scale. */
export function variancesIn(
  { scale }: Frame,
  sample: Sample,
  moments: Moments,
): Pick<PointsSummary, 'variance' | 'usualVariance'> {
  const unit = scale / moments.scale;
  const variance = moments.variance.map((value) => value * unit * unit);
  return { variance, usualVariance: usualVariances(sample, variance, scale) };
}

/** The range of each feature in a sample. */
function extremesOf(columns: Float64Array, d: number): Extremes {
  const m = columns.length / d;
  const edge = (offset: number) =>
    Float64Array.from({ length: d }, (_, j) =>
      Number.isFinite(columns[j * m + offset]) ? columns[j * m + offset] : 0,
    );
  return { low: edge(0), high: edge(m - 1) };
}

function* surveyed(
  form: HostForm,
  weights: Float32Array | null,
  pivot: Float64Array,
  scale: number,
): Steps<{ readonly all: Extremes; readonly told: RowsTold }> {
  const survey = new Survey(form.d, weights !== null);
  for (const { start, end } of chunksOf(form)) {
    for (const { block, first } of blocksOf(form, start, end)) {
      survey.add(form, weights, block, first, pivot, scale);
      yield;
    }
    survey.endChunk();
  }
  return { all: survey.all, told: survey.told() };
}

/** Weighted variances [d], of x·scale. */
interface Moments {
  readonly variance: Float64Array;
  readonly scale: number;
}

export function momentsOf({ sums }: RowsTold, total: number, scale: number): Moments {
  const d = sums.length / 2;
  const variance = sums.subarray(d).map((square, j) => Math.max(0, square / total - (sums[j] / total) ** 2));
  return { variance, scale };
}

function* variancesOf(
  form: HostForm,
  weights: Float32Array | null,
  told: RowsTold,
  total: number,
  pivot: Float64Array,
  scale: number,
): Steps<Moments> {
  const moments = momentsOf(told, total, scale);
  // Squares of what is far beside the sample may exceed float64: once more, in a scale for all.
  const safe = scaleOf(reachOf(pivot, told.extremes));
  if (moments.variance.every(Number.isFinite) || safe === scale) return moments;
  return momentsOf((yield* surveyed(form, weights, pivot, safe)).told, total, safe);
}

/** @throws {RangeError} where points are not those that a model is of. */
export function checkFeatures(d: number, ofModel: number): void {
  if (d !== ofModel) throw new RangeError(`points have ${d} features, the model has ${ofModel}`);
}

/** Points for the method of a model: its frame, whatever they are. */
function* surveyForModel(
  form: HostForm & Partial<NearForm>,
  weights: Float32Array | null,
  metric: Metric,
  frame: Frame,
): Steps<SurveyedPoints> {
  const { n, d } = form;
  checkFeatures(d, frame.shift.length);
  const read = movedFrame(frame, form, -1);
  const { all } = yield* surveyed(form, weights, read.shift, 0);
  return {
    n,
    d,
    *prepare(backend) {
      // Where the model needs float64, float32 has no answers: the host has all of them.
      const limit = !frame.precise ? MODEL_LIMITS[backend] : backend === 'cpu' ? PRECISE_LIMIT : -1;
      const reach = reachOf(read.shift, all);
      const far = reach * frame.scale <= limit ? noFarRows() : yield* farRows(form, weights, read, limit, () => true);
      const rest = withoutRows(weights, n, far);
      return {
        ...{ n, d, metric, frame, weights: rest, ...(yield* weighing(rest, n)), far },
        ...ofModel(d),
        fill: filler(form, all, read, far),
      };
    },
  };
}

/** What a model does not ask of the points that it is shown. */
export function ofModel(d: number): Pick<PointsSummary, 'variance' | 'usualVariance' | 'rounding'> {
  const variance = new Float64Array(d).fill(1);
  return { variance, usualVariance: variance, rounding: new Float64Array(d) };
}

/** Weights of the rows that are left, null where all are and had none. */
export function withoutRows(weights: Float32Array | null, n: number, { indices }: FarRows): Float32Array | null {
  if (indices.length === 0) return weights;
  const rest = weights?.slice() ?? new Float32Array(n).fill(1);
  for (const index of indices) rest[index] = 0;
  return rest;
}

/** The rows, of those that may be far, of which some |x'| is over the limit. */
function* farRows(
  form: HostForm & Partial<NearForm>,
  weights: Float32Array | null,
  frame: Frame,
  limit: number,
  mayBe: (i: number) => boolean,
): Steps<FarRows> {
  const { n, d } = form;
  const indices: number[] = [];
  const values: number[] = [];
  const row = new Float64Array(d);
  const pause = Math.ceil(BLOCK_VALUES / d);
  for (let i = 0; i < n; i++) {
    if (i % pause === 0) yield;
    if (!mayBe(i)) continue;
    form.read(i, i + 1, row);
    if (!isFar(row, frame, limit)) continue;
    form.whole?.(i, i + 1, row);
    indices.push(i);
    for (const value of row) values.push(value);
  }
  return {
    indices: Uint32Array.from(indices),
    values: Float64Array.from(values),
    weights: Float64Array.from(indices, (i) => weights?.[i] ?? 1),
  };
}

/** None. */
export function noFarRows(): FarRows {
  return { indices: new Uint32Array(0), values: new Float64Array(0), weights: new Float64Array(0) };
}

/** Whether a row [d] has a value beyond the limit of the frame. */
export function isFar(row: Float64Array, { shift, scale }: Frame, limit: number): boolean {
  for (let j = 0; j < row.length; j++) if (Math.abs(row[j] - shift[j]) * scale > limit) return true;
  return false;
}

function filler(form: HostForm, extremes: Extremes, frame: Frame, { indices }: FarRows): PreparedPoints['fill'] {
  const { d } = form;
  return (target, start, end) =>
    readAgain(() => {
      for (const { block, first } of blocksOf(form, start, end)) {
        fillBlock(target, (first - start) * d, block, extremes, frame);
      }
      for (const index of indices) {
        if (index >= start && index < end) target.fill(0, (index - start) * d, (index - start + 1) * d);
      }
    });
}

function fillBlock(
  target: RowValues,
  to: number,
  block: Float64Array,
  extremes: Extremes,
  { shift, scale }: Frame,
): void {
  const { low, high } = extremes;
  const d = shift.length;
  for (let j = 0; j < d; j++) {
    const least = low[j];
    const most = high[j];
    const origin = shift[j];
    for (let at = j; at < block.length; at += d) {
      const value = block[at];
      // Not "less or greater": NaN is outside too.
      if (!(value >= least && value <= most)) throw changedPoints();
      target[to + at] = (value - origin) * scale;
    }
  }
}

/** Reads what was read before; that it cannot be read now is the caller's doing. */
function readAgain(read: () => void): void {
  try {
    read();
  } catch (error) {
    throw Object.assign(changedPoints(), { cause: error });
  }
}

function* surveyUnitRows(form: HostForm, weights: Float32Array | null, metric: Metric): Steps<SurveyedPoints> {
  const { n, d } = form;
  const { totalWeight, positiveRows } = yield* weighing(weights, n);
  const origin = new Float64Array(d);
  const survey = new Survey(d, weights !== null);
  const ofUnitRows = new Survey(d, weights !== null);
  for (const { start, end } of chunksOf(form)) {
    for (const { block, first } of blocksOf(form, start, end)) {
      survey.add(form, weights, block, first, origin, 0);
      normalise(block, d, first, metric);
      ofUnitRows.add(form, weights, block, first, origin, 1);
      yield;
    }
    ofUnitRows.endChunk();
  }
  const { variance } = momentsOf(ofUnitRows.told(), totalWeight, 1);
  const unit = aboutOrigin(d);
  const prepared: PreparedPoints = {
    ...{ n, d, metric, weights, totalWeight, positiveRows, variance, usualVariance: variance },
    ...unit,
    fill: (target, start, end) =>
      readAgain(() => {
        for (const { block, first } of blocksOf(form, start, end)) {
          // Where they are: to see that they are what they were.
          fillBlock(block, 0, block, survey.all, unit.frame);
          normalise(block, d, first, metric);
          target.set(block, (first - start) * d);
        }
      }),
  };
  return {
    ...{ n, d },
    // biome-ignore lint/correctness/useYield: nothing is left to do
    *prepare() {
      return prepared;
    },
  };
}

/** How unit rows are held. */
export function aboutOrigin(d: number): Pick<PointsSummary, 'frame' | 'rounding' | 'far'> {
  const frame = { shift: new Float64Array(d), scale: 1, precise: false };
  return { frame, rounding: new Float64Array(d), far: noFarRows() };
}

/** Brings rows to unit length. */
function normalise(rows: Float64Array, d: number, first: number, metric: Metric): void {
  for (let i = 0, from = 0; from < rows.length; i++, from += d) {
    const length = rowLength(rows, from, d);
    if (length === 0) throw zeroRow(first + i, metric);
    for (let at = from; at < from + d; at++) rows[at] /= length;
  }
}

/** ‖x‖ without overflow or underflow in between. */
export function rowLength(values: ArrayLike<number>, from: number, d: number): number {
  let largest = 0;
  for (let j = 0; j < d; j++) largest = Math.max(largest, Math.abs(values[from + j]));
  if (largest === 0) return 0;
  const unit = 2 ** Math.floor(Math.log2(largest));
  let sum = 0;
  for (let j = 0; j < d; j++) sum += (values[from + j] / unit) ** 2;
  return Math.sqrt(sum) * unit;
}

/**
 * Centroids [k, d] that a caller gives: at unit length where the metric's are.
 *
 * @throws {RangeError} where one of these is zero.
 */
export function givenCentroids(
  name: string,
  centroids: Float64Array,
  { metric, d }: { readonly metric: Metric; readonly d: number },
): Float64Array {
  if (!metricOf(metric).unitCentroids) return centroids;
  const unit = centroids.slice();
  for (let from = 0; from < unit.length; from += d) {
    const row = unit.subarray(from, from + d);
    const length = rowLength(row, 0, d);
    if (length === 0)
      throw new RangeError(`${name}[${from / d}] is zero: the ${metric} metric needs centroids of positive length`);
    for (let j = 0; j < d; j++) row[j] /= length;
  }
  return unit;
}

/** Σw, and the number of rows of positive weight. */
export function weigh(weights: Float32Array | null, n: number): Weighed {
  return runNow(weighing(weights, n));
}

interface Weighed {
  readonly totalWeight: number;
  readonly positiveRows: number;
}

/** The same in turns with other work. */
export function* weighing(weights: Float32Array | null, n: number): Steps<Weighed> {
  if (weights === null) return { totalWeight: n, positiveRows: n };
  let totalWeight = 0;
  let positiveRows = 0;
  for (let start = 0; start < n; start += ROWS_OF_LOOK) {
    if (start > 0) yield;
    for (let i = start; i < Math.min(n, start + ROWS_OF_LOOK); i++) {
      totalWeight += weights[i];
      if (weights[i] > 0) positiveRows++;
    }
  }
  return { totalWeight, positiveRows };
}

export function zeroRow(i: number, metric: Metric): RangeError {
  return new RangeError(`points[${i}] is zero: the ${metric} metric needs rows of positive length`);
}

export function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
