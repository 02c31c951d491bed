/**
 * The points matrix: reading the forms it comes in, checking it, and centring it.
 */
import {
  checkNumbers,
  detached,
  has,
  isDetached,
  isNumericArray,
  kindOf,
  LARGEST,
  notANumber,
  owns,
  propertyOf,
  type TypedArray,
  wrongKind,
} from './check.ts';
import {
  type Extremes,
  type Frame,
  type PointsRange,
  PRECISE_LIMIT,
  preciseWhereCoarse,
  reachOf,
  robustFrame,
  roundingOf,
  sampling,
  scaleOf,
  usualVariances,
  withinLimit,
} from './frame.ts';
import { type Metric, metricOf } from './metric.ts';
import { hashUniform } from './random.ts';
import { runNow, type Steps } from './steps.ts';

export type { TypedArray } from './check.ts';

/** Where the values of a matrix lie, as ndarray, npyjs, zarrita and tensors say it; row-major where nothing does. */
export interface Layout {
  /** Steps between rows and between columns, in values. */
  readonly stride?: readonly number[];
  /** The same; tensors leave out the last one, which is 1. */
  readonly strides?: readonly number[];
  /** `'C'` or `'F'`, of columns one after another. */
  readonly order?: unknown;
  /** Whether columns lie one after another, as npyjs says it. */
  readonly fortranOrder?: boolean;
  /** Index of the first value. */
  readonly offset?: number;
}

/** n points of d features. */
export interface HostPoints extends Layout {
  /** n·d values, of which none is NaN, infinite or beyond ±1e150. */
  readonly data: TypedArray;
  /** [n, d] */
  readonly shape: readonly number[];
}

/** The same, as ONNX and transformers.js have it. */
export interface Tensor extends Layout {
  /** n·d values, of which none is NaN, infinite or beyond ±1e150. */
  readonly data: TypedArray;
  /** [n, d] */
  readonly dims: readonly number[];
}

/** Float32 points in the caller's own GPU buffer, row-major: read in place, never copied to the host, never destroyed. */
export interface DevicePoints {
  /** A buffer with STORAGE usage, of the device in the options. */
  readonly buffer: GPUBuffer;
  /** [n, d] */
  readonly shape: readonly [n: number, d: number];
  /** Bytes in front of the first value, a multiple of 4. Default 0. */
  readonly offset?: number;
}

/** n rows of d numbers each. */
export type Rows = ArrayLike<ArrayLike<number>>;

/** n values of a column that an object of its own has, as a vector of Arrow. */
export interface ColumnVector {
  /** n */
  readonly length: number;
  /** The value at an index: a number or a bigint. Null is an error. */
  get(index: number): unknown;
}

/** The same, of objects that have `at`. */
export interface ColumnSeries {
  /** n */
  readonly length: number;
  /** The value at an index: a number or a bigint. Null is an error. */
  at(index: number): unknown;
}

/** One feature of n rows, as Arrow, Parquet, DuckDB and data frames hold it: by index, or by a method where an object has one. */
export type Column = ArrayLike<number | bigint | null> | ColumnVector | ColumnSeries;

/** d features of n rows each, read where they are. */
export interface Columns {
  /** [d] of [n] each */
  readonly columns: ArrayLike<Column>;
}

/** Weights of n rows, finite and not negative, which are copied to float32. */
export type Weights = TypedArray | readonly number[];

/** What can be uploaded. */
export type PointsInput = HostPoints | Tensor | DevicePoints | Columns | Rows;

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
  /** What to agree on a frame by, with other shards of the same points; null where the frame is given: that of a model. */
  readonly range: PointsRange | null;
  /**
   * Points in the frame that an engine of that kind holds them in.
   *
   * @param agreed the frame of points of which these are a shard
   */
  prepare(backend: Backend, agreed?: Frame): Steps<PreparedPoints>;
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
  { d, metric, frame, variance, usualVariance, rounding }: PointsSummary,
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
 * Reads and checks points and weights, in turns with other work where they are many.
 *
 * @throws {TypeError} where something is of the wrong kind.
 * @throws {RangeError} where a value is wrong: NaN or ±Infinity or beyond ±1e150, ragged rows, n·d ≠ data.length, n = 0,
 *   d = 0, a negative weight, no positive weight, a zero row where the metric is one of unit rows. The message names the
 *   argument and the index.
 */
export function* surveyPoints(
  points: PointsInput,
  { metric = 'euclidean', sampleWeight, frame }: SurveyOptions = {},
): Steps<SurveyedPoints | GpuPoints> {
  const form = readForm(points);
  const weights = checkWeights(sampleWeight, form.n);
  if (owns(form, 'buffer')) return { ...form, metric, weights, frame };
  if (owns(form, 'lengths')) yield* form.lengths();
  if (metricOf(metric).unitRows) return yield* surveyUnitRows(form, weights, metric);
  if (frame !== undefined) return yield* surveyForModel(form, weights, metric, frame);
  return yield* surveyCentred(form, weights, metric);
}

/** Points in the frame of the CPU engine, or in a GPUBuffer; at once. */
export function preparePoints(points: PointsInput, options?: SurveyOptions): PreparedPoints | GpuPoints {
  const surveyed = runNow(surveyPoints(points, options));
  return owns(surveyed, 'buffer') ? surveyed : runNow(surveyed.prepare('cpu'));
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
  if (owns(form, 'buffer')) throw new TypeError(`${name} must be ${wanted}, not a GPUBuffer`);
  if (owns(form, 'lengths')) runNow(form.lengths());
  const { n, d } = form;
  const values = new Float64Array(n * d);
  form.read(0, n, values);
  values.forEach((value, at) => {
    if (!(Math.abs(value) <= LARGEST)) throw form.wrong(Math.floor(at / d), at % d);
  });
  return { values, n, d };
}

/** The number of features, wherever the points are. */
export function featuresOf(points: PointsInput): number {
  return readForm(points).d;
}

interface HostForm {
  readonly n: number;
  readonly d: number;
  /** Copies rows [start, end) to the beginning of `to`; what is no number becomes NaN. */
  read(start: number, end: number, to: Float64Array): void;
  /** What is to be said of a value that is not a finite number, by its name there. */
  wrong(i: number, j: number): Error;
  /** All rows [n, d], where they were read once and kept: not to be written to. */
  readonly held?: Float64Array;
}

/** Rows that are arrays of their own. */
interface RowsForm extends HostForm {
  /** Looks whether all are as long as the first; at those of few rows without a pause. */
  lengths(): Steps<void>;
}

type BufferForm = { readonly buffer: GPUBuffer; readonly n: number; readonly d: number; readonly offset: number };

/** What arrays say of themselves here and in other libraries: ndarray, npyjs, zarrita, tensors. */
const FIELDS = [
  'data',
  'buffer',
  'shape',
  'dims',
  'stride',
  'strides',
  'order',
  'fortranOrder',
  // As headers of .npy files have it.
  'fortran_order',
  'offset',
] as const;

type Fields = Readonly<Record<(typeof FIELDS)[number], unknown>>;

/** @param name what the caller calls the points */
function readForm(
  points: PointsInput,
  name = 'points',
  wanted = '{ data, shape }, { buffer, shape }, { columns }, rows or a Dataset',
): HostForm | RowsForm | BufferForm {
  const wrong = () => wrongKind(name, wanted, points);
  if (points === null || typeof points !== 'object') throw wrong();
  if (isArrow(points)) throw arrow(name, points);
  if (has(points, 'buffer') && (has(points, 'shape') || has(points, 'dims'))) return readBuffer(name, fieldsOf(points));
  if (has(points, 'data')) return readMatrix(name, fieldsOf(points));
  if (has(points, 'columns')) return readColumns(name, propertyOf(points, 'columns'));
  if (!has(points, 'length')) throw wrong();
  return readRows(name, points as Rows);
}

function fieldsOf(points: object): Fields {
  return Object.fromEntries(FIELDS.map((field) => [field, propertyOf(points, field)])) as Fields;
}

/** A vector or a table of Apache Arrow: they have values behind methods only, and fields that mean something else. */
function isArrow(value: object): boolean {
  if (!has(value, 'toArray') || !has(value, 'get') || has(value, 'shape')) return false;
  return has(value, 'length') || has(value, 'numRows');
}

function arrow(name: string, given: object): TypeError {
  const [kind, rows] = has(given, 'numRows')
    ? ['table', '{ columns: [table.getChild(name), …] }']
    : ['vector', 'rows, Array.from(vector, (row) => row.toArray()),'];
  return new TypeError(`${name} is an Arrow ${kind}: pass ${rows} or { data, shape: [n, d] }`);
}

function readShape(name: string, shape: unknown): [number, number] {
  if (!Array.isArray(shape) && !isNumericArray(shape)) {
    throw wrongKind(name, '[n, d]', shape);
  }
  if (shape.length !== 2) throw new TypeError(`${name} must be [n, d], got [${Array.from(shape).join(', ')}]`);
  const [n, d] = shape as [unknown, unknown];
  for (const [axis, value] of [
    ['n', n],
    ['d', d],
  ] as const) {
    if (typeof value !== 'number') throw wrongKind(`${name}: ${axis}`, 'a number', value);
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`${name}: ${axis} must be a positive integer, got ${value}`);
    }
  }
  return [n as number, d as number];
}

/** @throws {TypeError | RangeError} where there is none, or two that differ. */
function shapeOf(name: string, { shape, dims }: Fields): [number, number] {
  const [first, second] = [
    [`${name}.shape`, shape],
    [`${name}.dims`, dims],
  ].filter(([, given]) => given !== undefined && given !== null) as [string, unknown][];
  const read = readShape(...(first ?? [`${name}.shape`, shape]));
  if (second !== undefined && readShape(...second).join() !== read.join()) {
    throw new TypeError(`${name}.shape is [${shape}], ${name}.dims are [${dims}]`);
  }
  return read;
}

/** From where on; 0 where nothing is said. */
function readOffset(name: string, { offset }: Fields): number {
  if (offset === undefined || offset === null) return 0;
  if (typeof offset !== 'number') throw wrongKind(`${name}.offset`, 'a number', offset);
  return offset;
}

function readBuffer(name: string, fields: Fields): BufferForm {
  const [n, d] = shapeOf(name, fields);
  const offset = readOffset(name, fields);
  const buffer = fields.buffer as GPUBuffer | null;
  if (typeof buffer !== 'object' || buffer === null || typeof buffer.size !== 'number') {
    throw wrongKind(`${name}.buffer`, 'a GPUBuffer', buffer);
  }
  const strides = stridesOf(name, fields, n, d);
  if (strides !== null && !isRowMajor(strides, n, d)) {
    throw new TypeError(`${name}.buffer must be row-major, got strides [${strides}]`);
  }
  if (!Number.isSafeInteger(offset) || offset < 0 || offset % 4 !== 0) {
    throw new RangeError(`${name}.offset must be a multiple of 4 bytes, got ${offset}`);
  }
  if (offset + n * d * 4 > buffer.size) {
    throw new RangeError(
      `${name}.buffer holds ${buffer.size} bytes, shape [${n}, ${d}] at offset ${offset} needs ${offset + n * d * 4}`,
    );
  }
  // GPUBufferUsage.STORAGE; the global is absent outside WebGPU runtimes.
  if ((buffer.usage & 0x80) === 0) throw new TypeError(`${name}.buffer needs the usage STORAGE`);
  return { buffer, n, d, offset };
}

type Strides = readonly [row: number, column: number];

function readMatrix(name: string, fields: Fields): HostForm {
  const { data } = fields;
  if (!isNumericArray(data)) {
    throw wrongKind(`${name}.data`, 'a typed array of numbers', data);
  }
  const [n, d] = shapeOf(name, fields);
  const strides = stridesOf(name, fields, n, d);
  const offset = readOffset(name, fields);
  if (!Number.isSafeInteger(offset) || offset < 0) {
    throw new RangeError(`${name}.offset must be a whole number of values, got ${offset}`);
  }
  const { length } = data;
  if (length === 0 && isDetached(data)) throw detached(`${name}.data`);
  // What says where it begins, or how it steps, may be a view of a larger array.
  if (strides === null && offset === 0 && length !== n * d) {
    throw new RangeError(`${name}.data has ${length} values, shape [${n}, ${d}] needs ${n * d}`);
  }
  const [row, column] = strides ?? [d, 1];
  const ends = [0, (n - 1) * row, (d - 1) * column, (n - 1) * row + (d - 1) * column];
  if (offset + Math.min(...ends) < 0 || offset + Math.max(...ends) >= length) {
    throw new RangeError(
      `${name}.data has ${length} values, shape [${n}, ${d}] with strides [${row}, ${column}] from ${offset}, all in values, reaches beyond them`,
    );
  }
  return {
    n,
    d,
    read(start, end, to) {
      if (data.length !== length) throw detached(`${name}.data`);
      if (column === 1 && row === d) {
        to.set(data.subarray(offset + start * d, offset + end * d));
        return;
      }
      for (let i = start, at = 0; i < end; i++) {
        for (let j = 0, from = offset + i * row; j < d; j++, from += column) to[at++] = data[from];
      }
    },
    wrong(i, j) {
      const index = offset + i * row + j * column;
      return wrongValue(`${name}.data[${index}]`, data[index]);
    },
  };
}

/**
 * Steps between rows and columns, in values; null where nothing says that they are not those of row-major points.
 *
 * @throws {TypeError} where what is said contradicts itself.
 */
function stridesOf(name: string, fields: Fields, n: number, d: number): Strides | null {
  const given = [fields.stride, fields.strides].filter((strides) => strides !== undefined && strides !== null);
  const [strides, others = strides] = given.map((strides) => readStrides(name, strides, d));
  const fortranOrder = fields.fortranOrder ?? fields.fortran_order ?? false;
  if (typeof fortranOrder !== 'boolean') {
    throw wrongKind(`${name}.fortranOrder`, 'a boolean', fortranOrder);
  }
  // The order of ndarray is an array that follows from its strides.
  const columnMajor = fortranOrder || (!(strides && Array.isArray(fields.order)) && isColumnMajor(name, fields.order));
  if (strides === undefined) return columnMajor ? [1, n] : null;
  const agrees = !columnMajor || ((n === 1 || strides[0] === 1) && (d === 1 || strides[1] === n));
  if (!agrees || strides.join() !== others.join()) {
    throw new TypeError(`${name}.stride, strides, order and fortranOrder contradict each other`);
  }
  return strides;
}

function readStrides(name: string, given: unknown, d: number): Strides {
  const strides = Array.isArray(given) || isNumericArray(given) ? Array.from(given as ArrayLike<unknown>) : null;
  // Tensors of TensorFlow leave out the last one, which is 1.
  const both = strides?.length === 1 ? [...strides, 1] : strides;
  if (both?.length !== 2 || !both.every(Number.isSafeInteger)) {
    throw new TypeError(
      `${name}.stride must be [row, column], got ${strides === null ? kindOf(given) : `[${strides}]`}`,
    );
  }
  const [row, column] = both as [number, number];
  if (strides?.length === 1 && row !== d)
    throw new TypeError(`${name}.strides [${row}] are not those of ${d} features`);
  return [row, column];
}

function isRowMajor([row, column]: Strides, n: number, d: number): boolean {
  return (n === 1 || row === d) && (d === 1 || column === 1);
}

/** 'C' and 'F' as NumPy has them. */
function isColumnMajor(name: string, order: unknown): boolean {
  if (order === undefined || order === null) return false;
  if (typeof order === 'string') {
    if (/^(c|row-major)$/i.test(order)) return false;
    if (/^(f|fortran|column-major)$/i.test(order)) return true;
  }
  throw wrongKind(`${name}.order`, "'C' or 'F'", order);
}

function readRows(name: string, rows: Rows): RowsForm {
  const n = lengthOf(name, rows);
  if (ArrayBuffer.isView(rows) || (n > 0 && typeof rows[0] === 'number')) {
    throw new TypeError(`${name}: a flat array needs its shape: pass { data, shape: [n, d] }`);
  }
  if (n === 0) throw new RangeError(`${name} must have at least one row`);
  const d = lengthOfRow(name, rows, 0);
  if (d === 0) throw new RangeError(`${name}[0] must have at least one feature`);
  return {
    n,
    d,
    *lengths() {
      for (let i = 1; i < n; i++) {
        const length = lengthOfRow(name, rows, i);
        if (length !== d) throw new RangeError(`${name}[${i}] has ${length} features, ${name}[0] has ${d}`);
        if (i % ROWS_OF_LOOK === 0) yield;
      }
    },
    read(start, end, to) {
      for (let i = start, at = 0; i < end; i++) {
        // The caller may take rows away while others are read. Once a row: asked of each value, it would be made an object first.
        const row: ArrayLike<unknown> = rows[i] ?? [];
        for (let j = 0; j < d; j++) {
          const value = row[j];
          to[at++] = typeof value === 'number' ? value : NaN;
        }
      }
    },
    wrong: (i, j) => wrongValue(`${name}[${i}][${j}]`, (rows[i] as ArrayLike<unknown> | undefined)?.[j]),
  };
}

function readColumns(name: string, columns: unknown): HostForm {
  if (!isObject(columns) || !has(columns, 'length')) throw wrongKind(`${name}.columns`, 'an array of columns', columns);
  const all = Array.from(columns as ArrayLike<unknown>, (column, j) => readColumn(`${name}.columns[${j}]`, column));
  if (all.length === 0) throw new RangeError(`${name}.columns must have at least one column`);
  const [{ n }] = all;
  if (n === 0) throw new RangeError(`${name}.columns[0] must have at least one value`);
  const d = all.length;
  const odd = all.findIndex((column) => column.n !== n);
  if (odd > 0) throw new RangeError(`${name}.columns[${odd}] has ${all[odd].n} values, ${name}.columns[0] has ${n}`);
  return {
    n,
    d,
    read(start, end, to) {
      for (let j = 0; j < d; j++) {
        const { valueAt } = all[j];
        for (let i = start, at = j; i < end; i++, at += d) {
          const value = valueAt(i);
          to[at] = typeof value === 'number' ? value : typeof value === 'bigint' ? Number(value) : NaN;
        }
      }
    },
    wrong(i, j) {
      const [place, value] = [`${name}.columns[${j}][${i}]`, all[j].valueAt(i)];
      if (value === null) return new RangeError(`${place} is null`);
      return wrongValue(place, typeof value === 'bigint' ? Number(value) : value);
    },
  };
}

function readColumn(name: string, column: unknown): { n: number; valueAt(i: number): unknown } {
  if (!isObject(column) || !has(column, 'length')) throw wrongKind(name, 'an array or a vector of numbers', column);
  const n = lengthOf(name, column as ArrayLike<unknown>);
  if (n === 0 && ArrayBuffer.isView(column) && isDetached(column)) throw detached(name);
  const values = column as ArrayLike<unknown> & { get(i: number): unknown; at(i: number): unknown };
  // An array has `at` as well, which is slower.
  if (Array.isArray(column) || ArrayBuffer.isView(column)) return { n, valueAt: (i) => values[i] };
  if (has(column, 'get')) return { n, valueAt: (i) => values.get(i) };
  if (has(column, 'at')) return { n, valueAt: (i) => values.at(i) };
  return { n, valueAt: (i) => values[i] };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

function lengthOfRow(name: string, rows: Rows, i: number): number {
  const row: unknown = rows[i];
  if (Array.isArray(row)) return row.length;
  const where = `${name}[${i}]`;
  if (row === null || typeof row !== 'object' || !has(row, 'length')) {
    throw wrongKind(where, 'an array of numbers', row);
  }
  if (ArrayBuffer.isView(row)) {
    const length = lengthOf(where, row as unknown as ArrayLike<unknown>);
    if (length === 0 && isDetached(row)) throw detached(where);
    return length;
  }
  if (isArrow(row)) throw new TypeError(`${where} is an Arrow vector: pass its toArray()`);
  return lengthOf(where, row as ArrayLike<unknown>);
}

function lengthOf(name: string, { length }: ArrayLike<unknown>): number {
  if (Number.isSafeInteger(length) && length >= 0) return length;
  throw wrongKind(`${name}.length`, 'a whole number', length);
}

/** A copy: what the caller does with the array later is no concern of the points. */
function checkWeights(given: Weights | undefined, n: number): Float32Array | null {
  if (given === undefined) return null;
  const values = checkNumbers('sampleWeight', given, n);
  const weights = new Float32Array(n);
  let total = 0;
  for (let i = 0; i < n; i++) {
    const value = values[i];
    if (typeof value !== 'number') throw notANumber(`sampleWeight[${i}]`, value);
    if (!(value >= 0 && value < Infinity)) {
      throw new RangeError(`sampleWeight[${i}] must be finite and not negative, got ${value}`);
    }
    weights[i] = value;
    if (weights[i] === Infinity) throw new RangeError(`sampleWeight[${i}] is beyond float32, got ${value}`);
    total += weights[i];
  }
  if (total === 0) throw new RangeError('sampleWeight must have a value that is positive in float32');
  return weights;
}

/** Rows whose lengths or weights are looked at between two looks at the clock. */
const ROWS_OF_LOOK = 2 ** 15;
/** Values that are read at a time: they stay in the nearest cache. */
const BLOCK_VALUES = 2 ** 12;

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
  /** Σ w·deviation and Σ w·deviation², where a deviation is (x − pivot)·scale. */
  readonly sums: Float64Array;
  readonly squares: Float64Array;

  constructor(d: number, weighted: boolean) {
    const extremes = () => ({ low: new Float64Array(d).fill(Infinity), high: new Float64Array(d).fill(-Infinity) });
    this.extremes = extremes();
    this.all = weighted ? extremes() : this.extremes;
    this.sums = new Float64Array(d);
    this.squares = new Float64Array(d);
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
    if (weights === null) this.#addRows(block, pivot, scale);
    else this.#addWeighted(weights.subarray(first), block, pivot, scale);
    for (let j = 0; j < form.d; j++) {
      // NaN is in no range, but in the sum.
      const isInRange = this.all.low[j] >= -LARGEST && this.all.high[j] <= LARGEST;
      if (!isInRange || Number.isNaN(this.sums[j])) checkValues(form, block, first);
    }
  }

  #addRows(block: Float64Array, pivot: Float64Array, scale: number): void {
    const { sums, squares } = this;
    const { low, high } = this.extremes;
    const d = pivot.length;
    // A feature at a time, whose range and sums are in registers then.
    for (let j = 0; j < d; j++) {
      const centre = pivot[j];
      let least = low[j];
      let most = high[j];
      let sum = sums[j];
      let square = squares[j];
      for (let at = j; at < block.length; at += d) {
        const value = block[at];
        if (value < least) least = value;
        if (value > most) most = value;
        const deviation = (value - centre) * scale;
        sum += deviation;
        square += deviation * deviation;
      }
      low[j] = least;
      high[j] = most;
      sums[j] = sum;
      squares[j] = square;
    }
  }

  #addWeighted(weights: Float32Array, block: Float64Array, pivot: Float64Array, scale: number): void {
    const { sums, squares, all, extremes } = this;
    const d = pivot.length;
    for (let i = 0, at = 0; at < block.length; i++) {
      const weight = weights[i];
      for (let j = 0; j < d; j++, at++) {
        const value = block[at];
        if (value < all.low[j]) all.low[j] = value;
        if (value > all.high[j]) all.high[j] = value;
        // Absent, but for a value that is none.
        if (weight === 0 && !Number.isNaN(value)) continue;
        if (value < extremes.low[j]) extremes.low[j] = value;
        if (value > extremes.high[j]) extremes.high[j] = value;
        const deviation = (value - pivot[j]) * scale;
        sums[j] += weight * deviation;
        squares[j] += weight * deviation * deviation;
      }
    }
  }
}

/** @throws {TypeError | RangeError} where a value is not a number, or too large. */
function checkValues(form: HostForm, block: Float64Array, first: number): void {
  for (let at = 0; at < block.length; at++) {
    if (!(Math.abs(block[at]) <= LARGEST)) throw form.wrong(first + Math.floor(at / form.d), at % form.d);
  }
}

/** What an upload says of points that are no longer those that were checked. */
function changedPoints(): TypeError {
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

/** The rows of a sample [m, d], and their weights [m], null where all have the same. */
function* sampleRowsOf(
  form: HostForm,
  weights: Float32Array | null,
  positiveRows: number,
): Steps<{ readonly values: Float64Array; readonly weights: Float64Array | null }> {
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
  return { values, weights: weights && Float64Array.from(indices ?? weights.keys(), (row) => weights[row]) };
}

function* surveyCentred(given: HostForm, weights: Float32Array | null, metric: Metric): Steps<SurveyedPoints> {
  const { n, d } = given;
  const { totalWeight, positiveRows } = yield* weighing(weights, n);
  const sampleRows = yield* sampleRowsOf(given, weights, positiveRows);
  const sample = yield* sampling(sampleRows.values, sampleRows.weights, d);
  // A sample of all rows is a reading of them: there is no second one, and what the caller changes behind it is not seen.
  const form = sampleRows.values.length === n * d ? { ...given, held: sampleRows.values } : given;
  const { medians, columns } = sample;
  const pivot = medians.map((median) => (Number.isFinite(median) ? median : 0));
  const scale = scaleOf(reachOf(pivot, extremesOf(columns, d)));
  const survey = yield* surveyed(form, weights, pivot, scale);
  const { extremes } = survey;
  const frame = robustFrame(sample, extremes);
  const moments = yield* variancesOf(form, weights, survey, totalWeight, pivot, scale);
  function* prepareIn(frame: Frame, rounding: Float64Array): Steps<PreparedPoints> {
    const limit = Math.min(ABSENT_LIMIT, reachOf(frame.shift, extremes) * frame.scale);
    const far =
      positiveRows === n ? noFarRows() : yield* farRows(form, weights, frame, limit, (i) => weights![i] === 0);
    const unit = frame.scale / moments.scale;
    const variance = moments.variance.map((value) => value * unit * unit);
    return {
      ...{ n, d, metric, frame, weights, totalWeight, positiveRows, rounding, far },
      variance,
      usualVariance: usualVariances(sample, variance, frame.scale),
      fill: filler(form, survey.all, frame, far),
    };
  }
  return {
    n,
    d,
    range: { n, extremes, samples: [{ ...sampleRows, standsFor: (positiveRows * d) / sampleRows.values.length }] },
    *prepare(backend, agreed) {
      if (backend === 'cpu' && agreed === undefined) {
        const { frame: own, rounding } = yield* preciseWhereCoarse(frame, sample, extremes, LIMITS.cpu);
        return yield* prepareIn(own, rounding);
      }
      const held = agreed ?? withinLimit(frame, extremes, LIMITS.webgpu);
      return yield* prepareIn(held, yield* roundingOf(sample, held, FLOORS[backend]));
    },
  };
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

function* surveyed(form: HostForm, weights: Float32Array | null, pivot: Float64Array, scale: number): Steps<Survey> {
  const survey = new Survey(form.d, weights !== null);
  for (const { block, first } of blocksOf(form, 0, form.n)) {
    survey.add(form, weights, block, first, pivot, scale);
    yield;
  }
  return survey;
}

/** Weighted variances [d], of x·scale. */
function* variancesOf(
  form: HostForm,
  weights: Float32Array | null,
  { sums, squares, extremes }: Survey,
  total: number,
  pivot: Float64Array,
  scale: number,
): Steps<{ readonly variance: Float64Array; readonly scale: number }> {
  const variance = squares.map((value, j) => Math.max(0, value / total - (sums[j] / total) ** 2));
  // Squares of what is far beside the sample may exceed float64: once more, in a scale for all.
  const safe = scaleOf(reachOf(pivot, extremes));
  if (variance.every(Number.isFinite) || safe === scale) return { variance, scale };
  return yield* variancesOf(form, weights, yield* surveyed(form, weights, pivot, safe), total, pivot, safe);
}

/** Points for the method of a model: its frame, whatever they are. */
function* surveyForModel(
  form: HostForm,
  weights: Float32Array | null,
  metric: Metric,
  frame: Frame,
): Steps<SurveyedPoints> {
  const { n, d } = form;
  if (d !== frame.shift.length) throw new RangeError(`points have ${d} features, the model has ${frame.shift.length}`);
  const { all } = yield* surveyed(form, weights, frame.shift, 0);
  return {
    n,
    d,
    range: null,
    *prepare(backend) {
      // Where the model needs float64, float32 has no answers: the host has all of them.
      const limit = !frame.precise ? MODEL_LIMITS[backend] : backend === 'cpu' ? PRECISE_LIMIT : -1;
      const reach = reachOf(frame.shift, all);
      const far = reach * frame.scale <= limit ? noFarRows() : yield* farRows(form, weights, frame, limit, () => true);
      const rest = withoutRows(weights, n, far);
      const variance = new Float64Array(d).fill(1);
      return {
        ...{ n, d, metric, frame, weights: rest, ...(yield* weighing(rest, n)), far },
        variance,
        usualVariance: variance,
        rounding: new Float64Array(d),
        fill: filler(form, all, frame, far),
      };
    },
  };
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
  form: HostForm,
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
  for (const { block, first } of blocksOf(form, 0, n)) {
    survey.add(form, weights, block, first, origin, 0);
    normalise(block, d, first, metric);
    ofUnitRows.add(form, weights, block, first, origin, 1);
    yield;
  }
  const { variance } = yield* variancesOf(form, weights, ofUnitRows, totalWeight, origin, 1);
  const prepared: PreparedPoints = {
    ...{ n, d, metric, weights, totalWeight, positiveRows },
    frame: { shift: origin, scale: 1, precise: false },
    variance,
    usualVariance: variance,
    rounding: new Float64Array(d),
    far: noFarRows(),
    fill: (target, start, end) =>
      readAgain(() => {
        for (const { block, first } of blocksOf(form, start, end)) {
          checkWithin(block, survey.all);
          normalise(block, d, first, metric);
          target.set(block, (first - start) * d);
        }
      }),
  };
  return {
    ...{ n, d, range: null },
    // biome-ignore lint/correctness/useYield: nothing is left to do
    *prepare() {
      return prepared;
    },
  };
}

/** Brings rows to unit length. */
function normalise(rows: Float64Array, d: number, first: number, metric: Metric): void {
  for (let i = 0, from = 0; from < rows.length; i++, from += d) {
    const length = rowLength(rows, from, d);
    if (length === 0) throw zeroRow(first + i, metric);
    for (let at = from; at < from + d; at++) rows[at] /= length;
  }
}

/** @throws {TypeError} where a value is outside of the range that was seen. */
function checkWithin(block: Float64Array, { low, high }: Extremes): void {
  const d = low.length;
  for (let at = 0; at < block.length; ) {
    for (let j = 0; j < d; j++, at++) if (!(block[at] >= low[j] && block[at] <= high[j])) throw changedPoints();
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

function* weighing(weights: Float32Array | null, n: number): Steps<Weighed> {
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

/** The error for a number that is NaN, infinite or too large; undefined where all that is known is that it is not finite. */
export function notFiniteAt(where: string, value: number | undefined): RangeError {
  if (value !== undefined && Number.isFinite(value)) {
    return new RangeError(`${where} must be at most ${LARGEST} in magnitude, got ${value}`);
  }
  return new RangeError(`${where} must be finite${value === undefined ? '' : `, got ${value}`}`);
}

function wrongValue(name: string, value: unknown): Error {
  return typeof value === 'number' ? notFiniteAt(name, value) : notANumber(name, value);
}

export function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
