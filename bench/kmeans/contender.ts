import type { Contender, Fit } from '../contender.ts';
import type { KMeansProblem } from './cases.ts';

export type KMeansContender = Contender<KMeansProblem, KMeansFit>;

/** Lloyd's iterations; a pass is an assignment and the sums of the clusters, the objective is the inertia. */
export interface KMeansFit extends Fit {
  /** [k, d], after the last update; fetched outside the time of the fit. */
  centroids(): ArrayLike<number> | Promise<ArrayLike<number>>;
}
