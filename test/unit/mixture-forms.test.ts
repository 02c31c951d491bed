import { describe, expect, it } from 'vitest';
import { formOf } from '../../src/mixture/forms/index.ts';
import { COVARIANCE_TYPES, type CovarianceType } from '../../src/mixture/forms/names.ts';
import { freeParameters, precisionFactorsOf } from '../../src/mixture/parameters.ts';
import { runNow } from '../../src/steps.ts';
import { covarianceOf, inLayout, freeParameters as referenceParameters } from '../reference/mixture.ts';

const [k, d] = [3, 2];
const [matrix, diagonal, single] = [formOf('full'), formOf('diag'), formOf('spherical')];

/** Three different covariances, as far as the type can tell them apart. */
function given(type: CovarianceType): Float64Array {
  const full = [[4, 2, 2, 5], [9, 3, 3, 2], [0.25, 0.1, 0.1, 1]] as const; // biome-ignore format: a matrix each
  return inLayout(
    type,
    full.map((values) => Float64Array.from(values)),
    d,
  );
}

/** Component c of covariances, or of factors, in a layout: [d, d]. */
function dense(covarianceType: CovarianceType, covariances: Float64Array, c: number): Float64Array {
  const rest = { k, d, weights: new Float64Array(k), means: new Float64Array(k * d) };
  return covarianceOf({ ...rest, covarianceType, covariances }, c);
}

/** A·B of [d, d] matrices. */
function product(a: Float64Array, b: Float64Array): Float64Array {
  return Float64Array.of(
    a[0] * b[0] + a[1] * b[2],
    a[0] * b[1] + a[1] * b[3],
    a[2] * b[0] + a[3] * b[2],
    a[2] * b[1] + a[3] * b[3],
  );
}

function transposed([a, b, c, e]: Float64Array): Float64Array {
  return Float64Array.of(a, c, b, e);
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>): void {
  expect(actual.length).toBe(expected.length);
  Array.from(expected).forEach((value, at) => {
    expect(Math.abs(actual[at] - value), `value ${at}`).toBeLessThanOrEqual(1e-14 * (1 + Math.abs(value)));
  });
}

const components = [0, 1, 2];
const identity = [1, 0, 0, 1];

describe.each(COVARIANCE_TYPES)('%s', (type) => {
  const form = formOf(type);
  const covariances = given(type);
  const factors = runNow(precisionFactorsOf(type, k, d, covariances)) as Float64Array;
  const size = form.size(d);
  const partOf = (values: Float64Array, c: number) => {
    const from = form.indexOf(c) * size;
    return values.subarray(from, from + size);
  };

  it('its layout', () => {
    expect(form.count(k) * size).toBe(covariances.length);
    expect(form.sides(k, d).reduce((a, b) => a * b)).toBe(covariances.length);
    for (const c of components) {
      const elements = identity.map((_, at) => form.element(covariances, c, Math.floor(at / d), at % d, d));
      expect(elements).toEqual(Array.from(dense(type, covariances, c)));
    }
  });

  it('free parameters', () => {
    for (const mixing of ['free', 'equal'] as const) {
      expect(freeParameters(type, 5, 7, mixing)).toBe(referenceParameters(type, 5, 7, mixing));
    }
  });

  it('precision factors: UᵀΣU is the identity', () => {
    for (const c of components) {
      const u = dense(type, factors, c);
      expectClose(product(product(transposed(u), dense(type, covariances, c)), u), identity);
    }
  });

  it('engines have the same precision', () => {
    const gaussian = form.gaussianFactors(factors, k, d);
    for (const c of components) {
      const u = dense(type, factors, c);
      const precision = product(u, transposed(u));
      const own = { own: 'full', shared: 'tied', axes: 'diag' } as const;
      const v = dense(own[form.shape], gaussian, c);
      const sharpness = form.sharpness(factors, c);
      expectClose(
        product(v, transposed(v)).map((value) => value * sharpness),
        precision,
      );
    }
  });

  it('draws have the covariance', () => {
    for (const c of components) {
      const scatter = runNow(form.scatter(partOf(covariances, c), d));
      const columns = [scatter(Float64Array.of(1, 0)), scatter(Float64Array.of(0, 1))];
      const l = Float64Array.of(columns[0][0], columns[1][0], columns[0][1], columns[1][1]);
      expectClose(product(l, transposed(l)), dense(type, covariances, c));
    }
  });

  it('whitened rows come back', () => {
    const rows = Float64Array.of(1, 2, -3, 0.5);
    const factor = partOf(factors, 1);
    const whitening = form.whitening(factor);
    const u =
      whitening === null ? Float64Array.from(identity) : dense(size === 4 ? 'full' : 'diag', factors, form.indexOf(1));
    const white = product(rows, u);
    expectClose(runNow(form.unwhiten(white, factor, d)), rows);
  });

  it('measures features by their deviations, as far as it tells them apart', () => {
    expect(dense(type, repeated(form.precisionFactorOf(Float64Array.of(1, 1))), 0)).toEqual(
      Float64Array.from(identity),
    );
    const [first, , , second] = dense(type, repeated(form.precisionFactorOf(Float64Array.of(2, 4))), 0);
    expect([first, second]).toEqual(form.whitening(factors) === null ? [1, 1] : [0.5, 0.25]);
  });

  it('the mean covariance, where there are several', () => {
    const mean = runNow(form.meanCovariance(covariances, Float64Array.of(1, 0, 3), d));
    if (form.count(k) === 1) expect(mean).toBeNull();
    else {
      const expected = partOf(covariances, 0).map((value, at) => (value + 3 * partOf(covariances, 2)[at]) / 4);
      expectClose(mean!, expected);
    }
  });

  /** One covariance as that of each component. */
  function repeated(one: Float64Array): Float64Array {
    return Float64Array.from({ length: form.count(k) * size }, (_, at) => one[at % size]);
  }
});

it('the first covariance that is not positive definite', () => {
  const firstOf = (type: CovarianceType, count: number, ...covariances: number[]) =>
    runNow(precisionFactorsOf(type, count, d, Float64Array.from(covariances)));
  expect(firstOf('full', 2, 1, 0, 0, 1, 1, 2, 2, 1)).toBe(1);
  expect(firstOf('tied', 3, 1, 1, 1, 1)).toBe(0);
  expect(firstOf('diag', 3, 1, 1, 1, 0, -1, 1)).toBe(1);
  expect(firstOf('spherical', 3, 1, 1, -1)).toBe(2);
  expect(firstOf('tied-diag', 3, 1, NaN)).toBe(0);
  expect(firstOf('tied-spherical', 3, 0)).toBe(0);
});

it('a matrix has to be symmetric, but for the rounding of float32', () => {
  expect(() => matrix.check('a covariance', Float64Array.of(4, 2, 2 + 1e-7, 5), 2)).not.toThrow();
  expect(() => matrix.check('a covariance', Float64Array.of(4, 2, 2.001, 5), 2)).toThrow(/^a covariance is not symm/);
});

describe('the ladder', () => {
  const units = Float64Array.of(1, 4);

  it('adds nothing but the regularization to what has a factor', () => {
    const raw = Float64Array.of(4, 2, 2, 5);
    const { covariance, precisionFactor, regularized } = runNow(matrix.secure(raw, units, 0.5));
    expect(Array.from(covariance)).toEqual([4.5, 2, 2, 5.5]);
    expect(precisionFactor).toEqual(runNow(matrix.precisionFactor(covariance)));
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
    const { covariance, precisionFactor, regularized } = runNow(matrix.secure(Float64Array.from(raw), units, 0));
    expect(regularized).toBe(true);
    expect(precisionFactor.every(Number.isFinite)).toBe(true);
    expect([covariance[1], covariance[2]]).toEqual([raw[1], raw[2]]);
    const [first, second] = [(covariance[0] - raw[0]) / 1, (covariance[3] - raw[3]) / 4];
    expect(Math.abs(second / first - 1)).toBeLessThan(1e-4);
    const step = Math.round(Math.log10(first));
    expect(Math.abs(first / 10 ** step - 1)).toBeLessThan(1e-4);
    const below = raw.map((value, at) => (at % 3 === 0 ? value + units[at / 3] * 10 ** (step - 1) : value));
    if (step > -10) expect(runNow(matrix.precisionFactor(Float64Array.from(below), units))).toBeNull();
    else expect(step).toBe(-10);
  });

  it('says so where only the regularization made one', () => {
    const { covariance, regularized } = runNow(matrix.secure(Float64Array.of(1, 2, 2, 4), units, 1e-3));
    expect(Array.from(covariance)).toEqual([1.001, 2, 2, 4.001]);
    expect(regularized).toBe(true);
  });

  it('diagonals and single variances', () => {
    const variances = runNow(diagonal.secure(Float64Array.of(3, 0), units, 0));
    expect(Array.from(variances.covariance)).toEqual([3 + 1e-10, 4e-10]);
    expect(variances.precisionFactor[1]).toBe(1 / Math.sqrt(variances.covariance[1]));
    expect(variances.regularized).toBe(true);
    // Its unit is the mean of the features' variances.
    const variance = runNow(single.secure(Float64Array.of(0), units, 0));
    expect(Array.from(variance.covariance)).toEqual([2.5e-10]);
    expect(variance.regularized).toBe(true);
    expect(runNow(diagonal.secure(Float64Array.of(3, 1), units, 0)).regularized).toBe(false);
    expect(runNow(single.secure(Float64Array.of(1), units, 0)).regularized).toBe(false);
  });

  it('ends with the variances of the data where nothing helps', () => {
    for (const raw of [
      [NaN, 0, 0, 1],
      [1, 1e9, 1e9, 1],
      [Infinity, 0, 0, 1],
    ]) {
      const { covariance, precisionFactor, regularized } = runNow(matrix.secure(Float64Array.from(raw), units, 1e-6));
      expect(Array.from(covariance)).toEqual([1, 0, 0, 4]);
      expect(Array.from(precisionFactor)).toEqual([1, 0, 0, 0.5]);
      expect(regularized).toBe(true);
    }
    expect(Array.from(runNow(diagonal.secure(Float64Array.of(NaN, 1), units, 0)).covariance)).toEqual([1, 4]);
    expect(Array.from(runNow(single.secure(Float64Array.of(NaN), units, 0)).covariance)).toEqual([2.5]);
  });

  it('the same in every unit', () => {
    const raw = Float64Array.of(1, 2.00001, 2.00001, 4);
    const plain = runNow(matrix.secure(raw, units, 0));
    for (const scale of [2 ** -80, 2 ** 80]) {
      const scaled = runNow(
        matrix.secure(
          raw.map((value) => value * scale),
          units.map((value) => value * scale),
          0,
        ),
      );
      expect(scaled.covariance).toEqual(plain.covariance.map((value) => value * scale));
    }
  });

  it('every form has one', () => {
    for (const type of COVARIANCE_TYPES) {
      const form = formOf(type);
      const { precisionFactor } = runNow(form.secure(new Float64Array(form.size(2)), units, 0));
      expect(precisionFactor.every(Number.isFinite)).toBe(true);
    }
  });
});
