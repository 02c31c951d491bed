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
    const { memory } = this.shard;
    const at = memory.allocate(4 * centres.length);
    try {
      this.#centres = at;
      memory.f32.set(centres, at / 4);
      return yield* super.extend(centres);
    } finally {
      memory.free(at);
    }
  }

  protected override lower(start: number, end: number, _centres: RowValues, from: number, to: number): number {
    const { rowsAt, weightsAt, d } = this.shard;
    const at = this.#centres + 4 * from * d;
    return this.#kernels.extend(rowsAt, weightsAt, d, start, end, at, to - from, this.#distancesAt);
  }

  override *trial(candidates: RowValues, direct: boolean): Steps<Float64Array> {
    const { n, d, memory, rowsAt, weightsAt } = this.shard;
    const m = candidates.length / d;
    const padded = 2 * Math.ceil(m / 2);
    const bytesOfScratch = ROWS_OF_BLOCK + 4 * BLOCK * d;
    const scratch = memory.allocate(bytesOfScratch + 4 * padded * (d + 3));
    const at = scratch + bytesOfScratch;
    const norms = at + 4 * padded * d;
    const totals = norms + 4 * padded;
    const distances = this.#distancesAt;
    const sums = new Float64Array(Math.ceil(n / SLICE_ROWS) * m);
    try {
      if (direct) memory.f32.set(candidates, at / 4);
      else expand(candidates, d, padded, memory.f32, at / 4, norms / 4);
      for (let start = 0, to = 0; start < n; start += SLICE_ROWS, to += m) {
        const end = Math.min(n, start + SLICE_ROWS);
        memory.f64.fill(0, totals / 8, totals / 8 + m);
        if (direct) this.#kernels.trialDirect(rowsAt, weightsAt, d, start, end, at, m, distances, totals);
        else this.#kernels.trial(rowsAt, weightsAt, d, start, end, at, norms, padded, distances, scratch, totals);
        for (let c = 0; c < m; c++) sums[to + c] = memory.f64[totals / 8 + c];
        if (end < n) yield;
      }
      return sums;
    } finally {
      memory.free(scratch);
    }
  }

  override free(): void {
    this.shard.memory.free(this.#distancesAt);
  }
}

/** −2 × rows [m, d] as [padded/2, d, 2] at `to`, and their ‖c‖² at `norms`; the last one again where it has no other beside it. */
function expand(rows: RowValues, d: number, padded: number, f32: Float32Array, to: number, norms: number): void {
  const m = rows.length / d;
  for (let c = 0; c < padded; c++) {
    const from = Math.min(c, m - 1) * d;
    const at = to + (c & ~1) * d + (c & 1);
    let norm = 0;
    for (let j = 0; j < d; j++) {
      norm += rows[from + j] ** 2;
      f32[at + 2 * j] = -2 * rows[from + j];
    }
    f32[norms + c] = norm;
  }
}
