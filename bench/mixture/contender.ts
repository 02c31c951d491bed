import type { Contender, Fit } from '../contender.ts';
import type { Mixture, MixtureProblem } from './cases.ts';

export type MixtureContender = Contender<MixtureProblem, MixtureFit>;

/** EM's iterations; a pass is an E-step and mostly an M-step, the objective is the mean log-likelihood. */
export interface MixtureFit extends Fit {
  /** What the fit returned, fetched outside its time. */
  mixture(): Mixture | Promise<Mixture>;
}
