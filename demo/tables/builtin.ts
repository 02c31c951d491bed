/** Tables that the page brings along, but for the flights. */

import { Random } from '../../src/random.ts';
import photoFile from '../../test/golden/data/china.jpg?url';
import digitsFile from '../../test/golden/data/digits.csv?url';
import type { BuiltinId } from './builtin-list.ts';
import { download } from './download.ts';
import { pause, type Reading } from './reading.ts';
import type { NumberColumn, Table, TextColumn } from './table.ts';

/** Small enough to be read at once; flights are not: see `flights.ts`. */
export type SmallId = Exclude<BuiltinId, 'flights'>;

/** @throws {DownloadError} where data did not arrive. */
export function loadBuiltin(id: SmallId, reading: Reading): Promise<Table> {
  return LOADERS[id](reading);
}

const LOADERS: { readonly [Id in SmallId]: (reading: Reading) => Promise<Table> } = {
  digits: loadDigits,
  photo: loadPhoto,
  embeddings: makeEmbeddings,
};

async function loadDigits(reading: Reading): Promise<Table> {
  const text = await (await download(digitsFile, reading)).text();
  // A line for each image, a digit to the base of 17 for each pixel.
  const lines = text.trim().split('\n');
  const columns = Array.from({ length: 64 }, (_, j): NumberColumn => {
    const values = Uint8Array.from(lines, (line) => Number.parseInt(line[j], 17));
    return { name: `row ${1 + Math.floor(j / 8)}, column ${1 + (j % 8)}`, measure: 'number', values };
  });
  return { name: 'Digits', n: lines.length, columns, remarks: ['Ink of each pixel, from 0 to 16.'] };
}

async function loadPhoto(reading: Reading): Promise<Table> {
  const file = await download(photoFile, reading);
  const { readImage } = await import('./image.ts');
  return readImage(file, 'Photograph', reading);
}

const TOPICS = ['cooking', 'football', 'gardening', 'law', 'music', 'space'];
const FEATURES = 64;
const EMBEDDINGS = 6000;

/** Directions of the topics, and noise about them that is as long. */
async function makeEmbeddings(reading: Reading): Promise<Table> {
  const random = new Random(2026);
  const normals = () => Float64Array.from({ length: FEATURES }, () => random.normal());
  const middles = TOPICS.map(normals);
  const features = Array.from({ length: FEATURES }, () => new Float32Array(EMBEDDINGS));
  const codes = new Uint32Array(EMBEDDINGS);
  for (let i = 0; i < EMBEDDINGS; i++) {
    if (i % 256 === 0) await pause(reading);
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
