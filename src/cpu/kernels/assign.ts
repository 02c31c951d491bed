/**
 * Nearest-centroid assignment with the sums of the clusters kept up to date. A row costs what it needs: nothing where
 * its bounds say that its label stays (Hamerly 2010), its own distance where that says so, a float32 scan where the
 * best score stands out by more than rounding, and else the float64 scores that labels are defined by. Which of these
 * it was cannot be seen in the result.
 */
import { LABEL, SECOND_SCORE, nearest, squaredDistance } from './exact';
import { distanceTo } from './potentials';
import { BEST, BLOCK, INDEX, ROWS_OF_BLOCK, SECOND, SQUARES, pack, scan, squares } from './scan';
import { addRow } from './sums';

/** Offsets into the state of an assignment, which simd/clusters.ts fills. */
const ROWS: usize = 0;
const WEIGHTS: usize = 4;
const LABELS: usize = 8;
const UPPER: usize = 12;
const LOWER: usize = 16;
const PACKED: usize = 20;
const NORMS: usize = 24;
const NARROW: usize = 28;
const CENTROIDS: usize = 32;
const EXACT_NORMS: usize = 36;
const SHIFTS: usize = 40;
const HALVES: usize = 44;
const SUMS: usize = 48;
const LARGE: usize = 52;
const SCRATCH: usize = 56;
const LIST: usize = 60;
const D: usize = 64;
const K: usize = 68;
const STRIDE: usize = 72;
const LIMBS: usize = 76;
const FARTHEST: usize = 80;
const BOUNDED: usize = 84;
const CHANGED: usize = 88;
const SCANNED: usize = 92;
const FARTHEST_SHIFT: usize = 96;
const OTHER_SHIFT: usize = 100;
const REACH: usize = 104;
const ROUNDING: usize = 108;
const MARGIN: usize = 112;
const MARGIN_FACTOR: usize = 116;

/** A bound that moves is moved a little further than float32 rounds. */
const UP: f32 = 1.0000003;
const DOWN: f32 = 0.9999997;
const NONE: u32 = 0xffffffff;

/** Assigns rows [start, end), at most a slice of them. */
export function assign(state: usize, start: u32, end: u32): void {
  const list: usize = load<u32>(state, LIST);
  let count: u32 = 0;
  if (load<u32>(state, BOUNDED) == 2) count = doubtful(state, start, end, list);
  else for (let i = start; i < end; i++) store<u32>(list + (count++ << 2), i);
  store<u32>(state, load<u32>(state, SCANNED) + count, SCANNED);
  for (let at: u32 = 0; at < count; at += BLOCK) assignBlock(state, list + (at << 2), min(BLOCK, count - at));
}

/** Moves the bounds of rows as far as centroids have moved; lists those whose label they leave open. */
function doubtful(state: usize, start: u32, end: u32, list: usize): u32 {
  const labels: usize = load<u32>(state, LABELS);
  const upper: usize = load<u32>(state, UPPER);
  const lower: usize = load<u32>(state, LOWER);
  const shifts: usize = load<u32>(state, SHIFTS);
  const halves: usize = load<u32>(state, HALVES);
  const farthest = load<u32>(state, FARTHEST);
  const farthestShift = load<f32>(state, FARTHEST_SHIFT);
  const otherShift = load<f32>(state, OTHER_SHIFT);
  const margin = load<f32>(state, MARGIN);
  const factor = load<f32>(state, MARGIN_FACTOR);
  const rows: usize = load<u32>(state, ROWS);
  const narrow: usize = load<u32>(state, NARROW);
  const d = load<u32>(state, D);
  const rounding = load<f32>(state, ROUNDING);
  const reach = load<f32>(state, REACH);
  let count: u32 = 0;
  for (let i = start; i < end; i++) {
    const at = i << 2;
    const label = load<u32>(labels + at);
    const u = (load<f32>(upper + at) + load<f32>(shifts + (label << 2))) * UP;
    const l = load<f32>(lower + at) - (label == farthest ? otherShift : farthestShift) * UP;
    // A negative bound is as good as none, and grows by this factor.
    const lowered = l > 0 ? l * DOWN : l * UP;
    store<f32>(lower + at, lowered);
    const limit = max(lowered, load<f32>(halves + (label << 2)));
    if (u * factor + margin < limit) {
      store<f32>(upper + at, u);
      continue;
    }
    const distance = distanceTo(rows + at * d, narrow + (label << 2) * d, d << 2);
    const tight = sqrt<f32>(distance * (1 + rounding)) * UP + reach * 1.2e-7;
    store<f32>(upper + at, tight);
    if (tight * factor + margin < limit) continue;
    store<u32>(list + (count++ << 2), i);
  }
  return count;
}

/** Assigns up to eight rows of a list; the last one stands in for those that are missing. */
function assignBlock(state: usize, list: usize, count: u32): void {
  const scratch: usize = load<u32>(state, SCRATCH);
  const rows: usize = load<u32>(state, ROWS);
  const d = load<u32>(state, D);
  const bytes = d << 2;
  const block = scratch + ROWS_OF_BLOCK;
  // The offsets lie where the scores will be.
  for (let i: u32 = 0; i < BLOCK; i++) {
    store<u32>(scratch + (i << 2), load<u32>(list + (min(i, count - 1) << 2)) * bytes);
  }
  pack(rows, scratch, bytes, block);
  squares(block, d, scratch + SQUARES);
  scan(block, d, load<u32>(state, PACKED), load<u32>(state, NORMS), (load<u32>(state, K) + 3) & ~3, scratch);

  const labels: usize = load<u32>(state, LABELS);
  const upper: usize = load<u32>(state, UPPER);
  const lower: usize = load<u32>(state, LOWER);
  const bounded = load<u32>(state, BOUNDED);
  const reach = load<f32>(state, REACH);
  const rounding = load<f32>(state, ROUNDING);
  for (let i: u32 = 0; i < count; i++) {
    const at = i << 2;
    const row = load<u32>(list + at);
    const best = load<f32>(scratch + at, BEST);
    const second = load<f32>(scratch + at, SECOND);
    const square = load<f32>(scratch + at, SQUARES);
    const error = rounding * reach * (reach + 2 * sqrt<f32>(square)) * <f32>1.01 + <f32>1e-36;
    let label: u32;
    // Not "less or equal": NaN goes the exact way.
    if (second - best > 2 * error) {
      label = load<u32>(scratch + at, INDEX);
      if (bounded) {
        const slack = error + rounding * square;
        store<f32>(upper + (row << 2), sqrt<f32>(max<f32>(0, best + square + slack) * UP) * UP);
        store<f32>(lower + (row << 2), sqrt<f32>(max<f32>(0, second + square - slack) * DOWN) * DOWN);
      }
    } else label = assignExactly(state, row, bounded);
    const before = load<u32>(labels + (row << 2));
    if (label != before) relabel(state, row, before, label);
  }
}

/** The label by the float64 scores, and bounds from them. */
function assignExactly(state: usize, i: u32, bounded: u32): u32 {
  const d = load<u32>(state, D);
  const row: usize = load<u32>(state, ROWS) + (i << 2) * d;
  const centroids: usize = load<u32>(state, CENTROIDS);
  const scores = <usize>load<u32>(state, SCRATCH) + ROWS_OF_BLOCK;
  nearest(row, d, centroids, load<u32>(state, EXACT_NORMS), load<u32>(state, K), scores);
  const label = load<u32>(scores, LABEL);
  if (bounded) {
    let square: f64 = 0;
    for (let p = row, end = row + (d << 2); p < end; p += 4) square += <f64>load<f32>(p) * <f64>load<f32>(p);
    const reach = <f64>load<f32>(state, REACH);
    // 2^-53 in place of 2^-24, and 2·‖x‖·‖c‖ ≤ ‖x‖² + ‖c‖².
    const error = <f64>load<f32>(state, ROUNDING) * 4e-9 * (square + 2 * reach * reach);
    const own = squaredDistance(row, d, centroids + (label << 3) * d);
    store<f32>(load<u32>(state, UPPER) + (i << 2), <f32>sqrt<f64>(own) * UP);
    const other = sqrt<f64>(max<f64>(0, load<f64>(scores, SECOND_SCORE) + square - error));
    store<f32>(load<u32>(state, LOWER) + (i << 2), <f32>min<f64>(3e38, other) * DOWN);
  }
  return label;
}

function relabel(state: usize, i: u32, before: u32, label: u32): void {
  store<u32>(load<u32>(state, LABELS) + (i << 2), label);
  store<u32>(state, load<u32>(state, CHANGED) + 1, CHANGED);
  const weights: usize = load<u32>(state, WEIGHTS);
  const weight: f64 = weights == 0 ? 1 : <f64>load<f32>(weights + (i << 2));
  if (weight == 0) return;
  const d = load<u32>(state, D);
  const row: usize = load<u32>(state, ROWS) + (i << 2) * d;
  const large: usize = load<u32>(state, LARGE);
  const sums: usize = load<u32>(state, SUMS);
  const stride = load<u32>(state, STRIDE);
  const limbs = load<u32>(state, LIMBS);
  const bytes = (stride * limbs) << 3;
  if (before != NONE) addRow(row, -weight, d, large, stride, limbs, sums + before * bytes);
  addRow(row, weight, d, large, stride, limbs, sums + label * bytes);
}

/** Half the distance of each centroid to the nearest other one, at most: a row that is nearer than that is its own. */
export function halve(state: usize): void {
  const scratch: usize = load<u32>(state, SCRATCH);
  const narrow: usize = load<u32>(state, NARROW);
  const halves: usize = load<u32>(state, HALVES);
  const d = load<u32>(state, D);
  const k = load<u32>(state, K);
  const rounding = load<f32>(state, ROUNDING);
  const reach = load<f32>(state, REACH);
  const block = scratch + ROWS_OF_BLOCK;
  const bytes = d << 2;
  for (let c: u32 = 0; c < k; c += BLOCK) {
    for (let i: u32 = 0; i < BLOCK; i++) store<u32>(scratch + (i << 2), min(c + i, k - 1) * bytes);
    pack(narrow, scratch, bytes, block);
    squares(block, d, scratch + SQUARES);
    scan(block, d, load<u32>(state, PACKED), load<u32>(state, NORMS), (k + 3) & ~3, scratch);
    for (let i: u32 = 0; i < BLOCK && c + i < k; i++) {
      const at = i << 2;
      // The nearest is the centroid itself; where rounding says another, that one is as near.
      const isItself = load<u32>(scratch + at, INDEX) == c + i;
      const score = isItself ? load<f32>(scratch + at, SECOND) : load<f32>(scratch + at, BEST);
      const square = load<f32>(scratch + at, SQUARES);
      // Twice: for the rounding of the centroid to the row that it is here.
      const error = <f32>2 * rounding * (reach * (reach + 2 * sqrt<f32>(square)) * <f32>1.01 + square) + <f32>1e-36;
      store<f32>(halves + ((c + i) << 2), <f32>0.5 * sqrt<f32>(max<f32>(0, score + square - error)) * DOWN);
    }
  }
}

/** `sum` and Σ w·distance² of rows [start, end) to the centroids of their labels, one after the other. */
export function inertia(state: usize, start: u32, end: u32, sum: f64): f64 {
  const weights: usize = load<u32>(state, WEIGHTS);
  for (let i = start; i < end; i++) {
    const distance = ownDistance(state, i);
    sum += weights == 0 ? distance : <f64>load<f32>(weights + (i << 2)) * distance;
  }
  return sum;
}

/** Squared distances of rows [start, end) to the centroids of their labels, in float32. */
export function distances(state: usize, start: u32, end: u32, to: usize): void {
  for (let i = start; i < end; i++, to += 4) store<f32>(to, <f32>ownDistance(state, i));
}

function ownDistance(state: usize, i: u32): f64 {
  const d = load<u32>(state, D);
  const label = load<u32>(load<u32>(state, LABELS) + (i << 2));
  const centroid: usize = load<u32>(state, CENTROIDS) + (label << 3) * d;
  return squaredDistance(load<u32>(state, ROWS) + (i << 2) * d, d, centroid);
}
