/** The parameters of a mixture, and the form in which engines take them. */

import type { Gaussians, GaussiansShape } from '../engine/gaussians.ts';
import { type Frame, intoFrame, outOfFrame } from '../frame.ts';
import type { Steps } from '../steps.ts';
import { formOf } from './forms/index.ts';
import type { CovarianceType } from './forms/names.ts';

/** Whether components have weights of their own. */
export type Mixing = 'free' | 'equal';

/** In a dataset's frame or in the caller's coordinates. */
export interface Parameters {
  readonly k: number;
  readonly d: number;
  readonly covarianceType: CovarianceType;
  /** [k], of sum 1 */
  readonly weights: Float64Array;
  /** [k, d] */
  readonly means: Float64Array;
  /** Laid out as the type says. */
  readonly covariances: Float64Array;
  /** The precision factors U, Λ = U·Uᵀ, laid out like the covariances. */
  readonly precisionsCholesky: Float64Array;
}

const LOG_TWO_PI = Math.log(2 * Math.PI);

/** What an engine needs for an E-step. Variances become axes, [k, d]. */
export function toGaussians({ k, d, covarianceType, weights, means, precisionsCholesky }: Parameters): Gaussians {
  const form = formOf(covarianceType);
  const { shape } = form;
  const factors = form.gaussianFactors(precisionsCholesky, k, d);
  const sharpness = weights.map((_, c) => form.sharpness(precisionsCholesky, c));
  const offsets = weights.map(
    (weight, c) =>
      Math.log(weight) + logDeterminant(factors, shape, d, c) + (d / 2) * (Math.log(sharpness[c]) - LOG_TWO_PI),
  );
  return { k, d, shape, means, factors, sharpness, offsets };
}

/**
 * The same of parameters that came from elsewhere: those of points 1e180 times as large have no numbers in a frame.
 *
 * @throws {RangeError} where they have none.
 */
export function toFiniteGaussians(parameters: Parameters, what: string, others: string): Gaussians {
  const gaussians = toGaussians(parameters);
  const { means, factors, sharpness } = gaussians;
  const isSharp = sharpness.every((value) => value > 0 && value < Infinity);
  if (isSharp && [means, factors, parameters.covariances].every((values) => values.every(Number.isFinite)))
    return gaussians;
  throw new RangeError(`${what} are too small, or too large, beside ${others}`);
}

/** log|U| of one component. */
function logDeterminant(factors: Float64Array, shape: GaussiansShape, d: number, c: number): number {
  const [from, stride] = shape === 'axes' ? [c * d, 1] : [shape === 'own' ? c * d * d : 0, d + 1];
  let sum = 0;
  for (let j = 0; j < d; j++) sum += Math.log(factors[from + j * stride]);
  return sum;
}

/** What a fit may choose: means, covariances, and the weights where they are free. */
export function freeParameters(type: CovarianceType, k: number, d: number, mixing: Mixing): number {
  return k * d + formOf(type).freeParameters(k, d) + (mixing === 'free' ? k - 1 : 0);
}

/** Deviations of each feature of each component: [k, d]. */
export function deviationsOf({
  covarianceType,
  k,
  d,
  covariances,
}: Pick<Parameters, 'covarianceType' | 'k' | 'd' | 'covariances'>): Float64Array {
  const form = formOf(covarianceType);
  return Float64Array.from({ length: k * d }, (_, i) =>
    Math.sqrt(form.element(covariances, Math.floor(i / d), i % d, i % d, d)),
  );
}

/** The precision factors of covariances; the index of the first that is not positive definite where there is one. */
export function* precisionFactorsOf(
  type: CovarianceType,
  k: number,
  d: number,
  covariances: Float64Array,
): Steps<Float64Array | number> {
  const form = formOf(type);
  const size = form.size(d);
  const factors = new Float64Array(covariances.length);
  for (let c = 0; c < form.count(k); c++) {
    const factor = yield* form.precisionFactor(covariances.subarray(c * size, (c + 1) * size));
    if (factor === null) return c;
    factors.set(factor, c * size);
  }
  return factors;
}

/** The caller's parameters in a frame. */
export function parametersIntoFrame(parameters: Parameters, frame: Frame): Parameters {
  return rescaled(parameters, intoFrame(parameters.means, frame), frame.scale);
}

/** Parameters of a frame in the caller's coordinates. */
export function parametersOutOfFrame(parameters: Parameters, frame: Frame): Parameters {
  return rescaled(parameters, outOfFrame(parameters.means, frame), 1 / frame.scale);
}

/** A scale is a power of two: no digit is lost. */
function rescaled(parameters: Parameters, means: Float64Array, scale: number): Parameters {
  return {
    ...parameters,
    means,
    covariances: times(parameters.covariances, scale * scale),
    precisionsCholesky: times(parameters.precisionsCholesky, 1 / scale),
  };
}

/** Not by a function for each value: of matrices there may be many millions. */
function times(values: Float64Array, factor: number): Float64Array {
  const products = values.slice();
  for (let i = 0; i < products.length; i++) products[i] *= factor;
  return products;
}
