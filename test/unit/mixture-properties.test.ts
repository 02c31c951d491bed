import fc from 'fast-check';
import { afterAll, expect, it } from 'vitest';
import { createEngine, type GaussianMixtureFitOptions, type GaussianMixtureModel } from '../../src/index.ts';
import { COVARIANCE_TYPES } from '../../src/mixture/forms/names.ts';
import { upload } from '../conformance/cases/bounds.ts';
import { type CasePoints, permutation, rowsAt, wholeNumbers } from '../conformance/cases/data.ts';
import { expectation } from '../reference/mixture.ts';

const engine = await createEngine({ backend: 'cpu' });
afterAll(() => engine.destroy());

interface Start {
  readonly points: CasePoints;
  readonly options: GaussianMixtureFitOptions;
}

/** Whole numbers with many repetitions, some of them with weights: components collapse and starve. */
const starts = fc
  .record({
    n: fc.integer({ min: 1, max: 120 }),
    d: fc.integer({ min: 1, max: 5 }),
    bound: fc.constantFrom(1, 2, 5, 100),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    weighted: fc.boolean(),
    covarianceType: fc.constantFrom(...COVARIANCE_TYPES),
    mixing: fc.constantFrom('free' as const, 'equal' as const),
    init: fc.constantFrom('kmeans' as const, 'k-means++' as const, 'random' as const, 'random-from-data' as const),
    temperature: fc.constantFrom(0, 0.5, 1, 5),
    regularization: fc.constantFrom(0, 1e-6, 0.1),
    fixed: fc.subarray(['weights', 'means', 'covariances'] as const),
    seed: fc.nat(),
  })
  .map(({ n, d, bound, share, weighted, seed, ...options }): Start => {
    // Never all of them zero.
    const weights = weighted ? Float32Array.from({ length: n }, (_, i) => (i + 1) % 4) : undefined;
    const positive = weights?.filter((weight) => weight > 0).length ?? n;
    const k = 1 + Math.floor(share * (Math.min(positive, 12) - 1));
    return { points: { ...wholeNumbers(n, d, bound, seed), weights }, options: { ...options, k, seed } };
  });

async function fit({ points, options }: Start): Promise<GaussianMixtureModel> {
  const dataset = await upload(engine, points);
  try {
    return await engine.gaussianMixture(dataset, { maxIterations: 12, tolerance: 0, ...options });
  } finally {
    dataset.destroy();
  }
}

function holds(name: string, predicate: (start: Start, free: number) => Promise<void>): void {
  it(name, () => fc.assert(fc.asyncProperty(starts, fc.nat(), predicate), { numRuns: 300 }));
}

const isFair = ({ components }: GaussianMixtureModel) => components.every((status) => status === 'ok');

holds('never NaN, never a throw, and everything of the model belongs together', async (start) => {
  const model = await fit(start);
  const { k, d, covarianceType } = model;
  for (const part of ['weights', 'means', 'covariances', 'precisionsCholesky', 'lowerBounds'] as const) {
    expect(model[part].every(Number.isFinite), part).toBe(true);
  }
  expect(Math.abs(model.weights.reduce((sum, weight) => sum + weight, 0) - 1)).toBeLessThan(1e-12);
  expect(model.lowerBounds[model.iterations - 1]).toBe(model.lowerBound);
  if (!isFair(model)) return;
  const { weights, means, covariances } = model;
  const mixture = { k, d, covarianceType, weights, means, covariances };
  const { lowerBound, values } = expectation(start.points, mixture, start.options.temperature as number);
  const largest = values.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  expect(Math.abs(model.lowerBound - lowerBound)).toBeLessThan(1e-6 * (1 + largest));
});

holds('the bound never falls where nothing is added and nothing collapses', async (start) => {
  const model = await fit({ ...start, options: { ...start.options, regularization: 0 } });
  fc.pre(isFair(model));
  expect(model.decreased).toBe(false);
  model.lowerBounds.forEach((bound, i) => {
    expect(bound).toBeGreaterThanOrEqual((model.lowerBounds[i - 1] ?? -Infinity) - 1e-6 * (1 + Math.abs(bound)));
  });
});

holds('what is reported as no decrease is none', async (start) => {
  const model = await fit(start);
  const fell = model.lowerBounds.some(
    (bound, i) => i > 0 && bound < model.lowerBounds[i - 1] - 1e-6 * (1 + Math.abs(bound)),
  );
  // The first iteration is measured by the bound of the start, which no list has.
  if (fell) expect(model.decreased).toBe(true);
});

holds('permuted rows have permuted labels', async (start, seed) => {
  const { points, options } = start;
  const { n, d } = points;
  fc.pre(points.weights === undefined && options.temperature !== 0);
  const init = {
    means: rowsAt(
      points,
      Array.from({ length: options.k }, (_, c) => c),
    ),
  };
  const order = permutation(n, seed);
  const shuffled = { data: Float32Array.from(rowsAt(points, order)), n, d };
  const given = { ...options, init, regularization: 0.1, maxIterations: 3 };
  const [model, other] = [await fit({ points, options: given }), await fit({ points: shuffled, options: given })];
  fc.pre(isFair(model));
  expect(Math.abs(other.lowerBound - model.lowerBound)).toBeLessThan(1e-6 * (1 + Math.abs(model.lowerBound)));
  const { responsibilities } = expectation(points, model);
  order.forEach((row, i) => {
    const [own, theirs] = [model.labels[row], other.labels[i]].map((c) => responsibilities[row * options.k + c]);
    expect(Math.abs(own - theirs)).toBeLessThan(1e-5);
  });
});

holds('weights are repetitions', async ({ points, options }) => {
  fc.pre(points.weights !== undefined);
  const rows = Array.from(points.weights!).flatMap((weight, i) => new Array(weight).fill(i));
  const copies = { data: Float32Array.from(rowsAt(points, rows)), n: rows.length, d: points.d };
  const positive = Array.from(new Set(rows)).slice(0, options.k);
  const given = { ...options, init: { means: rowsAt(points, positive) }, regularization: 0.1, maxIterations: 3 };
  const [weighted, repeated] = [await fit({ points, options: given }), await fit({ points: copies, options: given })];
  fc.pre(isFair(weighted));
  expect(Math.abs(repeated.lowerBound - weighted.lowerBound)).toBeLessThan(1e-6 * (1 + Math.abs(weighted.lowerBound)));
});
