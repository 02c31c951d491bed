import { describe, expect, it } from 'vitest';
import { bisectingKMeans, createEngine } from '../../src/index.ts';
import { Random } from '../../src/random.ts';

const random = new Random(9);
const points = { data: Float64Array.from({ length: 6000 }, () => random.normal()), shape: [2000, 3] } as const;

describe('bisectingKMeans', () => {
  it('gives the same bits on any number of threads, and for a Dataset as for points', async () => {
    const expected = await bisectingKMeans(points, { k: 11, nInit: 2, seed: 4, backend: 'cpu' });
    for (const threads of [1, 3]) {
      const engine = await createEngine({ backend: 'cpu', threads });
      const dataset = await engine.upload(points);
      const model = await bisectingKMeans(dataset, { k: 11, nInit: 2, seed: 4 });
      expect(model.centroids).toEqual(expected.centroids);
      expect(model.labels).toEqual(expected.labels);
      expect(model.inertia).toBe(expected.inertia);
      await engine.destroy();
    }
  });

  it('depends on the seed, and is no worse for more starts', async () => {
    const inertiaOf = async (options: { seed?: number; nInit?: number }) =>
      (await bisectingKMeans(points, { k: 2, init: 'random', maxIterations: 2, backend: 'cpu', ...options })).inertia;
    const [one, other] = [await inertiaOf({ seed: 1 }), await inertiaOf({ seed: 2 })];
    expect(one).not.toBe(other);
    expect(await inertiaOf({ seed: 1, nInit: 10 })).toBeLessThanOrEqual(one);
  });

  it('says how many iterations there were, and whether each split converged', async () => {
    const model = await bisectingKMeans(points, { k: 8, maxIterations: 1, backend: 'cpu' });
    expect(model.iterations).toBe(7);
    expect(model.converged).toBe(false);
    expect((await bisectingKMeans(points, { k: 1, backend: 'cpu' })).counts).toEqual(Float64Array.of(2000));
  });

  it.each([
    ['no k', {}, TypeError, 'k must be a number'],
    ['too many clusters', { k: 2001 }, RangeError, 'k is 2001, there are 2000 points'],
    ['an unknown strategy', { k: 2, strategy: 'biggest_inertia' }, RangeError, 'strategy must be one of'],
    ['a strategy that is no word', { k: 2, strategy: 1 }, TypeError, 'strategy must be a string'],
    ['centroids to start from', { k: 2, init: [[0], [1]] }, TypeError, 'init must be a string'],
    ['an unknown start', { k: 2, init: 'best' }, RangeError, 'init must be one of'],
    ['an option of kmeans alone', { k: 2, maxSize: 3 }, TypeError, "bisectingKMeans has no option 'maxSize'"],
    ['a metric that is none', { k: 2, metric: 'manhattan' }, RangeError, 'metric must be one of'],
    ['a signal that is none', { k: 2, signal: 3 }, TypeError, 'signal must be an AbortSignal'],
  ] as const)('refuses %s', async (_, options, kind, message) => {
    await expect(bisectingKMeans(points, options as never)).rejects.toThrow(
      expect.objectContaining({ constructor: kind, message: expect.stringContaining(message) }),
    );
  });
});
