import { MOST_AT_ONCE } from '../../engine/exact-total.ts';
import type { Steps } from '../../steps.ts';
import type { Node } from '../../tree.ts';
import { rowsOfTurn } from '../../turns.ts';
import type { Arrival, Entered } from '../arrivals.ts';
import { noExtremes, PlainArrivals } from '../plain/arrivals.ts';
import type { Shard, Survey } from '../shard.ts';
import type { ArrivalsKernels } from './kernels.ts';

/** Rows of few features are brought into a frame as fewer rows of more: by fours. */
const NARROW = 16;
const FOLD = 4;

/** Values that are brought into a frame and measured while they are in the nearest cache. */
const VALUES_AT_HAND = 2 ** 12;

/** How many rows take as long as one of TypeScript's. */
const SPEED = 4;

export class SimdArrivals extends PlainArrivals {
  readonly #kernels: ArrivalsKernels;
  /** Float64: a shift [d], or [4, d]. */
  readonly #shift: number;
  /** Float64: squared lengths of rows [MOST_AT_ONCE]. */
  readonly #squares: number;
  /** Float32 [d] each. */
  readonly #low: number;
  readonly #high: number;
  /** Float64 [2, d]. */
  readonly #sums: number;

  constructor(shard: Shard, kernels: ArrivalsKernels, options: undefined) {
    super(shard, options);
    this.#kernels = kernels;
    const { memory, d } = shard;
    [this.#shift, this.#squares, this.#low, this.#high, this.#sums] = [
      ...[8 * FOLD * d, 8 * MOST_AT_ONCE, 4 * d, 4 * d, 16 * d],
    ].map((bytes) => memory.allocate(bytes));
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
      const stop = this.#kernels.normalise(rowsAt, d, start, end, this.#sums, this.#squares);
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

  override lengths(withBits: boolean): Steps<Survey> {
    return this.shard.surveyBy(withBits, (first, count, squares) => this.#measure(first, count, squares, 0));
  }

  override *enter(shift: Float64Array, scale: number): Steps<Entered> {
    const { d, memory, rowsAt } = this.shard;
    const sums = this.#sums / 8;
    memory.f64.fill(0, sums, sums + d);
    memory.f64.set(shift, this.#shift / 8);
    // Fours, which the kernel takes at once.
    const most = Math.max(4, Math.floor(VALUES_AT_HAND / d) & ~3);
    const survey = yield* this.shard.surveyBy(false, (first, count, squares) => {
      for (let done = 0; done < count; done += most) {
        const rows = Math.min(most, count - done);
        this.#kernels.enter(rowsAt, d, first + done, first + done + rows, this.#shift, scale, this.#sums);
        this.#measure(first + done, rows, squares, done);
      }
    });
    return { sums: memory.f64.slice(sums, sums + d), survey };
  }

  override free(): void {
    for (const place of [this.#shift, this.#squares, this.#low, this.#high, this.#sums]) this.shard.memory.free(place);
  }

  /** Squared lengths of rows, at most {@link MOST_AT_ONCE}. */
  #measure(first: number, rows: number, squares: Float64Array, to: number): void {
    const { d, memory, rowsAt } = this.shard;
    this.#kernels.lengths(rowsAt, d, first, first + rows, this.#squares);
    squares.set(memory.f64.subarray(this.#squares / 8, this.#squares / 8 + rows), to);
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
