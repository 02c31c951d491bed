import type { Gaussians } from '../gaussians.ts';
import type { Steps } from '../steps.ts';
import type { Node } from './tree.ts';

/** The E-step of a mixture on a shard, with its moments. */
export interface Moments {
  /** See `MixtureWorkspace.accumulate`: counts, sums, squares and log-likelihood behind one another. */
  accumulate(gaussians: Gaussians, temperature: number): Steps<readonly Node[]>;
  /** The component of the largest π·p of each row in the last call of `accumulate`: [n]. */
  labels(): Steps<Uint32Array>;
  /** T·log Σ (π·p)^(1/T) of each row in the last call of `accumulate`: [n]. */
  values(): Steps<Float64Array>;
  /** See `ClusteringEngine.logDensities`; rows [start, end) of the shard. */
  logDensities(gaussians: Gaussians, start: number, end: number): Steps<Float32Array>;
  free(): void;
}
