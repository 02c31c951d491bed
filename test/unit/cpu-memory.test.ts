/** The memories that shards live in: used again, given back, and who is told where there is no room. */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { engineOf } from '../../src/api/create-engine.ts';
import { createCpuEngine } from '../../src/cpu/engine.ts';
import { KMEANS, KMEANS_MAKERS } from '../../src/cpu/families/kmeans.ts';
import { Residents } from '../../src/cpu/threads/residents.ts';
import { unitsOf } from '../../src/engine/fixed.ts';
import { createEngine, type Engine } from '../../src/index.ts';
import { EngineSet } from '../../src/placement.ts';
import { runNow } from '../../src/steps.ts';
import { blobs } from '../conformance/cases/data.ts';

const { Memory } = WebAssembly;
const grow = Memory.prototype.grow;

afterEach(() => {
  WebAssembly.Memory = Memory;
  Memory.prototype.grow = grow;
  vi.restoreAllMocks();
});

const D = 8;
const rows = (n: number) => ({ data: blobs({ n, d: D }).data as Float32Array, shape: [n, D] as [number, number] });
const POINTS = rows(3000);
const K_MEANS = { k: 40, seed: 1, maxIterations: 3 } as const;

/** What is made from now on. */
function made(): { memories: number } {
  const count = { memories: 0 };
  WebAssembly.Memory = class extends Memory {
    constructor(descriptor: WebAssembly.MemoryDescriptor) {
      count.memories++;
      super(descriptor);
    }
  };
  return count;
}

describe('a memory', () => {
  it('serves one fit after the other', async () => {
    const count = made();
    const engine = await createEngine({ backend: 'cpu', threads: 1 });
    for (const n of [3000, 100, 2000, 3000, 1]) await engine.kmeans(rows(n), { ...K_MEANS, k: Math.min(n, 40) });
    expect(count.memories).toBe(1);
    await engine.destroy();
  });

  it('is no home for rows that need far less of it', async () => {
    const count = made();
    const engine = await createEngine({ backend: 'cpu', threads: 1 });
    (await engine.upload(rows(2 ** 16))).destroy();
    await engine.upload(rows(10));
    await engine.upload(rows(2 ** 16));
    expect(count.memories).toBe(2);
    await engine.destroy();
  });

  it('is none for them by a way down over others either', async () => {
    const count = made();
    const engine = await createEngine({ backend: 'cpu', threads: 1 });
    for (const n of [2 ** 18, 70_000]) (await engine.upload(rows(n))).destroy();
    expect(count.memories).toBe(1);
    await engine.upload(rows(20_000));
    await engine.upload(rows(2 ** 18));
    expect(count.memories).toBe(2);
    await engine.destroy();
  });

  it('serves rows that come seldom, whatever was computed of them: the last block of each pass over a stream', async () => {
    const count = made();
    let time = performance.now();
    vi.spyOn(performance, 'now').mockImplementation(() => (time += 1000));
    const engine = await createEngine({ backend: 'cpu', threads: 1 });
    const pass = async () => {
      for (const n of [20_000, 20_000, 2000]) {
        const next = await engine.upload(rows(n));
        await engine.kmeans(next, { k: 2000, init: 'random', seed: 1, maxIterations: 1 });
        next.destroy();
      }
    };
    await pass();
    const { memories } = count;
    for (let more = 0; more < 3; more++) await pass();
    expect(count.memories).toBe(memories);
    await engine.destroy();
  });

  it('of a worker is kept for the last block of each pass, and let go of where nobody came for it', () => {
    const count = made();
    const now = vi.spyOn(performance, 'now').mockReturnValue(0);
    const residents = new Residents('shared');
    residents.learn('kmeans', KMEANS_MAKERS, KMEANS.kernels(true));
    let id = 0;
    // As a block is computed with: clusters take more than its rows.
    const begin = (n: number) => {
      const shard = ++id;
      const extent = { start: 0, end: n, chunkRows: 512 };
      residents.makeShard(shard, { extent, d: D, weighted: false, precise: false });
      const options = { k: 4000, units: runNow(unitsOf([], n, D + 1)), longest: 0, usual: 0, once: true };
      residents.make(++id, 'kmeans', 'clusters', shard, options);
      return () => residents.drop(shard);
    };
    const pass = () => {
      let end = begin(20_000);
      for (const n of [20_000, 20_000, 2000]) {
        const next = begin(n);
        end();
        end = next;
        now.mockReturnValue(performance.now() + 3000);
      }
      end();
    };
    pass();
    expect(count.memories).toBe(3);
    for (let more = 0; more < 3; more++) pass();
    expect(count.memories).toBe(3);
    // Rows of 16 MB: a memory grows for them, and does not stay when it is old.
    for (let more = 0; more < 2; more++) {
      begin(2 ** 19)();
      now.mockReturnValue(performance.now() + 3000);
      begin(2000)();
    }
    pass();
    expect(count.memories).toBe(5);
  });

  it('of the centroids that workers read serves one fit after the other', async () => {
    const k = 50;
    let shared = 0;
    const Shared = SharedArrayBuffer;
    vi.stubGlobal(
      'SharedArrayBuffer',
      new Proxy(Shared, {
        construct(target, args: [number]) {
          shared += args[0] === 8 * k * D ? 1 : 0;
          return new target(...args);
        },
      }),
    );
    const engine = engineOf(new EngineSet('cpu', createCpuEngine({ threads: 2, valuesOfThread: 1 }), null));
    try {
      const fit = async () => (await engine.kmeans(POINTS, { ...K_MEANS, k })).toJSON();
      const expected = await fit();
      for (let more = 0; more < 3; more++) expect(await fit()).toEqual(expected);
      expect(shared).toBe(1);
      const together = await Promise.all([fit(), fit(), fit()]);
      for (const model of together) expect(model).toEqual(expected);
    } finally {
      vi.unstubAllGlobals();
      await engine.destroy();
    }
  });

  it('has one tenant at a time, and nothing of the one before', async () => {
    const engine = await createEngine({ backend: 'cpu', threads: 1 });
    const expected = (await engine.kmeans(POINTS, K_MEANS)).toJSON();
    const resident = await engine.upload(POINTS);
    const fits = await Promise.all([1, 2, 3].map(() => engine.kmeans(POINTS, K_MEANS)));
    for (const fit of [...fits, await engine.kmeans(resident, K_MEANS)]) expect(fit.toJSON()).toEqual(expected);
    await engine.destroy();
  });

  it.each([20, 3000])('of workers is read, and lends nothing to callers: %i rows', async (n) => {
    const engine = engineOf(new EngineSet('cpu', createCpuEngine({ threads: 2, valuesOfThread: 1 }), null));
    const dataset = await engine.upload(rows(n));
    const { labels } = await engine.kmeans(dataset, { k: 5, seed: 1 });
    expect(labels!.buffer).toBeInstanceOf(ArrayBuffer);
    const before = labels!.slice();
    const others = await engine.kmeans(dataset, { k: 3, seed: 2 });
    expect(others.labels).not.toEqual(before);
    expect(labels).toEqual(before);
    await engine.destroy();
  });

  it('is nobody else’s while a fit of points that were destroyed still runs', async () => {
    const engine = engineOf(new EngineSet('cpu', createCpuEngine({ threads: 2, valuesOfThread: 1 }), null));
    const expected = (await engine.kmeans(POINTS, K_MEANS)).toJSON();
    for (let draw = 0; draw < 5; draw++) {
      const gone = await engine.upload(POINTS);
      const options = { ...K_MEANS, k: 300, tolerance: 0, maxIterations: 50 };
      const running = engine.kmeans(gone, {
        ...options,
        onIteration: ({ iteration }) => iteration === draw + 1 && gone.destroy(),
      });
      const after = running.catch(() => engine.kmeans(POINTS, K_MEANS));
      await expect(running).rejects.toThrow('the dataset was destroyed');
      expect((await after)?.toJSON()).toEqual(expected);
    }
    await engine.destroy();
  });
});

describe('where there is no room', () => {
  const VERBS: Readonly<Record<string, (engine: Engine) => Promise<unknown>>> = {
    'k-means++': (engine) => engine.kmeans(POINTS, { ...K_MEANS, init: 'k-means++' }),
    'k-means‖': (engine) => engine.kmeans(POINTS, { ...K_MEANS, init: 'k-means||' }),
    mixture: (engine) => engine.gaussianMixture(POINTS, { k: 30, seed: 1, maxIterations: 2, covarianceType: 'full' }),
  };

  it('for sums in the memory of the points: TypeScript has them beside it, to the same end', async () => {
    const fit = async () => {
      const engine = await createEngine({ backend: 'cpu', threads: 1 });
      const model = await engine.kmeans(POINTS, { ...K_MEANS, init: 'random' });
      await engine.destroy();
      return model.toJSON();
    };
    const expected = await fit();
    let refused = 0;
    Memory.prototype.grow = () => {
      refused++;
      throw new RangeError('Unable to grow instance memory');
    };
    expect(await fit()).toEqual(expected);
    expect(refused).toBeGreaterThan(0);
  });

  it.each(Object.entries(VERBS))(
    '%s: wherever memory cannot grow there is another, or the call rejects, and gives back what it took',
    async (_, run) => {
      let calls = 0;
      let failing = -1;
      Memory.prototype.grow = function (this: WebAssembly.Memory, pages: number) {
        if (calls++ === failing) throw new RangeError('Unable to grow instance memory');
        return grow.call(this, pages);
      };
      const count = made();
      let place = 0;
      for (let reached = true; reached; place++) {
        // In a memory that has not grown yet.
        const engine = await createEngine({ backend: 'cpu', threads: 1 });
        [calls, failing] = [0, place];
        const outcome = await run(engine).then(
          () => 'done',
          (error: Error) => `${error.name}: ${error.message}`,
        );
        expect(outcome).toMatch(/^(done$|RangeError: no room for \d+ MiB)/);
        reached = calls > place;
        failing = -1;
        await run(engine);
        const before = count.memories;
        await run(engine);
        expect(count.memories).toBe(before);
        await engine.destroy();
      }
      expect(place).toBeGreaterThan(1);
    },
  );

  it('a limit of the address space: TypeScript computes in plain memory, to the same end', async () => {
    const expected = await createEngine({ backend: 'cpu', threads: 1 }).then((engine) =>
      engine.kmeans(POINTS, K_MEANS),
    );
    WebAssembly.Memory = class {
      constructor() {
        throw new RangeError('WebAssembly.Memory(): could not allocate memory');
      }
    } as unknown as typeof Memory;
    const engine = await createEngine({ backend: 'cpu', threads: 1 });
    expect((await engine.kmeans(POINTS, K_MEANS)).toJSON()).toEqual(expected.toJSON());
    await engine.destroy();
  });
});
