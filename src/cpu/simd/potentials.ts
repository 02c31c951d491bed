import type { Steps } from '../../steps.ts';
import { SLICE_ROWS } from '../partition.ts';
import { PotentialsOf } from '../potentials.ts';
import type { Shard } from '../shard.ts';

/** Rows of a block, and the bytes before it in the kernel's scratch. */
const BLOCK = 8;
const BEFORE_BLOCK = 256;

export class SimdPotentials extends PotentialsOf {
  readonly #distancesAt: number;
  /** Where the centres in hand lie. */
  #centres = 0;

  constructor(shard: Shard) {
    super(shard);
    this.#distancesAt = shard.memory.allocate(4 * shard.n);
    this.distances.fill(Infinity);
  }

  protected override get distances(): Float32Array {
    const from = this.#distancesAt / 4;
    return this.shard.memory.f32.subarray(from, from + this.shard.n);
  }

  override *fold(centres: Float32Array): Steps<void> {
    yield* this.#with([4 * centres.length], ([at]) => {
      this.#centres = at;
      this.shard.memory.f32.set(centres, at / 4);
      return super.fold(centres);
    });
  }

  protected override lower(start: number, end: number, centres: Float32Array): void {
    const { kernels, rowsAt, d } = this.shard;
    for (let at = 0; at < 4 * centres.length; at += 4 * d) {
      kernels!.fold(rowsAt, d, start, end, this.#centres + at, this.#distancesAt);
    }
  }

  override *trial(candidates: Float32Array): Steps<Float64Array> {
    const { d } = this.shard;
    const padded = 4 * Math.ceil(candidates.length / d / 4);
    const bytes = [4 * padded * d, BEFORE_BLOCK + 4 * BLOCK * d, 8 * padded];
    return yield* this.#with(bytes, ([to, scratch, totals]) => {
      interleave(candidates, d, this.shard.memory.f32.subarray(to / 4, to / 4 + padded * d));
      return this.#try(candidates.length / d, padded, to, scratch, totals);
    });
  }

  *#try(m: number, padded: number, candidates: number, scratch: number, at: number): Steps<Float64Array> {
    const { n, d, memory, kernels, rowsAt, weightsAt } = this.shard;
    const totals = new Float64Array(Math.ceil(n / SLICE_ROWS) * m);
    for (let start = 0, to = 0; start < n; start += SLICE_ROWS, to += m) {
      const end = Math.min(n, start + SLICE_ROWS);
      memory.f64.fill(0, at / 8, at / 8 + padded);
      kernels!.trial(rowsAt, weightsAt, d, start, end, candidates, padded, this.#distancesAt, scratch, at);
      totals.set(memory.f64.subarray(at / 8, at / 8 + m), to);
      yield;
    }
    return totals;
  }

  override free(): void {
    this.shard.memory.free(this.#distancesAt);
  }

  /** Works with memory of so many bytes each, and frees it. */
  *#with<T>(bytes: readonly number[], work: (offsets: readonly number[]) => Steps<T>): Steps<T> {
    const { memory } = this.shard;
    const offsets = bytes.map((size) => memory.allocate(size));
    try {
      return yield* work(offsets);
    } finally {
      for (const offset of offsets) memory.free(offset);
    }
  }
}

/** Rows [m, d] as [m/4, d, 4], the last one again for those that are missing. */
function interleave(rows: Float32Array, d: number, to: Float32Array): void {
  const m = rows.length / d;
  for (let c = 0; c < to.length / d; c++) {
    const from = Math.min(c, m - 1) * d;
    const at = (c & ~3) * d + (c & 3);
    for (let j = 0; j < d; j++) to[at + 4 * j] = rows[from + j];
  }
}
