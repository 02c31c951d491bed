/** Reading and checking what parameters of a mixture are given. */
import { checkNotNegative, checkWord, isNumericArray, readCoordinates, readNumbers } from '../check.ts';
import { type HostPoints, type Rows, readRowsOf } from '../points.ts';
import { runNow } from '../steps.ts';
import { formOf } from './forms/index.ts';
import type { CovarianceType } from './forms/names.ts';
import { type Mixing, type Parameters, precisionFactorsOf } from './parameters.ts';

/** Numbers one after the other, or in arrays of arrays. */
export type NestedNumbers = ArrayLike<number> | ArrayLike<ArrayLike<number>> | ArrayLike<ArrayLike<ArrayLike<number>>>;

/** Parameters to start from; what is left out comes from giving each point to the nearest of the means. */
export interface MixtureStart {
  /** [k], positive or 0, of sum 1. */
  readonly weights?: ArrayLike<number>;
  /** [k, d] */
  readonly means: HostPoints | Rows | ArrayLike<number>;
  /** Laid out as `covarianceType` says: nested, as scikit-learn has them, or row-major. */
  readonly covariances?: NestedNumbers;
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
export function readMeans(name: string, means: unknown, k: number): { means: Float64Array; d: number } {
  if (isNumericArray(means) || (Array.isArray(means) && typeof means[0] === 'number')) {
    const { length } = means;
    if (length % k !== 0) throw new RangeError(`${name} has ${length} values, which are no ${k} rows`);
    return { means: readCoordinates(name, means, length), d: length / k };
  }
  const wanted = '{ data, shape }, rows or an array of numbers';
  const { values, n, d } = readRowsOf(name, means as HostPoints | Rows, wanted);
  if (n !== k) throw new RangeError(`${name} has ${n} rows, k is ${k}`);
  return { means: values, d };
}

/** Weights [k], not negative, of sum 1 within rounding. */
export function readWeights(name: string, given: unknown, k: number): Float64Array {
  const weights = readNumbers(name, given, k);
  weights.forEach((weight, c) => {
    checkNotNegative(`${name}[${c}]`, weight);
  });
  const sum = weights.reduce((a, b) => a + b, 0);
  if (!(Math.abs(sum - 1) <= 1e-6)) throw new RangeError(`${name} must have the sum 1, got ${sum}`);
  return weights;
}

/** Covariances in the layout of the type, and their precision factors. */
export function readCovariances(
  name: string,
  given: unknown,
  type: CovarianceType,
  k: number,
  d: number,
): Pick<Parameters, 'covariances' | 'precisionsCholesky'> {
  const form = formOf(type);
  const size = form.size(d);
  const covariances = readNested(name, given, form.sides(k, d));
  for (let c = 0; c < form.count(k); c++) {
    form.check(`${name}: the covariance at ${c}`, covariances.subarray(c * size, (c + 1) * size), d);
  }
  const factors = runNow(precisionFactorsOf(type, k, d, covariances));
  if (typeof factors === 'number') {
    throw new RangeError(`${name}: the covariance at ${factors} is not positive definite`);
  }
  const tiny = factors.findIndex((factor) => !Number.isFinite(factor * factor));
  if (tiny >= 0) {
    throw new RangeError(
      `${name}: the covariance at ${Math.floor(tiny / size)} has a variance below ${LEAST_VARIANCE}`,
    );
  }
  return { covariances, precisionsCholesky: factors };
}

/** Its precision is a number. */
const LEAST_VARIANCE = 2 ** -1022;

/** Numbers of a shape: one after the other, or nested as far as they are. */
function readNested(name: string, given: unknown, [length, ...rest]: readonly number[]): Float64Array {
  const isNested = rest.length > 0 && Array.isArray(given) && typeof given[0] === 'object';
  if (!isNested)
    return readNumbers(
      name,
      given,
      rest.reduce((product, side) => product * side, length),
    );
  if (given.length !== length) throw new RangeError(`${name} has ${given.length} rows, ${length} are needed`);
  return Float64Array.from(given.flatMap((part, i) => Array.from(readNested(`${name}[${i}]`, part, rest))));
}
