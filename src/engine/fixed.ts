/**
 * Exact sums. A weighted value is an integer number of some power of two, and integers add up: so a sum has the same bits
 * whatever the order of its terms, whoever computed it, and whether it was summed anew or kept up to date. The integers
 * of a column have 62 bits for their sum, so that a value has a window of 40 bits with three million rows, or one or two of
 * these behind one another; where a column's window lies, a sample of its values says. Whatever lies outside of it, a far
 * value or the last bits of a small one, is spilled: added to integers without limits, which is slow and rare. What a
 * total is rounded to, once, is that of exact addition, wherever the windows lie.
 */

import type { Units } from '../frame.ts';
import type { RowValues } from '../points.ts';
import type { Steps } from '../steps.ts';
import { rowsOfTurn } from '../turns.ts';
import { lowestBitOf, topBitOf } from './bits.ts';

/** Integers, sums of units: high·2^32 + low, each [k, limbs, stride]; and what was spilled. */
export interface FixedSums {
  readonly high: Float64Array;
  /** From 0 to 2^32 − 1. */
  readonly low: Float64Array;
  /** In units of 2^-1074, by cluster·stride + column. */
  readonly spilled: ReadonlyMap<number, bigint>;
}

/** The highest and the lowest bit of the weighted values and the weights of some rows: [rows, d + 1, 2]. */
export interface BitSample {
  readonly rows: number;
  readonly bits: Int16Array;
}

/**
 * Looks at the weighted values of rows, and at their weights.
 *
 * @param rows [n, d]
 * @param count how many of them
 * @param chosen their indices; undefined for the first ones
 */
export function bitSampleOf(
  rows: RowValues,
  weights: ArrayLike<number> | null,
  d: number,
  count: number,
  chosen?: (s: number) => number,
): BitSample {
  const bits = new Int16Array(2 * count * (d + 1)).fill(NO_BITS);
  for (let s = 0, to = 0; s < count; s++) {
    const i = chosen === undefined ? s : chosen(s);
    const weight = weights === null ? 1 : weights[i];
    const lowest = weight === 0 ? 0 : lowestBitOf(weight);
    for (let j = 0; j <= d; j++, to += 2) {
      const value = j < d ? rows[i * d + j] : 1;
      const product = weight * value;
      if (product === 0) continue;
      bits[to] = topBitOf(product);
      // Of a product the exponents of the lowest bits add up.
      bits[to + 1] = lowest + lowestBitOf(value);
    }
  }
  return { rows: count, bits };
}

const SUM_BITS = 62;
/** What is rounded by adding 1.5·2^52 units may not be larger than half of that. */
const VALUE_BITS = 51;

/** A number this large has the unit as its last place. */
export const UNITS_OF_LARGE = 1.5 * 2 ** 52;

/** Every finite float64 is a multiple of 2^-1074. */
const FINEST = 1074;
/** Units are normal numbers. */
const LEAST_UNIT = -1022;

/** What stands for the bits of a zero in a sample, which has none. */
export const NO_BITS = 0x7fff;

/**
 * Bits above the highest of a sample, where there is room: the largest value of all is hardly larger. What is missing
 * below costs more, since half as many values have each bit less.
 */
const ROOM_ABOVE = 3;

/** Of the rows of a sample: more spilled values than this share would cost more than a second limb. */
const MOST_SPILLED = 1 / 256;

/** For `n` rows of so many columns, the weight among them. */
export function* unitsOf(samples: readonly BitSample[], n: number, columns: number): Steps<Units> {
  const bits = Math.min(VALUE_BITS, SUM_BITS - Math.ceil(Math.log2(n + 1)));
  const rows = samples.reduce((sum, sample) => sum + sample.rows, 0);
  const one = yield* windowsOf(samples, columns, bits);
  const limbs = one.outside <= MOST_SPILLED * rows ? 1 : 2;
  const { starts } = limbs === 1 ? one : yield* windowsOf(samples, columns, 2 * bits + 1);
  const stride = 2 * Math.ceil(columns / 2);
  const units = new Float64Array(limbs * stride).fill(1);
  starts.forEach((start, j) => {
    const finest = 2 ** Math.max(LEAST_UNIT, start);
    units[(limbs - 1) * stride + j] = finest;
    // What is left of a value behind the first limb is half of its unit at most.
    if (limbs === 2) units[j] = finest * 2 ** (bits + 1);
  });
  return { stride, limbs, units, limits: units.slice(0, stride).map((unit) => unit * 2 ** bits) };
}

/** Where the window of each column begins, so that as few as can be of the sample's values lie outside, and how many. */
function* windowsOf(
  samples: readonly BitSample[],
  columns: number,
  width: number,
): Steps<{ starts: Int32Array; outside: number }> {
  const [narrow, own] = scratch;
  // Where others are let in meanwhile, not what they use too.
  const all = columns > PAUSE_COLUMNS ? new BitCounts() : narrow;
  all.clear();
  for (const { bits } of samples) for (let at = 0; at < bits.length; at += 2) all.add(bits[at], bits[at + 1]);
  all.accumulate();
  const first = all.first(width);
  // Among the windows that have all bits of all columns, none is better than another.
  if (all.outside(first, width) === 0) {
    return { starts: new Int32Array(columns).fill(first + roomAbove(all.last(width) - first + 1)), outside: 0 };
  }
  const starts = new Int32Array(columns);
  let outside = 0;
  for (let j = 0; j < columns; j++) {
    own.clear();
    for (const { bits } of samples) {
      for (let at = 2 * j; at < bits.length; at += 2 * columns) own.add(bits[at], bits[at + 1]);
    }
    own.accumulate();
    // A column of whose values the sample has none has those of the others, if any.
    const counted = own.isEmpty ? all : own;
    let least = Infinity;
    let ties = 1;
    for (let start = counted.first(width); start <= counted.last(width); start++) {
      // Among equals the other columns decide: what a column has rarely is likely of their kind.
      const cost = own.outside(start, width) + all.outside(start, width) / (all.total + 1);
      if (cost < least) {
        least = cost;
        starts[j] = start;
        ties = 1;
      } else if (cost === least && start === starts[j] + ties) ties++;
    }
    starts[j] += roomAbove(ties);
    outside += own.outside(starts[j], width);
    if (j % PAUSE_COLUMNS === PAUSE_COLUMNS - 1 && columns > PAUSE_COLUMNS) yield;
  }
  return { starts, outside };
}

/** How far up a window goes that is the lowest of so many equally good ones. */
function roomAbove(ties: number): number {
  return Math.min(ROOM_ABOVE, ties >> 1);
}

/** Columns between two looks at the clock. */
const PAUSE_COLUMNS = 2 ** 10;

/** Bits of products of two float64 lie within ± this. */
const BITS = 2304;

/** How many values have their highest, and their lowest bit below a place: long arrays, so they are used again. */
class BitCounts {
  total = 0;
  /** Counts at a place, then below it. */
  readonly #highest = new Int32Array(2 * BITS);
  readonly #lowest = new Int32Array(2 * BITS);
  #top = -BITS;
  #bottom = BITS;

  get isEmpty(): boolean {
    return this.total === 0;
  }

  clear(): void {
    // One more than the last place was summed up to.
    this.#highest.fill(0, this.#bottom + BITS, this.#top + BITS + 2);
    this.#lowest.fill(0, this.#bottom + BITS, this.#top + BITS + 2);
    this.total = 0;
    this.#top = -BITS;
    this.#bottom = BITS;
  }

  add(highest: number, lowest: number): void {
    if (lowest === NO_BITS) return;
    this.total++;
    this.#highest[highest + BITS + 1]++;
    this.#lowest[lowest + BITS + 1]++;
    if (highest > this.#top) this.#top = highest;
    if (lowest < this.#bottom) this.#bottom = lowest;
  }

  /** Behind the last value. */
  accumulate(): void {
    for (let at = this.#bottom + BITS + 1; at <= this.#top + BITS + 1; at++) {
      this.#highest[at] += this.#highest[at - 1];
      this.#lowest[at] += this.#lowest[at - 1];
    }
  }

  /** The places where it may be worth to begin a window. */
  first(width: number): number {
    return this.isEmpty ? 0 : Math.min(this.#bottom, this.#top + 1 - width);
  }

  last(width: number): number {
    return this.isEmpty ? 0 : Math.max(this.#bottom, this.#top + 1 - width);
  }

  /** Number of values with bits outside of a window; one that exceeds it at both ends counts twice. */
  outside(start: number, width: number): number {
    return this.total - this.#below(this.#highest, start + width) + this.#below(this.#lowest, start);
  }

  #below(counts: Int32Array, place: number): number {
    if (this.isEmpty || place <= this.#bottom) return 0;
    return counts[Math.min(place, this.#top + 1) + BITS];
  }
}

const scratch = [new BitCounts(), new BitCounts()] as const;

/** What the limbs of a column leave of a value. */
export function leftOver(value: number, column: number, { limbs, stride, units, limits }: Units): number {
  if (Math.abs(value) > limits[column]) return value;
  let left = value;
  for (let at = column; at < limbs * stride; at += stride) {
    const large = units[at] * UNITS_OF_LARGE;
    left -= left + large - large;
  }
  return left;
}

/** The sums of what the limbs leave over. */
export class Spill {
  readonly #stride: number;
  readonly #sums = new Map<number, bigint>();

  constructor({ stride }: Units) {
    this.#stride = stride;
  }

  clear(): void {
    this.#sums.clear();
  }

  /** @param value not 0 */
  add(value: number, column: number, cluster: number): void {
    const at = cluster * this.#stride + column;
    const sum = (this.#sums.get(at) ?? 0n) + multipleOf(value);
    if (sum === 0n) this.#sums.delete(at);
    else this.#sums.set(at, sum);
  }

  /** A copy. */
  sums(): ReadonlyMap<number, bigint> {
    return new Map(this.#sums);
  }
}

/** How often 2^-1074 goes into a value. */
function multipleOf(value: number): bigint {
  const lowest = lowestBitOf(value);
  // In two steps, neither of which overflows.
  const half = Math.trunc(-lowest / 2);
  return BigInt(value * 2 ** half * 2 ** (-lowest - half)) << BigInt(lowest + FINEST);
}

/** So many times a power of two, by its exponent, rounded once. */
export function roundedMultiple(multiple: bigint, exponent: number): number {
  const magnitude = multiple < 0n ? -multiple : multiple;
  const excess = Math.max(0, 4 * magnitude.toString(16).length - 64);
  let leading = magnitude >> BigInt(excess);
  // What is cut off shows in the last of 60 bits or more, and rounding sees on which side of a tie it lies.
  if (leading << BigInt(excess) !== magnitude) leading |= 1n;
  const half = (excess + exponent) >> 1;
  const value = Number(leading) * 2 ** half * 2 ** (excess + exponent - half);
  return multiple < 0n ? -value : value;
}

/** The sums of shards in the same units, as those of one. */
export class FixedTotal implements FixedSums {
  readonly high: Float64Array;
  readonly low: Float64Array;
  readonly spilled: Map<number, bigint>;

  constructor([{ high, low, spilled }, ...others]: readonly FixedSums[]) {
    this.high = high.slice();
    this.low = low.slice();
    this.spilled = new Map(spilled);
    for (const other of others) this.add(other);
  }

  add(more: FixedSums): void {
    const { high, low } = this;
    const { high: moreHigh, low: moreLow } = more;
    for (let i = 0; i < high.length; i++) {
      const sum = low[i] + moreLow[i];
      const carry = sum < 2 ** 32 ? 0 : 1;
      low[i] = sum - carry * 2 ** 32;
      high[i] += moreHigh[i] + carry;
    }
    for (const [at, sum] of more.spilled) {
      const both = (this.spilled.get(at) ?? 0n) + sum;
      if (both === 0n) this.spilled.delete(at);
      else this.spilled.set(at, both);
    }
  }
}

/** Sums with spilled values that take about a millisecond. */
const SPILLED_OF_TURN = 2 ** 9;

/** Counts [k] and sums [k, d] of all shards: exact, then rounded once. */
export function* countsAndSums(
  integers: readonly FixedSums[],
  units: Units,
  k: number,
  d: number,
): Steps<{ counts: Float64Array; sums: Float64Array }> {
  const counts = new Float64Array(k);
  const sums = new Float64Array(k * d);
  const pause = rowsOfTurn(8 * d);
  for (let c = 0; c < k; c++) {
    for (let j = 0; j < d; j++) sums[c * d + j] = total(integers, units, c, j);
    counts[c] = total(integers, units, c, d);
    if (c % pause === pause - 1) yield;
  }
  if (!integers.some(({ spilled }) => spilled.size > 0)) return { counts, sums };
  let spilled = 0;
  for (const at of new Set(integers.flatMap(({ spilled }) => Array.from(spilled.keys())))) {
    if (++spilled % SPILLED_OF_TURN === 0) yield;
    const c = Math.floor(at / units.stride);
    const j = at % units.stride;
    const value = totalWithSpill(integers, units, c, j);
    if (j < d) sums[c * d + j] = value;
    else counts[c] = value;
  }
  return { counts, sums };
}

/** The counts of all shards alone [k]. */
export function countsOf(integers: readonly FixedSums[], units: Units, k: number, d: number): Float64Array {
  const counts = new Float64Array(k);
  for (let c = 0; c < k; c++) {
    const isSpilled = integers.some(({ spilled }) => spilled.has(c * units.stride + d));
    counts[c] = (isSpilled ? totalWithSpill : total)(integers, units, c, d);
  }
  return counts;
}

/** Of the squares, an inertia below this share has lost too many digits to them. */
const LEAST_SHARE = 2 ** -20;

/**
 * Σ w·‖x − c‖² = Σ w·‖x‖² − Σ (2c·Σw·x − ‖c‖²·Σw), over the clusters. Null where the squares have all the digits, as beside far
 * rows: there it has to be summed term by term.
 */
export function* inertiaOf(
  squares: number,
  centroids: Float64Array,
  counts: Float64Array,
  sums: Float64Array,
): Steps<number | null> {
  const d = centroids.length / counts.length;
  const pause = rowsOfTurn(4 * d);
  let gain = 0;
  for (let c = 0, i = 0; c < counts.length; c++) {
    for (let j = 0; j < d; j++, i++) gain += centroids[i] * (2 * sums[i] - centroids[i] * counts[c]);
    if (c % pause === pause - 1) yield;
  }
  const inertia = squares - gain;
  return inertia > LEAST_SHARE * squares ? inertia : null;
}

function total(integers: readonly FixedSums[], { stride, limbs, units }: Units, c: number, j: number): number {
  const at = c * limbs * stride + j;
  let high = 0;
  let low = 0;
  for (const shard of integers) {
    high += shard.high[at];
    low += shard.low[at];
  }
  if (limbs === 1) return (high * 2 ** 32 + low) * units[j];
  let fineHigh = 0;
  let fineLow = 0;
  for (const shard of integers) {
    fineHigh += shard.high[at + stride];
    fineLow += shard.low[at + stride];
  }
  // Whole units of the first limb go there, and so on upwards: high·2^32 + low + fraction.
  const ratio = units[j] / units[stride + j];
  const fineCarry = Math.floor(fineLow / 2 ** 32);
  fineHigh += fineCarry;
  const whole = Math.floor(fineHigh / (ratio / 2 ** 32));
  const fraction = ((fineHigh - whole * (ratio / 2 ** 32)) * 2 ** 32 + (fineLow - fineCarry * 2 ** 32)) / ratio;
  low += whole;
  const carry = Math.floor(low / 2 ** 32);
  high += carry;
  low -= carry * 2 ** 32;
  // Each of these two sums is the only thing that rounds.
  if (Math.abs(high) < 2 ** 20) return (high * 2 ** 32 + low + fraction) * units[j];
  // Beside 2^51 a fraction counts by which of the quarters it is, or lies between.
  const quarters = Math.floor(4 * fraction);
  return (high * 2 ** 32 + (low + quarters / 4 + (4 * fraction > quarters ? 1 / 8 : 0))) * units[j];
}

function totalWithSpill(integers: readonly FixedSums[], units: Units, c: number, j: number): number {
  const { stride, limbs } = units;
  let sum = 0n;
  for (const { high, low, spilled } of integers) {
    sum += spilled.get(c * stride + j) ?? 0n;
    for (let limb = 0; limb < limbs; limb++) {
      const at = (c * limbs + limb) * stride + j;
      const integer = (BigInt(high[at]) << 32n) + BigInt(low[at]);
      sum += integer << BigInt(topBitOf(units.units[limb * stride + j]) + FINEST);
    }
  }
  return roundedMultiple(sum, -FINEST);
}
