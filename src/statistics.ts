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
