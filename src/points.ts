/**
 * The points matrix: reading the forms it comes in, checking it, and centring it.
 */

/** Any of the numeric typed arrays. */
export type TypedArray =
  | Float32Array
  | Float64Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

/** n points of d features, row-major. */
export interface HostPoints {
  readonly data: TypedArray;
  readonly shape: readonly [n: number, d: number];
}

/** Float32 points in the caller's own GPU buffer, row-major from byte `offset` (a multiple of 4; 0 if left out). */
export interface DevicePoints {
  readonly buffer: GPUBuffer;
  readonly shape: readonly [n: number, d: number];
  readonly offset?: number;
}

/** n rows of d numbers each. */
export type Rows = ArrayLike<ArrayLike<number>>;

/** What can be uploaded. */
export type PointsInput = HostPoints | DevicePoints | Rows;

/** `'cosine'` works on rows of unit length and the distance 1 − cos = ½‖x − c‖². */
export type Metric = 'euclidean' | 'cosine';

/**
 * The frame in which an engine holds a dataset: x' = (x − shift) · scale, in float64 before it is rounded to float32.
 * A shift is the feature's weighted mean rounded to a multiple of 2^⌊log₂ σ⌋, so that the subtraction is nearly always
 * exact and exact ties survive; the scale is a power of two that brings max |x'| to 1 or below, so that squares cannot
 * overflow. Cosine rows are normalised instead: shift 0, scale 1.
 */
export interface Frame {
  readonly shift: Float64Array;
  readonly scale: number;
  /** Whether float32 cannot tell the points apart: then the CPU engine keeps its rows in float64. WebGPU has float32 only. */
  readonly precise: boolean;
}

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
}

/** Host points, checked, with what their first reading told. */
export interface PreparedPoints {
  readonly n: number;
  readonly d: number;
  readonly metric: Metric;
  readonly frame: Frame;
  /** Weights [n], null without. */
  readonly weights: Float32Array | null;
  /** Σw; n without weights. */
  readonly totalWeight: number;
  /** Number of rows of positive weight. */
  readonly positiveRows: number;
  /** Weighted variance of each feature [d], in the frame's units. */
  readonly variance: Float64Array;
  /** The share of distinct values of each feature [d] that float32 makes equal in the frame, in a sample of the rows. */
  readonly rounding: Float64Array;
  readonly far: FarRows;
  /**
   * Writes rows [start, end) in the frame to `target`, from its index 0.
   *
   * @throws {TypeError} where the caller's values are no longer those that were checked.
   */
  fill(target: RowValues, start: number, end: number): void;
}

/**
 * Reads and checks points and weights.
 *
 * @throws {TypeError} where something is of the wrong kind.
 * @throws {RangeError} where a value is wrong: NaN or ±Infinity, ragged rows, n·d ≠ data.length, n = 0, d = 0,
 *   a negative weight, no positive weight, a zero row under `'cosine'`. The message names the argument and the index.
 */
export function preparePoints(
  points: PointsInput,
  { metric = 'euclidean', sampleWeight }: { metric?: Metric | undefined; sampleWeight?: Float32Array | undefined } = {},
): PreparedPoints | GpuPoints {
  const form = readForm(points);
  const weights = checkWeights(sampleWeight, form.n);
  if ('buffer' in form) return { ...form, metric, weights };
  return metric === 'cosine' ? prepareUnitRows(form, weights) : prepareCentred(form, weights);
}

/**
 * Rows that are an argument beside the points: centroids, means.
 *
 * @throws {TypeError | RangeError} as `preparePoints` does, but naming the argument.
 */
export function readRowsOf(
  name: string,
  rows: HostPoints | Rows,
): { readonly values: Float64Array; readonly n: number; readonly d: number } {
  try {
    const prepared = preparePoints(rows);
    if ('buffer' in prepared) throw new TypeError('points must be host points or a model, not a GPUBuffer');
    const { n, d } = prepared;
    const form = readForm(rows) as HostForm;
    return { values: Float64Array.from({ length: n * d }, (_, i) => at(form, Math.floor(i / d), i % d)), n, d };
  } catch (error) {
    if (error instanceof TypeError) throw new TypeError(error.message.replace(/^points/, name));
    if (error instanceof RangeError) throw new RangeError(error.message.replace(/^points/, name));
    throw error;
  }
}

interface HostForm {
  readonly n: number;
  readonly d: number;
  /** The n·d values where they lie in one array, else null. */
  readonly flat: ArrayLike<number> | null;
  row(i: number): { readonly values: ArrayLike<number>; readonly from: number };
}

type BufferForm = { readonly buffer: GPUBuffer; readonly n: number; readonly d: number; readonly offset: number };

function readForm(points: PointsInput): HostForm | BufferForm {
  if (points === null || typeof points !== 'object') {
    throw new TypeError(`points must be { data, shape }, { buffer, shape }, rows or a Dataset, got ${kindOf(points)}`);
  }
  if ('buffer' in points && 'shape' in points) return readBuffer(points as DevicePoints);
  if ('data' in points) return readFlat(points as HostPoints);
  if (typeof (points as Rows).length === 'number') return readRows(points as Rows);
  throw new TypeError('points must be { data, shape }, { buffer, shape }, rows or a Dataset');
}

function readShape(shape: unknown): [number, number] {
  if (!Array.isArray(shape) || shape.length !== 2) throw new TypeError('points.shape must be [n, d]');
  const [n, d] = shape as [unknown, unknown];
  for (const [name, value] of [
    ['n', n],
    ['d', d],
  ] as const) {
    if (typeof value !== 'number') throw new TypeError(`points.shape: ${name} must be a number, got ${kindOf(value)}`);
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`points.shape: ${name} must be a positive integer, got ${value}`);
    }
  }
  return [n as number, d as number];
}

function readBuffer(points: DevicePoints): BufferForm {
  const [n, d] = readShape(points.shape);
  const { buffer, offset = 0 } = points;
  if (typeof buffer !== 'object' || buffer === null || typeof buffer.size !== 'number') {
    throw new TypeError('points.buffer must be a GPUBuffer');
  }
  if (typeof offset !== 'number') throw new TypeError(`points.offset must be a number, got ${kindOf(offset)}`);
  if (!Number.isSafeInteger(offset) || offset < 0 || offset % 4 !== 0) {
    throw new RangeError(`points.offset must be a multiple of 4 bytes, got ${offset}`);
  }
  if (offset + n * d * 4 > buffer.size) {
    throw new RangeError(
      `points.buffer holds ${buffer.size} bytes, shape [${n}, ${d}] at offset ${offset} needs ${offset + n * d * 4}`,
    );
  }
  // GPUBufferUsage.STORAGE; the global is absent outside WebGPU runtimes.
  if ((buffer.usage & 0x80) === 0) throw new TypeError('points.buffer needs the usage STORAGE');
  return { buffer, n, d, offset };
}

function readFlat(points: HostPoints): HostForm {
  const { data } = points;
  if (!ArrayBuffer.isView(data) || data instanceof DataView || isBigArray(data)) {
    throw new TypeError(`points.data must be a typed array of numbers, got ${kindOf(data)}`);
  }
  const [n, d] = readShape(points.shape);
  if (data.length !== n * d) {
    throw new RangeError(`points.data has ${data.length} values, shape [${n}, ${d}] needs ${n * d}`);
  }
  return { n, d, flat: data, row: (i) => ({ values: data, from: i * d }) };
}

function readRows(rows: Rows): HostForm {
  const n = rows.length;
  if (ArrayBuffer.isView(rows) || (n > 0 && typeof rows[0] === 'number')) {
    throw new TypeError('points: a flat array needs its shape: pass { data, shape: [n, d] }');
  }
  if (n === 0) throw new RangeError('points must have at least one row');
  const d = lengthOfRow(rows, 0);
  if (d === 0) throw new RangeError('points[0] must have at least one feature');
  for (let i = 1; i < n; i++) {
    const length = lengthOfRow(rows, i);
    if (length !== d) throw new RangeError(`points[${i}] has ${length} features, points[0] has ${d}`);
  }
  return { n, d, flat: null, row: (i) => ({ values: rows[i], from: 0 }) };
}

function lengthOfRow(rows: Rows, i: number): number {
  const row: unknown = rows[i];
  if (row === null || typeof row !== 'object' || typeof (row as ArrayLike<number>).length !== 'number') {
    throw new TypeError(`points[${i}] must be an array of numbers, got ${kindOf(row)}`);
  }
  return (row as ArrayLike<number>).length;
}

function checkWeights(weights: Float32Array | undefined, n: number): Float32Array | null {
  if (weights === undefined) return null;
  if (!(weights instanceof Float32Array)) {
    throw new TypeError(`sampleWeight must be a Float32Array, got ${kindOf(weights)}`);
  }
  if (weights.length !== n) throw new RangeError(`sampleWeight has ${weights.length} values, there are ${n} points`);
  let total = 0;
  for (let i = 0; i < n; i++) {
    const weight = weights[i];
    if (!(weight >= 0 && weight < Infinity)) {
      throw new RangeError(`sampleWeight[${i}] must be finite and not negative, got ${weight}`);
    }
    total += weight;
  }
  if (total === 0) throw new RangeError('sampleWeight must have a positive value');
  return weights;
}

function prepareCentred(form: HostForm, weights: Float32Array | null): PreparedPoints {
  const { n, d } = form;
  const { totalWeight, positiveRows, first } = weigh(weights, n);
  // Moments about the first weighted row: it lies in the data's range, so that a large offset cancels exactly.
  const pivot = Float64Array.from({ length: d }, (_, j) => Number(at(form, first, j)));
  const sum = new Float64Array(d);
  const squares = new Float64Array(d);
  const low = new Float64Array(d).fill(Infinity);
  const high = new Float64Array(d).fill(-Infinity);
  for (let i = 0; i < n; i++) {
    const { values, from } = form.row(i);
    const weight = weights === null ? 1 : weights[i];
    for (let j = 0; j < d; j++) {
      const value = values[from + j];
      if (!Number.isFinite(value)) throw notFinite(form, i, j, value);
      if (value < low[j]) low[j] = value;
      if (value > high[j]) high[j] = value;
      const deviation = value - pivot[j];
      sum[j] += weight * deviation;
      squares[j] += weight * deviation * deviation;
    }
  }
  const mean = sum.map((value, j) => pivot[j] + value / totalWeight);
  const variance = squares.map((value, j) => Math.max(0, value / totalWeight - (sum[j] / totalWeight) ** 2));
  const frame = centredFrame(mean, variance, low, high);
  const { shift, scale } = frame;
  return {
    n,
    d,
    metric: 'euclidean',
    frame,
    weights,
    totalWeight,
    positiveRows,
    variance: variance.map((value) => value * scale * scale),
    rounding: new Float64Array(d),
    far: noFarRows(),
    fill(target, start, end) {
      if (form.flat !== null) return fillFlat(target, form.flat, start * d, (end - start) * d, shift, scale);
      for (let i = start, to = 0; i < end; i++) {
        const { values, from } = form.row(i);
        for (let j = 0; j < d; j++) target[to++] = (values[from + j] - shift[j]) * scale;
      }
    },
  };
}

/** None. */
export function noFarRows(): FarRows {
  return { indices: new Uint32Array(0), values: new Float64Array(0), weights: new Float64Array(0) };
}

function fillFlat(
  target: RowValues,
  values: ArrayLike<number>,
  from: number,
  count: number,
  shift: Float64Array,
  scale: number,
): void {
  const d = shift.length;
  for (let to = 0; to < count; ) {
    for (let j = 0; j < d; j++, to++) target[to] = (values[from + to] - shift[j]) * scale;
  }
}

/** The frame for weighted means, weighted variances and ranges of the features, each [d]. */
export function centredFrame(
  mean: ArrayLike<number>,
  variance: ArrayLike<number>,
  low: ArrayLike<number>,
  high: ArrayLike<number>,
): Frame {
  const d = mean.length;
  const shift = new Float64Array(d);
  let reach = 0;
  for (let j = 0; j < d; j++) {
    const deviation = Math.sqrt(variance[j]);
    // No variance to be told from rounding: the value itself, which makes the column exactly zero.
    if (low[j] === high[j]) shift[j] = low[j];
    else if (deviation > 0) shift[j] = roundTo(mean[j], 2 ** Math.floor(Math.log2(deviation)));
    else shift[j] = mean[j];
    reach = Math.max(reach, high[j] - shift[j], shift[j] - low[j]);
  }
  // Equal points have no reach; what they are compared with is likely of their magnitude.
  if (reach === 0) for (const value of shift) reach = Math.max(reach, Math.abs(value));
  const scale = reach > 0 ? 2 ** clamp(-Math.ceil(Math.log2(reach)), -1022, 1022) : 1;
  return { shift, scale, precise: false };
}

function roundTo(value: number, step: number): number {
  const rounded = Math.round(value / step) * step;
  return Number.isFinite(rounded) ? rounded : value;
}

function prepareUnitRows(form: HostForm, weights: Float32Array | null): PreparedPoints {
  const { n, d } = form;
  const { totalWeight, positiveRows } = weigh(weights, n);
  const sum = new Float64Array(d);
  const squares = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    const { values, from } = form.row(i);
    for (let j = 0; j < d; j++) {
      if (!Number.isFinite(values[from + j])) throw notFinite(form, i, j, values[from + j]);
    }
    const length = rowLength(values, from, d);
    if (length === 0) throw zeroRow(i);
    const weight = weights === null ? 1 : weights[i];
    for (let j = 0; j < d; j++) {
      const value = values[from + j] / length;
      sum[j] += weight * value;
      squares[j] += weight * value * value;
    }
  }
  const variance = squares.map((value, j) => Math.max(0, value / totalWeight - (sum[j] / totalWeight) ** 2));
  return {
    n,
    d,
    metric: 'cosine',
    frame: { shift: new Float64Array(d), scale: 1, precise: false },
    weights,
    totalWeight,
    positiveRows,
    variance,
    rounding: new Float64Array(d),
    far: noFarRows(),
    fill(target, start, end) {
      for (let i = start, to = 0; i < end; i++) {
        const { values, from } = form.row(i);
        const length = rowLength(values, from, d);
        for (let j = 0; j < d; j++) target[to++] = values[from + j] / length;
      }
    },
  };
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

/** Σw, the number of rows of positive weight, and the first of them. */
export function weigh(
  weights: Float32Array | null,
  n: number,
): { totalWeight: number; positiveRows: number; first: number } {
  if (weights === null) return { totalWeight: n, positiveRows: n, first: 0 };
  let totalWeight = 0;
  let positiveRows = 0;
  let first = -1;
  for (let i = 0; i < n; i++) {
    totalWeight += weights[i];
    if (weights[i] > 0) {
      positiveRows++;
      if (first < 0) first = i;
    }
  }
  return { totalWeight, positiveRows, first };
}

/** Points [m, d] of the caller's into a frame, in float64. */
export function intoFrame(points: ArrayLike<number>, frame: Frame): Float64Array {
  const d = frame.shift.length;
  return Float64Array.from({ length: points.length }, (_, i) => (points[i] - frame.shift[i % d]) * frame.scale);
}

/** Points [m, d] of a frame back to the caller's coordinates, in float64. */
export function outOfFrame(points: ArrayLike<number>, frame: Frame): Float64Array {
  const d = frame.shift.length;
  return Float64Array.from({ length: points.length }, (_, i) => points[i] / frame.scale + frame.shift[i % d]);
}

export function zeroRow(i: number): RangeError {
  return new RangeError(`points[${i}] is zero: the cosine metric needs rows of positive length`);
}

/** The error for a value of row i, feature j that is NaN or infinite. */
export function notFiniteAt(where: string, value: number | undefined): RangeError | TypeError {
  if (value !== undefined && typeof value !== 'number') {
    return new TypeError(`${where} must be a number, got ${kindOf(value)}`);
  }
  return new RangeError(`${where} must be finite${value === undefined ? '' : `, got ${value}`}`);
}

function notFinite(form: HostForm, i: number, j: number, value: unknown): Error {
  const where = form.flat === null ? `points[${i}][${j}]` : `points.data[${i * form.d + j}]`;
  return value === undefined || typeof value !== 'number'
    ? new TypeError(`${where} must be a number, got ${kindOf(value)}`)
    : notFiniteAt(where, value);
}

function at(form: HostForm, i: number, j: number): number {
  const { values, from } = form.row(i);
  return values[from + j];
}

function isBigArray(data: object): boolean {
  return data instanceof BigInt64Array || data instanceof BigUint64Array;
}

export function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** How an error message names what it was given. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (typeof value !== 'object') return typeof value === 'function' ? 'a function' : `${typeof value} ${String(value)}`;
  return (value as object).constructor?.name ?? 'an object';
}
