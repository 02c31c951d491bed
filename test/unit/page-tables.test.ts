/** Files become tables, broken ones say why they do not, and tables become files again. */
import {
  dictionary,
  int32,
  list,
  setCompressionCodec,
  tableFromArrays,
  tableToIPC,
  timeSecond,
  timestamp,
  utf8,
} from '@uwdata/flechette';
import fc from 'fast-check';
import { gzipSync, strToU8, zipSync } from 'fflate';
import { decompress } from 'fzstd';
import { parquetMetadata } from 'hyparquet';
import { parquetHeader } from 'hyparquet/src/column.js';
import { type ColumnSource, parquetWriteBuffer } from 'hyparquet-writer';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { csvWithColumns, tableAsCsv, tableAsParquet } from '../../demo/results/table-file.ts';
import { loadBuiltin } from '../../demo/tables/builtin.ts';
import { BUILTIN } from '../../demo/tables/builtin-list.ts';
import { loadFlights } from '../../demo/tables/flights.ts';
import { tableOfPixels } from '../../demo/tables/image.ts';
import { joined, narrowed } from '../../demo/tables/narrowed.ts';
import { numberEnd, readNumber } from '../../demo/tables/numbers.ts';
import { decode, type Packed } from '../../demo/tables/pages.ts';
import { readTable } from '../../demo/tables/read.ts';
import type { Column, Table } from '../../demo/tables/table.ts';
import { UnreadableError } from '../../demo/tables/unreadable.ts';
import { goldenFlights } from '../golden/flights.ts';

const reading = { signal: new AbortController().signal, onProgress: () => undefined };

type Content = string | Uint8Array<ArrayBuffer> | ArrayBuffer;

function read(content: Content | Blob, name = 'file'): Promise<Table> {
  return readTable(content instanceof Blob ? content : new Blob([content]), name, reading);
}

/** Values as people see them: texts, and null where there is none. */
function valuesOf(column: Column): (number | string | null)[] {
  if (column.measure === 'text') return Array.from(column.codes, (code) => (code === 0 ? null : column.words[code]));
  return Array.from(column.values, (value) => (Number.isNaN(value) ? null : value));
}

function rowsOf(table: Table) {
  return Object.fromEntries(table.columns.map((column) => [column.name, valuesOf(column)]));
}

function measuresOf(table: Table) {
  return Object.fromEntries(table.columns.map(({ name, measure }) => [name, measure]));
}

const saidOf = (table: Table) => table.remarks.join('\n');

test('of whole numbers that double precision cannot tell apart it is said that they are rounded', async () => {
  const columnData: ColumnSource[] = [
    { name: 'key', data: [9007199254740993n, 5n], type: 'INT64' },
    { name: 'count', data: [9007199254740991n, 5n], type: 'INT64' },
  ];
  const rounded = /^Numbers beyond 9,007,199,254,740,991 in [^,]*key[^,]* are rounded/;
  expect((await read(parquetWriteBuffer({ columnData }))).remarks).toEqual([expect.stringMatching(rounded)]);
  expect(saidOf(await read('key,count\n9007199254740993,1\n5,2\n'))).toMatch(/key.* are rounded/);
  expect(saidOf(await read('key,count\n1e300,1\n5,2\n'))).not.toMatch(/rounded/);
});

describe('numbers', () => {
  const parse = (text: string) => readNumber(new TextEncoder().encode(`${text}\n`), 0, 46);

  test('are those of the language, to the last bit', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: 0, max: 20 }), (x, digits) => {
        for (const text of [String(x), x.toExponential(digits), x.toFixed(digits)]) {
          expect(Object.is(parse(text), Number(text)), text).toBe(true);
          expect(numberEnd).toBe(text.length);
        }
      }),
    );
  });

  test.each([
    '9007199254740991',
    '9007199254740993',
    '0.1',
    '1e22',
    '1e23',
    '123456789012345678e-30',
    '.5',
    '5.',
    '+7',
    '-0',
  ])('%s', (text) => expect(Object.is(parse(text), Number(text))).toBe(true));

  test.each(['', '.', '-', 'e5', 'x'])('“%s” is none', (text) => expect(parse(text)).toBeNaN());
});

describe('delimited text', () => {
  test('has types, guessed from all values', async () => {
    const table = await read(
      [
        'id,x,when,at,ok,city,big',
        '1,1.5e3,2001-01-17,7:05,true,Bern,"1,234"',
        '2,-2,2001-02-01 12:30:15.5,23:59:30,false,Köln,12',
        '3,.25,2001-01-01T00:00Z,00:00,true,Bern,"1,000,000"',
      ].join('\n'),
    );
    expect(table.n).toBe(3);
    expect(measuresOf(table)).toEqual({
      ...{ id: 'number', x: 'number', when: 'date', at: 'time', ok: 'boolean', city: 'text', big: 'number' },
    });
    expect(rowsOf(table)).toEqual({
      id: [1, 2, 3],
      x: [1500, -2, 0.25],
      when: [Date.UTC(2001, 0, 17), Date.UTC(2001, 1, 1, 12, 30, 15, 500), Date.UTC(2001, 0, 1)],
      at: [425, 1439.5, 0],
      ok: [1, 0, 1],
      city: ['Bern', 'Köln', 'Bern'],
      big: [1234, 12, 1e6],
    });
    expect(table.columns[0]).toHaveProperty('values', Int8Array.of(1, 2, 3));
  });

  test('has gaps in many ways', async () => {
    const table = await read('a,b\n1,x\n,NA\nNA,N/A\nNaN,null\nnull,none\nNone,-\n-,?\n?,\n9,y\n');
    const gaps = Array(7).fill(null);
    expect(rowsOf(table)).toEqual({ a: [1, ...gaps, 9], b: ['x', ...gaps, 'y'] });
  });

  test.each([
    [',', '1.5'],
    [';', '1,5'],
    ['\t', '1.5'],
    ['|', '1,5'],
  ])('parted by %j, with %s', async (delimiter, number) => {
    const lines = ['name', 'value'].join(delimiter);
    const table = await read(`${lines}\r\n${['a', number].join(delimiter)}\r\n${['b', '2'].join(delimiter)}\r\n`);
    expect(rowsOf(table)).toEqual({ name: ['a', 'b'], value: [1.5, 2] });
    expect(table.delimited).toMatchObject({ delimiter, decimal: number[1], hasHeader: true, encoding: 'utf-8' });
  });

  test('in a file of semicolons, points stand between thousands where it is certain', async () => {
    const table = await read('a;b\n1.234,5;1,5\n12,25;2,5\n1.000.000;3\n');
    expect(rowsOf(table)).toEqual({ a: [1234.5, 12.25, 1e6], b: [1.5, 2.5, 3] });
  });

  test('quotes hold delimiters, line ends and quotes', async () => {
    const table = await read('"a","b, c"\n"x, ""y""\nz",1\n"2","3"\n');
    expect(rowsOf(table)).toEqual({ a: ['x, "y"\nz', '2'], 'b, c': [1, 3] });
  });

  test('has no header where the first line is data', async () => {
    const table = await read('1,2\n3,4\n');
    expect(rowsOf(table)).toEqual({ 'column 1': [1, 3], 'column 2': [2, 4] });
    expect(saidOf(table)).toContain('no line with names');
  });

  test('has one of years, or of numbers in a row', async () => {
    expect(rowsOf(await read('land,2019,2020\nA,1.5,2\nB,3,4\n'))).toEqual({
      land: ['A', 'B'],
      2019: [1.5, 3],
      2020: [2, 4],
    });
    expect(rowsOf(await read(',0,1\n0,5,6\n1,7,8\n'))).toEqual({ 'column 1': [0, 1], 0: [5, 7], 1: [6, 8] });
  });

  test('begins below titles and notes', async () => {
    const table = await read('Report\n# all of it\n\na,b,c\n1,2,x\n3,4,y\n');
    expect(rowsOf(table)).toEqual({ a: [1, 3], b: [2, 4], c: ['x', 'y'] });
    expect(saidOf(table)).toContain('2 lines above the table');
  });

  test('may have names for all columns but the first, as R writes it', async () => {
    expect(rowsOf(await read('"a","b"\n"one",1,2\n"two",3,4\n'))).toEqual({
      'column 1': ['one', 'two'],
      a: [1, 3],
      b: [2, 4],
    });
  });

  test('names are distinct, and what a last delimiter makes is no column', async () => {
    expect(Object.keys(rowsOf(await read('a,a,,\n1,2,3,\n4,5,6,\n')))).toEqual(['a', 'a (2)', 'column 3']);
  });

  test.each([
    ['31/12/2001', Date.UTC(2001, 11, 31)],
    ['12/31/2001', Date.UTC(2001, 11, 31)],
    ['31.12.2001 08:30', Date.UTC(2001, 11, 31, 8, 30)],
    ['2001/12/31', Date.UTC(2001, 11, 31)],
    ['2001-12-31T23:30:00-05:00', Date.UTC(2002, 0, 1, 4, 30)],
    ['2001-12', Date.UTC(2001, 11, 1)],
  ])('%s is a date', async (text, date) => {
    const [column] = (await read(`when\n${text}\n${text}\n`)).columns;
    expect([column.measure, ...valuesOf(column)]).toEqual(['date', date, date]);
  });

  test.each(['2001-02-30', '25:00', '2001-13-01', '31/31/2001'])('%s is none', async (text) => {
    expect((await read(`when\n${text}\n`)).columns[0].measure).toBe('text');
  });

  test('dates that may be either stay text, and are told of', async () => {
    const table = await read('when\n01/02/2001\n03/04/2001\n');
    expect(table.columns[0].measure).toBe('text');
    expect(saidOf(table)).toContain('day from the month');
  });

  test('a few texts among numbers are gaps, and told of', async () => {
    const numbers = Array.from({ length: 999 }, (_, i) => `${i},x`);
    const table = await read(`a,b\n${numbers.join('\n')}\nunknown,y\n`);
    expect(table.columns[0].measure).toBe('number');
    expect(valuesOf(table.columns[0]).at(-1)).toBe(null);
    expect(saidOf(table)).toContain('“a”: 1 value that is no number, such as “unknown”');
  });

  test('many of them make a column of text, of which nothing is lost', async () => {
    const numbers = Array.from({ length: 2000 }, (_, i) => `00${i}`);
    const texts = Array.from({ length: 100 }, (_, i) => `A${i}`);
    const table = await read(`code\n${[...numbers, ...texts].join('\n')}\n`);
    expect(valuesOf(table.columns[0])).toEqual([...numbers, ...texts]);
  });

  test('is in UTF-8, UTF-16 or windows-1252', async () => {
    const text = 'größe,ort\n1,Köln\n2,Málaga\n';
    const rows = { größe: [1, 2], ort: ['Köln', 'Málaga'] };
    const wide = (isLittle: boolean) => {
      const view = new DataView(new ArrayBuffer(2 * text.length + 2));
      Array.from(`\ufeff${text}`, (letter, i) => view.setUint16(2 * i, letter.charCodeAt(0), isLittle));
      return view.buffer;
    };
    const latin = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    for (const content of [text, `\ufeff${text}`, wide(true), wide(false), latin]) {
      expect(rowsOf(await read(content))).toEqual(rows);
    }
    expect(saidOf(await read(latin))).toContain('windows-1252');
  });

  test('lines that are too short are filled, and those that are too long left out', async () => {
    const table = await read('a,b\n1,2\n3\n4,5,6\n7,8,\n\n9,10\n11,12\n');
    expect(rowsOf(table)).toEqual({ a: [1, 3, 7, 9, 11], b: [2, null, 8, 10, 12] });
    expect(saidOf(table)).toContain('1 line with fewer than 2 values');
    expect(saidOf(table)).toContain('1 line with more than 2 values');
    expect(saidOf(table)).toContain('Line 3 has 1 value, the header has 2.');
  });

  test('is the same in whatever blocks it comes', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', ',', '"', '\n', '\r', ' ', '€'), maxLength: 12 });
    const cell = fc.oneof(text, fc.double({ noNaN: true, noDefaultInfinity: true }).map(String));
    const quote = (value: string) => `"${value.replaceAll('"', '""')}"`;
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 30 }), async (rows) => {
        // Long enough for several blocks, with a boundary at each place in turn.
        const filler = 'x'.repeat(2 ** 20 - 40);
        const content = `t,u,v\n${filler},,\n${rows.map(([a, b]) => `z,${quote(a)},${quote(`_${b}`)}`).join('\n')}\n`;
        const table = await read(content);
        expect(table.n).toBe(rows.length + 1);
        expect(valuesOf(table.columns[2])).toEqual([null, ...rows.map(([, b]) => `_${b}`.trim())]);
      }),
      { numRuns: 15 },
    );
  });

  test('a gap of a thousand rows does not make dates or numbers texts', async () => {
    const table = await read(`a,b,c\n${'x,,\n'.repeat(1000)}y,2001-01-01,1.5\n`);
    expect(measuresOf(table)).toEqual({ a: 'text', b: 'date', c: 'number' });
  });
});

describe('other formats', () => {
  const columnData: ColumnSource[] = [
    { name: 'x', data: Float64Array.of(1.5, 2.25, -3), type: 'DOUBLE' },
    { name: 'big', data: BigInt64Array.of(1n, 2n, 3_000_000_000n), type: 'INT64' },
    { name: 'gaps', data: [1, null, 3], type: 'INT32' },
    { name: 'when', data: [new Date(0), null, new Date(86_400_500)], type: 'TIMESTAMP' },
    { name: 'ok', data: [true, false, null], type: 'BOOLEAN' },
    { name: 'city', data: ['Bern', null, 'Bern'], type: 'STRING' },
    { name: 'more', data: [{ a: 1 }, { a: 2 }, { a: 3 }], type: 'JSON' },
  ];
  const rows = {
    x: [1.5, 2.25, -3],
    big: [1, 2, 3e9],
    gaps: [1, null, 3],
    when: [0, null, 86_400_500],
    ok: [1, 0, null],
    city: ['Bern', null, 'Bern'],
  };

  test('Parquet', async () => {
    const gzip = (bytes: Uint8Array) => gzipSync(bytes);
    for (const codec of ['SNAPPY', 'UNCOMPRESSED', 'GZIP'] as const) {
      const table = await read(parquetWriteBuffer({ columnData, codec, compressors: { GZIP: gzip }, rowGroupSize: 2 }));
      expect(rowsOf(table)).toEqual(rows);
      expect(measuresOf(table)).toMatchObject({ when: 'date', ok: 'boolean', city: 'text' });
      expect(saidOf(table)).toBe('Left out, because they hold lists, records or bytes: “more”.');
    }
  });

  test('Parquet of whatever numbers, as it is packed', async () => {
    const numbers = {
      INT32: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      INT64: fc.maxSafeInteger(),
      FLOAT: fc.float({ noNaN: true, noDefaultInfinity: true }),
      DOUBLE: fc.double({ noNaN: true, noDefaultInfinity: true }),
    };
    const few = fc.constantFrom(1, 2, 70_000);
    const column = fc.constantFrom('INT32', 'INT64', 'FLOAT', 'DOUBLE').chain((type) =>
      fc.record({
        type: fc.constant(type),
        values: fc.array(fc.option(fc.oneof(few, numbers[type])), { minLength: 1, maxLength: 200 }),
        isDelta: fc.boolean(),
        pageSize: fc.constantFrom(64, 2 ** 20),
      }),
    );
    await fc.assert(
      fc.asyncProperty(column, fc.boolean(), async ({ type, values, isDelta, pageSize }, hasGaps) => {
        const there = hasGaps ? values : values.map((value) => value ?? 7);
        const data = type === 'INT64' ? there.map((value) => value && BigInt(value)) : there;
        const encoding = isDelta && type.startsWith('INT') ? { encoding: 'DELTA_BINARY_PACKED' as const } : {};
        const source: ColumnSource = { name: 'x', data, type, nullable: hasGaps, ...encoding };
        const table = await read(parquetWriteBuffer({ columnData: [source], pageSize, rowGroupSize: 90 }));
        // Whole numbers have no −0.
        const withoutSign = (value: number | string | null) => (value === null ? null : Number(value) + 0);
        expect(valuesOf(table.columns[0]).map(withoutSign)).toEqual(there.map(withoutSign));
      }),
      { numRuns: 200 },
    );
  });

  test('Parquet of days, times and unsigned numbers', async () => {
    const column = (name: string, data: unknown[], more: object) => ({
      name,
      data,
      schema: { name, repetition_type: 'OPTIONAL', ...more },
    });
    const columns = [
      column('day', [11_340, null], { type: 'INT32', converted_type: 'DATE' }),
      column('millis', [5_400_000, null], { type: 'INT32', converted_type: 'TIME_MILLIS' }),
      column('micros', [5_400_000_000n, null], { type: 'INT64', converted_type: 'TIME_MICROS' }),
      column('stamp', [979_776_000_000_500n, null], { type: 'INT64', converted_type: 'TIMESTAMP_MICROS' }),
      column('unsigned', [4_000_000_000, null], { type: 'INT32', converted_type: 'UINT_32' }),
    ];
    const root = { name: 'root', num_children: columns.length };
    const schema = [root, ...columns.map((column) => column.schema)] as Parameters<
      typeof parquetWriteBuffer
    >[0]['schema'] & {};
    const table = await read(
      parquetWriteBuffer({ columnData: columns.map(({ name, data }) => ({ name, data })), schema }),
    );
    expect(rowsOf(table)).toEqual({
      ...{ day: [979_776_000_000, null], millis: [90, null], micros: [90, null] },
      ...{ stamp: [979_776_000_000.5, null], unsigned: [4e9, null] },
    });
    expect(measuresOf(table)).toMatchObject({
      day: 'date',
      millis: 'time',
      micros: 'time',
      stamp: 'date',
      unsigned: 'number',
    });
  });

  test.each(['file', 'stream'] as const)('Arrow, as a %s', async (format) => {
    const arrays = {
      ...{ x: [1.5, null, -3], n: Int32Array.of(1, 2, 3), city: ['a', null, 'b'], coded: ['q', 'r', 'q'] },
      ...{ when: [new Date(0), null, new Date(1500)], at: [0, 90, 3600], many: [[1], [2], [3]] },
    };
    const types = { coded: dictionary(utf8()), when: timestamp(), at: timeSecond(), many: list(int32()) };
    const table = await read(tableToIPC(tableFromArrays(arrays, { types }), { format }));
    expect(rowsOf(table)).toEqual({
      ...{ x: [1.5, null, -3], n: [1, 2, 3], city: ['a', null, 'b'], coded: ['q', 'r', 'q'] },
      ...{ when: [0, null, 1500], at: [0, 1.5, 60] },
    });
    expect(measuresOf(table)).toMatchObject({ when: 'date', at: 'time', n: 'number' });
    expect(saidOf(table)).toContain('“many”');
  });

  function npy(descr: string, order: string, shape: string, values: ArrayBuffer): Uint8Array<ArrayBuffer> {
    const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${shape}), }`.padEnd(117);
    const bytes = new Uint8Array(128 + values.byteLength);
    bytes.set(Uint8Array.from('\x93NUMPY\x01\x00\x76\x00', (letter) => letter.charCodeAt(0)));
    bytes.set(strToU8(`${text}\n`), 10);
    bytes.set(new Uint8Array(values), 128);
    return bytes;
  }

  test('NumPy', async () => {
    const rows = { 'column 1': [1, 2], 'column 2': [0.5, 4], 'column 3': [-1, 6] };
    const c = Float32Array.of(1, 0.5, -1, 2, 4, 6);
    expect(rowsOf(await read(npy('<f4', 'False', '2, 3', c.buffer)))).toEqual(rows);
    expect(rowsOf(await read(npy('<f8', 'True', '2, 3', Float64Array.of(1, 2, 0.5, 4, -1, 6).buffer)))).toEqual(rows);
    expect(rowsOf(await read(npy('<i8', 'False', '3,', BigInt64Array.of(1n, -2n, 3n).buffer)))).toEqual({
      value: [1, -2, 3],
    });
    const big = new DataView(new ArrayBuffer(4));
    big.setInt16(0, 258);
    expect(rowsOf(await read(npy('>i2', 'False', '2,', big.buffer)))).toEqual({ value: [258, 0] });
    const truth = await read(npy('|b1', 'False', '2,', Uint8Array.of(1, 0).buffer));
    expect(truth.columns[0]).toMatchObject({ measure: 'boolean', values: Int8Array.of(1, 0) });
    expect(rowsOf(await read(npy('<f2', 'False', '3,', Uint16Array.of(0x3c00, 0xc000, 0x7e00).buffer)))).toEqual({
      value: [1, -2, null],
    });
  });

  test('JSON, of lines and of a list', async () => {
    const objects = [
      { a: 1, b: 'x', when: '2001-01-01', deep: { c: 1 } },
      { a: null, b: null, when: null, late: true },
      { a: 2.5, b: 'y', when: '2002-01-01' },
    ];
    const rows = {
      a: [1, null, 2.5],
      b: ['x', null, 'y'],
      when: [978307200000, null, 1009843200000],
      late: [null, 1, null],
    };
    const lines = objects.map((object) => JSON.stringify(object)).join('\n');
    for (const text of [lines, JSON.stringify(objects), JSON.stringify({ rows: objects }, null, 2)]) {
      const table = await read(text);
      expect(rowsOf(table)).toEqual(rows);
      expect(saidOf(table)).toContain('“deep”');
    }
    expect(rowsOf(await read('[[1, "a"], [2, "b"]]'))).toEqual({ 'column 1': [1, 2], 'column 2': ['a', 'b'] });
    expect(rowsOf(await read('{"a": 1, "b": 2}'))).toEqual({ a: [1], b: [2] });
    // Of columns, and as pandas writes them.
    const columns = { a: [1, null, 2.5], b: ['x', 'y', 'z'] };
    const byIndex = { a: { 0: 1, 1: null, 2: 2.5 }, b: { 0: 'x', 1: 'y', 2: 'z' } };
    for (const text of [JSON.stringify(columns), JSON.stringify(columns, null, 2), JSON.stringify(byIndex)]) {
      expect(rowsOf(await read(text))).toEqual(columns);
    }
  });

  function xlsx(sheet: string, others: readonly string[] = []): Uint8Array<ArrayBuffer> {
    const main = 'http://schemas.openxmlformats.org/spreadsheetml/2006/main';
    const office = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';
    const names = [sheet, ...others].map((_, i) => i + 1);
    const files = {
      '[Content_Types].xml': '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"></Types>',
      'xl/workbook.xml': `<workbook xmlns="${main}" xmlns:r="${office}"><sheets>${names
        .map((i) => `<sheet name="S${i}" sheetId="${i}" r:id="r${i}"/>`)
        .join('')}</sheets></workbook>`,
      'xl/_rels/workbook.xml.rels': `<Relationships>${names
        .map((i) => `<Relationship Id="r${i}" Type="${office}/worksheet" Target="worksheets/sheet${i}.xml"/>`)
        .join('')}</Relationships>`,
      'xl/styles.xml': `<styleSheet xmlns="${main}"><cellXfs><xf numFmtId="0"/><xf numFmtId="14"/></cellXfs></styleSheet>`,
      ...Object.fromEntries(
        [sheet, ...others].map((data, i) => [
          `xl/worksheets/sheet${i + 1}.xml`,
          `<worksheet xmlns="${main}"><sheetData>${data}</sheetData></worksheet>`,
        ]),
      ),
    };
    return zipSync(Object.fromEntries(Object.entries(files).map(([path, text]) => [path, strToU8(text)]))).slice();
  }

  test('spreadsheets', async () => {
    const text = (at: string, value: string) => `<c r="${at}" t="inlineStr"><is><t>${value}</t></is></c>`;
    // Large enough for the library to want a worker.
    const many = Array.from({ length: 20_000 }, (_, i) => `<row r="${i + 4}"><c r="A${i + 4}"><v>${i}</v></c></row>`);
    const sheet = [
      `<row r="1">${text('A1', 'size')}${text('B1', 'name')}${text('C1', 'when')}</row>`,
      `<row r="2"><c r="A2"><v>1.5</v></c>${text('B2', 'x')}<c r="C2" s="1"><v>36526</v></c></row>`,
      `<row r="3"><c r="A3"><v>2</v></c>${text('B3', 'y')}<c r="C3" s="1"><v>36527</v></c></row>`,
      ...many,
    ].join('');
    const table = await read(xlsx(sheet, ['']));
    expect(table.n).toBe(20_002);
    const { size, name, when } = rowsOf(table);
    expect([size.slice(0, 3), name.slice(0, 3), when.slice(0, 3)]).toEqual([
      [1.5, 2, 0],
      ['x', 'y', null],
      [Date.UTC(2000, 0, 1), Date.UTC(2000, 0, 2), null],
    ]);
    expect(measuresOf(table)).toEqual({ size: 'number', name: 'text', when: 'date' });
    expect(saidOf(table)).toContain('The first of 2 sheets');
  });

  test('what is packed with gzip', async () => {
    const table = await read(gzipSync(strToU8('a,b\n1,2\n')).slice());
    expect(rowsOf(table)).toEqual({ a: [1], b: [2] });
    // The file itself is no text that columns could be added to.
    expect(table).not.toHaveProperty('delimited');
  });

  test('pixels', async () => {
    const data = Uint8ClampedArray.of(255, 255, 255, 255, 0, 0, 0, 0, 255, 0, 0, 255, 255, 255, 255, 9);
    const table = await tableOfPixels({ width: 2, height: 2, data }, 'image', reading);
    const { lightness, a, b, x, y } = rowsOf(table);
    expect({ x, y }).toEqual({ x: [0, 0, 1], y: [0, 1, 1] });
    expect(lightness.map((value) => Number(value).toFixed(3))).toEqual(['1.000', '0.628', '1.000']);
    expect([a[1], b[1]].map((value) => Number(value).toFixed(3))).toEqual(['0.225', '0.126']);
    expect(saidOf(table)).toContain('1 transparent');
  });

  const lz4 = () => {
    const bytes = parquetWriteBuffer({ columnData, codec: 'LZ4', compressors: { LZ4: (bytes) => bytes } });
    return new Uint8Array(bytes);
  };
  const parquet = () => new Uint8Array(parquetWriteBuffer({ columnData }));
  const arrow = () => tableToIPC(tableFromArrays({ x: Float64Array.of(1, 2, 3) }), { format: 'file' });

  test.each<[string, () => Content, RegExp]>([
    ['nothing', () => '', /is empty/],
    ['only names', () => 'a,b\n', /no rows/],
    ['nothing but delimiters', () => ',,\n,,\n,,\n', /no values/],
    ['ragged text', () => 'a,b,c\n1,2\n3,4\n5,6,7\n', /^Line 2 has 2 values, the header has 3\.$/],
    ['an open quote', () => 'a,b\n1,2\n3,"4\n5,6\n', /quote \("\) that opens in line 3 is never closed/],
    ['a PDF', () => '%PDF-1.7\n', /looks like a PDF/],
    ['a web page', () => '<!doctype html><p>Not found', /looks like a web page/],
    ['an old spreadsheet', () => Uint8Array.of(0xd0, 0xcf, 0x11, 0xe0, 0), /old Excel file/],
    ['half a gzip file', () => gzipSync(strToU8('a,b\n1,2\n')).slice(0, 20), /gzip file is damaged or cut short/],
    ['another archive', () => zipSync({ 'a.txt': strToU8('a') }).slice(), /begins with “a\.txt”/],
    ['bytes of nothing', () => Uint8Array.of(0, 1, 2, 3), /none of the formats/],
    ['a Parquet file with LZ4', lz4, /codec LZ4, which this page cannot unpack/],
    ['half a Parquet file', () => parquet().slice(0, 200), /Parquet file is damaged or cut short/],
    ['half an Arrow file', () => arrow().slice(0, 100), /Arrow file is damaged or cut short/],
    ['an Arrow file of nothing', () => strToU8(`ARROW1\0\0${'x'.repeat(20)}`), /cut short\.$/],
    ['half a NumPy file', () => npy('<f8', 'False', '3, 2', new ArrayBuffer(40)), /has 2 of 3 rows/],
    ['a cube of NumPy', () => npy('<f8', 'False', '1, 1, 1', new ArrayBuffer(8)), /3 dimensions \(1 × 1 × 1\)/],
    ['objects of NumPy', () => npy('|O', 'False', '3,', new ArrayBuffer(8)), /“\|O”/],
    ['broken lines of JSON', () => '{"a": 1}\n{"a": 2\n', /^Line 2 is no JSON/],
    ['numbers of JSON', () => '[1, 2]', /^Element 1 of the list is no object/],
  ])('%s is refused in plain words', async (_, content, words) => {
    await expect(read(content())).rejects.toMatchObject({
      name: 'UnreadableError',
      message: expect.stringMatching(words),
    });
  });

  test('whatever is broken in a file, it is read or refused', async () => {
    const files: readonly Uint8Array[] = [
      ...[parquet(), arrow(), npy('<f8', 'False', '2, 2', Float64Array.of(1, 2, 3, 4).buffer)],
      ...['a;b\n"1";2,5\n3;4\n', '{"a": 1, "b": "x"}\n{"a": 2}\n', '[{"a": 1}]'].map((text) => strToU8(text)),
      xlsx('<row r="1"><c r="A1"><v>1</v></c></row><row r="2"><c r="A2"><v>2</v></c></row>'),
    ];
    const change = fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), fc.integer({ min: 0, max: 255 }));
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...files),
        fc.array(change, { maxLength: 3 }),
        // The end is there as often as not.
        fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
        async (file, changes, part) => {
          const bytes = file.slice(0, Math.ceil(part * file.length));
          for (const [at, byte] of changes) bytes[Math.floor(at * (bytes.length - 1))] = byte;
          const found = await read(bytes).catch((error: unknown) => error);
          if (found instanceof UnreadableError) expect(found.message.length).toBeGreaterThan(10);
          else expect(found).toHaveProperty('columns');
        },
      ),
      { numRuns: 300 },
    );
  });

  test('a reader can be called off', async () => {
    const controller = new AbortController();
    const big = new Blob([`a,b\n${'1,2\n'.repeat(1e6)}`]);
    const promise = readTable(big, 'big', { signal: controller.signal, onProgress: () => controller.abort() });
    await expect(promise).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('progress is told in bytes', async () => {
    const told: number[][] = [];
    const big = new Blob([`a,b\n${'1,2\n'.repeat(1e6)}`]);
    await readTable(big, 'big', { ...reading, onProgress: (...both) => told.push(both) });
    expect(told.length).toBeGreaterThan(2);
    expect(told.at(-1)).toEqual([big.size, big.size]);
  });
});

describe('what is packed with Zstandard', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
    vi.doUnmock('fzstd');
    vi.resetModules();
  });

  /** The readers as a page has them that has read nothing yet. */
  async function loadAnew() {
    vi.resetModules();
    let hasFzstd = false;
    vi.doMock('fzstd', async (original) => {
      hasFzstd = true;
      return original();
    });
    const { withZstd } = await import('../../demo/tables/zstd.ts');
    const { readTable } = await import('../../demo/tables/read.ts');
    const unpack = (packed: Uint8Array, size: number) => withZstd((unpack) => unpack(packed, size));
    const read = (content: Content) => readTable(new Blob([content]), 'file', reading);
    return { unpack, read, hasFzstd: () => hasFzstd };
  }

  /** What the modules get of it that are instantiated, and what their exports are exchanged for. */
  function watchWebAssembly(exchanged: WebAssembly.Exports = {}) {
    const { compile, Instance } = WebAssembly;
    const memories: WebAssembly.Memory[] = [];
    class Watched {
      readonly exports: WebAssembly.Exports;

      constructor(module: WebAssembly.Module, imports: WebAssembly.Imports) {
        const { exports } = new Instance(module, imports);
        memories.push(exports.memory as WebAssembly.Memory);
        this.exports = { ...exports, ...exchanged };
      }
    }
    vi.stubGlobal('WebAssembly', { compile, Instance: Watched });
    return memories;
  }

  const refuse = (what: string) => () => Promise.reject(new Error(`${what} is forbidden`));

  interface Frame {
    readonly isSized?: boolean;
    readonly hasChecksum?: boolean;
    readonly hasDictionary?: boolean;
  }

  /** A frame whose blocks are stored, or one byte for all that are the same. */
  function frameOf(bytes: Uint8Array, { isSized = true, hasChecksum, hasDictionary }: Frame = {}) {
    const { length } = bytes;
    const frame = [0x28, 0xb5, 0x2f, 0xfd, (isSized ? 0xa0 : 0) + (hasChecksum ? 4 : 0) + (hasDictionary ? 1 : 0)];
    if (!isSized) frame.push(0x38);
    if (hasDictionary) frame.push(7);
    if (isSized) frame.push(length & 255, (length >> 8) & 255, (length >> 16) & 255, length >> 24);
    const size = 500;
    for (let at = 0; at === 0 || at < length; at += size) {
      const block = bytes.subarray(at, at + size);
      const isSame = block.length > 1 && block.every((byte) => byte === block[0]);
      const header = (at + size >= length ? 1 : 0) + (isSame ? 2 : 0) + block.length * 8;
      frame.push(header & 255, header >> 8, 0, ...(isSame ? block.subarray(0, 1) : block));
    }
    // A wrong one.
    if (hasChecksum) frame.push(1, 2, 3, 4);
    return Uint8Array.from(frame);
  }

  const numbers = Float64Array.from({ length: 400 }, (_, i) => (i < 90 ? i / 7 : 0));
  const whole = Int32Array.from({ length: 400 }, (_, i) => (i < 130 ? i * i : 0));
  const words = Array.from({ length: 400 }, (_, i) => (i < 80 ? `word ${i % 7}` : 'the same'));
  const rows = { x: [...numbers], n: [...whole], word: words };

  function parquet() {
    const columnData: ColumnSource[] = [
      { name: 'x', data: numbers, type: 'DOUBLE' },
      { name: 'n', data: whole, type: 'INT32' },
      { name: 'word', data: words, type: 'STRING' },
    ];
    const bytes = parquetWriteBuffer({ columnData, codec: 'ZSTD', compressors: { ZSTD: (page) => frameOf(page) } });
    return new Uint8Array(bytes);
  }

  function arrow(frame?: Frame) {
    setCompressionCodec(1, { encode: (bytes) => frameOf(bytes, frame), decode: (bytes) => bytes });
    const options = { format: 'file' as const, codec: 1 };
    return tableToIPC(tableFromArrays({ x: numbers, n: whole, word: words }), options);
  }

  /** All pages of the first rows. */
  async function pagesOfFlights() {
    const { readFile } = await import('node:fs/promises');
    const { buffer } = Uint8Array.from(await readFile('node_modules/vega-datasets/data/flights-3m.parquet'));
    const pages: { readonly packed: Uint8Array; readonly size: number }[] = [];
    for (const { meta_data: meta } of parquetMetadata(buffer).row_groups[0].columns) {
      const reader = {
        view: new DataView(buffer),
        offset: Number(meta!.dictionary_page_offset || meta!.data_page_offset),
      };
      const end = reader.offset + Number(meta!.total_compressed_size);
      while (reader.offset < end) {
        const { compressed_page_size, uncompressed_page_size: size } = parquetHeader(reader);
        pages.push({ packed: new Uint8Array(buffer, reader.offset, compressed_page_size), size });
        reader.offset += compressed_page_size;
      }
    }
    return pages;
  }

  test.each<[string, () => unknown, boolean]>([
    ['WebAssembly', () => undefined, false],
    ['WebAssembly, where nothing may be fetched', () => vi.stubGlobal('fetch', refuse('fetch')), false],
    ['fzstd, where there is no WebAssembly', () => vi.stubGlobal('WebAssembly', undefined), true],
    [
      'fzstd, where no WebAssembly is allowed',
      () => vi.stubGlobal('WebAssembly', { compile: refuse('WebAssembly') }),
      true,
    ],
  ])('is unpacked by %s', async (_, prepare, byFzstd) => {
    const pages = await pagesOfFlights();
    const packed = [parquet(), arrow(), arrow({ isSized: false })];
    prepare();
    const { unpack, read, hasFzstd } = await loadAnew();
    expect(rowsOf(await read(parquetWriteBuffer({ columnData: [{ name: 'a', data: [1, 2] }] })))).toEqual({
      a: [1, 2],
    });
    expect(hasFzstd()).toBe(false);
    for (const file of packed) expect(rowsOf(await read(file))).toEqual(rows);
    for (const { packed, size } of pages) {
      expect(Buffer.compare(await unpack(packed, size), decompress(packed))).toBe(0);
    }
    expect(pages.length).toBe(10);
    expect(hasFzstd()).toBe(byFzstd);
  });

  test('whatever is a frame, WebAssembly unpacks it, or fzstd does', async () => {
    const some = Uint8Array.from({ length: 3000 }, (_, i) => (i < 1700 ? i * i : 9));
    const one = frameOf(some);
    const skipped = [0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
    const text = strToU8(Array.from({ length: 40 }, (_, i) => `row ${i}: ${i * i}\n`).join(''));
    // As the program writes what it is piped: with a checksum, without a size.
    const piped = Buffer.from(
      'KLUv/QRYTQYAMk4eEsAV0gHG8f8GSELIJntL/o6dN4BR7JYhM7tjuFuzK2a7NGF3JuxyqtxNuWGI3EIyLiHHHRx1i3UFh7hEijskdEmiO9INXM0txLmkEN4heGu8osouldodol1yd2E3bOQWqksK3VFzS/CK2qVyhy539yAgAIQbHgQEAScgMKOhQB56DgiSi1OSC8TmcifR3uZStFxYchlF1kYxylFGkbVRjHIUjLJPrZW4YJRlLvNMjnKUj7LM2pxl00U/HU23RP/pjZCQvPwSacL29g==',
      'base64',
    );
    const twice = Uint8Array.of(...some, ...some);
    const known: [Uint8Array, Uint8Array][] = [
      [one, some],
      [frameOf(some, { isSized: false }), some],
      [Uint8Array.of(...one, ...frameOf(some, { isSized: false })), twice],
      [Uint8Array.of(...skipped, ...one, ...skipped), some],
      [piped, text],
      [frameOf(new Uint8Array(0)), new Uint8Array(0)],
      [new Uint8Array(0), new Uint8Array(0)],
    ];
    const memories = watchWebAssembly();
    const quick = await loadAnew();
    for (const [packed, expected] of known) {
      const found = await quick.unpack(packed, expected.length);
      expect(found).toEqual(expected);
      expect(found.buffer).not.toBe(memories[0].buffer);
    }
    expect(quick.hasFzstd()).toBe(false);
    // What fzstd does not look at, and sizes that are wrong.
    const others: [Uint8Array, number][] = [
      [frameOf(some, { hasChecksum: true }), 3000],
      [frameOf(some, { hasDictionary: true }), 3000],
      ...[0, 2999, 3001, -1, 2 ** 27, 2 ** 31 - 1, 2 ** 40, Number.NaN].map((n): [Uint8Array, number] => [one, n]),
      ...[0, 2999, 3001, 2 ** 31 - 1].map((n): [Uint8Array, number] => [frameOf(some, { isSized: false }), n]),
    ];
    for (const [packed, size] of others) {
      const { unpack, hasFzstd } = await loadAnew();
      expect(await unpack(packed, size)).toEqual(some);
      expect(hasFzstd()).toBe(true);
    }
    for (const { buffer } of memories) expect(buffer.byteLength).toBeLessThan(2 ** 25);
  });

  test('a memory that a large page has made large is given up', async () => {
    const large = new Uint8Array(70e6);
    const packed = frameOf(new Uint8Array(500), { isSized: false });
    // The same block, as often as it takes: the last one says that it is.
    const [head, block] = [packed.subarray(0, 6), packed.subarray(6)];
    const more = Uint8Array.of(block[0] & 254, ...block.subarray(1));
    const frame = new Uint8Array(6 + (large.length / 500) * 4);
    frame.set(head);
    for (let at = 6; at < frame.length; at += 4) frame.set(at + 4 < frame.length ? more : block, at);
    const memories = watchWebAssembly();
    const { unpack, hasFzstd } = await loadAnew();
    for (let time = 0; time < 2; time++) expect(Buffer.compare(await unpack(frame, large.length), large)).toBe(0);
    expect(await unpack(packed, 500)).toEqual(new Uint8Array(500));
    expect(memories.map(({ buffer }) => buffer.byteLength > 70e6)).toEqual([true, true, false]);
    expect(hasFzstd()).toBe(false);
  });

  test('what is damaged is read or refused as by fzstd, and what comes next is read', async () => {
    const good = parquet();
    const quick = await loadAnew();
    await quick.read(good);
    const byFzstd = await loadAnew();
    vi.stubGlobal('WebAssembly', undefined);
    await byFzstd.read(good);
    vi.unstubAllGlobals();
    const outcome = (read: Promise<Table>) => read.then(rowsOf, (error: Error) => `${error.name}: ${error.message}`);
    const said = new Set<unknown>();
    const magic = frameOf(new Uint8Array(0)).subarray(0, 4);
    const frames = [...good.keys()].filter((at) => magic.every((byte, i) => byte === good[at + i]));
    expect(frames).toHaveLength(5);
    for (const frame of frames) {
      for (let at = frame; at < frame + 48; at += at < frame + 16 ? 1 : 7) {
        for (const bit of [2, 6]) {
          const bytes = good.slice();
          bytes[at] ^= bit;
          const found = await outcome(quick.read(bytes));
          expect(found).toEqual(await outcome(byFzstd.read(bytes)));
          if (typeof found === 'string') said.add(found);
        }
      }
    }
    expect(said).toContain('UnreadableError: This Parquet file is damaged or cut short: invalid zstd data');
    expect(said).toContain('UnreadableError: This Parquet file is damaged or cut short: invalid block type');
    expect(rowsOf(await quick.read(good))).toEqual(rows);
  });

  test('pages of the flights with a wrong byte are what they are by fzstd', async () => {
    const { unpack } = await loadAnew();
    const pages = await pagesOfFlights();
    const { packed, size } = pages.reduce((a, b) => (a.packed.length < b.packed.length ? a : b));
    for (let at = 0; at < packed.length; at += Math.ceil(packed.length / 100)) {
      const damaged = packed.slice();
      damaged[at] ^= 1 + (at % 255);
      const wanted = await Promise.resolve(damaged)
        .then((bytes) => decompress(bytes))
        .catch(String);
      const found = await unpack(damaged, size).catch(String);
      expect(found).toEqual(wanted);
    }
    expect(await unpack(packed, size)).toEqual(decompress(packed));
  });

  test('WebAssembly that breaks is not asked again, nor one that has no memory', async () => {
    const broken = () => {
      throw new WebAssembly.RuntimeError('unreachable');
    };
    const file = parquet();
    for (const [exchanged, instances] of [
      [{ ZSTD_decompress: broken }, 1],
      [{ malloc: () => 0 }, 1],
    ] as const) {
      const memories = watchWebAssembly(exchanged);
      const { read, hasFzstd } = await loadAnew();
      for (let time = 0; time < 2; time++) expect(rowsOf(await read(file))).toEqual(rows);
      expect(hasFzstd()).toBe(true);
      expect(memories).toHaveLength(instances);
      vi.unstubAllGlobals();
    }
  });
});

describe('what is taken home', () => {
  const labels = (n: number) => Int32Array.from({ length: n }, (_, i) => i % 3);

  async function withClusters(content: Content, n: number): Promise<string> {
    const file = new Blob([content]);
    const table = await read(file);
    expect(table.n).toBe(n);
    const { delimited } = table;
    if (delimited === undefined) throw new Error('no delimited text');
    const extra = { name: 'cluster', values: labels(n), rows: null };
    return (await csvWithColumns(file, { ...table, delimited }, [extra], reading)).text();
  }

  test('the file itself, with a value behind each record', async () => {
    expect(await withClusters('a;b\r\n"x;\n1";1,50\r\n\r\ny;2,0', 2)).toBe(
      'a;b;cluster\r\n"x;\n1";1,50;0\r\n\r\ny;2,0;1',
    );
    expect(await withClusters('cluster,b\n1,2\n3\n4,5,6\n7,8,\n9,10\n11,12\n', 5)).toBe(
      'cluster,b,cluster (2)\n1,2,0\n3,,1\n4,5,6,\n7,8,2\n9,10,0\n11,12,1\n',
    );
    expect(await withClusters('1,2\n3,4\n', 2)).toBe('1,2,0\n3,4,1\n');
    expect(await withClusters('a,b\none,1,2\ntwo,3,4\n', 2)).toBe('a,b,cluster\none,1,2,0\ntwo,3,4,1\n');
    expect(await withClusters('Title\n\na,b\n1,2\n', 1)).toBe('Title\n\na,b,cluster\n1,2,0\n');
  });

  test('whatever is in the file, it reads back with one column more', async () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'é', '"', '\n', '\r\n', ' ', 'D', '7'), maxLength: 6 });
    const cell = fc.oneof(text, fc.integer().map(String));
    const form = fc.record({
      delimiter: fc.constantFrom(',', ';', '\t', '|'),
      end: fc.constantFrom('\n', '\r\n', '\r', '\n\n'),
      last: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell), { minLength: 1, maxLength: 20 }), form, async (rows, form) => {
        const quote = (value: string) => {
          const letters = value.replaceAll('D', form.delimiter);
          return /^-?\d+$/.test(letters) ? letters : `"${letters.replaceAll('"', '""')}"`;
        };
        const lines = [['a', 'b', 'c'], ...rows.map(([a, b]) => ['x', a, b].map(quote))];
        const content = lines.map((line) => line.join(form.delimiter)).join(form.end) + (form.last ? form.end : '');
        const n = rows.length;
        const text = await withClusters(content, n);
        expect(rowsOf(await read(text))).toEqual({ ...rowsOf(await read(content)), cluster: [...labels(n)] });
        expect(text.length - content.length).toBe(',cluster'.length + 2 * n);
      }),
      { numRuns: 300 },
    );
  });

  test('rows that were left out have no value, and clusters may have names', async () => {
    const file = new Blob(['\ufeffa,b\n1,2\n3,4\n5,6\n']);
    const table = await read(file);
    const { delimited } = table;
    if (delimited === undefined) throw new Error('no delimited text');
    const rows = Uint32Array.of(0, 2);
    const extras = [
      { name: 'cluster', values: Uint32Array.of(1, 0), rows, words: ['small, "odd"', 'large'] },
      { name: 'p', values: Float32Array.of(0.1, 1), rows },
    ];
    const blob = await csvWithColumns(file, { ...table, delimited }, extras, reading);
    const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(await blob.arrayBuffer());
    expect(text).toBe('\ufeffa,b,cluster,p\n1,2,large,0.1\n3,4,,\n5,6,"small, ""odd""",1\n');
  });

  test('in the file’s own letters', async () => {
    const text = 'ä;b\nö;1\nü;2\n';
    const latin = Uint8Array.from(text, (letter) => letter.charCodeAt(0));
    const view = new DataView(new ArrayBuffer(2 * text.length + 2));
    Array.from(`\ufeff${text}`, (letter, i) => view.setUint16(2 * i, letter.charCodeAt(0), true));
    for (const content of [latin, view.buffer]) {
      const file = new Blob([content]);
      const table = await read(file);
      const { delimited } = table;
      if (delimited === undefined) throw new Error('no delimited text');
      const extra = { name: 'cluster', values: Uint8Array.of(0, 1), rows: null, words: ['gelb', 'grün'] };
      const again = await read(await csvWithColumns(file, { ...table, delimited }, [extra], reading));
      expect(rowsOf(again)).toEqual({ ä: ['ö', 'ü'], b: [1, 2], cluster: ['gelb', 'grün'] });
      expect(again.delimited?.encoding).toBe(delimited.encoding);
    }
  });

  /** A table of all measures, with gaps. */
  const table = fc
    .array(
      fc.record({
        // Without −0, which is written as 0.
        number: fc.option(fc.double({ noDefaultInfinity: true, noNaN: true }).map((x) => x + 0)),
        float: fc.option(fc.float({ noDefaultInfinity: true, noNaN: true }).map((x) => x + 0)),
        date: fc.option(fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true })),
        minutes: fc.option(fc.integer({ min: 0, max: 1439 })),
        ok: fc.option(fc.boolean()),
        word: fc.option(fc.constantFrom('a', 'b, c', '"d"', 'é\nf')),
        whole: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        large: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      }),
      { minLength: 1, maxLength: 40 },
    )
    .map((rows): Table => {
      const words = ['', ...new Set(rows.flatMap(({ word }) => word ?? []))];
      return {
        ...{ name: 'table', n: rows.length, remarks: [] },
        columns: [
          { name: 'number', measure: 'number', values: Float64Array.from(rows, (row) => row.number ?? Number.NaN) },
          { name: 'float', measure: 'number', values: Float32Array.from(rows, (row) => row.float ?? Number.NaN) },
          {
            name: 'date',
            measure: 'date',
            values: Float64Array.from(rows, (row) => row.date?.getTime() ?? Number.NaN),
          },
          { name: 'a time', measure: 'time', values: Float64Array.from(rows, (row) => row.minutes ?? Number.NaN) },
          {
            name: 'ok',
            measure: 'boolean',
            values: Float64Array.from(rows, ({ ok }) => (ok === null ? Number.NaN : Number(ok))),
          },
          {
            name: 'word',
            measure: 'text',
            codes: Uint32Array.from(rows, ({ word }) => words.indexOf(word ?? '')),
            words,
          },
          { name: 'whole', measure: 'number', values: Int32Array.from(rows, ({ whole }) => whole) },
          { name: 'large', measure: 'number', values: Uint32Array.from(rows, ({ large }) => large) },
        ],
      };
    });

  const withCluster = (table: Table) => ({ ...rowsOf(table), cluster: [...labels(table.n)] });
  const clusterOf = ({ n }: Table) => [{ name: 'cluster', values: labels(n), rows: null }];

  test('Parquet, read back', async () => {
    await fc.assert(
      fc.asyncProperty(table, async (table) => {
        const again = await read(await tableAsParquet(table, clusterOf(table), reading));
        expect(rowsOf(again)).toEqual(withCluster(table));
        // Texts of which there are none are no texts.
        const word = table.columns.some((column) => column.measure === 'text' && column.words.length > 1)
          ? 'text'
          : 'number';
        expect(measuresOf(again)).toEqual({ ...measuresOf(table), word, cluster: 'number' });
      }),
      { numRuns: 50 },
    );
  });

  test('CSV, read back', async () => {
    await fc.assert(
      fc.asyncProperty(table, async (table) => {
        const again = await read(await tableAsCsv(table, clusterOf(table), reading));
        const rows = withCluster(table);
        const float = rowsOf(again).float.map((value) => (value === null ? null : Math.fround(Number(value))));
        expect({ ...rowsOf(again), float }).toEqual(rows);
      }),
      { numRuns: 50 },
    );
  });
});

test('places that a dictionary of a damaged Parquet file has not are gaps', async () => {
  const values = Array.from({ length: 400 }, (_, i) => [5, 7, 9][(i * i) % 3 ? i % 3 : 0]);
  const column: ColumnSource = { name: 'a', type: 'INT32', data: Int32Array.from(values), encoding: 'RLE_DICTIONARY' };
  const written = new Uint8Array(parquetWriteBuffer({ columnData: [column], codec: 'UNCOMPRESSED' }));
  expect(valuesOf((await read(written)).columns[0])).toEqual(values);
  const { data_page_offset, total_compressed_size, dictionary_page_offset } = parquetMetadata(written.buffer)
    .row_groups[0].columns[0].meta_data!;
  expect(dictionary_page_offset! < data_page_offset).toBe(true);
  // All bits of four places: the fourth of three values.
  const end = Number(dictionary_page_offset! + total_compressed_size);
  const damaged = written.slice();
  damaged[end - 20] = 0xff;
  const found = valuesOf((await read(damaged)).columns[0]);
  expect(found.filter((value) => value === null)).toHaveLength(4);
  expect(new Set(found)).toEqual(new Set([5, 7, 9, null]));
});

test('neighbours are joined to what is as narrow as all of it', () => {
  const some = fc.array(fc.oneof(fc.integer({ min: -300, max: 300 }), fc.double(), fc.constant(Number.NaN)));
  const whole = fc.array(fc.oneof(fc.integer({ min: -300, max: 70_000 }), fc.integer()));
  fc.assert(
    fc.property(fc.array(fc.oneof(some, whole), { minLength: 1 }), (parts) => {
      const found = joined(parts.map((part) => narrowed(Float64Array.from(part))));
      const expected = narrowed(Float64Array.from(parts.flat()));
      expect(found).toEqual(expected);
    }),
  );
});

describe('built-in tables', () => {
  afterEach(() => vi.unstubAllGlobals());

  test('each has a title, and says whose it is', () => {
    for (const { title, about, licence } of BUILTIN) expect([title, about, licence].every(Boolean)).toBe(true);
  });

  test('embeddings are the same each time, of length one, with six topics', async () => {
    const [one, two] = [await loadBuiltin('embeddings', reading), await loadBuiltin('embeddings', reading)];
    expect(one).toEqual(two);
    const topics = one.columns.at(-1);
    expect(topics?.measure === 'text' && new Set(topics.codes)).toEqual(new Set([1, 2, 3, 4, 5, 6]));
    const lengths = one.columns.reduce(
      (sum, column) => sum + (column.measure === 'text' ? 0 : column.values[7] ** 2),
      0,
    );
    expect(lengths).toBeCloseTo(1, 5);
  });

  /** A server of files of the repository: with parts of them, or without; of so many bytes too few. */
  async function serve(knowsRanges: (request: number) => boolean, short = 0) {
    const { readFile } = await import('node:fs/promises');
    const asked: (string | null)[] = [];
    vi.stubGlobal('fetch', async (url: string, init: RequestInit) => {
      const bytes = await readFile(url.replace(/^\/@fs|^\//, ''));
      const range = new Headers(init.headers).get('Range');
      asked.push(range);
      const [, from, to] = /^bytes=(\d*)-(\d*)$/.exec(range ?? '') ?? [];
      if (range === null || !knowsRanges(asked.length - 1))
        return new Response(bytes, { headers: { 'Content-Length': String(bytes.length) } });
      const start = from === '' ? bytes.length - Number(to) : Number(from);
      const end = from === '' || to === '' ? bytes.length : Number(to) + 1;
      const headers = {
        'Content-Range': `bytes ${start}-${end - 1}/${bytes.length}`,
        'Content-Length': String(end - start),
      };
      return new Response(bytes.subarray(start, end - (asked.length > 1 ? short : 0)), { status: 206, headers });
    });
    return asked;
  }

  /** As where it is stored for one request, and asked for anew for others meanwhile: what a server answers that knows of none. */
  test('flights, of which some parts are all', async () => {
    await serve(() => true);
    const expected = await loadFlights({ ...reading, rows: 1000 });
    for (const isPart of [
      (request: number) => request < 1,
      (request: number) => request < 3,
      (request: number) => request % 2 === 0,
    ]) {
      const asked = await serve(isPart);
      expect(await loadFlights({ ...reading, rows: 1000 })).toEqual(expected);
      // Those under way when all of it comes, and no more.
      expect(asked.length).toBeLessThan(10);
    }
    await serve(() => true, 3);
    await expect(loadFlights({ ...reading, rows: 1000 })).rejects.toThrow(/could not be loaded \(\d+ bytes of/);
  });

  test.each([true, false])('flights, from a server that knows of parts: %s', async (knowsRanges) => {
    const asked = await serve(() => knowsRanges);
    let [loaded, total] = [0, 0];
    const onProgress = (...both: [number, number]) => {
      [loaded, total] = both;
    };
    const parts: Table[] = [];
    const table = await loadFlights({ ...reading, onProgress, rows: 1000, onPart: (part) => parts.push(part) });
    const [part] = parts;
    expect([part.n, part.columns.length]).toEqual([
      part.columns[0].measure === 'number' && part.columns[0].values.length,
      4,
    ]);
    expect([part.n, part.remarks]).toEqual([131_072, ['131,072 rows of 3,000,000.']]);
    expect(
      table.columns.map(({ name, measure, ...rest }) => [name, measure, 'values' in rest && rest.values.length]),
    ).toEqual([
      ['delay', 'number', 1000],
      ['distance', 'number', 1000],
      ['time', 'time', 1000],
      ['date', 'date', 1000],
    ]);
    const { time, date, distance } = rowsOf(table);
    expect(distance.every((miles) => Number(miles) > 0)).toBe(true);
    expect(time).toEqual(date.map((when) => (Number(when) / 60_000) % 1440));
    expect([...date].sort()).toEqual(date);
    expect(loaded).toBe(total);
    // Its end, and of each group of rows what lies side by side.
    expect(asked.length).toBe(knowsRanges ? 12 : 1);
    // Two columns of five are a third of the file.
    expect(total < 9e6).toBe(knowsRanges);
  });

  test('flights, decoded by threads: as they are without, and so where a thread breaks', async () => {
    await serve(() => true);
    const expected = await loadFlights({ ...reading, rows: 50_000 });
    let [asked, ended] = [0, 0];
    let onAsked: () => unknown = () => undefined;
    /** @param breaksAt the call that ends it; 0: it never comes to be */
    const thread = (breaksAt: number) =>
      class extends EventTarget {
        #calls = 0;

        constructor() {
          super();
          if (breaksAt === 0) this.#break();
        }

        #break() {
          setTimeout(() => this.dispatchEvent(new Event('error')), 1);
        }

        async postMessage({
          id,
          name,
          argument,
        }: {
          readonly id: number;
          readonly name: string;
          readonly argument: Packed;
        }) {
          // What it loads first nobody waits for.
          if (name === 'load') return;
          asked++;
          if (++this.#calls > breaksAt || breaksAt === 0) return;
          if (this.#calls === breaksAt) return this.#break();
          onAsked();
          const answer = await decode(argument);
          // The answers of several calls may come in any order.
          await new Promise((resolve) => setTimeout(resolve, 5 * (id % 3)));
          this.dispatchEvent(new MessageEvent('message', { data: { id, answer } }));
        }

        terminate() {
          ended++;
        }
      };
    vi.stubGlobal('navigator', { hardwareConcurrency: 3 });
    for (const breaksAt of [Infinity, 0, 1, 5]) {
      [asked, ended] = [0, 0];
      vi.stubGlobal('Worker', thread(breaksAt));
      expect(await loadFlights({ ...reading, rows: 50_000 })).toEqual(expected);
      expect(ended).toBe(2);
      if (breaksAt === Infinity) expect(asked).toBe(33);
    }
    vi.stubGlobal('Worker', thread(Infinity));
    // Those of the part are not decoded again.
    asked = 0;
    expect(await loadFlights({ ...reading, rows: 50_000, onPart: () => undefined })).toEqual(expected);
    expect(asked).toBe(33);
    const off = new AbortController();
    onAsked = () => asked > 5 && off.abort(new Error('enough'));
    [asked, ended] = [0, 0];
    await expect(loadFlights({ ...reading, signal: off.signal, rows: null })).rejects.toThrow('enough');
    expect(ended).toBe(2);
    expect(asked).toBeLessThan(12);
  });

  test('flights that nobody waits for any more', async () => {
    await serve(() => true);
    const off = new AbortController();
    const onPart = () => off.abort(new Error('enough'));
    await expect(loadFlights({ ...reading, signal: off.signal, rows: null, onPart })).rejects.toThrow('enough');
  });

  test('flights are those that the library’s own reader finds', async () => {
    await serve(() => false);
    const table = await loadFlights({ ...reading, rows: 20_000 });
    const { mean, deviation, points } = await goldenFlights();
    const found = Float64Array.from(points, (value, i) => Math.round(value * deviation[i % 3] + mean[i % 3]));
    const { delay, distance, time } = rowsOf(table);
    expect(delay.flatMap((value, i) => [value, distance[i], time[i]])).toEqual([...found]);
  });

  test('digits', async () => {
    await serve(() => false);
    const table = await loadBuiltin('digits', reading);
    expect([table.n, table.columns.length, table.columns[2].name]).toEqual([1797, 64, 'row 1, column 3']);
    expect(valuesOf(table.columns[2]).slice(0, 3)).toEqual([5, 0, 0]);
  });

  test('what does not arrive can be asked for again', async () => {
    vi.stubGlobal('fetch', async () => new Response('', { status: 404, statusText: 'Not Found' }));
    await expect(loadBuiltin('digits', reading)).rejects.toMatchObject({
      ...{ name: 'DownloadError', message: expect.stringContaining('404 Not Found') },
    });
  });
});
