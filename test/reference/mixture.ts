/**
 * Gaussian mixtures by EM in float64, slow and obvious: the oracle of the tests. The package never imports it. It knows
 * neither jitter nor reseeding: a covariance that is not positive definite throws, a component without weight stays.
 */
import type { ReferencePoints } from './kmeans.ts';

export const REFERENCE_COVARIANCES = ['full', 'tied', 'diag', 'spherical', 'tied-diag', 'tied-spherical'] as const;
export type ReferenceCovariance = (typeof REFERENCE_COVARIANCES)[number];
export type ReferenceMixing = 'free' | 'equal';

export interface ReferenceMixture {
  readonly k: number;
  readonly d: number;
  readonly covarianceType: ReferenceCovariance;
  /** [k] */
  readonly weights: Float64Array;
  /** [k, d] */
  readonly means: Float64Array;
  /** full [k, d, d], tied [d, d], diag [k, d], spherical [k], tied-diag [d], tied-spherical [1]. */
  readonly covariances: Float64Array;
}

export interface ReferenceExpectation {
  /** [n, k], rows of sum 1. */
  readonly responsibilities: Float64Array;
  /** T·log Σ (π·p)^(1/T) of each row; T = 0: the largest log π·p: [n]. */
  readonly values: Float64Array;
  /** Component of the largest π·p, the lowest of equals: [n]. */
  readonly labels: Uint32Array<ArrayBuffer>;
  /** Weighted mean of `values`. */
  readonly lowerBound: number;
}

export interface MaximizationOptions {
  readonly mixing?: ReferenceMixing;
  readonly fixed?: readonly ('weights' | 'means' | 'covariances')[];
  readonly regularization?: number;
}

export interface ReferenceMixtureOptions extends MaximizationOptions {
  /** A list is a schedule: `maxIterations` and `tolerance` hold for each of its temperatures. */
  readonly temperature?: number | readonly number[];
  readonly maxIterations?: number;
  readonly tolerance?: number;
}

export interface ReferenceMixtureFit {
  readonly mixture: ReferenceMixture;
  /** Of `mixture`, at the last temperature. */
  readonly lowerBound: number;
  /** One an iteration, of the parameters after it. */
  readonly lowerBounds: readonly number[];
  /** [n, k] */
  readonly responsibilities: Float64Array;
  /** [n] */
  readonly labels: Uint32Array<ArrayBuffer>;
  readonly iterations: number;
  readonly converged: boolean;
}

/** EM from `start`: an iteration is an M-step, then the E-step of its parameters. */
export function referenceMixture(
  points: ReferencePoints,
  start: ReferenceMixture,
  { temperature = 1, ...options }: ReferenceMixtureOptions = {},
): ReferenceMixtureFit {
  const [first, ...rest] = [temperature].flat();
  let fit = fitAt(points, start, first, options);
  for (const next of rest) {
    const cooled = fitAt(points, fit.mixture, next, options);
    const lowerBounds = [...fit.lowerBounds, ...cooled.lowerBounds];
    fit = { ...cooled, lowerBounds, iterations: lowerBounds.length };
  }
  return fit;
}

function fitAt(
  points: ReferencePoints,
  start: ReferenceMixture,
  temperature: number,
  { maxIterations = 100, tolerance = 1e-3, ...options }: Omit<ReferenceMixtureOptions, 'temperature'>,
): ReferenceMixtureFit {
  const lowerBounds: number[] = [];
  let mixture = start;
  let last = expectation(points, mixture, temperature);
  let converged = false;
  while (lowerBounds.length < maxIterations && !converged) {
    const updated = maximization(points, last.responsibilities, mixture, options);
    const next = expectation(points, updated, temperature);
    const change = next.lowerBound - last.lowerBound;
    const fell = change < -1e-6 * (1 + Math.abs(next.lowerBound));
    converged = (Math.abs(change) < tolerance && !fell) || sameParameters(mixture, updated);
    lowerBounds.push(next.lowerBound);
    mixture = updated;
    last = next;
  }
  const { lowerBound, responsibilities, labels } = last;
  return { mixture, lowerBound, lowerBounds, responsibilities, labels, iterations: lowerBounds.length, converged };
}

/** r ∝ (π·p)^(1/T); T = 0 gives all of a row to its label. */
export function expectation(points: ReferencePoints, mixture: ReferenceMixture, temperature = 1): ReferenceExpectation {
  const { n } = points;
  const { k } = mixture;
  const joint = jointLogDensities(points, mixture);
  const responsibilities = new Float64Array(n * k);
  const values = new Float64Array(n);
  const labels = new Uint32Array(n);
  let sum = 0;
  let total = 0;
  for (let i = 0; i < n; i++) {
    const row = joint.subarray(i * k, (i + 1) * k);
    const best = Math.max(...row);
    const label = row.indexOf(best);
    const powers = row.map((value, c) => (temperature > 0 ? Math.exp((value - best) / temperature) : +(c === label)));
    const norm = powers.reduce((a, b) => a + b, 0);
    powers.forEach((power, c) => {
      responsibilities[i * k + c] = power / norm;
    });
    labels[i] = label;
    values[i] = best + temperature * Math.log(norm);
    sum += weightOf(points, i) * values[i];
    total += weightOf(points, i);
  }
  return { responsibilities, values, labels, lowerBound: sum / total };
}

/** log(π_c·p_c(x)): [n, k]. */
export function jointLogDensities({ data, n, d }: ReferencePoints, mixture: ReferenceMixture): Float64Array {
  const { k, means, weights } = mixture;
  const joint = new Float64Array(n * k);
  const difference = new Float64Array(d);
  for (let c = 0; c < k; c++) {
    const factor = factorOf(mixture, c);
    const constant = Math.log(weights[c]) - (d * Math.log(2 * Math.PI) + factor.logDeterminant) / 2;
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < d; j++) difference[j] = data[i * d + j] - means[c * d + j];
      joint[i * k + c] = constant - factor.squaredLength(difference) / 2;
    }
  }
  return joint;
}

/** The M-step in two passes: the means first, then the covariances about them. */
export function maximization(
  points: ReferencePoints,
  responsibilities: Float64Array,
  mixture: ReferenceMixture,
  { mixing = 'free', fixed = [], regularization = 1e-6 }: MaximizationOptions = {},
): ReferenceMixture {
  const counts = countsOf(points, responsibilities, mixture.k);
  const total = counts.reduce((sum, count) => sum + count, 0);
  const free = mixing === 'free' ? counts.map((count) => count / total) : counts.map(() => 1 / mixture.k);
  const weights = fixed.includes('weights') ? mixture.weights : free;
  const means = fixed.includes('means') ? mixture.means : meansOf(points, responsibilities, counts, mixture.means);
  const moved = { ...mixture, weights, means };
  if (fixed.includes('covariances')) return moved;
  return { ...moved, covariances: covariancesOf(points, responsibilities, counts, moved, regularization) };
}

/** What a fit may choose: weights, means and covariances. */
export function freeParameters(
  covarianceType: ReferenceCovariance,
  k: number,
  d: number,
  mixing: ReferenceMixing = 'free',
): number {
  const ofOne = isDense(covarianceType) ? (d * (d + 1)) / 2 : isSpherical(covarianceType) ? 1 : d;
  return (mixing === 'free' ? k - 1 : 0) + k * d + (isTied(covarianceType) ? 1 : k) * ofOne;
}

/** Length of all covariances. */
export function cellsOf(covarianceType: ReferenceCovariance, k: number, d: number): number {
  const ofOne = isDense(covarianceType) ? d * d : isSpherical(covarianceType) ? 1 : d;
  return (isTied(covarianceType) ? 1 : k) * ofOne;
}

/** −2·log L + penalty, of the density (ICL: of the labelled points), where N is the sum of the weights. */
export function criteria(
  points: ReferencePoints,
  mixture: ReferenceMixture,
  mixing: ReferenceMixing = 'free',
): { aic: number; bic: number; icl: number } {
  let total = 0;
  for (let i = 0; i < points.n; i++) total += weightOf(points, i);
  const parameters = freeParameters(mixture.covarianceType, mixture.k, mixture.d, mixing);
  const soft = -2 * total * expectation(points, mixture).lowerBound;
  const hard = -2 * total * expectation(points, mixture, 0).lowerBound;
  const penalty = parameters * Math.log(total);
  return { aic: soft + 2 * parameters, bic: soft + penalty, icl: hard + penalty };
}

/** Covariances [d, d] of the components in the layout of a type, as far as it has them; of tied ones the first. */
export function inLayout(type: ReferenceCovariance, full: readonly Float64Array[], d: number): Float64Array {
  const covariances = isTied(type) ? full.slice(0, 1) : full;
  const sizeOf = isSpherical(type) ? 1 : d;
  const partOf = (covariance: Float64Array) =>
    isDense(type) ? covariance : Float64Array.from({ length: sizeOf }, (_, j) => covariance[j * d + j]);
  return Float64Array.from(covariances.flatMap((covariance) => Array.from(partOf(covariance))));
}

/** The covariance of component c, whatever the layout: [d, d]. */
export function covarianceOf({ covarianceType, covariances, d }: ReferenceMixture, c: number): Float64Array {
  const own = isTied(covarianceType) ? 0 : c;
  if (isDense(covarianceType)) return covariances.slice(own * d * d, (own + 1) * d * d);
  const dense = new Float64Array(d * d);
  for (let j = 0; j < d; j++) dense[j * d + j] = covariances[isSpherical(covarianceType) ? own : own * d + j];
  return dense;
}

/** Largest over smallest eigenvalue of the correlation matrix of a covariance [d, d]; Infinity where it is singular. */
export function correlationCondition(covariance: ArrayLike<number>, d: number): number {
  const correlation = Float64Array.from(covariance, (value, i) => {
    const [row, column] = [Math.floor(i / d), i % d];
    return row === column
      ? value / value
      : value / Math.sqrt(covariance[row * d + row] * covariance[column * d + column]);
  });
  const eigenvalues = eigenvaluesOf(correlation, d);
  const smallest = Math.min(...eigenvalues);
  return smallest > 0 ? Math.max(...eigenvalues) / smallest : Infinity;
}

/** Whether all components share one. */
export const isTied = (type: ReferenceCovariance) => type.startsWith('tied');
const isSpherical = (type: ReferenceCovariance) => type.endsWith('spherical');
/** Whether a covariance of it is a matrix. */
export const isDense = (type: ReferenceCovariance) => type === 'full' || type === 'tied';

const weightOf = ({ weights }: ReferencePoints, i: number) => weights?.[i] ?? 1;

/** Σ w·r of each component: [k]. */
function countsOf(points: ReferencePoints, responsibilities: Float64Array, k: number): Float64Array {
  const counts = new Float64Array(k);
  for (let i = 0; i < points.n; i++) {
    for (let c = 0; c < k; c++) counts[c] += weightOf(points, i) * responsibilities[i * k + c];
  }
  return counts;
}

/** Σ w·r·x / Σ w·r: [k, d]. Summed about the first row: a sum of values far from zero would lose their digits. */
function meansOf(
  points: ReferencePoints,
  responsibilities: Float64Array,
  counts: Float64Array,
  before: Float64Array,
): Float64Array {
  const { data, n, d } = points;
  const k = counts.length;
  return before.map((old, index) => {
    const [c, j] = [Math.floor(index / d), index % d];
    let sum = 0;
    for (let i = 0; i < n; i++) sum += weightOf(points, i) * responsibilities[i * k + c] * (data[i * d + j] - data[j]);
    return counts[c] > 0 ? data[j] + sum / counts[c] : old;
  });
}

/** Σ w·r·(x − μ)(x − μ)ᵀ / Σ w·r, pooled and averaged as the type asks, in its layout. */
function covariancesOf(
  points: ReferencePoints,
  responsibilities: Float64Array,
  counts: Float64Array,
  mixture: ReferenceMixture,
  regularization: number,
): Float64Array {
  const { covarianceType, covariances, d, k } = mixture;
  const components = Array.from({ length: k }, (_, c) => c);
  const groups = isTied(covarianceType) ? [components] : components.map((c) => [c]);
  const size = covariances.length / groups.length;
  return Float64Array.from(
    groups.flatMap((group, g) => {
      const count = group.reduce((sum, c) => sum + counts[c], 0);
      if (count === 0) return Array.from(covariances.subarray(g * size, (g + 1) * size));
      const sum = new Float64Array(isDense(covarianceType) ? d * d : d);
      for (const c of group) addScatter(points, responsibilities, mixture, c, sum);
      const covariance = sum.map((value) => value / count);
      const step = isDense(covarianceType) ? d + 1 : 1;
      for (let j = 0; j < covariance.length; j += step) covariance[j] += regularization;
      return isSpherical(covarianceType) ? [covariance.reduce((a, b) => a + b, 0) / d] : Array.from(covariance);
    }),
  );
}

/** Adds Σ w·r·(x − μ)(x − μ)ᵀ of component c to `sum`: [d, d], or its diagonal [d]. */
function addScatter(
  points: ReferencePoints,
  responsibilities: Float64Array,
  { k, means }: ReferenceMixture,
  c: number,
  sum: Float64Array,
): void {
  const { data, n, d } = points;
  const dense = sum.length === d * d;
  const difference = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    const share = weightOf(points, i) * responsibilities[i * k + c];
    if (share === 0) continue;
    for (let j = 0; j < d; j++) difference[j] = data[i * d + j] - means[c * d + j];
    for (let j = 0; j < d; j++) {
      if (!dense) sum[j] += share * difference[j] * difference[j];
      else for (let l = 0; l < d; l++) sum[j * d + l] += share * difference[j] * difference[l];
    }
  }
}

interface Factor {
  readonly logDeterminant: number;
  /** xᵀΣ⁻¹x */
  squaredLength(x: Float64Array): number;
}

function factorOf(mixture: ReferenceMixture, c: number): Factor {
  const { d, covarianceType } = mixture;
  const covariance = covarianceOf(mixture, c);
  const lower = cholesky(covariance, d);
  if (lower === undefined) throw new Error(`the covariance of component ${c} is not positive definite`);
  const diagonal = Array.from({ length: d }, (_, j) => lower[j * d + j]);
  const logDeterminant = 2 * diagonal.reduce((sum, value) => sum + Math.log(value), 0);
  // Squares of plain differences, as in k-means: what is equally far stays so.
  if (isSpherical(covarianceType)) {
    return { logDeterminant, squaredLength: (x) => x.reduce((sum, value) => sum + value * value, 0) / covariance[0] };
  }
  const y = new Float64Array(d);
  return {
    logDeterminant,
    squaredLength(x) {
      let sum = 0;
      for (let i = 0; i < d; i++) {
        let rest = x[i];
        if (isDense(covarianceType)) for (let j = 0; j < i; j++) rest -= lower[i * d + j] * y[j];
        y[i] = rest / diagonal[i];
        sum += y[i] * y[i];
      }
      return sum;
    },
  };
}

/** Lower L with L·Lᵀ the matrix [d, d]; undefined where it is not positive definite. */
function cholesky(matrix: Float64Array, d: number): Float64Array | undefined {
  const lower = new Float64Array(d * d);
  for (let i = 0; i < d; i++) {
    for (let j = 0; j <= i; j++) {
      let rest = matrix[i * d + j];
      for (let l = 0; l < j; l++) rest -= lower[i * d + l] * lower[j * d + l];
      if (i === j && !(rest > 0)) return undefined;
      lower[i * d + j] = i === j ? Math.sqrt(rest) : rest / lower[j * d + j];
    }
  }
  return lower;
}

/** Of a symmetric matrix [d, d], by cyclic Jacobi rotations. */
function eigenvaluesOf(symmetric: Float64Array, d: number): Float64Array {
  const a = symmetric.slice();
  for (let sweep = 0; sweep < 60 && offDiagonal(a, d) > 0; sweep++) {
    for (let p = 0; p < d; p++) {
      for (let q = p + 1; q < d; q++) rotate(a, d, p, q);
    }
  }
  return Float64Array.from({ length: d }, (_, j) => a[j * d + j]);
}

function offDiagonal(a: Float64Array, d: number): number {
  return a.reduce((sum, value, i) => sum + (i % (d + 1) === 0 ? 0 : Math.abs(value)), 0);
}

/** The rotation in the plane of p and q that makes a[p, q] zero. */
function rotate(a: Float64Array, d: number, p: number, q: number): void {
  if (a[p * d + q] === 0) return;
  const theta = (a[q * d + q] - a[p * d + p]) / (2 * a[p * d + q]);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.hypot(theta, 1));
  const cosine = 1 / Math.hypot(t, 1);
  const sine = t * cosine;
  for (let j = 0; j < d; j++) {
    const [left, right] = [a[j * d + p], a[j * d + q]];
    a[j * d + p] = cosine * left - sine * right;
    a[j * d + q] = sine * left + cosine * right;
  }
  for (let j = 0; j < d; j++) {
    const [upper, under] = [a[p * d + j], a[q * d + j]];
    a[p * d + j] = cosine * upper - sine * under;
    a[q * d + j] = sine * upper + cosine * under;
  }
  a[p * d + q] = 0;
  a[q * d + p] = 0;
}

function sameParameters(a: ReferenceMixture, b: ReferenceMixture): boolean {
  return (['weights', 'means', 'covariances'] as const).every((key) => a[key].every((value, i) => value === b[key][i]));
}
