import { blobs } from '../blobs.ts';
import type { Problem } from '../contender.ts';
import { describe, Points, SEED, type Size } from '../points.ts';

/** From pixels and flights (memory-bound) to embeddings (a matrix product). */
export const CASES: readonly Size[] = [
  { name: 'A', n: 100_000, d: 2, k: 10 },
  { name: 'B', n: 1_000_000, d: 3, k: 32 },
  { name: 'C', n: 200_000, d: 32, k: 64 },
  { name: 'D', n: 100_000, d: 128, k: 256 },
  { name: 'E', n: 50_000, d: 384, k: 100 },
];

/** Points, and the start that all contenders share. */
export class KMeansProblem extends Points implements Problem {
  readonly name: string;
  readonly title: string;
  readonly size: Problem['size'];

  constructor(size: Size, data: Float32Array<ArrayBuffer>, start?: Float32Array<ArrayBuffer>) {
    super(size, data, start);
    this.name = size.name;
    this.title = describe(size);
    this.size = { ...size };
  }

  /** As many overlapping groups as clusters. */
  static ofBlobs(size: Size): KMeansProblem {
    return new KMeansProblem({ ...size, seed: SEED }, blobs({ ...size, groups: size.k, seed: SEED }));
  }
}
