/** Sheets of .xlsx files. */
import { strFromU8, unzipSync, zipSync } from 'fflate';
import { readSheet } from 'read-excel-file/universal';
import { allBytes, blame, count, counted, distinctNames, listed, pause, type Reading } from './reading.ts';
import type { Column, Table } from './table.ts';
import { isMissing, MixedColumn } from './typing.ts';
import { UnreadableError } from './unreadable.ts';

export async function readSpreadsheet(file: Blob, name: string, reading: Reading): Promise<Table> {
  const bytes = await allBytes(file, reading);
  return blame('spreadsheet', reading, async () => {
    const files = unzipSync(bytes, { filter: ({ name }) => /^xl\/|^\[Content|^_rels|^mimetype$/.test(name) });
    const sheets = Object.keys(files).filter((path) => /^xl\/worksheets\/[^/]+\.xml$/.test(path)).length;
    if (sheets === 0) throw new UnreadableError(whatElse(files, bytes));
    // Once more without packing: the library would unpack in a worker from a string, which the page's policy forbids.
    const plain = zipSync(files, { level: 0 });
    const rows: unknown[][] = await readSheet(new Blob([plain]), 1);
    return tableOf(rows, name, sheets, reading);
  });
}

function whatElse(files: { readonly [path: string]: Uint8Array }, bytes: Uint8Array): string {
  const type = files.mimetype === undefined ? '' : strFromU8(files.mimetype);
  if (type.includes('opendocument')) return 'This is an OpenDocument file. Save it as .xlsx or CSV.';
  const first = strFromU8(bytes.subarray(30, 30 + bytes[26]));
  if (first.endsWith('.npy')) return 'This is an archive of several NumPy arrays (.npz). Save one of them as .npy.';
  return `This ZIP archive is no spreadsheet: it begins with “${first}”. Unpack it first.`;
}

async function tableOf(rows: unknown[][], name: string, sheets: number, reading: Reading): Promise<Table> {
  const isEmpty = (cell: unknown) => cell === null || cell === undefined || cell === '';
  const filled = rows.filter((row) => !row.every(isEmpty));
  if (filled.length === 0) throw new UnreadableError('The first sheet of this spreadsheet is empty.');
  // Titles and notes above a table have fewer cells than its rows.
  const widths = filled.map((row) => row.reduce((width: number, cell, j) => (isEmpty(cell) ? width : j + 1), 0));
  const d = Math.max(...widths.slice(0, 100));
  const top = Math.max(
    0,
    widths.findIndex((width) => 2 * width > d),
  );
  const first = filled[top];
  const hasHeader = first.every((cell) => isEmpty(cell) || (typeof cell === 'string' && !isMissing(cell)));
  const body = filled.slice(hasHeader ? top + 1 : top);
  if (body.length === 0) throw new UnreadableError('The first sheet of this spreadsheet has no rows below its header.');
  const names = distinctNames(Array.from({ length: d }, (_, j) => (hasHeader ? String(first[j] ?? '') : '')));
  const remarks: string[] = [];
  if (sheets > 1) remarks.push(`The first of ${counted(sheets, 'sheet')} was read.`);
  remarks.push(
    hasHeader
      ? 'The first row has the names of the columns.'
      : 'There is no row with names of columns: all rows are data.',
  );
  if (top > 0) remarks.push(`${counted(top, 'row')} above the table left out.`);
  const columns: Column[] = [];
  for (const [j, title] of names.entries()) {
    await pause(reading);
    const column = new MixedColumn(title);
    for (const row of body) column.add(row[j]);
    columns.push(timesOfDay(column.end(remarks)));
  }
  const wide = filled.filter((row, i) => i > top && row.length > d && !row.slice(d).every(isEmpty)).length;
  if (wide > 0) remarks.push(`Cells right of ${listed([names[d - 1]])} in ${count(wide)} rows left out.`);
  return { name, n: body.length, columns, remarks };
}

const DAY = 86_400_000;
/** The day zero of spreadsheets, on which times of the day are. */
const ZERO = Date.UTC(1899, 11, 30);

function timesOfDay(column: Column): Column {
  if (column.measure !== 'date') return column;
  const times = new Float64Array(column.values).map((value) => (value - ZERO) / 60_000);
  return times.every((time) => Number.isNaN(time) || (time >= 0 && time < DAY / 60_000))
    ? { name: column.name, measure: 'time', values: times }
    : column;
}
