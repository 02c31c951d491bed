/** What must hold for all points. Here on a few of them; test/unit/properties.test.ts looks for counterexamples. */
import type { Engine, KMeansModel, KMeansProgress } from '../../../src/index.ts';
import { moments } from '../../reference/kmeans.ts';
import { atMost, type ConformanceCase, equal, sameValues, withEngine } from '../case.ts';
import { checkHistory, checkModel, upload } from './bounds.ts';
import { blobs, type CasePoints, mapped, permutation, repeated, rowsAt, spacedRows, wholeNumbers } from './data.ts';

/** Points and where to start from: [k, d]. */
export interface Start {
  readonly points: CasePoints;
  readonly init: Float64Array;
}

async function fit(engine: Engine, { points, init }: Start): Promise<KMeansModel> {
  const shape = [init.length / points.d, points.d] as const;
  const dataset = await upload(engine, points);
  const model = await engine.kmeans(dataset, { k: shape[0], init: { data: init, shape }, maxIterations: 10 });
  dataset.destroy();
  return model;
}

/** Permuted rows have the labels of their rows; points taken by empty clusters may depend on the order. */
export async function permutes(engine: Engine, { points, init }: Start, seed: number): Promise<void> {
  const order = permutation(points.n, seed);
  const plain = await fit(engine, { points, init });
  const shuffled = { ...points, data: Float32Array.from(rowsAt(points, order)) };
  const other = await fit(engine, { points: shuffled, init });
  sameValues(
    other.labels,
    Uint32Array.from(order, (row) => plain.labels[row]),
    'labels',
  );
  equal(other.iterations, plain.iterations, 'iterations');
  closeCentroids(other, plain, points);
}

function closeCentroids(a: KMeansModel, b: KMeansModel, points: CasePoints): void {
  const deviations = moments(points).variance.map(Math.sqrt);
  a.centroids.forEach((value, i) => {
    const difference = Math.abs(value - b.centroids[i]);
    atMost(difference, 1e-6 * deviations[i % points.d], `centroids[${i}]: difference`);
  });
}

/** Points moved by a whole number of steps of their frame: the same bits, moved. */
export async function translates(engine: Engine, { points, init }: Start, by: number): Promise<void> {
  const plain = await fit(engine, { points, init });
  const moved = await fit(engine, {
    points: mapped(points, (value) => value + by),
    init: init.map((value) => value + by),
  });
  sameValues(moved.labels, plain.labels, 'labels');
  equal(moved.inertia, plain.inertia, 'inertia');
  equal(moved.iterations, plain.iterations, 'iterations');
  moved.centroids.forEach((value, i) => {
    // Adding in float64 rounds once.
    atMost(Math.abs(value - by - plain.centroids[i]), 2 ** -52 * (Math.abs(by) + 1e3), `centroids[${i}]: difference`);
  });
}

/** Points times a power of two: the same bits, times it. */
export async function scales(engine: Engine, { points, init }: Start, exponent: number): Promise<void> {
  const scale = 2 ** exponent;
  const plain = await fit(engine, { points, init });
  const scaled = await fit(engine, {
    points: mapped(points, (value) => value * scale),
    init: init.map((value) => value * scale),
  });
  sameValues(scaled.labels, plain.labels, 'labels');
  sameValues(
    scaled.centroids,
    plain.centroids.map((value) => value * scale),
    'centroids',
  );
  equal(scaled.inertia, plain.inertia * scale * scale, 'inertia');
  equal(scaled.iterations, plain.iterations, 'iterations');
}

/** Weights of whole numbers are repeated rows; those of weight zero still get labels. */
export async function weighs(engine: Engine, { points, init }: Start): Promise<void> {
  const rows = repeated(points);
  const weighted = await fit(engine, { points, init });
  const plain = await fit(engine, { points: rows, init });
  checkModel(weighted, points, init.length / points.d);
  sameValues(weighted.counts, plain.counts, 'counts');
  equal(weighted.iterations, plain.iterations, 'iterations');
  let at = 0;
  weighted.labels.forEach((label, i) => {
    for (let copy = 0; copy < points.weights![i]; copy++) equal(plain.labels[at++], label, `label of row ${i}`);
  });
  closeCentroids(weighted, plain, points);
}

/** Inertia never rises, the returned model is whole, and its inertia is the last. */
export async function descends(engine: Engine, { points, init }: Start): Promise<void> {
  const { d } = points;
  const k = init.length / d;
  const history: KMeansProgress[] = [];
  const dataset = await upload(engine, points);
  const model = await engine.kmeans(dataset, {
    k,
    init: { data: init, shape: [k, d] },
    tolerance: 0,
    maxIterations: 50,
    onIteration: (progress) => history.push(progress),
  });
  dataset.destroy();
  checkModel(model, points, k);
  // Of whole numbers below 100: nothing but zeros is smaller.
  checkHistory(history, model, 1e-9);
}

const whole = wholeNumbers(3001, 3, 64, 301);
const start: Start = { points: whole, init: spacedRows(whole, 13) };
const groups = blobs({ n: 3001, d: 3, seed: 303 });

export const properties: readonly ConformanceCase[] = [
  withEngine('permuted rows have permuted labels', async (engine) => {
    for (const seed of [1, 2]) await permutes(engine, { points: groups, init: spacedRows(groups, 13) }, seed);
  }),
  withEngine('moved points have the same labels', async (engine) => {
    for (const by of [4096, -65536, 2 ** 17]) await translates(engine, start, by);
  }),
  withEngine('points times a power of two have the same labels', async (engine) => {
    for (const exponent of [-70, -1, 3, 100])
      await scales(engine, { points: groups, init: spacedRows(groups, 13) }, exponent);
  }),
  withEngine('weights are repetitions', async (engine) => {
    const weights = Float32Array.from({ length: whole.n }, (_, i) => (i * 5) % 4);
    await weighs(engine, { points: { ...whole, weights }, init: start.init });
  }),
  withEngine('inertia never rises', async (engine) => {
    await descends(engine, start);
    await descends(engine, { points: groups, init: spacedRows(groups, 33) });
  }),
];
