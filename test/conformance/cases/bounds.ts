/** The bounds that every engine is held to, against the float64 reference on the same float32 data. */
import {
  type Dataset,
  type Engine,
  type KMeansModel,
  type KMeansProgress,
  type Metric,
  type NearestCentroids,
  nearest,
} from '../../../src/index.ts';
import {
  assign,
  inertiaOf,
  moments,
  REFERENCE_RULES,
  type ReferencePoints,
  referenceKMeans,
  unitRows,
} from '../../reference/kmeans.ts';
import { atMost, check, equal, sameValues } from '../case.ts';
import type { CasePoints } from './data.ts';

/** `points`, or the float32 unit rows that an engine holds under the metric. */
export function asHeld(points: CasePoints, metric: Metric = 'euclidean'): ReferencePoints {
  if (!REFERENCE_RULES[metric].unitRows) return points;
  return { ...points, data: Float32Array.from(unitRows(points.data, points.d)) };
}

/** What the engine takes: the same points in the form of the API. */
export function asInput({ data, n, d }: CasePoints): { data: CasePoints['data']; shape: [number, number] } {
  return { data, shape: [n, d] };
}

export function upload(engine: Engine, points: CasePoints, metric: Metric = 'euclidean'): Promise<Dataset> {
  const { weights } = points;
  return engine.upload(asInput(points), weights === undefined ? { metric } : { metric, sampleWeight: weights });
}

/** Σw·‖x‖² and max ‖x‖² of the points shifted by their mean; unit rows are not shifted. */
function magnitudes({ data, n, d, weights }: ReferencePoints, metric: Metric): { total: number; largest: number } {
  const { mean } = moments({ data, n, d, weights });
  const origin = REFERENCE_RULES[metric].unitRows ? new Float64Array(d) : mean;
  const { distances } = assign({ data, n, d }, origin);
  return {
    total: inertiaOf({ data, n, d, weights }, { distances }),
    largest: distances.reduce((a, b) => Math.max(a, b)),
  };
}

/** Labels, counts and inertia belong to the centroids. */
export function checkModel(model: KMeansModel, points: CasePoints, k: number, metric: Metric = 'euclidean'): void {
  const { n, d } = points;
  equal(model.k, k, 'k');
  equal(model.d, d, 'd');
  equal(model.metric, metric, 'metric');
  equal(model.centroids.length, k * d, 'length of the centroids');
  equal(model.labels.length, n, 'length of the labels');
  equal(model.counts.length, k, 'length of the counts');
  check(model.centroids.every(Number.isFinite), 'a centroid is not finite');
  checkLabels(model.labels, points, model.centroids, metric);
  checkCounts(model, points);
  checkInertia(model.inertia, points, model.centroids, metric);
  if (REFERENCE_RULES[metric].unitCentroids) checkUnitLength(model.centroids, d);
}

function checkLabels(
  labels: Uint32Array,
  points: CasePoints,
  centroids: ArrayLike<number>,
  metric: Metric = 'euclidean',
): void {
  const held = asHeld(points, metric);
  const { n, d } = points;
  const nearest = assign(held, centroids);
  const { largest } = magnitudes(held, metric);
  for (let i = 0; i < n; i++) {
    const label = labels[i];
    check(label < centroids.length / d, `label ${label} of row ${i} is none of the clusters`);
    if (label === nearest.labels[i]) continue;
    const own = assign(
      rowOf(held, i),
      Array.from({ length: d }, (_, j) => centroids[label * d + j]),
    ).distances[0];
    // Two centroids on the same spot but for rounding have no gap.
    const gap = (nearest.seconds[i] - nearest.distances[i] - 1e-15 * largest) / nearest.distances[i];
    check(gap <= 1e-4, `row ${i} has label ${label}, not ${nearest.labels[i]}, though the gap is ${gap}`);
    const bound = (1 + 2e-5) * nearest.distances[i] + 1e-12 * largest;
    atMost(own, bound, `squared distance of row ${i} to its label's centroid`);
  }
}

function rowOf({ data, d }: ReferencePoints, i: number): ReferencePoints {
  return { data: Array.from({ length: d }, (_, j) => data[i * d + j]), n: 1, d };
}

function checkCounts({ labels, counts }: KMeansModel, { weights }: CasePoints): void {
  const expected = new Float64Array(counts.length);
  labels.forEach((label, i) => {
    expected[label] += weights?.[i] ?? 1;
  });
  // Whole numbers are exact; other weights may be summed in float32.
  const bound = weights?.some((weight) => weight % 1 !== 0) ? 1e-6 : 0;
  expected.forEach((count, c) => {
    atMost(Math.abs(counts[c] - count), bound * count, `count of cluster ${c}`);
  });
}

export function checkInertia(
  inertia: number,
  points: CasePoints,
  centroids: ArrayLike<number>,
  metric: Metric = 'euclidean',
): void {
  const held = asHeld(points, metric);
  const expected = inertiaOf(held, assign(held, centroids), metric);
  const bound = 1e-6 * expected + 1e-12 * magnitudes(held, metric).total;
  atMost(Math.abs(inertia - expected), bound, `inertia ${inertia}, in float64 ${expected}: difference`);
}

function checkUnitLength(centroids: Float64Array, d: number): void {
  for (let from = 0; from < centroids.length; from += d) {
    atMost(
      Math.abs(Math.hypot(...centroids.subarray(from, from + d)) - 1),
      1e-6,
      `length of centroid ${from / d} less 1`,
    );
  }
}

/** The centroids after one iteration from `init`. */
export async function checkOneIteration(
  engine: Engine,
  dataset: Dataset,
  points: CasePoints,
  init: Float64Array,
  metric: Metric = 'euclidean',
): Promise<KMeansModel> {
  const { d } = points;
  const k = init.length / d;
  const held = asHeld(points, metric);
  const model = await engine.kmeans(dataset, {
    k,
    init: { data: init, shape: [k, d] },
    maxIterations: 1,
    tolerance: 0,
  });
  equal(model.iterations, 1, 'iterations');
  const expected = referenceKMeans(held, init, { metric, maxIterations: 1, tolerance: 0 }).centroids;
  const deviations = moments(held).variance.map(Math.sqrt);
  for (let i = 0; i < k * d; i++) {
    const what = `centroid ${Math.floor(i / d)}, feature ${i % d}, after one iteration: ${model.centroids[i]}, not ${expected[i]}`;
    atMost(Math.abs(model.centroids[i] - expected[i]), 1e-6 * deviations[i % d], what);
  }
  return model;
}

/** Whether no point is so near to a tie that float32 may fairly choose otherwise; exact ties are none of those. */
export function isSeparated(points: CasePoints, init: Float64Array, metric: Metric = 'euclidean'): boolean {
  const start = REFERENCE_RULES[metric].unitCentroids ? unitRows(init, points.d) : init;
  const { distances, seconds } = assign(asHeld(points, metric), start);
  return distances.every((distance, i) => seconds[i] === distance || seconds[i] - distance > 2e-6 * distance);
}

/** One iteration, ten, and the methods, held to all bounds. */
export async function checkAll(
  engine: Engine,
  points: CasePoints,
  init: Float64Array,
  metric: Metric = 'euclidean',
): Promise<void> {
  const dataset = await upload(engine, points, metric);
  check(isSeparated(points, init, metric), 'the case is not fair: a point lies on the border of two clusters');
  await checkOneIteration(engine, dataset, points, init, metric);
  const model = await checkTenIterations(engine, dataset, points, init, metric);
  await checkMethods(model, dataset, points);
}

/** Ten iterations from `init`: the bounds of the result, and its inertia against the reference's own fit. */
export async function checkTenIterations(
  engine: Engine,
  dataset: Dataset,
  points: CasePoints,
  init: Float64Array,
  metric: Metric = 'euclidean',
): Promise<KMeansModel> {
  const k = init.length / points.d;
  const held = asHeld(points, metric);
  const history: KMeansProgress[] = [];
  const model = await engine.kmeans(dataset, {
    k,
    init: { data: init, shape: [k, points.d] },
    maxIterations: 10,
    tolerance: 0,
    onIteration: (progress) => history.push(progress),
  });
  checkModel(model, points, k, metric);
  const expected = referenceKMeans(held, init, { metric, maxIterations: 10, tolerance: 0 });
  const floor = 1e-12 * magnitudes(held, metric).total;
  const difference = Math.abs(model.inertia - expected.inertia);
  atMost(
    difference,
    1e-5 * expected.inertia + floor,
    `inertia ${model.inertia} against the reference's ${expected.inertia}`,
  );
  checkHistory(history, model, floor);
  return model;
}

/** Iterations count from 1, each once; inertia never rises beyond rounding and ends at the model's. */
export function checkHistory(history: readonly KMeansProgress[], model: KMeansModel, floor: number): void {
  equal(history.length, model.iterations, 'number of reports');
  history.forEach(({ iteration, inertia, shift }, i) => {
    equal(iteration, i + 1, 'iteration');
    check(shift >= 0, `shift of iteration ${iteration}: ${shift}`);
    const next = history[i + 1]?.inertia ?? model.inertia;
    atMost(next, inertia * (1 + 1e-6) + floor, `inertia after iteration ${iteration}, where it was ${inertia}`);
  });
}

/** Nearest centroids are those at the least of all distances [n, k]. */
export function checkRanks({ indices, distances }: NearestCentroids, all: Float32Array, k: number): void {
  const count = (indices.length * k) / all.length;
  for (let at = 0; at < indices.length; at++) {
    const row = Math.floor(at / count);
    const ofRow = all.subarray(row * k, (row + 1) * k);
    equal(distances[at], ofRow[indices[at]], `distance ${at % count} of row ${row}`);
    const nearer = ofRow.reduce((sum, distance) => sum + (distance < distances[at] ? 1 : 0), 0);
    atMost(nearer, at % count, `centroids that are nearer to row ${row} than the one found`);
  }
}

/** Predicting the points of the fit gives its labels; transform and score agree with float64. */
export async function checkMethods(model: KMeansModel, dataset: Dataset, points: CasePoints): Promise<void> {
  const { n, d } = points;
  const { k, metric } = model;
  sameValues(await model.predict(dataset), model.labels, 'predict on the points of the fit');
  checkInertia(-(await model.score(dataset)), points, model.centroids, metric);
  const distances = await model.transform(dataset);
  equal(distances.length, n * k, 'length of transform');
  if (k > 1) checkRanks(await nearest(dataset, model, { count: Math.min(k, 3) }), distances, k);
  const held = asHeld(points, metric);
  const slack = 1e-12 * magnitudes(held, metric).largest;
  for (let c = 0; c < k; c++) {
    const expected = assign(held, model.centroids.subarray(c * d, (c + 1) * d)).distances;
    for (let i = 0; i < n; i++) {
      const squared = REFERENCE_RULES[metric].squared(distances[i * k + c]);
      const close = Math.abs(squared - expected[i]) <= 2e-5 * expected[i] + slack;
      if (!close) throw new Error(`transform of row ${i} to cluster ${c}: ${squared}, not ${expected[i]}`);
    }
  }
}
