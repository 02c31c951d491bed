/**
 * The rows of which a scan of bytes leaves more candidates than one: their scores in float32, and where rounding leaves
 * these open their float64 distances, which labels are defined by. Centroids that are no candidates cost nothing more.
 */
import { DOWN, errorOf, lengthOf, lowerOf, UP, upperOf } from './errors';
import { squaredDistance } from './exact';
import {
  BEST,
  BOUNDED,
  BYTE_SCORES,
  CENTROIDS,
  D,
  INDEX,
  K,
  LOWER,
  NARROW,
  NOBODY,
  NORMS,
  RETRIED,
  ROWS,
  ROWS_OF_BLOCK,
  SCRATCH,
  SECOND,
  SLACKENED,
  SQUARES,
  THRESHOLDS,
  UPPER,
} from './layout';

/** The label of a row; `scores` are those of the row in the scratch. */
export function assignCandidates(state: usize, i: u32, scores: usize): u32 {
  const scratch: usize = load<u32>(state, SCRATCH);
  const list = load<u32>(state, BYTE_SCORES) + (scores - scratch);
  const count = listCandidates(list, load<u32>(state, K), load<f32>(scores, THRESHOLDS));
  store<u32>(state, load<u32>(state, RETRIED) + count, RETRIED);
  const row: usize = load<u32>(state, ROWS) + (i << 2) * load<u32>(state, D);
  // What was scanned is no longer needed.
  const found = scratch + ROWS_OF_BLOCK;
  scoreListed(state, row, list, count, found);
  const bests = v128.load(found, BEST);
  const best = leastOf(bests);
  const lane = ctz(i32x4.bitmask(f32x4.eq(bests, best)));
  const isBest = i32x4.eq(i32x4(0, 1, 2, 3), i32x4.splat(lane));
  const second = leastOf(v128.bitselect(v128.load(found, SECOND), bests, isBest));
  const square = v128.load32_splat(scores, SQUARES);
  const length = lengthOf(square);
  const error = errorOf(state, 0, best, square, length);
  // Not "at most": NaN is not clear.
  const isClear = f32x4.gt(f32x4.sub(second, best), f32x4.add(error, error));
  if (!i32x4.extract_lane(isClear, 0)) return nearestListed(state, i, row, list, count, scores);
  if (load<u32>(state, BOUNDED)) {
    const least = f32x4.sub(second, errorOf(state, 0, second, square, length));
    const others = f32x4.pmin(least, v128.load32_splat(scores, SLACKENED));
    v128.store32_lane(load<u32>(state, UPPER) + (i << 2), upperOf(state, best, square, error), 0);
    v128.store32_lane(load<u32>(state, LOWER) + (i << 2), lowerOf(state, others, square), 0);
  }
  return load<u32>(found + (lane << 2), INDEX);
}

/** The least of four values, four times. */
function leastOf(values: v128): v128 {
  const pairs = f32x4.pmin(values, v128.shuffle<f32>(values, values, 2, 3, 0, 1));
  return f32x4.pmin(pairs, v128.shuffle<f32>(pairs, pairs, 1, 0, 3, 2));
}

/**
 * Puts the candidates of a row in the place of its scores, ascending, eight words apart, and the last of them once more
 * until their number is a multiple of four.
 */
function listCandidates(list: usize, k: u32, threshold: f32): u32 {
  let count: u32 = 0;
  let group = list + <usize>(((k + 3) & ~3) << 5);
  for (let c: u32 = 0, at = list; c < k; c += 4, at += 128, group += 32) {
    // Not "at most": NaN is a candidate.
    if (load<f32>(group) > threshold) continue;
    // What is left is as good as random, and a branch that is mispredicted costs more.
    for (let j: u32 = 0; j < 4; j++) {
      const isCandidate = <u32>!(load<f32>(at + (j << 5)) > threshold) & <u32>(c + j < k);
      store<u32>(list + (count << 5), c + j);
      count += isCandidate;
    }
  }
  const last = load<u32>(list + ((count - 1) << 5));
  for (let to = count; to & 3; to++) store<u32>(list + (to << 5), last);
  return count;
}

/** Four lanes of least scores, of second least and of the centroids of the least, a fourth of the listed ones each. */
function scoreListed(state: usize, row: usize, list: usize, count: u32, to: usize): void {
  const d = load<u32>(state, D);
  const bytes: usize = d << 2;
  const narrow: usize = load<u32>(state, NARROW);
  const norms: usize = load<u32>(state, NORMS);
  let best = f32x4.splat(NOBODY);
  let second = best;
  let index = i32x4.splat(0);
  for (let at: u32 = 0; at < count; at += 4, list += 128) {
    const a = load<u32>(list);
    const b = load<u32>(list, 32);
    const e = load<u32>(list, 64);
    const f = load<u32>(list, 96);
    const product = dotFour(row, d, narrow + a * bytes, narrow + b * bytes, narrow + e * bytes, narrow + f * bytes);
    let norm = v128.load32_zero(norms + (a << 2));
    norm = v128.load32_lane(norms + (b << 2), norm, 1);
    norm = v128.load32_lane(norms + (e << 2), norm, 2);
    norm = v128.load32_lane(norms + (f << 2), norm, 3);
    let centroids = v128.load32_zero(list);
    centroids = v128.load32_lane(list, centroids, 1, 32);
    centroids = v128.load32_lane(list, centroids, 2, 64);
    centroids = v128.load32_lane(list, centroids, 3, 96);
    const isListed = i32x4.gt_s(i32x4.splat(count - at), i32x4(0, 1, 2, 3));
    const score = v128.bitselect(f32x4.sub(norm, f32x4.add(product, product)), f32x4.splat(NOBODY), isListed);
    index = v128.bitselect(centroids, index, f32x4.lt(score, best));
    second = f32x4.pmin(second, f32x4.pmax(best, score));
    best = f32x4.pmin(best, score);
  }
  v128.store(to, best, BEST);
  v128.store(to, second, SECOND);
  v128.store(to, index, INDEX);
}

/** Products of a row with four centroids. */
function dotFour(row: usize, d: u32, a: usize, b: usize, e: usize, f: usize): v128 {
  let sa = f32x4.splat(0);
  let sb = sa;
  let se = sa;
  let sf = sa;
  const full = row + ((d & ~3) << 2);
  const end = row + (d << 2);
  // Relative to the row, which alone moves.
  a -= row;
  b -= row;
  e -= row;
  f -= row;
  for (; row < full; row += 16) {
    const x = v128.load(row);
    sa = f32x4.add(sa, f32x4.mul(x, v128.load(row + a)));
    sb = f32x4.add(sb, f32x4.mul(x, v128.load(row + b)));
    se = f32x4.add(se, f32x4.mul(x, v128.load(row + e)));
    sf = f32x4.add(sf, f32x4.mul(x, v128.load(row + f)));
  }
  const ab = f32x4.add(v128.shuffle<f32>(sa, sb, 0, 4, 1, 5), v128.shuffle<f32>(sa, sb, 2, 6, 3, 7));
  const ef = f32x4.add(v128.shuffle<f32>(se, sf, 0, 4, 1, 5), v128.shuffle<f32>(se, sf, 2, 6, 3, 7));
  let sums = f32x4.add(v128.shuffle<f64>(ab, ef, 0, 2), v128.shuffle<f64>(ab, ef, 1, 3));
  for (; row < end; row += 4) {
    let c = v128.load32_zero(row + a);
    c = v128.load32_lane(row + b, c, 1);
    c = v128.load32_lane(row + e, c, 2);
    c = v128.load32_lane(row + f, c, 3);
    sums = f32x4.add(sums, f32x4.mul(v128.load32_splat(row), c));
  }
  return sums;
}

/** The listed centroid at the least float64 distance, the lowest of equals. */
function nearestListed(state: usize, i: u32, row: usize, list: usize, count: u32, scores: usize): u32 {
  const d = load<u32>(state, D);
  const centroids: usize = load<u32>(state, CENTROIDS);
  let label: u32 = 0;
  let best: f64 = Infinity;
  let second: f64 = Infinity;
  for (let at: u32 = 0; at < count; at++, list += 32) {
    const c = load<u32>(list);
    const distance = squaredDistance(row, d, centroids + (c << 3) * d);
    if (distance < best) {
      second = best;
      best = distance;
      label = c;
    } else if (distance < second) second = distance;
  }
  if (load<u32>(state, BOUNDED)) {
    store<f32>(load<u32>(state, UPPER) + (i << 2), <f32>sqrt<f64>(best) * UP);
    const others = lowerOf(state, v128.load32_splat(scores, SLACKENED), v128.load32_splat(scores, SQUARES));
    const other = <f32>min<f64>(3e38, sqrt<f64>(second)) * DOWN;
    store<f32>(load<u32>(state, LOWER) + (i << 2), min<f32>(other, f32x4.extract_lane(others, 0)));
  }
  return label;
}
