/** The forms that points come in on the host: whose they are, what they say of themselves, and how values are read. */
import {
  checkNumbers,
  detached,
  has,
  isDetached,
  isNumericArray,
  kindOf,
  LARGEST,
  type NumberArray,
  notANumber,
  propertyOf,
  rounded,
  type TypedArray,
  wrongKind,
} from './check.ts';
import type { Steps } from './steps.ts';

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
  readonly shape: readonly number[];
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

/** Rows whose lengths or weights are looked at between two looks at the clock. */
export const ROWS_OF_LOOK = 2 ** 15;

/** Points on the host, in whatever form, as they are read. */
export interface HostForm {
  readonly n: number;
  readonly d: number;
  /** Copies rows [start, end) to the beginning of `to`; what is no number becomes NaN. */
  read(start: number, end: number, to: Float64Array): void;
  /** Where float64 does not have the integers that are read: the same less an origin near them, so that differences stay. */
  readonly near?: NearForm | undefined;
  /** What is to be said of a value that is not a finite number, by its name there. */
  wrong(i: number, j: number): Error;
  /** All rows [n, d], where they were read once and kept: not to be written to. */
  readonly held?: Float64Array;
  /** Where all values lie one after the other. */
  readonly flat?: { readonly data: NumberArray; readonly offset: number } | undefined;
}

/** What a form is where an origin is taken away before values are rounded. */
export interface NearForm extends Pick<HostForm, 'read'> {
  /** 0 of features that need none. [d] */
  readonly origin: Float64Array;
  /** Without it. */
  readonly whole: HostForm['read'];
}

/** Values that lie one after the other. */
export type FlatForm = HostForm & { readonly flat: NonNullable<HostForm['flat']> };

/** Rows that are arrays of their own. */
export interface RowsForm extends HostForm {
  /** Looks whether all are as long as the first; at those of few rows without a pause. */
  lengths(): Steps<void>;
}

/** Points in a GPUBuffer: what is said of them is read by device-points.ts. */
export interface DeviceForm {
  readonly fields: Fields;
}

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

export type Fields = Readonly<Record<(typeof FIELDS)[number], unknown>>;

/** @param name what the caller calls the points */
export function readForm(
  points: PointsInput,
  name = 'points',
  wanted = '{ data, shape }, { buffer, shape }, { columns }, rows or a Dataset',
): HostForm | RowsForm | DeviceForm {
  const wrong = () => wrongKind(name, wanted, points);
  if (points === null || typeof points !== 'object') throw wrong();
  if (isArrow(points)) throw arrow(name, points);
  if (has(points, 'buffer') && (has(points, 'shape') || has(points, 'dims'))) return { fields: fieldsOf(points) };
  if (has(points, 'data')) return readMatrix(name, fieldsOf(points));
  if (has(points, 'columns')) return readColumns(name, propertyOf(points, 'columns'));
  if (!has(points, 'length')) throw wrong();
  return readRows(name, points as Rows);
}

/** What an object says of itself as a matrix, in its class too. */
export function fieldsOf(points: object): Fields {
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
export function shapeOf(name: string, { shape, dims }: Fields): [number, number] {
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
export function readOffset(name: string, { offset }: Fields): number {
  if (offset === undefined || offset === null) return 0;
  if (typeof offset !== 'number') throw wrongKind(`${name}.offset`, 'a number', offset);
  return offset;
}

export type Strides = readonly [row: number, column: number];

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
  const placeOf = (i: number, j: number) => offset + i * row + j * column;
  const ends = [placeOf(0, 0), placeOf(n - 1, 0), placeOf(0, d - 1), placeOf(n - 1, d - 1)];
  if (Math.min(...ends) < 0 || Math.max(...ends) >= length) {
    throw new RangeError(
      `${name}.data has ${length} values, shape [${n}, ${d}] with strides [${row}, ${column}] from ${offset} reaches beyond them (all in values)`,
    );
  }
  const flat = column === 1 && row === d && isOfNumbers(data) ? { data, offset } : undefined;
  const each = flat === undefined ? byColumns(n, d, (j) => (i) => data[placeOf(i, j)]) : undefined;
  return {
    n,
    d,
    flat,
    near: each?.near,
    read(start, end, to) {
      if (data.length !== length) throw detached(`${name}.data`);
      if (flat !== undefined) to.set(flat.data.subarray(placeOf(start, 0), placeOf(end, 0)));
      else each!.read(start, end, to);
    },
    wrong: (i, j) => wrongValue(`${name}.data[${placeOf(i, j)}]`, data[placeOf(i, j)]),
  };
}

function isOfNumbers(data: TypedArray): data is NumberArray {
  return typeof data[0] === 'number';
}

/** Rows whose bigints tell what a column is near. */
const ROWS_FOR_ORIGIN = 31;

/** Reads values one by one. */
function byColumns(
  n: number,
  d: number,
  columnOf: (j: number) => (i: number) => unknown,
): Pick<HostForm, 'read' | 'near'> {
  const origins = Array.from({ length: d }, (_, j) => originOf(n, columnOf(j)));
  const reader =
    (less: readonly bigint[]): HostForm['read'] =>
    (start, end, to) => {
      for (let j = 0; j < d; j++) {
        const valueAt = columnOf(j);
        const origin = less[j];
        const rounded = Number(origin);
        for (let i = start, at = j; i < end; i++, at += d) {
          const value = valueAt(i);
          to[at] =
            typeof value === 'number' ? value - rounded : typeof value === 'bigint' ? Number(value - origin) : NaN;
        }
      }
    };
  const read = reader(origins.map(() => 0n));
  const near = { read: reader(origins), origin: Float64Array.from(origins, Number), whole: read };
  return { read, near: origins.some(Boolean) ? near : undefined };
}

/** A median of some bigints of a column, as float64 has it, where that has not all integers of its size; else 0. */
export function originOf(n: number, valueAt: (i: number) => unknown): bigint {
  const some = Array.from({ length: ROWS_FOR_ORIGIN }, (_, i) => valueAt(Math.floor((i * n) / ROWS_FOR_ORIGIN)));
  const integers = some.filter((value) => typeof value === 'bigint').sort((a, b) => (a < b ? -1 : 1));
  const median = Number(integers[integers.length >> 1]);
  return Number.isSafeInteger(median) || !Number.isFinite(median) ? 0n : BigInt(median);
}

/**
 * Steps between rows and columns, in values; null where nothing says that they are not those of row-major points.
 *
 * @throws {TypeError} where what is said contradicts itself.
 */
export function stridesOf(name: string, fields: Fields, n: number, d: number): Strides | null {
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
    throw new TypeError(`${name}.stride, strides, order and fortranOrder disagree`);
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
    ...byColumns(n, d, (j) => all[j].valueAt),
    wrong: (i, j) => wrongInColumn(`${name}.columns[${j}][${i}]`, all[j].valueAt(i)),
  };
}

/** What is to be said of a value of a column that is not a finite number. */
export function wrongInColumn(place: string, value: unknown): Error {
  return value === null ? new RangeError(`${place} is null`) : wrongValue(place, rounded(value));
}

/** @param name what errors call it */
export function readColumn(name: string, column: unknown): { n: number; valueAt(i: number): unknown } {
  if (!isObject(column) || !has(column, 'length')) throw wrongKind(name, 'an array or a vector of numbers', column);
  const n = lengthOf(name, column as ArrayLike<unknown>);
  if (n === 0 && ArrayBuffer.isView(column) && isDetached(column)) throw detached(name);
  return { n, valueAt: readerOf(column) };
}

function readerOf(column: object): (i: number) => unknown {
  const values = column as ArrayLike<unknown> & { get(i: number): unknown; at(i: number): unknown };
  // An array has `at` as well, which is slower.
  if (!Array.isArray(column) && !ArrayBuffer.isView(column)) {
    const plain = plainValuesOf(column);
    if (plain !== null) return plain;
    if (has(column, 'get')) return (i) => values.get(i);
    if (has(column, 'at')) return (i) => values.at(i);
  }
  return (i) => values[i];
}

/** As Arrow's vectors and flechette's columns have them. */
interface Chunk {
  readonly length: number;
  readonly nullCount: number;
  readonly values: ArrayLike<unknown>;
}

/**
 * A vector of whole numbers or floats without nulls, read from the arrays that it has them in, which makes an upload of
 * 1M × 4 four times as fast as by its method, and eight times where it has a chunk for each 2048 rows (Node 20, one thread).
 * Null where it is none, as of halves, whose arrays have their bits, or of dates, which have units.
 */
function plainValuesOf(vector: object): ((i: number) => unknown) | null {
  const type = propertyOf(vector, 'type') as { typeId?: unknown; precision?: unknown } | null | undefined;
  const chunks = propertyOf(vector, 'data') as readonly Chunk[] | undefined;
  const isPlain = type?.typeId === 2 || (type?.typeId === 3 && type.precision !== 0);
  if (!isPlain || !Array.isArray(chunks)) return null;
  if (!chunks.every(({ nullCount, values }: Chunk) => nullCount === 0 && ArrayBuffer.isView(values))) return null;
  let next = 0;
  let start = 0;
  let end = 0;
  let values: ArrayLike<unknown>;
  return (i) => {
    if (i < start) next = end = 0;
    while (i >= end) {
      start = end;
      ({ values } = chunks[next]);
      end += chunks[next++].length;
    }
    return values[i - start];
  };
}

/** A copy: what the caller does with the array later is no concern of the points. */
export function checkWeights(given: Weights | undefined, n: number): Float32Array | null {
  if (given === undefined) return null;
  const values = checkNumbers('sampleWeight', given, n);
  const weights = new Float32Array(n);
  let total = 0;
  for (let i = 0; i < n; i++) {
    const value = rounded(values[i]);
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
