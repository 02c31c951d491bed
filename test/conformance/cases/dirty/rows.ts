/** What a model says of a row does not depend on the rows beside it. */
import {
  destroyDefaultEngines,
  type Engine,
  GaussianMixtureModel,
  KMeansModel,
  type MethodOptions,
  nearest,
} from '../../../../src/index.ts';
import { expectation, type ReferenceMixture } from '../../../reference/mixture.ts';
import { atMost, type ConformanceCase, check, equal, sameValues } from '../../case.ts';
import { checkRanks } from '../bounds.ts';
import { type CasePoints, rowsAt, uniforms } from '../data.ts';
import { logBound } from '../mixture/bounds.ts';
import { modelOf } from '../numbers.ts';
import { type DirtyPoints, makeDirty } from './data.ts';
import { checkDistances, checkInertia, checkLabels, fit } from './kmeans.ts';
import { Yardstick } from './oracle.ts';

/** Numbers of every size: next to nothing, ordinary, and as large as there may be. */
const SIZES = [
  5e-324, 1e-310, 1e-40, 1.2e-16, 1, -300, -9999, 2147483647, -1e10, 1e15, 1e20, 9.96921e36, 3.4028234663852886e38,
  -3.4028234663852886e38, 1e39, 1e100, -1e150,
] as const;

/** Rows of such numbers, each of them one size, or of one such number among others. */
function strangers(near: CasePoints, seed: number): CasePoints {
  const { d } = near;
  const uniform = uniforms(seed);
  const rows = SIZES.flatMap((size) => {
    const usual = rowsAt(near, [Math.floor(near.n * uniform())]);
    const column = Math.floor(d * uniform());
    return [new Float64Array(d).fill(size), usual.map((value, j) => (j === column ? size : value))];
  });
  return { data: Float64Array.from(rows.flatMap((row) => [...row])), n: rows.length, d };
}

/** The rows at `indices`, in the form that a caller has them in. */
function some(points: CasePoints, indices: readonly number[]): CasePoints {
  return { data: rowsAt(points, indices), n: indices.length, d: points.d };
}

const asRows = ({ data, n, d }: CasePoints) =>
  Array.from({ length: n }, (_, i) => Array.from(data.subarray(i * d, (i + 1) * d)));

/** All rows at a time, each alone, and some beside each of `besides`. */
function* companies(points: CasePoints, alone: readonly number[], besides: readonly number[]): Generator<CasePoints> {
  yield points;
  for (const i of alone) yield some(points, [i]);
  for (const other of besides) {
    for (const i of alone.slice(0, 4)) yield some(points, [i, other]);
    yield some(points, [...alone, other, other, other]);
  }
}

/** What is asked of few rows where a call takes long. */
export interface Company {
  readonly alone: readonly number[];
  readonly besides: readonly number[];
}

export async function checkKMeans(
  model: KMeansModel,
  points: CasePoints,
  rounding: ArrayLike<number>,
  backend: 'cpu' | 'webgpu',
  options: MethodOptions,
  { alone, besides }: Company,
): Promise<void> {
  const { k, d, centroids } = model;
  const middle = { data: Float64Array.from(centroids), n: k, d };
  for (const company of companies(points, alone, besides)) {
    const yardstick = new Yardstick(company, rounding, backend, middle);
    const rows = asRows(company);
    try {
      const labels = await model.predict(rows, options);
      const distances = await model.transform(rows, options);
      checkLabels(labels, company, centroids, yardstick);
      checkDistances(distances, company, centroids, yardstick);
      if (k > 1) checkRanks(await nearest(rows, model, { ...options, count: k }), distances, k);
      checkInertia(-(await model.score(rows, options)), labels, company, centroids, yardstick);
    } catch (error) {
      throw new Error(`${text(company)}: ${(error as Error).message}`, { cause: error });
    }
  }
}

async function checkMixture(
  model: GaussianMixtureModel,
  points: CasePoints,
  options: MethodOptions,
  { alone, besides }: Company,
): Promise<void> {
  for (const company of companies(points, alone, besides)) {
    try {
      await checkDensities(model, company, {
        labels: await model.predict(asRows(company), options),
        scores: await model.scoreSamples(asRows(company), options),
        proba: await model.predictProba(asRows(company), options),
      });
    } catch (error) {
      throw new Error(`${text(company)}: ${(error as Error).message}`, { cause: error });
    }
  }
}

export interface Densities {
  readonly labels: Uint32Array;
  readonly scores: Float64Array;
  readonly proba: Float32Array;
}

/** log p and responsibilities within their bounds; a row that is clearly of one component is wholly its own. */
export async function checkDensities(
  mixture: ReferenceMixture,
  points: CasePoints,
  { labels, scores, proba }: Densities,
): Promise<void> {
  const { k } = mixture;
  const bound = logBound(mixture);
  const { values, responsibilities } = expectation(points, mixture);
  const joint = expectation(points, mixture, 0);
  for (let i = 0; i < points.n; i++) {
    const allowed = bound(values[i]);
    atMost(Math.abs(scores[i] - values[i]), allowed, `log p of row ${i}: ${scores[i]}, not ${values[i]}: difference`);
    let sum = 0;
    for (let at = i * k; at < (i + 1) * k; at++) {
      sum += proba[at];
      const difference = Math.abs(proba[at] - responsibilities[at]);
      atMost(
        difference,
        2 * allowed,
        `responsibility of ${at % k} for row ${i}: ${proba[at]}, not ${responsibilities[at]}`,
      );
    }
    atMost(Math.abs(sum - 1), (k + 4) * 2 ** -24, `sum of the responsibilities for row ${i} less 1`);
    const own = responsibilities[i * k + labels[i]];
    check(own > 0 || 2 * allowed > 1, `row ${i} has label ${labels[i]}, not ${joint.labels[i]}`);
  }
}

function text({ data, n, d }: CasePoints): string {
  if (n > 4) return `${n} rows`;
  return asRows({ data, n, d })
    .map((row) => `[${row.join()}]`)
    .join();
}

/** Points to fit, among them something that is no measurement. */
const fitted = (): readonly DirtyPoints[] => [
  makeDirty({
    columns: ['hundredths', 'shares'],
    ...{ n: 120, groups: 3, k: 4, precision: 64, seed: 71 },
    dirt: [{ value: -9999, place: 'cell' }],
  }),
  makeDirty({
    columns: ['stamps', 'coordinates'],
    ...{ n: 120, groups: 4, k: 5, precision: 64, seed: 73 },
    dirt: [{ value: 0, place: 'cell' }],
  }),
  makeDirty({
    columns: ['bursts', 'years'],
    ...{ n: 120, groups: 4, k: 4, precision: 64, seed: 75 },
    dirt: [],
  }),
];

/** A mixture whose numbers, and those of the rows beside it, float32 holds. */
export const gaussians = GaussianMixtureModel.fromParameters({
  covarianceType: 'full',
  weights: [0.5, 0.25, 0.25],
  means: [
    [280, 10],
    [290.5, 20],
    [300, 32.25],
  ],
  covariances: [4, 1, 1, 2, 1, 0, 0, 1, 9, -3, -3, 2],
});

/** Rows near the mixture, on a grid that a shift takes no bits from. */
export function nearGaussians(): CasePoints {
  const uniform = uniforms(77);
  const data = Float64Array.from(
    { length: 2 * 30 },
    (_, at) => Math.round(64 * ((at % 2 ? 5 : 275) + 30 * uniform())) / 64,
  );
  return { data, n: 30, d: 2 };
}

/** Fits, JSON of them, models of numbers alone: the rows of the fit and rows of all sizes, in all companies. */
export async function checkAllCompanies(
  engine: Engine,
  backend: 'cpu' | 'webgpu',
  options: MethodOptions,
  few: boolean,
): Promise<void> {
  for (const points of few ? fitted().slice(0, 2) : fitted()) {
    const dataset = await engine.upload({ data: points.data, shape: [points.n, points.d] });
    const { rounding } = dataset;
    const coarse = rounding.some((share) => share > 0.01);
    const model = await fit(engine, dataset, points, 10);
    const own = { data: points.data, shape: [points.n, points.d] as [number, number] };
    const read = KMeansModel.fromJSON(JSON.parse(JSON.stringify(model)));
    for (const same of [model, read]) {
      sameValues(await same.predict(own, options), model.labels, `${points.what}: predict on the rows of the fit`);
    }
    for (let i = 0; i < points.n; i += few ? 29 : 1) {
      const [label] = await read.predict([asRows(some(points, [i]))[0]], options);
      if (!coarse || backend === 'cpu') equal(label, model.labels[i], `${points.what}: label of row ${i} alone`);
    }
    dataset.destroy();
    if (coarse) continue;
    const all = strangers(points, points.n);
    const company = few ? { alone: [0, 9, 16, 21], besides: [15, 20, 33] } : companyOf(all);
    await checkKMeans(read, all, rounding, backend, options, company);
    await checkKMeans(modelOf(model.centroids, points.d), all, rounding, backend, options, company);
  }
  const near = nearGaussians();
  const far = strangers(near, 79);
  const all = { data: Float64Array.of(...near.data, ...far.data), n: near.n + far.n, d: 2 };
  const company = few ? { alone: [0, 1, 44, 47, 55], besides: [30, 45, 63] } : companyOf(all);
  await checkMixture(gaussians, all, options, company);
  await checkMixture(
    GaussianMixtureModel.fromJSON(JSON.parse(JSON.stringify(gaussians))),
    all,
    options,
    few ? { alone: [3], besides: [] } : company,
  );
}

function companyOf({ n }: CasePoints): Company {
  const alone = Array.from({ length: n }, (_, i) => i).filter((i) => i % 3 === 0);
  return { alone, besides: alone.slice(-SIZES.length).filter((_, i) => i % 3 === 0) };
}

export const rows: readonly ConformanceCase[] = [
  {
    name: 'dirty: what a row gets does not depend on the others',
    only: 'webgpu',
    async run(context) {
      const device = await context.requestDevice!();
      const engine = await context.createEngine();
      await checkAllCompanies(engine, 'webgpu', { backend: 'webgpu', device }, true);
      await destroyDefaultEngines();
    },
  },
];
