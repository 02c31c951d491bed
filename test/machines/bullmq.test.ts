/** A fit over BullMQ, beside a Redis of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, expect, test } from 'vitest';
import type * as Bullmq from '../../src/bullmq/index.ts';
import type { KMeansJSON } from '../../src/index.ts';
import { missing } from '../missing.ts';
import { COMMAND, DIST, flightsFile, sha256, shardsOf } from './shards.ts';
import { findRedis, freePort, HOW_TO_INSTALL } from './tools.ts';

const WORKER = fileURLToPath(new URL('serve-shards.mjs', import.meta.url));
const MODULE = pathToFileURL(join(DIST, 'bullmq.js')).href;
const N = 100_000;
const server = findRedis();

const flights = await flightsFile(N);
afterAll(() => flights.remove());

test('two workers, one of which is killed, have the centroids of one call, to the bit', async (context) => {
  if (server === null) missing(context, HOW_TO_INSTALL);
  const { fitShards } = (await import(MODULE)) as typeof Bullmq;
  const port = await freePort();
  const children: ChildProcess[] = [];
  const start = (command: string, args: readonly string[]) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    return child;
  };
  const redis = new Redis(port, '127.0.0.1', { maxRetriesPerRequest: null, lazyConnect: true });
  try {
    const store = start(server, ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--dir', flights.folder]);
    await once(store.stdout!, 'data');
    redis.on('error', () => undefined);
    const workers = [0, 1].map(() => start(process.execPath, [WORKER, MODULE, `${port}`, JSON.stringify(COMMAND)]));
    await Promise.all(workers.map((worker) => once(worker.stdout!, 'data')));
    const seen: Bullmq.ShardProgress[] = [];
    const sockets = () => process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length;
    await redis.ping();
    const before = sockets();
    const fit = { redis, command: COMMAND, kind: 'kmeans', ...flights.fit } as const;
    const model = await fitShards(shardsOf(flights.path, [0, 20_000, 50_000, 90_000, N]), {
      ...fit,
      onIteration(progress) {
        seen.push(progress);
        if (progress.iteration === 2) workers[0].kill('SIGKILL');
      },
    });
    expect(workers[0].signalCode).toBe('SIGKILL');
    expect(seen.map(({ rows }) => rows)).toEqual(Array(flights.fit.maxIterations).fill(N));
    expect(sha256((model as KMeansJSON).centroids)).toBe(sha256(flights.expected.centroids));
    // Nothing of the fit is left, but whose the shards are.
    await expect.poll(sockets).toBe(before);
    const keys = await redis.keys('webgpu-clustering/*');
    expect(keys.filter((key) => !key.startsWith('webgpu-clustering/holder/'))).toEqual([]);
  } finally {
    redis.disconnect();
    for (const child of children.reverse()) child.kill();
  }
});
