/** The size of a case. */
export interface Size {
  readonly name: string;
  readonly n: number;
  readonly d: number;
  readonly k: number;
  /** Where the points are random. */
  readonly seed?: number;
}

export const SEED = 1;

/** A case's points, in the two forms that libraries take. */
export class Points {
  readonly n: number;
  readonly d: number;
  readonly k: number;
  /** [n, d], row-major. */
  readonly data: Float32Array<ArrayBuffer>;
  /** Centroids or means to start from, [k, d]. */
  readonly start: Float32Array<ArrayBuffer>;
  #rows: number[][] | null = null;

  /** @param start by default the first points, which are as random as any where the order is */
  constructor({ n, d, k }: Size, data: Float32Array<ArrayBuffer>, start = data.slice(0, k * d)) {
    this.n = n;
    this.d = d;
    this.k = k;
    this.data = data;
    this.start = start;
  }

  /** The points as n plain arrays. */
  get rows(): number[][] {
    this.#rows ??= rowsOf(this.data, this.d);
    return this.#rows;
  }
}

/** A matrix of `columns` columns as plain arrays. */
export function rowsOf(values: Float32Array | Float64Array, columns: number): number[][] {
  return Array.from({ length: values.length / columns }, (_, i) =>
    Array.from(values.subarray(i * columns, (i + 1) * columns)),
  );
}

export function describe({ name, n, d, k }: Size): string {
  return `${name}: ${n.toLocaleString('en')} points × ${d} features, k ${k}`;
}
