/**
 * Where U of a Gaussian lies: `'own'` is an upper triangular matrix for each component [k, d, d], `'shared'` one for all
 * of them [d, d], `'axes'` a diagonal for each [k, d].
 */
export type GaussiansShape = 'own' | 'shared' | 'axes';

/**
 * Weighted Gaussians in the frame of a dataset, ready for an E-step: with y = (x − m)·U,
 * log(π·p(x)) = offset − ½·sharpness·‖y‖². The precision matrix is sharpness·U·Uᵀ.
 *
 * Where all features have one variance, U is 1 and the sharpness has it: distances that are equal stay equal, as in
 * k-means, which this is at temperature 0.
 */
export interface Gaussians {
  readonly k: number;
  readonly d: number;
  readonly shape: GaussiansShape;
  /** m: [k, d]. */
  readonly means: Float64Array;
  /** U, laid out as `shape` says. */
  readonly factors: Float64Array;
  /** [k] */
  readonly sharpness: Float64Array;
  /** log π + ½·log|precision| − d/2·log 2π: [k]; −Infinity for a component that has no weight. */
  readonly offsets: Float64Array;
}
