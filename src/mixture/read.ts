/** Reading and checking what parameters of a mixture are given. */
import { checkNotNegative, checkWord, readCoordinates, readNumbers } from '../check.ts';
import { type HostPoints, type Rows, readRowsOf } from '../points.ts';
import { type CovarianceType, covarianceSize, formOf, type Mixing } from './covariance.ts';
import { factorAll, type Parameters } from './parameters.ts';

/** Parameters to start from; what is left out comes from giving each point to the nearest of the means. */
export interface MixtureStart {
  /** [k], positive or 0, of sum 1. */
  readonly weights?: ArrayLike<number>;
  /** [k, d] */
  readonly means: HostPoints | Rows | ArrayLike<number>;
  /** Laid out as `covarianceType` says, row-major. */
  readonly covariances?: ArrayLike<number>;
}

export function checkMixing(name: string, mixing: unknown): Mixing {
  return checkWord(name, mixing, ['free', 'equal'] as const);
}

const LEAST_TEMPERATURE = 1e-9;
/** T·log k is a number in float32 too. */
const LARGEST_TEMPERATURE = 1e30;

export function checkTemperature(name: string, value: unknown): number {
  const temperature = checkNotNegative(name, value);
  if (temperature > 0 && temperature < LEAST_TEMPERATURE) {
    throw new RangeError(`${name} must be 0 or at least ${LEAST_TEMPERATURE}, got ${temperature}`);
  }
  if (temperature > LARGEST_TEMPERATURE) {
    throw new RangeError(`${name} must be at most ${LARGEST_TEMPERATURE}, got ${temperature}`);
  }
  return temperature;
}

/** Means as points, or as k·d numbers one after the other. */
export function readMeans(name: string, means: MixtureStart['means'], k: number): { means: Float64Array; d: number } {
  if (means !== null && typeof means === 'object' && 'length' in means && typeof means[0] === 'number') {
    const { length } = means;
    if (length % k !== 0) throw new RangeError(`${name} has ${length} values, which are no ${k} rows`);
    return { means: readCoordinates(name, means, length), d: length / k };
  }
  const { values, n, d } = readRowsOf(name, means as HostPoints | Rows);
  if (n !== k) throw new RangeError(`${name} has ${n} rows, k is ${k}`);
  return { means: values, d };
}

/** Weights [k], not negative, of sum 1 within rounding. */
export function readWeights(name: string, given: ArrayLike<number>, k: number): Float64Array {
  const weights = readNumbers(name, given, k);
  weights.forEach((weight, c) => {
    checkNotNegative(`${name}[${c}]`, weight);
  });
  const sum = weights.reduce((a, b) => a + b, 0);
  if (!(Math.abs(sum - 1) <= 1e-6)) throw new RangeError(`${name} must have the sum 1, got ${sum}`);
  return weights;
}

/** Covariances in the type's layout, and the factors of their precisions. */
export function readCovariances(
  name: string,
  given: ArrayLike<number>,
  type: CovarianceType,
  k: number,
  d: number,
): Pick<Parameters, 'covariances' | 'precisionsCholesky'> {
  const { count, size } = covarianceSize(type, k, d);
  const covariances = readNumbers(name, given, count * size);
  if (formOf(type).rank === 'matrix') {
    for (let c = 0; c < count; c++)
      checkSymmetric(`${name}: the covariance at ${c}`, covariances.subarray(c * size), d);
  }
  const factors = factorAll(type, k, d, covariances);
  if (typeof factors === 'number') {
    throw new RangeError(`${name}: the covariance at ${factors} is not positive definite`);
  }
  return { covariances, precisionsCholesky: factors };
}

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
