/** Tables that the page brings along. */

import flightsFile from '../../node_modules/vega-datasets/data/flights-3m.parquet?url';
import { Random } from '../../src/random.ts';
import photoFile from '../../test/golden/data/china.jpg?url';
import digitsFile from '../../test/golden/data/digits.csv?url';
import type { BuiltinId } from './builtin-list.ts';
import { download } from './download.ts';
import { narrowed } from './narrowed.ts';
import type { Group, Opened } from './parquet.ts';
import { count, pause, type Reading } from './reading.ts';
import { type Column, isNumeric, type NumberColumn, type Table, type TextColumn } from './table.ts';

export { BUILTIN } from './builtin-list.ts';

export interface BuiltinOptions extends Reading {
  /** Of flights: at most so many rows, evenly spread over all. */
  readonly rows?: number | undefined;
  /** Of flights: gets those of some weeks in the middle, long before all are there. */
  readonly onPart?: ((part: Table) => void) | undefined;
}

/** @throws {DownloadError} where data did not arrive. */
export function loadBuiltin(id: BuiltinId, options: BuiltinOptions): Promise<Table> {
  return LOADERS[id](options);
}

const LOADERS: { readonly [Id in BuiltinId]: (options: BuiltinOptions) => Promise<Table> } = {
  flights: loadFlights,
  digits: loadDigits,
  photo: loadPhoto,
  embeddings: makeEmbeddings,
};

const MINUTE = 60_000;
const DAY = 1440;

async function loadFlights(options: BuiltinOptions): Promise<Table> {
  const { middleOf, openRemote } = await import('./remote.ts');
  const file = await openRemote(flightsFile, ['delay', 'distance', 'date'], options);
  if (options.onPart !== undefined) options.onPart(await readFlights(file, [middleOf(file.groups)], Infinity));
  return readFlights(file, file.groups, options.rows ?? Infinity);
}

async function readFlights(file: Opened, groups: readonly Group[], most: number): Promise<Table> {
  const total = groups.reduce((sum, { rows }) => sum + rows, 0);
  const n = Math.min(total, Math.max(1, Math.floor(most)));
  const columns: NumberColumn[] = [];
  for (const name of ['delay', 'distance', 'date']) columns.push(thinned(await file.read(name, groups), n));
  const [delay, distance, date] = columns;
  const minutes = new Uint16Array(n);
  for (let i = 0; i < n; i++) minutes[i] = Math.floor(date.values[i] / MINUTE) % DAY;
  const time: NumberColumn = { name: 'time', measure: 'time', values: minutes };
  const remarks = n < file.n ? [`${count(n)} rows of ${count(file.n)}.`] : [];
  return { name: 'Flights', n, columns: [delay, distance, time, date], remarks };
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

async function loadDigits(options: BuiltinOptions): Promise<Table> {
  const text = await (await download(digitsFile, options)).text();
  // A line for each image, a digit to the base of 17 for each pixel.
  const lines = text.trim().split('\n');
  const columns = Array.from({ length: 64 }, (_, j): NumberColumn => {
    const values = Uint8Array.from(lines, (line) => Number.parseInt(line[j], 17));
    return { name: `row ${1 + Math.floor(j / 8)}, column ${1 + (j % 8)}`, measure: 'number', values };
  });
  return { name: 'Digits', n: lines.length, columns, remarks: ['Ink of each pixel, from 0 to 16.'] };
}

async function loadPhoto(options: BuiltinOptions): Promise<Table> {
  const file = await download(photoFile, options);
  const { readImage } = await import('./image.ts');
  return readImage(file, 'Photograph', options);
}

const TOPICS = ['cooking', 'football', 'gardening', 'law', 'music', 'space'];
const FEATURES = 64;
const EMBEDDINGS = 6000;

/** Directions of the topics, and noise about them that is as long. */
async function makeEmbeddings(options: BuiltinOptions): Promise<Table> {
  const random = new Random(2026);
  const normals = () => Float64Array.from({ length: FEATURES }, () => random.normal());
  const middles = TOPICS.map(normals);
  const features = Array.from({ length: FEATURES }, () => new Float32Array(EMBEDDINGS));
  const codes = new Uint32Array(EMBEDDINGS);
  for (let i = 0; i < EMBEDDINGS; i++) {
    if (i % 256 === 0) await pause(options);
    // Topics are not equally frequent.
    const topic = Math.floor(TOPICS.length * random.uniform() ** 1.3);
    const row = normals().map((value, j) => middles[topic][j] + value);
    const length = Math.hypot(...row);
    for (let j = 0; j < FEATURES; j++) features[j][i] = row[j] / length;
    codes[i] = topic + 1;
  }
  const columns = features.map((values, j): NumberColumn => ({ name: `feature ${j + 1}`, measure: 'number', values }));
  const topics: TextColumn = { name: 'topic', measure: 'text', codes, words: ['', ...TOPICS] };
  return { name: 'Embeddings', n: EMBEDDINGS, columns: [...columns, topics], remarks: [] };
}
