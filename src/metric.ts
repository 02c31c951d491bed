/** The metrics of k-means by name. One more is rules of its own and an entry here. */

export const METRICS = ['euclidean', 'cosine'] as const;

/**
 * `'euclidean'`: the distance ‖x − c‖, the inertia Σ w·‖x − c‖², centroids that are means. `'cosine'`: rows and centroids of
 * unit length, the distance 1 − cos, the inertia Σ w·(1 − cos).
 *
 * @useDeclaredType
 */
export type Metric = (typeof METRICS)[number];

/**
 * What a metric makes of k-means. Engines compare squared Euclidean distances of the rows that they hold, whatever the
 * metric: it says how rows are held, how centroids follow from their sums, and what a distance is to callers.
 */
export interface MetricRules {
  /** Whether rows are held at unit length, about the origin; else as they are, about a shift of their own: see `frame.ts`. */
  readonly unitRows: boolean;

  /** Whether centroids have unit length, a caller's too; else they are means. */
  readonly unitCentroids: boolean;

  /** Whether it is that of Gaussians, whose densities a model then has. */
  readonly hasDensity: boolean;

  /** What the sum [d] of a cluster's rows, at `from`, is divided by; 0 where the cluster keeps its centroid. */
  divisor(sums: Float64Array, from: number, d: number, count: number): number;

  /** Whether distances are in proportion to Euclidean ones, or to their squares. */
  readonly isRoot: boolean;

  /** A distance as callers see it, of the squared one in a frame of that scale. */
  distance(squared: number, scale: number): number;

  /** What such a squared distance adds to the inertia that callers see. */
  inertia(squared: number, scale: number): number;
}

/** A sum of unit rows shorter than this share of its weight has no direction: its cluster keeps the centroid. */
const NO_DIRECTION = 1e-6;

const RULES: Readonly<Record<Metric, MetricRules>> = {
  euclidean: {
    unitRows: false,
    unitCentroids: false,
    hasDensity: true,
    divisor: (_sums, _from, _d, count) => count,
    isRoot: true,
    distance: (squared, scale) => Math.sqrt(squared) / scale,
    // Not over the square of the scale, which may be too large or too small for float64.
    inertia: (squared, scale) => squared / scale / scale,
  },
  cosine: {
    unitRows: true,
    unitCentroids: true,
    hasDensity: false,
    divisor(sums, from, d, count) {
      let squares = 0;
      for (let j = from; j < from + d; j++) squares += sums[j] * sums[j];
      const length = Math.sqrt(squares);
      return length <= NO_DIRECTION * count ? 0 : length;
    },
    isRoot: false,
    // 1 − cos = ½‖x − c‖².
    distance: (squared) => squared / 2,
    inertia: (squared) => squared / 2,
  },
};

export function metricOf(name: Metric): MetricRules {
  return RULES[name];
}
