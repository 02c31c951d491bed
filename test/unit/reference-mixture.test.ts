import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blobs, lattice, normals, repeated, spacedRows, uniforms } from '../conformance/cases/data.ts';
import { goldenMixtures } from '../golden/mixture.ts';
import { moments, type ReferencePoints, referenceKMeans } from '../reference/kmeans.ts';
import {
  correlationCondition,
  covarianceOf,
  criteria,
  expectation,
  freeParameters,
  jointLogDensities,
  maximization,
  REFERENCE_COVARIANCES,
  type ReferenceCovariance,
  type ReferenceMixture,
  referenceMixture,
} from '../reference/mixture.ts';

/** A mixture of unit covariances times `variance` and equal weights, with the means [k, d]. */
function start(
  covarianceType: ReferenceCovariance,
  d: number,
  means: ArrayLike<number>,
  variance = 1,
): ReferenceMixture {
  const k = means.length / d;
  const groups = covarianceType.startsWith('tied') ? 1 : k;
  const unit = Array.from({ length: d * d }, (_, i) => (i % (d + 1) === 0 ? variance : 0));
  const one = { full: unit, tied: unit, spherical: [variance], 'tied-spherical': [variance] };
  const block = one[covarianceType as keyof typeof one] ?? new Array(d).fill(variance);
  return {
    k,
    d,
    covarianceType,
    weights: new Float64Array(k).fill(1 / k),
    means: Float64Array.from(means),
    covariances: Float64Array.from(Array.from({ length: groups }, () => block).flat()),
  };
}

/** Everything within `bound` of what is expected, relative to 1 + |value|. */
function expectClose(given: ArrayLike<number>, expected: ArrayLike<number>, bound: number): void {
  expect(given.length).toBe(expected.length);
  for (let i = 0; i < given.length; i++) {
    expect(Math.abs(given[i] - expected[i]), `value ${i}`).toBeLessThanOrEqual(bound * (1 + Math.abs(expected[i])));
  }
}

describe('against scikit-learn', () => {
  for (const golden of goldenMixtures) {
    const { name, data, n, d, k, covarianceType, regularization, iterations } = golden;
    it(`${name}, ${covarianceType}, after ${iterations}`, () => {
      const points: ReferencePoints = { data, n, d };
      const options = { regularization, maxIterations: iterations, tolerance: 0 };
      const fit = referenceMixture(points, { k, d, covarianceType, ...golden.start }, options);
      expect(fit.iterations).toBe(iterations);
      expect(fit.lowerBounds).toHaveLength(iterations);
      expectClose(fit.mixture.weights, golden.weights, 1e-11);
      const deviations = moments(points).variance.map(Math.sqrt);
      fit.mixture.means.forEach((mean, i) => {
        expect(Math.abs(mean - golden.means[i])).toBeLessThanOrEqual(1e-9 * deviations[i % d]);
      });
      const { aic, bic } = criteria(points, fit.mixture);
      expectClose([fit.lowerBound, aic, bic], [golden.score, golden.aic, golden.bic], 1e-12);
    });
  }
});

describe('by hand', () => {
  it('a density of correlated features', () => {
    // Σ = [[2, 1], [1, 2]]: |Σ| = 3, Σ⁻¹ = [[2, −1], [−1, 2]] / 3; at (1, −1) from the mean xᵀΣ⁻¹x = 2.
    const mixture = { ...start('full', 2, [10, 20]), covariances: Float64Array.of(2, 1, 1, 2) };
    const expected = -Math.log(2 * Math.PI) - Math.log(3) / 2 - 1;
    expectClose(jointLogDensities({ data: [11, 19], n: 1, d: 2 }, mixture), [expected], 1e-15);
  });

  it('every layout is a covariance', () => {
    const layouts: Record<ReferenceCovariance, [number[], number[]]> = {
      full: [
        [2, 1, 1, 3, 4, 1, 1, 5],
        [4, 1, 1, 5],
      ],
      tied: [
        [2, 1, 1, 3],
        [2, 1, 1, 3],
      ],
      diag: [
        [2, 3, 4, 5],
        [4, 0, 0, 5],
      ],
      spherical: [
        [2, 3],
        [3, 0, 0, 3],
      ],
      'tied-diag': [
        [2, 3],
        [2, 0, 0, 3],
      ],
      'tied-spherical': [[2], [2, 0, 0, 2]],
    };
    for (const type of REFERENCE_COVARIANCES) {
      const [covariances, second] = layouts[type];
      const mixture = { ...start(type, 2, [0, 0, 0, 0]), covariances: Float64Array.from(covariances) };
      expect(Array.from(covarianceOf(mixture, 1)), type).toEqual(second);
    }
  });

  // Two components: rows 0 and 2 of weights 1 and 3 in the first (mean 1.5), rows 10 and 14 in the second (mean 12).
  const points: ReferencePoints = { data: [0, 0, 2, 2, 10, 10, 14, 6], n: 4, d: 2, weights: [1, 3, 1, 1] };
  const hard = Float64Array.of(1, 0, 1, 0, 0, 1, 0, 1);
  const covariances: Record<ReferenceCovariance, number[]> = {
    full: [0.75, 0.75, 0.75, 0.75, 4, -4, -4, 4],
    tied: [11 / 6, -5 / 6, -5 / 6, 11 / 6],
    diag: [0.75, 0.75, 4, 4],
    spherical: [0.75, 4],
    'tied-diag': [11 / 6, 11 / 6],
    'tied-spherical': [11 / 6],
  };
  it.each(REFERENCE_COVARIANCES)('the M-step: %s', (type) => {
    const before = start(type, 2, [0, 0, 9, 9]);
    const after = maximization(points, hard, before, { regularization: 0 });
    expectClose(after.weights, [2 / 3, 1 / 3], 1e-15);
    expectClose(after.means, [1.5, 1.5, 12, 8], 1e-15);
    expectClose(after.covariances, covariances[type], 1e-15);
    const diagonal = Array.from({ length: 4 }, (_, i) => covarianceOf(after, i >> 1)[3 * (i % 2)]);
    const regularized = maximization(points, hard, before, { regularization: 0.5 });
    expectClose(
      Array.from({ length: 4 }, (_, i) => covarianceOf(regularized, i >> 1)[3 * (i % 2)]),
      diagonal.map((value) => value + 0.5),
      1e-15,
    );
  });

  it('what is fixed stays, and covariances are about fixed means', () => {
    const before = { ...start('diag', 2, [0, 0, 12, 8], 3), weights: Float64Array.of(0.9, 0.1) };
    const of = (options: object) => maximization(points, hard, before, { regularization: 0, ...options });
    expect(of({ fixed: ['weights', 'means', 'covariances'] })).toEqual(before);
    expect(of({ fixed: ['weights'], mixing: 'equal' }).weights).toEqual(before.weights);
    expect(of({ mixing: 'equal' }).weights).toEqual(Float64Array.of(0.5, 0.5));
    expectClose(of({ fixed: ['means'] }).covariances, [3, 3, 4, 4], 1e-15);
  });

  it('a component without weight stays where it is', () => {
    const before = start('diag', 2, [0, 0, 9, 9], 2);
    const all = maximization(points, Float64Array.of(1, 0, 1, 0, 1, 0, 1, 0), before, { regularization: 0 });
    expect(Array.from(all.weights)).toEqual([1, 0]);
    expect(Array.from(all.means.subarray(2))).toEqual([9, 9]);
    expect(Array.from(all.covariances.subarray(2))).toEqual([2, 2]);
    const { responsibilities, lowerBound } = expectation(points, all);
    expect(Array.from(responsibilities)).toEqual([1, 0, 1, 0, 1, 0, 1, 0]);
    expect(lowerBound).toBeGreaterThan(-Infinity);
  });

  it('the E-step at each temperature', () => {
    // log p of the two components differs by (4² − 2²)/2 = 6 at 4.
    const mixture = start('tied-spherical', 1, [0, 6]);
    const best = Math.log(0.5) - Math.log(2 * Math.PI) / 2 - 2;
    for (const temperature of [0.25, 1, 5]) {
      const { responsibilities, values, labels, lowerBound } = expectation(
        { data: [4], n: 1, d: 1 },
        mixture,
        temperature,
      );
      const odds = Math.exp(-6 / temperature);
      expectClose(responsibilities, [odds / (1 + odds), 1 / (1 + odds)], 1e-15);
      expectClose(values, [best + temperature * Math.log(1 + odds)], 1e-15);
      expect(Array.from(labels)).toEqual([1]);
      expect(lowerBound).toBe(values[0]);
    }
    const hard = expectation({ data: [4, 3], n: 2, d: 1, weights: [3, 1] }, mixture, 0);
    expect(Array.from(hard.responsibilities)).toEqual([0, 1, 1, 0]);
    expect(Array.from(hard.labels)).toEqual([1, 0]);
    expectClose(hard.values, [best, best - 2.5], 1e-15);
    expectClose([hard.lowerBound], [best - 2.5 / 4], 1e-15);
  });

  it('a singular covariance is an error', () => {
    const mixture = { ...start('full', 2, [0, 0]), covariances: Float64Array.of(1, 1, 1, 1) };
    expect(() => expectation({ data: [1, 2], n: 1, d: 2 }, mixture)).toThrow(/component 0 is not positive definite/);
  });

  it('free parameters', () => {
    const counts = REFERENCE_COVARIANCES.map((type) => freeParameters(type, 3, 4));
    expect(counts).toEqual([30, 10, 12, 3, 4, 1].map((covariances) => 2 + 12 + covariances));
    expect(freeParameters('full', 3, 4, 'equal')).toBe(42);
  });

  it('criteria: N is the sum of the weights, ICL that of the labelled points', () => {
    const weighted = { data: [4, 3], n: 2, d: 1, weights: [3, 1] };
    const mixture = start('tied-spherical', 1, [0, 6]);
    const { aic, bic, icl } = criteria(weighted, mixture);
    const soft = -2 * 4 * expectation(weighted, mixture).lowerBound;
    expectClose([aic, bic], [soft + 2 * 4, soft + 4 * Math.log(4)], 1e-15);
    const [far, near] = [4.5, 2].map((half) => Math.log(0.5) - Math.log(2 * Math.PI) / 2 - half);
    expectClose([icl], [-2 * (3 * near + far) + 4 * Math.log(4)], 1e-15);
  });
});

describe('the condition of a correlation matrix', () => {
  it('of two features', () => {
    // Eigenvalues 1 ± 0.6, whatever the scales.
    expectClose([correlationCondition([4, 1.2e-3, 1.2e-3, 1e-6], 2)], [4], 1e-14);
    expect(correlationCondition([7, 0, 0, 1e-9], 2)).toBe(1);
    expect(correlationCondition([1, 1, 1, 1], 2)).toBe(Infinity);
    expect(correlationCondition([1, 0, 0, 0], 2)).toBe(Infinity);
  });

  it('of equal correlations', () => {
    // Eigenvalues 1 + (d − 1)·ρ once and 1 − ρ.
    const d = 20;
    const matrix = Array.from({ length: d * d }, (_, i) => (i % (d + 1) === 0 ? 1 : 0.999));
    expectClose([correlationCondition(matrix, d)], [(1 + 19 * 0.999) / 0.001], 1e-11);
  });
});

describe('properties', () => {
  const points = blobs({ n: 120, d: 3, groups: 3, spread: 2, seed: 31 });
  const means = spacedRows(points, 3);

  it('weights are repetitions', () => {
    const weighted = { ...points, weights: Float32Array.from({ length: 120 }, (_, i) => i % 4) };
    for (const type of REFERENCE_COVARIANCES) {
      const of = (given: ReferencePoints) =>
        referenceMixture(given, start(type, 3, means), { maxIterations: 5, tolerance: 0 });
      const [once, copies] = [of(weighted), of(repeated(weighted))];
      expectClose(once.lowerBounds, copies.lowerBounds, 1e-12);
      expectClose(once.mixture.means, copies.mixture.means, 1e-11);
      expectClose(once.mixture.covariances, copies.mixture.covariances, 1e-11);
    }
  });

  it('points far from zero', () => {
    const offset = 2 ** 30;
    const far = { ...points, data: Float64Array.from(points.data, (value) => value + offset) };
    for (const type of REFERENCE_COVARIANCES) {
      const near = referenceMixture(points, start(type, 3, means), { maxIterations: 5, tolerance: 0 });
      const moved = referenceMixture(
        far,
        start(
          type,
          3,
          means.map((value) => value + offset),
        ),
        { maxIterations: 5, tolerance: 0 },
      );
      // The means themselves are rounded to 2⁻²² there.
      expectClose(moved.lowerBounds, near.lowerBounds, 1e-7);
      expectClose(moved.mixture.covariances, near.mixture.covariances, 1e-6);
    }
  });

  it('responsibilities sum to 1 and the bound never falls, whatever the temperature', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...REFERENCE_COVARIANCES),
        fc.constantFrom(0, 1e-9, 0.5, 1, 5),
        fc.constantFrom('free', 'equal'),
        fc.subarray(['weights', 'means', 'covariances'] as const),
        fc.nat(),
        (type, temperature, mixing, fixed, seed) => {
          const given = blobs({ n: 60, d: 2, groups: 3, spread: 3, seed });
          const uniform = uniforms(seed);
          const weights = Float32Array.from({ length: 60 }, () => 0.1 + uniform());
          const before = start(type, 2, spacedRows(given, 3), 2);
          const options = { temperature, mixing: mixing as 'free', fixed, maxIterations: 8, tolerance: 0 };
          let last = expectation({ ...given, weights }, before, temperature).lowerBound;
          const fit = (() => {
            try {
              return referenceMixture({ ...given, weights }, before, { ...options, regularization: 0 });
            } catch (error) {
              // A component of a single row has no covariance.
              expect((error as Error).message).toMatch(/not positive definite/);
              return fc.pre(false) as never;
            }
          })();
          for (const bound of fit.lowerBounds) {
            expect(bound).toBeGreaterThanOrEqual(last - 1e-12 * (1 + Math.abs(last)));
            last = bound;
          }
          for (let i = 0; i < 60; i++) {
            const row = fit.responsibilities.subarray(3 * i, 3 * i + 3);
            expect(Math.abs(row.reduce((sum, value) => sum + value, 0) - 1)).toBeLessThan(1e-15 * 3);
            expect(row[fit.labels[i]]).toBe(Math.max(...row));
          }
        },
      ),
      { numRuns: 100 },
    );
  });
});

describe('temperature', () => {
  const points = blobs({ n: 200, d: 2, groups: 4, spread: 4, seed: 7 });
  const means = spacedRows(points, 4);

  it('0 is what low ones tend to', () => {
    for (const type of REFERENCE_COVARIANCES) {
      const of = (temperature: number) =>
        referenceMixture(points, start(type, 2, means), { temperature, maxIterations: 6, tolerance: 0 });
      const hard = of(0);
      const distances = [0.1, 0.01, 1e-9].map((temperature) => {
        const { means } = of(temperature).mixture;
        return Math.max(...means.map((value, i) => Math.abs(value - hard.mixture.means[i])));
      });
      expect(distances[1]).toBeLessThan(distances[0]);
      expect(distances[2]).toBeLessThan(1e-12);
    }
  });

  it('high ones make the components alike', () => {
    const fit = referenceMixture(points, start('full', 2, means), { temperature: 1e3, tolerance: 1e-9 });
    const { mean } = moments(points);
    fit.mixture.means.forEach((value, i) => {
      expect(Math.abs(value - mean[i % 2])).toBeLessThan(1e-2);
    });
  });

  it('a schedule is one fit after another', () => {
    const temperature = [5, 2, 1];
    const options = { maxIterations: 4, tolerance: 1e-3 };
    const whole = referenceMixture(points, start('full', 2, means), { ...options, temperature });
    let mixture = start('full', 2, means);
    const lowerBounds = temperature.flatMap((t) => {
      const fit = referenceMixture(points, mixture, { ...options, temperature: t });
      mixture = fit.mixture;
      return fit.lowerBounds;
    });
    expect(whole.lowerBounds).toEqual(lowerBounds);
    expect(whole.mixture).toEqual(mixture);
    expect(whole.iterations).toBe(lowerBounds.length);
  });

  const weighted = { ...points, weights: Float32Array.from({ length: 200 }, (_, i) => 1 + (i % 3)) };
  const even = { data: lattice(6, 3).data, n: 216, d: 3 };
  it.each([
    ['weighted groups', weighted, means],
    ['a lattice, full of ties', even, Float64Array.of(0, 0, 1, 1, 0, 0, 0, 1, 0, 5, 5, 5)],
  ])(
    '0 with one variance and equal weights is k-means, iteration by iteration: %s',
    (_, given: ReferencePoints, init) => {
      const { n, d } = given;
      const total = Array.from({ length: n }, (_, i) => given.weights?.[i] ?? 1).reduce(
        (sum, weight) => sum + weight,
        0,
      );
      for (let maxIterations = 1; maxIterations < 100; maxIterations++) {
        const clusters = referenceKMeans(given, init, { maxIterations, tolerance: 0 });
        const options = { temperature: 0, mixing: 'equal', maxIterations, tolerance: 0 } as const;
        const fit = referenceMixture(given, start('tied-spherical', d, init), options);
        expectClose(fit.mixture.means, clusters.centroids, 1e-14);
        expect(fit.labels).toEqual(clusters.labels);
        if (!clusters.converged) continue;
        expect(maxIterations).toBeGreaterThan(3);
        expectClose(fit.mixture.covariances, [clusters.inertia / (d * total) + 1e-6], 1e-14);
        return;
      }
      expect.unreachable('k-means does not converge');
    },
  );
});

describe('converged', () => {
  const normal = normals(5);
  const points: ReferencePoints = { data: Float64Array.from({ length: 300 }, () => normal()), n: 100, d: 3 };
  const given = start(
    'diag',
    3,
    Array.from({ length: 6 }, () => normal()),
  );

  it('when the bound changes by less than the tolerance', () => {
    const fit = referenceMixture(points, given, { tolerance: 1e-4, maxIterations: 500 });
    expect(fit.converged).toBe(true);
    const [before, last] = fit.lowerBounds.slice(-2);
    expect(fit.lowerBound).toBe(last);
    expect(Math.abs(last - before)).toBeLessThan(1e-4);
    const shorter = referenceMixture(points, given, { tolerance: 1e-4, maxIterations: fit.iterations - 1 });
    expect(shorter.converged).toBe(false);
  });

  it('when nothing changes, at tolerance 0', () => {
    const fit = referenceMixture(points, given, { temperature: 0, tolerance: 0, maxIterations: 500 });
    expect(fit.converged).toBe(true);
    const again = referenceMixture(points, fit.mixture, { temperature: 0, tolerance: 0, maxIterations: 500 });
    expect(again.iterations).toBe(1);
    expect(again.mixture).toEqual(fit.mixture);
  });

  it('not where the bound falls: a regularization far above the variance', () => {
    const narrow = { ...points, data: Float64Array.from(points.data, (value) => value / 100) };
    const given = start('tied-spherical', 3, [0, 0, 0], 1e-4);
    const fit = referenceMixture(narrow, given, { regularization: 1, maxIterations: 1, tolerance: 100 });
    expect(fit.lowerBound).toBeLessThan(expectation(narrow, given).lowerBound);
    expect(fit.converged).toBe(false);
  });
});
