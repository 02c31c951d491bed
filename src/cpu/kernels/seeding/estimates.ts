/** What candidates of k-means++ would gain, from 16-bit integers, and which rows they may be nearer to. */
import { BLOCK } from '../kmeans/layout';
import { distanceTo, high } from '../kmeans/potentials';
import { packCoarse } from '../kmeans/scan';
import {
  GAINS,
  LOSSES,
  REACHES,
  ROUGH_BLOCK,
  ROUGH_ERRORS,
  ROUGH_FACTORS,
  ROUGH_WEIGHTS,
  TERM_LENGTH,
  TERM_NORM,
  TERMS_BYTES,
} from './layout';

/**
 * Rows [start, end) as `estimate` takes them: of each block ‖x‖², what brings a product of integers back to −2x·c for a
 * centre of length 1, and the integers.
 *
 * @param scratch for offsets
 */
export function packRough(rows: usize, d: u32, start: u32, end: u32, scratch: usize, blocks: usize): void {
  for (let i = start; i < end; i += BLOCK, blocks += roughBytes(d)) {
    // The last row stands in for those that are missing.
    for (let p: u32 = 0; p < BLOCK; p++) store<u32>(scratch + (p << 2), min(i + p, end - 1) * (d << 2));
    packCoarse(rows, scratch, d, 1, blocks + ROUGH_BLOCK, blocks, blocks + ROUGH_FACTORS);
  }
}

function roughBytes(d: u32): u32 {
  return <u32>ROUGH_BLOCK + (((d + 1) >> 1) << 5);
}

/**
 * What candidates would gain at most, Σ w·(distance² before − distance² to the candidate), and by how much less it may be,
 * added to `GAINS` and `LOSSES` of their terms in four lanes each. Marks the rows that a candidate may be nearer to, a bit
 * each: [blocks, m].
 *
 * @param blocks as `packRough` made them, from that of `start` on
 * @param weights [n]; 0 without
 * @param integers of the candidates [m/2, ⌈d/2⌉, 2, 2]
 * @param terms of the candidates [m]
 * @param m even
 * @param error of a distance², relative to ‖x‖² + ‖c‖²
 * @param largest ‖c‖² of all candidates
 * @param scratch for a block
 */
export function estimate(
  blocks: usize,
  weights: usize,
  d: u32,
  start: u32,
  end: u32,
  integers: usize,
  terms: usize,
  m: u32,
  error: f32,
  largest: f32,
  distances: usize,
  marks: usize,
  scratch: usize,
): void {
  const bytes = ((d + 1) >> 1) << 5;
  const lastTerms = terms + m * TERMS_BYTES;
  const ones = scratch + ROUGH_WEIGHTS;
  v128.store(ones, f32x4.splat(1));
  v128.store(ones, f32x4.splat(1), 16);
  for (let i = start; i < end; i += BLOCK) {
    let before = distances + (i << 2);
    let weight = weights === 0 ? ones : weights + (i << 2);
    if (i + BLOCK > end) {
      // Rows that are missing have nothing to gain, and no weight.
      for (let p: u32 = 0; p < BLOCK; p++) {
        const exists = i + p < end;
        store<f32>(scratch + (p << 2), exists ? load<f32>(before + (p << 2)) : 0);
        store<f32>(ones + (p << 2), exists ? (weights === 0 ? 1 : load<f32>(weight + (p << 2))) : 0);
      }
      before = scratch;
      weight = ones;
    }
    reach(blocks, before, weight, error, largest, scratch);
    reach(blocks + 16, before + 16, weight + 16, error, largest, scratch + 16);
    let pair = integers;
    const lastRow = blocks + ROUGH_BLOCK + bytes;
    for (let term = terms; term < lastTerms; term += 2 * TERMS_BYTES) {
      let a0 = i32x4.splat(0);
      let a1 = a0;
      let b0 = a0;
      let b1 = a0;
      for (let at = blocks + ROUGH_BLOCK; at < lastRow; at += 32) {
        const x0 = v128.load(at);
        const x1 = v128.load(at, 16);
        const a = v128.load32_splat(pair);
        const b = v128.load32_splat(pair, 4);
        pair += 8;
        a0 = i32x4.add(a0, i32x4.dot_i16x8_s(x0, a));
        a1 = i32x4.add(a1, i32x4.dot_i16x8_s(x1, a));
        b0 = i32x4.add(b0, i32x4.dot_i16x8_s(x0, b));
        b1 = i32x4.add(b1, i32x4.dot_i16x8_s(x1, b));
      }
      const second = term + TERMS_BYTES;
      const a =
        addGains(a0, blocks, scratch, weight, term) | (addGains(a1, blocks + 16, scratch + 16, weight + 16, term) << 4);
      const b =
        addGains(b0, blocks, scratch, weight, second) |
        (addGains(b1, blocks + 16, scratch + 16, weight + 16, second) << 4);
      store<u8>(marks, a ^ 255);
      store<u8>(marks, b ^ 255, 1);
      marks += 2;
    }
    blocks = lastRow;
  }
}

/** What four rows have in common for all candidates: how near one has to be, and w·error, twice. */
function reach(squares: usize, before: usize, weight: usize, error: f32, largest: f32, to: usize): void {
  const square = v128.load(squares);
  const errors = f32x4.mul(f32x4.add(square, f32x4.splat(largest)), f32x4.splat(2 * error));
  v128.store(to, f32x4.sub(v128.load(before), f32x4.mul(square, f32x4.splat(1 - error))), REACHES);
  v128.store(to, f32x4.mul(errors, v128.load(weight)), ROUGH_ERRORS);
}

/** Adds what four rows may gain to a candidate's sums; a bit for each row that it is too far from. */
function addGains(products: v128, squares: usize, scratch: usize, weight: usize, term: usize): u32 {
  const zero = f32x4.splat(0);
  const factors = f32x4.mul(v128.load(squares, ROUGH_FACTORS), v128.load32_splat(term, TERM_LENGTH));
  const least = f32x4.add(v128.load32_splat(term, TERM_NORM), f32x4.mul(f32x4.convert_i32x4_s(products), factors));
  // In this order NaN stays NaN, and is not far.
  const gains = f32x4.pmax(f32x4.sub(v128.load(scratch, REACHES), least), zero);
  const far = f32x4.eq(gains, zero);
  v128.store(term, f32x4.add(v128.load(term, GAINS), f32x4.mul(gains, v128.load(weight))), GAINS);
  v128.store(term, f32x4.add(v128.load(term, LOSSES), v128.andnot(v128.load(scratch, ROUGH_ERRORS), far)), LOSSES);
  return i32x4.bitmask(far);
}

/**
 * Extends the field by one centre, of the rows that `estimate` marked: see `extend` of k-means.
 *
 * @param marks of the blocks from `start` on, a byte at every `stride`
 * @param list for one row more than these
 */
export function extendMarked(
  rows: usize,
  weights: usize,
  d: u32,
  start: u32,
  end: u32,
  centre: usize,
  distances: usize,
  marks: usize,
  stride: u32,
  list: usize,
): f64 {
  // A list first: which rows are marked, no processor foresees.
  let to = list;
  for (let i = start; i < end; i += BLOCK, marks += stride) {
    const marked: u32 = load<u8>(marks);
    if (marked === 0) continue;
    for (let p: u32 = 0; p < BLOCK; p++) {
      store<u32>(to, i + p);
      to += ((marked >> p) & 1) << 2;
    }
  }
  // The last block may have marks behind its rows.
  while (to > list && load<u32>(to - 4) >= end) to -= 4;
  const bytes: usize = d << 2;
  for (let from = list; from < to; from += 4) {
    const row = load<u32>(from);
    const at = distances + (row << 2);
    const distance = distanceTo(rows + <usize>row * bytes, centre, bytes);
    const before = load<f32>(at);
    store<f32>(at, select(distance, before, distance < before));
  }
  return sumOf(distances, weights, start, end);
}

/** Σ w·distance² of rows [start, end), as one after the other. */
export function sumOf(distances: usize, weights: usize, start: u32, end: u32): f64 {
  const first = distances + (start << 2);
  const last = distances + (end << 2);
  let sum: f64 = weights === 0 ? exactSum(first, last) : -1;
  if (sum >= 0) return sum;
  sum = 0;
  for (let at = first, weight = weights + (start << 2); at < last; at += 4, weight += 4) {
    sum += weights === 0 ? <f64>load<f32>(at) : <f64>load<f32>(weight) * <f64>load<f32>(at);
  }
  return sum;
}

/**
 * The sum of float32 values that are not negative, in whatever order, where float64 has to round none of its parts; -1
 * elsewhere.
 */
function exactSum(from: usize, to: usize): f64 {
  let sum0 = f64x2.splat(0);
  let sum1 = sum0;
  let sum2 = sum0;
  let sum3 = sum0;
  // Less 1, so that 0 is the largest of all.
  let least = i32x4.splat(-1);
  const one = i32x4.splat(1);
  const full = from + ((to - from) & ~31);
  let at = from;
  for (; at < full; at += 32) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    least = i32x4.min_u(least, i32x4.min_u(i32x4.sub(a, one), i32x4.sub(b, one)));
    sum0 = f64x2.add(sum0, f64x2.promote_low_f32x4(a));
    sum1 = f64x2.add(sum1, f64x2.promote_low_f32x4(high(a)));
    sum2 = f64x2.add(sum2, f64x2.promote_low_f32x4(b));
    sum3 = f64x2.add(sum3, f64x2.promote_low_f32x4(high(b)));
  }
  sum0 = f64x2.add(f64x2.add(sum0, sum1), f64x2.add(sum2, sum3));
  let sum = f64x2.extract_lane(sum0, 0) + f64x2.extract_lane(sum0, 1);
  for (; at < to; at += 4) {
    least = i32x4.min_u(least, i32x4.sub(v128.load32_splat(at), one));
    sum += <f64>load<f32>(at);
  }
  const pair = i32x4.min_u(least, v128.shuffle<f64>(least, least, 1, 0));
  const bits: u32 = min(<u32>i32x4.extract_lane(pair, 0), <u32>i32x4.extract_lane(pair, 1)) + 1;
  // All values are multiples of the least one's last bit, and 2^52 of these are exact: 2^29 of its first bit, if it is normal.
  const isExact = sum === 0 || sum < <f64>reinterpret<f32>(bits & 0x7f800000) * 2 ** 29;
  return isExact ? sum : -1;
}
