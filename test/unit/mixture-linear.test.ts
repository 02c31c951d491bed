import { describe, expect, it } from 'vitest';
import { cholesky, congruence, inverseTranspose, transpose } from '../../src/mixture/linear.ts';
import { runNow } from '../../src/steps.ts';
import { normals } from '../conformance/cases/data.ts';

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
