import type { KMeansModel } from '../../../src/index.ts';
import { REFERENCE_METRICS, REFERENCE_RULES, referenceKMeans } from '../../reference/kmeans.ts';
import { type ConformanceCase, check, equal, rejects, sameValues, withEngine } from '../case.ts';
import { asInput, checkAll, checkModel, upload } from './bounds.ts';
import { blobs, type CasePoints, spacedRows, uniforms } from './data.ts';

/** Rows in a few directions, of lengths between 1/4 and 4. */
function directions(n: number, d: number, seed: number): CasePoints {
  const uniform = uniforms(seed);
  const points = blobs({ n, d, spread: 6, seed: seed + 1 });
  for (let i = 0; i < n; i++) {
    const length = 2 ** (4 * uniform() - 2);
    for (let j = 0; j < d; j++) points.data[i * d + j] *= length;
  }
  return points;
}

/** Those of unit rows: every other case is one of the Euclidean metric. */
const ofDirections = REFERENCE_METRICS.filter((metric) => REFERENCE_RULES[metric].unitRows);

const shapes = [
  [2, 2, 2],
  [63, 3, 8],
  [1000, 2, 17],
  [4097, 5, 8],
  [4097, 64, 17],
  [1000, 784, 3],
  [9001, 16, 17],
] as const;

export const metrics: readonly ConformanceCase[] = [
  ...ofDirections.flatMap((metric) => [
    ...shapes.map(([n, d, k]) =>
      withEngine(`${metric}, n = ${n}, d = ${d}, k = ${k}`, async (engine) => {
        const points = directions(n, d, n + d + k);
        await checkAll(engine, points, spacedRows(points, k), metric);
      }),
    ),
    ...(['k-means++', 'k-means||', 'random'] as const).map((init) =>
      withEngine(`${metric} from ${init}`, async (engine) => {
        const points = directions(1001, 4, 81);
        const model = await engine.kmeans(await upload(engine, points, metric), { k: 7, init, seed: 5 });
        checkModel(model, points, 7, metric);
      }),
    ),
  ]),
  withEngine('cosine, one feature', async (engine) => {
    const points: CasePoints = { data: Float32Array.of(3, -2, 0.5, -7, 1e-30), n: 5, d: 1 };
    const model = await engine.kmeans(await upload(engine, points, 'cosine'), { k: 2, init: [[1], [-5]] });
    sameValues(model.labels, [0, 1, 0, 1, 0], 'labels');
    sameValues(model.centroids, [1, -1], 'centroids');
    equal(model.inertia, 0, 'inertia');
  }),
  withEngine('cosine: the length of a row does not matter', async (engine) => {
    const points = directions(1001, 5, 83);
    const stretched = points.data.map((value, at) => value * 2 ** ((Math.floor(at / 5) % 200) - 100));
    const fit = async (data: CasePoints): Promise<KMeansModel> => {
      const dataset = await upload(engine, data, 'cosine');
      return engine.kmeans(dataset, { k: 8, init: { data: spacedRows(points, 8), shape: [8, 5] } });
    };
    const plain = await fit(points);
    const other = await fit({ ...points, data: Float32Array.from(stretched) });
    sameValues(other.labels, plain.labels, 'labels');
    sameValues(other.centroids, plain.centroids, 'centroids');
    equal(other.inertia, plain.inertia, 'inertia');
  }),
  withEngine('cosine: a sum of zero keeps its centroid', async (engine) => {
    // The first four rows cancel; the fifth and sixth have a cluster of their own.
    const points: CasePoints = { data: Float32Array.of(1, 0, 2, -2, -3, 0, -1, 1, 0, 5, 0.1, 5), n: 6, d: 2 };
    const crossed: CasePoints = { data: points.data.slice(0, 8), n: 4, d: 2 };
    for (const [data, init] of [
      [crossed, [0.6, 0.8]],
      [{ ...crossed, weights: Float32Array.of(2, 3, 2, 3) }, [0.6, 0.8]],
      [points, [-0.6, -0.8, 0, 1]],
    ] as const) {
      const k = init.length / 2;
      const model = await engine.kmeans(await upload(engine, data, 'cosine'), {
        k,
        init: { data: Float64Array.from(init), shape: [k, 2] },
      });
      checkModel(model, data, k, 'cosine');
      const expected = referenceKMeans(data, init, { metric: 'cosine' });
      sameValues(model.labels, expected.labels, 'labels');
      equal(model.iterations, expected.iterations, 'iterations');
      const nearest = Math.hypot(model.centroids[0] - init[0], model.centroids[1] - init[1]);
      if (k === 1) check(nearest < 1e-7, `the centroid moved by ${nearest}`);
    }
  }),
  withEngine('cosine: a row of zeros is an error', async (engine) => {
    const points = directions(1001, 3, 85);
    points.data.fill(0, 3 * 700, 3 * 701);
    await rejects(engine.upload(asInput(points), { metric: 'cosine' }), RangeError, /points\[700\]/, 'upload');
    const dataset = await upload(engine, directions(63, 3, 87), 'cosine');
    const model = await engine.kmeans(dataset, { k: 2 });
    // biome-ignore format: one row a line says less
    await rejects(model.predict([[1, 2, 3], [0, 0, 0]]), RangeError, /points\[1\]/, 'predict');
  }),
];
