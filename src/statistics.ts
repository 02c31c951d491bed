/**
 * What a shard of points returns for the parameters it was given; two of them add up.
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

/** The statistics of two disjoint shards taken together. */
export function addStatistics(a: Statistics, b: Statistics): Statistics {
  return {
    counts: a.counts.map((value, i) => value + b.counts[i]),
    sums: a.sums.map((value, i) => value + b.sums[i]),
    inertia: a.inertia + b.inertia,
  };
}
