/** Threads of the CPU engine in Node: they come when points are worth them, and go again whatever happens. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { createCpuEngine } from '../../src/cpu/engine.ts';
import { createEngine, destroyDefaultEngines, type Engine, kmeans } from '../../src/index.ts';
import { EngineSet } from '../../src/placement.ts';
import { openSession } from '../../src/session.ts';
import { blobs } from '../conformance/cases/data.ts';

const workerThreads = process.getBuiltinModule('node:worker_threads');
const NodeWorker = workerThreads.Worker;
const alive = new Set<Worker>();

beforeAll(() => {
  workerThreads.Worker = class extends NodeWorker {
    constructor(...args: ConstructorParameters<typeof NodeWorker>) {
      super(...args);
      alive.add(this);
      this.on('exit', () => alive.delete(this));
    }
  };
});

afterAll(() => {
  workerThreads.Worker = NodeWorker;
});

afterEach(async () => {
  try {
    await noneLeft();
  } finally {
    // One test is not to fail for another.
    await Promise.all([...alive].map((worker) => worker.terminate()));
  }
});

const D = 8;
const FEW = blobs({ n: 5000, d: D });
/** Worth two threads. */
const MANY = blobs({ n: 2 ** 17 / D, d: D });
const options = { k: 5, seed: 1 } as const;

/** An engine that gives even few points to two workers. */
const onWorkers = (threads = 2) =>
  openSession(EngineSet.of('cpu', createCpuEngine({ threads, valuesOfThread: 1 }), null));

/** Ends soon, and long before the pool's patience where `within` says so. */
async function noneLeft(within = 2500): Promise<void> {
  await vi.waitFor(() => expect(alive.size).toBe(0), { timeout: within, interval: 10 });
}

function rows(points: { data: Float32Array | Float64Array; n: number; d: number }) {
  return { data: points.data as Float32Array, shape: [points.n, points.d] as [number, number] };
}

describe('workers come', () => {
  it('for points that are worth them, and no others', async () => {
    const engine = await createEngine({ backend: 'cpu', threads: 2 });
    await engine.kmeans(rows(FEW), options);
    expect(alive.size).toBe(0);
    await engine.kmeans(rows(MANY), options);
    expect(alive.size).toBe(2);
    await engine.destroy();
    await noneLeft(500);
  });

  it('never where one thread is asked for', async () => {
    const engine = await createEngine({ backend: 'cpu', threads: 1 });
    await engine.kmeans(rows(MANY), options);
    expect(alive.size).toBe(0);
    await engine.destroy();
  });

  it('as many as the points are worth, at most as many as there are to be', async () => {
    const engine = await createEngine({ backend: 'cpu', threads: 5 });
    await engine.upload(rows(MANY));
    expect(alive.size).toBe(2);
    await engine.upload(rows(blobs({ n: 8 * 2 ** 16, d: 1 })));
    expect(alive.size).toBe(5);
    await engine.destroy();
    await noneLeft(500);
  });
});

describe('workers go', () => {
  it('with their engine, while a fit runs', async () => {
    const engine = onWorkers();
    const fit = engine.kmeans(rows(MANY), {
      ...options,
      k: 300,
      tolerance: 0,
      onIteration: () => void engine.destroy(),
    });
    await expect(fit).rejects.toThrow('the dataset was destroyed');
    await noneLeft(500);
  });

  it('with their engine, while they start', async () => {
    const engine = onWorkers();
    const upload = engine.upload(rows(FEW));
    await engine.destroy();
    await expect(upload).rejects.toThrow('destroyed');
    await noneLeft(500);
  });

  it('a while after an abort', async () => {
    const engine = onWorkers();
    const controller = new AbortController();
    const fit = engine.kmeans(rows(MANY), {
      ...options,
      k: 300,
      signal: controller.signal,
      onIteration: () => controller.abort(),
    });
    await expect(fit).rejects.toThrow('aborted');
    await noneLeft();
    await engine.destroy();
  });

  it('a while after an abort of the upload that they were started for', async () => {
    const engine = onWorkers();
    const upload = engine.upload(rows(FEW), { signal: AbortSignal.timeout(0) });
    await expect(upload).rejects.toThrow('timeout');
    await noneLeft();
    await engine.destroy();
  });

  it('a while after an error in onIteration', async () => {
    const engine = onWorkers();
    const fit = engine.kmeans(rows(FEW), {
      ...options,
      onIteration: () => {
        throw new Error('not today');
      },
    });
    await expect(fit).rejects.toThrow('not today');
    await noneLeft();
    await engine.destroy();
  });

  it('with the default engines', async () => {
    // As in a machine of two cores, whatever this one has.
    await kmeans(rows(blobs({ n: 2 ** 17, d: 1 })), { ...options, backend: 'cpu' });
    await destroyDefaultEngines();
    await noneLeft(500);
  });

  it('a while after the last points, and come again', async () => {
    const engine = onWorkers();
    const first = await engine.kmeans(rows(FEW), options);
    await noneLeft();
    const again = await engine.kmeans(rows(FEW), options);
    expect(again.inertia).toBe(first.inertia);
    expect(alive.size).toBe(2);
    await engine.destroy();
  });
});

describe('workers stay', () => {
  it('for points that came as others went', async () => {
    const engine = onWorkers();
    (await engine.upload(rows(FEW))).destroy();
    const dataset = await engine.upload(rows(FEW));
    await wait(1300);
    await expect(engine.kmeans(dataset, options)).resolves.toMatchObject({ k: 5 });
    await engine.destroy();
  });

  it('for points that others went before while more workers started', async () => {
    const engine = onWorkers(5);
    const first = await engine.upload(rows(blobs({ n: 3, d: 1 })));
    const upload = engine.upload(rows(FEW));
    first.destroy();
    const dataset = await upload;
    await wait(1300);
    await expect(engine.kmeans(dataset, options)).resolves.toMatchObject({ k: 5 });
    await engine.destroy();
  });
});

describe('where no worker can be had', () => {
  it.each([
    [
      'its constructor throws',
      class {
        constructor() {
          throw new Error('no threads here');
        }
      },
    ],
    [
      'its script fails',
      class extends NodeWorker {
        constructor() {
          super('throw new Error("not in this house")', { eval: true });
        }
      },
    ],
  ])('%s: the calling thread computes', async (_, Broken) => {
    const counted = workerThreads.Worker;
    workerThreads.Worker = Broken as unknown as typeof NodeWorker;
    try {
      const engine = onWorkers();
      const alone = openSession(EngineSet.of('cpu', createCpuEngine({ threads: 1 }), null));
      const [found, expected] = await fitBoth(engine, alone);
      expect(found.labels).toEqual(expected.labels);
      expect(found.inertia).toBe(expected.inertia);
      await Promise.all([engine.destroy(), alone.destroy()]);
    } finally {
      workerThreads.Worker = counted;
    }
  });
});

function fitBoth(a: Engine, b: Engine) {
  return Promise.all([a.kmeans(rows(FEW), options), b.kmeans(rows(FEW), options)]);
}
