import type { MixtureStatistics } from '../../engine/statistics.ts';
import type { Steps } from '../../steps.ts';
import { cholesky, congruence, inverseTranspose, transpose } from '../linear.ts';
import type { CovarianceRank, Estimate } from './form.ts';
import { securing } from './secure.ts';

/** A covariance [d, d], row-major. */
export const MATRIX: CovarianceRank = {
  ...securing({
    *root(covariance, least) {
      const d = Math.sqrt(covariance.length);
      const l = yield* cholesky(covariance, d);
      if (l === null) return null;
      for (let j = 0; j < d; j++) if (!(l[j * d + j] ** 2 > least(j))) return null;
      return l;
    },
    inverse: (l) => inverseTranspose(l, Math.sqrt(l.length)),
    widened(covariance, addition) {
      const widened = covariance.slice();
      const stride = Math.sqrt(covariance.length) + 1;
      for (let at = 0, j = 0; at < widened.length; at += stride, j++) widened[at] += addition(j);
      return widened;
    },
    varianceOf: (variances, j) => variances[j],
  }),

  sidesOfOne: (d) => [d, d],
  freeParametersOfOne: (d) => (d * (d + 1)) / 2,
  elementOf: (covariances, index, i, j, d) => covariances[(index * d + i) * d + j],
  check: checkSymmetric,

  precisionFactorOf(deviations) {
    const d = deviations.length;
    const factor = new Float64Array(d * d);
    for (let j = 0; j < d; j++) factor[j * (d + 1)] = 1 / deviations[j];
    return factor;
  },
  gaussianFactorsOf: (precisionFactors) => precisionFactors,
  sharpnessOf: () => 1,

  *scatter(covariance, d) {
    const l = (yield* cholesky(covariance, d))!;
    return (normals) =>
      normals.map((_, i) => {
        let deviation = 0;
        for (let j = 0; j <= i; j++) deviation += l[i * d + j] * normals[j];
        return deviation;
      });
  },

  whitening: (precisionFactor) => precisionFactor,
  *unwhiten(rows, precisionFactor, d) {
    const inverse = yield* inverseTranspose(yield* transpose(precisionFactor, d), d);
    const plain = new Float64Array(rows.length);
    for (let from = 0; from < plain.length; from += d) {
      for (let i = 0; i < d; i++) {
        for (let j = i; j < d; j++) plain[from + j] += rows[from + i] * inverse[i * d + j];
      }
      yield;
    }
    return plain;
  },

  own: { shape: 'own', estimate: estimateEach },
  shared: { shape: 'shared', estimate: estimatePooled },
};

/** Symmetric but for the rounding of float32; of what is left only the lower triangle counts. */
function checkSymmetric(name: string, matrix: Float64Array, d: number): void {
  for (let i = 0; i < d; i++) {
    for (let j = 0; j < i; j++) {
      const scale = Math.sqrt(Math.abs(matrix[i * d + i] * matrix[j * d + j]));
      if (!(Math.abs(matrix[i * d + j] - matrix[j * d + i]) <= 1e-6 * scale)) {
        throw new RangeError(`${name} is not symmetric: ${matrix[i * d + j]} and ${matrix[j * d + i]}`);
      }
    }
  }
}

function* estimateEach(
  { used, counts, sums, squares }: MixtureStatistics,
  alive: readonly boolean[],
  moved: readonly boolean[],
): Steps<Estimate> {
  const { k, d } = used;
  const means = used.means.slice();
  const covariances: (Float64Array | null)[] = [];
  for (let c = 0; c < k; c++) {
    if (!alive[c]) {
      covariances.push(null);
      continue;
    }
    const l = yield* lowerFactor(used.factors.subarray(c * d * d, (c + 1) * d * d), d);
    const shift = shiftOf(sums.subarray(c * d, (c + 1) * d), counts[c], moved[c]);
    move(means.subarray(c * d, (c + 1) * d), l, shift);
    yield;
    const own = squares.slice(c * d * d, (c + 1) * d * d);
    yield* subtractSquare(own, shift, counts[c], counts[c]);
    covariances.push(yield* congruence(l, own, d));
  }
  return { means, covariances };
}

function* estimatePooled(
  { used, counts, sums, squares }: MixtureStatistics,
  alive: readonly boolean[],
  moved: readonly boolean[],
): Steps<Estimate> {
  const { k, d } = used;
  const means = used.means.slice();
  const l = yield* lowerFactor(used.factors, d);
  const pooled = squares.slice();
  for (let c = 0; c < k; c++) {
    if (!alive[c]) continue;
    const shift = shiftOf(sums.subarray(c * d, (c + 1) * d), counts[c], moved[c]);
    move(means.subarray(c * d, (c + 1) * d), l, shift);
    yield;
    yield* subtractSquare(pooled, shift, counts[c], 1);
  }
  const total = counts.reduce((sum, count, c) => (alive[c] ? sum + count : sum), 0);
  for (let at = 0; at < pooled.length; at++) pooled[at] /= total;
  return { means, covariances: [yield* congruence(l, pooled, d)] };
}

/** L = U⁻ᵀ, lower triangular: the covariance is L·Lᵀ. */
function* lowerFactor(precisionFactor: Float64Array, d: number): Steps<Float64Array> {
  return yield* transpose(yield* inverseTranspose(yield* transpose(precisionFactor, d), d), d);
}

/** δ = S1/S0, by which a mean moves in whitened coordinates. */
function shiftOf(sums: Float64Array, count: number, moves: boolean): Float64Array {
  return sums.map((sum) => (moves ? sum / count : 0));
}

/** Moves a mean by L·δ. */
function move(mean: Float64Array, l: Float64Array, shift: Float64Array): void {
  const d = mean.length;
  for (let i = 0; i < d; i++) for (let j = 0; j <= i; j++) mean[i] += l[i * d + j] * shift[j];
}

/** Rows of a matrix that are read and written between two looks at the clock. */
const ROWS_OF_STEP = 128;

/** Takes count·δδᵀ from the transpose of a matrix [d, d], and divides it. */
function* subtractSquare(matrix: Float64Array, shift: Float64Array, count: number, divisor: number): Steps<void> {
  const d = shift.length;
  for (let j = 0, at = 0; j < d; j++) {
    for (let i = 0; i < d; i++, at++) matrix[at] = (matrix[at] - count * shift[i] * shift[j]) / divisor;
    if (j % ROWS_OF_STEP === ROWS_OF_STEP - 1) yield;
  }
}
