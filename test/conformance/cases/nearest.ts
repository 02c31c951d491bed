/** Nearest centroids and representatives: beside the reference, and beside scikit-learn. */
import {
  destroyDefaultEngines,
  type Engine,
  KMeansModel,
  type Metric,
  type NearestCentroids,
  nearest,
  type PlacementOptions,
} from '../../../src/index.ts';
import { goldens } from '../../golden/golden.ts';
import stored from '../../golden/nearest.json';
import { nearestOf, REFERENCE_RULES, representativesOf, unitRows } from '../../reference/kmeans.ts';
import { atMost, type ConformanceCase, check, equal, reasonOf, rejects, sameValues, withEngine } from '../case.ts';
import { asHeld, asInput, upload } from './bounds.ts';
import { blobs, type CasePoints, lattice, mapped, rowsAt, spacedRows } from './data.ts';
import { lend, withLentDevice } from './devices.ts';

/** The i-th of each row is as near as the i-th nearest; `exact`: it is that one. */
function checkNearest(
  { indices, distances }: NearestCentroids,
  points: CasePoints,
  centroids: Float64Array,
  count: number,
  metric: Metric,
  exact: boolean,
): void {
  const { n, d } = points;
  const held = asHeld(points, metric);
  const targets = REFERENCE_RULES[metric].unitCentroids ? unitRows(centroids, d) : centroids;
  const all = nearestOf(held, targets, centroids.length / d);
  const k = centroids.length / d;
  const largest = all.squares.reduce((most, square) => Math.max(most, square), 0);
  equal(indices.length, n * count, 'indices');
  equal(distances.length, n * count, 'distances');
  for (let i = 0; i < n; i++) {
    const seen = new Set<number>();
    for (let rank = 0; rank < count; rank++) {
      const at = i * count + rank;
      const index = indices[at];
      const expected = all.squares[i * k + rank];
      const own = all.squares[i * k + all.indices.subarray(i * k, (i + 1) * k).indexOf(index)];
      const bound = 2e-5 * expected + 1e-12 * largest;
      atMost(Math.abs(own - expected), bound, `squared distance of row ${i} to its ${rank}-th, ${index}`);
      atMost(
        Math.abs(REFERENCE_RULES[metric].squared(distances[at]) - expected),
        bound,
        `distance ${rank} of row ${i}`,
      );
      if (exact) equal(index, all.indices[i * k + rank], `the ${rank}-th of row ${i}`);
      seen.add(index);
    }
    equal(seen.size, count, `different centroids of row ${i}`);
  }
}

/** An engine, and what sends points of a call to the same backend. */
function withCalls(
  name: string,
  run: (engine: Engine, calls: PlacementOptions, backend: 'cpu' | 'webgpu') => Promise<void>,
): ConformanceCase {
  return withEngine(name, async (engine, { backend, requestDevice }) => {
    if (backend === 'cpu') return run(engine, { backend }, backend);
    await run(engine, { backend, device: await requestDevice!() }, backend);
    await destroyDefaultEngines();
  });
}

/** [n, d, k, count] */
const shapes = [
  [1, 3, 1, 1],
  [2, 1, 2, 2],
  [17, 5, 4, 1],
  [63, 3, 8, 8],
  [257, 384, 40, 1],
  [257, 384, 40, 6],
  [1000, 8, 65, 5],
  [4097, 2, 17, 3],
] as const;

export const nearestCases: readonly ConformanceCase[] = [
  ...shapes.flatMap(([n, d, k, count]) =>
    (['euclidean', 'cosine'] as const).map((metric) =>
      withCalls(`nearest ${count} of ${k}, n = ${n}, d = ${d}, ${metric}`, async (engine, calls, backend) => {
        const points = blobs({ n, d, seed: n + d });
        const centroids = spacedRows(blobs({ n: k, d, seed: n + d }), k);
        const given = { data: centroids, shape: [k, d] };
        // Unit rows are rounded, so that float64 of the caller's may see another order.
        const exact = backend === 'cpu' && metric === 'euclidean';
        const dataset = await upload(engine, points, metric);
        checkNearest(await nearest(dataset, given, { count }), points, centroids, count, metric, exact);
        const direct = await nearest(asInput(points), given, { count, metric, ...calls });
        checkNearest(direct, points, centroids, count, metric, exact);
      }),
    ),
  ),
  ...stored.sets.flatMap(({ name, rows, found }) =>
    found.map(({ metric: metricName, indices, distances }) =>
      withCalls(`nearest rows of scikit-learn on ${name}, ${metricName}`, async (_, calls) => {
        const metric = metricName as Metric;
        const golden = goldens.find((golden) => golden.name === name)!;
        const { d } = golden;
        const { k, count } = stored;
        const n = indices.length / count;
        const centroids = rowsAt(golden, rows);
        const points = { data: golden.data.slice(0, n * d), n, d };
        const given = { data: centroids, shape: [k, d] };
        const actual = await nearest(asInput(points), given, { count, metric, ...calls });
        checkNearest(actual, points, centroids, count, metric, false);
        const largest = distances.reduce((a, b) => Math.max(a, b));
        distances.forEach((expected, at) => {
          const row = Math.floor(at / count) * count;
          const bound = 1e-5 * expected + 1e-6 * largest;
          atMost(Math.abs(actual.distances[at] - expected), bound, `distances[${at}]`);
          const gaps = distances.slice(row, row + count).map((other) => Math.abs(other - expected));
          // Nothing tells how far behind the next one is.
          const isClear = at < row + count - 1 && gaps.filter((gap) => gap <= 1e-5 * largest).length === 1;
          if (isClear) equal(actual.indices[at], indices[at], `indices[${at}]`);
        });
      }),
    ),
  ),
  withEngine('nearest: equally near centroids in the order of their indices', async (engine) => {
    const grid = lattice(4, 3);
    const centroids = Float64Array.from(grid.data);
    const dataset = await upload(engine, grid);
    for (const count of [1, 7, 64]) {
      const { indices } = await nearest(dataset, { data: centroids, shape: [64, 3] }, { count });
      sameValues(indices, nearestOf(grid, centroids, count).indices, `indices, count ${count}`);
    }
    const twice = await nearest(
      dataset,
      [
        [1, 1, 1],
        [0, 0, 0],
        [1, 1, 1],
      ],
      { count: 2 },
    );
    sameValues(twice.indices.subarray(2 * 63), [0, 2], 'of equal centroids');
  }),
  withCalls('nearest to a model: the first is what predict says', async (engine, calls, backend) => {
    for (const metric of ['euclidean', 'cosine'] as const) {
      const points = blobs({ n: 1001, d: 70, groups: 40, spread: 2, seed: 11 });
      const dataset = await upload(engine, points, metric);
      const model = await engine.kmeans(dataset, { k: 37, maxIterations: 2 });
      for (const rows of [dataset, asInput(points)]) {
        const first = await nearest(rows, model, rows === dataset ? {} : calls);
        sameValues(first.indices, model.labels, `${metric}: indices`);
        const three = await nearest(rows, model, rows === dataset ? { count: 3 } : { ...calls, count: 3 });
        checkNearest(three, points, model.centroids, 3, metric, backend === 'cpu' && metric === 'euclidean');
      }
    }
  }),
  withCalls('nearest: what is said of a row does not depend on the others', async (_, calls) => {
    const points = mapped(blobs({ n: 100, d: 3, seed: 13 }), (value, j) => (j === 1 ? value + 1e5 : value));
    const given = { data: spacedRows(points, 6), shape: [6, 3] };
    const alone = await nearest(asInput(points), given, { count: 4, ...calls });
    const far = Float64Array.from([...points.data, 1e30, 0, -1e30, 1e140, 1e140, 0]);
    const beside = await nearest({ data: far, shape: [102, 3] }, given, { count: 4, ...calls });
    sameValues(beside.indices.subarray(0, 400), alone.indices, 'indices');
    sameValues(beside.distances.subarray(0, 400), alone.distances, 'distances');
    const { indices } = nearestOf({ data: far.subarray(300), n: 2, d: 3 }, given.data, 4);
    sameValues(beside.indices.subarray(400), indices, 'indices of far rows');
    atMost(Math.abs(beside.distances[400] / Math.SQRT2 / 1e30 - 1), 1e-6, 'distance of a far row');
  }),
  withEngine('nearest: rows of weight 0, however far', async (engine) => {
    const weights = Float32Array.of(1, 1, 0, 1);
    const dataset = await upload(engine, { data: Float32Array.of(0, 1, 1e10, 8), n: 4, d: 1, weights });
    const { indices, distances } = await nearest(dataset, [[0], [9]], { count: 2 });
    sameValues(indices, [0, 1, 0, 1, 1, 0, 1, 0], 'indices');
    sameValues(distances, [0, 9, 1, 8, Math.fround(1e10 - 9), 1e10, 1, 8], 'distances');
  }),
  withCalls('representatives are the nearest rows with their label', async (engine, calls, backend) => {
    const data = lattice(5, 3);
    const weights = Float32Array.from({ length: data.n }, (_, i) => (i % 3 === 0 ? 0 : 1 + (i % 2)));
    const sets: readonly CasePoints[] = [data, { ...data, weights }, blobs({ n: 1003, d: 5, seed: 17 })];
    for (const [at, points] of sets.entries()) {
      const centroids = spacedRows(points, 6).map((value) => Math.round(value));
      const json = { type: 'KMeansModel', metric: 'euclidean', backend, k: 6, d: points.d } as const;
      const fitted = { counts: Array(6).fill(1), inertia: 1, iterations: 1, converged: true };
      const model = KMeansModel.fromJSON({ ...json, ...fitted, centroids: Array.from(centroids) });
      const dataset = await upload(engine, points);
      for (const count of [1, 4, points.n]) {
        const expected = representativesOf(points, centroids, count);
        const direct = { count, ...calls, ...(points.weights && { sampleWeight: points.weights }) };
        for (const actual of [
          await model.representatives(dataset, { count }),
          await model.representatives(asInput(points), direct),
        ]) {
          equal(actual.length, 6, 'clusters');
          // Of these no two distances are nearly equal, but for those that are.
          expected.forEach((rows, c) => {
            sameValues(actual[c], rows, `representatives of cluster ${c}, set ${at}, count ${count}`);
          });
        }
      }
    }
  }),
  withCalls('representatives: far rows of weight are among them, those without are not', async (_, calls, backend) => {
    const near = Array.from({ length: 30 }, (_, i) => [i % 7, i % 2]);
    const model = KMeansModel.fromJSON({
      ...{ type: 'KMeansModel', metric: 'euclidean', backend, k: 2, d: 2, centroids: [0, 0, 6, 0] },
      ...{ counts: [1, 1], inertia: 2, iterations: 1, converged: true },
    });
    const rows = [[1e100, 0], ...near, [-1e90, 0], [2e90, 1]];
    const sampleWeight = rows.map((_, i) => (i === 32 ? 0 : 1));
    const [left, right] = await model.representatives(rows, { count: rows.length, sampleWeight, ...calls });
    // From out there both centroids are equally far.
    sameValues(left.slice(-2), [31, 0], 'the last of the first');
    equal(left.length + right.length, 32, 'rows');
    check(!left.includes(32) && !right.includes(32), 'a row without weight is there');
  }),
  withCalls('nearest: rows of zeros and of no number are errors', async (engine, calls) => {
    const points = blobs({ n: 1001, d: 3, seed: 19 });
    const given = asInput({ ...points, data: points.data.slice() });
    given.data.fill(0, 3 * 700, 3 * 701);
    const cosine = { metric: 'cosine', ...calls } as const;
    await rejects(nearest(given, [[1, 0, 0]], cosine), RangeError, /^points\[700\] is zero/, 'points');
    await rejects(
      nearest(
        asInput(points),
        [
          [1, 0, 0],
          [0, 0, 0],
        ],
        cosine,
      ),
      RangeError,
      /^centroids\[1\] is zero/,
      'zero',
    );
    given.data[5] = NaN;
    await rejects(nearest(given, [[1, 0, 0]], calls), RangeError, /^points\.data\[5\] must be finite/, 'NaN');
    const dataset = await upload(engine, points);
    const signal = AbortSignal.abort(new Error('enough'));
    equal(await reasonOf(nearest(dataset, [[1, 0, 0]], { signal }), 'nearest'), signal.reason, 'reason');
  }),
  withEngine('nearest hears an abort while it works', async (engine) => {
    const points = blobs({ n: 20_000, d: 16, seed: 23 });
    const dataset = await upload(engine, points);
    const given = { data: spacedRows(points, 1000), shape: [1000, 16] };
    for (const count of [1, 9]) {
      const controller = new AbortController();
      const rejected = reasonOf(nearest(dataset, given, { count, signal: controller.signal }), `count ${count}`);
      await Promise.resolve();
      controller.abort(new Error('enough'));
      equal(await rejected, controller.signal.reason, 'reason');
    }
  }),
  withLentDevice('nearest centroids of points in a buffer', async ({ device }) => {
    const points = blobs({ n: 1001, d: 3, seed: 29 });
    const centroids = spacedRows(points, 9);
    for (const metric of ['euclidean', 'cosine'] as const) {
      for (const count of [1, 4]) {
        const lent = lend(device, points, 256);
        const found = await nearest(lent, { data: centroids, shape: [9, 3] }, { count, metric, device });
        checkNearest(found, points, centroids, count, metric, false);
        lent.buffer.destroy();
      }
    }
  }),
];
