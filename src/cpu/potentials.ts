import type { RowValues } from '../points.ts';
import { hashUniform } from '../random.ts';
import type { Steps } from '../steps.ts';
import { rowsOfTurn } from '../turns.ts';
import { isShared } from './memory.ts';
import { type Extent, SLICE_ROWS } from './plan.ts';
import type { Shard } from './shard.ts';

/**
 * What k-means++ and k-means‖ keep of a shard: the squared distance of each row to the nearest of the centres so far. A
 * row's potential is weight × that, and before there is one its weight.
 */
export interface Potentials {
  /**
   * Extends the field by centres [m, d], which may be none; the potential of each slice.
   *
   * @param estimated which candidate of the last estimate the only centre is, if any
   */
  extend(centres: RowValues, estimated?: number): Steps<Float64Array>;
  /**
   * What the potential of each slice would be with each of the candidates [m, d] too: [slices, m].
   *
   * @param direct whether distances have to be summed term by term
   */
  trial(candidates: RowValues, direct: boolean): Steps<Float64Array>;
  /** Rows, each at a share of the potential of a slice. */
  draw(wanted: readonly Share[]): Steps<Drawn[]>;
  /** What rows are drawn from behind a centre, for whoever shares the memory; null where it has to be asked. */
  lend(): Steps<DrawnFrom | null>;
  /** See `DistanceField.sample`; indices in the dataset. */
  sample(factor: number, seed: number): Steps<Uint32Array>;
  free(): void;
}

/** Candidates as estimates take them: see kernels/seeding/. */
export interface RoughCandidates {
  /** Their number, rounded up to an even one; the same in each estimate. */
  readonly m: number;
  /** [m/2, ⌈d/2⌉, 2, 2] */
  readonly integers: Int16Array;
  readonly terms: Float32Array;
  /** What integers lose of a squared distance, relative to ‖x‖² + ‖c‖². */
  readonly error: number;
  /** The largest ‖c‖². */
  readonly largest: number;
}

/** The same, with estimates that spare most trials. */
export interface EstimatedPotentials extends Potentials {
  /**
   * How far each of the candidates would lower the potential, at most, and by how much less it may be, as a trial has it too:
   * [m, 2]. Empty where only trials tell.
   */
  estimate(candidates: RoughCandidates): Steps<Float64Array>;
}

export type Share = readonly [slice: number, share: number];

export interface Drawn {
  /** Its index in the dataset. */
  readonly index: number;
  /** [d] */
  readonly row: RowValues;
}

/** Rows of a shard, and what they are drawn by. */
export interface DrawnFrom {
  readonly extent: Extent;
  /** [n, d] */
  readonly rows: RowValues;
  /** [n]; null before there is a centre. */
  readonly distances: RowValues | null;
  /** [n]; null without. */
  readonly weights: Float32Array | null;
}

/** Rows, each at a share of the potential of a slice. */
export function drawFrom({ extent, rows, distances, weights }: DrawnFrom, wanted: readonly Share[]): Drawn[] {
  const n = extent.end - extent.start;
  const d = rows.length / n;
  return wanted.map(([slice, share]) => {
    const end = Math.min(n, (slice + 1) * SLICE_ROWS);
    const i = passes(slice * SLICE_ROWS, end, share, distances, weights);
    return { index: extent.start + i, row: rows.slice(i * d, (i + 1) * d) };
  });
}

/**
 * The largest squared distances, of float32 rows and of float64 ones: a total of as many as there may be rows, times
 * their weights, is finite. Rows farther than that are as likely as each other.
 */
export const FARTHEST = 2 ** 128 - 2 ** 104;
export const FARTHEST_PRECISE = 2 ** 860;

/** What both kinds of kernels share: distances are read in TypeScript, and written by the kernels. */
export abstract class PotentialsOf implements Potentials {
  protected readonly shard: Shard;
  #extended = false;

  constructor(shard: Shard) {
    this.shard = shard;
  }

  /** Squared distances [n]; a view, see ShardMemory. */
  protected abstract get distances(): RowValues;

  /** Lowers the distances of a slice to those from the centres [from, to) of [m, d]; returns the slice's potential. */
  protected abstract lower(start: number, end: number, centres: RowValues, from: number, to: number): number;

  abstract trial(candidates: RowValues, direct: boolean): Steps<Float64Array>;

  abstract free(): void;

  *extend(centres: RowValues): Steps<Float64Array> {
    const { n, d } = this.shard;
    const m = centres.length / d;
    const pause = rowsOfTurn(SLICE_ROWS * d);
    const potentials = new Float64Array(Math.ceil(n / SLICE_ROWS));
    if (m > 0) this.#extended = true;
    for (let slice = 0; slice < potentials.length; slice++) {
      const start = slice * SLICE_ROWS;
      const end = Math.min(n, start + SLICE_ROWS);
      if (!this.#extended) potentials[slice] = this.#weightOf(start, end);
      for (let from = 0; from < m; from += pause) {
        potentials[slice] = this.lower(start, end, centres, from, Math.min(m, from + pause));
        if (from + pause < m) yield;
      }
      if (end < n) yield;
    }
    return potentials;
  }

  #weightOf(start: number, end: number): number {
    const { weights } = this.shard;
    return weights === null ? end - start : weights.subarray(start, end).reduce((sum, weight) => sum + weight, 0);
  }

  // biome-ignore lint/correctness/useYield: a verb like the others
  *draw(wanted: readonly Share[]): Steps<Drawn[]> {
    const { extent, rows } = this.shard;
    return drawFrom({ extent, rows, ...this.#potentials }, wanted);
  }

  *lend(): Steps<DrawnFrom | null> {
    const { extent, rows, weights } = this.shard;
    const lent = { extent, rows, distances: this.distances, weights };
    return [rows, this.distances].every(({ buffer }) => isShared(buffer)) ? lent : null;
  }

  *sample(factor: number, seed: number): Steps<Uint32Array> {
    const { n, extent } = this.shard;
    const sampled: number[] = [];
    for (let start = 0; start < n; start += SLICE_ROWS) {
      const { distances, weights } = this.#potentials;
      for (let i = start; i < Math.min(n, start + SLICE_ROWS); i++) {
        const index = extent.start + i;
        if (hashUniform(seed, index) < factor * potentialOf(i, distances, weights)) sampled.push(index);
      }
      yield;
    }
    return Uint32Array.from(sampled);
  }

  get #potentials(): { readonly distances: RowValues | null; readonly weights: Float32Array | null } {
    return { distances: this.#extended ? this.distances : null, weights: this.shard.weights };
  }
}

/** Of one row; null stands for ones. */
function potentialOf(i: number, distances: RowValues | null, weights: Float32Array | null): number {
  const distance = distances === null ? 1 : distances[i];
  return weights === null ? distance : weights[i] * distance;
}

/**
 * The first index of [start, end) at which the running sum passes a share of the whole; where rounding hides it, the
 * last positive one.
 */
export function passes(
  start: number,
  end: number,
  share: number,
  distances: RowValues | null,
  weights: Float32Array | null,
): number {
  let total = 0;
  for (let i = start; i < end; i++) total += potentialOf(i, distances, weights);
  const target = share * total;
  let sum = 0;
  let last = start;
  for (let i = start; i < end; i++) {
    const term = potentialOf(i, distances, weights);
    if (term <= 0) continue;
    sum += term;
    last = i;
    if (sum > target) break;
  }
  return last;
}
