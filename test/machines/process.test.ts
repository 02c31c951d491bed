/** The process of a shard, without Dask. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parquetWriteFile } from 'hyparquet-writer';
import { afterAll, expect, test } from 'vitest';
import type { KMeansJSON } from '../../src/index.ts';
import { fitShardsBy, type ShardsAsked } from '../../src/machines/drive.ts';
import { ShardProcess } from '../../src/machines/process.ts';
import { COMMAND, FILE, flightsFile, sha256, shardsOf } from './shards.ts';

const N = 50_000;
const flights = await flightsFile(N);
afterAll(() => flights.remove());

test('one process has the centroids of one call, to the bit, and ends with its input', async () => {
  const [shard] = shardsOf(flights.path, [0, N]);
  const process = new ShardProcess([...COMMAND, 'shard', ...shard]);
  const each: ShardsAsked['each'] = (_, headers, state) =>
    Promise.all(headers.map((header) => process.ask(String(header.verb), header, ...(state ? [state] : []))));
  const model = await fitShardsBy({ count: 1, each }, process, { kind: 'kmeans', ...flights.fit });
  const { centroids, iterations } = model as KMeansJSON;
  expect(iterations).toBe(flights.fit.maxIterations);
  expect(sha256(centroids)).toBe(sha256(flights.expected.centroids));
  expect(process.ended).toBe(false);
  await process.close();
  expect(process.ended).toBe(true);
  await expect(process.ask('describe')).rejects.toThrow(/has ended: code 0/);
});

test.for([
  ['hyparquet', /a shard of a Parquet file needs the package "hyparquet": npm install hyparquet$/],
  [
    'hyparquet-compressors',
    /flights-3m.parquet is compressed by ZSTD, which needs the package "hyparquet-compressors": npm/,
  ],
] as const)('without %s it says what is to be installed', async ([name, error]) => {
  const hooks = `export const resolve = (name, context, next) => name === '${name}' ? next('no-such-package', context) : next(name, context)`;
  const hooked = `import { register } from 'node:module'; register(${JSON.stringify(`data:text/javascript,${encodeURIComponent(hooks)}`)})`;
  const [node, ...bin] = COMMAND;
  const without = [node, '--import', `data:text/javascript,${encodeURIComponent(hooked)}`, ...bin];
  const shard = new ShardProcess([...without, 'shard', fileURLToPath(FILE), '--columns', 'delay', '--rows', '0:10']);
  await expect(shard.ask('describe')).rejects.toThrow(error);
  await shard.close();
});

test('a value that is none is told by its place in the file', async () => {
  const path = join(flights.folder, 'gaps.parquet');
  const data = Float32Array.from({ length: 100 }, (_, i) => (i === 42 ? NaN : i));
  parquetWriteFile({ filename: path, columnData: [{ name: 'a', type: 'FLOAT', data, nullable: false }] });
  for (const [rows, error] of [
    ['0:100', /^a of .*gaps\.parquet, row 42 is NaN, not a finite number$/],
    ['40:50', /^a of .*gaps\.parquet, row 42 is NaN, not a finite number$/],
  ] as const) {
    const shard = new ShardProcess([...COMMAND, 'shard', path, '--columns', 'a', '--rows', rows]);
    await expect(shard.ask('describe')).rejects.toThrow(error);
    await shard.close();
  }
});

test.for([
  [['--columns', 'a', '--rows', '5:2'], /--rows 5:2 are no rows/],
  [['--columns', 'a', '--thread', '1'], /Unknown option '--thread'/],
  [[], /--columns names the features/],
] as const)('arguments that it does not take are an answer too: %j', async ([args, error]) => {
  const shard = new ShardProcess([...COMMAND, 'shard', flights.path, ...args]);
  await expect(shard.ask('describe')).rejects.toThrow(error);
  await expect(shard.ask('statistics')).rejects.toThrow(error);
  await shard.close();
  expect(shard.ended).toBe(true);
});

test('what is wrong with its rows is an answer', async () => {
  const [path, ...rest] = shardsOf(flights.path, [0, N])[0];
  for (const [args, error] of [
    [[path, '--columns', 'delay,altitude'], /no column altitude, but delay, distance, time/],
    [[path, '--columns', 'delay', '--rows', `10:${N + 1}`], /has 50000 rows, not rows 10 to 50001/],
    [[`${path}.gone`, ...rest], /no such file/],
  ] as const) {
    const process = new ShardProcess([...COMMAND, 'shard', ...args]);
    await expect(process.ask('describe')).rejects.toThrow(error);
    await process.close();
  }
});

test('it ends where its driver is killed', async () => {
  const [shard] = shardsOf(flights.path, [0, N]);
  const command = JSON.stringify([...COMMAND, 'shard', ...shard]);
  const source = `const [command, ...args] = ${command};
    const child = require('node:child_process').spawn(command, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    console.log(child.pid);
    setInterval(() => undefined, 1000);`;
  const driver = spawn(process.execPath, ['-e', source], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = Number(String((await once(driver.stdout, 'data'))[0]));
  expect(isAlive(pid)).toBe(true);
  driver.kill('SIGKILL');
  while (isAlive(pid)) await new Promise((resolve) => setTimeout(resolve, 50));
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
