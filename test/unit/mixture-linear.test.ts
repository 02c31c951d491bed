import { describe, expect, it } from 'vitest';
import { runNow } from '../../src/engine/steps.ts';
import {
  COVARIANCE_TYPES,
  type CovarianceType,
  covarianceSize,
  factorOf,
  formOf,
  freeParameters,
  secured,
} from '../../src/mixture/covariance.ts';
import { cholesky, congruence, inverseTranspose, transpose } from '../../src/mixture/linear.ts';
import { factorAll } from '../../src/mixture/parameters.ts';
import { normals } from '../conformance/cases/data.ts';
import { covarianceOf, freeParameters as referenceParameters } from '../reference/mixture.ts';

/** A·B of [d, d] matrices. */
function product(a: ArrayLike<number>, b: ArrayLike<number>, d: number): Float64Array {
  return Float64Array.from({ length: d * d }, (_, at) => {
    const [i, j] = [Math.floor(at / d), at % d];
    let sum = 0;
    for (let t = 0; t < d; t++) sum += a[i * d + t] * b[t * d + j];
    return sum;
  });
}

function identity(d: number): Float64Array {
  return Float64Array.from({ length: d * d }, (_, at) => +(at % (d + 1) === 0));
}

/** G·Gᵀ + I·ridge of a random G whose rows have very different lengths. */
function covariance(d: number, seed: number, ridge = 0.1): Float64Array {
  const normal = normals(seed);
  const g = Float64Array.from({ length: d * d }, (_, at) => 10 ** (Math.floor(at / d) % 3) * normal());
  return product(g, runNow(transpose(g, d)), d).map((value, at) => value + (at % (d + 1) === 0 ? ridge : 0));
}

/** |a − b| of each value, at most `bound` times what the diagonal of `scale` [d, d] gives. */
function expectWithin(a: Float64Array, b: Float64Array, scale: Float64Array, d: number, bound: number): void {
  a.forEach((value, at) => {
    const [i, j] = [Math.floor(at / d), at % d];
    const size = Math.sqrt(scale[i * d + i] * scale[j * d + j]);
    expect(Math.abs(value - b[at]), `value ${i}, ${j}`).toBeLessThanOrEqual(bound * size);
  });
}

describe('linear algebra', () => {
  it('a factor by hand', () => {
    const a = Float64Array.of(4, 2, 6, 2, 10, 6, 6, 6, 14);
    const l = runNow(cholesky(a, 3))!;
    expect(Array.from(l)).toEqual([2, 0, 0, 1, 3, 0, 3, 1, 2]);
    expect(Array.from(runNow(inverseTranspose(l, 3)))).toEqual([1 / 2, -1 / 6, -2 / 3, 0, 1 / 3, -1 / 6, 0, 0, 1 / 2]);
    expect(Array.from(runNow(transpose(l, 3)))).toEqual([2, 1, 3, 0, 3, 1, 0, 0, 2]);
  });

  it.each([1, 2, 5, 40])('A = L·Lᵀ and A⁻¹ = U·Uᵀ, d = %i', (d) => {
    const a = covariance(d, d);
    const l = runNow(cholesky(a, d))!;
    expectWithin(product(l, runNow(transpose(l, d)), d), a, a, d, 1e-14);
    const u = runNow(inverseTranspose(l, d));
    // Uᵀ·A·U = I says that without an inverse.
    expectWithin(product(product(runNow(transpose(u, d)), a, d), u, d), identity(d), identity(d), d, 1e-9);
    u.forEach((value, at) => {
      if (at % d < Math.floor(at / d)) expect(value).toBe(0);
    });
  });

  it.each([63, 64, 131])('in blocks, with the bits of plain loops, d = %i', (d) => {
    const a = covariance(d, d);
    const [l, u] = [new Float64Array(d * d), new Float64Array(d * d)];
    for (let i = 0; i < d; i++) {
      for (let j = 0; j <= i; j++) {
        let sum = a[i * d + j];
        for (let t = 0; t < j; t++) sum -= l[i * d + t] * l[j * d + t];
        l[i * d + j] = i === j ? Math.sqrt(sum) : sum / l[j * d + j];
      }
    }
    for (let j = 0; j < d; j++) {
      for (let i = j; i < d; i++) {
        let sum = i === j ? 1 : 0;
        for (let t = j; t < i; t++) sum -= l[i * d + t] * u[j * d + t];
        u[j * d + i] = sum / l[i * d + i];
      }
    }
    expect(runNow(cholesky(a, d))).toEqual(l);
    expect(runNow(inverseTranspose(l, d))).toEqual(u);
    const lower = (values: Float64Array) => values.filter((_, at) => at % d <= Math.floor(at / d));
    expect(lower(runNow(congruence(l, a, d)))).toEqual(lower(product(product(l, a, d), runNow(transpose(l, d)), d)));
  });

  it('L·C·Lᵀ, exactly symmetric', () => {
    const d = 7;
    const l = runNow(cholesky(covariance(d, 1), d))!;
    const c = covariance(d, 2);
    const result = runNow(congruence(l, c, d));
    expectWithin(result, product(product(l, c, d), runNow(transpose(l, d)), d), result, d, 1e-14);
    expect(result).toEqual(runNow(transpose(result, d)));
  });

  it.each([
    ['an eigenvalue below zero', [1, 2, 2, 1]],
    ['a variance of zero', [1, 0, 0, 0]],
    ['a variance below zero', [-1, 0, 0, 1]],
    ['equal features', [3, 3, 3, 3]],
    ['equal features but for the last bit', [1, 1, 1, 1 + Number.EPSILON]],
    ['NaN', [1, NaN, NaN, 1]],
    ['NaN on the diagonal', [1, 0, 0, NaN]],
    ['infinity', [1, 0, 0, Infinity]],
  ])('no factor: %s', (_, a) => {
    expect(runNow(cholesky(Float64Array.from(a), 2))).toBeNull();
  });

  it('features of any scale have one', () => {
    expect(Array.from(runNow(cholesky(Float64Array.of(2 ** 200, 0, 0, 2 ** -200), 2))!)).toEqual([
      2 ** 100,
      0,
      0,
      2 ** -100,
    ]);
  });
});

describe('layouts', () => {
  const [k, d] = [3, 2];
  /** Three different covariances, as far as the type can tell them apart. */
  const given: Record<CovarianceType, number[]> = {
    full: [4, 2, 2, 5, 9, 3, 3, 2, 1, 0.5, 0.5, 1],
    tied: [4, 2, 2, 5],
    diag: [4, 9, 16, 25, 0.25, 1],
    spherical: [4, 9, 0.25],
    'tied-diag': [4, 9],
    'tied-spherical': [4],
  };

  it.each(COVARIANCE_TYPES)('%s', (covarianceType) => {
    const covariances = Float64Array.from(given[covarianceType]);
    const { count, size } = covarianceSize(covarianceType, k, d);
    expect(count * size).toBe(covariances.length);
    const factors = factorAll(covarianceType, k, d, covariances) as Float64Array;
    const mixture = { k, d, covarianceType, weights: new Float64Array(k), means: new Float64Array(k * d) };
    for (let c = 0; c < k; c++) {
      const u = covarianceOf({ ...mixture, covariances: factors }, c);
      const a = covarianceOf({ ...mixture, covariances }, c);
      expectWithin(product(product(runNow(transpose(u, d)), a, d), u, d), identity(d), identity(d), d, 1e-15);
    }
  });

  it('the first that is not positive definite', () => {
    expect(factorAll('full', 2, 2, Float64Array.of(1, 0, 0, 1, 1, 2, 2, 1))).toBe(1);
    expect(factorAll('tied', 3, 2, Float64Array.of(1, 1, 1, 1))).toBe(0);
    expect(factorAll('diag', 3, 2, Float64Array.of(1, 1, 1, 0, -1, 1))).toBe(1);
    expect(factorAll('spherical', 3, 2, Float64Array.of(1, 1, -1))).toBe(2);
    expect(factorAll('tied-diag', 3, 2, Float64Array.of(1, NaN))).toBe(0);
    expect(factorAll('tied-spherical', 3, 2, Float64Array.of(0))).toBe(0);
  });

  it.each(COVARIANCE_TYPES)('free parameters: %s', (type) => {
    for (const mixing of ['free', 'equal'] as const) {
      expect(freeParameters(type, 5, 7, mixing)).toBe(referenceParameters(type, 5, 7, mixing));
    }
  });
});

describe('the ladder', () => {
  const units = Float64Array.of(1, 4);

  it('adds nothing but the regularization to what has a factor', () => {
    const raw = Float64Array.of(4, 2, 2, 5);
    const { covariance, factor, regularized } = runNow(secured(raw, 'matrix', units, 0.5));
    expect(Array.from(covariance)).toEqual([4.5, 2, 2, 5.5]);
    expect(factor).toEqual(runNow(factorOf(covariance, 'matrix')));
    expect(regularized).toBe(false);
    expect(Array.from(raw)).toEqual([4, 2, 2, 5]);
  });

  it.each([
    ['singular', [1, 2, 2, 4]],
    ['slightly indefinite', [1, 2.00001, 2.00001, 4]],
    ['indefinite', [1, 4, 4, 4]],
    ['negative', [-1, 0, 0, -1]],
    ['nothing', [0, 0, 0, 0]],
  ])('adds the least power of ten of the variances that makes one: %s', (_, raw) => {
    const { covariance, factor, regularized } = runNow(secured(Float64Array.from(raw), 'matrix', units, 0));
    expect(regularized).toBe(true);
    expect(factor.every(Number.isFinite)).toBe(true);
    expect([covariance[1], covariance[2]]).toEqual([raw[1], raw[2]]);
    const [first, second] = [(covariance[0] - raw[0]) / 1, (covariance[3] - raw[3]) / 4];
    expect(Math.abs(second / first - 1)).toBeLessThan(1e-4);
    const step = Math.round(Math.log10(first));
    expect(Math.abs(first / 10 ** step - 1)).toBeLessThan(1e-4);
    const below = raw.map((value, at) => (at % 3 === 0 ? value + units[at / 3] * 10 ** (step - 1) : value));
    if (step > -10) expect(runNow(factorOf(Float64Array.from(below), 'matrix', units))).toBeNull();
    else expect(step).toBe(-10);
  });

  it('says so where only the regularization made one', () => {
    const { covariance, regularized } = runNow(secured(Float64Array.of(1, 2, 2, 4), 'matrix', units, 1e-3));
    expect(Array.from(covariance)).toEqual([1.001, 2, 2, 4.001]);
    expect(regularized).toBe(true);
  });

  it('diagonals and single variances', () => {
    const diagonal = runNow(secured(Float64Array.of(3, 0), 'diagonal', units, 0));
    expect(Array.from(diagonal.covariance)).toEqual([3 + 1e-10, 4e-10]);
    expect(diagonal.factor[1]).toBe(1 / Math.sqrt(diagonal.covariance[1]));
    expect(diagonal.regularized).toBe(true);
    // Its unit is the mean of the features' variances.
    const scalar = runNow(secured(Float64Array.of(0), 'scalar', units, 0));
    expect(Array.from(scalar.covariance)).toEqual([2.5e-10]);
    expect(scalar.regularized).toBe(true);
    expect(runNow(secured(Float64Array.of(3, 1), 'diagonal', units, 0)).regularized).toBe(false);
    expect(runNow(secured(Float64Array.of(1), 'scalar', units, 0)).regularized).toBe(false);
  });

  it('ends with the variances of the data where nothing helps', () => {
    for (const raw of [
      [NaN, 0, 0, 1],
      [1, 1e9, 1e9, 1],
      [Infinity, 0, 0, 1],
    ]) {
      const { covariance, factor, regularized } = runNow(secured(Float64Array.from(raw), 'matrix', units, 1e-6));
      expect(Array.from(covariance)).toEqual([1, 0, 0, 4]);
      expect(Array.from(factor)).toEqual([1, 0, 0, 0.5]);
      expect(regularized).toBe(true);
    }
    expect(Array.from(runNow(secured(Float64Array.of(NaN, 1), 'diagonal', units, 0)).covariance)).toEqual([1, 4]);
    expect(Array.from(runNow(secured(Float64Array.of(NaN), 'scalar', units, 0)).covariance)).toEqual([2.5]);
  });

  it('the same in every unit', () => {
    const raw = Float64Array.of(1, 2.00001, 2.00001, 4);
    const plain = runNow(secured(raw, 'matrix', units, 0));
    for (const scale of [2 ** -80, 2 ** 80]) {
      const scaled = runNow(
        secured(
          raw.map((value) => value * scale),
          'matrix',
          units.map((value) => value * scale),
          0,
        ),
      );
      expect(scaled.covariance).toEqual(plain.covariance.map((value) => value * scale));
    }
  });

  it('every form has one', () => {
    for (const type of COVARIANCE_TYPES) {
      const { rank } = formOf(type);
      const { size } = covarianceSize(type, 1, 2);
      expect(
        runNow(secured(new Float64Array(size), rank, units, 0)).factor.every((value) => Number.isFinite(value)),
      ).toBe(true);
    }
  });
});
