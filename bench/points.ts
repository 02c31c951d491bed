import { blobs } from './blobs.ts';

/** The size of a case. */
export interface Size {
  readonly name: string;
  readonly n: number;
  readonly d: number;
  readonly k: number;
}

export const SEED = 1;

/** A case's points, in the two forms that libraries take. */
export class Points {
  readonly n: number;
  readonly d: number;
  readonly k: number;
  /** [n, d], row-major. */
  readonly data: Float32Array<ArrayBuffer>;
  #rows: number[][] | null = null;

  constructor({ n, d, k }: Size) {
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

  /** Centroids or means to start from, [k, d]: the first points, which are as random as any. */
  get firstRows(): Float32Array<ArrayBuffer> {
    return this.data.slice(0, this.k * this.d);
  }
}

export function describe({ name, n, d, k }: Size): string {
  return `${name}: ${n.toLocaleString('en')} points × ${d} features, k ${k}`;
}
