import { blobs } from '../blobs.ts';

export interface Case {
  readonly name: string;
  readonly n: number;
  readonly d: number;
  readonly k: number;
}

/** From pixels and flights (memory-bound) to embeddings (a matrix product). */
export const CASES: readonly Case[] = [
  { name: 'A', n: 100_000, d: 2, k: 10 },
  { name: 'B', n: 1_000_000, d: 3, k: 32 },
  { name: 'C', n: 200_000, d: 32, k: 64 },
  { name: 'D', n: 100_000, d: 128, k: 256 },
  { name: 'E', n: 50_000, d: 384, k: 100 },
];

export const SEED = 1;

/** A case's points, in the two forms that k-means libraries take, and the start that all of them share. */
export class Problem {
  readonly n: number;
  readonly d: number;
  readonly k: number;
  /** [n, d], row-major. */
  readonly data: Float32Array<ArrayBuffer>;
  #rows: number[][] | null = null;

  constructor({ n, d, k }: Case) {
    this.n = n;
    this.d = d;
    this.k = k;
    this.data = blobs({ n, d, groups: k, seed: SEED });
  }

  /** The points as n plain arrays. */
  get rows(): number[][] {
    this.#rows ??= Array.from({ length: this.n }, (_, i) =>
      Array.from(this.data.subarray(i * this.d, (i + 1) * this.d)),
    );
    return this.#rows;
  }

  /** Centroids to start from, [k, d]: the first points, which are as random as any. */
  get start(): Float32Array<ArrayBuffer> {
    return this.data.slice(0, this.k * this.d);
  }
}
