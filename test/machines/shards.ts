/** Flights in a Parquet file, shards of it, and what a fit of all of them in one call comes to. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parquetWriteFile } from 'hyparquet-writer';
import { readFlights } from '../../data/flights.ts';
import { type KMeansModel, kmeans } from '../../src/index.ts';

export const DIST = fileURLToPath(new URL('../../dist-machines', import.meta.url));
export const COMMAND = [process.execPath, join(DIST, 'bin.js')];
export const COLUMNS = ['delay', 'distance', 'time'];

/** Compressed by ZSTD. */
export const FILE = new URL('../../node_modules/vega-datasets/data/flights-3m.parquet', import.meta.url);

/** Of the fits that are compared, whose iterations all come to their limit. */
const K = 16;
const ITERATIONS = 8;

export interface FlightsFile {
  /** A folder of its own, where there is room for other files. */
  readonly folder: string;
  readonly path: string;
  readonly n: number;
  readonly points: { readonly data: Float32Array; readonly shape: [n: number, d: number] };
  /** Options of the fit, and what it comes to. */
  readonly fit: {
    readonly k: number;
    readonly tolerance: 0;
    readonly init: number[][];
    readonly maxIterations: number;
  };
  readonly expected: KMeansModel;
  remove(): Promise<void>;
}

export async function flightsFile(n: number): Promise<FlightsFile> {
  const folder = await mkdtemp(join(tmpdir(), 'webgpu-clustering-'));
  const path = join(folder, 'flights.parquet');
  const { points } = await readFlights(new Uint8Array(await readFile(FILE)).buffer, n);
  const d = COLUMNS.length;
  const columnData = COLUMNS.map((name, j) => ({
    ...{ name, type: 'FLOAT' as const, nullable: false },
    data: Float32Array.from({ length: n }, (_, i) => points[i * d + j]),
  }));
  // Groups of rows that no shard ends with.
  parquetWriteFile({ filename: path, columnData, rowGroupSize: 30_001 });
  const row = (i: number) => Array.from(points.subarray(i * d, (i + 1) * d));
  const init = Array.from({ length: K }, (_, c) => row(Math.floor((c * n) / K)));
  const fit = { k: K, tolerance: 0 as const, init, maxIterations: ITERATIONS };
  const expected = await kmeans({ data: points, shape: [n, d] }, { ...fit, backend: 'cpu' });
  return {
    folder,
    path,
    n,
    points: { data: points, shape: [n, d] },
    fit,
    expected,
    remove: () => rm(folder, { recursive: true }),
  };
}

/** Arguments of a process a shard, whose rows go from one cut to the next. */
export function shardsOf(path: string, cuts: readonly number[]): string[][] {
  const columns = ['--columns', COLUMNS.join(), '--threads', '1'];
  return cuts.slice(1).map((end, s) => [path, ...columns, '--rows', `${cuts[s]}:${end}`]);
}

export function sha256(values: ArrayLike<number>): string {
  return createHash('sha256')
    .update(new Uint8Array(Float64Array.from(values).buffer))
    .digest('hex');
}
