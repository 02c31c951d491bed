import type { RowValues } from '../../points.ts';
import type { Steps } from '../../steps.ts';
import { BLOCK, ROWS_OF_BLOCK } from '../kernels/kmeans/layout.ts';
import { SLICE_ROWS } from '../plan.ts';
import { FARTHEST, PotentialsOf } from '../potentials.ts';
import type { Shard } from '../shard.ts';
import type { PotentialsKernels } from './kernels.ts';

export class SimdPotentials extends PotentialsOf {
  readonly #kernels: PotentialsKernels;
  readonly #distancesAt: number;
  /** Where the centres in hand lie. */
  #centres = 0;

  constructor(shard: Shard, kernels: PotentialsKernels) {
    super(shard);
    this.#kernels = kernels;
    this.#distancesAt = shard.memory.allocate(4 * shard.n);
    this.distances.fill(FARTHEST);
  }

  protected override get distances(): Float32Array {
    const from = this.#distancesAt / 4;
    return this.shard.memory.f32.subarray(from, from + this.shard.n);
  }

  override *extend(centres: RowValues): Steps<Float64Array> {
    return yield* this.#with([4 * centres.length], ([at]) => {
      this.#centres = at;
      this.shard.memory.f32.set(centres, at / 4);
      return super.extend(centres);
    });
  }

  protected override lower(start: number, end: number, _centres: RowValues, from: number, to: number): number {
    const { rowsAt, weightsAt, d } = this.shard;
    const at = this.#centres + 4 * from * d;
    return this.#kernels.extend(rowsAt, weightsAt, d, start, end, at, to - from, this.#distancesAt);
  }

  override *trial(candidates: RowValues, direct: boolean): Steps<Float64Array> {
    const { d } = this.shard;
    const m = candidates.length / d;
    const padded = 2 * Math.ceil(m / 2);
    const bytes = [4 * padded * d, 4 * padded, ROWS_OF_BLOCK + 4 * BLOCK * d, 8 * padded];
    return yield* this.#with(bytes, ([at, norms, scratch, totals]) => {
      const { f32 } = this.shard.memory;
      if (direct) f32.set(candidates, at / 4);
      else
        expand(candidates, d, f32.subarray(at / 4, at / 4 + padded * d), f32.subarray(norms / 4, norms / 4 + padded));
      return this.#try(m, totals, (start, end) => {
        const { rowsAt, weightsAt } = this.shard;
        const distances = this.#distancesAt;
        if (direct) this.#kernels.trialDirect(rowsAt, weightsAt, d, start, end, at, m, distances, totals);
        else this.#kernels.trial(rowsAt, weightsAt, d, start, end, at, norms, padded, distances, scratch, totals);
      });
    });
  }

  /** What `add` puts at `totals` for each slice: [slices, m]. */
  *#try(m: number, totals: number, add: (start: number, end: number) => void): Steps<Float64Array> {
    const { n, memory } = this.shard;
    const sums = new Float64Array(Math.ceil(n / SLICE_ROWS) * m);
    for (let start = 0, to = 0; start < n; start += SLICE_ROWS, to += m) {
      memory.f64.fill(0, totals / 8, totals / 8 + m);
      add(start, Math.min(n, start + SLICE_ROWS));
      sums.set(memory.f64.subarray(totals / 8, totals / 8 + m), to);
      yield;
    }
    return sums;
  }

  override free(): void {
    this.shard.memory.free(this.#distancesAt);
  }

  /** Works with memory of so many bytes each, and frees it. */
  *#with<T>(bytes: readonly number[], work: (offsets: readonly number[]) => Steps<T>): Steps<T> {
    const { memory } = this.shard;
    const offsets = memory.allOrNothing(() => bytes.map((size) => memory.allocate(size)));
    try {
      return yield* work(offsets);
    } finally {
      for (const offset of offsets) memory.free(offset);
    }
  }
}

/** −2 × rows [m, d] as [m/2, d, 2], and their ‖c‖²; the last one again where it has no other beside it. */
function expand(rows: RowValues, d: number, to: Float32Array, norms: Float32Array): void {
  const m = rows.length / d;
  for (let c = 0; c < norms.length; c++) {
    const from = Math.min(c, m - 1) * d;
    const at = (c & ~1) * d + (c & 1);
    let norm = 0;
    for (let j = 0; j < d; j++) {
      norm += rows[from + j] ** 2;
      to[at + 2 * j] = -2 * rows[from + j];
    }
    norms[c] = norm;
  }
}
