import type { Gaussians } from '../engine/gaussians.ts';
import type { MixtureStatistics } from '../engine/statistics.ts';
import type { Steps } from '../steps.ts';
import type { Node } from '../tree.ts';
import { rowsOfTurn } from '../turns.ts';

/** The E-step of a mixture on a shard, with its moments. */
export interface Moments {
  /** See `MixtureWorkspace.accumulate`; the nodes' values are laid out by `layoutOf`. */
  accumulate(gaussians: Gaussians, temperature: number): Steps<readonly Node[]>;
  /** The component of the largest π·p of each row in the last call of `accumulate`: [n]. */
  labels(): Steps<Uint32Array>;
  /** T·log Σ (π·p)^(1/T) of each row in the last call of `accumulate`: [n]. */
  values(): Steps<Float64Array>;
  /** See `EngineDataset.logDensities`; rows [start, end) of the shard, less the largest of each. */
  logDensities(gaussians: Gaussians, start: number, end: number): Steps<Float32Array>;
  free(): void;
}

/** Where what a shard sums lies in one array: counts [k], sums [k, d], squares, log-likelihood [1], pairs. */
export interface MomentsLayout {
  readonly sums: number;
  /** See `MixtureStatistics`; of matrices the upper triangles, [d·(d + 1)/2] each. */
  readonly squares: number;
  readonly logLikelihood: number;
  /**
   * Where U is shared and squares are pooled: Σ w·r_c·r_e of each pair of components c < e, [k·(k − 1)/2]. Times the
   * product of (m_c − m_e)·U with itself they are missing in the squares.
   */
  readonly pairs: number;
  readonly length: number;
}

export function layoutOf(gaussians: Gaussians): MomentsLayout {
  const { k, d, shape } = gaussians;
  const squares = k + k * d;
  const triangle = (d * (d + 1)) / 2;
  const logLikelihood = squares + { own: k * triangle, shared: triangle, axes: k * d }[shape];
  const pairs = logLikelihood + 1;
  return { sums: k, squares, logLikelihood, pairs, length: pairs + (isPooled(gaussians) ? (k * (k - 1)) / 2 : 0) };
}

/** Whether the pairs of components are fewer than what they spare: the products of the features. */
export function isPooled({ k, d, shape }: Gaussians): boolean {
  return shape === 'shared' && k <= 3 * d + 6;
}

/** What the sums of all shards say. */
export function* statisticsOf(gaussians: Gaussians, moments: Float64Array): Steps<MixtureStatistics> {
  const { d, shape } = gaussians;
  const at = layoutOf(gaussians);
  const squares = moments.slice(at.squares, at.logLikelihood);
  if (isPooled(gaussians)) yield* addPairs(moments.subarray(at.pairs), gaussians, squares);
  return {
    used: gaussians,
    counts: moments.slice(0, at.sums),
    sums: moments.slice(at.sums, at.squares),
    squares: shape === 'axes' ? squares : yield* mirrored(squares, d),
    logLikelihood: moments[at.logLikelihood],
  };
}

/** Adds what the pairs of components are short of to the upper triangle. */
function* addPairs(pairs: Float64Array, gaussians: Gaussians, squares: Float64Array): Steps<void> {
  const { k, d } = gaussians;
  const shifts = shiftsOf(gaussians);
  for (let c = 0, pair = 0; c < k; c++) {
    for (let e = c + 1; e < k; e++) {
      const weight = pairs[pair++];
      if (weight === 0) continue;
      const apart = Float64Array.from({ length: d }, (_, j) => shifts[c * d + j] - shifts[e * d + j]);
      for (let i = 0, at = 0; i < d; i++) for (let j = i; j < d; j++) squares[at++] += weight * apart[i] * apart[j];
      yield;
    }
  }
}

/** Rows and columns of a tile that the cache holds. */
const TILE = 64;

/** Matrices [d, d] from their upper triangles. */
function* mirrored(triangles: Float64Array, d: number): Steps<Float64Array> {
  const matrices = new Float64Array((triangles.length / (d + 1)) * 2 * d);
  for (let from = 0, at = 0; from < matrices.length; from += d * d) {
    for (let i = 0; i < d; at += d - i, i++) {
      matrices.set(triangles.subarray(at, at + d - i), from + i * (d + 1));
      if (i % (4 * TILE) === 4 * TILE - 1) yield;
    }
    for (let rows = 0; rows < d; rows += TILE) {
      for (let columns = rows; columns < d; columns += TILE) {
        for (let j = columns; j < Math.min(d, columns + TILE); j++) {
          const end = Math.min(j, rows + TILE);
          for (let i = rows; i < end; i++) matrices[from + j * d + i] = matrices[from + i * d + j];
        }
      }
      if (d > TILE) yield;
    }
  }
  return matrices;
}

/** Where components share U: (m − m₀)·U of each, [k, d]. */
export function shiftsOf({ k, d, means, factors }: Gaussians): Float64Array {
  const shifts = new Float64Array(k * d);
  for (let c = 0; c < k; c++) {
    for (let i = 0; i < d; i++) {
      const shift = means[c * d + i] - means[i];
      for (let j = i; j < d; j++) shifts[c * d + j] += shift * factors[i * d + j];
    }
  }
  return shifts;
}

/** Rows between two looks at the clock. */
export function rowsOfMoments({ k, d, shape }: Gaussians): number {
  return rowsOfTurn(k * d * (shape === 'axes' ? 1 : d));
}
