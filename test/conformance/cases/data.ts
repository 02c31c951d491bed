/** Points for the cases: seeded, and the same in every runtime (no sine, no logarithm). */

export interface CasePoints {
  /** [n, d], row-major. */
  readonly data: Float32Array<ArrayBuffer> | Float64Array<ArrayBuffer>;
  readonly n: number;
  readonly d: number;
  readonly weights?: Float32Array<ArrayBuffer> | undefined;
}

/** Uniform numbers of [0, 1): mulberry32. */
export function uniforms(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Nearly normal numbers of variance 1: twelve uniform ones less their mean. */
export function normals(seed: number): () => number {
  const uniform = uniforms(seed);
  return () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += uniform();
    return sum;
  };
}

export interface Blobs {
  readonly n: number;
  readonly d: number;
  /** Number of groups; default 5. */
  readonly groups?: number;
  /** Their centres lie in [−spread, spread]; their standard deviation is 1. Default 10. */
  readonly spread?: number;
  readonly offset?: number;
  readonly seed?: number;
}

/** Whole multiples of 2^-16, few enough that a shift takes no bits from their float32 values. */
const GRID = 2 ** 16;

/** Normal groups of equal size, their rows in turn. */
export function blobs({ n, d, groups = 5, spread = 10, offset = 0, seed = 1 }: Blobs): CasePoints {
  const uniform = uniforms(seed);
  const normal = normals(seed + 1);
  const centres = Float64Array.from({ length: groups * d }, () => spread * (2 * uniform() - 1));
  const data = new Float32Array(n * d);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) {
      data[i * d + j] = offset + Math.round(GRID * (centres[(i % groups) * d + j] + normal())) / GRID;
    }
  }
  return { data, n, d };
}

/** The points with each value mapped; `j` is its feature. */
export function mapped(points: CasePoints, map: (value: number, j: number) => number): CasePoints {
  return { ...points, data: Float32Array.from(points.data, (value, at) => map(value, at % points.d)) };
}

/** All points of {0, …, side − 1}^d, the last feature fastest. */
export function lattice(side: number, d: number): CasePoints {
  const n = side ** d;
  const data = Float32Array.from({ length: n * d }, (_, at) => {
    const i = Math.floor(at / d);
    return Math.floor(i / side ** (d - 1 - (at % d))) % side;
  });
  return { data, n, d };
}

/** Whole numbers of [0, bound): sums of them are exact in float32 while they stay below 2^24. */
export function wholeNumbers(n: number, d: number, bound: number, seed: number): CasePoints {
  const uniform = uniforms(seed);
  return { data: Float32Array.from({ length: n * d }, () => Math.floor(bound * uniform())), n, d };
}

/** The rows at `indices`, one after the other. */
export function rowsAt({ data, d }: CasePoints, indices: ArrayLike<number>): Float64Array<ArrayBuffer> {
  const rows = new Float64Array(indices.length * d);
  for (let c = 0; c < indices.length; c++) rows.set(data.subarray(indices[c] * d, (indices[c] + 1) * d), c * d);
  return rows;
}

/** k rows at even strides: an explicit start. */
export function spacedRows(points: CasePoints, k: number): Float64Array<ArrayBuffer> {
  return rowsAt(
    points,
    Array.from({ length: k }, (_, c) => Math.floor((c * points.n) / k)),
  );
}

/** Every row as often as its (whole) weight says, without weights. */
export function repeated(points: CasePoints): CasePoints {
  const indices: number[] = [];
  for (let i = 0; i < points.n; i++) {
    for (let copy = 0; copy < (points.weights?.[i] ?? 1); copy++) indices.push(i);
  }
  return { data: Float32Array.from(rowsAt(points, indices)), n: indices.length, d: points.d };
}

/** A shuffled [0, n). */
export function permutation(n: number, seed: number): Uint32Array {
  const uniform = uniforms(seed);
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(uniform() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
