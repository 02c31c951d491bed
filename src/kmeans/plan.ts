import type { PointsSummary } from '../points.ts';
import type { KMeansStart } from './seeding.ts';

/** What is told of a completed iteration. */
export interface KMeansProgress {
  /** Completed iterations of the current start, from 1. */
  readonly iteration: number;
  /** That of the assignment that the iteration made. */
  readonly inertia: number;
  /** Σ over the centroids of their squared shift, in squared units of the data. */
  readonly shift: number;
  /**
   * A copy of the newest centroids that are known [k·d], row-major, in the caller's coordinates: as their update left them,
   * before clusters that are empty are moved.
   */
  readonly centroids: () => Float64Array;
  /** The iteration whose update made them: this one, or where several are read back from a GPU together the last of these. */
  readonly centroidsIteration: number;
}

/** A fit, decided: options that are checked, with their defaults. */
export interface KMeansPlan {
  readonly k: number;
  /** A method, or centroids [k, d] in the caller's coordinates. */
  readonly start: KMeansStart | Float64Array;
  readonly nInit: number;
  readonly maxIterations: number;
  readonly tolerance: number;
  readonly seed: number;
  readonly output: 'host' | 'buffer';
  /** Rows that a cluster has at most; undefined for any number. */
  readonly maxSize?: number | undefined;
  readonly onIteration: ((progress: KMeansProgress) => unknown) | undefined;
}

/** What a fit does where nothing is said. */
export const KMEANS_DEFAULTS = {
  start: 'k-means++',
  nInit: 1,
  maxIterations: 300,
  tolerance: 1e-4,
  seed: 0,
  output: 'host',
  onIteration: undefined,
} as const satisfies Omit<KMeansPlan, 'k'>;

/**
 * Checks what needs the data: the width of an explicit start, and that there are points enough.
 *
 * @throws {RangeError} naming what is wrong.
 */
export function checkKMeansPlan({ k, start }: KMeansPlan, { d, positiveRows }: PointsSummary): void {
  if (k > positiveRows) throw new RangeError(`k is ${k}, there are ${positiveRows} points of positive weight`);
  if (typeof start !== 'string' && start.length !== k * d) {
    throw new RangeError(`init has ${start.length / k} features, the points have ${d}`);
  }
}
