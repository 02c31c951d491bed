/** Bisecting k-means, clusters of bounded size, and 64-bit integers. */
import {
  type BisectingStrategy,
  bisectingKMeans,
  type Dataset,
  type Engine,
  type KMeansModel,
  type KMeansProgress,
} from '../../../src/index.ts';
import { goldens } from '../../golden/golden.ts';
import { assign, inertiaOf, means } from '../../reference/kmeans.ts';
import { leastCost } from '../../reference/transport.ts';
import { atMost, type ConformanceCase, check, equal, reasonOf, rejects, sameValues, withEngine } from '../case.ts';
import { asInput, checkHistory, checkModel, upload } from './bounds.ts';
import { blobs, type CasePoints, lattice, mapped, spacedRows, wholeNumbers } from './data.ts';

const STRATEGIES: readonly BisectingStrategy[] = ['largest-inertia', 'largest-cluster'];

/** n, d, k */
const SHAPES = [
  [1, 3, 1],
  [7, 2, 7],
  [63, 3, 8],
  [1000, 5, 12],
  [4097, 2, 33],
] as const;

/** The most that scikit-learn 1.2.1's BisectingKMeans came to with seeds 0 to 4 and three starts a split. */
const SCIKIT_LEARN = [
  ['iris', 4, 'largest-inertia', 69.59943150884982],
  ['iris', 10, 'largest-inertia', 28.128087862863982],
  ['iris', 10, 'largest-cluster', 37.17324262583821],
  ['wine', 10, 'largest-inertia', 275815.6253888535],
  ['wine', 10, 'largest-cluster', 538672.5135901348],
  ['breast cancer', 10, 'largest-inertia', 9611350.042350676],
  ['breast cancer', 10, 'largest-cluster', 14290771.740864236],
] as const;

const bisecting: readonly ConformanceCase[] = [
  ...SHAPES.flatMap(([n, d, k]) =>
    STRATEGIES.map((strategy) =>
      withEngine(`bisecting k-means, n = ${n}, d = ${d}, k = ${k}, ${strategy}`, async (engine) => {
        const points = blobs({ n, d, seed: n + k });
        const dataset = await upload(engine, points);
        const model = await bisectingKMeans(dataset, { k, strategy, seed: 3 });
        checkModel(model, points, k);
        sameValues(await model.predict(dataset), model.labels, 'predict');
        check(model.converged, 'not converged');
        const again = await bisectingKMeans(dataset, { k, strategy, seed: 3 });
        sameValues(again.centroids, model.centroids, 'centroids of the same call');
        sameValues(again.labels, model.labels, 'labels of the same call');
      }),
    ),
  ),
  withEngine('bisecting k-means by the cosine, and by weights', async (engine) => {
    const points = blobs({ n: 500, d: 6, seed: 19 });
    checkModel(await bisectingKMeans(await upload(engine, points, 'cosine'), { k: 6 }), points, 6, 'cosine');
    const weighted = { ...points, weights: Float32Array.from({ length: 500 }, (_, i) => i % 4) };
    checkModel(await bisectingKMeans(await upload(engine, weighted), { k: 6 }), weighted, 6);
  }),
  withEngine('bisecting k-means leaves out rows of weight 0, however far', async (engine) => {
    const clean = blobs({ n: 120, d: 2, seed: 23 });
    const weights = Float32Array.from({ length: 123 }, (_, i) => (i < 120 ? 1 : 0));
    const dirty: CasePoints = {
      data: Float64Array.from([...clean.data, 1e30, 1e30, -9999, 2 ** 31, 1, 1]),
      ...{ n: 123, d: 2, weights },
    };
    const dataset = await upload(engine, dirty);
    const alone = await bisectingKMeans(await upload(engine, clean), { k: 5 });
    const model = await bisectingKMeans(dataset, { k: 5 });
    sameValues(model.labels.subarray(0, 120), alone.labels, 'labels beside rows of weight 0');
    equal(
      model.counts.reduce((sum, count) => sum + count),
      120,
      'weight of all clusters',
    );
  }),
  withEngine('bisecting k-means splits far rows from others', async (engine) => {
    const { data } = blobs({ n: 200, d: 2, seed: 29 });
    data.set([1e7, 1e7], 100);
    const points: CasePoints = { data, n: 200, d: 2 };
    const model = await bisectingKMeans(await upload(engine, points), { k: 2 });
    checkModel(model, points, 2);
    sameValues(Float64Array.from(model.counts).sort(), [1, 199], 'counts');
  }),
  withEngine('bisecting k-means ends where each cluster is one point', async (engine) => {
    const data = Float32Array.from({ length: 60 }, (_, i) => [0.1, 0.7, 1e6][i % 3]);
    const dataset = await upload(engine, { data, n: 60, d: 1 });
    for (const strategy of STRATEGIES) {
      const model = await bisectingKMeans(dataset, { k: 9, strategy });
      equal(model.k, 3, 'clusters');
      sameValues(model.counts, [20, 20, 20], 'counts');
      atMost(model.inertia, 1e-9, 'inertia');
    }
    await rejects(bisectingKMeans(dataset, { k: 61 }), RangeError, /^k is 61, there are 60 points/, 'too many');
  }),
  withEngine('bisecting k-means splits the largest', async (engine) => {
    // 40 rows side by side, 8 far apart.
    const data = Float32Array.from({ length: 48 }, (_, i) => (i < 40 ? 10 * (i % 2) + i / 1024 : 1000 + 100 * (i % 2)));
    const dataset = await upload(engine, { data, n: 48, d: 1 });
    const byInertia = await bisectingKMeans(dataset, { k: 3 });
    sameValues(Float64Array.from(byInertia.counts).sort(), [4, 4, 40], 'counts by inertia');
    const bySize = await bisectingKMeans(dataset, { k: 3, strategy: 'largest-cluster' });
    sameValues(Float64Array.from(bySize.counts).sort(), [8, 20, 20], 'counts by size');
    // Clusters that were split last are beside one another.
    const [first, second, third] = bySize.centroids;
    atMost(Math.min(Math.abs(first - second), Math.abs(second - third)), 20, 'distance of neighbours');
    atMost(900, Math.max(Math.abs(first - second), Math.abs(second - third)), 'distance of the others');
  }),
  withEngine('bisecting k-means hears its signal', async (engine) => {
    const dataset = await upload(engine, blobs({ n: 4000, d: 8, seed: 31 }));
    const controller = new AbortController();
    const reason = new Error('enough');
    const pending = bisectingKMeans(dataset, { k: 200, signal: controller.signal });
    setTimeout(() => controller.abort(reason), 1);
    equal(await reasonOf(pending, 'an aborted call'), reason, 'reason');
  }),
  ...SCIKIT_LEARN.map(([name, k, strategy, inertia]) =>
    withEngine(`bisecting k-means beside scikit-learn on ${name}, k = ${k}, ${strategy}`, async (engine) => {
      const golden = goldens.find((golden) => golden.name === name)!;
      const model = await bisectingKMeans(await upload(engine, golden), { k, strategy, nInit: 3 });
      checkModel(model, golden, k);
      // The tree's inertia, which is that of scikit-learn, is the same or more.
      atMost(model.inertia, 1.05 * inertia, 'inertia');
    }),
  ),
];

/** What a model of bounded size says is so, and as cheap as can be. */
function checkBounded(model: KMeansModel, points: CasePoints, k: number, maxSize: number): void {
  const { n, d, data } = points;
  const { centroids, labels, counts, inertia } = model;
  const sizes = new Float64Array(k);
  let own = 0;
  const costs = new Float64Array(n * k);
  for (let i = 0; i < n; i++) {
    sizes[labels[i]]++;
    for (let c = 0; c < k; c++) {
      for (let j = 0; j < d; j++) costs[i * k + c] += (data[i * d + j] - centroids[c * d + j]) ** 2;
    }
    own += costs[i * k + labels[i]];
  }
  sameValues(counts, sizes, 'counts');
  for (const size of sizes) atMost(size, maxSize, 'size of a cluster');
  atMost(Math.abs(inertia - own), 1e-6 * own, 'difference of inertia');
  if (n * k <= 2000) atMost(own, leastCost(costs, k, maxSize) * (1 + 1e-6) + 1e-12, 'cost of the assignment');
}

async function fitBounded(
  engine: Engine,
  dataset: Dataset,
  points: CasePoints,
  k: number,
  maxSize: number,
  maxIterations = 300,
): Promise<KMeansModel> {
  const history: KMeansProgress[] = [];
  const onIteration = (progress: KMeansProgress) => history.push(progress);
  const init = { data: spacedRows(points, k), shape: [k, points.d] };
  const model = await engine.kmeans(dataset, { k, init, maxSize, maxIterations, onIteration });
  checkBounded(model, points, k, maxSize);
  checkHistory(history, model, 1e-9 * history[0].inertia);
  return model;
}

/** What points, k, room beside what is needed */
const BOUNDED: readonly (readonly [what: string, points: CasePoints, k: number, spare: number])[] = [
  ['one row', blobs({ n: 1, d: 2 }), 1, 0],
  ['a row each', blobs({ n: 9, d: 2, seed: 3 }), 9, 0],
  ['full clusters', blobs({ n: 60, d: 2, seed: 5 }), 5, 0],
  ['nearly full clusters', blobs({ n: 61, d: 3, seed: 7 }), 6, 1],
  ['some room', blobs({ n: 90, d: 2, groups: 3, seed: 9 }), 8, 6],
  ['so much room that it never matters', blobs({ n: 200, d: 2, seed: 11 }), 5, 200],
  ['a lattice, full of ties', lattice(8, 2), 6, 0],
  ['equal rows', mapped(blobs({ n: 50, d: 2 }), () => 3), 4, 0],
  ['whole numbers, many of them equal', wholeNumbers(120, 2, 4, 13), 7, 2],
  ['far from zero', blobs({ n: 64, d: 2, offset: 4096, seed: 15 }), 4, 0],
  [
    'one group beside few rows',
    mapped(blobs({ n: 100, d: 1, groups: 1, seed: 17 }), (x) => (x > 2 ? 1000 * x : x)),
    5,
    3,
  ],
  ['many rows', blobs({ n: 3000, d: 4, seed: 21 }), 20, 10],
];

const bounded: readonly ConformanceCase[] = [
  ...BOUNDED.flatMap(([what, points, k, spare]) =>
    [1, 300].map((maxIterations) =>
      withEngine(`maxSize: ${what}, ${maxIterations} iterations`, async (engine) => {
        const maxSize = Math.ceil(points.n / k) + spare;
        const dataset = await upload(engine, points);
        const model = await fitBounded(engine, dataset, points, k, maxSize, maxIterations);
        check(maxIterations === 1 || model.converged, 'not converged');
        const again = await fitBounded(engine, dataset, points, k, maxSize, maxIterations);
        sameValues(again.labels, model.labels, 'labels of the same call');
        sameValues(again.centroids, model.centroids, 'centroids of the same call');
      }),
    ),
  ),
  withEngine('maxSize of all rows is k-means', async (engine) => {
    const points = blobs({ n: 400, d: 3, seed: 33 });
    const dataset = await upload(engine, points);
    const init = { data: spacedRows(points, 5), shape: [5, 3] };
    const free = await engine.kmeans(dataset, { k: 5, init, tolerance: 0 });
    const model = await engine.kmeans(dataset, { k: 5, init, tolerance: 0, maxSize: 400 });
    sameValues(model.labels, free.labels, 'labels');
    checkModel(model, points, 5);
    atMost(Math.abs(model.inertia - free.inertia), 1e-5 * free.inertia, 'difference of inertia');
  }),
  withEngine(
    'maxSize: labels need not be nearest, predict gives the nearest, and each centroid is a mean',
    async (engine) => {
      const points = blobs({ n: 200, d: 2, groups: 2, seed: 35 });
      const dataset = await upload(engine, points);
      const model = await engine.kmeans(dataset, { k: 8, maxSize: 25, tolerance: 0 });
      checkBounded(model, points, 8, 25);
      const nearest = assign(points, model.centroids);
      check(
        model.labels.some((label, i) => label !== nearest.labels[i]),
        'all labels are nearest',
      );
      sameValues(await model.predict(dataset), nearest.labels, 'predict');
      atMost(-(await model.score(dataset)), model.inertia, 'inertia of the nearest');
      atMost(inertiaOf(points, nearest), model.inertia, 'inertia in float64');
      const expected = means(points, model.labels, model.centroids);
      expected.forEach((value, at) => {
        atMost(Math.abs(value - model.centroids[at]), 1e-5, `centroid value ${at}`);
      });
    },
  ),
  withEngine('maxSize with restarts, progress and stop', async (engine) => {
    const points = blobs({ n: 300, d: 2, seed: 37 });
    const dataset = await upload(engine, points);
    const inertias: number[] = [];
    for (const nInit of [1, 4]) inertias.push((await engine.kmeans(dataset, { k: 6, maxSize: 50, nInit })).inertia);
    atMost(inertias[1], inertias[0], 'inertia of the best start');
    const stopped = await engine.kmeans(dataset, {
      ...{ k: 6, maxSize: 50, tolerance: 0 },
      onIteration: ({ iteration }) => (iteration === 2 ? 'stop' : undefined),
    });
    equal(stopped.iterations, 2, 'iterations');
    equal(stopped.converged, false, 'converged');
    checkBounded(stopped, points, 6, 50);
  }),
  withEngine('maxSize is refused where it cannot be', async (engine) => {
    const points = blobs({ n: 20, d: 2, seed: 39 });
    const dataset = await upload(engine, points);
    const fit = (options: object) => engine.kmeans(dataset, { k: 3, maxSize: 7, ...options });
    await rejects(fit({ maxSize: 6 }), RangeError, /^maxSize is 6: 3 clusters have no room for 20 points$/, 'no room');
    await rejects(fit({ maxSize: 0 }), RangeError, /^maxSize must be an integer of at least 1/, 'none');
    await rejects(fit({ maxSize: '7' }), TypeError, /^maxSize must be a number/, 'a string');
    await rejects(fit({ output: 'buffer' }), TypeError, /^maxSize has its labels on the host/, 'a buffer');
    const unit = await upload(engine, points, 'cosine');
    await rejects(engine.kmeans(unit, { k: 3, maxSize: 7 }), TypeError, /^maxSize needs the Euclidean/, 'cosine');
    const weighted = await upload(engine, { ...points, weights: new Float32Array(20).fill(2) });
    await rejects(engine.kmeans(weighted, { k: 3, maxSize: 7 }), TypeError, /^maxSize counts rows/, 'weights');
    const ones = await upload(engine, { ...points, weights: new Float32Array(20).fill(1) });
    checkBounded(await engine.kmeans(ones, { k: 3, maxSize: 7 }), points, 3, 7);
  }),
];

const integers: readonly ConformanceCase[] = [
  withEngine('64-bit integers are shifted before they are rounded', async (engine) => {
    const near = 2n ** 62n;
    const offsets = Array.from({ length: 90 }, (_, i) => [(i % 3) * 40 + (i % 7), i % 5]).flat();
    const plain = { data: Float64Array.from(offsets), shape: [90, 2] };
    const init = [
      [0, 0],
      [40, 0],
      [80, 0],
    ];
    const expected = await engine.kmeans(plain, { k: 3, init });
    // The second feature is small: float64 has all of its integers.
    const data = BigInt64Array.from(offsets, (value, at) => BigInt(value) + (at % 2 === 0 ? near : 0n));
    const labels = await engine.kmeans({ data, shape: [90, 2] }, { k: 3, seed: 1, nInit: 5 });
    const partners = new Set(Array.from(labels.labels, (label, i) => `${label} ${expected.labels[i]}`));
    equal(partners.size, 3, 'pairs of labels');
    atMost(Math.abs(labels.inertia - expected.inertia), 1e-5 * expected.inertia, 'difference of inertia');
    const columns = [0, 1].map((j) => data.filter((_, at) => at % 2 === j));
    const ofColumns = await engine.kmeans({ columns }, { k: 3, seed: 1, nInit: 5 });
    sameValues(ofColumns.labels, labels.labels, 'labels of columns');
    // Centroids are float64, which has every 512th integer there.
    labels.centroids.forEach((value, at) => {
      if (at % 2 === 0) atMost(Math.abs(value - 2 ** 62), 1024, `centroid value ${at}`);
    });
  }),
  withEngine('64-bit integers are what they are, where float64 has them', async (engine) => {
    const points = wholeNumbers(200, 3, 1000, 41);
    const init = spacedRows(points, 4);
    const expected = await engine.kmeans(asInput(points), { k: 4, init: { data: init, shape: [4, 3] } });
    for (const Kind of [BigInt64Array, BigUint64Array]) {
      const big = (values: Iterable<number>) => Kind.from(Array.from(values, BigInt));
      const model = await engine.kmeans(
        { data: big(points.data), shape: [200, 3] },
        { k: 4, init: { data: big(init), shape: [4, 3] }, sampleWeight: big(new Float64Array(200).fill(1)) },
      );
      sameValues(model.centroids, expected.centroids, 'centroids');
      sameValues(model.labels, expected.labels, 'labels');
      sameValues(await model.predict({ data: big(points.data), shape: [200, 3] }), expected.labels, 'predict');
    }
  }),
];

export const variants: readonly ConformanceCase[] = [...bisecting, ...bounded, ...integers];
