/** Seeding from rows of few features, four of them at a time: kernels of k-means take them one by one, or eight at a time. */
import { extend, high, trialDirect } from '../kmeans/potentials';
import { sumOf } from './estimates';

/**
 * See `extend` of k-means, which does the same to each distance.
 *
 * @param d four at most
 */
export function extendNarrow(
  rows: usize,
  weights: usize,
  d: u32,
  start: u32,
  end: u32,
  centres: usize,
  m: u32,
  distances: usize,
): f64 {
  const rest = restOf(start, end);
  for (let c: u32 = 0; c < m; c++) compare(rows, 0, d, start, rest, centres + c * (d << 2), distances, true);
  extend(rows, 0, d, rest, end, centres, m, distances);
  return sumOf(distances, weights, start, end);
}

/**
 * See `trialDirect` of k-means.
 *
 * @param d four at most
 */
export function trialNarrow(
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
  const rest = restOf(start, end);
  for (let c: u32 = 0; c < m; c++) {
    const total = totals + (c << 3);
    const sum = compare(rows, weights, d, start, rest, candidates + c * (d << 2), distances, false);
    store<f64>(total, load<f64>(total) + sum);
  }
  trialDirect(rows, weights, d, rest, end, candidates, m, distances, totals);
}

/** The first row that is not one of four with three behind them: those are read too where rows have one feature. */
function restOf(start: u32, end: u32): u32 {
  return end < start + 7 ? start : start + ((end - start - 3) & ~3);
}

/**
 * Rows [start, end), a multiple of four, with distances as `distanceTo` adds them up.
 *
 * @param isChosen whether distances are lowered to those from the centre
 * @returns where they are not, Σ w·distance² as it would be then
 */
function compare(
  rows: usize,
  weights: usize,
  d: u32,
  start: u32,
  end: u32,
  centre: usize,
  distances: usize,
  isChosen: bool,
): f64 {
  const bytes: usize = d << 2;
  // Each feature in four lanes; those that there are not belong to the next row.
  const c0 = v128.load32_splat(centre);
  const c1 = v128.load32_splat(centre + (min(d - 1, 1) << 2));
  const c2 = v128.load32_splat(centre + (min(d - 1, 2) << 2));
  const c3 = v128.load32_splat(centre + (min(d - 1, 3) << 2));
  const has1 = i32x4.splat(d > 1 ? -1 : 0);
  const has2 = i32x4.splat(d > 2 ? -1 : 0);
  const has3 = i32x4.splat(d > 3 ? -1 : 0);
  let sum: f64 = 0;
  let row = rows + <usize>start * bytes;
  const last = distances + (end << 2);
  for (let at = distances + (start << 2), weight = weights + (start << 2); at < last; at += 16, weight += 16) {
    const a = v128.load(row);
    const b = v128.load(row + bytes);
    const c = v128.load(row + 2 * bytes);
    const e = v128.load(row + 3 * bytes);
    row += 4 * bytes;
    const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const ce = v128.shuffle<f32>(c, e, 0, 4, 1, 5);
    const highAb = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const highCe = v128.shuffle<f32>(c, e, 2, 6, 3, 7);
    const x0 = f32x4.sub(v128.shuffle<f64>(ab, ce, 0, 2), c0);
    const x1 = v128.and(f32x4.sub(v128.shuffle<f64>(ab, ce, 1, 3), c1), has1);
    const x2 = v128.and(f32x4.sub(v128.shuffle<f64>(highAb, highCe, 0, 2), c2), has2);
    const x3 = v128.and(f32x4.sub(v128.shuffle<f64>(highAb, highCe, 1, 3), c3), has3);
    const first = f32x4.add(f32x4.mul(x0, x0), f32x4.mul(x1, x1));
    const distance = f32x4.add(first, f32x4.add(f32x4.mul(x2, x2), f32x4.mul(x3, x3)));
    const least = f32x4.pmin(v128.load(at), distance);
    if (isChosen) {
      v128.store(at, least);
      continue;
    }
    const some = weights === 0 ? f32x4.splat(1) : v128.load(weight);
    const low = f64x2.mul(f64x2.promote_low_f32x4(least), f64x2.promote_low_f32x4(some));
    const top = f64x2.mul(f64x2.promote_low_f32x4(high(least)), f64x2.promote_low_f32x4(high(some)));
    // One row after the other, as they are added up where they are compared one by one.
    sum += f64x2.extract_lane(low, 0);
    sum += f64x2.extract_lane(low, 1);
    sum += f64x2.extract_lane(top, 0);
    sum += f64x2.extract_lane(top, 1);
  }
  return sum;
}
