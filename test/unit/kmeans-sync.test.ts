/** kmeansSync is kmeans on the CPU: the same bits, the same progress, the same errors. */
import { afterAll, describe, expect, it, vi } from 'vitest';
import { SimdClusters } from '../../src/cpu/simd/clusters.ts';
import { createSyncCpuEngine } from '../../src/cpu/sync-engine.ts';
import type { EngineDataset } from '../../src/engine/contract.ts';
import { createEngine, destroyDefaultEngines, KMeansModel, type KMeansProgress, kmeans } from '../../src/index.ts';
import { type PreparedPoints, preparePoints } from '../../src/points.ts';
import { type HostPoints, type KMeansSyncOptions, kmeansSync, type Rows } from '../../src/sync.ts';
import { blobs, rowsAt, spacedRows, wholeNumbers } from '../conformance/cases/data.ts';
import { told } from './told.ts';

const engine = await createEngine({ backend: 'cpu' });
afterAll(() => Promise.all([engine.destroy(), destroyDefaultEngines()]));

/** Overlapping groups, of more rows than any slice has. */
const many = blobs({ n: 9001, d: 5, groups: 9, spread: 2, seed: 11 });
const points: HostPoints = { data: many.data, shape: [many.n, many.d] };
const sampleWeight = Float32Array.from({ length: many.n }, (_, i) => i % 4);
const start: HostPoints = { data: spacedRows(many, 7), shape: [7, 5] };

/** Enough for `kmeans` to use workers, where the hardware runs several threads. */
const large = blobs({ n: 50_000, d: 4, groups: 6, spread: 2, seed: 13 });

/** Few distinct values, so that centroids that begin as one leave clusters empty. */
const few = wholeNumbers(60, 2, 5, 3);
const fewPoints: HostPoints = { data: few.data, shape: [few.n, few.d] };
const ofOneRow: HostPoints = { data: rowsAt(few, [0, 0, 0, 0, 1]), shape: [5, 2] };

const fits: readonly (readonly [what: string, points: HostPoints | Rows, options: KMeansSyncOptions])[] = [
  ['the defaults', points, { k: 8 }],
  ...(['k-means++', 'k-means||', 'random'] as const).flatMap((init): typeof fits => [
    [init, points, { k: 8, init, seed: 3 }],
    [`${init}, weights`, points, { k: 8, init, sampleWeight }],
    [`${init}, the cosine`, points, { k: 8, init, metric: 'cosine' }],
  ]),
  ['points for workers', { data: large.data, shape: [large.n, large.d] }, { k: 9, maxIterations: 12 }],
  ['more clusters than a k-means‖ finds rows for', fewPoints, { k: 20, init: 'k-means||' }],
  ['restarts', points, { k: 12, nInit: 4, seed: 5, maxIterations: 6 }],
  ['an explicit start, to the last change of a label', points, { k: 7, init: start, tolerance: 0 }],
  ['an explicit start, the cosine, weights', points, { k: 7, init: start, metric: 'cosine', sampleWeight }],
  ['a limit', points, { k: 7, init: start, maxIterations: 3, tolerance: 0 }],
  ['a model', points, { k: 7, init: await kmeans(points, { k: 7, init: start, maxIterations: 2, backend: 'cpu' }) }],
  ['empty clusters', fewPoints, { k: 5, init: ofOneRow, tolerance: 0 }],
  [
    'clusters that stay empty',
    [
      [1, 2],
      [1, 2],
      [3, 4],
    ],
    { k: 3 },
  ],
  ['one point', [[1, 2, 3]], { k: 1 }],
  ['rows of float64 with an offset', Array.from({ length: 99 }, (_, i) => [1e9 + (i % 7), (i * i) % 31]), { k: 4 }],
];

describe('the same model and the same progress', () => {
  it.for(fits)('%s', async ([, given, options]) => {
    const progress: unknown[] = [];
    const history: unknown[] = [];
    const model = kmeansSync(given, { ...options, onIteration: (status) => progress.push(told(status)) });
    const awaited = {
      ...options,
      backend: 'cpu',
      onIteration: (status: KMeansProgress) => history.push(told(status)),
    } as const;
    expect(model).toStrictEqual(await kmeans(given, awaited));
    expect(progress).toStrictEqual(history);
    expect(model.backend).toBe('cpu');
  });
});

it('has cases of empty clusters that move and of others that stay', () => {
  const counts = (name: string) => {
    const [, given, options] = fits.find(([what]) => what === name)!;
    return kmeansSync(given, options).counts;
  };
  expect(counts('empty clusters')).not.toContain(0);
  expect(counts('clusters that stay empty')).toContain(0);
});

it('gives a model that goes on in the main entry', async () => {
  const model = kmeansSync(points, { k: 8 });
  expect(model).toBeInstanceOf(KMeansModel);
  expect(await model.predict(points, { backend: 'cpu' })).toStrictEqual(model.labels);
});

it('has no maxSize, which is loaded on demand', () => {
  const options = { k: 2, maxSize: 40 } as never;
  expect(() => kmeansSync(points, options)).toThrow(
    new TypeError(
      "kmeansSync has no option 'maxSize': it has k, init, nInit, maxIterations, tolerance, seed, onIteration, metric, sampleWeight",
    ),
  );
});

describe('the same error', () => {
  const options = { k: 2 };
  const pairs = [
    [0, 0],
    [1, 1],
    [2, 5],
  ];
  const mistakes: readonly (readonly [what: string, points: unknown, options: unknown])[] = [
    ['no points', undefined, options],
    ['no options', pairs, undefined],
    ['options of another kind', pairs, 2],
    ['k of another kind', pairs, { k: '2' }],
    ['k of none', pairs, { k: 0 }],
    ['more clusters than points', pairs, { k: 4 }],
    ['more clusters than points of positive weight', pairs, { k: 3, sampleWeight: Float32Array.of(1, 0, 1) }],
    ['a ragged row', [[0, 0], [1]], options],
    [
      'NaN',
      [
        [0, 0],
        [1, NaN],
      ],
      options,
    ],
    ['a shape that is not that of the data', { data: new Float32Array(5), shape: [2, 3] }, options],
    ['a negative weight', pairs, { k: 2, sampleWeight: Float32Array.of(1, -1, 1) }],
    ['an unknown metric', pairs, { k: 2, metric: 'manhattan' }],
    ['a zero row under the cosine', pairs, { k: 2, metric: 'cosine' }],
    ['an unknown start', pairs, { k: 2, init: 'best' }],
    ['a start of another width', pairs, { k: 2, init: [[0], [1]] }],
    [
      'a zero start under the cosine',
      pairs.slice(1),
      {
        k: 2,
        init: [
          [1, 1],
          [0, 0],
        ],
        metric: 'cosine',
      },
    ],
    ['a tolerance below zero', pairs, { k: 2, tolerance: -1 }],
    ['a callback of another kind', pairs, { k: 2, onIteration: 1 }],
  ];

  it.for(mistakes)('%s', async ([, given, options]) => {
    const error = await engine.kmeans(given as never, options as never).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(Error);
    expect(() => kmeansSync(given as never, options as never)).toThrow(error as Error);
  });
});

it('throws what onIteration throws', () => {
  const reason = new Error('enough');
  const onIteration = () => {
    throw reason;
  };
  expect(() => kmeansSync(points, { k: 3, onIteration })).toThrow(reason);
});

it('takes no dataset, and no points in a GPUBuffer', async () => {
  const dataset = await engine.upload(points);
  expect(() => kmeansSync(dataset as never, { k: 2 })).toThrow(new TypeError('kmeansSync needs points on the host'));
  const buffer = { size: 1024, usage: 0x80 };
  expect(() => kmeansSync({ buffer, shape: [4, 2] } as never, { k: 2 })).toThrow(
    new TypeError('points must be on the host, not in a GPUBuffer'),
  );
});

it('ends where onIteration says so', () => {
  const seen: KMeansProgress[] = [];
  const onIteration = (progress: KMeansProgress) => (seen.push(progress) === 1 ? 'stop' : undefined);
  const model = kmeansSync(points, { k: 3, init: 'random', onIteration });
  expect([model.iterations, model.converged]).toEqual([1, false]);
  expect(seen[0].centroids()).toEqual(model.centroids);
  expect(seen).toHaveLength(1);
});

it('assigns rows to the same centroids once', async () => {
  const dataset = createSyncCpuEngine().upload(preparePoints(fewPoints) as PreparedPoints) as EngineDataset;
  const workspace = await dataset.kmeans(2);
  const assign = vi.spyOn(SimdClusters.prototype, 'assign');
  const centroids = Float64Array.of(-0.5, 0, 0.5, 0.25);
  const first = await workspace.accumulate(centroids);
  expect(await workspace.accumulate(centroids.slice())).toEqual({ ...first, changed: 0 });
  expect(assign).toHaveBeenCalledTimes(1);
  centroids[0] = 0;
  await workspace.accumulate(centroids);
  expect(assign).toHaveBeenCalledTimes(2);
  vi.restoreAllMocks();
});
