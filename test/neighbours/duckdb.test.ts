/** Query results of DuckDB-wasm, in Node: tables of Arrow, with a chunk for each 2048 rows. */
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Table } from 'apache-arrow';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { kmeans } from '../../src/index.ts';
import { missing } from '../missing.ts';
import { HOW_TO_INSTALL, isInstalled } from './installed.ts';

/** As much of it as is used. */
interface DuckDB {
  readonly NODE_RUNTIME: object;
  readonly VoidLogger: new () => object;
  createDuckDB(bundles: object, logger: object, runtime: object): Promise<Database>;
}

interface Database {
  instantiate(onProgress: () => void): Promise<unknown>;
  connect(): { query(sql: string): Table };
}

const N = 10_000;
let query: (sql: string) => Table;

beforeAll(async () => {
  if (!isInstalled()) return;
  const require = createRequire(import.meta.url);
  const duckdb = require('@duckdb/duckdb-wasm/blocking') as DuckDB;
  const dist = dirname(require.resolve('@duckdb/duckdb-wasm/blocking'));
  const bundles = {
    mvp: { mainModule: join(dist, 'duckdb-mvp.wasm'), mainWorker: '' },
    eh: { mainModule: join(dist, 'duckdb-eh.wasm'), mainWorker: '' },
  };
  const database = await duckdb.createDuckDB(bundles, new duckdb.VoidLogger(), duckdb.NODE_RUNTIME);
  await database.instantiate(() => undefined);
  const connection = database.connect();
  query = (sql) => connection.query(sql);
});

beforeEach((context) => {
  if (!isInstalled()) missing(context, HOW_TO_INSTALL);
});

test('columns of doubles, floats, integers and bigints', async () => {
  const result = query(`
    SELECT (i % 3) * 10 + (i % 7) / 7.0::DOUBLE AS a, (i % 3)::FLOAT * 5 AS b, (i % 3)::INTEGER AS c,
      (i % 3)::BIGINT * 1000000007 AS d
    FROM range(${N}) rows(i)`);
  const columns = ['a', 'b', 'c', 'd'].map((name) => result.getChild(name)!);
  expect(columns[0].data.length).toBeGreaterThan(1);
  const model = await kmeans({ columns }, { k: 3 });
  const labels = Array.from({ length: N }, (_, i) => model.labels[i % 3]);
  expect([...model.labels]).toEqual(labels);
  const rows = Array.from(result, (row) => Object.values(row!.toJSON()).map(Number));
  expect([...(await kmeans(rows, { k: 3 })).centroids]).toEqual([...model.centroids]);
});

test('a NULL is a RangeError that names its column and row', async () => {
  const result = query(`SELECT CASE WHEN i = 5000 THEN NULL ELSE i::DOUBLE END AS a FROM range(${N}) rows(i)`);
  await expect(kmeans({ columns: [result.getChild('a')!] }, { k: 2 })).rejects.toThrow(
    new RangeError('points.columns[0][5000] is null'),
  );
});

test('decimals, as of literals and sums, are refused: a cast makes them doubles', async () => {
  const decimals = query(`SELECT i * 1.5 AS a, sum(i) OVER (ORDER BY i) AS b FROM range(${N}) rows(i)`);
  for (const name of ['a', 'b']) {
    const fit = kmeans({ columns: [decimals.getChild(name)!] }, { k: 2 });
    await expect(fit).rejects.toThrow(/points\.columns\[0\]\[0\] must be a number, got /);
  }
  const doubles = query(`SELECT (i * 1.5)::DOUBLE AS a FROM range(${N}) rows(i)`);
  expect((await kmeans({ columns: [doubles.getChild('a')!] }, { k: 1 })).centroids[0]).toBeCloseTo(0.75 * (N - 1), 3);
});
