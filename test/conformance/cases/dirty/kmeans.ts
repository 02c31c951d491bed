/** K-means of dirty data against float64: the clean rows are held to their own measure, whatever lies beside them. */
import { type Dataset, type Engine, KMeansModel } from '../../../../src/index.ts';
import { atMost, type ConformanceCase, check, equal, sameValues, withEngine } from '../../case.ts';
import { upload } from '../bounds.ts';
import type { CasePoints } from '../data.ts';
import { type DirtyPoints, makeDirty, type Recipe } from './data.ts';
import { assignAll, centroidsOf, distance, isFine, meansOf, Yardstick } from './oracle.ts';

/** Labels, counts and inertia belong to the centroids. */
function checkModel(model: KMeansModel, points: CasePoints, yardstick: Yardstick): void {
  const { n, d } = points;
  equal(model.d, d, 'd');
  equal(model.centroids.length, model.k * d, 'length of the centroids');
  equal(model.labels.length, n, 'length of the labels');
  check(model.centroids.every(Number.isFinite), `a centroid is not finite: ${model.centroids.join()}`);
  checkLabels(model.labels, points, model.centroids, yardstick);
  checkCounts(model, points);
  checkInertia(model.inertia, model.labels, points, model.centroids, yardstick);
  const read = KMeansModel.fromJSON(JSON.parse(JSON.stringify(model)));
  sameValues(read.centroids, model.centroids, 'centroids from JSON');
  equal(read.inertia, model.inertia, 'inertia from JSON');
}

export function checkLabels(
  labels: Uint32Array,
  points: CasePoints,
  centroids: ArrayLike<number>,
  yardstick: Yardstick,
): void {
  const all = centroidsOf(centroids, points.d);
  // In float64 on the CPU; the other engine's bound is 2e-5 of the squared distance.
  const factor = yardstick.gpu ? 1 + 1e-5 : 1 + 1e-9;
  labels.forEach((label, i) => {
    check(label < all.length, `label ${label} of row ${i} is none of the clusters`);
    const distances = all.map((centroid) => distance(points, i, centroid));
    const nearest = distances.indexOf(Math.min(...distances));
    if (label === nearest) return;
    const own = distances[label] - yardstick.ofDistance(i, all[label]);
    const bound = factor * (distances[nearest] + yardstick.ofDistance(i, all[nearest]));
    atMost(own, bound, `row ${i} has label ${label}, not ${nearest}: distances ${distances.join()}`);
  });
}

function checkCounts({ labels, counts }: KMeansModel, { weights }: CasePoints): void {
  const expected = new Float64Array(counts.length);
  labels.forEach((label, i) => {
    expected[label] += weights?.[i] ?? 1;
  });
  sameValues(counts, expected, 'counts');
}

export function checkInertia(
  inertia: number,
  labels: Uint32Array,
  points: CasePoints,
  centroids: ArrayLike<number>,
  yardstick: Yardstick,
): void {
  const all = centroidsOf(centroids, points.d);
  let expected = 0;
  let bound = 0;
  labels.forEach((label, i) => {
    const weight = points.weights?.[i] ?? 1;
    if (weight === 0) return;
    const length = distance(points, i, all[label]);
    const error = yardstick.ofDistance(i, all[label]);
    expected += weight * length * length;
    bound += weight * error * (2 * length + error);
  });
  const difference = Math.abs(inertia - expected);
  atMost(difference, 1e-6 * expected + bound, `inertia ${inertia}, in float64 ${expected}: difference`);
}

/** Nothing more than this is asked of float32 where it cannot tell the points apart. */
function checkSound(model: KMeansModel, { n }: CasePoints): void {
  check(model.centroids.every(Number.isFinite), `a centroid is not finite: ${model.centroids.join()}`);
  check(Number.isFinite(model.inertia) && model.inertia >= 0, `inertia ${model.inertia}`);
  equal(model.labels.length, n, 'length of the labels');
  check(
    model.labels.every((label) => label < model.k),
    'a label is none of the clusters',
  );
  KMeansModel.fromJSON(JSON.parse(JSON.stringify(model)));
}

/** One iteration and ten from the explicit start, one more from rows that the engine draws, and the methods. */
export async function checkDirty(engine: Engine, backend: 'cpu' | 'webgpu', points: DirtyPoints): Promise<void> {
  const dataset = await upload(engine, points);
  try {
    equal(dataset.rounding.length, points.d, 'length of rounding');
    equal(dataset.reason, 'asked', 'reason');
    const yardstick = new Yardstick(points, dataset.rounding, backend);
    if (yardstick.gpu && !isFine(dataset.rounding)) {
      checkSound(await fit(engine, dataset, points, 10), points);
      return;
    }
    await checkOneIteration(engine, dataset, points, yardstick);
    const model = await checkTenIterations(engine, dataset, points, yardstick);
    await checkMethods(model, dataset, points, yardstick);
    const k = points.init.length / points.d;
    const drawn = await engine.kmeans(dataset, { k, seed: points.n, maxIterations: 3, tolerance: 0 });
    checkModel(drawn, points, yardstick);
  } catch (error) {
    throw new Error(`${points.what}: ${(error as Error).message}`, { cause: error });
  } finally {
    dataset.destroy();
  }
}

export function fit(
  engine: Engine,
  dataset: Dataset,
  { init, d }: DirtyPoints,
  maxIterations: number,
): Promise<KMeansModel> {
  const k = init.length / d;
  return engine.kmeans(dataset, { k, init: { data: init, shape: [k, d] }, maxIterations, tolerance: 0 });
}

async function checkOneIteration(
  engine: Engine,
  dataset: Dataset,
  points: DirtyPoints,
  yardstick: Yardstick,
): Promise<void> {
  const model = await fit(engine, dataset, points, 1);
  const before = centroidsOf(points.init, points.d);
  const { labels, doubtful } = assignAll(points, before, yardstick);
  checkCentroids(model, points, before, labels, doubtful, yardstick);
}

/** The centroids after an iteration from `before`, of the clusters that no row is in for rounding alone. */
function checkCentroids(
  model: KMeansModel,
  points: DirtyPoints,
  before: readonly (readonly number[])[],
  labels: Uint32Array,
  doubtful: ReadonlySet<number>,
  yardstick: Yardstick,
): void {
  const { d, deviations } = points;
  const means = meansOf(points, labels, before.length, yardstick);
  means.forEach((mean, c) => {
    // Empty clusters move to rows that depend on all of this.
    if (mean === null || doubtful.has(c)) return;
    mean.forEach(({ value, bound }, j) => {
      // Sums of float32, about where the centroid was.
      const sums = yardstick.gpu ? 1e-6 * deviations[j] + 2 ** -22 * Math.abs(value - before[c][j]) : 0;
      const found = model.centroids[c * d + j];
      atMost(Math.abs(found - value), bound + sums, `centroid ${c}, feature ${j}: ${found}, not ${value}: difference`);
    });
  });
}

/** Ten iterations: the result in itself, and against the reference's where no row was ever in doubt. */
async function checkTenIterations(
  engine: Engine,
  dataset: Dataset,
  points: DirtyPoints,
  yardstick: Yardstick,
): Promise<KMeansModel> {
  const model = await fit(engine, dataset, points, 10);
  checkModel(model, points, yardstick);
  const { d } = points;
  const k = points.init.length / d;
  let before = centroidsOf(points.init, d);
  let labels = new Uint32Array(0);
  for (let iteration = 1; iteration <= 10; iteration++) {
    const assigned = assignAll(points, before, yardstick);
    const means = meansOf(points, assigned.labels, k, yardstick);
    if (assigned.doubtful.size > 0 || means.includes(null)) return model;
    const settled =
      labels.length > 0 && assigned.labels.every((label, i) => label === labels[i] || isMasked(points, i));
    if (settled || iteration === 10) {
      checkCentroids(model, points, before, assigned.labels, assigned.doubtful, yardstick);
      return model;
    }
    labels = assigned.labels;
    before = means.map((mean) => mean!.map(({ value }) => value));
  }
  return model;
}

const isMasked = ({ weights }: CasePoints, i: number) => weights !== undefined && weights[i] === 0;

async function checkMethods(
  model: KMeansModel,
  dataset: Dataset,
  points: DirtyPoints,
  yardstick: Yardstick,
): Promise<void> {
  sameValues(await model.predict(dataset), model.labels, 'predict on the points of the fit');
  checkInertia(-(await model.score(dataset)), model.labels, points, model.centroids, yardstick);
  checkDistances(await model.transform(dataset), points, model.centroids, yardstick);
}

/** All distances [n, k]: within 1e-5 of the true ones and the rounding of both ends, Infinity where float32 ends. */
export function checkDistances(
  distances: Float32Array,
  points: CasePoints,
  centroids: ArrayLike<number>,
  yardstick: Yardstick,
): void {
  const { n, d } = points;
  const all = centroidsOf(centroids, d);
  equal(distances.length, n * all.length, 'length of transform');
  for (let i = 0; i < n; i++) {
    all.forEach((centroid, c) => {
      const found = distances[i * all.length + c];
      const expected = distance(points, i, centroid);
      if (found === Infinity && expected >= (1 - 1e-5) * 3.4028234663852886e38) return;
      const bound = 1e-5 * expected + yardstick.ofDistance(i, centroid) + 2 ** -149;
      atMost(Math.abs(found - expected), bound, `transform of row ${i} to cluster ${c}: ${found}, not ${expected}`);
    });
  }
}

const FAR = 3.4028234663852886e38;

/** One of each kind; test/unit/dirty-kmeans.test.ts draws others. */
const recipes: Readonly<Record<string, Omit<Recipe, 'seed'>>> = {
  'one cell of no data among measurements': {
    columns: ['measurements', 'shares'],
    ...{ n: 300, groups: 4, k: 5, precision: 32 },
    dirt: [{ value: -9999, place: 'cell' }],
  },
  'the largest of float32 in a cell and in a third of a column': {
    columns: ['hundredths', 'prices', 'shares', 'years'],
    ...{ n: 257, groups: 3, k: 5, precision: 32 },
    dirt: [
      { value: FAR, place: 'cell' },
      { value: -FAR, place: 'cells' },
    ],
  },
  'a third of the rows without data': {
    columns: ['coordinates', 'measurements', 'mostlyZero'],
    ...{ n: 300, groups: 5, k: 6, precision: 64 },
    dirt: [{ value: 2147483647, place: 'rows' }],
  },
  'a row at 1e20, numbers near nothing, copies': {
    columns: ['years', 'oneHot', 'shares', 'constant'],
    ...{ n: 240, groups: 3, k: 4, precision: 64, copies: 2 },
    dirt: [
      { value: 1e20, place: 'row' },
      { value: 5e-324, place: 'cell' },
      { value: 1e-310, place: 'cells' },
    ],
  },
  'a column of 9.96921e36, another of 1e-40': {
    columns: ['measurements', 'shares', 'oneHot', 'measurements'],
    ...{ n: 200, groups: 4, k: 4, precision: 64 },
    dirt: [
      { value: 9.96921e36, place: 'column' },
      { value: 1e-40, place: 'column' },
    ],
  },
  'time stamps a second apart, one of them missing': {
    columns: ['stamps'],
    ...{ n: 300, groups: 6, k: 6, precision: 64 },
    dirt: [{ value: 5e-324, place: 'cell' }],
  },
  'bursts of two days fifteen years apart': {
    columns: ['bursts', 'shares'],
    ...{ n: 300, groups: 6, k: 6, precision: 64 },
    dirt: [{ value: -9999, place: 'cell' }],
  },
  'masked rows at 1e150': {
    columns: ['measurements', 'coordinates'],
    ...{ n: 200, groups: 4, k: 4, precision: 64 },
    dirt: [{ value: 1e15, place: 'cell' }],
    masked: [1e150, -1e150, 1e15, 5e-324],
  },
};

export const kmeans: readonly ConformanceCase[] = Object.entries(recipes).map(([name, recipe], i) =>
  withEngine(`dirty: ${name}`, (engine, { backend }) =>
    checkDirty(engine, backend, makeDirty({ ...recipe, seed: 2 * i })),
  ),
);
