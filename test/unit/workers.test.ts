/** Threads of the CPU engine in Node: they come when points are worth them, and go again whatever happens. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { engineOf } from '../../src/api/create-engine.ts';
import { createCpuEngine } from '../../src/cpu/engine.ts';
import { KMEANS } from '../../src/cpu/families/kmeans.ts';
import { ask, drop, make, makeShard, type Question } from '../../src/cpu/threads/place.ts';
import { Pool } from '../../src/cpu/threads/pool.ts';
import { unitsOf } from '../../src/engine/fixed.ts';
import { createEngine, destroyDefaultEngines, type Engine, kmeans } from '../../src/index.ts';
import { EngineSet } from '../../src/placement.ts';
import { Random } from '../../src/random.ts';
import { runAsync, runNow } from '../../src/steps.ts';
import { blobs } from '../conformance/cases/data.ts';
import { RUNS_ALL } from '../scope.ts';

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
  engineOf(new EngineSet('cpu', createCpuEngine({ threads, valuesOfThread: 1 }), null));

/** Ends soon, and long before the pool's patience where `within` says so. */
async function noneLeft(within = 2500): Promise<void> {
  await vi.waitFor(() => expect(alive.size).toBe(0), { timeout: within, interval: 10 });
}

/** While other workers stand in their place. */
async function withWorkers(class_: typeof NodeWorker, test: () => Promise<void>): Promise<void> {
  const counted = workerThreads.Worker;
  workerThreads.Worker = class_;
  try {
    await test();
  } finally {
    workerThreads.Worker = counted;
  }
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

  it('not while points that they are for wait for kernels', async () => {
    const kernels = '../../src/cpu/families/relaxed.ts';
    vi.doMock(kernels, async (original) => {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      return original();
    });
    const engine = onWorkers();
    (await engine.upload(rows(FEW))).destroy();
    const wide = { data: Float32Array.from({ length: 500 * 64 }, (_, i) => i % 101), shape: [500, 64] as const };
    expect((await engine.kmeans(wide, { k: 3 })).labels).toHaveLength(500);
    vi.doUnmock(kernels);
    await engine.destroy();
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

describe('a failure belongs to its call', () => {
  it('a third worker that cannot start: two compute, and their points stay', async () => {
    let started = 0;
    const Counted = workerThreads.Worker;
    class Scarce extends Counted {
      constructor(...args: ConstructorParameters<typeof NodeWorker>) {
        if (++started > 2) throw new Error('EAGAIN');
        super(...args);
      }
    }
    await withWorkers(Scarce, async () => {
      const engine = onWorkers(4);
      const two = await engine.upload(rows(blobs({ n: 2, d: 1 })));
      const many = await engine.upload(rows(FEW));
      const again = await engine.upload(rows(FEW));
      expect(alive.size).toBe(2);
      // No more than once.
      expect(started).toBe(3);
      for (const dataset of [many, again]) {
        await expect(engine.kmeans(dataset, options)).resolves.toMatchObject({ k: 5 });
      }
      await expect(engine.kmeans(two, { k: 2 })).resolves.toMatchObject({ k: 2 });
      await engine.destroy();
      await noneLeft(500);
    });
  });

  it('a worker that never answers: the signal is heard, then the calling thread computes', async () => {
    const patience = vi.spyOn(globalThis, 'setTimeout');
    class Silent extends EventTarget {
      on() {}
      ref() {}
      unref() {}
      postMessage() {}
      terminate() {}
    }
    await withWorkers(Silent as unknown as typeof NodeWorker, async () => {
      const engine = onWorkers();
      const controller = new AbortController();
      const aborted = engine.kmeans(rows(FEW), { ...options, signal: controller.signal });
      await wait(20);
      controller.abort(new Error('enough'));
      await expect(aborted).rejects.toThrow('enough');
      const fit = engine.kmeans(rows(FEW), options);
      // What the engine waits for, at once.
      for (const [callback, ms] of patience.mock.calls) if ((ms ?? 0) > 2000) (callback as () => void)();
      await expect(fit).resolves.toMatchObject({ k: 5 });
      await engine.destroy();
    }).finally(() => patience.mockRestore());
  });

  it('a worker that dies in mid-fit: the fit rejects, and the next one has another worker', async () => {
    const engine = onWorkers();
    const fit = engine.kmeans(rows(MANY), {
      ...options,
      k: 300,
      tolerance: 0,
      onIteration: () => void [...alive][0].terminate(),
    });
    await expect(fit).rejects.toThrow('the points that it held are lost');
    await expect(engine.kmeans(rows(MANY), options)).resolves.toMatchObject({ k: 5 });
    expect(alive.size).toBe(2);
    await engine.destroy();
  });

  it('what a worker has no room for fails where it is asked, and nothing else does', async () => {
    const pool = new Pool(true, true, undefined);
    const [place] = await pool.engage(1, undefined);
    const run = (question: Question<unknown>) => runAsync(question.answer());
    const shape = (rows: number) => ({
      ...{ extent: { start: 0, end: rows, chunkRows: 512 }, d: 4, weighted: false, precise: false },
    });
    const small = makeShard(place, shape(512));
    const huge = makeShard(place, shape(2 ** 42));
    const options = { units: runNow(unitsOf([], 512, 5)), longest: 0, usual: 0, once: false };
    const working = make(huge, KMEANS, 'clusters', { ...options, k: 1 });
    for (const question of [ask(huge, 'survey', [true]), ask(working, 'labels', [])]) {
      await expect(run(question)).rejects.toThrow(/^no room for \d+ MiB/);
    }
    const clusters = make(small, KMEANS, 'clusters', { ...options, k: 2 ** 40 });
    await expect(run(ask(clusters, 'labels', []))).rejects.toThrow(/^no room for \d+ MiB/);
    await expect(run(ask(small, 'gather', [Uint32Array.of(511)]))).resolves.toEqual(new Float64Array(4));
    [small, huge].forEach(drop);
    pool.end();
    await noneLeft(500);
  });
});

describe('aborts at any time', () => {
  it('leave no worker, and nothing that the next fit sees', async () => {
    const engine = onWorkers();
    const expected = (await engine.kmeans(rows(FEW), options)).toJSON();
    const random = new Random(3);
    for (let round = 0; round < (RUNS_ALL ? 200 : 40); round++) {
      const controller = new AbortController();
      const reason = new Error(`round ${round}`);
      const calls = Array.from({ length: 3 }, (_, call) =>
        call === 1
          ? engine.gaussianMixture(rows(FEW), { k: 3, seed: 1, maxIterations: 5, signal: controller.signal })
          : engine.kmeans(rows(FEW), { ...options, k: 40, signal: controller.signal }),
      );
      setTimeout(() => controller.abort(reason), 12 * random.uniform());
      const outcomes = await Promise.all(calls.map((call) => call.catch((error: unknown) => error)));
      for (const outcome of outcomes) if (outcome instanceof Error) expect(outcome).toBe(reason);
      if (round % 10 === 9) expect((await engine.kmeans(rows(FEW), options)).toJSON()).toEqual(expected);
    }
    await noneLeft();
    await engine.destroy();
  });
});

describe('default engines', () => {
  it('are made once for calls of the same turn, and found by whoever destroys them in it', async () => {
    let started = 0;
    const Counted = workerThreads.Worker;
    class Counting extends Counted {
      constructor(...args: ConstructorParameters<typeof NodeWorker>) {
        super(...args);
        started++;
      }
    }
    await withWorkers(Counting, async () => {
      const fits = Array.from({ length: 3 }, () => kmeans(rows(MANY), { ...options, backend: 'cpu' }));
      await Promise.all(fits);
      expect(started).toBeLessThanOrEqual(2);
      await destroyDefaultEngines();
      await noneLeft(500);
      const fit = kmeans(rows(MANY), { ...options, backend: 'cpu' }).then(
        () => 'done',
        (error: Error) => error.message,
      );
      await destroyDefaultEngines();
      expect(await fit).toBe('the engine was destroyed');
      await noneLeft(500);
    });
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
    await withWorkers(Broken as unknown as typeof NodeWorker, async () => {
      const engine = onWorkers();
      const alone = engineOf(new EngineSet('cpu', createCpuEngine({ threads: 1 }), null));
      const [found, expected] = await fitBoth(engine, alone);
      expect(found.labels).toEqual(expected.labels);
      expect(found.inertia).toBe(expected.inertia);
      await Promise.all([engine.destroy(), alone.destroy()]);
    });
  });
});

function fitBoth(a: Engine, b: Engine) {
  return Promise.all([a.kmeans(rows(FEW), options), b.kmeans(rows(FEW), options)]);
}
