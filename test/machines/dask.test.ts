/** The Python module of the package on clusters of Dask of this machine: a process a worker, and one a shard. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, expect, type TestContext, test } from 'vitest';
import { type GaussianMixtureJSON, type KMeansJSON, kmeans } from '../../src/index.ts';
import { missing } from '../missing.ts';
import { COLUMNS, COMMAND, DIST, flightsFile, sha256 } from './shards.ts';
import { twoMachines } from './spaces.ts';
import { findPython, freePort, HOW_TO_INSTALL } from './tools.ts';

const SCRIPT = fileURLToPath(new URL('fit_on_dask.py', import.meta.url));
const python = findPython();
const N = 200_000;

interface Outcome {
  readonly model: KMeansJSON & Pick<GaussianMixtureJSON, 'lowerBounds' | 'lowerBound'>;
  readonly passes: readonly {
    readonly iteration: number;
    /** Rows that each worker counted, by its address. */
    readonly counted: Readonly<Record<string, number>>;
    /** Empty clusters that were moved. */
    readonly moved: number;
  }[];
  /** In hexadecimal. */
  readonly labels: string;
  readonly log: string;
}

const flights = await flightsFile(N);
afterAll(() => flights.remove());

/** @param on what starts it elsewhere */
async function fitOnDask(
  context: TestContext,
  asked: Readonly<Record<string, unknown>>,
  on: (command: readonly string[]) => readonly [string, string[]] = ([command, ...args]) => [command, args],
): Promise<Outcome> {
  if (python === null) missing(context, HOW_TO_INSTALL);
  const { maxIterations, ...fit } = flights.fit;
  const places = { module: join(DIST, 'dask'), file: flights.path, columns: COLUMNS, command: COMMAND };
  const options = { ...fit, max_iter: maxIterations };
  const argument = JSON.stringify({ kind: 'kmeans', options, ...places, ...asked });
  const { stdout, stderr } = await promisify(execFile)(...on([python, SCRIPT, argument]), { maxBuffer: 2 ** 26 });
  return { ...JSON.parse(stdout), log: stderr };
}

const rowsOf = (counted: Readonly<Record<string, number>>) => Object.values(counted).reduce((sum, n) => sum + n, 0);

test.for([
  { name: 'two workers', asked: { workers: 2, cuts: [0, N / 2, N] } },
  { name: 'three workers, of unequal parts', asked: { workers: 3, cuts: [0, 1234, 150_000, N] } },
  {
    name: 'two workers, one of which is killed behind the second iteration',
    asked: { workers: 2, cuts: [0, 50_000, N], kill: 2 },
  },
])('$name have the centroids of one call, to the bit', async ({ asked }, context) => {
  const { model, passes, log } = await fitOnDask(context, asked);
  expect(sha256(model.centroids)).toBe(sha256(flights.expected.centroids));
  expect(model.iterations).toBe(flights.fit.maxIterations);
  expect(model.counts).toEqual(Array.from(flights.expected.counts));
  expect(Math.abs(model.inertia! / flights.expected.inertia - 1)).toBeLessThanOrEqual(1e-12);
  expect(passes.map(({ iteration }) => iteration)).toEqual(Array.from({ length: passes.length }, (_, i) => i + 1));
  for (const { counted } of passes) expect(rowsOf(counted)).toBe(N);
  for (const { counted } of passes.slice(0, 2)) expect(Object.keys(counted)).toHaveLength(asked.workers);
  const kill = /^killed worker .* behind iteration 2$/m.exec(log);
  expect(kill !== null).toBe('kill' in asked);
  if (kill) console.log(kill[0], passes);
});

test('two machines with a network between them, of which one is lost for good, have the same', async (context) => {
  if (python === null) missing(context, HOW_TO_INSTALL);
  const { addresses, on, start, close } = twoMachines();
  const port = await freePort();
  const scheduler = `tcp://${addresses[0]}:${port}`;
  const dask = (command: string, ...args: string[]) => [python, '-m', `distributed.cli.${command}`, ...args];
  const options = {
    stdio: 'ignore',
    cwd: flights.folder,
    env: { ...process.env, DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES: '20' },
  } as const;
  try {
    start(0, dask('dask_scheduler', '--host', addresses[0], '--port', `${port}`, '--no-dashboard'), options);
    for (const i of [0, 1] as const) {
      const own = ['--host', addresses[i], '--nthreads', '1', '--no-nanny', '--no-dashboard'];
      start(i, dask('dask_worker', scheduler, ...own), options);
    }
    const asked = { workers: 2, cuts: [0, 50_000, N], scheduler, kill: 2 };
    const { model, passes, log } = await fitOnDask(context, asked, (command) => on(0, command));
    expect(sha256(model.centroids)).toBe(sha256(flights.expected.centroids));
    const [host, other] = addresses;
    const hosts = passes.map(({ counted }) => Object.keys(counted).map((worker) => new URL(worker).hostname));
    for (const each of hosts.slice(0, 2)) expect(each.sort()).toEqual([host, other]);
    for (const { counted } of passes) expect(rowsOf(counted)).toBe(N);
    expect(hosts.at(-1)).toEqual([host]);
    expect(log).toMatch(new RegExp(`^killed worker tcp://${other}:\\d+ behind iteration 2$`, 'm'));
  } finally {
    await close();
  }
});

test.for([3, 9])(
  'empty clusters move to the rows farthest out, and all workers may be lost behind iteration %i',
  async (kill, context) => {
    const { init, ...fit } = flights.fit;
    // The same rows twice: what is behind is empty.
    const start = [...init.slice(0, 9), ...init.slice(0, init.length - 9)];
    const maxIterations = 12;
    const asked = { workers: 2, cuts: [0, 70_000, N], kill, victims: 2 };
    const options = { k: fit.k, tolerance: 0, init: start, max_iter: maxIterations };
    const { model, passes, log } = await fitOnDask(context, { ...asked, options });
    const expected = await kmeans(flights.points, { ...fit, init: start, maxIterations, backend: 'cpu' });
    expect(log.match(/^killed worker .* behind iteration \d+$/gm)).toHaveLength(2);
    expect(passes.map(({ iteration }) => iteration)).toEqual(Array.from({ length: maxIterations }, (_, i) => i + 1));
    expect(passes[0].moved).toBe(fit.k - 9);
    for (const { counted } of passes) expect(rowsOf(counted)).toBe(N);
    expect(sha256(model.centroids)).toBe(sha256(expected.centroids));
  },
);

test('a fit goes on from its checkpoint, and labels rows as one call does', async (context) => {
  const asked = { workers: 2, cuts: [0, 70_000, N], checkpoint: join(flights.folder, 'checkpoint') };
  const first = await fitOnDask(context, { ...asked, stop: 3 });
  expect(first.model.iterations).toBe(3);
  const { model, passes, labels } = await fitOnDask(context, { ...asked, labels: true });
  expect(passes[0].iteration).toBe(4);
  expect(sha256(model.centroids)).toBe(sha256(flights.expected.centroids));
  const { buffer, byteOffset, byteLength } = flights.expected.labels;
  expect(labels).toBe(Buffer.from(buffer, byteOffset, byteLength).toString('hex'));
});

test('a mixture begins in a sample of all rows, and its bound rises', async (context) => {
  const asked = { kind: 'mixture', options: { k: 3, max_iter: 4, tolerance: 0 } };
  const { model } = await fitOnDask(context, { ...asked, workers: 2, cuts: [0, 70_000, N] });
  const bounds = [...model.lowerBounds, model.lowerBound!];
  expect(model.iterations).toBe(4);
  bounds.slice(1).forEach((bound, i) => {
    expect(bound).toBeGreaterThanOrEqual(bounds[i] - 1e-9);
  });
});
