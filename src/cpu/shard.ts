import { topBitOf } from '../engine/bits.ts';
import { ExactTotal, MOST_AT_ONCE } from '../engine/exact-total.ts';
import { type BitSample, bitSampleOf } from '../engine/fixed.ts';
import type { RowValues } from '../points.ts';
import { hashUniform } from '../random.ts';
import type { Steps } from '../steps.ts';
import { type Node, Tree } from '../tree.ts';
import type { Memory, ShardMemory } from './memory.ts';
import { type Extent, SLICE_ROWS } from './plan.ts';

export interface ShardShape {
  readonly extent: Extent;
  readonly d: number;
  readonly weighted: boolean;
  /** Whether the rows are float64: then TypeScript computes. */
  readonly precise: boolean;
}

/** What a pass over the rows has to tell before anything is summed. */
export interface Survey {
  /** The largest ‖x‖, and that of the rows of positive weight. */
  readonly longest: number;
  readonly longestWeighted: number;
  /** How many rows have which exponent of ‖x‖², behind {@link LENGTHS} / 2: [LENGTHS]. */
  readonly lengths: Uint32Array;
  /** Of no rows where nobody asked. */
  readonly bits: BitSample;
  /** The digits of Σ w·‖x‖². */
  readonly squares: Float64Array;
}

/** Rows as bytes, for whoever assigns them next: see kernels/kmeans/bytes.ts. */
export interface Quantised {
  readonly bytesAt: number;
  readonly termsAt: number;
  /** How many rows are there already. */
  ready: number;
}

/** Exponents that ‖x‖² may have. */
export const LENGTHS = 2048;
/** The terms of a sum of squares, as long as nobody else is let in. */
const terms = new Float64Array(MOST_AT_ONCE);

/** Of a shard, the values and the rows whose bits are looked at, at most; but so many rows at least. */
const SAMPLED_VALUES = 2 ** 15;
const SAMPLED_ROWS = 2 ** 12;
const LEAST_SAMPLED_ROWS = 64;
/** Where rows are so wide that even these were too many values. */
const MOST_SAMPLED_VALUES = 2 ** 24;

/** Bytes of a value. */
export function bytesOfValue(precise: boolean): number {
  return precise ? 8 : 4;
}

/** Bytes that the rows of a shard and their weights take. */
export function bytesOf({ extent, d, weighted, precise }: ShardShape): number {
  return (extent.end - extent.start) * (bytesOfValue(precise) * d + (weighted ? 4 : 0));
}

/** Rows of a dataset in one memory, and what is asked of them alone; indices count from the shard's first row. */
export class Shard {
  /** Number of rows. */
  readonly n: number;
  readonly d: number;
  readonly extent: Extent;
  readonly memory: ShardMemory;
  /** Whether the rows are float64: then TypeScript computes. */
  readonly precise: boolean;
  /** Byte offset of the rows [n, d]. */
  readonly rowsAt: number;
  /** Byte offset of the weights, float32 [n]; 0 without. */
  readonly weightsAt: number;
  /** Null until they are needed. */
  quantised: Quantised | null = null;

  readonly #isShared: boolean;

  /**
   * @param memory in which nothing is allocated yet
   * @param isShared whether the engine may write to the memory itself
   */
  constructor({ extent, d, weighted, precise }: ShardShape, memory: ShardMemory, isShared = false) {
    this.extent = extent;
    this.n = extent.end - extent.start;
    this.d = d;
    this.precise = precise;
    this.memory = memory;
    this.#isShared = isShared;
    this.rowsAt = this.memory.allocate(bytesOfValue(precise) * this.n * d);
    this.weightsAt = weighted ? this.memory.allocate(4 * this.n) : 0;
  }

  /** [n, d]; a view, see ShardMemory. */
  get rows(): RowValues {
    const { f32, f64 } = this.memory;
    const from = this.rowsAt / bytesOfValue(this.precise);
    return (this.precise ? f64 : f32).subarray(from, from + this.n * this.d);
  }

  /** [n], null without; a view too. */
  get weights(): Float32Array | null {
    return this.weightsAt === 0 ? null : this.memory.f32.subarray(this.weightsAt / 4, this.weightsAt / 4 + this.n);
  }

  /**
   * Statistics of the chunks, in the tree that all shards share.
   *
   * @param add takes the rows [start, end) of a chunk, in sequence; at most `rows` at a time, a divisor of a slice
   * @param take returns what was added since it was called last
   */
  *sumOver(
    add: (start: number, end: number) => void,
    take: () => Float64Array,
    rows: number = SLICE_ROWS,
  ): Steps<readonly Node[]> {
    const { start: first, chunkRows } = this.extent;
    const tree = new Tree();
    for (let start = 0; start < this.n; start += chunkRows) {
      const end = Math.min(this.n, start + chunkRows);
      for (let at = start; at < end; at += rows) {
        add(at, Math.min(end, at + rows));
        yield;
      }
      tree.add({ level: 0, index: (first + start) / chunkRows, value: take() });
    }
    return tree.nodes;
  }

  /** Its memory goes with it. */
  free(): void {}

  /** The memory, for rows to be written to; null where they have to be sent. */
  // biome-ignore lint/correctness/useYield: a verb like the others
  *lend(): Steps<Memory | null> {
    return this.#isShared ? this.memory.memory : null;
  }

  // biome-ignore lint/correctness/useYield: a verb like the others
  *fill(start: number, values: RowValues, weights: Float32Array | null): Steps<void> {
    this.rows.set(values, start * this.d);
    if (weights !== null) this.weights!.set(weights, start);
  }

  /** The same for one number [1], which `add` takes as it is so far and returns as it is behind the rows. */
  *totalOver(add: (start: number, end: number, sum: number) => number): Steps<readonly Node[]> {
    let sum = 0;
    const take = () => {
      const taken = Float64Array.of(sum);
      sum = 0;
      return taken;
    };
    return yield* this.sumOver((start, end) => {
      sum = add(start, end, sum);
    }, take);
  }

  survey(withBits: boolean): Steps<Survey> {
    return this.surveyBy(withBits, (start, count, squares) => {
      const { rows, d } = this;
      for (let i = 0, at = start * d; i < count; i++) {
        let square = 0;
        for (let j = 0; j < d; j++, at++) square += rows[at] * rows[at];
        squares[i] = square;
      }
    });
  }

  /** @param measure writes ‖x‖² of `count` rows to the beginning of `squares`, summed one feature after the other */
  *surveyBy(withBits: boolean, measure: (start: number, count: number, squares: Float64Array) => void): Steps<Survey> {
    const { n } = this;
    const lengths = new Uint32Array(LENGTHS);
    const squares = new ExactTotal();
    let longest = 0;
    let longestWeighted = 0;
    for (let start = 0; start < n; start += MOST_AT_ONCE) {
      const { weights } = this;
      const count = Math.min(n - start, MOST_AT_ONCE);
      measure(start, count, terms);
      let largest = 0;
      for (let i = 0; i < count; i++) {
        const weight = weights === null ? 1 : weights[start + i];
        const square = terms[i];
        lengths[square > 0 ? Math.max(0, topBitOf(square) + LENGTHS / 2) : 0]++;
        if (square > longest) longest = square;
        if (weight > 0 && square > longestWeighted) longestWeighted = square;
        // Not 0·∞: a row without weight may be as far as it likes.
        terms[i] = weight > 0 ? weight * square : 0;
        if (terms[i] > largest) largest = terms[i];
      }
      squares.addAll(terms, count, largest);
      if (start + count < n) yield;
    }
    return {
      longest: Math.sqrt(longest),
      longestWeighted: Math.sqrt(longestWeighted),
      lengths,
      bits: withBits ? this.#sampleBits() : { rows: 0, bits: new Int16Array(0) },
      squares: squares.digits(),
    };
  }

  /** Where the bits of the weighted values of some rows lie, one row of each of as many stretches. */
  #sampleBits(): BitSample {
    const { n, d, rows, weights } = this;
    const least = Math.max(1, Math.min(LEAST_SAMPLED_ROWS, Math.floor(MOST_SAMPLED_VALUES / (d + 1))));
    const count = Math.min(n, SAMPLED_ROWS, Math.max(least, Math.floor(SAMPLED_VALUES / (d + 1))));
    // At a place of its own in each stretch: no pattern of the rows hides from all of them.
    const chosen = (s: number) => Math.min(n - 1, Math.floor(((s + hashUniform(0, s)) * n) / count));
    return bitSampleOf(rows, weights, d, count, count === n ? undefined : chosen);
  }

  // biome-ignore lint/correctness/useYield: a verb like the others
  *gather(indices: Uint32Array): Steps<Float64Array> {
    const { d, rows } = this;
    const gathered = new Float64Array(indices.length * d);
    for (let i = 0, to = 0; i < indices.length; i++) {
      for (let j = 0, from = indices[i] * d; j < d; j++) gathered[to++] = rows[from + j];
    }
    return gathered;
  }
}

/** ‖x − c‖² of the row at `from` and the centroid at `to`; even features and odd ones apart, as SIMD has them. */
export function squaredDistance(rows: RowValues, from: number, centroids: RowValues, to: number, d: number): number {
  let even = 0;
  let odd = 0;
  let j = 0;
  for (; j + 1 < d; j += 2) {
    const first = rows[from + j] - centroids[to + j];
    const second = rows[from + j + 1] - centroids[to + j + 1];
    even += first * first;
    odd += second * second;
  }
  if (j < d) even += (rows[from + j] - centroids[to + j]) ** 2;
  return even + odd;
}
