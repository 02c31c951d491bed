/** Clusters that lose all their points. */
import type { Engine, KMeansModel, KMeansProgress, Metric } from '../../../src/index.ts';
import { moments, referenceKMeans } from '../../reference/kmeans.ts';
import { atMost, type ConformanceCase, check, equal, sameValues, withEngine } from '../case.ts';
import { asHeld, checkHistory, checkModel, upload } from './bounds.ts';
import { blobs, type CasePoints, mapped, repeated, rowsAt, spacedRows } from './data.ts';

/** Some rows, and some places that no point is nearest to. */
function withFarStarts(points: CasePoints, rows: readonly number[], far: number): Float64Array {
  const init = new Float64Array((rows.length + far) * points.d);
  init.set(rowsAt(points, rows));
  for (let at = rows.length * points.d; at < init.length; at++) init[at] = 1e4 + 10 * at;
  return init;
}

/** The first iterations and the whole fit against the reference, which must have relocated. */
async function checkAgainstReference(
  engine: Engine,
  points: CasePoints,
  init: Float64Array,
  metric: Metric = 'euclidean',
): Promise<KMeansModel> {
  const { d } = points;
  const k = init.length / d;
  const held = asHeld(points, metric);
  const dataset = await upload(engine, points, metric);
  const deviations = moments(held).variance.map(Math.sqrt);
  let model: KMeansModel | undefined;
  for (const maxIterations of [1, 2, 40]) {
    const history: KMeansProgress[] = [];
    const options = { k, init: { data: init, shape: [k, d] as const }, maxIterations };
    model = await engine.kmeans(dataset, { ...options, onIteration: (progress) => history.push(progress) });
    checkModel(model, points, k, metric);
    const expected = referenceKMeans(held, init, { metric, maxIterations });
    check(
      expected.history.some(({ relocated }) => relocated.length > 0),
      'the case is not fair: nothing was relocated',
    );
    sameValues(model.labels, expected.labels, `labels after ${maxIterations} iterations at most`);
    sameValues(model.counts, expected.counts, `counts after ${maxIterations} iterations at most`);
    equal(model.iterations, expected.iterations, 'iterations');
    equal(model.converged, expected.converged, 'converged');
    model.centroids.forEach((value, i) => {
      const difference = Math.abs(value - expected.centroids[i]);
      atMost(
        difference,
        1e-6 * deviations[i % d],
        `centroids[${i}] after ${maxIterations} iterations at most: difference`,
      );
    });
    equal(history.length, model.iterations, 'number of reports');
    history.forEach(({ iteration, inertia }, i) => {
      equal(iteration, i + 1, 'iteration');
      const reference = expected.history[i].inertia;
      atMost(Math.abs(inertia - reference), 1e-5 * reference, `inertia of iteration ${iteration}: difference`);
    });
  }
  return model!;
}

export const empty: readonly ConformanceCase[] = [
  withEngine('empty clusters take the farthest points', async (engine) => {
    const points = blobs({ n: 1001, d: 2, seed: 61 });
    await checkAgainstReference(engine, points, withFarStarts(points, [0, 1], 2));
  }),
  withEngine('one empty cluster of two', async (engine) => {
    const points = blobs({ n: 63, d: 3, groups: 2, seed: 63 });
    await checkAgainstReference(engine, points, withFarStarts(points, [0], 1));
  }),
  withEngine('many empty clusters', async (engine) => {
    const points = blobs({ n: 4099, d: 5, groups: 40, seed: 65 });
    await checkAgainstReference(engine, points, withFarStarts(points, [5, 6, 7], 62));
  }),
  withEngine('equal initial centroids', async (engine) => {
    const points = blobs({ n: 1001, d: 4, seed: 67 });
    await checkAgainstReference(engine, points, rowsAt(points, [3, 3, 4, 4, 3]));
  }),
  withEngine('the farthest points are equal: distinct ones are taken', async (engine) => {
    const points = blobs({ n: 1001, d: 2, groups: 3, seed: 69 });
    // Five copies of the farthest point, three of the next.
    for (const i of [10, 200, 300, 400, 990]) points.data.set([64, 64], 2 * i);
    for (const i of [11, 201, 301]) points.data.set([-48, 64], 2 * i);
    const model = await checkAgainstReference(engine, points, withFarStarts(points, [0, 1], 3));
    check(
      model.counts.every((count) => count > 0),
      'a cluster stayed empty',
    );
  }),
  withEngine('equally far points: the lowest index is taken', async (engine) => {
    // A cross: its mean is one of the points, its arms are equally far.
    const data = Float32Array.of(0, 0, 4, 0, 0, 4, -4, 0, 0, -4, 0, 0, 1, 0, -1, 0);
    const points: CasePoints = { data, n: 8, d: 2 };
    for (const far of [1, 2, 3, 4]) await checkAgainstReference(engine, points, withFarStarts(points, [0], far));
  }),
  withEngine('a point of weight zero is not taken', async (engine) => {
    const points = blobs({ n: 1001, d: 2, seed: 71 });
    const weights = new Float32Array(1001).fill(1);
    points.data.set([80, 80], 2 * 500);
    weights[500] = 0;
    const heavy = { ...points, weights };
    const model = await checkAgainstReference(engine, heavy, withFarStarts(points, [0, 1], 1));
    check(!model.centroids.includes(80), 'the point of weight zero is a centroid');
  }),
  withEngine('relocation with weights is that of repeated rows', async (engine) => {
    const points = blobs({ n: 501, d: 3, seed: 73 });
    const heavy = { ...points, weights: Float32Array.from({ length: 501 }, (_, i) => i % 4) };
    const init = withFarStarts(points, [1, 2], 6);
    const options = { k: 8, init: { data: init, shape: [8, 3] as const } };
    const fit = await engine.kmeans(await upload(engine, heavy), options);
    const rows = await engine.kmeans(await upload(engine, repeated(heavy)), options);
    equal(fit.iterations, rows.iterations, 'iterations');
    sameValues(fit.counts, rows.counts, 'counts');
    await checkAgainstReference(engine, heavy, init);
  }),
  withEngine('relocation under the cosine', async (engine) => {
    const points = blobs({ n: 1001, d: 3, groups: 6, seed: 75 });
    const same = rowsAt(points, [2, 2, 2, 3]);
    await checkAgainstReference(engine, points, same, 'cosine');
  }),
  ...(['k-means++', 'k-means||', 'random', 'explicit'] as const).map((init) =>
    withEngine(`more clusters than distinct points: ${init}`, async (engine) => {
      // Values that float32 sums do not bring back: the mean of equal rows need not be the row.
      const seven = mapped(blobs({ n: 7, d: 3, groups: 7, seed: 77 }), (value) => value / 3);
      const points: CasePoints = {
        data: Float32Array.from(
          rowsAt(
            seven,
            Array.from({ length: 1001 }, (_, i) => i % 7),
          ),
        ),
        n: 1001,
        d: 3,
      };
      const dataset = await upload(engine, points);
      const k = 10;
      const start = init === 'explicit' ? { data: spacedRows(points, k), shape: [k, 3] as const } : init;
      const history: KMeansProgress[] = [];
      const model = await engine.kmeans(dataset, { k, init: start, onIteration: (progress) => history.push(progress) });
      checkModel(model, points, k);
      equal(model.converged, true, 'converged');
      atMost(model.iterations, 20, 'iterations');
      sameValues(
        Array.from(model.counts).filter((count) => count > 0),
        new Array(7).fill(143),
        'counts of the others',
      );
      checkHistory(history, model, Infinity);
    }),
  ),
];
