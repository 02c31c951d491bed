import { describe, expect, it } from 'vitest';
import { createEngine, KMeansModel, kmeans, type SelectKMeansOptions, selectModel } from '../../src/index.ts';

const points = [
  [0, 0],
  [1, 0],
  [0, 5],
  [1, 5],
  [9, 9],
];
const select = (options: Partial<SelectKMeansOptions>, given: readonly number[][] = points) =>
  selectModel(given, { model: 'kmeans', k: [2], backend: 'cpu', ...options });

describe('selectModel of k-means refuses', () => {
  it.each([
    ['no k', { k: undefined }, TypeError, /^k must be an array/],
    ['k that is no list', { k: 3 }, TypeError, /^k must be an array/],
    ['an empty list', { k: [] }, RangeError, /^k must have at least one value/],
    ['a k of zero', { k: [2, 0] }, RangeError, /^k\[1\] /],
    ['a k above the points', { k: [1, 6] }, RangeError, /^k is 6, .*5 points/],
    ['another model', { model: 'k-means' }, RangeError, /^model must be one of 'mixture', 'kmeans', got 'k-means'/],
    ['a model that is no word', { model: 2 }, TypeError, /^model /],
    ['a criterion of mixtures', { criterion: 'aic' }, RangeError, /^criterion must be one of 'silhouette'/],
    ['another metric', { metric: 'manhattan' }, RangeError, /^metric /],
    ['a sample of two', { sampleSize: 2 }, RangeError, /^sampleSize /],
    ['onProgress', { onProgress: 'log' }, TypeError, /^onProgress /],
    [
      'an explicit start',
      {
        init: [
          [0, 0],
          [9, 9],
        ],
        k: [2, 3],
      },
      RangeError,
      /^init /,
    ],
    ['the bic of cosines', { criterion: 'bic', metric: 'cosine' }, TypeError, /^criterion 'bic' needs the Euclidean/],
    ['what belongs to one fit', { onIteration: () => 1 }, TypeError, /no option 'onIteration'/],
    ['what belongs to mixtures', { covarianceType: ['full'] }, TypeError, /no option 'covarianceType'/],
  ] as const)('%s', async (_, options, kind, message) => {
    // No row is zero, which would be an error under the cosine.
    const error = await select(options as never, points.slice().fill([1, 1], 0, 1)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(kind);
    expect(String((error as Error).message)).toMatch(message);
  });

  it('what belongs to k-means, of mixtures', async () => {
    for (const [options, told] of [
      [{ metric: 'cosine' }, "no option 'metric' for mixtures: add model: 'kmeans'"],
      [{ sampleSize: 9 }, "no option 'sampleSize' for mixtures: add model: 'kmeans'"],
      [{ criterion: 'silhouette' }, "criterion 'silhouette' is none of mixtures: add model: 'kmeans'"],
      [{ metric: 'cosine', model: 'mixture' }, "no option 'metric'"],
    ] as const) {
      await expect(selectModel(points, { k: [1], ...options } as never)).rejects.toThrow(told);
    }
    await expect(selectModel(points, { model: 'mixture', k: [1], criterion: 'silhouette' } as never)).rejects.toThrow(
      /^criterion must be one of 'bic', 'icl', 'aic'/,
    );
  });

  it('k above the points, before the first fit', async () => {
    let fits = 0;
    await expect(select({ k: [2, 11], onProgress: () => void fits++ })).rejects.toThrow(RangeError);
    expect(fits).toBe(0);
  });
});

describe('selectModel of k-means', () => {
  it.each(['silhouette', 'calinski-harabasz', 'davies-bouldin'] as const)(
    'has no %s of one cluster, nor of rows that are each their own',
    async (criterion) => {
      const { best, table, elbow } = await select({ k: [1, 5], criterion });
      for (const row of table) {
        const { silhouette, calinskiHarabasz, daviesBouldin, bic } = row;
        expect([silhouette, calinskiHarabasz, daviesBouldin, bic]).toEqual([null, null, null, null]);
      }
      // Nothing tells them apart.
      expect(best.k).toBe(1);
      expect(elbow).toBeNull();
      const some = await select({ k: [1, 5, 3], criterion });
      expect(some.best.k).toBe(3);
    },
  );

  it('has no score where the fit left one cluster only', async () => {
    const equal = Array.from({ length: 6 }, () => [2, 2]);
    const { best, table } = await select({ k: [3] }, equal);
    expect(Array.from(best.counts)).toEqual([6, 0, 0]);
    expect(table[0]).toMatchObject({ inertia: 0, silhouette: null });
    // A density without width.
    expect((await select({ k: [2, 1], criterion: 'bic' }, equal)).table.map(({ bic }) => bic)).toEqual([
      -Infinity,
      -Infinity,
    ]);
  });

  it('takes the first of equals, and the elbow whatever the order', async () => {
    const groups = Array.from({ length: 60 }, (_, i) => [30 * (i % 3) + Math.sin(i), Math.cos(i)]);
    const { best, elbow, table } = await select({ k: [6, 2, 3, 3, 5, 4, 1], criterion: 'davies-bouldin' }, groups);
    expect(table.map(({ k }) => k)).toEqual([6, 2, 3, 3, 5, 4, 1]);
    expect(table[2]).toEqual(table[3]);
    expect([best.k, elbow]).toEqual([3, 3]);
    expect(best).toEqual(await kmeans(groups, { k: 3, backend: 'cpu' }));
    expect(best).toBeInstanceOf(KMeansModel);
  });

  it('is by directions under the cosine, which belongs to the points', async () => {
    const angles = Array.from({ length: 40 }, (_, i) => ((i % 4) * Math.PI) / 2 + 0.02 * Math.sin(i));
    const rows = angles.map((angle, i) => [2 ** (i % 7), angle]).map(([r, a]) => [r * Math.cos(a), r * Math.sin(a)]);
    const k = [2, 3, 4, 5, 6];
    const { best, table } = await select({ k, metric: 'cosine', nInit: 4 }, rows);
    expect([best.k, best.metric]).toEqual([4, 'cosine']);
    const engine = await createEngine({ backend: 'cpu' });
    const dataset = await engine.upload(rows, { metric: 'cosine' });
    expect((await selectModel(dataset, { model: 'kmeans', k, nInit: 4 })).table).toEqual(table);
    await expect(selectModel(dataset, { model: 'kmeans', k, metric: 'euclidean' })).rejects.toThrow(
      /dataset's 'cosine'/,
    );
    await engine.destroy();
  });

  it('leaves out rows of weight 0', async () => {
    const rows = [[0], [1], [500], [8], [9]];
    const { best, table } = await select({ k: [2], sampleWeight: [1, 1, 0, 2, 2] }, rows);
    const { table: without } = await select(
      { k: [2] },
      rows.filter(([x]) => x !== 500),
    );
    expect(table[0].silhouette).toBe(without[0].silhouette);
    expect(Array.from(best.counts).sort()).toEqual([2, 4]);
  });
});
