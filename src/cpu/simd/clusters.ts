import { type FixedSums, leftOver, Spill, UNITS_OF_LARGE } from '../../engine/fixed.ts';
import type { Units } from '../../frame.ts';
import type { Steps } from '../../steps.ts';
import type { Node } from '../../tree.ts';
import { rowsOfTurn } from '../../turns.ts';
import type { Assigned, Clusters, ClustersOptions } from '../clusters.ts';
import {
  BLOCK,
  BLUR,
  BOUNDED,
  BY_ROW,
  BYTEWISE,
  CENTROIDS,
  CHANGED,
  COARSE,
  D,
  EXACT_NORMS,
  EXACT_ROUNDING,
  FARTHEST,
  FARTHEST_SHIFT,
  HALF,
  K,
  LABELS,
  LARGE,
  LEAST,
  LENGTH,
  LIFT,
  LIMBS,
  LIST,
  LOWER,
  MADE,
  MARGIN_FACTOR,
  MOTION_BYTES,
  MOTIONS,
  NARROW,
  NOBODY,
  NONE,
  NORMS,
  OTHER_SHIFT,
  PACKED,
  REACH,
  RETRIED,
  RETRY,
  ROUGH,
  ROUGH_ERROR,
  ROUGH_LEAST,
  ROUGH_NORMS,
  ROUGH_REACH,
  ROUNDING,
  ROWS,
  ROWS_OF_BLOCK,
  SCANNED,
  SCRATCH,
  SHIFT,
  SPILL_BEFORE,
  SPILL_BYTES,
  SPILL_LABEL,
  SPILL_ROW,
  SPILLED,
  SPILLS,
  STATE_BYTES,
  STRIDE,
  SUMMED,
  SUMS,
  TERMS_OF_BLOCK,
  TWICE_ERROR,
  UNLABELLED,
  UPPER,
  USED,
  WEIGHTS,
  WORDS,
} from '../kernels/kmeans/layout.ts';
import { aligned } from '../memory.ts';
import { SLICE_ROWS } from '../plan.ts';
import type { Shard } from '../shard.ts';
import type { KMeansKernels } from './kernels.ts';
import { Patience } from './patience.ts';

/** A float32 that is rounded to nearest and was positive is below its true value by less. */
export const UP = 1 + 2 ** -22;

/**
 * What bounds cost a row, in multiply-adds of a scan, and the scan's own work beside these for each centroid: measured
 * at 1M × 3, k 32, where a row that is scanned takes 15 ns, and one whose bounds are looked at in vain 6 more.
 */
const COST_OF_BOUNDS = 50;
const COST_OF_CENTROID = 3;
/** Where bounds cost less than this share of a scan, rows have them from the start. */
const CHEAP = 1 / 32;
/** Bounds that cost more wait until so few labels change. */
const SETTLING = 1 / 8;

/**
 * From which on rows keep an upper bound beside the lower one. With fewer features the distance itself takes less time, and
 * no memory: ten iterations of 1M × 3, k 32 in 129 ms in place of 139, of 3M flights, k 64 in 786 in place of 812.
 */
const FEATURES_FOR_UPPER = 5;

/** Rows for each centroid, from which on the distances between all centroids cost little beside the rows. */
const ROWS_FOR_HALVES = 8;

/** How many multiply-adds of a scan take as long as one of TypeScript's. */
const SPEED = 32;

/** From which on integers were faster. */
const FEATURES_FOR_COARSE = 8;
const CENTROIDS_FOR_COARSE = 8;
/** Share of rows that may have to be scanned again before integers cost more than they save. */
const MOST_RETRIED = 1 / 3;

/** Centroids beyond are left out of a float32 scan: products with rows of up to 2^64 do not overflow. */
export const LONGEST_SCANNED = 2 ** 60;
/** Rows have an error each where the longest of all is so many times as long as nearly all are. */
const UNEVEN = 4;
/** Centroids longer than this multiple of the usual length are left out of the integer scan: they would cost the others their digits. */
const LONGEST_ROUGH = 2;

/** Bounds what a dot product of float32 and its rounded factors lose, relative to its terms: (d + 4)·2^-24, and a little more. */
export function roundingOfScores(d: number): number {
  return (d + 4) * 2 ** -24 * (1 + d * 2 ** -24) * UP;
}

/** What a scan of bytes knows of the clusters that it works for. */
export interface StateOf {
  readonly shard: Shard;
  readonly k: number;
  /** Where a field of the state lies, in values of four bytes. */
  at(field: number): number;
  /** Allocates an array, and says in the state where it lies. */
  place(field: number, bytes: number): void;
}

/** Scans bytes before anything else: see bytes.ts. */
export interface ByteScan {
  /** Places rows and centroids; false where this assignment is better off without. */
  open(centroids: Float64Array): Steps<boolean>;
  /** Takes note of how many rows were scanned, and how many candidates were left. */
  decide(scanned: number, candidates: number): void;
}

export class SimdClusters implements Clusters {
  readonly #shard: Shard;
  readonly #kernels: KMeansKernels;
  readonly #bytes: ByteScan | null;
  readonly #k: number;
  readonly #units: Units;
  readonly #longest: number;
  readonly #usual: number;
  readonly #once: boolean;
  readonly #spill: Spill;
  /** Byte offset of the state. */
  readonly #state: number;
  readonly #allocated: number[] = [];
  /** Those of the last assignment [k, d], null before the first, after one that did not end, and where there is one alone. */
  #centroids: Float64Array | null = null;
  /** Byte offset of the sums of an assignment [2, length], which whoever shares the memory reads up to the next one. */
  #answerAt = 0;
  #bounds = NONE;
  /** With scans of 16-bit integers. */
  readonly #patience = new Patience();
  /** Number of changed labels from which on bounds are tried again. */
  #tryAt = 0;

  /** @param openBytes what scans bytes; undefined where integers of 16 bits come first */
  constructor(
    shard: Shard,
    kernels: KMeansKernels,
    { k, units, longest, usual, once }: ClustersOptions,
    openBytes?: (state: StateOf) => ByteScan | null,
  ) {
    this.#shard = shard;
    this.#kernels = kernels;
    this.#k = k;
    this.#units = units;
    this.#longest = longest;
    this.#usual = usual;
    this.#once = once;
    this.#spill = new Spill(units);
    const arrays = this.#arrays();
    this.#state = this.#allocate(arrays.reduce((end, [, bytes]) => end + aligned(bytes), aligned(STATE_BYTES)));
    let at = this.#state + aligned(STATE_BYTES);
    for (const [field, bytes] of arrays) {
      this.#set(field, at);
      at += aligned(bytes);
    }
    this.#setUp();
    this.#bytes =
      openBytes?.({ shard, k, at: (field) => this.#at(field), place: (field, bytes) => this.#place(field, bytes) }) ??
      null;
  }

  #allocate(bytes: number): number {
    const offset = this.#shard.memory.allocate(bytes);
    this.#allocated.push(offset);
    return offset;
  }

  /** Allocates an array, and says in the state where it lies. */
  #place(field: number, bytes: number): void {
    this.#set(field, this.#allocate(bytes));
  }

  /** What lies behind the state, in one piece with it: which of its fields say where, and how many bytes. */
  #arrays(): readonly (readonly [field: number, bytes: number])[] {
    const { n, d } = this.#shard;
    const { stride, limbs } = this.#units;
    const k = this.#k;
    const padded = 4 * Math.ceil(k / 4);
    // Bounds are moved four rows at a time.
    const rows = 4 * Math.ceil(n / 4);
    const bounds = this.#mayBound ? rows : 0;
    const slice = Math.min(n, SLICE_ROWS);
    return [
      [LABELS, 4 * rows],
      [UPPER, this.#hasUpper ? 4 * bounds : 0],
      [LOWER, 4 * bounds],
      [PACKED, 4 * padded * d],
      [NORMS, 4 * padded],
      [NARROW, 4 * k * d],
      [CENTROIDS, 8 * k * d],
      [EXACT_NORMS, 8 * k],
      [MOTIONS, MOTION_BYTES * k],
      [ROUGH, this.#mayBeCoarse ? 4 * padded * Math.ceil(d / 2) : 0],
      [ROUGH_NORMS, this.#mayBeCoarse ? 4 * padded : 0],
      [SUMS, 8 * k * limbs * stride],
      [LARGE, 8 * (limbs + 1) * stride],
      [SCRATCH, ROWS_OF_BLOCK + TERMS_OF_BLOCK + 4 * BLOCK * d],
      // Long enough for the distances of a slice.
      [LIST, 8 * (slice + BLOCK)],
      [RETRY, 4 * (slice + BLOCK)],
      [SPILLS, SPILL_BYTES * slice],
    ];
  }

  #setUp(): void {
    const { d, memory, rowsAt, weightsAt } = this.#shard;
    if (!this.#hasUpper) this.#set(UPPER, 0);
    const { stride, limbs, units, limits } = this.#units;
    this.#set(ROWS, rowsAt);
    this.#set(WEIGHTS, weightsAt);
    this.#set(D, d);
    this.#set(K, this.#k);
    this.#set(STRIDE, stride);
    this.#set(LIMBS, limbs);
    const large = this.#get(LARGE) / 8;
    units.forEach((unit, j) => {
      memory.f64[large + j] = unit * UNITS_OF_LARGE;
    });
    memory.f64.set(limits, large + units.length);
    const rounding = roundingOfScores(d);
    memory.f32[this.#at(ROUNDING)] = rounding;
    memory.f32[this.#at(LIFT)] = 1 + 3 * Math.sqrt(rounding) + 2 ** -20;
  }

  /** Whether a scan of integers could be worth its conversions. */
  get #mayBeCoarse(): boolean {
    return this.#shard.d >= FEATURES_FOR_COARSE && this.#k >= CENTROIDS_FOR_COARSE;
  }

  /** Multiply-adds of a scan, or as much. */
  get #costOfScan(): number {
    return this.#k * (this.#shard.d + COST_OF_CENTROID);
  }

  /** Whether bounds could ever be worth their memory. */
  get #mayBound(): boolean {
    return !this.#once && this.#k > 1 && COST_OF_BOUNDS < this.#costOfScan;
  }

  /** Whether rows keep an upper bound. */
  get #hasUpper(): boolean {
    return this.#shard.d >= FEATURES_FOR_UPPER;
  }

  *assign(centroids: Float64Array): Steps<Assigned> {
    const before = this.#centroids;
    this.#centroids = null;
    yield* this.#placeCentroids(centroids);
    if (before === null) this.#forget();
    else if (this.#bounds === USED) yield* this.#measureShifts(before, centroids);
    this.#set(BOUNDED, this.#bounds);
    this.#set(SUMMED, 1);
    yield* this.#assignAll(centroids);
    if (!this.#once) {
      // Where they were before: what is made anew in each iteration lies around until garbage is collected.
      this.#centroids = before ?? new Float64Array(centroids.length);
      this.#centroids.set(centroids);
    }
    const changed = this.#get(CHANGED);
    this.#decide(changed, this.#shard.n - this.#get(SCANNED));
    const { high, low, spilled } = yield* this.#sums();
    return { high, low, spilled, changed };
  }

  *label(centroids: Float64Array): Steps<void> {
    this.#centroids = null;
    yield* this.#placeCentroids(centroids);
    this.#set(BOUNDED, NONE);
    this.#set(SUMMED, 0);
    yield* this.#assignAll(centroids);
  }

  *#assignAll(centroids: Float64Array): Steps<void> {
    const { n } = this.#shard;
    this.#set(CHANGED, 0);
    this.#set(SCANNED, 0);
    this.#set(RETRIED, 0);
    const isBytewise = this.#bytes !== null && (yield* this.#bytes.open(centroids));
    const isCoarse = !isBytewise && this.#mayBeCoarse && this.#patience.isOver();
    if (isCoarse) yield* this.#placeCoarse(centroids);
    this.#set(COARSE, isBytewise ? BYTEWISE : isCoarse ? WORDS : 0);
    const rows = rowsOfTurn(centroids.length / SPEED);
    for (let start = 0; start < n; start += rows) {
      this.#set(SPILLED, 0);
      this.#kernels.assign(this.#state, start, Math.min(n, start + rows));
      this.#takeSpilled();
      if (start + rows < n) yield;
    }
    if (isBytewise) this.#bytes.decide(this.#get(SCANNED), this.#get(RETRIED));
    // Only scans of integers leave rows to scan again: too many of them cost more than they saved.
    else if (this.#get(RETRIED) > MOST_RETRIED * this.#get(SCANNED)) this.#patience.lose();
  }

  // biome-ignore lint/correctness/useYield: a verb like the others
  *labels(): Steps<Uint32Array> {
    const from = this.#get(LABELS) / 4;
    const labels = this.#shard.memory.u32.subarray(from, from + this.#shard.n);
    // Whoever shares the memory has them there.
    return this.#shard.memory.isShared ? labels : labels.slice();
  }

  *distances(): Steps<Float64Array> {
    const { n, memory } = this.#shard;
    const distances = new Float64Array(n);
    // The list of doubtful rows is free between two assignments, and as long as a slice.
    const list = this.#get(LIST);
    for (let start = 0; start < n; start += SLICE_ROWS) {
      const end = Math.min(n, start + SLICE_ROWS);
      this.#kernels.distances(this.#state, start, end, list);
      distances.set(memory.f64.subarray(list / 8, list / 8 + end - start), start);
      yield;
    }
    return distances;
  }

  inertia(): Steps<readonly Node[]> {
    return this.#shard.totalOver((start, end, sum) => this.#kernels.inertia(this.#state, start, end, sum));
  }

  free(): void {
    for (const offset of this.#allocated) this.#shard.memory.free(offset);
  }

  /** Whether the next assignment uses bounds: from what this one skipped and changed, which no clock has a say in. */
  #decide(changed: number, skipped: number): void {
    if (!this.#mayBound) return;
    const cost = COST_OF_BOUNDS * this.#shard.n;
    if (this.#bounds === USED && skipped * this.#costOfScan < cost) {
      this.#bounds = NONE;
      this.#tryAt = changed / 2;
    } else if (this.#bounds === MADE) this.#bounds = USED;
    if (this.#bounds === NONE && changed <= this.#tryAt) this.#bounds = MADE;
  }

  /** No labels, no sums, no bounds. */
  #forget(): void {
    const { memory, n } = this.#shard;
    const isCheap = COST_OF_BOUNDS < CHEAP * this.#costOfScan;
    this.#bounds = this.#mayBound && isCheap ? MADE : NONE;
    this.#tryAt = SETTLING * n;
    const labels = this.#get(LABELS) / 4;
    memory.u32.fill(UNLABELLED, labels, labels + n);
    const sums = this.#get(SUMS);
    memory.u8.fill(0, sums, sums + 8 * this.#k * this.#units.limbs * this.#units.stride);
    this.#spill.clear();
  }

  /** Adds what the kernel's integers left over of the rows that it listed. */
  #takeSpilled(): void {
    // Views of memory for each few rows would be garbage by the megabyte.
    if (this.#get(SPILLED) === 0) return;
    const { d, memory, weights } = this.#shard;
    const rows = this.#shard.rows as Float32Array;
    const list = this.#get(SPILLS);
    for (let at = list, end = list + SPILL_BYTES * this.#get(SPILLED); at < end; at += SPILL_BYTES) {
      const [i, before, label] = [SPILL_ROW, SPILL_BEFORE, SPILL_LABEL].map((offset) => memory.u32[(at + offset) / 4]);
      const weight = weights === null ? 1 : weights[i];
      for (let j = 0; j <= d; j++) {
        const left = leftOver(j < d ? weight * rows[i * d + j] : weight, j, this.#units);
        if (left === 0) continue;
        if (before !== UNLABELLED) this.#spill.add(-left, j, before);
        this.#spill.add(left, j, label);
      }
    }
  }

  /** Centroids between two looks at the clock. */
  get #pause(): number {
    return rowsOfTurn(4 * this.#shard.d);
  }

  /** Centroids in all the forms that the kernel wants. */
  *#placeCentroids(centroids: Float64Array): Steps<void> {
    const { d, memory } = this.#shard;
    const k = this.#k;
    const [packed, norms, narrow] = [this.#get(PACKED) / 4, this.#get(NORMS) / 4, this.#get(NARROW) / 4];
    const [exact, exactNorms] = [this.#get(CENTROIDS) / 8, this.#get(EXACT_NORMS) / 8];
    for (let from = 0; from < k; from += this.#pause) {
      const { f32, f64 } = memory;
      const end = Math.min(k, from + this.#pause);
      for (let c = from; c < end; c++) {
        let norm = 0;
        for (let j = c * d; j < (c + 1) * d; j++) {
          const value = centroids[j];
          f64[exact + j] = value;
          f32[narrow + j] = value;
          norm += value * value;
        }
        f64[exactNorms + c] = norm;
        const to = packed + (c & ~3) * d + (c & 3);
        const isScanned = norm <= LONGEST_SCANNED ** 2;
        for (let j = 0; j < d; j++) f32[to + 4 * j] = isScanned ? -2 * centroids[c * d + j] : 0;
      }
      if (end < k) yield;
    }
    const { reach, least } = this.#placeNorms(norms, LONGEST_SCANNED);
    const longest = Math.max(reach, this.#longest);
    const isEven = least === NOBODY && longest <= Math.min(LONGEST_SCANNED, UNEVEN * this.#usual);
    this.#set(BY_ROW, isEven ? 0 : 1);
    const { f32 } = memory;
    f32[this.#at(REACH)] = reach * UP;
    f32[this.#at(LEAST)] = least;
    f32[this.#at(TWICE_ERROR)] =
      2.02 * f32[this.#at(ROUNDING)] * reach * (reach + 2 * this.#longest) +
      2 * (this.#shard.d + 4) * EXACT_ROUNDING * this.#longest ** 2 +
      2e-36;
    f32[this.#at(MARGIN_FACTOR)] = (1 + this.#root) * UP;
  }

  /**
   * Writes ‖c‖² of the centroids up to a length; the others get {@link NOBODY}. Returns the length of the longest that is
   * scanned (`reach`), and of the shortest that is left out (`least`).
   */
  #placeNorms(to: number, longest: number): { reach: number; least: number } {
    const { f32, f64 } = this.#shard.memory;
    const exactNorms = this.#get(EXACT_NORMS) / 8;
    let reach = 0;
    let least = NOBODY;
    for (let c = 0; c < this.#k; c++) {
      const norm = f64[exactNorms + c];
      const isScanned = norm <= longest ** 2;
      f32[to + c] = isScanned ? norm : NOBODY;
      if (isScanned) reach = Math.max(reach, Math.sqrt(norm));
      else least = Math.min(least, Math.sqrt(norm) / UP);
    }
    f32.fill(NOBODY, to + this.#k, to + 4 * Math.ceil(this.#k / 4));
    return { reach, least };
  }

  /** Centroids as integers, pairs of features side by side: [k/4, d/2, 4, 2]. */
  *#placeCoarse(centroids: Float64Array): Steps<void> {
    const { d, memory } = this.#shard;
    const longest = memory.f32[this.#at(REACH)];
    const exactNorms = this.#get(EXACT_NORMS) / 8;
    // What is left out here is scanned in float32 where it could be nearest.
    const limit =
      longest > UNEVEN * this.#usual ? Math.min(LONGEST_ROUGH * this.#usual, LONGEST_SCANNED) : LONGEST_SCANNED;
    const { reach, least } = this.#placeNorms(this.#get(ROUGH_NORMS) / 4, limit);
    const scale = reach === 0 ? 0 : LENGTH / (reach * UP);
    const pairs = Math.ceil(d / 2);
    const rough = this.#get(ROUGH) / 2;
    let rounded = 0;
    const pause = this.#pause;
    for (let c = 0; c < this.#k; c++) {
      if (c % pause === pause - 1) yield;
      const { f64, i16 } = memory;
      const to = rough + 8 * (c >> 2) * pairs + 2 * (c & 3);
      const isScanned = f64[exactNorms + c] <= limit ** 2;
      let square = 0;
      for (let j = 0; j < d; j++) {
        const value = isScanned ? centroids[c * d + j] * scale : 0;
        const integer = Math.round(value);
        i16[to + 8 * (j >> 1) + (j & 1)] = integer;
        square += (value - integer) ** 2;
      }
      rounded = Math.max(rounded, Math.sqrt(square));
    }
    memory.f32[this.#at(ROUGH_REACH)] = reach * UP;
    memory.f32[this.#at(ROUGH_LEAST)] = least;
    // By Cauchy and Schwarz: a row's values are rounded by half a unit at most, the centroids' by what they were; a little
    // more, for the eight roundings of float32 in between.
    const half = Math.sqrt(d) / 2;
    memory.f32[this.#at(ROUGH_ERROR)] = 2.03 * ((half + rounded) / LENGTH + (half * rounded) / LENGTH ** 2);
  }

  /** How far the centroids went since the bounds were made, and how far they are apart. */
  *#measureShifts(before: Float64Array, centroids: Float64Array): Steps<void> {
    const { d, memory } = this.#shard;
    const pause = this.#pause;
    const motions = this.#get(MOTIONS);
    const exactNorms = this.#get(EXACT_NORMS) / 8;
    let farthest = 0;
    let largest = 0;
    let other = 0;
    for (let c = 0; c < this.#k; c++) {
      if (c % pause === pause - 1) yield;
      const { f32, f64 } = memory;
      let square = 0;
      for (let j = c * d; j < (c + 1) * d; j++) square += (centroids[j] - before[j]) ** 2;
      const shift = Math.sqrt(square) * UP;
      const length = Math.sqrt(f64[exactNorms + c]);
      const motion = motions + MOTION_BYTES * c;
      f32[(motion + SHIFT) / 4] = shift;
      f32[(motion + HALF) / 4] = 0;
      f32[(motion + BLUR) / 4] = length * 1.2e-7 + 1e-18;
      if (shift > largest) {
        other = largest;
        largest = shift;
        farthest = c;
      } else if (shift > other) other = shift;
    }
    this.#set(FARTHEST, farthest);
    memory.f32[this.#at(FARTHEST_SHIFT)] = largest;
    memory.f32[this.#at(OTHER_SHIFT)] = other;
    if (ROWS_FOR_HALVES * this.#k <= this.#shard.n) this.#kernels.halve(this.#state);
  }

  /** Two bounds that differ by more than this share of them are in the order of the float64 distances, which lose less. */
  get #root(): number {
    return Math.sqrt((this.#shard.d + 4) * 2 ** -52);
  }

  *#sums(): Steps<FixedSums> {
    const { memory } = this.#shard;
    const length = this.#k * this.#units.limbs * this.#units.stride;
    const from = this.#get(SUMS) / 4;
    if (memory.isShared && this.#answerAt === 0) this.#answerAt = this.#allocate(16 * length);
    const [high, low] = [0, 1].map((part) => {
      const at = this.#answerAt / 8 + part * length;
      return memory.isShared ? memory.f64.subarray(at, at + length) : new Float64Array(length);
    });
    const pause = this.#pause * this.#units.stride;
    for (let start = 0; start < length; start += pause) {
      const { u32, i32 } = memory;
      const end = Math.min(length, start + pause);
      for (let i = start; i < end; i++) {
        low[i] = u32[from + 2 * i];
        high[i] = i32[from + 2 * i + 1];
      }
      if (end < length) yield;
    }
    return { high, low, spilled: this.#spill.sums() };
  }

  /** Where a field of the state lies, in values of four bytes. */
  #at(field: number): number {
    return (this.#state + field) / 4;
  }

  #get(field: number): number {
    return this.#shard.memory.u32[this.#at(field)];
  }

  #set(field: number, value: number): void {
    this.#shard.memory.u32[this.#at(field)] = value;
  }
}
