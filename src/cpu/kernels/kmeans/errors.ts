/** What rounding may do to scores and distances, of four rows at a time. */
import { D, EXACT_ROUNDING, LIFT, REACH, ROUGH_ERROR, ROUGH_REACH, ROUNDING } from './layout';
import { LOST } from './scan';

/** A bound that moves is moved a little further than float32 rounds. */
export const UP: f32 = 1.0000003;
export const DOWN: f32 = 0.9999997;

/** ‖x‖ at most, but for its rounding. */
export function lengthOf(square: v128): v128 {
  return f32x4.add(f32x4.sqrt(square), f32x4.splat(LOST));
}

/**
 * What rounding may do to the scores of four rows, of every centroid that is at most as far as one of such a score; see
 * `farthestOf`.
 */
export function errorOf(state: usize, coarse: u32, score: v128, square: v128, length: v128): v128 {
  if (coarse) return roughErrorOf(state, length);
  return errorUpTo(state, farthestOf(state, score, square, length), length);
}

/** The same of every centroid that is at most so long. */
export function errorUpTo(state: usize, longest: v128, length: v128): v128 {
  const factor = f32x4.splat(load<f32>(state, ROUNDING) * <f32>1.01);
  const terms = f32x4.mul(longest, f32x4.add(longest, f32x4.add(length, length)));
  return f32x4.add(f32x4.mul(factor, terms), exactErrorOf(state, f32x4.mul(length, length)));
}

/**
 * What float64 loses of the distances that labels are defined by, of rows far longer than all centroids: it makes distances
 * equal that scores, which have no part of ‖x‖², tell apart.
 */
export function exactErrorOf(state: usize, square: v128): v128 {
  const factor = <f32>(load<u32>(state, D) + 4) * EXACT_ROUNDING;
  return f32x4.add(f32x4.mul(square, f32x4.splat(factor)), f32x4.splat(1e-36));
}

/**
 * ‖c‖ at most, of the centroids that are no farther from x than one of such a score: ‖x‖ + the distance, that is. What is
 * missing of the distance by rounding, 5γ‖x‖² + 3γ·distance² at most for rounding errors γ, is in the lift, 1 + 3√γ.
 */
export function farthestOf(state: usize, score: v128, square: v128, length: v128): v128 {
  const distance = f32x4.sqrt(positive(f32x4.add(score, square)));
  const lifted = f32x4.mul(f32x4.add(length, distance), v128.load32_splat(state, LIFT));
  return f32x4.pmin(lifted, v128.load32_splat(state, REACH));
}

/** What integers lose of the scores of four rows of such lengths. */
export function roughErrorOf(state: usize, length: v128): v128 {
  const reach = v128.load32_splat(state, ROUGH_REACH);
  const slope = f32x4.mul(v128.load32_splat(state, ROUGH_ERROR), reach);
  const lengths = f32x4.add(length, f32x4.splat(1e-13));
  // Behind it what float32 adds: converting, scaling, the norm.
  const constant = f32x4.mul(f32x4.splat(4e-7), f32x4.mul(reach, reach));
  const exact = exactErrorOf(state, f32x4.mul(length, length));
  return f32x4.add(f32x4.mul(slope, lengths), f32x4.add(constant, exact));
}

/** The distance at most, where a score is off by at most `error`. */
export function upperOf(state: usize, score: v128, square: v128, error: v128): v128 {
  const slack = f32x4.add(error, f32x4.mul(v128.load32_splat(state, ROUNDING), square));
  const squared = positive(f32x4.add(f32x4.add(score, square), slack));
  return f32x4.mul(f32x4.sqrt(f32x4.mul(squared, f32x4.splat(UP))), f32x4.splat(UP));
}

/** The distance at least, where a score is no less. */
export function lowerOf(state: usize, score: v128, square: v128): v128 {
  const slack = f32x4.mul(v128.load32_splat(state, ROUNDING), square);
  const squared = positive(f32x4.sub(f32x4.add(score, square), slack));
  return f32x4.mul(f32x4.sqrt(f32x4.mul(squared, f32x4.splat(DOWN))), f32x4.splat(DOWN));
}

/** NaN stays what it is. */
export function positive(values: v128): v128 {
  return f32x4.pmax(values, f32x4.splat(0));
}
