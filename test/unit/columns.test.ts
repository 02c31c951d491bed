/** Columns as Arrow, flechette and Parquet files have them. */
import { readFile } from 'node:fs/promises';
import {
  type DataType,
  DateDay,
  Dictionary,
  Float16,
  Float64,
  Int8,
  Int32,
  Int64,
  makeVector,
  Table,
  TimestampMicrosecond,
  tableFromIPC,
  tableToIPC,
  Utf8,
  type Vector,
  vectorFromArray,
} from 'apache-arrow';
import { parquetRead, parquetReadObjects } from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { describe, expect, test } from 'vitest';
import { type Column, kmeans, type PointsInput } from '../../src/index.ts';
import { kmeansSync } from '../../src/sync.ts';

/** As much of flechette as is used: its own declarations do not compile where nothing may be any. */
interface Flechette {
  tableFromArrays(data: object, options: { types: object }): FlechetteTable;
  tableToIPC(table: FlechetteTable): Uint8Array;
  tableFromIPC(bytes: Uint8Array, options?: { useBigInt: boolean }): FlechetteTable;
  columnFromArray(data: readonly unknown[], type: unknown): FlechetteColumn;
  float32(): unknown;
  float64(): unknown;
  int64(): unknown;
}

interface FlechetteTable {
  readonly names: readonly string[];
  getChild(name: string): FlechetteColumn;
}

interface FlechetteColumn {
  readonly length: number;
  readonly data: readonly unknown[];
  at(index: number): unknown;
}

const flechette = (await import('@uwdata/flechette' as string)) as Flechette;

const N = 300;
/** Whole numbers, so that columns of all types can hold them. */
const X = Array.from({ length: N }, (_, i) => 20 * (i % 3) + (i % 7));
const Y = Array.from({ length: N }, (_, i) => -15 * (i % 3) + (i % 5));
const rows = X.map((x, i) => [x, Y[i]]);
const init = rows.slice(0, 3);
const expected = kmeansSync(rows, { k: 3, init });

function expectTheSame(points: Parameters<typeof kmeansSync>[0]): void {
  const model = kmeansSync(points, { k: 3, init });
  expect([...model.labels]).toEqual([...expected.labels]);
  expect([...model.centroids]).toEqual([...expected.centroids]);
}

/** As files and query results have them: of several batches. */
function inChunks(vector: Vector): Vector {
  const parts = [0, 1, 100, 100, 228].map((start, i, starts) => vector.slice(start, starts[i + 1] ?? N));
  return parts[0].concat(...parts.slice(1));
}

describe('vectors of apache-arrow', () => {
  const bigints = (values: readonly number[]) => values.map(BigInt);
  test.each<[string, Vector, Vector]>([
    ['float64', vectorFromArray(X, new Float64()), vectorFromArray(Y, new Float64())],
    ['float32 of a typed array', makeVector(Float32Array.from(X)), makeVector(Float32Array.from(Y))],
    ['float16, held as bits', vectorFromArray(X, new Float16()), vectorFromArray(Y, new Float16())],
    ['int8', vectorFromArray(X, new Int8()), vectorFromArray(Y, new Int8())],
    ['int64', vectorFromArray(bigints(X), new Int64()), vectorFromArray(bigints(Y), new Int64())],
    ['float64 behind indices', dictionary(X), dictionary(Y)],
  ])('%s', (_, x, y) => {
    const table = new Table({ x, y });
    expectTheSame({ columns: [table.getChild('x')!, table.getChild('y')!] });
    expectTheSame({ columns: [inChunks(x), inChunks(y)] });
    expectTheSame({ columns: [inChunks(x), y.slice(0, N)] });
    // A slice begins within the memory of its vector.
    const later = (vector: Vector) => vector.slice(0, 3).concat(vector.slice(3));
    expectTheSame({ columns: [later(x), later(y)] });
    const read = tableFromIPC(tableToIPC(table));
    expectTheSame({ columns: read.schema.names.map((name) => read.getChild(name)!) });
  });

  test('dates and times are numbers in the units of their values, not of the memory that holds them', () => {
    const days = vectorFromArray(
      X.map((x) => new Date(x * 86_400_000)),
      new DateDay(),
    );
    const micros = vectorFromArray(X, new TimestampMicrosecond());
    const model = kmeansSync({ columns: [days, micros] }, { k: 1 });
    const mean = X.reduce((sum, x) => sum + x) / N;
    expect(model.centroids[0] / 86_400_000).toBeCloseTo(mean, 3);
    expect(model.centroids[1]).toBeCloseTo(X.reduce((sum, _, i) => sum + Number(micros.get(i))) / N, 6);
  });

  test('values are read by index, in whatever order', () => {
    const columns = [inChunks(vectorFromArray(X, new Int32()))];
    // The k farthest rows of a start are gathered one by one, from the last chunk to the first.
    const backwards = { columns: [{ length: N, at: (i: number) => columns[0].get(i) }] };
    const options = { k: 5, seed: 3 } as const;
    expect([...kmeansSync({ columns }, options).centroids]).toEqual([...kmeansSync(backwards, options).centroids]);
  });

  test('a null is a RangeError that names its column and row, in whatever chunk', async () => {
    const withNull = vectorFromArray(
      Y.map((y, i) => (i === 217 ? null : y)),
      new Float64(),
    );
    for (const y of [withNull, inChunks(withNull)]) {
      const points = { columns: [vectorFromArray(X, new Float64()), y] };
      await expect(kmeans(points, { k: 3 })).rejects.toThrow(new RangeError('points.columns[1][217] is null'));
      // What a query would call WHERE y IS NOT NULL.
      const whole = points.columns.map((column) => vectorFromArray([...column].filter((_, i) => y.isValid(i))));
      expect((await kmeans({ columns: whole }, { k: 3, init })).labels).toHaveLength(N - 1);
    }
  });

  test.each<[string, Column, RegExp]>([
    ['text', vectorFromArray(X.map(String), new Utf8()), /columns\[0\]\[0\] must be a number, got the string '0'/],
    ['text behind indices', dictionaryOfText(), /columns\[0\]\[0\] must be a number, got the string 'group 0'/],
    ['truth values', vectorFromArray(X.map((x) => x > 9)), /columns\[0\]\[0\] must be a number, got false/],
    ['lists', vectorFromArray(X.map((x) => [x])), /columns\[0\]\[0\] must be a number, got Vector/],
    ['no memory', vectorFromArray([], new Float64()), /columns\[0\] must have at least one value/],
    ['NaN', makeVector(Float64Array.from(X, (x, i) => (i === 9 ? NaN : x))), /columns\[0\]\[9\] must be finite/],
  ])('%s', async (_, column, message) => {
    await expect(kmeans({ columns: [column] }, { k: 2 })).rejects.toThrow(message);
  });

  test.each<[string, PointsInput, string]>([
    [
      'a table',
      new Table({ x: vectorFromArray(X) }) as unknown as PointsInput,
      '{ columns: [table.getChild(name), …] }',
    ],
    ['a vector', vectorFromArray(X) as unknown as PointsInput, 'is an Arrow vector'],
    ['a column that is none', { columns: [new Table({}).getChild('x' as never)!] }, 'points.columns[0] must be'],
  ])('instead of columns %s', async (_, points, message) => {
    await expect(kmeans(points, { k: 2 })).rejects.toThrow(message);
  });

  function dictionary(values: readonly number[]): Vector {
    return vectorFromArray([...values], new Dictionary<DataType, Int32>(new Float64(), new Int32()));
  }

  function dictionaryOfText(): Column {
    return vectorFromArray(
      X.map((_, i) => `group ${i % 3}`),
      new Dictionary(new Utf8(), new Int32()),
    );
  }
});

describe('columns of flechette', () => {
  test.each([
    ['float64', flechette.float64()],
    ['float32', flechette.float32()],
    ['int64', flechette.int64()],
  ])('%s', (_, type) => {
    const table = flechette.tableFromArrays({ x: X, y: Y }, { types: { x: type, y: type } });
    expectTheSame({ columns: [table.getChild('x'), table.getChild('y')] });
    const read = flechette.tableFromIPC(flechette.tableToIPC(table));
    expectTheSame({ columns: read.names.map((name) => read.getChild(name)) });
    const bigints = flechette.tableFromIPC(flechette.tableToIPC(table), { useBigInt: true });
    expectTheSame({ columns: bigints.names.map((name) => bigints.getChild(name)) });
  });

  test('of several batches, as Arrow writes them', () => {
    const chunked = tableToIPC(new Table({ x: inChunks(vectorFromArray(X)), y: inChunks(vectorFromArray(Y)) }));
    const table = flechette.tableFromIPC(chunked);
    expect(table.getChild('x').data.length).toBeGreaterThan(1);
    expectTheSame({ columns: [table.getChild('x'), table.getChild('y')] });
  });

  test('a null', async () => {
    const column = flechette.columnFromArray([1, 2, null, 4], flechette.float32());
    await expect(kmeans({ columns: [column] }, { k: 2 })).rejects.toThrow('points.columns[0][2] is null');
  });
});

describe('a Parquet file, by hyparquet', async () => {
  const path = new URL('../../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url);
  const file = (await readFile(path)).buffer as ArrayBuffer;
  const names = ['delay', 'distance'];
  const asked = { file, compressors, columns: names, rowStart: 0, rowEnd: 5000 };

  test('columns as they come, and rows', async () => {
    const chunks: Record<string, Column[]> = { delay: [], distance: [] };
    await parquetRead({ ...asked, onChunk: ({ columnName, columnData }) => chunks[columnName].push(columnData) });
    const whole = names.map((name) => chunks[name].flatMap((chunk) => Array.from(chunk as ArrayLike<number>)));
    const rows = await parquetReadObjects(asked);
    const options = {
      k: 4,
      init: [
        [0, 0],
        [0, 500],
        [0, 2000],
        [90, 500],
      ],
    };
    const fromColumns = kmeansSync({ columns: whole.map((column) => column.slice(0, 5000)) }, options);
    const fromRows = kmeansSync(
      rows.map((row) => names.map((name) => Number(row[name]))),
      options,
    );
    expect([...fromColumns.centroids]).toEqual([...fromRows.centroids]);
  });
});
