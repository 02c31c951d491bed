/** Arrow: files and streams of it. */
import {
  type Column as ArrowColumn,
  type Table as ArrowTable,
  type DataType,
  setCompressionCodec,
  Type,
  tableFromIPC,
} from '@uwdata/flechette';
import { narrowed } from './narrowed.ts';
import { allBytes, blame, distinctNames, listed, messageOf, pause, type Reading } from './reading.ts';
import type { Column, NumberColumn, Table } from './table.ts';
import { MixedColumn } from './typing.ts';
import { UnreadableError } from './unreadable.ts';
import { type Unpack, withZstd } from './zstd.ts';

const ZSTD = 1;

export async function readArrow(file: Blob, name: string, reading: Reading): Promise<Table> {
  const bytes = await allBytes(file, reading);
  return blame('Arrow file', reading, async () => {
    const table = await decoded(bytes);
    const n = table.numRows;
    if (n === 0) throw new UnreadableError('This Arrow file has no rows.');
    const names = distinctNames(table.names);
    const remarks: string[] = [];
    const columns: Column[] = [];
    const others: string[] = [];
    for (const [j, column] of table.children.entries()) {
      await pause(reading);
      const measure = measureOf(column.type);
      if (measure === null) others.push(names[j]);
      else if (measure === 'text') columns.push(textColumn(names[j], column, remarks));
      else columns.push(numberColumn(names[j], measure, column));
    }
    if (columns.length === 0)
      throw new UnreadableError('This Arrow file has no plain columns, only lists, records or bytes.');
    if (others.length > 0) remarks.push(`Left out, because they hold lists, records or bytes: ${listed(others)}.`);
    return { name, n, columns, remarks };
  });
}

async function decoded(bytes: Uint8Array): Promise<ArrowTable> {
  let isPacked = false;
  try {
    return decodedBy(bytes, () => {
      isPacked = true;
      throw new Error('nothing to unpack with');
    });
  } catch (error) {
    if (isPacked) return withZstd((unpack) => decodedBy(bytes, unpack));
    if (!messageOf(error).includes('LZ4')) throw error;
    throw new UnreadableError(
      'This Arrow file uses the codec LZ4, which this page cannot unpack. Write it without, or with ZSTD.',
    );
  }
}

function decodedBy(bytes: Uint8Array, decode: Unpack): ArrowTable {
  setCompressionCodec(ZSTD, { encode: (unpacked) => unpacked, decode });
  return tableFromIPC(bytes);
}

/** What a column is; null for what is no number and no text. */
function measureOf(type: DataType): Column['measure'] | null {
  switch (type.typeId) {
    case Type.Dictionary:
      return type.dictionary === undefined ? null : measureOf(type.dictionary);
    case Type.Utf8:
    case Type.LargeUtf8:
    case Type.Utf8View:
      return 'text';
    case Type.Bool:
      return 'boolean';
    case Type.Date:
    case Type.Timestamp:
      return 'date';
    case Type.Time:
      return 'time';
    case Type.Null:
    case Type.Int:
    case Type.Float:
    case Type.Decimal:
    case Type.Duration:
      return 'number';
    default:
      return null;
  }
}

function textColumn(name: string, column: ArrowColumn, remarks: string[]): Column {
  const texts = new MixedColumn(name);
  for (const value of column) texts.add(value);
  return texts.end(remarks);
}

function numberColumn(name: string, measure: NumberColumn['measure'], column: ArrowColumn): NumberColumn {
  const unit = measure === 'time' ? minutesOf(column.type) : 1;
  const values = new Float64Array(column.length);
  let i = 0;
  for (const value of column) {
    const number = value === null || value === undefined ? Number.NaN : Number(value) * unit;
    values[i++] = Number.isFinite(number) ? number : Number.NaN;
  }
  return { name, measure, values: narrowed(values) };
}

function minutesOf(type: DataType): number {
  return 1 / 60 / 10 ** (3 * (type.unit ?? 0));
}
