/** Squared distances to rows that k-means++ chose or may choose, in float32. */
import { BLOCK, BLOCK_WEIGHTS, DISTANCES, ROWS_OF_BLOCK, SQUARES } from './layout';
import { pack, squares } from './scan';

/**
 * Lowers `distances` of rows [start, end) to those from the centres that are nearer, term by term: 0 where they are
 * equal.
 *
 * @param rows [n, d]
 * @param weights [n]; 0 without
 * @param centres [m, d]
 * @returns Σ w·distance² of these rows
 */
export function extend(
  rows: usize,
  weights: usize,
  d: u32,
  start: u32,
  end: u32,
  centres: usize,
  m: u32,
  distances: usize,
): f64 {
  const bytes: usize = d << 2;
  const last = centres + <usize>m * bytes;
  let sum: f64 = 0;
  for (let i = start; i < end; i++) {
    const at = distances + (i << 2);
    const row = rows + <usize>i * bytes;
    let least = load<f32>(at);
    for (let centre = centres; centre < last; centre += bytes) {
      const distance = distanceTo(row, centre, bytes);
      // Where squares overflow the largest distance stays, which is finite.
      least = select(distance, least, distance < least);
    }
    store<f32>(at, least);
    sum += weights === 0 ? <f64>least : <f64>load<f32>(weights + (i << 2)) * <f64>least;
  }
  return sum;
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
 * Adds to `totals` [m] what Σ w·distance² of rows [start, end) would be with each candidate too. Distances are
 * ‖x‖² + ‖c‖² − 2x·c: two operations a term where the sum of squared differences takes three.
 *
 * @param weights [n]; 0 without
 * @param candidates −2c of an even number of them, [m/2, d, 2]
 * @param norms ‖c‖² [m]
 * @param scratch for a block, and what lies before it
 */
export function trial(
  rows: usize,
  weights: usize,
  d: u32,
  start: u32,
  end: u32,
  candidates: usize,
  norms: usize,
  m: u32,
  distances: usize,
  scratch: usize,
  totals: usize,
): void {
  const bytes = d << 2;
  const block = scratch + ROWS_OF_BLOCK;
  for (let i = start; i < end; i += BLOCK) {
    const count = min(BLOCK, end - i);
    // The last row stands in for those that are missing, with weight 0.
    for (let p: u32 = 0; p < BLOCK; p++) {
      const row = i + min(p, count - 1);
      store<u32>(scratch + (p << 2), row * bytes);
      store<f32>(scratch + (p << 2), load<f32>(distances + (row << 2)), DISTANCES);
      const weight = weights === 0 ? <f32>1 : load<f32>(weights + (row << 2));
      store<f32>(scratch + (p << 2), p < count ? weight : 0, BLOCK_WEIGHTS);
    }
    pack(rows, scratch, bytes, block);
    squares(block, d, scratch + SQUARES);
    let c: u32 = 0;
    for (; c + 4 <= m; c += 4) tryFour(block, d, candidates + c * bytes, norms + (c << 2), scratch, totals + (c << 3));
    if (c < m) tryTwo(block, d, candidates + c * bytes, norms + (c << 2), scratch, totals + (c << 3));
  }
}

function tryFour(block: usize, d: u32, candidates: usize, norms: usize, scratch: usize, totals: usize): void {
  let a0 = v128.load32_splat(norms);
  let b0 = v128.load32_splat(norms, 4);
  let c0 = v128.load32_splat(norms, 8);
  let e0 = v128.load32_splat(norms, 12);
  let a1 = a0;
  let b1 = b0;
  let c1 = c0;
  let e1 = e0;
  // Two pairs, one behind the other.
  let others = candidates + (d << 3);
  for (const end = block + (d << 5); block < end; block += 32) {
    const x0 = v128.load(block);
    const x1 = v128.load(block, 16);
    const a = v128.load32_splat(candidates);
    const b = v128.load32_splat(candidates, 4);
    const c = v128.load32_splat(others);
    const e = v128.load32_splat(others, 4);
    candidates += 8;
    others += 8;
    a0 = f32x4.add(a0, f32x4.mul(x0, a));
    a1 = f32x4.add(a1, f32x4.mul(x1, a));
    b0 = f32x4.add(b0, f32x4.mul(x0, b));
    b1 = f32x4.add(b1, f32x4.mul(x1, b));
    c0 = f32x4.add(c0, f32x4.mul(x0, c));
    c1 = f32x4.add(c1, f32x4.mul(x1, c));
    e0 = f32x4.add(e0, f32x4.mul(x0, e));
    e1 = f32x4.add(e1, f32x4.mul(x1, e));
  }
  addTotal(a0, a1, scratch, totals);
  addTotal(b0, b1, scratch, totals + 8);
  addTotal(c0, c1, scratch, totals + 16);
  addTotal(e0, e1, scratch, totals + 24);
}

function tryTwo(block: usize, d: u32, candidates: usize, norms: usize, scratch: usize, totals: usize): void {
  let a0 = v128.load32_splat(norms);
  let b0 = v128.load32_splat(norms, 4);
  let a1 = a0;
  let b1 = b0;
  for (const end = block + (d << 5); block < end; block += 32) {
    const x0 = v128.load(block);
    const x1 = v128.load(block, 16);
    const a = v128.load32_splat(candidates);
    const b = v128.load32_splat(candidates, 4);
    candidates += 8;
    a0 = f32x4.add(a0, f32x4.mul(x0, a));
    a1 = f32x4.add(a1, f32x4.mul(x1, a));
    b0 = f32x4.add(b0, f32x4.mul(x0, b));
    b1 = f32x4.add(b1, f32x4.mul(x1, b));
  }
  addTotal(a0, a1, scratch, totals);
  addTotal(b0, b1, scratch, totals + 8);
}

/** The same term by term, where rounding would be too large beside the distances. */
export function trialDirect(
  rows: usize,
  weights: usize,
  d: u32,
  start: u32,
  end: u32,
  candidates: usize,
  m: u32,
  distances: usize,
  totals: usize,
): void {
  const bytes: usize = d << 2;
  for (let i = start; i < end; i++) {
    const row = rows + <usize>i * bytes;
    const before = load<f32>(distances + (i << 2));
    const weight: f64 = weights === 0 ? 1 : <f64>load<f32>(weights + (i << 2));
    for (let c: u32 = 0; c < m; c++) {
      const distance = distanceTo(row, candidates + <usize>c * bytes, bytes);
      const total = totals + (c << 3);
      store<f64>(total, load<f64>(total) + weight * <f64>select(distance, before, distance < before));
    }
  }
}

function addTotal(scores0: v128, scores1: v128, scratch: usize, total: usize): void {
  const zero = f32x4.splat(0);
  // In this order NaN stays NaN, and less than nothing.
  const distance0 = f32x4.pmax(f32x4.add(scores0, v128.load(scratch, SQUARES)), zero);
  const distance1 = f32x4.pmax(f32x4.add(scores1, v128.load(scratch, SQUARES + 16)), zero);
  const least0 = f32x4.pmin(v128.load(scratch, DISTANCES), distance0);
  const least1 = f32x4.pmin(v128.load(scratch, DISTANCES + 16), distance1);
  const w0 = v128.load(scratch, BLOCK_WEIGHTS);
  const w1 = v128.load(scratch, BLOCK_WEIGHTS + 16);
  let sum = f64x2.mul(f64x2.promote_low_f32x4(least0), f64x2.promote_low_f32x4(w0));
  sum = f64x2.add(sum, f64x2.mul(f64x2.promote_low_f32x4(least1), f64x2.promote_low_f32x4(w1)));
  sum = f64x2.add(sum, f64x2.mul(f64x2.promote_low_f32x4(high(least0)), f64x2.promote_low_f32x4(high(w0))));
  sum = f64x2.add(sum, f64x2.mul(f64x2.promote_low_f32x4(high(least1)), f64x2.promote_low_f32x4(high(w1))));
  store<f64>(total, load<f64>(total) + (f64x2.extract_lane(sum, 0) + f64x2.extract_lane(sum, 1)));
}

export function high(lanes: v128): v128 {
  return v128.shuffle<f64>(lanes, lanes, 1, 1);
}
