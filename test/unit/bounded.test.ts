import { describe, expect, it } from 'vitest';
import { createEngine, kmeans, selectModel } from '../../src/index.ts';
import { Random } from '../../src/random.ts';

const random = new Random(15);
const points = { data: Float64Array.from({ length: 12_000 }, () => random.normal()), shape: [4000, 3] } as const;

describe('maxSize', () => {
  it('gives the same bits on any number of threads', async () => {
    const fits = [];
    for (const threads of [1, 3]) {
      const engine = await createEngine({ backend: 'cpu', threads });
      fits.push(await engine.kmeans(points, { k: 25, maxSize: 170, maxIterations: 5 }));
      await engine.destroy();
    }
    const [one, three] = fits;
    expect(three.labels).toEqual(one.labels);
    expect(three.centroids).toEqual(one.centroids);
    expect(three.inertia).toBe(one.inertia);
    expect(Math.max(...one.counts)).toBe(170);
  });

  it('moves clusters that have no rows', async () => {
    // The last two have the same start, and none of the rows is nearer to the last.
    const rows = [[0], [1], [2], [10], [11], [40]];
    const options = { k: 4, maxSize: 3, init: [[1], [10], [11], [11]], backend: 'cpu' } as const;
    const { counts, inertia, converged } = await kmeans(rows, options);
    expect([...counts].sort()).toEqual([1, 1, 2, 2]);
    expect(inertia).toBe(1);
    expect(converged).toBe(true);
  });

  it('leaves clusters without rows where all rows are their centroids', async () => {
    const { counts, inertia } = await kmeans([[1], [1], [5], [5]], {
      k: 3,
      maxSize: 2,
      init: [[1], [5], [9]],
      backend: 'cpu',
    });
    expect([...counts]).toEqual([2, 2, 0]);
    expect(inertia).toBe(0);
  });

  it('hears its signal', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const pending = kmeans(points, { k: 60, maxSize: 67, tolerance: 0, backend: 'cpu', signal: controller.signal });
    setTimeout(() => controller.abort(reason), 20);
    await expect(pending).rejects.toBe(reason);
  });

  it('may be chosen by', async () => {
    const { table, best } = await selectModel(points, {
      model: 'kmeans',
      k: [20, 24],
      maxSize: 200,
      backend: 'cpu',
      sampleSize: 500,
    });
    expect(table).toHaveLength(2);
    expect(Math.max(...best.counts)).toBeLessThanOrEqual(200);
    const tooFew = selectModel(points, { model: 'kmeans', k: [20, 19], maxSize: 200, backend: 'cpu' });
    await expect(tooFew).rejects.toThrow(new RangeError('maxSize is 200: 19 clusters have no room for 4000 points'));
  });

  it('says before it reads the points what it is not for', async () => {
    const device = { createBuffer: () => undefined } as unknown as GPUDevice;
    const call = kmeans([[NaN]], { k: 1, maxSize: 1, output: 'buffer', device });
    await expect(call).rejects.toThrow(new TypeError("maxSize has its labels on the host: output cannot be 'buffer'"));
  });
});
