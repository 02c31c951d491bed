import type { Contender, Fit } from '../contender.ts';
import type { KMeansProblem } from './cases.ts';

export type KMeansContender = Contender<KMeansProblem, KMeansFit>;

/** Lloyd's iterations; a pass is an assignment and the sums of the clusters, the objective is the inertia. */
export interface KMeansFit extends Fit {
  /** [k, d], after the last update. */
  readonly centroids: ArrayLike<number>;
}
