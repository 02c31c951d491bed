/**
 * Exact sums: a value is rounded once, to a multiple of its column's unit, by adding a number so large that the unit is
 * its last place; the bits are then an integer, and integers add up the same in any order. What rounds to m for a
 * weight rounds to −m for its negative: so rows are taken away.
 */

/**
 * Adds weight × the row [d] at `row`, and the weight, to the sums of a cluster.
 *
 * @param large 1.5·2^52 units of each column, for each limb: [limbs, stride]
 * @param sums [limbs, stride]: d features, the weight, padding to an even number
 */
export function addRow(row: usize, weight: f64, d: u32, large: usize, stride: u32, limbs: u32, sums: usize): void {
  const bytes: usize = stride << 3;
  const last: usize = (d & ~1) << 3;
  for (let at: usize = 0; at < last; at += 16) {
    const value = f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(row + (at >> 1))), f64x2.splat(weight));
    addPair(value, large + at, bytes, limbs, sums + at);
  }
  let rest = f64x2.replace_lane(f64x2.splat(0), 0, weight);
  if (d & 1) rest = f64x2.replace_lane(f64x2.splat(weight), 0, <f64>load<f32>(row + (last >> 1)) * weight);
  addPair(rest, large + last, bytes, limbs, sums + last);
}

function addPair(value: v128, large: usize, bytes: usize, limbs: u32, sums: usize): void {
  const magnitude = v128.load(large);
  const moved = f64x2.add(value, magnitude);
  v128.store(sums, i64x2.add(v128.load(sums), i64x2.sub(moved, magnitude)));
  if (limbs === 1) return;
  const finer = v128.load(large + bytes);
  const rest = f64x2.add(f64x2.sub(value, f64x2.sub(moved, magnitude)), finer);
  v128.store(sums + bytes, i64x2.add(v128.load(sums + bytes), i64x2.sub(rest, finer)));
}
