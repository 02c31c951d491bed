import type { FixedSums } from '../engine/fixed.ts';
import type { Units } from '../frame.ts';
import type { Steps } from '../steps.ts';
import type { Node } from '../tree.ts';

/** k clusters of a shard, as far as Lloyd's iterations need them. */
export interface Clusters {
  /** Labels the rows by centroids [k, d]. */
  assign(centroids: Float64Array): Steps<Assigned>;
  /** The same without sums, and without labels to compare the next ones with. */
  label(centroids: Float64Array): Steps<void>;
  /** Labels [n] of the last assignment. */
  labels(): Steps<Uint32Array>;
  /** Squared distances [n] to the centroids of the last assignment. */
  distances(): Steps<Float64Array>;
  /** Σ w·distance² of the last assignment, term by term: [1]. */
  inertia(): Steps<readonly Node[]>;
  free(): void;
}

/** What an assignment came to. */
export interface Assigned extends FixedSums {
  /** Number of rows whose label is another than before; the first time, of all. */
  readonly changed: number;
}

export interface ClustersOptions {
  readonly k: number;
  readonly units: Units;
  /** The largest ‖x‖ of all rows. */
  readonly longest: number;
  /** A length that nearly all rows have at most. */
  readonly usual: number;
  /** Whether there will be one assignment: then nothing is kept for the next. */
  readonly once: boolean;
}
