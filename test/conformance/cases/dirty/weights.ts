/** A row of weight 0 is absent, whatever it holds: it has a label of its own and touches nothing else. */
import type { Engine, GaussianMixtureModel, KMeansModel } from '../../../../src/index.ts';
import { moments } from '../../../reference/kmeans.ts';
import { atMost, type ConformanceCase, equal, sameValues, withEngine } from '../../case.ts';
import { asInput } from '../bounds.ts';
import type { CasePoints } from '../data.ts';
import { closeParameters } from '../mixture/bounds.ts';
import { type DirtyPoints, makeDirty } from './data.ts';
import { checkLabels } from './kmeans.ts';
import { isFine, Yardstick } from './oracle.ts';

/** What a masked row may hold in every feature. */
const MASKED = [2147483647, -3.4028234663852886e38, 1e20, 1e150, -1e150, 5e-324, -9999] as const;

type Masked = CasePoints & {
  readonly weights: Float32Array<ArrayBuffer>;
  /** The rows that were there before, ascending. */
  readonly others: readonly number[];
};

/** The points, all of weight 1 or as they are, with rows of weight 0 in front, between or behind. */
function withMasked(
  points: CasePoints,
  place: 'first' | 'between' | 'last',
  values: readonly number[] = MASKED,
): Masked {
  const { data, n, d } = points;
  const rows: { row: ArrayLike<number>; weight: number; added: boolean }[] = Array.from({ length: n }, (_, i) => {
    return { row: data.subarray(i * d, (i + 1) * d), weight: points.weights?.[i] ?? 1, added: false };
  });
  values.forEach((value, m) => {
    const at = { first: 0, between: 1 + m * Math.floor(n / values.length), last: rows.length }[place];
    rows.splice(at, 0, { row: new Float64Array(d).fill(value), weight: 0, added: true });
  });
  const all = Float64Array.from(rows.flatMap(({ row }) => Array.from(row)));
  const others = rows.flatMap(({ added }, i) => (added ? [] : [i]));
  return { data: all, n: rows.length, d, weights: Float32Array.from(rows, ({ weight }) => weight), others };
}

const withoutMasked = (labels: Uint32Array, { others }: Masked) => Uint32Array.from(others, (i) => labels[i]);

function upload(engine: Engine, points: CasePoints) {
  return engine.upload(asInput(points), points.weights === undefined ? {} : { sampleWeight: points.weights });
}

/** Two fits of k-means with the same rows, to the bit or to the bounds. */
function checkSame(
  masked: KMeansModel,
  plain: KMeansModel,
  points: DirtyPoints,
  { exact, inOrder, what }: { exact: boolean; inOrder: boolean; what: string },
): void {
  sameValues(masked.counts, plain.counts, `${what}: counts`);
  equal(masked.iterations, plain.iterations, `${what}: iterations`);
  equal(masked.converged, plain.converged, `${what}: converged`);
  const deviations = moments(points).variance.map(Math.sqrt);
  plain.centroids.forEach((value, at) => {
    const bound = exact ? 0 : 1e-6 * deviations[at % points.d];
    atMost(Math.abs(masked.centroids[at] - value), bound, `${what}: centroids[${at}]: difference`);
  });
  // Distances are added in float64, by the places of their rows.
  const share = exact ? (inOrder ? 0 : 1e-12) : 1e-6;
  const squares = deviations.reduce((sum, deviation) => sum + points.n * deviation ** 2, 0);
  const bound = share * plain.inertia + (exact ? 0 : 1e-12 * squares);
  atMost(Math.abs(masked.inertia - plain.inertia), bound, `${what}: inertia: difference`);
}

/** K-means with rows of weight 0 against k-means without them. */
export async function checkMaskedKMeans(
  engine: Engine,
  backend: 'cpu' | 'webgpu',
  points: DirtyPoints,
  places: readonly ('first' | 'between' | 'last')[],
): Promise<void> {
  const { d, init } = points;
  const k = init.length / d;
  const unweighted = { ...points, weights: undefined };
  const even = { ...points, weights: points.weights ?? new Float32Array(points.n).fill(1) };
  const [plainSet, evenSet] = [await upload(engine, unweighted), await upload(engine, even)];
  const explicit = { k, init: { data: init, shape: [k, d] as const }, maxIterations: 10 };
  for (const place of places) {
    if (backend === 'webgpu' && !isFine(evenSet.rounding)) break;
    const how = { exact: backend === 'cpu', inOrder: place === 'last' };
    const masked = withMasked(even, place);
    const maskedSet = await upload(engine, masked);
    sameValues(maskedSet.rounding, evenSet.rounding, `${place}: rounding`);
    const model = await engine.kmeans(maskedSet, explicit);
    const references = [await engine.kmeans(evenSet, explicit)];
    if (points.weights === undefined) references.push(await engine.kmeans(plainSet, explicit));
    for (const plain of references) {
      checkSame(model, plain, points, { ...how, what: `${points.what}, masked rows ${place}` });
      sameValues(withoutMasked(model.labels, masked), plain.labels, `${place}: labels`);
    }
    checkLabels(model.labels, masked, model.centroids, new Yardstick(masked, maskedSet.rounding, backend));
    sameValues(await model.predict(maskedSet), model.labels, `${place}: predict`);
    // Draws by distance go by the places of the rows.
    for (const method of place === 'last' ? (['k-means++', 'random'] as const) : (['random'] as const)) {
      const drawn = { k, init: method, seed: 3, maxIterations: 3 };
      const [one, other] = [await engine.kmeans(maskedSet, drawn), await engine.kmeans(evenSet, drawn)];
      checkSame(one, other, points, { ...how, what: `${points.what}, masked rows ${place}, ${method}` });
    }
    maskedSet.destroy();
  }
  plainSet.destroy();
  evenSet.destroy();
}

/** A mixture with rows of weight 0 against one without them. */
export async function checkMaskedMixture(
  engine: Engine,
  backend: 'cpu' | 'webgpu',
  points: DirtyPoints,
  places: readonly ('first' | 'between' | 'last')[],
): Promise<void> {
  const { d, init } = points;
  const k = init.length / d;
  const even = { ...points, weights: points.weights ?? new Float32Array(points.n).fill(1) };
  const evenSet = await upload(engine, even);
  for (const place of places) {
    const masked = withMasked(even, place);
    const maskedSet = await upload(engine, masked);
    for (const start of [{ means: { data: init, shape: [k, d] as const } }, 'k-means++', 'kmeans'] as const) {
      const options = { k, covarianceType: 'diag', init: start, maxIterations: 4, tolerance: 0 } as const;
      const what = `${points.what}, masked rows ${place}, from ${typeof start === 'string' ? start : 'means'}`;
      const [one, other] = [
        await engine.gaussianMixture(maskedSet, options),
        await engine.gaussianMixture(evenSet, options),
      ];
      equal(one.components.join(), other.components.join(), `${what}: components`);
      // Sums of float64 go by the places of the rows, and those behind have none in front of them.
      if (backend === 'cpu' && place === 'last') sameMixtures(one, other, what);
      else closeParameters(one, other, what, backend === 'cpu' ? 1e-9 : 1e-5);
      sameValues(withoutMasked(one.labels, masked), other.labels, `${what}: labels`);
    }
    maskedSet.destroy();
  }
  evenSet.destroy();
}

function sameMixtures(one: GaussianMixtureModel, other: GaussianMixtureModel, what: string): void {
  for (const name of ['weights', 'means', 'covariances', 'lowerBounds'] as const) {
    sameValues(one[name], other[name], `${what}: ${name}`);
  }
}

const groups = makeDirty({
  columns: ['measurements', 'shares'],
  ...{ n: 200, groups: 4, k: 4, precision: 32, dirt: [], seed: 91 },
});
const stamps = makeDirty({
  columns: ['stamps', 'coordinates'],
  ...{ n: 200, groups: 4, k: 4, precision: 64, seed: 93 },
  dirt: [{ value: 0, place: 'cell' }],
});

export const weights: readonly ConformanceCase[] = [
  withEngine('dirty: k-means without its rows of weight 0', async (engine, { backend }) => {
    await checkMaskedKMeans(engine, backend, groups, ['first', 'between', 'last']);
    if (backend === 'cpu') await checkMaskedKMeans(engine, backend, stamps, ['between']);
  }),
  withEngine('dirty: a mixture without its rows of weight 0', (engine, { backend }) =>
    checkMaskedMixture(engine, backend, groups, ['first', 'last']),
  ),
];
