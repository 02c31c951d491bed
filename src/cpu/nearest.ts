import type { Nearest } from '../engine/contract.ts';
import type { Steps } from '../steps.ts';

/** What finds the nearest centroids of the rows of a shard. */
export interface NearestFinder {
  /** Of centroids [k, d]. */
  nearest(centroids: Float64Array): Steps<Nearest>;
  free(): void;
}

export interface NearestOptions {
  readonly k: number;
  /** How many of them: 1 to k. */
  readonly count: number;
}
