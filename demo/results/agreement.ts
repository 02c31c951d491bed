/** Two clusterings of the same points: how far they agree, and which clusters are the same. */
import { adjustedRandOf } from '../../src/api/scores.ts';
import type { Steps } from '../../src/steps.ts';
import { slices } from '../picture/slices.ts';

export interface Agreement {
  /** Adjusted for chance (Hubert and Arabie 1985): 1 where both are the same, about 0 where they have nothing in common. */
  readonly rand: number;
  /** Rows that are in a cluster of the one and a cluster of the other: [k, k of the other], row-major. */
  readonly counts: Uint32Array;
}

interface Labelled {
  readonly labels: Uint32Array;
  readonly k: number;
}

export function* agreementOf(one: Labelled, other: Labelled): Steps<Agreement> {
  const counts = new Uint32Array(one.k * other.k);
  for (const [start, end] of slices(one.labels.length)) {
    for (let i = start; i < end; i++) counts[one.labels[i] * other.k + other.labels[i]]++;
    yield;
  }
  const sizes = new Uint32Array(one.k);
  const sizesOfOther = new Uint32Array(other.k);
  for (const [at, count] of counts.entries()) {
    sizes[Math.floor(at / other.k)] += count;
    sizesOfOther[at % other.k] += count;
  }
  return { rand: adjustedRandOf(counts, sizes, sizesOfOther), counts };
}
