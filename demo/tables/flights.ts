/** Three million flights: a Parquet file of the page's server, of which three columns are read. */

import flightsFile from '../../node_modules/vega-datasets/data/flights-3m.parquet?url';
import { FLIGHT_COLUMNS } from './builtin-list.ts';
import { Decoders } from './decoders.ts';
import { narrowed } from './narrowed.ts';
import type { Group, Opened } from './parquet.ts';
import { count, type Reading } from './reading.ts';
import { type Column, isNumeric, type NumberColumn, type Table } from './table.ts';

/** Rows that are seen first: some days. */
const FIRST_ROWS = 2 ** 17;
const MINUTE = 60_000;
const DAY = 1440;

export interface FlightsOptions extends Reading {
  /** At most so many, evenly spread over all; null: all of them. */
  readonly rows: number | null;
  /** Gets those of some days in the middle, long before all are there. */
  readonly onPart?: (part: Table) => void;
  /** Gets each column of the table as soon as it is there, and its place among them. */
  readonly onColumn?: (column: NumberColumn, at: number) => void;
}

/** @throws {DownloadError} where data did not arrive. */
export async function loadFlights({ rows, onPart, onColumn, ...reading }: FlightsOptions): Promise<Table> {
  const decoders = new Decoders(reading.signal);
  // While what reads the file comes.
  decoders.start();
  try {
    const { middleOf, openRemote } = await import('./remote.ts');
    const file = await openRemote(flightsFile, ['delay', 'distance', 'date'], decoders, reading);
    // While the first part comes.
    decoders.load('ZSTD');
    if (onPart !== undefined) onPart(firstOf(await readFlights(file, [middleOf(file.groups)], null), file));
    return await readFlights(file, file.groups, rows, onColumn);
  } finally {
    decoders.end();
  }
}

async function readFlights(
  file: Opened,
  groups: readonly Group[],
  rows: number | null,
  onColumn: FlightsOptions['onColumn'] = () => undefined,
): Promise<Table> {
  const total = groups.reduce((sum, group) => sum + group.rows, 0);
  const n = rows === null ? total : Math.min(total, Math.max(1, Math.floor(rows)));
  const columns: NumberColumn[] = [];
  const add = (column: NumberColumn) => {
    const at = FLIGHT_COLUMNS.indexOf(column.name);
    columns[at] = column;
    onColumn(column, at);
  };
  const read = async (name: string) => thinned(await file.read(name, groups), n);
  const reading = ['date', 'delay', 'distance'].map(read);
  // Whoever waits for a column hears of it.
  for (const column of reading) column.catch(() => undefined);
  for await (const column of reading) {
    if (column.name === 'date') add(timeOf(column));
    add(column);
  }
  return { name: 'Flights', n, columns, remarks: remarksOf(n, file) };
}

function remarksOf(n: number, file: Opened): string[] {
  return n < file.n ? [`${count(n)} rows of ${count(file.n)}.`] : [];
}

function firstOf(table: Table, file: Opened): Table {
  const n = Math.min(FIRST_ROWS, table.n);
  const first = (column: NumberColumn) => ({ ...column, values: column.values.subarray(0, n) });
  return { ...table, n, columns: table.columns.filter(isNumeric).map(first), remarks: remarksOf(n, file) };
}

function timeOf({ values }: NumberColumn): NumberColumn {
  const minutes = new Uint16Array(values.length);
  for (let i = 0; i < minutes.length; i++) {
    const minute = Math.floor(values[i] / MINUTE);
    // A remainder of numbers that are no small integers is a call.
    minutes[i] = minute - DAY * Math.floor(minute / DAY);
  }
  return { name: 'time', measure: 'time', values: minutes };
}

/** `n` rows, evenly spread. */
function thinned(column: Column, n: number): NumberColumn {
  if (!isNumeric(column)) throw new TypeError(`“${column.name}” of the flights is no number`);
  if (column.values.length === n) return column;
  const { values } = column;
  const chosen = new Float64Array(n);
  for (let i = 0; i < n; i++) chosen[i] = values[Math.floor((i * values.length) / n)];
  return { ...column, values: narrowed(chosen) };
}
