import type { Steps } from '../steps.ts';
import type { Node } from '../tree.ts';

export interface DistancesOptions {
  /** Of the rows of the shard [n]. */
  readonly labels: Uint32Array;
  readonly k: number;
  /** Whether distances are summed, or their squares. */
  readonly isRoot: boolean;
}

export interface ShardDistances {
  /** Summed distances of others [m, d] to the rows of each cluster: [m, k] for each node. */
  sums(others: Float64Array): Steps<readonly Node[]>;
  free(): void;
}
