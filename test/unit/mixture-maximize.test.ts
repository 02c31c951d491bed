import { describe, expect, it } from 'vitest';
import type { MixtureStatistics } from '../../src/engine/statistics.ts';
import { COVARIANCE_TYPES, type CovarianceType } from '../../src/mixture/forms/names.ts';
import { type FixedPart, maximize, type UpdateRules } from '../../src/mixture/maximize.ts';
import { type Parameters, precisionFactorsOf, toGaussians } from '../../src/mixture/parameters.ts';
import { runNow } from '../../src/steps.ts';
import { blobs, spacedRows, uniforms } from '../conformance/cases/data.ts';
import type { ReferencePoints } from '../reference/kmeans.ts';
import {
  expectation,
  inLayout,
  isTied,
  jointLogDensities,
  maximization,
  type ReferenceMixture,
} from '../reference/mixture.ts';

const [n, d, k] = [200, 3, 4];
const uniform = uniforms(4);
const points: ReferencePoints = {
  ...blobs({ n, d, groups: 4, spread: 3, seed: 12 }),
  weights: Float32Array.from({ length: n }, () => 2 * uniform()),
};

/** Components with correlations and scales of their own. */
function parameters(covarianceType: CovarianceType): ReferenceMixture & Parameters {
  const means = spacedRows(blobs({ n, d, groups: 4, spread: 3, seed: 12 }), k);
  const one = Float64Array.of(2, 0.5, -0.3, 0.5, 1, 0.2, -0.3, 0.2, 3);
  const full = [1, 2, 0.5, 1.5].map((scale) => one.map((value) => scale * value));
  const covariances = inLayout(covarianceType, full, d);
  const precisionsCholesky = runNow(precisionFactorsOf(covarianceType, k, d, covariances)) as Float64Array;
  const weights = Float64Array.of(0.1, 0.2, 0.3, 0.4);
  return { k, d, covarianceType, weights, means, covariances, precisionsCholesky };
}

/** What an engine returns, in float64: moments of y = (x − m)·U. */
function statisticsOf(responsibilities: Float64Array, before: Parameters): MixtureStatistics {
  const used = toGaussians(before);
  const { shape, means, factors } = used;
  const counts = new Float64Array(k);
  const sums = new Float64Array(k * d);
  const squares = new Float64Array({ own: k * d * d, shared: d * d, axes: k * d }[shape]);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < k; c++) {
      const share = points.weights![i] * responsibilities[i * k + c];
      const from = shape === 'own' ? c * d * d : 0;
      const y = Array.from({ length: d }, (_, j) => {
        const x = Array.from({ length: d }, (_, t) => points.data[i * d + t] - means[c * d + t]);
        if (shape === 'axes') return x[j] * factors[c * d + j];
        return x.reduce((sum, value, t) => sum + value * factors[from + t * d + j], 0);
      });
      counts[c] += share;
      for (let j = 0; j < d; j++) {
        sums[c * d + j] += share * y[j];
        if (shape === 'axes') squares[c * d + j] += share * y[j] * y[j];
        else for (let t = 0; t < d; t++) squares[from + j * d + t] += share * y[j] * y[t];
      }
    }
  }
  return { used, counts, sums, squares, logLikelihood: 0 };
}

const rules: UpdateRules = { mixing: 'free', fixed: [], regularization: 1e-3, variances: new Float64Array(d).fill(1) };

function expectClose(given: Float64Array, expected: Float64Array, bound = 1e-12): void {
  expect(given.length).toBe(expected.length);
  given.forEach((value, at) => {
    expect(Math.abs(value - expected[at]), `value ${at}`).toBeLessThanOrEqual(bound);
  });
}

describe.each(COVARIANCE_TYPES)('%s', (type) => {
  const before = parameters(type);

  it('what an engine is told gives the densities', () => {
    const { shape, means, factors, sharpness, offsets } = toGaussians(before);
    const expected = jointLogDensities(points, before);
    for (let c = 0; c < k; c++) {
      const from = shape === 'own' ? c * d * d : 0;
      for (let i = 0; i < n; i++) {
        const x = Array.from({ length: d }, (_, j) => points.data[i * d + j] - means[c * d + j]);
        let length = 0;
        for (let j = 0; j < d; j++) {
          const y =
            shape === 'axes'
              ? x[j] * factors[c * d + j]
              : x.reduce((sum, value, t) => sum + value * factors[from + t * d + j], 0);
          length += sharpness[c] * y * y;
        }
        expect(Math.abs(offsets[c] - length / 2 - expected[i * k + c])).toBeLessThan(1e-12 * (1 + length));
      }
    }
  });

  const choices: readonly (readonly [mixing: 'free' | 'equal', fixed: readonly FixedPart[]])[] = [
    ['free', []],
    ['equal', []],
    ['free', ['means']],
    ['free', ['weights', 'covariances']],
    ['equal', ['means', 'covariances']],
  ];
  it.each(choices)('the M-step from moments is the one from the points: %s, fixed %j', (mixing, fixed) => {
    for (const temperature of [0, 0.5, 1, 5]) {
      const { responsibilities } = expectation(points, before, temperature);
      const statistics = statisticsOf(responsibilities, before);
      const update = runNow(maximize(statistics, before, { ...rules, mixing, fixed }, temperature));
      const expected = maximization(points, responsibilities, before, { mixing, fixed, regularization: 1e-3 });
      expectClose(update.parameters.weights, expected.weights);
      expectClose(update.parameters.means, expected.means);
      expectClose(update.parameters.covariances, expected.covariances);
      const factors = runNow(precisionFactorsOf(type, k, d, update.parameters.covariances));
      expect(update.parameters.precisionsCholesky).toEqual(factors);
      expect(update.empty).toEqual([]);
      expect(update.regularized).toEqual([false, false, false, false]);
    }
  });

  it('a component without weight keeps its mean and its covariance', () => {
    const { responsibilities } = expectation(points, before);
    for (let i = 0; i < n; i++) {
      responsibilities[i * k + 3] += responsibilities[i * k + 1];
      responsibilities[i * k + 1] = 0;
    }
    const update = runNow(maximize(statisticsOf(responsibilities, before), before, rules, 1));
    const expected = maximization(points, responsibilities, before, { regularization: 1e-3 });
    expect(update.empty).toEqual([1]);
    expect(update.parameters.weights[1]).toBe(0);
    expect(update.parameters.means.slice(d, 2 * d)).toEqual(before.means.slice(d, 2 * d));
    expectClose(update.parameters.weights, expected.weights);
    expectClose(update.parameters.means, expected.means);
    expectClose(update.parameters.covariances, expected.covariances);
  });

  it('a component of one row is regularized, tied ones with the others', () => {
    const responsibilities = Float64Array.from({ length: n * k }, (_, at) => {
      const [i, c] = [Math.floor(at / k), at % k];
      return +(c === (i === 0 ? 2 : i % 2));
    });
    const update = runNow(maximize(statisticsOf(responsibilities, before), before, { ...rules, regularization: 0 }, 0));
    const tied = isTied(type);
    expect(update.regularized).toEqual([false, false, !tied, false]);
    expect(update.empty).toEqual([3]);
    expect([...update.parameters.covariances, ...update.parameters.precisionsCholesky].every(Number.isFinite)).toBe(
      true,
    );
  });
});
