/**
 * Squared distances in float64, term by term, which is what labels are defined by: what a row and two centroids have in
 * common far out is no part of them, as it is of ‖c‖² − 2x·c.
 */

/** Offsets into what `nearest` writes. */
export const BEST: usize = 0;
export const SECOND: usize = 8;
export const LABEL: usize = 16;

/** The least squared distance, the second least, and the lowest index of the least, of a float32 row to centroids [k, d]. */
export function nearest(row: usize, d: u32, centroids: usize, k: u32, to: usize): void {
  let best: f64 = Infinity;
  let second: f64 = Infinity;
  let label: u32 = 0;
  for (let c: u32 = 0; c < k; c++, centroids += d << 3) {
    const distance = squaredDistance(row, d, centroids);
    if (distance < best) {
      second = best;
      best = distance;
      label = c;
    } else if (distance < second) second = distance;
  }
  store<f64>(to, best, BEST);
  store<f64>(to, second, SECOND);
  store<u32>(to, label, LABEL);
}

/** ‖x − c‖², even features and odd ones apart, as in shard.ts. */
export function squaredDistance(row: usize, d: u32, centroid: usize): f64 {
  let sums = f64x2.splat(0);
  const pairs = d & ~1;
  for (let j: u32 = 0; j < pairs; j += 2) {
    const x = f64x2.promote_low_f32x4(v128.load64_zero(row + (j << 2)));
    const difference = f64x2.sub(x, v128.load(centroid + (j << 3)));
    sums = f64x2.add(sums, f64x2.mul(difference, difference));
  }
  let even = f64x2.extract_lane(sums, 0);
  if (d & 1) {
    const difference = <f64>load<f32>(row + (pairs << 2)) - load<f64>(centroid + (pairs << 3));
    even += difference * difference;
  }
  return even + f64x2.extract_lane(sums, 1);
}
