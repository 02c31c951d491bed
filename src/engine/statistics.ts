import type { Gaussians } from './gaussians.ts';

/**
 * What a shard of points returns for the parameters it was given; those of disjoint shards add up, field by field.
 * For k-means: the zeroth and first moments of each cluster, and the inertia.
 */
export interface Statistics {
  /** Σw of each cluster: Float64Array [k]. */
  readonly counts: Float64Array;
  /** Σw·x of each cluster: Float64Array [k·d]. */
  readonly sums: Float64Array;
  /** Σ w·distance². */
  readonly inertia: number;
}

/**
 * For a mixture: the moments of y = (x − m)·U about the mean of each component, weighted by the responsibilities, and
 * the likelihood. Shifted and whitened they lose nothing in float32 that the M-step needs.
 */
export interface MixtureStatistics {
  /** The parameters that m and U were, as the engine rounded them. */
  readonly used: Gaussians;
  /** Σ w·r: Float64Array [k]. */
  readonly counts: Float64Array;
  /** Σ w·r·y: Float64Array [k·d]. */
  readonly sums: Float64Array;
  /** Σ w·r·yᵀy, both triangles: [k, d, d], its sum over the components [d, d] where U is shared, its diagonal [k, d] for axes. */
  readonly squares: Float64Array;
  /** Σ w·T·log Σ (π·p)^(1/T). */
  readonly logLikelihood: number;
}
