/** What the page's worker does, without a worker. */
import { describe, expect, it, vi } from 'vitest';
import type { Feature, Features } from '../../demo/features/features.ts';
import { take } from '../../demo/results/take.ts';
import type { KeptRun } from '../../demo/work/fits.ts';
import { holdLock } from '../../demo/work/lost.ts';
import { Residence } from '../../demo/work/residence.ts';
import { createEngine } from '../../src/api/create-engine.ts';

vi.mock('../../demo/work/threads.ts', () => ({ THREADS: 'about:blank' }));
vi.mock('../../src/api/create-engine.ts', async (original) => {
  const library = await original<typeof import('../../src/api/create-engine.ts')>();
  return { ...library, createEngine: vi.fn(library.createEngine) };
});

const feature = (column: number, more: Partial<Feature> = {}): Feature => ({
  ...{ name: 'x', column, part: 'value', scaling: 'none', centre: 0, unit: 1, parameter: 0, ...more },
});

function features(n: number): Features {
  const data = Float32Array.from({ length: n }, (_, i) => i);
  return { n, d: 1, data, features: [feature(0)], rows: null, weights: null, leftOut: 0, filled: 0 };
}

describe('the engine in use', () => {
  it('has the points of whoever asked, though others asked at once', async () => {
    const residence = new Residence();
    const [one, other] = await Promise.all([residence.of('cpu', features(10)), residence.of('cpu', features(20))]);
    expect(other.engine).toBe(one.engine);
    // Of two, one would never be ended.
    expect(createEngine).toHaveBeenCalledOnce();
    expect(other.dataset.n).toBe(20);
    expect((await other.engine.kmeans(other.dataset, { k: 2 })).labels).toHaveLength(20);
    await residence.leave();
  });

  it('is started before there are points, and then has those that come', async () => {
    vi.mocked(createEngine).mockClear();
    const residence = new Residence();
    const [, one] = await Promise.all([
      residence.warm('cpu'),
      residence.of('cpu', features(10)),
      residence.warm('cpu'),
    ]);
    await residence.warm('auto');
    expect(createEngine).toHaveBeenCalledOnce();
    expect([one.dataset.n, (await one.engine.kmeans(one.dataset, { k: 2 })).labels.length]).toEqual([10, 10]);
    await residence.leave();
  });

  it('keeps its threads when tables go, and is another one where another is asked for', async () => {
    vi.mocked(createEngine).mockClear();
    const residence = new Residence();
    await residence.warm('cpu');
    await residence.empty();
    const first = await residence.of('cpu', features(10));
    await residence.empty();
    await expect(first.engine.kmeans(first.dataset, { k: 2 })).rejects.toThrow('destroyed');
    const second = await residence.of('cpu', features(20));
    expect(second.engine).toBe(first.engine);
    const third = await residence.of('auto', features(30));
    expect(third.engine).not.toBe(first.engine);
    expect(third.dataset.n).toBe(30);
    expect(createEngine).toHaveBeenCalledTimes(2);
    await residence.leave();
  });

  it('goes on after something failed', async () => {
    const residence = new Residence();
    const wrong = { ...features(10), data: new Float32Array(3) };
    await expect(residence.of('cpu', wrong)).rejects.toThrow();
    expect((await residence.of('cpu', features(10))).dataset.n).toBe(10);
    await residence.leave();
  });
});

describe('centroids that are taken home', () => {
  it('are dates and times where the columns are', async () => {
    const means = Float64Array.of(Date.UTC(2024, 1, 29, 12), 90.5, 2.5);
    const table = {
      ...{ name: 'table', n: 1, remarks: [] },
      columns: (['date', 'time', 'number'] as const).map((measure) => ({
        ...{ name: measure, measure, values: new Float64Array(1) },
      })),
    };
    const run = { k: 1, d: 3, counts: [1], weights: null, means, features: [0, 1, 2].map((column) => feature(column)) };
    const from = { table, file: null, features: features(1), kept: { run } as unknown as KeptRun, names: null };
    const reading = { signal: new AbortController().signal, onProgress: () => undefined };
    const text = await (await take('centroids', from, reading)).text();
    expect(text.split('\n')[1]).toBe('1,1,2024-02-29T12:00:00Z,01:30:30,2.5');
  });
});

describe('a lock', () => {
  it('is not held where there are none', async () => {
    vi.stubGlobal('navigator', {});
    expect(await holdLock('name')).toBe(false);
    vi.unstubAllGlobals();
  });
});
