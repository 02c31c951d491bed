import type { Steps } from '../../steps.ts';
import type { Node } from '../../tree.ts';
import { rowsOfTurn } from '../../turns.ts';
import type { Arrival } from '../arrivals.ts';
import { noExtremes, PlainArrivals } from '../plain/arrivals.ts';
import type { Shard, Survey } from '../shard.ts';
import type { ArrivalsKernels } from './kernels.ts';

/** Rows whose lengths are measured at once. */
const ROWS_OF_LENGTHS = 512;

/** Rows of few features are brought into a frame as fewer rows of more: by fours. */
const NARROW = 16;
const FOLD = 4;

/** How many rows take as long as one of TypeScript's. */
const SPEED = 4;

export class SimdArrivals extends PlainArrivals {
  readonly #kernels: ArrivalsKernels;
  /** Float64: a shift [d], or [4, d]; lengths of rows. */
  readonly #shift: number;
  /** Float32 [d] each. */
  readonly #low: number;
  readonly #high: number;
  /** Float64 [2, d]. */
  readonly #sums: number;

  constructor(shard: Shard, kernels: ArrivalsKernels, options: undefined) {
    super(shard, options);
    this.#kernels = kernels;
    const { memory, d } = shard;
    [this.#shift, this.#low, this.#high, this.#sums] = [8 * Math.max(4 * d, ROWS_OF_LENGTHS), 4 * d, 4 * d, 16 * d].map(
      (bytes) => memory.allocate(bytes),
    );
  }

  override *survey(pivot: Float64Array, scale: number): Steps<Arrival> {
    const { d, memory, rowsAt } = this.shard;
    const [low, high] = [this.#low / 4, this.#high / 4];
    memory.f64.set(pivot, this.#shift / 8);
    memory.f32.fill(Infinity, low, low + d);
    memory.f32.fill(-Infinity, high, high + d);
    const nodes = yield* this.#sumsOf((start, end) =>
      this.#kernels.survey(rowsAt, d, start, end, this.#shift, scale, this.#low, this.#high, this.#sums),
    );
    const ends = [low, high].map((at) => Float64Array.from(memory.f32.subarray(at, at + d)));
    return { low: ends[0], high: ends[1], nodes, wrong: this.wrongOf(ends[0], ends[1], nodes) };
  }

  override *normalise(): Steps<Arrival> {
    const { d, rowsAt } = this.shard;
    let wrong = -1;
    const nodes = yield* this.#sumsOf((start, end) => {
      if (wrong >= 0) return;
      const stop = this.#kernels.normalise(rowsAt, d, start, end, this.#sums, this.#shift);
      if (stop < end) wrong = stop;
    });
    return { ...noExtremes(d), nodes, wrong: this.wrongIn(wrong) };
  }

  override *bring(shift: Float64Array, scale: number): Steps<void> {
    const { n, d, memory, rowsAt } = this.shard;
    const fold = d < NARROW ? FOLD : 1;
    for (let i = 0; i < fold; i++) memory.f64.set(shift, this.#shift / 8 + i * d);
    const pause = rowsOfTurn(d / SPEED);
    for (let start = 0; start < n; start += pause) {
      const end = Math.min(n, start + pause);
      const last = Math.floor(end / fold);
      this.#kernels.bring(rowsAt, fold * d, start / fold, last, this.#shift, scale);
      this.#kernels.bring(rowsAt, d, last * fold, end, this.#shift, scale);
      yield;
    }
  }

  override lengths(): Steps<Survey> {
    const { d, memory, rowsAt } = this.shard;
    return this.shard.surveyBy((first, count, squares) => {
      for (let done = 0; done < count; done += ROWS_OF_LENGTHS) {
        const rows = Math.min(ROWS_OF_LENGTHS, count - done);
        this.#kernels.lengths(rowsAt, d, first + done, first + done + rows, this.#shift);
        squares.set(memory.f64.subarray(this.#shift / 8, this.#shift / 8 + rows), done);
      }
    });
  }

  override free(): void {
    for (const place of [this.#shift, this.#low, this.#high, this.#sums]) this.shard.memory.free(place);
  }

  #sumsOf(add: (start: number, end: number) => void): Steps<readonly Node[]> {
    const { d, memory } = this.shard;
    const at = this.#sums / 8;
    memory.f64.fill(0, at, at + 2 * d);
    const take = () => {
      const taken = memory.f64.slice(at, at + 2 * d);
      memory.f64.fill(0, at, at + 2 * d);
      return taken;
    };
    return this.shard.sumOver(add, take, rowsOfTurn(d / SPEED));
  }
}
