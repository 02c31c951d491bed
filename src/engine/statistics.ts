import type { Units } from '../frame.ts';
import { runNow } from '../steps.ts';
import { countsAndSums, type FixedSums, FixedTotal } from './fixed.ts';
import type { Gaussians } from './gaussians.ts';
import { sameValues } from './shared-frame.ts';

/**
 * What a shard of points returns for the parameters that it was given. Those of disjoint shards add up: see
 * {@link addKMeansStatistics} and {@link addMixtureStatistics}.
 *
 * For k-means: the zeroth and first moments of each cluster, and the inertia.
 */
export interface KMeansStatistics {
  /** Σw of each cluster: Float64Array [k]. */
  readonly counts: Float64Array;
  /** Σw·x of each cluster: Float64Array [k·d]. */
  readonly sums: Float64Array;
  /** Σ w·distance². */
  readonly inertia: number;
  /** Number of rows whose label is another than in the assignment before; the first time, of all. */
  readonly changed: number;
  /**
   * What counts and sums are rounded from, where the engine sums exactly: then they add up exactly too. Valid until the next
   * assignment of the workspace that it comes from, and until that is closed.
   */
  readonly exact: ExactSums | null;
}

/** The integers of one or more shards, and the units that they count. */
export interface ExactSums {
  readonly integers: readonly FixedSums[];
  readonly units: Units;
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

/** A copy for longer than until the next assignment: of all shards as one. */
export function settled({ integers, units }: ExactSums): ExactSums {
  return { integers: [new FixedTotal(integers)], units };
}

/**
 * The statistics of two shards for the same centroids, in the same frame and units, as one. Exact ones add up to the same
 * bits in whatever order; the inertia, and what is not exact, in float64.
 *
 * @throws {RangeError} where they do not belong together.
 */
export function addKMeansStatistics(a: KMeansStatistics, b: KMeansStatistics): KMeansStatistics {
  needAlike('counts', a.counts, b.counts);
  needAlike('sums', a.sums, b.sums);
  const rest = { inertia: a.inertia + b.inertia, changed: a.changed + b.changed };
  if (a.exact === null || b.exact === null) {
    return { counts: sumOf(a.counts, b.counts), sums: sumOf(a.sums, b.sums), exact: null, ...rest };
  }
  const exact = addExact(a.exact, b.exact);
  const k = a.counts.length;
  return { ...runNow(countsAndSums(exact.integers, exact.units, k, a.sums.length / k)), exact, ...rest };
}

/** @throws {RangeError} where they are counted in different units. */
export function addExact(a: ExactSums, b: ExactSums): ExactSums {
  const { units } = a;
  if (units !== b.units && !(sameValues(units.units, b.units.units) && units.stride === b.units.stride)) {
    throw new RangeError('statistics that are counted in different units do not add up');
  }
  return { integers: [new FixedTotal([...a.integers, ...b.integers])], units };
}

/**
 * The statistics of two shards for the same parameters, in the same frame, as one, in float64.
 *
 * @throws {RangeError} where they do not belong together.
 */
export function addMixtureStatistics(a: MixtureStatistics, b: MixtureStatistics): MixtureStatistics {
  const { used } = a;
  const alike =
    used === b.used ||
    (used.shape === b.used.shape &&
      (['means', 'factors', 'sharpness', 'offsets'] as const).every((part) => sameValues(used[part], b.used[part])));
  if (!alike) throw new RangeError('statistics of different parameters do not add up');
  return {
    used,
    counts: sumOf(a.counts, b.counts),
    sums: sumOf(a.sums, b.sums),
    squares: sumOf(a.squares, b.squares),
    logLikelihood: a.logLikelihood + b.logLikelihood,
  };
}

function needAlike(what: string, a: Float64Array, b: Float64Array): void {
  if (a.length !== b.length) throw new RangeError(`statistics of ${a.length} and ${b.length} ${what} do not add up`);
}

function sumOf(a: Float64Array, b: Float64Array): Float64Array {
  return a.map((value, i) => value + b[i]);
}
