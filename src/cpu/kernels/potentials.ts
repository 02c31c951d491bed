/** Squared distances to rows that k-means++ chose or may choose, in float32, term by term: 0 where they are equal. */
import { BLOCK, ROWS_OF_BLOCK, pack } from './scan';

/**
 * Lowers `distances` of rows [start, end) to those from the centre where it is nearer.
 *
 * @param rows [n, d]
 * @param centre [d]
 */
export function fold(rows: usize, d: u32, start: u32, end: u32, centre: usize, distances: usize): void {
  const bytes: usize = d << 2;
  for (let i = start; i < end; i++) {
    const distance = distanceTo(rows + <usize>i * bytes, centre, bytes);
    const at = distances + (i << 2);
    // Not the least of both: NaN, where squares overflow, is no distance.
    if (distance < load<f32>(at)) store<f32>(at, distance);
  }
}

/** ‖x − c‖² in float32, of rows of so many bytes. */
export function distanceTo(row: usize, centre: usize, bytes: usize): f32 {
  let sums = f32x4.splat(0);
  const full = bytes & ~15;
  let at: usize = 0;
  for (; at < full; at += 16) {
    const difference = f32x4.sub(v128.load(row + at), v128.load(centre + at));
    sums = f32x4.add(sums, f32x4.mul(difference, difference));
  }
  let sum =
    f32x4.extract_lane(sums, 0) +
    f32x4.extract_lane(sums, 1) +
    (f32x4.extract_lane(sums, 2) + f32x4.extract_lane(sums, 3));
  for (; at < bytes; at += 4) {
    const difference = load<f32>(row + at) - load<f32>(centre + at);
    sum += difference * difference;
  }
  return sum;
}

/**
 * Adds to `totals` [m] what Σ w·distance² of rows [start, end) would be with each candidate folded in.
 *
 * @param weights [n]; 0 without
 * @param candidates a multiple of four of them, [m/4, d, 4]
 * @param scratch for a block, and what lies before it
 */
export function trial(
  rows: usize,
  weights: usize,
  d: u32,
  start: u32,
  end: u32,
  candidates: usize,
  m: u32,
  distances: usize,
  scratch: usize,
  totals: usize,
): void {
  const bytes = d << 2;
  const block = scratch + ROWS_OF_BLOCK;
  const shares = scratch + 64;
  for (let i = start; i < end; i += BLOCK) {
    const count = min(BLOCK, end - i);
    // The last row stands in for those that are missing, with weight 0.
    for (let p: u32 = 0; p < BLOCK; p++) {
      const row = i + min(p, count - 1);
      store<u32>(scratch + (p << 2), row * bytes);
      store<f32>(scratch + (p << 2), load<f32>(distances + (row << 2)), 32);
      const weight = weights == 0 ? <f32>1 : load<f32>(weights + (row << 2));
      store<f32>(shares + (p << 2), p < count ? weight : 0);
    }
    pack(rows, scratch, bytes, block);
    for (let c: u32 = 0; c < m; c += 4) {
      tryFour(block, d, candidates + c * bytes, scratch + 32, shares, totals + (c << 3));
    }
  }
}

function tryFour(block: usize, d: u32, candidates: usize, distances: usize, shares: usize, totals: usize): void {
  let a0 = f32x4.splat(0);
  let a1 = a0;
  let b0 = a0;
  let b1 = a0;
  let c0 = a0;
  let c1 = a0;
  let e0 = a0;
  let e1 = a0;
  for (const end = block + (d << 5); block < end; block += 32) {
    const x0 = v128.load(block);
    const x1 = v128.load(block, 16);
    const a = v128.load32_splat(candidates);
    const b = v128.load32_splat(candidates, 4);
    const c = v128.load32_splat(candidates, 8);
    const e = v128.load32_splat(candidates, 12);
    candidates += 16;
    let difference = f32x4.sub(x0, a);
    a0 = f32x4.add(a0, f32x4.mul(difference, difference));
    difference = f32x4.sub(x1, a);
    a1 = f32x4.add(a1, f32x4.mul(difference, difference));
    difference = f32x4.sub(x0, b);
    b0 = f32x4.add(b0, f32x4.mul(difference, difference));
    difference = f32x4.sub(x1, b);
    b1 = f32x4.add(b1, f32x4.mul(difference, difference));
    difference = f32x4.sub(x0, c);
    c0 = f32x4.add(c0, f32x4.mul(difference, difference));
    difference = f32x4.sub(x1, c);
    c1 = f32x4.add(c1, f32x4.mul(difference, difference));
    difference = f32x4.sub(x0, e);
    e0 = f32x4.add(e0, f32x4.mul(difference, difference));
    difference = f32x4.sub(x1, e);
    e1 = f32x4.add(e1, f32x4.mul(difference, difference));
  }
  addTotal(a0, a1, distances, shares, totals);
  addTotal(b0, b1, distances, shares, totals + 8);
  addTotal(c0, c1, distances, shares, totals + 16);
  addTotal(e0, e1, distances, shares, totals + 24);
}

function addTotal(t0: v128, t1: v128, distances: usize, shares: usize, total: usize): void {
  // `pmin` keeps its first operand where the second is NaN.
  const least0 = f32x4.pmin(v128.load(distances), t0);
  const least1 = f32x4.pmin(v128.load(distances, 16), t1);
  const w0 = v128.load(shares);
  const w1 = v128.load(shares, 16);
  let sum = f64x2.mul(f64x2.promote_low_f32x4(least0), f64x2.promote_low_f32x4(w0));
  sum = f64x2.add(sum, f64x2.mul(f64x2.promote_low_f32x4(least1), f64x2.promote_low_f32x4(w1)));
  sum = f64x2.add(sum, f64x2.mul(f64x2.promote_low_f32x4(high(least0)), f64x2.promote_low_f32x4(high(w0))));
  sum = f64x2.add(sum, f64x2.mul(f64x2.promote_low_f32x4(high(least1)), f64x2.promote_low_f32x4(high(w1))));
  store<f64>(total, load<f64>(total) + (f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1)));
}

function high(lanes: v128): v128 {
  return v128.shuffle<f64>(lanes, lanes, 1, 1);
}
