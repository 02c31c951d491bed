/** Data that float32 has trouble with. */
import { type Dataset, type Engine, KMeansModel, type Metric } from '../../../src/index.ts';
import { assign, referenceKMeans } from '../../reference/kmeans.ts';
import { type ConformanceCase, check, equal, sameValues, withEngine } from '../case.ts';
import { asInput, checkAll, checkMethods, checkModel, checkOneIteration, upload } from './bounds.ts';
import { blobs, type CasePoints, lattice, mapped, rowsAt, spacedRows, uniforms, wholeNumbers } from './data.ts';

/** A model of given centroids [k, d]. */
export function modelOf(centroids: ArrayLike<number>, d: number, metric: Metric = 'euclidean'): KMeansModel {
  const k = centroids.length / d;
  return KMeansModel.fromJSON({
    type: 'KMeansModel',
    k,
    d,
    metric,
    centroids: Array.from(centroids),
    counts: Array.from({ length: k }, () => 0),
    inertia: 0,
    iterations: 0,
    converged: false,
    backend: 'cpu',
  });
}

/** Two groups at ±1e4 standard deviations: from afar, 32 centroids look the same to ‖c‖² − 2x·c. */
function distantGroups(n: number, d: number): CasePoints {
  const points = blobs({ n, d, groups: 1, spread: 0, seed: 7 });
  const data = points.data.map((value, at) => value + (Math.floor(at / d) % 2 === 0 ? 1e4 : -1e4));
  return { data: Float32Array.from(data), n, d };
}

/**
 * Iterations one by one, each from where the last one ended. Ten at a stretch say nothing here: a float32 at 1e4
 * standard deviations is half a thousandth of one, so that points at borders, and with them the ways, part.
 */
async function checkStepByStep(engine: Engine, points: CasePoints, start: Float64Array): Promise<void> {
  const dataset = await upload(engine, points);
  let init = start;
  for (let step = 0; step < 4; step++) {
    const model = await checkOneIteration(engine, dataset, points, init);
    checkModel(model, points, 64);
    await checkMethods(model, dataset, points);
    init = Float64Array.from(model.centroids);
  }
}

/** Milliseconds of 2023 within four hours, where a float32 step is 131 s; and a feature of small numbers. */
function timeStamps(n: number): CasePoints {
  const uniform = uniforms(11);
  const data = new Float64Array(2 * n);
  for (let i = 0; i < n; i++) {
    data[2 * i] = 1.7e12 + 3_600_000 * (i % 4) + Math.floor(1_200_000 * uniform());
    data[2 * i + 1] = Math.floor(1024 * uniform());
  }
  return { data, n, d: 2 };
}

/** The centroids of every `stride`-th lattice point, which leave their neighbours exactly between two, four, eight. */
function coarse(side: number, d: number, stride: number): Float64Array {
  const grid = lattice(Math.floor((side - 1) / stride) + 1, d);
  return Float64Array.from(grid.data, (value) => stride * value);
}

async function checkLatticeTies(engine: Engine, side: number, d: number, stride: number): Promise<void> {
  for (const offset of [0, 100_000]) {
    for (const scale of [1, 0.25]) {
      const points = mapped(lattice(side, d), (value) => scale * value + offset);
      const centroids = coarse(side, d, stride).map((value) => scale * value + offset);
      const expected = assign(points, centroids);
      const ties = expected.distances.filter((distance, i) => distance === expected.seconds[i]).length;
      check(ties > 100, `the case is not fair: ${ties} ties in ${points.n} points`);
      const labels = await modelOf(centroids, d).predict(await upload(engine, points));
      sameValues(labels, expected.labels, `labels at offset ${offset}, scale ${scale}`);
    }
  }
}

const latticeTies = (
  [
    [257, 1, 2],
    [65, 2, 4],
    [65, 2, 16],
    [17, 3, 2],
    [9, 4, 4],
    [3, 8, 2],
  ] as const
).map(([side, d, stride]) =>
  withEngine(`exact ties on the lattice ${side}^${d}, centroids ${stride} apart`, (engine) =>
    checkLatticeTies(engine, side, d, stride),
  ),
);

/** A power of two in the data comes out again, and nothing else changes. */
async function checkPowerOfTwo(engine: Engine, points: CasePoints, k: number, exponent: number): Promise<void> {
  const scale = 2 ** exponent;
  const init = spacedRows(points, k);
  const plain = await fit(engine, await upload(engine, points), init, k);
  const scaledPoints = mapped(points, (value) => value * scale);
  const scaled = await fit(
    engine,
    await upload(engine, scaledPoints),
    init.map((value) => value * scale),
    k,
  );
  sameValues(scaled.labels, plain.labels, 'labels');
  sameValues(
    scaled.centroids,
    plain.centroids.map((value) => value * scale),
    'centroids',
  );
  equal(scaled.inertia, plain.inertia * scale * scale, 'inertia');
  equal(scaled.iterations, plain.iterations, 'iterations');
}

function fit(engine: Engine, dataset: Dataset, init: Float64Array, k: number): Promise<KMeansModel> {
  return engine.kmeans(dataset, { k, init: { data: init, shape: [k, dataset.d] }, maxIterations: 10 });
}

const powersOfTwo = [-149, -100, 40, 110].map((exponent) =>
  withEngine(`data of magnitude 2^${exponent}`, (engine) =>
    checkPowerOfTwo(engine, wholeNumbers(1000, 3, 100, 3), 8, exponent),
  ),
);

export const numbers: readonly ConformanceCase[] = [
  withEngine('offset of 1e5', async (engine) => {
    const points = blobs({ n: 4097, d: 5, offset: 1e5, seed: 21 });
    await checkAll(engine, points, spacedRows(points, 17));
  }),
  withEngine('scales of 1e-6 and 1e6 side by side', async (engine) => {
    // Whole multiples of 4: a shift takes no bits from them.
    const features = [(value: number) => 1e-6 * value, (value: number) => 4 * Math.round(2.5e5 * value), Number];
    const points = mapped(blobs({ n: 4097, d: 3, seed: 23 }), (value, j) => features[j](value));
    await checkAll(engine, points, spacedRows(points, 17));
  }),
  withEngine('one point far from the others', async (engine) => {
    const points = blobs({ n: 1001, d: 3, seed: 25 });
    points.data.fill(1e8, 3 * 500, 3 * 501);
    await checkAll(engine, points, spacedRows(points, 8));
  }),
  ...[1, 2, 8, 40].map((d) =>
    withEngine(`groups at ±1e4 standard deviations, d = ${d}`, async (engine) => {
      const points = distantGroups(4097, d);
      await checkStepByStep(
        engine,
        points,
        rowsAt(
          points,
          Array.from({ length: 64 }, (_, c) => 17 * c),
        ),
      );
    }),
  ),
  withEngine('time stamps in float64', async (engine) => {
    const points = timeStamps(4097);
    await checkAll(engine, points, spacedRows(points, 9));
    const model = await fit(engine, await upload(engine, points), spacedRows(points, 9), 9);
    checkModel(model, points, 9);
  }),
  ...latticeTies,
  ...powersOfTwo,
  withEngine('all points equal', async (engine) => {
    const row = [0.1, 1e5, -7, 1e-20].map(Math.fround);
    const points = mapped({ data: new Float32Array(4 * 4099), n: 4099, d: 4 }, (_, j) => row[j]);
    const dataset = await upload(engine, points);
    for (const init of [
      'k-means++',
      'k-means||',
      'random',
      asInput({ data: rowsAt(points, [0, 1, 2]), n: 3, d: 4 }),
    ] as const) {
      const model = await engine.kmeans(dataset, { k: 3, init });
      sameValues(model.centroids, [...row, ...row, ...row], 'centroids');
      sameValues(model.labels, new Uint32Array(points.n), 'labels');
      sameValues(model.counts, [points.n, 0, 0], 'counts');
      equal(model.inertia, 0, 'inertia');
      equal(model.converged, true, 'converged');
      equal(model.iterations, 1, 'iterations');
    }
  }),
  withEngine('one feature constant', async (engine) => {
    const points = mapped(blobs({ n: 1001, d: 3, seed: 27 }), (value, j) => (j === 1 ? 123456.7 : value));
    await checkAll(engine, points, spacedRows(points, 5));
  }),
  withEngine('a start far outside of the points', async (engine) => {
    const points = blobs({ n: 1001, d: 3, seed: 29 });
    for (const far of [1e6, 1e12, 1e25]) {
      const init = Float64Array.of(...rowsAt(points, [0, 1]), far, -far, far, -2 * far, far, far);
      const dataset = await upload(engine, points);
      const model = await engine.kmeans(dataset, { k: 4, init: { data: init, shape: [4, 3] } });
      checkModel(model, points, 4);
      const expected = referenceKMeans(points, init);
      sameValues(model.labels, expected.labels, `labels from a start at ${far}`);
      equal(model.iterations, expected.iterations, `iterations from a start at ${far}`);
    }
  }),
  withEngine('predicting points unlike those of the fit', async (engine) => {
    const points = blobs({ n: 1001, d: 3, seed: 31 });
    for (const scale of [2 ** -90, 1, 2 ** 90]) {
      const fitted = mapped(points, (value) => scale * value);
      const model = await fit(engine, await upload(engine, fitted), spacedRows(fitted, 5), 5);
      // One row, whose own spread is nothing; and rows far from every centroid.
      for (const rows of [rowsAt(fitted, [3]), rowsAt(fitted, [3, 4]).map((value) => 1e4 * value)]) {
        const others: CasePoints = { data: Float32Array.from(rows), n: rows.length / 3, d: 3 };
        const dataset = await upload(engine, others);
        const expected = assign(others, model.centroids);
        sameValues(await model.predict(dataset), expected.labels, `labels at scale ${scale}`);
        const distances = await model.transform(dataset);
        for (let i = 0; i < others.n; i++) {
          const nearest = distances[i * 5 + expected.labels[i]] / Math.sqrt(expected.distances[i]);
          check(Math.abs(nearest - 1) <= 1e-5, `distance of row ${i} at scale ${scale}: ${nearest} of the true one`);
        }
      }
    }
  }),
];
