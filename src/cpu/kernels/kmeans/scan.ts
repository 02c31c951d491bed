/**
 * Scores norm − 2·x·c of eight rows against all centroids, from float32, or twice as fast from 16-bit integers, of which
 * one instruction multiplies and adds eight where float32 takes two for four. Two vectors of four rows by four centroids
 * are eight sums in registers for six loads: here 42 GFLOP/s in float32, which is what the adders and multipliers allow;
 * other tiles are no faster, larger ones spill. Lanes are rows, so that the best score, the second best and the index of
 * the best need no step across lanes.
 */

import { BEST, INDEX, LENGTH, NOBODY, SECOND } from './layout';

/** Transposes the eight rows at `rows` + offsets[i], each of `bytes`, into `block` [d, 8]. */
export function pack(rows: usize, offsets: usize, bytes: usize, block: usize): void {
  packFour(rows, offsets, bytes, block);
  packFour(rows, offsets + 16, bytes, block + 16);
}

function packFour(rows: usize, offsets: usize, bytes: usize, block: usize): void {
  const r0 = rows + load<u32>(offsets);
  const r1 = rows + load<u32>(offsets, 4);
  const r2 = rows + load<u32>(offsets, 8);
  const r3 = rows + load<u32>(offsets, 12);
  let to = block;
  let at: usize = 0;
  for (const full = bytes & ~15; at < full; at += 16) {
    const a = v128.load(r0 + at);
    const b = v128.load(r1 + at);
    const c = v128.load(r2 + at);
    const e = v128.load(r3 + at);
    const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const ce = v128.shuffle<f32>(c, e, 0, 4, 1, 5);
    const ceHigh = v128.shuffle<f32>(c, e, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f64>(ab, ce, 0, 2));
    v128.store(to, v128.shuffle<f64>(ab, ce, 1, 3), 32);
    v128.store(to, v128.shuffle<f64>(abHigh, ceHigh, 0, 2), 64);
    v128.store(to, v128.shuffle<f64>(abHigh, ceHigh, 1, 3), 96);
    to += 128;
  }
  for (; at < bytes; at += 4) {
    f32.store(to, f32.load(r0 + at));
    f32.store(to, f32.load(r1 + at), 4);
    f32.store(to, f32.load(r2 + at), 8);
    f32.store(to, f32.load(r3 + at), 12);
    to += 32;
  }
}

/** Adding it rounds to an integer, whose lowest bits are the sum's. */
export const ROUND: f32 = 12582912;
/** Squares below 1e-36 may be lost: so much a length may be more than its root says. */
export const LOST: f32 = 4e-18;

/**
 * The eight rows as integers, each scaled to one length: pairs of features of four rows side by side, [d/2, 8, 2]. Their
 * ‖x‖² go to `squares` [8], what brings a product back to −2·x·c to `factors` [8].
 *
 * @param reach the length that centroids were scaled from
 */
export function packCoarse(
  rows: usize,
  offsets: usize,
  d: u32,
  reach: f32,
  block: usize,
  squares: usize,
  factors: usize,
): void {
  // The offsets may lie where the squares will: each is read before it is overwritten.
  for (let half: usize = 0; half < 32; half += 16) {
    const r0 = rows + load<u32>(offsets + half);
    const r1 = rows + load<u32>(offsets + half, 4);
    const r2 = rows + load<u32>(offsets + half, 8);
    const r3 = rows + load<u32>(offsets + half, 12);
    store<f32>(squares + half, squareOf(r0, d));
    store<f32>(squares + half, squareOf(r1, d), 4);
    store<f32>(squares + half, squareOf(r2, d), 8);
    store<f32>(squares + half, squareOf(r3, d), 12);
    const lengths = f32x4.sqrt(v128.load(squares + half));
    v128.store(factors + half, f32x4.mul(lengths, f32x4.splat((<f32>-2 * reach) / (LENGTH * LENGTH))));
    // 0 for rows as good as 0, and where squares overflow: there the infinite length makes all scores NaN.
    const scales = v128.and(f32x4.div(f32x4.splat(LENGTH), lengths), f32x4.gt(lengths, f32x4.splat(1e-18)));
    packFourCoarse(r0, r1, r2, r3, scales, d, block + half);
  }
}

function packFourCoarse(r0: usize, r1: usize, r2: usize, r3: usize, scales: v128, d: u32, to: usize): void {
  const s0 = v128.shuffle<f32>(scales, scales, 0, 0, 0, 0);
  const s1 = v128.shuffle<f32>(scales, scales, 1, 1, 1, 1);
  const s2 = v128.shuffle<f32>(scales, scales, 2, 2, 2, 2);
  const s3 = v128.shuffle<f32>(scales, scales, 3, 3, 3, 3);
  let j: u32 = 0;
  for (const full = d & ~3; j < full; j += 4) {
    const at: usize = j << 2;
    const ab = v128.shuffle<i16>(rounded(r0 + at, s0), rounded(r1 + at, s1), 0, 2, 4, 6, 8, 10, 12, 14);
    const ce = v128.shuffle<i16>(rounded(r2 + at, s2), rounded(r3 + at, s3), 0, 2, 4, 6, 8, 10, 12, 14);
    v128.store(to, v128.shuffle<i32>(ab, ce, 0, 2, 4, 6));
    v128.store(to, v128.shuffle<i32>(ab, ce, 1, 3, 5, 7), 32);
    to += 64;
  }
  for (; j < d; j += 2, to += 32) {
    const at: usize = j << 2;
    const isPair = j + 1 < d;
    store<u32>(to, roundedPair(r0 + at, f32x4.extract_lane(s0, 0), isPair));
    store<u32>(to, roundedPair(r1 + at, f32x4.extract_lane(s1, 0), isPair), 4);
    store<u32>(to, roundedPair(r2 + at, f32x4.extract_lane(s2, 0), isPair), 8);
    store<u32>(to, roundedPair(r3 + at, f32x4.extract_lane(s3, 0), isPair), 12);
  }
}

/** Four values, scaled and rounded: in the low half of each lane. */
function rounded(values: usize, scale: v128): v128 {
  return f32x4.add(f32x4.mul(v128.load(values), scale), f32x4.splat(ROUND));
}

function roundedPair(values: usize, scale: f32, isPair: bool): u32 {
  const low = reinterpret<u32>(load<f32>(values) * scale + ROUND) & 0xffff;
  return isPair ? low | (reinterpret<u32>(load<f32>(values, 4) * scale + ROUND) << 16) : low;
}

/** ‖x‖² of a row. */
export function squareOf(row: usize, d: u32): f32 {
  let sums = f32x4.splat(0);
  let j: u32 = 0;
  for (const full = d & ~3; j < full; j += 4) {
    const x = v128.load(row + (j << 2));
    sums = f32x4.add(sums, f32x4.mul(x, x));
  }
  let sum =
    f32x4.extract_lane(sums, 0) +
    f32x4.extract_lane(sums, 1) +
    (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3));
  for (; j < d; j++) sum += load<f32>(row + (j << 2)) * load<f32>(row + (j << 2));
  return sum;
}

/** ‖x‖² of the eight rows of a block. */
export function squares(block: usize, d: u32, to: usize): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  for (let at = block, end = block + (d << 5); at < end; at += 32) {
    const x0 = v128.load(at);
    const x1 = v128.load(at, 16);
    s0 = f32x4.add(s0, f32x4.mul(x0, x0));
    s1 = f32x4.add(s1, f32x4.mul(x1, x1));
  }
  v128.store(to, s0);
  v128.store(to, s1, 16);
}

/**
 * Best score, second best and index of the best of the rows of a block.
 *
 * @param T f32, or i16 for what `packCoarse` made
 * @param steps features, or pairs of them
 * @param centroids of `k` centroids, a multiple of four, [k/4, steps, 4]: −2c, or pairs of integers
 * @param norms ‖c‖² [k]; NOBODY for padding
 * @param factors for integers: what makes −2·x·c of their products [8]
 */
export function scan<T>(
  block: usize,
  steps: u32,
  centroids: usize,
  norms: usize,
  k: u32,
  to: usize,
  factors: usize,
): void {
  const end = block + (steps << 5);
  const one = i32x4.splat(1);
  let best0 = f32x4.splat(NOBODY);
  let best1 = best0;
  let second0 = best0;
  let second1 = best0;
  let index0 = i32x4.splat(0);
  let index1 = index0;
  let c = index0;
  for (const last = norms + (k << 2); norms < last; norms += 16) {
    let a0 = isFloat<T>() ? v128.load32_splat(norms) : i32x4.splat(0);
    let b0 = isFloat<T>() ? v128.load32_splat(norms, 4) : a0;
    let e0 = isFloat<T>() ? v128.load32_splat(norms, 8) : a0;
    let f0 = isFloat<T>() ? v128.load32_splat(norms, 12) : a0;
    let a1 = a0;
    let b1 = b0;
    let e1 = e0;
    let f1 = f0;
    for (let at = block; at < end; at += 32) {
      const x0 = v128.load(at);
      const x1 = v128.load(at, 16);
      const ca = v128.load32_splat(centroids);
      const cb = v128.load32_splat(centroids, 4);
      const ce = v128.load32_splat(centroids, 8);
      const cf = v128.load32_splat(centroids, 12);
      a0 = plus<T>(a0, x0, ca);
      a1 = plus<T>(a1, x1, ca);
      b0 = plus<T>(b0, x0, cb);
      b1 = plus<T>(b1, x1, cb);
      e0 = plus<T>(e0, x0, ce);
      e1 = plus<T>(e1, x1, ce);
      f0 = plus<T>(f0, x0, cf);
      f1 = plus<T>(f1, x1, cf);
      centroids += 16;
    }
    if (!isFloat<T>()) {
      const factor0 = v128.load(factors);
      const factor1 = v128.load(factors, 16);
      a0 = scoreOf(a0, factor0, norms);
      a1 = scoreOf(a1, factor1, norms);
      b0 = scoreOf(b0, factor0, norms + 4);
      b1 = scoreOf(b1, factor1, norms + 4);
      e0 = scoreOf(e0, factor0, norms + 8);
      e1 = scoreOf(e1, factor1, norms + 8);
      f0 = scoreOf(f0, factor0, norms + 12);
      f1 = scoreOf(f1, factor1, norms + 12);
    }
    // `pmin` and `pmax` are one instruction where `min` and `max` are several; NaN falls through to the exact scores.
    index0 = v128.bitselect(c, index0, f32x4.lt(a0, best0));
    index1 = v128.bitselect(c, index1, f32x4.lt(a1, best1));
    second0 = f32x4.pmin(second0, f32x4.pmax(best0, a0));
    second1 = f32x4.pmin(second1, f32x4.pmax(best1, a1));
    best0 = f32x4.pmin(best0, a0);
    best1 = f32x4.pmin(best1, a1);
    c = i32x4.add(c, one);
    index0 = v128.bitselect(c, index0, f32x4.lt(b0, best0));
    index1 = v128.bitselect(c, index1, f32x4.lt(b1, best1));
    second0 = f32x4.pmin(second0, f32x4.pmax(best0, b0));
    second1 = f32x4.pmin(second1, f32x4.pmax(best1, b1));
    best0 = f32x4.pmin(best0, b0);
    best1 = f32x4.pmin(best1, b1);
    c = i32x4.add(c, one);
    index0 = v128.bitselect(c, index0, f32x4.lt(e0, best0));
    index1 = v128.bitselect(c, index1, f32x4.lt(e1, best1));
    second0 = f32x4.pmin(second0, f32x4.pmax(best0, e0));
    second1 = f32x4.pmin(second1, f32x4.pmax(best1, e1));
    best0 = f32x4.pmin(best0, e0);
    best1 = f32x4.pmin(best1, e1);
    c = i32x4.add(c, one);
    index0 = v128.bitselect(c, index0, f32x4.lt(f0, best0));
    index1 = v128.bitselect(c, index1, f32x4.lt(f1, best1));
    second0 = f32x4.pmin(second0, f32x4.pmax(best0, f0));
    second1 = f32x4.pmin(second1, f32x4.pmax(best1, f1));
    best0 = f32x4.pmin(best0, f0);
    best1 = f32x4.pmin(best1, f1);
    c = i32x4.add(c, one);
  }
  v128.store(to, best0, BEST);
  v128.store(to, best1, BEST + 16);
  v128.store(to, second0, SECOND);
  v128.store(to, second1, SECOND + 16);
  v128.store(to, index0, INDEX);
  v128.store(to, index1, INDEX + 16);
}

function plus<T>(sum: v128, x: v128, c: v128): v128 {
  return isFloat<T>() ? f32x4.add(sum, f32x4.mul(x, c)) : i32x4.add(sum, i32x4.dot_i16x8_s(x, c));
}

function scoreOf(product: v128, factor: v128, norm: usize): v128 {
  return f32x4.add(v128.load32_splat(norm), f32x4.mul(f32x4.convert_i32x4_s(product), factor));
}
