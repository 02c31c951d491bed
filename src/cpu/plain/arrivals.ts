import { rowLength } from '../../points.ts';
import type { Steps } from '../../steps.ts';
import type { Node } from '../../tree.ts';
import { rowsOfTurn } from '../../turns.ts';
import type { Arrival, Arrivals, Entered } from '../arrivals.ts';
import type { Shard, Survey } from '../shard.ts';

export class PlainArrivals implements Arrivals {
  protected readonly shard: Shard;

  constructor(shard: Shard, _options: undefined) {
    this.shard = shard;
  }

  *survey(pivot: Float64Array, scale: number): Steps<Arrival> {
    const { d } = this.shard;
    const low = new Float64Array(d).fill(Infinity);
    const high = new Float64Array(d).fill(-Infinity);
    const nodes = yield* this.#sums((rows, from, sums) => {
      for (let j = 0; j < d; j++) {
        const value = rows[from + j];
        if (value < low[j]) low[j] = value;
        if (value > high[j]) high[j] = value;
        const deviation = (value - pivot[j]) * scale;
        sums[j] += deviation;
        sums[d + j] += deviation * deviation;
      }
    });
    return { low, high, nodes, wrong: this.wrongOf(low, high, nodes) };
  }

  *normalise(): Steps<Arrival> {
    const { d } = this.shard;
    let wrong = -1;
    const nodes = yield* this.#sums((rows, from, sums) => {
      const length = rowLength(rows, from, d);
      if (!(length > 0 && length < Infinity)) {
        if (wrong < 0) wrong = from / d;
        return;
      }
      for (let j = 0; j < d; j++) {
        const value = rows[from + j] / length;
        rows[from + j] = value;
        sums[j] += value;
        sums[d + j] += value * value;
      }
    });
    return { ...noExtremes(d), nodes, wrong: this.wrongIn(wrong) };
  }

  *bring(shift: Float64Array, scale: number): Steps<void> {
    const { n, d } = this.shard;
    const pause = rowsOfTurn(d);
    for (let start = 0; start < n; start += pause) {
      const { rows } = this.shard;
      for (let at = start * d, end = Math.min(n, start + pause) * d; at < end; ) {
        for (let j = 0; j < d; j++, at++) rows[at] = (rows[at] - shift[j]) * scale;
      }
      yield;
    }
  }

  lengths(withBits: boolean): Steps<Survey> {
    return this.shard.survey(withBits);
  }

  *enter(shift: Float64Array, scale: number): Steps<Entered> {
    const { n, d } = this.shard;
    const sums = new Float64Array(d);
    const pause = rowsOfTurn(d);
    for (let start = 0; start < n; start += pause) {
      const { rows } = this.shard;
      for (let at = start * d, end = Math.min(n, start + pause) * d; at < end; ) {
        for (let j = 0; j < d; j++, at++) {
          const value = (rows[at] - shift[j]) * scale;
          rows[at] = value;
          sums[j] += value;
        }
      }
      yield;
    }
    return { sums, survey: yield* this.lengths(false) };
  }

  free(): void {}

  /** What cannot be one of points: NaN is in no range, but in the sums. */
  protected wrongOf(low: Float64Array, high: Float64Array, nodes: readonly Node[]): Arrival['wrong'] {
    const isFine =
      low.every((value) => value > -Infinity) &&
      high.every((value) => value < Infinity) &&
      nodes.every(({ value }) => !value.some(Number.isNaN));
    return isFine ? null : this.#firstWrong(0);
  }

  /** What is wrong with a row, if it is one. */
  protected wrongIn(row: number): Arrival['wrong'] {
    return row < 0 ? null : (this.#firstWrong(row, row + 1) ?? { i: row, j: 0, isZero: true });
  }

  #firstWrong(start: number, end = this.shard.n): Arrival['wrong'] {
    const { d, rows } = this.shard;
    for (let at = start * d; at < end * d; at++) {
      if (!Number.isFinite(rows[at])) return { i: Math.floor(at / d), j: at % d, isZero: false };
    }
    return null;
  }

  #sums(add: (rows: Shard['rows'], from: number, sums: Float64Array) => void): Steps<readonly Node[]> {
    const { d } = this.shard;
    let sums = new Float64Array(2 * d);
    const take = () => {
      const taken = sums;
      sums = new Float64Array(2 * d);
      return taken;
    };
    return this.shard.sumOver(
      (start, end) => {
        const { rows } = this.shard;
        for (let i = start; i < end; i++) add(rows, i * d, sums);
      },
      take,
      rowsOfTurn(d),
    );
  }
}

/** Of rows at unit length. */
export function noExtremes(d: number): Pick<Arrival, 'low' | 'high'> {
  return { low: new Float64Array(d), high: new Float64Array(d) };
}
