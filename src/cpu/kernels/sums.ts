/**
 * Exact sums: a value is rounded to a multiple of its column's unit by adding a number so large that the unit is its last
 * place; the bits are then an integer, and integers add up the same in any order. What rounds to m for a weight rounds to
 * −m for its negative: so rows are taken away. What that leaves over, fixed.ts adds up.
 */

/**
 * Adds weight × the row [d] at `row`, and the weight, to the sums of a cluster.
 *
 * @param large 1.5·2^52 units of each column, for each limb: [limbs, stride]; behind it the largest values that count
 * @param sums [limbs, stride]: d features, the weight, padding to an even number
 * @returns whether something is left over
 */
export function addRow(row: usize, weight: f64, d: u32, large: usize, stride: u32, limbs: u32, sums: usize): bool {
  const bytes: usize = stride << 3;
  const limits = limbs * bytes;
  const last: usize = (d & ~1) << 3;
  let left = f64x2.splat(0);
  for (let at: usize = 0; at < last; at += 16) {
    const value = f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(row + (at >> 1))), f64x2.splat(weight));
    left = v128.or(left, addPair(value, large + at, limits, bytes, limbs, sums + at));
  }
  let rest = f64x2.replace_lane(f64x2.splat(0), 0, weight);
  if (d & 1) rest = f64x2.replace_lane(f64x2.splat(weight), 0, <f64>load<f32>(row + (last >> 1)) * weight);
  return v128.any_true(v128.or(left, addPair(rest, large + last, limits, bytes, limbs, sums + last)));
}

/** @returns lanes that are not 0 where something is left over. */
function addPair(value: v128, large: usize, limits: usize, bytes: usize, limbs: u32, sums: usize): v128 {
  const counted = v128.and(value, f64x2.le(f64x2.abs(value), v128.load(large + limits)));
  const magnitude = v128.load(large);
  const moved = f64x2.add(counted, magnitude);
  v128.store(sums, i64x2.add(v128.load(sums), i64x2.sub(moved, magnitude)));
  const whole = f64x2.sub(moved, magnitude);
  if (limbs === 1) return f64x2.ne(value, whole);
  const finer = v128.load(large + bytes);
  const rest = f64x2.sub(counted, whole);
  const movedRest = f64x2.add(rest, finer);
  v128.store(sums + bytes, i64x2.add(v128.load(sums + bytes), i64x2.sub(movedRest, finer)));
  // A value that does not count is not what its parts add up to.
  return f64x2.ne(f64x2.sub(value, whole), f64x2.sub(movedRest, finer));
}
