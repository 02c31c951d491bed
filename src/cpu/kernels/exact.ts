/** Scores and distances in float64: what the labels are defined by, in the order of plain/clusters.ts. */

/** Offsets into what `nearest` writes. */
export const BEST_SCORE: usize = 0;
export const SECOND_SCORE: usize = 8;
export const LABEL: usize = 16;

/** Best score, second best, and the lowest index of the best, of a float32 row against centroids [k, d]. */
export function nearest(row: usize, d: u32, centroids: usize, norms: usize, k: u32, to: usize): void {
  const end = row + (d << 2);
  const bytes: usize = d << 3;
  let best: f64 = Infinity;
  let second: f64 = Infinity;
  let label: u32 = 0;
  for (let c: u32 = 0; c < k; c += 4) {
    // Beyond the last centroid the last one stands in; it cannot be less than itself.
    const at1 = <usize>min(c + 1, k - 1) * bytes;
    const at2 = <usize>min(c + 2, k - 1) * bytes;
    const at3 = <usize>min(c + 3, k - 1) * bytes;
    let at = centroids + <usize>c * bytes;
    const o1 = centroids + at1 - at;
    const o2 = centroids + at2 - at;
    const o3 = centroids + at3 - at;
    let s0: f64 = 0;
    let s1: f64 = 0;
    let s2: f64 = 0;
    let s3: f64 = 0;
    for (let p = row; p < end; p += 4) {
      const x = <f64>load<f32>(p);
      s0 += x * load<f64>(at);
      s1 += x * load<f64>(at + o1);
      s2 += x * load<f64>(at + o2);
      s3 += x * load<f64>(at + o3);
      at += 8;
    }
    for (let i: u32 = 0; i < 4 && c + i < k; i++) {
      const dot = i === 0 ? s0 : i === 1 ? s1 : i === 2 ? s2 : s3;
      const score = load<f64>(norms + ((c + i) << 3)) - 2 * dot;
      if (score < best) {
        second = best;
        best = score;
        label = c + i;
      } else if (score < second) second = score;
    }
  }
  store<f64>(to, best, BEST_SCORE);
  store<f64>(to, second, SECOND_SCORE);
  store<u32>(to, label, LABEL);
}

/** ‖x − c‖², even features and odd ones apart, as in plain/clusters.ts. */
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
