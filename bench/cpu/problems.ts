/** Points that are not overlapping blobs: three million flights, digits, and groups far apart. */
import { readFile } from 'node:fs/promises';
import { readFlights } from '../../data/flights.ts';
import { Random } from '../../src/random.ts';
import digitsPoints from '../../test/golden/data/digits.csv?raw';
import { blobs } from '../blobs.ts';
import { KMeansProblem } from '../kmeans/cases.ts';
import { SEED, type Size } from '../points.ts';

/** From the folder that npm runs scripts in. */
const FLIGHTS_FILE = 'node_modules/vega-datasets/data/flights-3m.parquet';

export const SEPARATED: readonly Size[] = [
  { name: '200k×8', n: 200_000, d: 8, k: 64 },
  { name: '100k×32', n: 100_000, d: 32, k: 128 },
  { name: '1M×3', n: 1_000_000, d: 3, k: 64 },
];

/** Those of text embeddings. */
export const WIDE: readonly Size[] = [
  { name: '20k×384', n: 20_000, d: 384, k: 20 },
  { name: '50k×384', n: 50_000, d: 384, k: 100 },
  { name: '100k×768', n: 100_000, d: 768, k: 256 },
  { name: '20k×1536', n: 20_000, d: 1536, k: 50 },
];

/** Of these, those whose bars hold for Chrome too. */
export const WIDE_IN_CHROME = WIDE.filter(({ name }) => name === '50k×384' || name === '100k×768');

/** A folder of short texts. */
export const FEW_WIDE: Size = { name: '1k×1536', n: 1000, d: 1536, k: 10 };

/** Rows as embeddings are: of length 1, most of what they have in common in the first features. */
export function embeddings(size: Size): KMeansProblem {
  const { n, d, k } = size;
  const data = blobs({ n, d, groups: k, seed: SEED });
  for (let from = 0; from < data.length; from += d) {
    const row = data.subarray(from, from + d);
    row.forEach((value, j) => {
      row[j] = value / Math.sqrt(1 + j);
    });
    const length = Math.hypot(...row);
    row.forEach((value, j) => {
      row[j] = value / length;
    });
  }
  return new KMeansProblem({ ...size, seed: SEED }, data);
}

/** As many groups as clusters, so far apart that nearly all points settle at once, and a start that misses some. */
export function separated(size: Size): KMeansProblem {
  return new KMeansProblem({ ...size, seed: SEED }, blobs({ ...size, groups: size.k, seed: SEED, separation: 20 }));
}

/** Delay, distance and minute of the day of all flights, standardised. */
export async function flights(name: string, k: number): Promise<KMeansProblem> {
  const bytes = new Uint8Array(await readFile(FLIGHTS_FILE));
  const { n, points } = await readFlights(bytes.buffer, null);
  const d = points.length / n;
  return new KMeansProblem({ name, n, d, k, seed: SEED }, points, distinctRows(points, d, k));
}

/** 8 × 8 pixels of handwritten digits, from 0 to 16. */
export function digits(): KMeansProblem {
  const rows = digitsPoints.trim().split('\n');
  const points = Float32Array.from(rows.flatMap((row) => Array.from(row, (pixel) => Number.parseInt(pixel, 17))));
  const size = { name: 'digits', n: rows.length, d: 64, k: 10, seed: SEED };
  return new KMeansProblem(size, points, distinctRows(points, size.d, size.k));
}

/** Rows at random, no two of them equal: an empty cluster would be a difference of conventions. */
function distinctRows(data: Float32Array, d: number, count: number): Float32Array<ArrayBuffer> {
  const random = new Random(SEED);
  const rows = new Map<string, Float32Array>();
  while (rows.size < count) {
    const from = random.below(data.length / d) * d;
    const row = data.subarray(from, from + d);
    rows.set(row.join(), row);
  }
  return Float32Array.from(Array.from(rows.values()).flatMap((row) => Array.from(row)));
}
