import type { Steps } from '../../steps.ts';
import type { EstimatedPotentials, RoughCandidates } from '../potentials.ts';
import { PlainPotentials } from './potentials.ts';

/** TypeScript has no integers that were faster. */
export class PlainEstimatedPotentials extends PlainPotentials implements EstimatedPotentials {
  // biome-ignore lint/correctness/useYield: a verb like the others
  *estimate(_candidates: RoughCandidates): Steps<Float64Array> {
    return new Float64Array(0);
  }
}
