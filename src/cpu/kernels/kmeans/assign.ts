/**
 * Nearest-centroid assignment with the sums of the clusters kept up to date. A row costs what it needs: nothing where
 * its bounds say that its label stays (Hamerly 2010), its own distance where that says so, a float32 scan where the
 * best score stands out by more than rounding, and else the float64 distances that labels are defined by. Which of these
 * it was cannot be seen in the result.
 */
import { scoreBytes } from './bytes';
import { fetchOpen, labelOfCandidates, labelOfOpen, slotOf } from './candidates';
import { DOWN, errorOf, errorUpTo, lengthOf, lowerOf, positive, UP, upperOf } from './errors';
import { LABEL, BEST as LEAST_SQUARE, SECOND as NEXT_SQUARE, nearest, squaredDistance } from './exact';
import {
  BEFORE,
  BEST,
  BLOCK,
  BLUR,
  BOUNDED,
  BY_ROW,
  BYTEWISE,
  CENTROIDS,
  CHANGED,
  COARSE,
  D,
  EXACT,
  FACTORS,
  FARTHEST,
  FARTHEST_SHIFT,
  HALF,
  INDEX,
  K,
  LABELS,
  LARGE,
  LEAST,
  LIFT,
  LIMBS,
  LIST,
  LOWER,
  MARGIN_FACTOR,
  MOST_OPEN,
  MOTION_BYTES,
  MOTIONS,
  NARROW,
  NORMS,
  OPEN,
  OPEN_ROW,
  OTHER_SHIFT,
  PACKED,
  REACH,
  RETRIED,
  RETRY,
  ROUGH,
  ROUGH_LEAST,
  ROUGH_NORMS,
  ROUGH_REACH,
  ROUNDING,
  ROWS,
  ROWS_OF_BLOCK,
  SCANNED,
  SCRATCH,
  SECOND,
  SPILL_BEFORE,
  SPILL_BYTES,
  SPILL_LABEL,
  SPILL_ROW,
  SPILLED,
  SPILLS,
  SQUARES,
  STRIDE,
  SUMMED,
  SUMS,
  THRESHOLDS,
  TWICE_ERROR,
  UNLABELLED,
  UPPER,
  USED,
  WEIGHTS,
} from './layout';
import { distanceTo } from './potentials';
import { LOST, pack, packCoarse, scan, squareOf, squares } from './scan';
import { addRow } from './sums';

/** Assigns rows [start, end), at most a slice of them. */
export function assign(state: usize, start: u32, end: u32): void {
  const list: usize = load<u32>(state, LIST);
  const retry: usize = load<u32>(state, RETRY);
  const coarse = load<u32>(state, COARSE);
  store<u32>(state, 0, OPEN);
  if (load<u32>(state, BOUNDED) === USED) {
    const count = doubtful(state, start, end, list);
    store<u32>(state, load<u32>(state, SCANNED) + count, SCANNED);
    assignListed(state, list, count, coarse, retry);
  } else {
    store<u32>(state, load<u32>(state, SCANNED) + (end - start), SCANNED);
    const whole = start + ((end - start) & ~(BLOCK - 1));
    for (let i = start; i < whole; i += BLOCK) assignBlock(state, i, coarse, retry);
    for (let i = whole; i < end; i++) store<u32>(list + ((i - whole) << 2), i);
    assignListed(state, list, end - whole, coarse, retry);
  }
  if (ASC_FEATURE_RELAXED_SIMD && coarse === BYTEWISE) {
    settleOpen(state);
    return;
  }
  // What integers left open.
  const open = load<u32>(state, OPEN);
  store<u32>(state, load<u32>(state, RETRIED) + open, RETRIED);
  assignListed(state, retry, open, 0, retry);
}

/**
 * Moves the bounds of rows as far as centroids have moved; lists those whose label they leave open. Four rows at a time
 * and without a branch: which rows are listed is as good as random, and a branch that is mispredicted costs more.
 */
function doubtful(state: usize, start: u32, end: u32, list: usize): u32 {
  const labels: usize = load<u32>(state, LABELS);
  const upper: usize = load<u32>(state, UPPER);
  const lower: usize = load<u32>(state, LOWER);
  const motions: usize = load<u32>(state, MOTIONS);
  const farthest = v128.load32_splat(state, FARTHEST);
  const farthestShift = f32x4.mul(v128.load32_splat(state, FARTHEST_SHIFT), f32x4.splat(UP));
  const otherShift = f32x4.mul(v128.load32_splat(state, OTHER_SHIFT), f32x4.splat(UP));
  const factor = v128.load32_splat(state, MARGIN_FACTOR);
  const rows: usize = load<u32>(state, ROWS);
  const narrow: usize = load<u32>(state, NARROW);
  const bytes: usize = load<u32>(state, D) << 2;
  const relative = f32x4.splat(<f32>1 + load<f32>(state, ROUNDING));
  let count: u32 = 0;
  // The arrays have room for whole fours behind the last row.
  for (let i = start; i < end; i += 4) {
    const at: usize = i << 2;
    const label = v128.load(labels + at);
    const m0 = v128.load(motions + load<u32>(labels + at) * MOTION_BYTES);
    const m1 = v128.load(motions + load<u32>(labels + at, 4) * MOTION_BYTES);
    const m2 = v128.load(motions + load<u32>(labels + at, 8) * MOTION_BYTES);
    const m3 = v128.load(motions + load<u32>(labels + at, 12) * MOTION_BYTES);
    const first = v128.shuffle<f32>(m0, m1, 0, 4, 1, 5);
    const second = v128.shuffle<f32>(m2, m3, 0, 4, 1, 5);
    const shift = v128.shuffle<f64>(first, second, 0, 2);
    const half = v128.shuffle<f64>(first, second, 1, 3);
    let u: v128;
    if (upper === 0) {
      // Of few features: the distance itself.
      const distance = distancesOfFour(rows + i * bytes, labels + at, narrow, bytes);
      const blur = v128.shuffle<f64>(
        v128.shuffle<f32>(m0, m1, 2, 6, 2, 6),
        v128.shuffle<f32>(m2, m3, 2, 6, 2, 6),
        0,
        2,
      );
      u = f32x4.add(f32x4.mul(f32x4.sqrt(f32x4.mul(distance, relative)), f32x4.splat(UP)), blur);
    } else {
      u = f32x4.mul(f32x4.add(v128.load(upper + at), shift), f32x4.splat(UP));
      v128.store(upper + at, u);
    }
    const moved = f32x4.sub(
      v128.load(lower + at),
      v128.bitselect(otherShift, farthestShift, i32x4.eq(label, farthest)),
    );
    // A negative bound is as good as none, and is left to grow.
    const l = f32x4.sub(moved, f32x4.mul(f32x4.abs(moved), f32x4.splat(1 - DOWN)));
    v128.store(lower + at, l);
    const limit = f32x4.pmax(l, half);
    const kept = i32x4.bitmask(f32x4.lt(f32x4.add(f32x4.mul(u, factor), f32x4.splat(LOST)), limit));
    for (let lane: u32 = 0; lane < 4; lane++) {
      store<u32>(list + <usize>(count << 2), i + lane);
      count += ~(kept >> lane) & <u32>(i + lane < end);
    }
  }
  return upper === 0 ? count : tighten(state, list, count);
}

/** ‖x − c‖² of four rows, one after the other, of few features each. */
function distancesOfFour(row: usize, labels: usize, narrow: usize, bytes: usize): v128 {
  const c0 = narrow + load<u32>(labels) * bytes;
  const c1 = narrow + load<u32>(labels, 4) * bytes;
  const c2 = narrow + load<u32>(labels, 8) * bytes;
  const c3 = narrow + load<u32>(labels, 12) * bytes;
  let sums = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 4, row += 4) {
    let x = v128.load32_zero(row);
    x = v128.load32_lane(row + bytes, x, 1);
    x = v128.load32_lane(row + 2 * bytes, x, 2);
    x = v128.load32_lane(row + 3 * bytes, x, 3);
    let c = v128.load32_zero(c0 + at);
    c = v128.load32_lane(c1 + at, c, 1);
    c = v128.load32_lane(c2 + at, c, 2);
    c = v128.load32_lane(c3 + at, c, 3);
    const difference = f32x4.sub(x, c);
    sums = f32x4.add(sums, f32x4.mul(difference, difference));
  }
  return sums;
}

/** Replaces the upper bounds of listed rows by their distances; lists those whose label that leaves open. */
function tighten(state: usize, list: usize, count: u32): u32 {
  const rows: usize = load<u32>(state, ROWS);
  const labels: usize = load<u32>(state, LABELS);
  const upper: usize = load<u32>(state, UPPER);
  const lower: usize = load<u32>(state, LOWER);
  const motions: usize = load<u32>(state, MOTIONS);
  const narrow: usize = load<u32>(state, NARROW);
  const factor = load<f32>(state, MARGIN_FACTOR);
  const bytes = load<u32>(state, D) << 2;
  const relative: f32 = <f32>1 + load<f32>(state, ROUNDING);
  let left: u32 = 0;
  for (let at: u32 = 0; at < count; at++) {
    const i = load<u32>(list + (at << 2));
    const label = load<u32>(labels + (i << 2));
    const distance = distanceTo(rows + i * bytes, narrow + label * bytes, bytes);
    const motion = motions + label * MOTION_BYTES;
    const u = sqrt<f32>(distance * relative) * UP + load<f32>(motion, BLUR);
    store<f32>(upper + (i << 2), u);
    const limit = max<f32>(load<f32>(lower + (i << 2)), load<f32>(motion, HALF));
    store<u32>(list + (left << 2), i);
    left += 1 - <u32>(u * factor + LOST < limit);
  }
  return left;
}

/** Assigns the eight rows from `first` on. */
function assignBlock(state: usize, first: u32, coarse: u32, retry: usize): void {
  const at: usize = first << 2;
  const scratch: usize = load<u32>(state, SCRATCH);
  const bytes = load<u32>(state, D) << 2;
  for (let i: u32 = 0; i < BLOCK; i++) store<u32>(scratch + (i << 2), (first + i) * bytes);
  // Bytes lie in blocks of eight rows.
  score(state, scratch, coarse, first & (BLOCK - 1) ? -1 : first);
  const bounded = load<u32>(state, BOUNDED);
  if (bounded) {
    const upper: usize = load<u32>(state, UPPER);
    // Room that is free until rows of a list are scanned.
    bound(state, scratch, coarse, upper === 0 ? scratch + BEFORE : upper + at, load<u32>(state, LOWER) + <u32>at);
  }
  const clear = clearRows(state, scratch, coarse);
  const labels = load<u32>(state, LABELS) + <u32>at;
  let open = ~(clear & sameLabels(scratch, labels)) & 0xff;
  for (; open !== 0; open &= open - 1) {
    const i = ctz(open);
    settle(state, first + i, scratch + (i << 2), (clear >> i) & 1, coarse, retry);
  }
}

/** Assigns the rows of a list, to whose end seven more are written. */
function assignListed(state: usize, list: usize, count: u32, coarse: u32, retry: usize): void {
  const scratch: usize = load<u32>(state, SCRATCH);
  const labels: usize = load<u32>(state, LABELS);
  const upper: usize = load<u32>(state, UPPER);
  const lower: usize = load<u32>(state, LOWER);
  const bytes = load<u32>(state, D) << 2;
  const bounded = load<u32>(state, BOUNDED);
  for (let from: u32 = 0; from < count; from += BLOCK, list += 32) {
    const rows = min(BLOCK, count - from);
    // The last one stands in for those that are missing.
    for (let i = rows; i < BLOCK; i++) store<u32>(list + (i << 2), load<u32>(list + ((rows - 1) << 2)));
    for (let i: u32 = 0; i < BLOCK; i++) store<u32>(scratch + (i << 2), load<u32>(list + (i << 2)) * bytes);
    score(state, scratch, coarse, -1);
    const before = scratch + BEFORE;
    for (let i: u32 = 0; i < BLOCK; i++) {
      store<u32>(before + (i << 2), load<u32>(labels + (load<u32>(list + (i << 2)) << 2)));
    }
    const clear = clearRows(state, scratch, coarse);
    const open = ~(clear & sameLabels(scratch, before));
    if (bounded) bound(state, scratch, coarse, before, before + 32);
    for (let i: u32 = 0; i < rows; i++) {
      const row = load<u32>(list + (i << 2));
      if (bounded) {
        if (upper !== 0) store<f32>(upper + (row << 2), load<f32>(before + (i << 2)));
        store<f32>(lower + (row << 2), load<f32>(before + (i << 2), 32));
      }
      if (open & (1 << i)) settle(state, row, scratch + (i << 2), (clear >> i) & 1, coarse, retry);
    }
  }
}

/** Scores of the eight rows whose offsets lie where the scores will be, and their squares where these are needed. */
function score(state: usize, scratch: usize, coarse: u32, first: i32): void {
  if (ASC_FEATURE_RELAXED_SIMD && coarse === BYTEWISE) {
    scoreBytes(state, scratch, first);
    return;
  }
  const d = load<u32>(state, D);
  const k = (load<u32>(state, K) + 3) & ~3;
  const block = scratch + ROWS_OF_BLOCK;
  const rows: usize = load<u32>(state, ROWS);
  const factors = scratch + FACTORS;
  if (coarse) {
    packCoarse(rows, scratch, d, load<f32>(state, ROUGH_REACH), block, scratch + SQUARES, factors);
    scan<i16>(block, (d + 1) >> 1, load<u32>(state, ROUGH), load<u32>(state, ROUGH_NORMS), k, scratch, factors);
  } else {
    pack(rows, scratch, d << 2, block);
    if (load<u32>(state, BOUNDED) | load<u32>(state, BY_ROW)) squares(block, d, scratch + SQUARES);
    scan<f32>(block, d, load<u32>(state, PACKED), load<u32>(state, NORMS), k, scratch, factors);
  }
}

/** A bit for each row whose best score stands out by more than rounding. */
function clearRows(state: usize, scratch: usize, coarse: u32): u32 {
  if (ASC_FEATURE_RELAXED_SIMD && coarse === BYTEWISE) {
    const clear0 = f32x4.gt(v128.load(scratch, SECOND), v128.load(scratch, THRESHOLDS));
    const clear1 = f32x4.gt(v128.load(scratch, SECOND + 16), v128.load(scratch, THRESHOLDS + 16));
    return i32x4.bitmask(clear0) | (i32x4.bitmask(clear1) << 4);
  }
  if (coarse | load<u32>(state, BY_ROW)) {
    return clearFour(state, scratch, coarse) | (clearFour(state, scratch + 16, coarse) << 4);
  }
  const twice = v128.load32_splat(state, TWICE_ERROR);
  const gap0 = f32x4.sub(v128.load(scratch, SECOND), v128.load(scratch, BEST));
  const gap1 = f32x4.sub(v128.load(scratch, SECOND + 16), v128.load(scratch, BEST + 16));
  // Not "less or equal": NaN is not clear.
  return i32x4.bitmask(f32x4.gt(gap0, twice)) | (i32x4.bitmask(f32x4.gt(gap1, twice)) << 4);
}

/** The same for four rows, each with an error of its own, and only where no centroid that was left out could be nearer. */
function clearFour(state: usize, scores: usize, coarse: u32): u32 {
  const best = v128.load(scores, BEST);
  const square = v128.load(scores, SQUARES);
  const length = lengthOf(square);
  const error = errorOf(state, coarse, best, square, length);
  const farthest = f32x4.add(f32x4.mul(length, v128.load32_splat(state, LIFT)), upperOf(state, best, square, error));
  const least = v128.load32_splat(state + (coarse ? ROUGH_LEAST : LEAST));
  const clear = f32x4.gt(f32x4.sub(v128.load(scores, SECOND), best), f32x4.mul(error, f32x4.splat(2)));
  return i32x4.bitmask(v128.and(clear, f32x4.lt(farthest, least)));
}

function sameLabels(scratch: usize, labels: usize): u32 {
  const same0 = i32x4.eq(v128.load(scratch, INDEX), v128.load(labels));
  const same1 = i32x4.eq(v128.load(scratch, INDEX + 16), v128.load(labels, 16));
  return i32x4.bitmask(same0) | (i32x4.bitmask(same1) << 4);
}

/** Bounds of the eight rows from their scores. */
function bound(state: usize, scratch: usize, coarse: u32, upper: usize, lower: usize): void {
  if (ASC_FEATURE_RELAXED_SIMD && coarse === BYTEWISE) {
    boundBytes(state, scratch, upper, lower);
    boundBytes(state, scratch + 16, upper + 16, lower + 16);
    return;
  }
  const byRow = coarse | load<u32>(state, BY_ROW);
  boundFour(state, scratch, coarse, byRow, upper, lower);
  boundFour(state, scratch + 16, coarse, byRow, upper + 16, lower + 16);
}

function boundFour(state: usize, scores: usize, coarse: u32, byRow: u32, upper: usize, lower: usize): void {
  const best = v128.load(scores, BEST);
  const second = v128.load(scores, SECOND);
  const square = v128.load(scores, SQUARES);
  const length = lengthOf(square);
  const reach = v128.load32_splat(state, REACH);
  let error = byRow ? errorOf(state, coarse, best, square, length) : errorUpTo(state, reach, length);
  v128.store(upper, upperOf(state, best, square, error));
  if (byRow) error = errorOf(state, coarse, second, square, length);
  const slack = f32x4.add(error, f32x4.mul(v128.load32_splat(state, ROUNDING), square));
  const other = positive(f32x4.sub(f32x4.add(second, square), slack));
  let bounds = f32x4.sqrt(f32x4.mul(other, f32x4.splat(DOWN)));
  // Centroids beyond those that the error is for are no nearer than the second best; nor those that were left out, or than
  // this.
  if (byRow) {
    const least = v128.load32_splat(state + (coarse ? ROUGH_LEAST : LEAST));
    bounds = f32x4.pmin(bounds, f32x4.sub(least, f32x4.mul(length, v128.load32_splat(state, LIFT))));
  }
  v128.store(lower, f32x4.mul(bounds, f32x4.splat(DOWN)));
}

/** Of four rows that one candidate is left of; those of others follow from their distances. */
function boundBytes(state: usize, scores: usize, upper: usize, lower: usize): void {
  const square = v128.load(scores, SQUARES);
  v128.store(upper, upperOf(state, v128.load(scores, THRESHOLDS), square, f32x4.splat(0)));
  v128.store(lower, lowerOf(state, v128.load(scores, SECOND), square));
}

/** The label of a row that changes, or that the scan leaves open; `scores` are those of the row. */
function settle(state: usize, i: u32, scores: usize, clear: u32, coarse: u32, retry: usize): void {
  if (!clear && coarse && !(ASC_FEATURE_RELAXED_SIMD && coarse === BYTEWISE)) {
    const count = load<u32>(state, OPEN);
    store<u32>(retry + (count << 2), i);
    store<u32>(state, count + 1, OPEN);
    return;
  }
  const label =
    clear || (coarse !== BYTEWISE && !load<u32>(state, BY_ROW) && isClear(state, i, scores))
      ? load<u32>(scores, INDEX)
      : ASC_FEATURE_RELAXED_SIMD && coarse === BYTEWISE
        ? labelOfCandidates(state, i, scores)
        : assignExactly(state, i);
  if (ASC_FEATURE_RELAXED_SIMD && label === UNLABELLED) {
    if (load<u32>(state, OPEN) === MOST_OPEN) settleOpen(state);
    return;
  }
  relabelIfOther(state, i, label);
}

/** The labels of the rows that bytes left open. */
function settleOpen(state: usize): void {
  fetchOpen(state);
  for (let open: u32 = 0, count = load<u32>(state, OPEN); open < count; open++) {
    const slot = slotOf(state, open);
    relabelIfOther(state, load<u32>(slot, OPEN_ROW), labelOfOpen(state, slot));
  }
  store<u32>(state, 0, OPEN);
}

function relabelIfOther(state: usize, i: u32, label: u32): void {
  const before = load<u32>(load<u32>(state, LABELS) + (i << 2));
  if (label !== before) relabel(state, i, before, label);
}

/** Whether a score stands out for this row, after all: the error of all rows is that of the longest. */
function isClear(state: usize, i: u32, scores: usize): bool {
  const d = load<u32>(state, D);
  const square = f32x4.splat(squareOf(load<u32>(state, ROWS) + (i << 2) * d, d));
  const best = load<f32>(scores, BEST);
  const error = f32x4.extract_lane(errorOf(state, 0, f32x4.splat(best), square, lengthOf(square)), 0);
  return load<f32>(scores, SECOND) - best > 2 * error;
}

/** The label by float64 distances, and bounds that are these. */
function assignExactly(state: usize, i: u32): u32 {
  const d = load<u32>(state, D);
  const row: usize = load<u32>(state, ROWS) + (i << 2) * d;
  const distances: usize = load<u32>(state, SCRATCH) + <u32>EXACT;
  nearest(row, d, load<u32>(state, CENTROIDS), load<u32>(state, K), distances);
  if (load<u32>(state, BOUNDED)) {
    const upper: usize = load<u32>(state, UPPER);
    if (upper !== 0) store<f32>(upper + (i << 2), <f32>sqrt<f64>(load<f64>(distances, LEAST_SQUARE)) * UP);
    const other = min<f64>(3e38, sqrt<f64>(load<f64>(distances, NEXT_SQUARE)));
    store<f32>(load<u32>(state, LOWER) + (i << 2), <f32>other * DOWN);
  }
  return load<u32>(distances, LABEL);
}

function relabel(state: usize, i: u32, before: u32, label: u32): void {
  store<u32>(load<u32>(state, LABELS) + (i << 2), label);
  store<u32>(state, load<u32>(state, CHANGED) + 1, CHANGED);
  if (!load<u32>(state, SUMMED)) return;
  const weights: usize = load<u32>(state, WEIGHTS);
  const weight: f64 = weights === 0 ? 1 : <f64>load<f32>(weights + (i << 2));
  if (weight === 0) return;
  const d = load<u32>(state, D);
  const row: usize = load<u32>(state, ROWS) + (i << 2) * d;
  const large: usize = load<u32>(state, LARGE);
  const sums: usize = load<u32>(state, SUMS);
  const stride = load<u32>(state, STRIDE);
  const limbs = load<u32>(state, LIMBS);
  const bytes = (stride * limbs) << 3;
  if (before !== UNLABELLED) addRow(row, -weight, d, large, stride, limbs, sums + before * bytes);
  if (!addRow(row, weight, d, large, stride, limbs, sums + label * bytes)) return;
  const count = load<u32>(state, SPILLED);
  const spill: usize = load<u32>(state, SPILLS) + count * SPILL_BYTES;
  store<u32>(spill, i, SPILL_ROW);
  store<u32>(spill, before, SPILL_BEFORE);
  store<u32>(spill, label, SPILL_LABEL);
  store<u32>(state, count + 1, SPILLED);
}

/** Half the distance of each centroid to the nearest other one, at most: a row that is nearer than that is its own. */
export function halve(state: usize): void {
  const scratch: usize = load<u32>(state, SCRATCH);
  const narrow: usize = load<u32>(state, NARROW);
  const motions: usize = load<u32>(state, MOTIONS);
  const d = load<u32>(state, D);
  const k = load<u32>(state, K);
  const rounding = f32x4.splat(load<f32>(state, ROUNDING));
  const least = v128.load32_splat(state, LEAST);
  const lift = v128.load32_splat(state, LIFT);
  const block = scratch + ROWS_OF_BLOCK;
  const bytes = d << 2;
  for (let c: u32 = 0; c < k; c += BLOCK) {
    for (let i: u32 = 0; i < BLOCK; i++) store<u32>(scratch + (i << 2), min(c + i, k - 1) * bytes);
    pack(narrow, scratch, bytes, block);
    squares(block, d, scratch + SQUARES);
    scan<f32>(block, d, load<u32>(state, PACKED), load<u32>(state, NORMS), (k + 3) & ~3, scratch, 0);
    for (let half: u32 = 0; half < BLOCK && c + half < k; half += 4) {
      const at = scratch + (half << 2);
      // The nearest is the centroid itself; where rounding says another, that one is as near.
      const own = i32x4.add(i32x4.splat(c + half), i32x4(0, 1, 2, 3));
      const score = v128.bitselect(v128.load(at, SECOND), v128.load(at, BEST), i32x4.eq(v128.load(at, INDEX), own));
      const square = v128.load(at, SQUARES);
      const length = lengthOf(square);
      const error = f32x4.add(errorOf(state, 0, score, square, length), f32x4.mul(rounding, square));
      // Twice: for the rounding of the centroid to the row that it is here.
      const other = f32x4.sub(f32x4.add(score, square), f32x4.add(error, error));
      const scanned = f32x4.mul(f32x4.sqrt(positive(other)), f32x4.splat(DOWN));
      const bounds = f32x4.mul(f32x4.pmin(scanned, f32x4.sub(least, f32x4.mul(length, lift))), f32x4.splat(0.5));
      v128.store(at, f32x4.mul(bounds, f32x4.splat(DOWN)), BEST);
      for (let i: u32 = 0; i < 4 && c + half + i < k; i++) {
        store<f32>(motions + (c + half + i) * MOTION_BYTES, load<f32>(at + (i << 2), BEST), HALF);
      }
    }
  }
}

/** `sum` and Σ w·distance² of rows [start, end) to the centroids of their labels, one after the other. */
export function inertia(state: usize, start: u32, end: u32, sum: f64): f64 {
  const weights: usize = load<u32>(state, WEIGHTS);
  for (let i = start; i < end; i++) {
    const distance = ownDistance(state, i);
    sum += weights === 0 ? distance : <f64>load<f32>(weights + (i << 2)) * distance;
  }
  return sum;
}

/** Squared distances of rows [start, end) to the centroids of their labels: float64. */
export function distances(state: usize, start: u32, end: u32, to: usize): void {
  for (let i = start; i < end; i++, to += 8) store<f64>(to, ownDistance(state, i));
}

function ownDistance(state: usize, i: u32): f64 {
  const d = load<u32>(state, D);
  const label = load<u32>(load<u32>(state, LABELS) + (i << 2));
  const centroid: usize = load<u32>(state, CENTROIDS) + (label << 3) * d;
  return squaredDistance(load<u32>(state, ROWS) + (i << 2) * d, d, centroid);
}
