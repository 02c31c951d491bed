import type { Contender, Fit } from '../contender.ts';
import type { GpuProblem } from './cases.ts';

export type GpuContender = Contender<GpuProblem, GpuFit>;

export interface GpuFit extends Fit {
  /** The centroids [k, d], or the means of a mixture, that the fit returned: fetched outside its time. */
  centroids(): Promise<ArrayLike<number>>;
}
