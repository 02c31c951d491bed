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
  return v128.any_true(
    limbs === 1 ? addOne(row, weight, d, large, bytes, sums) : addTwo(row, weight, d, large, bytes, sums),
  );
}

/** In one limb: lanes that are not 0 where something is left over. */
function addOne(row: usize, weight: f64, d: u32, large: usize, bytes: usize, sums: usize): v128 {
  const limits = large + bytes - sums;
  const larges = large - sums;
  const last = sums + ((d & ~1) << 3);
  const weights = f64x2.splat(weight);
  let left = f64x2.splat(0);
  for (; sums < last; sums += 16, row += 8) {
    const value = f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(row)), weights);
    left = v128.or(left, addPair(value, v128.load(sums + larges), v128.load(sums + limits), sums));
  }
  const rest = lastPair(row, weight, d);
  return v128.or(left, addPair(rest, v128.load(sums + larges), v128.load(sums + limits), sums));
}

function addTwo(row: usize, weight: f64, d: u32, large: usize, bytes: usize, sums: usize): v128 {
  const limits = large + 2 * bytes - sums;
  const larges = large - sums;
  const last = sums + ((d & ~1) << 3);
  const weights = f64x2.splat(weight);
  let left = f64x2.splat(0);
  for (; sums < last; sums += 16, row += 8) {
    const value = f64x2.mul(f64x2.promote_low_f32x4(v128.load64_zero(row)), weights);
    left = v128.or(left, addPairs(value, sums + larges, v128.load(sums + limits), bytes, sums));
  }
  return v128.or(left, addPairs(lastPair(row, weight, d), sums + larges, v128.load(sums + limits), bytes, sums));
}

/** The last feature, where their number is odd, and the weight. */
function lastPair(row: usize, weight: f64, d: u32): v128 {
  if (d & 1) return f64x2.replace_lane(f64x2.splat(weight), 0, <f64>load<f32>(row) * weight);
  return f64x2.replace_lane(f64x2.splat(0), 0, weight);
}

function addPair(value: v128, magnitude: v128, limit: v128, sums: usize): v128 {
  const moved = f64x2.add(v128.and(value, f64x2.le(f64x2.abs(value), limit)), magnitude);
  v128.store(sums, i64x2.add(v128.load(sums), i64x2.sub(moved, magnitude)));
  return f64x2.ne(value, f64x2.sub(moved, magnitude));
}

function addPairs(value: v128, large: usize, limit: v128, bytes: usize, sums: usize): v128 {
  const counted = v128.and(value, f64x2.le(f64x2.abs(value), limit));
  const magnitude = v128.load(large);
  const moved = f64x2.add(counted, magnitude);
  v128.store(sums, i64x2.add(v128.load(sums), i64x2.sub(moved, magnitude)));
  const whole = f64x2.sub(moved, magnitude);
  const finer = v128.load(large + bytes);
  const movedRest = f64x2.add(f64x2.sub(counted, whole), finer);
  v128.store(sums + bytes, i64x2.add(v128.load(sums + bytes), i64x2.sub(movedRest, finer)));
  // A value that does not count is not what its parts add up to.
  return f64x2.ne(f64x2.sub(value, whole), f64x2.sub(movedRest, finer));
}
