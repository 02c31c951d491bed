/** The directions of the greatest variance. */
import type { Matrix } from 'ml-matrix';
import { resultOf, type Steps } from '../../src/steps.ts';
import type { Features } from '../features/features.ts';
import { jitter, sampleOf, slices } from './slices.ts';

export interface Components {
  /** [d] */
  readonly mean: Float64Array;
  /** Unit vectors, the greatest variance first, the greatest of their elements positive. */
  readonly vectors: readonly Float64Array[];
  /** Of the whole variance, what lies in each direction. */
  readonly shares: readonly number[];
}

/** Columns of a matrix [d, b], row-major. */
interface Basis {
  readonly values: Float64Array;
  readonly b: number;
}

const SAMPLE = 20_000;
/** Above, the covariance is never formed. */
const MOST_DIRECT = 64;
/** Values that each round of the iteration looks at: well below a tenth of a second. */
const MOST_VALUES = 4e6;
const MOST_ROUNDS = 40;

/** Of a sample of the rows: a picture needs no more. */
export function* principalComponents({ n, d, data }: Features, count: number): Steps<Components> {
  const rows = sampleOf(n, d > MOST_DIRECT ? Math.min(SAMPLE, Math.ceil(MOST_VALUES / d)) : SAMPLE);
  const { mean, total } = yield* momentsOf(data, d, rows);
  const centred = centre(data, d, rows, mean);
  const most = Math.min(count, d);
  const { vectors, variances } = yield* d > MOST_DIRECT ? iterate(centred, d, most) : decompose(centred, d, most);
  for (const vector of vectors) fixSign(vector);
  return { mean, vectors, shares: variances.map((variance) => (total > 0 ? Math.max(0, variance) / total : 0)) };
}

function* momentsOf(data: Float32Array, d: number, rows: Uint32Array) {
  const mean = new Float64Array(d);
  for (const row of rows) for (let j = 0; j < d; j++) mean[j] += data[row * d + j] / rows.length;
  yield;
  let total = 0;
  for (const row of rows) for (let j = 0; j < d; j++) total += (data[row * d + j] - mean[j]) ** 2 / rows.length;
  return { mean, total };
}

function centre(data: Float32Array, d: number, rows: Uint32Array, mean: Float64Array): Float32Array {
  const centred = new Float32Array(rows.length * d);
  rows.forEach((row, i) => {
    for (let j = 0; j < d; j++) centred[i * d + j] = data[row * d + j] - mean[j];
  });
  return centred;
}

interface Eigen {
  readonly vectors: readonly Float64Array[];
  readonly variances: readonly number[];
}

/** Of the covariance. */
function* decompose(centred: Float32Array, d: number, count: number): Steps<Eigen> {
  const { Matrix } = yield* resultOf(import('ml-matrix'));
  const n = centred.length / d;
  const covariance = Matrix.zeros(d, d);
  for (const [start, end] of slices(n, 512)) {
    for (let i = start; i < end; i++) {
      for (let j = 0; j < d; j++) {
        for (let l = 0; l <= j; l++) {
          covariance.set(j, l, covariance.get(j, l) + (centred[i * d + j] * centred[i * d + l]) / n);
        }
      }
    }
    yield;
  }
  for (let j = 0; j < d; j++) for (let l = 0; l < j; l++) covariance.set(l, j, covariance.get(j, l));
  return yield* greatest(covariance, count);
}

function* greatest(symmetric: Matrix, count: number): Steps<Eigen> {
  const { EigenvalueDecomposition } = yield* resultOf(import('ml-matrix'));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(symmetric, { assumeSymmetric: true });
  const order = realEigenvalues.map((_, i) => i).sort((a, b) => realEigenvalues[b] - realEigenvalues[a]);
  const first = order.slice(0, count);
  return {
    vectors: first.map((i) => Float64Array.from(eigenvectorMatrix.getColumn(i))),
    variances: first.map((i) => realEigenvalues[i]),
  };
}

/** Subspace iteration: the covariance is only multiplied with. */
function* iterate(centred: Float32Array, d: number, count: number): Steps<Eigen> {
  const { Matrix } = yield* resultOf(import('ml-matrix'));
  const b = Math.min(d, count + 6);
  let basis: Basis = { values: Float64Array.from({ length: d * b }, (_, i) => jitter(i + 1, 0)), b };
  orthonormalise(basis);
  let before = 0;
  for (let round = 1; ; round++) {
    const product = yield* multiply(centred, d, basis);
    const { vectors, variances } = yield* greatest(new Matrix(between(basis, product, b)), b);
    const now = variances.slice(0, count).reduce((sum, variance) => sum + variance, 0);
    if (Math.abs(now - before) <= 1e-5 * now || round === MOST_ROUNDS) {
      return {
        vectors: vectors.slice(0, count).map((vector) => combine(basis, vector)),
        variances: variances.slice(0, count),
      };
    }
    before = now;
    orthonormalise(product);
    basis = product;
  }
}

/** The covariance times the basis. */
function* multiply(centred: Float32Array, d: number, { values, b }: Basis): Steps<Basis> {
  const product = new Float64Array(d * b);
  const n = centred.length / d;
  const scores = new Float64Array(b);
  for (const [start, end] of slices(n, Math.ceil(2 ** 15 / d))) {
    for (let i = start; i < end; i++) {
      scores.fill(0);
      for (let j = 0; j < d; j++) {
        const value = centred[i * d + j];
        for (let l = 0; l < b; l++) scores[l] += value * values[j * b + l];
      }
      for (let l = 0; l < b; l++) scores[l] /= n;
      for (let j = 0; j < d; j++) {
        const value = centred[i * d + j];
        for (let l = 0; l < b; l++) product[j * b + l] += value * scores[l];
      }
    }
    yield;
  }
  return { values: product, b };
}

/** basisᵀ · product: symmetric, up to rounding. */
function between(basis: Basis, product: Basis, b: number): number[][] {
  const inner = (i: number, l: number) => dot(basis, i, product, l);
  return Array.from({ length: b }, (_, i) => Array.from({ length: b }, (_, l) => (inner(i, l) + inner(l, i)) / 2));
}

function dot(left: Basis, i: number, right: Basis, l: number): number {
  let sum = 0;
  for (let at = 0; at < left.values.length; at += left.b) sum += left.values[at + i] * right.values[at + l];
  return sum;
}

/** By Gram and Schmidt, twice. */
function orthonormalise(basis: Basis): void {
  const { values, b } = basis;
  for (let l = 0; l < b; l++) {
    for (let pass = 0; pass < 2; pass++) {
      for (let i = 0; i < l; i++) {
        const share = dot(basis, i, basis, l);
        for (let at = 0; at < values.length; at += b) values[at + l] -= share * values[at + i];
      }
      const length = Math.sqrt(dot(basis, l, basis, l)) || 1;
      for (let at = 0; at < values.length; at += b) values[at + l] /= length;
    }
  }
}

function combine({ values, b }: Basis, weights: Float64Array): Float64Array {
  return Float64Array.from({ length: values.length / b }, (_, j) => {
    let sum = 0;
    for (let l = 0; l < b; l++) sum += weights[l] * values[j * b + l];
    return sum;
  });
}

function fixSign(vector: Float64Array): void {
  const greatest = vector.reduce((best, value) => (Math.abs(value) > Math.abs(best) + 1e-9 ? value : best), 0);
  if (greatest < 0) for (let j = 0; j < vector.length; j++) vector[j] = -vector[j];
}
