/** Points drawn from mixtures that are known, and mixtures near them to start from. */
import type { CovarianceType } from '../../../../src/index.ts';
import { inLayout, REFERENCE_COVARIANCES, type ReferenceMixture } from '../../../reference/mixture.ts';
import { type CasePoints, normals, uniforms } from '../data.ts';

export const covarianceTypes = REFERENCE_COVARIANCES;

export interface Drawn {
  readonly points: CasePoints;
  /** Near the mixture that the points are drawn from, but not it: a step from here changes everything. */
  readonly start: ReferenceMixture;
}

export interface Recipe {
  readonly covarianceType: CovarianceType;
  readonly n: number;
  readonly d: number;
  readonly k: number;
  /** Largest eigenvalue of a covariance over its smallest; the spherical types have 1. Default 1. */
  readonly condition?: number;
  readonly offset?: number;
  /** Distance of the components from each other, roughly, in standard deviations. Default 5: they overlap. */
  readonly distance?: number;
  readonly seed?: number;
}

/** Whole multiples of 2^-16, few enough that a shift takes no bits from their float32 values. */
const GRID = 2 ** 16;

/** Points in turn from each of k components of equal weight. */
export function draw({ covarianceType, n, d, k, condition = 1, offset = 0, distance = 5, seed = 1 }: Recipe): Drawn {
  const uniform = uniforms(seed);
  const normal = normals(seed + 1);
  const roots = Array.from({ length: k }, (_, c) => squareRoot(covarianceType, c, d, condition, uniform));
  const vector = (scale: number) => Float64Array.from({ length: d }, () => scale * (2 * uniform() - 1));
  // Uniform vectors of [−a, a]^d lie about a·√(2d/3) apart.
  const centres = Array.from({ length: k }, () => multiply(roots[0], vector(distance / Math.sqrt((2 * d) / 3))));
  const data = new Float32Array(n * d);
  for (let i = 0; i < n; i++) {
    const deviation = multiply(
      roots[i % k],
      Float64Array.from({ length: d }, () => normal()),
    );
    for (let j = 0; j < d; j++) {
      data[i * d + j] = offset + Math.round(GRID * (centres[i % k][j] + deviation[j])) / GRID;
    }
  }
  const means = new Float64Array(k * d);
  centres.forEach((centre, c) => {
    const shift = multiply(roots[c], vector(0.5));
    for (let j = 0; j < d; j++) means[c * d + j] = offset + centre[j] + shift[j];
  });
  const weights = Float64Array.from({ length: k }, (_, c) => (c + 2) / ((k * (k + 3)) / 2));
  const covariances = inLayout(
    covarianceType,
    roots.map((root) => square(root, 1.25)),
    d,
  );
  return { points: { data, n, d }, start: { k, d, covarianceType, weights, means, covariances } };
}

/** A [d, d] with AAᵀ the covariance of component c, whose eigenvalues are 1, 1 / condition and the mean of these. */
function squareRoot(type: CovarianceType, c: number, d: number, condition: number, uniform: () => number) {
  const root = new Float64Array(d * d);
  const deviations = [1, 1 / Math.sqrt(condition), 1 / Math.sqrt(Math.sqrt(condition))];
  const turn = type === 'diag' ? c : 0;
  for (let j = 0; j < d; j++) {
    if (type === 'spherical') root[j * d + j] = [1, 0.5, 2][c % 3];
    else root[j * d + j] = type === 'tied-spherical' ? 1 : deviations[(j + turn) % 3];
  }
  if (type !== 'full' && type !== 'tied') return root;
  const own = type === 'tied' ? uniforms(d) : uniform;
  for (let reflection = 0; reflection < 3; reflection++) reflect(root, d, own);
  return root;
}

/** Reflects the columns of [d, d] at a plane: orthogonal, and nothing but sums and products. */
function reflect(matrix: Float64Array, d: number, uniform: () => number): void {
  const v = Float64Array.from({ length: d }, () => 2 * uniform() - 1);
  const squares = v.reduce((sum, value) => sum + value * value, 0);
  for (let column = 0; column < d; column++) {
    let product = 0;
    for (let i = 0; i < d; i++) product += v[i] * matrix[i * d + column];
    for (let i = 0; i < d; i++) matrix[i * d + column] -= (2 * product * v[i]) / squares;
  }
}

function multiply(matrix: Float64Array, vector: Float64Array): Float64Array {
  const d = vector.length;
  return vector.map((_, i) => {
    let sum = 0;
    for (let j = 0; j < d; j++) sum += matrix[i * d + j] * vector[j];
    return sum;
  });
}

/** factor·AAᵀ */
function square(root: Float64Array, factor: number): Float64Array {
  const d = Math.sqrt(root.length);
  return root.map((_, at) => {
    const i = Math.floor(at / d);
    let sum = 0;
    for (let l = 0; l < d; l++) sum += root[i * d + l] * root[(at % d) * d + l];
    return factor * sum;
  });
}

/** The points with a weight for each row. */
export function weighted(points: CasePoints, weight: (i: number) => number): CasePoints {
  return { ...points, weights: Float32Array.from({ length: points.n }, (_, i) => weight(i)) };
}
