import type { Steps } from '../../steps.ts';
import { rowsOfTurn } from '../../turns.ts';
import { BLOCK, EXACT_ROUNDING, NOBODY } from '../kernels/kmeans/layout.ts';
import { BLOCK_OF_ROWS, SQUARES } from '../kernels/nearest/layout.ts';
import type { NearestOptions } from '../nearest.ts';
import { PlainNearest } from '../plain/nearest.ts';
import type { Shard } from '../shard.ts';
import { LONGEST_SCANNED, roundingOfScores, UP } from './clusters.ts';
import type { NearestKernels } from './kernels.ts';

/** Scores of all centroids in float32 leave those that rounding leaves open, whose squared distances are compared. */
export class SimdNearest extends PlainNearest {
  readonly #kernels: NearestKernels;
  /** Where −2c by fours [k/4, d, 4], ‖c‖², the centroids, the scratch of a block, and its scores lie. */
  readonly #places: readonly number[];
  /** The best by their scores [count]. */
  readonly #indices: Uint32Array;
  readonly #scores: Float64Array;

  constructor(shard: Shard, kernels: NearestKernels, options: NearestOptions) {
    super(shard, options);
    const { k, count } = options;
    const { d, memory } = shard;
    const padded = 4 * Math.ceil(k / 4);
    const sizes = [4 * padded * d, 4 * padded, 8 * k * d, BLOCK_OF_ROWS + 4 * BLOCK * d, 4 * BLOCK * padded];
    this.#kernels = kernels;
    this.#places = sizes.map((bytes) => memory.allocate(bytes));
    this.#indices = new Uint32Array(count);
    this.#scores = new Float64Array(count);
  }

  override free(): void {
    for (const offset of this.#places) this.shard.memory.free(offset);
  }

  protected override *open(centroids: Float64Array): Steps<(row: number) => void> {
    const { k, shard } = this;
    const lengths = yield* this.#place(centroids);
    const reach = lengths.reduce((most, length) => Math.max(most, length));
    const offer = yield* super.open(centroids);
    // Products with rows might overflow.
    if (!(reach <= LONGEST_SCANNED)) return offer;
    const { n, d, rowsAt } = shard;
    const [packed, norms, exact, scratch, scores] = this.#places;
    return (row) => {
      const p = row % BLOCK;
      if (p === 0) this.#kernels.scores(rowsAt, d, row, n, packed, norms, 4 * Math.ceil(k / 4), scratch, scores);
      const { f32 } = shard.memory;
      const worst = this.#worstOf(p, lengths, reach);
      for (let c = 0, at = scores / 4 + p; c < k; c++, at += BLOCK) {
        // Not "greater": what overflows is no number.
        if (f32[at] > worst) continue;
        this.least.offer(this.#kernels.squaredDistance(rowsAt + 4 * row * d, d, exact + 8 * c * d), c);
      }
    };
  }

  /**
   * Of the p-th row of a block the score that none of its nearest has more than: by twice its rounding from the last of the
   * best. What is nearer than that one is of a length m ≤ 2‖x‖ + ‖c‖, as for labels.
   */
  #worstOf(p: number, lengths: Float64Array, reach: number): number {
    const { k, count, least, shard } = this;
    const { f32 } = shard.memory;
    const [, , , scratch, scores] = this.#places;
    const rounding = roundingOfScores(shard.d);
    const length = Math.sqrt(f32[(scratch + SQUARES) / 4 + p]) * (1 + rounding) * UP;
    if (!(length <= LONGEST_SCANNED)) return NaN;
    for (let c = 0, at = scores / 4 + p; c < k; c++, at += BLOCK) if (f32[at] < least.limit) least.offer(f32[at], c);
    least.take(this.#indices, this.#scores, 0);
    const longest = this.#indices.reduce((most, c) => Math.max(most, lengths[c]), 0) * UP;
    const m = Math.min(reach, 2 * length + longest);
    const ofDistances = 2 * (shard.d + 4) * EXACT_ROUNDING * length ** 2;
    return this.#scores[count - 1] + 2.02 * rounding * m * (m + 2 * length) + ofDistances + 2e-36;
  }

  /** Centroids in all the forms that the kernel wants; their lengths [k]. */
  *#place(centroids: Float64Array): Steps<Float64Array> {
    const { k } = this;
    const { d, memory } = this.shard;
    const [packed, norms, exact] = this.#places;
    const lengths = new Float64Array(k);
    const pause = rowsOfTurn(4 * d);
    memory.f64.set(centroids, exact / 8);
    memory.f32.fill(NOBODY, norms / 4, norms / 4 + 4 * Math.ceil(k / 4));
    for (let c = 0; c < k; c++) {
      if (c % pause === pause - 1) yield;
      const { f32 } = memory;
      let norm = 0;
      for (let j = 0, to = packed / 4 + (c & ~3) * d + (c & 3); j < d; j++, to += 4) {
        const value = centroids[c * d + j];
        norm += value * value;
        f32[to] = -2 * value;
      }
      f32[norms / 4 + c] = norm;
      lengths[c] = Math.sqrt(norm);
    }
    return lengths;
  }
}
