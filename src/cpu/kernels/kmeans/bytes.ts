/**
 * Scores of eight rows against all centroids from integers of eight bits and seven, of which one relaxed instruction
 * multiplies and adds sixteen: with seven bits on one side no sum of two products leaves 16 bits, and all processors give
 * the same. What a score may be wrong by is, by Cauchy and Schwarz, at most 2(‖x − x'‖·‖c‖ + ‖x'‖·‖c − c'‖) for the row x'
 * and the centroid c' that the integers stand for. Rows and centroids are mixed before: see `mix`.
 */

import { exactErrorOf } from './errors';
import {
  BEST,
  BYTE_CENTROID_TERMS,
  BYTE_CENTROIDS,
  BYTE_REACH,
  BYTE_SCORES,
  BYTE_TERMS,
  BYTES,
  CENTROID_TERMS,
  D,
  INDEX,
  K,
  MIDDLE,
  NOBODY,
  NORM,
  RESIDUALS,
  ROUNDING,
  ROWS,
  ROWS_OF_BLOCK,
  SCALES,
  SCRATCH,
  SECOND,
  SHIFTS,
  SLACKENED,
  SQUARES,
  TERM_LENGTHS,
  TERM_SQUARES,
  TERMS_OF_BLOCK,
  THRESHOLDS,
  TWICE_LENGTH,
  TWICE_RESIDUAL,
  UNIT,
} from './layout';
import { LOST, ROUND, squareOf } from './scan';

/** Four times a·b, added up so many times: what it is for a·b of more than 15 bits tells the instruction that computes it. */
export function dotsOf(a: i32, b: i32, times: u32): i32 {
  const x = i8x16.splat(<i8>a);
  const c = i8x16.splat(<i8>b);
  let sum = i32x4.splat(0);
  for (let i: u32 = 0; i < times; i++) sum = dot(x, c, sum);
  return i32x4.extract_lane(sum, 0);
}

export function dot(x: v128, c: v128, sum: v128): v128 {
  return i32x4.relaxed_dot_i8x16_i7x16_add_s(x, c, sum);
}

/** Rows [start, end) as bytes of mixed features, four of eight rows side by side: [n/8, wordsOf(d), 8, 4]; and their terms. */
export function quantise(state: usize, start: u32, end: u32): void {
  const d = load<u32>(state, D);
  const rows: usize = load<u32>(state, ROWS);
  const mixed = load<u32>(state, SCRATCH) + ROWS_OF_BLOCK;
  const words = wordsOf(d);
  const rounding: f32 = <f32>1 + load<f32>(state, ROUNDING);
  for (let i = start; i < end; i++) {
    const row = rows + (i << 2) * d;
    const to = load<u32>(state, BYTES) + (i >> 3) * (words << 5) + ((i & 7) << 2);
    const terms = load<u32>(state, BYTE_TERMS) + (i >> 3) * <u32>TERMS_OF_BLOCK + ((i & 7) << 2);
    mix(row, d, mixed);
    quantiseRow(mixed, words, to, terms);
    const whole = squareOf(row, d);
    // What float32 loses of the residual itself, and by mixing, is a share of the row.
    const length = sqrt<f32>(whole) * rounding + LOST;
    const residual = load<f32>(terms, RESIDUALS) * rounding * <f32>1.000001 + length * <f32>1e-6 + LOST;
    store<f32>(terms, residual, RESIDUALS);
    // Of what the integers stand for.
    store<f32>(terms, (length + residual) * <f32>1.000001, TERM_LENGTHS);
    store<f32>(terms, whole, TERM_SQUARES);
  }
}

/** Words of four bytes that a row takes: sixteen features are mixed. */
export function wordsOf(d: u32): u32 {
  return ((d + 15) >> 4) << 2;
}

/**
 * A row times an orthogonal matrix, which leaves lengths and products alone: sixteen features far apart, as many such groups
 * as it takes, each become their Hadamard transform. One unit for all bytes then fits rows whose first features are much
 * larger than the others, or some of whose features are.
 */
function mix(row: usize, d: u32, to: usize): void {
  const groups = (d + 15) >> 4;
  const full = d & ~3;
  let j: u32 = 0;
  for (; j < full; j += 4) v128.store(to + (j << 2), v128.load(row + (j << 2)));
  for (; j < d; j++) store<f32>(to + (j << 2), load<f32>(row + (j << 2)));
  for (const end = groups << 4; j < end; j++) store<f32>(to + (j << 2), 0);
  for (let quarter: u32 = 0; quarter < 4; quarter++) blend(to + ((quarter * groups) << 4), groups);
  blend(to, groups << 2);
}

/** Of four neighbouring stretches of so many values those at the same place: times the orthogonal matrix of ±1/2. */
function blend(at: usize, count: u32): void {
  const step: usize = count << 2;
  const half = f32x4.splat(0.5);
  const end = at + step;
  for (const full = at + ((count & ~3) << 2); at < full; at += 16) {
    const a = v128.load(at);
    const b = v128.load(at + step);
    const c = v128.load(at + 2 * step);
    const e = v128.load(at + 3 * step);
    const ab = f32x4.add(a, b);
    const ce = f32x4.add(c, e);
    const lessB = f32x4.sub(a, b);
    const lessE = f32x4.sub(c, e);
    v128.store(at, f32x4.mul(f32x4.add(ab, ce), half));
    v128.store(at + step, f32x4.mul(f32x4.add(lessB, lessE), half));
    v128.store(at + 2 * step, f32x4.mul(f32x4.sub(ab, ce), half));
    v128.store(at + 3 * step, f32x4.mul(f32x4.sub(lessB, lessE), half));
  }
  for (; at < end; at += 4) {
    const a = load<f32>(at);
    const b = load<f32>(at + step);
    const c = load<f32>(at + 2 * step);
    const e = load<f32>(at + 3 * step);
    store<f32>(at, (a + b + (c + e)) * <f32>0.5);
    store<f32>(at + step, (a - b + (c - e)) * <f32>0.5);
    store<f32>(at + 2 * step, (a + b - (c + e)) * <f32>0.5);
    store<f32>(at + 3 * step, (a - b - (c - e)) * <f32>0.5);
  }
}

/** Mixed features as bytes, their `SHIFTS` and `SCALES`, and at `RESIDUALS` the length of what bytes miss. */
function quantiseRow(row: usize, words: u32, to: usize, terms: usize): void {
  const end = row + (words << 4);
  // `max` asks each time for NaN, of which there is none.
  let mosts = f32x4.splat(0);
  for (let at = row; at < end; at += 16) mosts = f32x4.pmax(mosts, f32x4.abs(v128.load(at)));
  const most = max<f32>(
    max<f32>(f32x4.extract_lane(mosts, 0), f32x4.extract_lane(mosts, 1)),
    max<f32>(f32x4.extract_lane(mosts, 2), f32x4.extract_lane(mosts, 3)),
  );
  const isZero = most < 1e-18;
  const unit: f32 = isZero ? 0 : most / 127;
  const perUnit: f32 = isZero ? 0 : 127 / most;
  let left = f32x4.splat(0);
  // Whole numbers below 2^24: float32 has them.
  let sums = f32x4.splat(0);
  for (; row < end; row += 16, to += 32) {
    const x = v128.load(row);
    const moved = f32x4.add(f32x4.mul(x, f32x4.splat(perUnit)), f32x4.splat(ROUND));
    const integers = f32x4.sub(moved, f32x4.splat(ROUND));
    const missing = f32x4.sub(x, f32x4.mul(integers, f32x4.splat(unit)));
    left = f32x4.add(left, f32x4.mul(missing, missing));
    sums = f32x4.add(sums, integers);
    v128.store32_lane(to, v128.shuffle<i8>(moved, moved, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12, 0, 4, 8, 12), 0);
  }
  const wholes = i32x4.trunc_sat_f32x4_s(sums);
  const sum =
    i32x4.extract_lane(wholes, 0) +
    i32x4.extract_lane(wholes, 1) +
    (i32x4.extract_lane(wholes, 2) + i32x4.extract_lane(wholes, 3));
  const square: f32 =
    f32x4.extract_lane(left, 0) +
    f32x4.extract_lane(left, 1) +
    (f32x4.extract_lane(left, 2) + f32x4.extract_lane(left, 3));
  store<i32>(terms, -MIDDLE * sum, SHIFTS);
  store<f32>(terms, -2 * unit, SCALES);
  store<f32>(terms, sqrt<f32>(square), RESIDUALS);
}

/** Scores of eight rows: those of the eight from `first` on, a multiple of eight, or where it is -1 those whose offsets lie in the scratch. */
export function scoreBytes(state: usize, scratch: usize, first: i32): void {
  const d = load<u32>(state, D);
  const words = wordsOf(d);
  const bytes: usize = load<u32>(state, BYTES);
  const terms: usize = load<u32>(state, BYTE_TERMS);
  if (first >= 0) {
    const block = <usize>(<u32>first >> 3);
    scanBytes(state, scratch, bytes + block * <usize>(words << 5), terms + block * TERMS_OF_BLOCK, words);
    return;
  }
  const block = scratch + ROWS_OF_BLOCK;
  const ownTerms = block + <usize>(words << 5);
  for (let p: usize = 0; p < 32; p += 4) {
    const i = load<u32>(scratch + p) / (d << 2);
    const from = terms + (i >> 3) * TERMS_OF_BLOCK + ((i & 7) << 2);
    store<u32>(ownTerms + p, load<u32>(from, SHIFTS), SHIFTS);
    store<u32>(ownTerms + p, load<u32>(from, SCALES), SCALES);
    store<u32>(ownTerms + p, load<u32>(from, RESIDUALS), RESIDUALS);
    store<u32>(ownTerms + p, load<u32>(from, TERM_SQUARES), TERM_SQUARES);
    store<u32>(ownTerms + p, load<u32>(from, TERM_LENGTHS), TERM_LENGTHS);
    let source = bytes + (i >> 3) * (words << 5) + ((i & 7) << 2);
    for (let to = block + p, end = ownTerms + p; to < end; to += 32, source += 32) store<u32>(to, load<u32>(source));
  }
  scanBytes(state, scratch, block, ownTerms, words);
}

/**
 * The least score that a row may have with a centroid, the second least and the index of the least; the score that no
 * candidate exceeds; least scores with all centroids at `BYTE_SCORES`
 * [k, 8], and behind them those of each four [k/4, 8].
 */
function scanBytes(state: usize, scratch: usize, block: usize, terms: usize, words: u32): void {
  const end = block + <usize>(words << 5);
  const k = (load<u32>(state, K) + 3) & ~3;
  let centroids: usize = load<u32>(state, BYTE_CENTROIDS);
  let scores: usize = load<u32>(state, BYTE_SCORES);
  const shift0 = v128.load(terms, SHIFTS);
  const shift1 = v128.load(terms, SHIFTS + 16);
  const to = scratch;
  v128.store(to, f32x4.splat(NOBODY), BEST);
  v128.store(to, f32x4.splat(NOBODY), BEST + 16);
  v128.store(to, f32x4.splat(NOBODY), SECOND);
  v128.store(to, f32x4.splat(NOBODY), SECOND + 16);
  v128.store(to, i32x4.splat(0), INDEX);
  v128.store(to, i32x4.splat(0), INDEX + 16);
  v128.store(to, f32x4.splat(NOBODY), THRESHOLDS);
  v128.store(to, f32x4.splat(NOBODY), THRESHOLDS + 16);
  let centroidTerms: usize = load<u32>(state, BYTE_CENTROID_TERMS);
  let groups = scores + <usize>(k << 5);
  for (let c: u32 = 0; c < k; c += 4, centroidTerms += 4 * CENTROID_TERMS, scores += 128, groups += 32) {
    let a0 = shift0;
    let a1 = shift1;
    let b0 = shift0;
    let b1 = shift1;
    let e0 = shift0;
    let e1 = shift1;
    let f0 = shift0;
    let f1 = shift1;
    for (let at = block; at < end; at += 32, centroids += 16) {
      const x0 = v128.load(at);
      const x1 = v128.load(at, 16);
      const ca = v128.load32_splat(centroids);
      const cb = v128.load32_splat(centroids, 4);
      const ce = v128.load32_splat(centroids, 8);
      const cf = v128.load32_splat(centroids, 12);
      a0 = dot(x0, ca, a0);
      a1 = dot(x1, ca, a1);
      b0 = dot(x0, cb, b0);
      b1 = dot(x1, cb, b1);
      e0 = dot(x0, ce, e0);
      e1 = dot(x1, ce, e1);
      f0 = dot(x0, cf, f0);
      f1 = dot(x1, cf, f1);
    }
    takeFour(a0, b0, e0, f0, c, centroidTerms, terms, to, scores, groups);
    takeFour(a1, b1, e1, f1, c, centroidTerms, terms + 16, to + 16, scores + 16, groups + 16);
  }
  finish(state, to, terms);
  finish(state, to + 16, terms + 16);
}

/** What the products of four rows with four centroids say. */
function takeFour(
  a: v128,
  b: v128,
  e: v128,
  f: v128,
  c: u32,
  centroid: usize,
  terms: usize,
  to: usize,
  scores: usize,
  group: usize,
): void {
  const scales = v128.load(terms, SCALES);
  const residuals = v128.load(terms, RESIDUALS);
  const lengths = v128.load(terms, TERM_LENGTHS);
  const scoreA = scoreOf(a, scales, centroid);
  const scoreB = scoreOf(b, scales, centroid + CENTROID_TERMS);
  const scoreE = scoreOf(e, scales, centroid + 2 * CENTROID_TERMS);
  const scoreF = scoreOf(f, scales, centroid + 3 * CENTROID_TERMS);
  const errorA = errorOf(residuals, lengths, centroid);
  const errorB = errorOf(residuals, lengths, centroid + CENTROID_TERMS);
  const errorE = errorOf(residuals, lengths, centroid + 2 * CENTROID_TERMS);
  const errorF = errorOf(residuals, lengths, centroid + 3 * CENTROID_TERMS);
  const mostAB = f32x4.pmin(f32x4.add(scoreA, errorA), f32x4.add(scoreB, errorB));
  const mostEF = f32x4.pmin(f32x4.add(scoreE, errorE), f32x4.add(scoreF, errorF));
  v128.store(to, f32x4.pmin(v128.load(to, THRESHOLDS), f32x4.pmin(mostAB, mostEF)), THRESHOLDS);
  const leastA = f32x4.sub(scoreA, errorA);
  const leastB = f32x4.sub(scoreB, errorB);
  const leastE = f32x4.sub(scoreE, errorE);
  const leastF = f32x4.sub(scoreF, errorF);
  v128.store(scores, leastA);
  v128.store(scores, leastB, 32);
  v128.store(scores, leastE, 64);
  v128.store(scores, leastF, 96);
  // The least two of two, of four, of all.
  const leastAB = f32x4.pmin(leastA, leastB);
  const leastEF = f32x4.pmin(leastE, leastF);
  const least = f32x4.pmin(leastAB, leastEF);
  v128.store(group, least);
  const seconds = f32x4.pmin(f32x4.pmax(leastA, leastB), f32x4.pmax(leastE, leastF));
  const second = f32x4.pmin(seconds, f32x4.pmax(leastAB, leastEF));
  const indexAB = either(i32x4.splat(c + 1), i32x4.splat(c), f32x4.lt(leastB, leastA));
  const indexEF = either(i32x4.splat(c + 3), i32x4.splat(c + 2), f32x4.lt(leastF, leastE));
  const index = either(indexEF, indexAB, f32x4.lt(leastEF, leastAB));
  const best = v128.load(to, BEST);
  v128.store(to, either(index, v128.load(to, INDEX), f32x4.lt(least, best)), INDEX);
  v128.store(to, f32x4.pmin(f32x4.pmin(v128.load(to, SECOND), second), f32x4.pmax(best, least)), SECOND);
  v128.store(to, f32x4.pmin(best, least), BEST);
}

function scoreOf(product: v128, scales: v128, centroid: usize): v128 {
  const scaled = f32x4.mul(f32x4.convert_i32x4_s(product), scales);
  return f32x4.add(v128.load32_splat(centroid, NORM), f32x4.mul(scaled, v128.load32_splat(centroid, UNIT)));
}

function errorOf(residuals: v128, lengths: v128, centroid: usize): v128 {
  return f32x4.add(
    f32x4.mul(residuals, v128.load32_splat(centroid, TWICE_LENGTH)),
    f32x4.mul(lengths, v128.load32_splat(centroid, TWICE_RESIDUAL)),
  );
}

/** Lanes of one vector where a comparison holds, else of the other: one instruction where `bitselect` is three. */
function either(one: v128, other: v128, holds: v128): v128 {
  return i32x4.relaxed_laneselect(one, other, holds);
}

function finish(state: usize, to: usize, terms: usize): void {
  const square = v128.load(terms, TERM_SQUARES);
  v128.store(to, square, SQUARES);
  const slack = slackOf(state, square, v128.load(terms, TERM_LENGTHS));
  v128.store(to, f32x4.add(v128.load(to, THRESHOLDS), f32x4.add(slack, slack)), THRESHOLDS);
  // Bounds are below by what rounding adds.
  v128.store(to, f32x4.sub(v128.load(to, THRESHOLDS), slack), SLACKENED);
  v128.store(to, f32x4.sub(v128.load(to, SECOND), slack), SECOND);
}

/** What float32 adds to the error of a score, and float64 to the distances that decide. */
export function slackOf(state: usize, square: v128, length: v128): v128 {
  const reach = v128.load32_splat(state, BYTE_REACH);
  const terms = f32x4.mul(reach, f32x4.add(reach, f32x4.add(length, length)));
  return f32x4.add(f32x4.mul(terms, f32x4.splat(1e-6)), exactErrorOf(state, square));
}
