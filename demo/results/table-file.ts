/** The user's own table, with columns more: what a file that is taken home is made of. */
import { sourceOf, textOf } from '../tables/csv.ts';
import { distinctNames, freeName, pause, type Reading } from '../tables/reading.ts';
import { isBlank, joined, type Record, splitRecord } from '../tables/records.ts';
import type { Column, Delimited, NumberColumn, Table } from '../tables/table.ts';

/** A column that is added: the cluster of each row, say. */
export interface ExtraColumn {
  /** As it is wanted: another number is put behind where the table has such a column. */
  readonly name: string;
  /** One for each of `rows`; NaN for none. */
  readonly values: ArrayLike<number>;
  /** Rows of the table that have a value, ascending; null for all. The others are left empty. */
  readonly rows: Uint32Array | null;
  /** Where clusters have names: the values are places in these. */
  readonly words?: readonly string[] | undefined;
}

/**
 * The file itself, byte for byte, with a value behind each record.
 *
 * @param table as it was read from `file`
 */
export async function csvWithColumns(
  file: Blob,
  table: Table & { readonly delimited: Delimited },
  extras: readonly ExtraColumn[],
  reading: Reading,
): Promise<Blob> {
  const { delimiter, encoding, hasHeader, width, decimal, skipped } = table.delimited;
  let { above } = table.delimited;
  const source = await sourceOf(file);
  const out = new Output();
  const mark = delimiter.charCodeAt(0);
  const record: Record = { starts: [], ends: [] };
  const { starts, ends } = record;
  const encode = encoding === 'windows-1252' ? encodeLatin : (text: string) => new TextEncoder().encode(text);
  const quote = (text: string) => encode(quoted(text, delimiter));
  const names = namesOf(table, extras).map(quote);
  const cells = extras.map((extra) => cellsOf(extra, (value) => quote(numberText(value, decimal))));
  const nothing = new Uint8Array(0);
  let isHeader = hasHeader;
  let index = 0;
  let row = 0;
  let skips = 0;

  const take = (bytes: Uint8Array, length: number, isLast: boolean): number => {
    for (let at = 0; at < length; ) {
      const next = splitRecord(bytes, at, length, isLast, mark, record);
      if (next < 0) return at;
      if (isBlank(record)) out.add(bytes, at, next);
      else if (above > 0) {
        out.add(bytes, at, next);
        above--;
      } else {
        const isSkipped = !isHeader && skipped[skips] === index;
        // Empty values too many would move the new ones away from their name.
        out.add(bytes, at, isSkipped ? ends[ends.length - 1] : ends[Math.min(width, ends.length) - 1]);
        for (let j = starts.length; j < width && !isHeader; j++) out.addByte(mark);
        for (let e = 0; e < extras.length; e++) {
          const cell = isHeader ? names[e] : isSkipped ? nothing : cells[e](row);
          out.addByte(mark);
          out.add(cell, 0, cell.length);
        }
        out.add(bytes, ends[ends.length - 1], next);
        if (isSkipped) skips++;
        else if (!isHeader) row++;
        if (!isHeader) index++;
        isHeader = false;
      }
      at = next;
    }
    return length;
  };

  const isWide = source.encoding !== 'utf-8';
  const parts: Blob[] = [file.slice(0, source.start)];
  const flush = () => {
    const bytes = out.take();
    parts.push(new Blob([isWide ? utf16(bytes, source.encoding === 'utf-16le') : bytes]));
  };
  let left = new Uint8Array(0);
  for await (const block of textOf(source, reading)) {
    const bytes = joined([left, block]);
    left = bytes.slice(take(bytes, bytes.length - 1, false), -1);
    if (out.length > 2 ** 22) flush();
    await pause(reading);
  }
  const rest = joined([left]);
  const end = take(rest, left.length, true);
  out.add(rest, end, left.length);
  flush();
  return new Blob(parts, { type: 'text/csv' });
}

/** The table as CSV: UTF-8, commas, decimal points, a line for the names. */
export async function tableAsCsv(table: Table, extras: readonly ExtraColumn[], reading: Reading): Promise<Blob> {
  const encoder = new TextEncoder();
  const names = [...table.columns.map(({ name }) => name), ...namesOf(table, extras)];
  const cells = [
    ...table.columns.map(textsOf),
    ...extras.map((extra) => cellsOf(extra, (value) => quoted(numberText(value, '.'), ','), '')),
  ];
  const parts = [new Blob([`${names.map((name) => quoted(name, ',')).join(',')}\n`])];
  let lines: string[] = [];
  for (let i = 0; i < table.n; i++) {
    lines.push(cells.map((cell) => cell(i)).join(','));
    if (lines.length < 4096 && i < table.n - 1) continue;
    parts.push(new Blob([encoder.encode(`${lines.join('\n')}\n`)]));
    lines = [];
    reading.onProgress(i + 1, table.n);
    await pause(reading);
  }
  return new Blob(parts, { type: 'text/csv' });
}

/** The table as Parquet, packed by Snappy. */
export async function tableAsParquet(table: Table, extras: readonly ExtraColumn[], reading: Reading): Promise<Blob> {
  const { ByteWriter, ParquetWriter } = await import('hyparquet-writer');
  const added = namesOf(table, extras).map((name, e) => columnOf(name, table.n, extras[e]));
  const all = [...table.columns, ...added];
  const names = distinctNames(all.map(({ name }) => name));
  const elements = all.map((column, j) => ({ name: names[j], ...elementOf(column) }));
  const schema = [{ name: 'root', num_children: all.length }, ...elements];
  const writer = new ByteWriter();
  const parquet = new ParquetWriter({ writer, schema, createdBy: 'webgpu-clustering' });
  const size = 2 ** 16;
  for (let start = 0; start < table.n; start += size) {
    const end = Math.min(table.n, start + size);
    const columnData = all.map((column, j) => ({ name: names[j], data: valuesOf(column, start, end) }));
    parquet.write({ columnData, rowGroupSize: size });
    reading.onProgress(end, table.n);
    await pause(reading);
  }
  parquet.finish();
  return new Blob([writer.getBuffer()], { type: 'application/vnd.apache.parquet' });
}

// Cells as text.

function namesOf(table: Table, extras: readonly ExtraColumn[]): string[] {
  const taken = new Set(table.columns.map(({ name }) => name));
  return extras.map(({ name }) => {
    const free = freeName(name, taken);
    taken.add(free);
    return free;
  });
}

/** A function that gives the cell of a row; rows are asked for in ascending order. */
function cellsOf<T extends string | Uint8Array>(
  { values, rows, words }: ExtraColumn,
  write: (value: number | string) => T,
  none = write(''),
): (row: number) => T {
  // Clusters are few, and each is met often.
  const written = new Map<number, T>();
  let place = 0;
  return (row) => {
    if (rows !== null) {
      while (place < rows.length && rows[place] < row) place++;
      if (rows[place] !== row) return none;
    }
    const value = values[rows === null ? row : place];
    if (Number.isNaN(value)) return none;
    if (!Number.isInteger(value)) return write(values instanceof Float32Array ? shortest(value) : value);
    let text = written.get(value);
    if (text === undefined) {
      text = write(words?.[value] ?? value);
      if (written.size < 4096) written.set(value, text);
    }
    return text;
  };
}

function numberText(value: number | string, decimal: '.' | ','): string {
  return typeof value === 'string' ? value : String(value).replace('.', decimal);
}

/** The shortest of decimal numbers that stand for this float32. */
function shortest(value: number): number {
  for (const digits of [7, 8]) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return short;
  }
  return Number(value.toPrecision(9));
}

function quoted(text: string, delimiter: string): string {
  const mustBe = text.includes(delimiter) || /["\r\n]|^\s|\s$/.test(text);
  return mustBe ? `"${text.replaceAll('"', '""')}"` : text;
}

const MINUTE = 60_000;
const DAY = 1440 * MINUTE;

/** A function that gives the text of a row. */
function textsOf(column: Column): (row: number) => string {
  if (column.measure === 'text') {
    const words = column.words.map((word) => quoted(word, ','));
    return (row) => words[column.codes[row]];
  }
  const { values } = column;
  const write = writerOf(column);
  return (row) => (Number.isNaN(values[row]) ? '' : write(values[row]));
}

function writerOf({ measure, values }: NumberColumn): (value: number) => string {
  switch (measure) {
    case 'number':
      return values instanceof Float32Array ? (value) => String(shortest(value)) : String;
    case 'boolean':
      return (value) => (value === 0 ? 'false' : 'true');
    case 'date': {
      const areDays = values.every((value: number) => Number.isNaN(value) || value % DAY === 0);
      return (value) => new Date(value).toISOString().slice(0, areDays ? 10 : undefined);
    }
    case 'time': {
      const areMinutes = values.every((value: number) => Number.isNaN(value) || Number.isInteger(value));
      return (value) => new Date(Math.round(value * MINUTE)).toISOString().slice(11, areMinutes ? 16 : 23);
    }
  }
}

// Cells in Parquet.

/** The whole column of an extra one. */
function columnOf(name: string, n: number, { values, rows, words }: ExtraColumn): Column {
  const length = rows === null ? n : rows.length;
  const rowOf = (i: number) => (rows === null ? i : rows[i]);
  if (words !== undefined) {
    const codes = new Uint32Array(n);
    for (let i = 0; i < length; i++) if (!Number.isNaN(values[i])) codes[rowOf(i)] = values[i] + 1;
    return { name, measure: 'text', codes, words: ['', ...words] };
  }
  const isWhole = rows === null || rows.length === n;
  const kept = isWhole && (values instanceof Int32Array || values instanceof Float32Array);
  if (kept) return { name, measure: 'number', values };
  const all = new Float64Array(n).fill(Number.NaN);
  for (let i = 0; i < length; i++) all[rowOf(i)] = values[i];
  return { name, measure: 'number', values: all };
}

type Physical = 'BYTE_ARRAY' | 'BOOLEAN' | 'INT32' | 'INT64' | 'FLOAT' | 'DOUBLE';
type Converted = 'UTF8' | 'TIMESTAMP_MILLIS' | 'TIME_MILLIS';

function elementOf(column: Column) {
  const element = (type: Physical, converted_type?: Converted) => ({
    type,
    repetition_type: 'OPTIONAL' as const,
    ...(converted_type && { converted_type }),
  });
  switch (column.measure) {
    case 'text':
      return element('BYTE_ARRAY', 'UTF8');
    case 'boolean':
      return element('BOOLEAN');
    case 'date':
      return element('INT64', 'TIMESTAMP_MILLIS');
    case 'time':
      return element('INT32', 'TIME_MILLIS');
    case 'number':
      return element(physicalOf(column.values));
  }
}

function physicalOf(values: NumberColumn['values']): Physical {
  if (values instanceof Uint32Array) return 'INT64';
  if (values.every((value: number) => Number.isNaN(value) || (value | 0) === value)) return 'INT32';
  return values instanceof Float32Array ? 'FLOAT' : 'DOUBLE';
}

function valuesOf(column: Column, start: number, end: number): unknown[] {
  if (column.measure === 'text') {
    const { codes, words } = column;
    return Array.from(codes.subarray(start, end), (code) => (code === 0 ? null : words[code]));
  }
  const values = column.values.subarray(start, end);
  const write = parquetWriterOf(column);
  return Array.from(values, (value) => (Number.isNaN(value) ? null : write(value)));
}

function parquetWriterOf({ measure, values }: NumberColumn): (value: number) => unknown {
  if (measure === 'boolean') return (value) => value !== 0;
  if (measure === 'date') return (value) => BigInt(Math.round(value));
  if (measure === 'time') return (value) => Math.round(value * MINUTE);
  return values instanceof Uint32Array ? BigInt : (value) => value;
}

// Bytes.

class Output {
  length = 0;
  #bytes = new Uint8Array(2 ** 16);

  add(bytes: Uint8Array, start: number, end: number): void {
    this.#reserve(end - start);
    this.#bytes.set(bytes.subarray(start, end), this.length);
    this.length += end - start;
  }

  addByte(byte: number): void {
    this.#reserve(1);
    this.#bytes[this.length++] = byte;
  }

  #reserve(more: number): void {
    if (this.length + more <= this.#bytes.length) return;
    const larger = new Uint8Array(Math.max(2 * this.#bytes.length, this.length + more));
    larger.set(this.#bytes.subarray(0, this.length));
    this.#bytes = larger;
  }

  take(): Uint8Array<ArrayBuffer> {
    const bytes = this.#bytes.slice(0, this.length);
    this.length = 0;
    return bytes;
  }
}

/** Letters that there are none of become question marks. */
function encodeLatin(text: string): Uint8Array {
  return Uint8Array.from(text, (letter) => {
    const code = letter.charCodeAt(0);
    return code < 128 || (code > 159 && code < 256) ? code : 63;
  });
}

function utf16(bytes: Uint8Array, isLittle: boolean): ArrayBuffer {
  const text = new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
  const view = new DataView(new ArrayBuffer(2 * text.length));
  for (let i = 0; i < text.length; i++) view.setUint16(2 * i, text.charCodeAt(i), isLittle);
  return view.buffer;
}
