/**
 * The rows of which a scan of bytes leaves more candidates than one: what the bytes of these miss, as bytes; of those that
 * this leaves their scores in float32, and where rounding leaves these open their float64 distances, which labels are
 * defined by. Centroids that are no candidates cost nothing more.
 */
import { dot, slackOf, wordsOf } from './bytes';
import { DOWN, errorOf, lengthOf, lowerOf, UP, upperOf } from './errors';
import { squaredDistance } from './exact';
import {
  BEST,
  BOUNDED,
  BYTE_CANDIDATES,
  BYTE_LEASTS,
  BYTE_RESTS,
  BYTE_SCORES,
  BYTE_TERMS,
  BYTES,
  CENTROIDS,
  D,
  INDEX,
  K,
  LOWER,
  NARROW,
  NOBODY,
  NORMS,
  OPEN,
  OPEN_COUNT,
  OPEN_OTHERS,
  OPEN_ROW,
  OPEN_SQUARE,
  OPEN_TERMS,
  RESIDUALS,
  REST_TERMS,
  RETRIED,
  ROWS,
  ROWS_OF_BLOCK,
  SCALES,
  SCRATCH,
  SECOND,
  SHIFTS,
  SLACKENED,
  SQUARES,
  TERM_LENGTHS,
  TERM_SQUARES,
  TERMS_OF_BLOCK,
  THRESHOLDS,
  UNLABELLED,
  UPPER,
} from './layout';

const CACHE_LINE: usize = 64;

/** The label of a row; `scores` are those of the row in the scratch. {@link UNLABELLED} where it is open still, for `labelOfOpen`. */
export function labelOfCandidates(state: usize, i: u32, scores: usize): u32 {
  const scratch: usize = load<u32>(state, SCRATCH);
  const open = load<u32>(state, OPEN);
  const slot = slotOf(state, open);
  const list = slot + OPEN_TERMS;
  const listed = listCandidates(
    state,
    load<u32>(state, BYTE_SCORES) + (scores - scratch),
    load<f32>(scores, THRESHOLDS),
    list,
  );
  store<u32>(state, load<u32>(state, RETRIED) + listed, RETRIED);
  const count = refine(state, i, scores, list, listed);
  if (count > 1) {
    store<u32>(slot, i, OPEN_ROW);
    store<u32>(slot, count, OPEN_COUNT);
    store<f32>(slot, load<f32>(scores, SLACKENED), OPEN_OTHERS);
    store<f32>(slot, load<f32>(scores, SQUARES), OPEN_SQUARE);
    store<u32>(state, open + 1, OPEN);
    return UNLABELLED;
  }
  if (load<u32>(state, BOUNDED)) {
    const square = v128.load32_splat(scores, SQUARES);
    const upper = upperOf(state, v128.load32_splat(scores, THRESHOLDS), square, f32x4.splat(0));
    v128.store32_lane(load<u32>(state, UPPER) + (i << 2), upper, 0);
    const lower = lowerOf(state, v128.load32_splat(scores, SLACKENED), square);
    v128.store32_lane(load<u32>(state, LOWER) + (i << 2), lower, 0);
  }
  return load<u32>(list);
}

/** Where an open row lies, and its candidates. */
export function slotOf(state: usize, open: u32): usize {
  return load<u32>(state, BYTE_CANDIDATES) + open * (<u32>OPEN_TERMS + (((load<u32>(state, K) + 3) & ~3) << 2));
}

/**
 * Has all open rows brought from memory, as many cache lines at once as there can be: where each is waited for on its own,
 * among products, that takes longer than these.
 */
export function fetchOpen(state: usize): void {
  const rows: usize = load<u32>(state, ROWS);
  const bytes: usize = load<u32>(state, D) << 2;
  let all: u32 = 0;
  for (let open: u32 = 0, count = load<u32>(state, OPEN); open < count; open++) {
    let row = rows + load<u32>(slotOf(state, open), OPEN_ROW) * bytes;
    for (const end = row + bytes; row < end; row += CACHE_LINE) all |= load<u32>(row);
  }
  // Means nothing, but that they are loaded.
  store<u32>(load<u32>(state, SCRATCH) + ROWS_OF_BLOCK, all);
}

/** The label of an open row. */
export function labelOfOpen(state: usize, slot: usize): u32 {
  const i = load<u32>(slot, OPEN_ROW);
  const row: usize = load<u32>(state, ROWS) + (i << 2) * load<u32>(state, D);
  // What was scanned is no longer needed.
  const found = load<u32>(state, SCRATCH) + ROWS_OF_BLOCK;
  scoreListed(state, row, slot + OPEN_TERMS, load<u32>(slot, OPEN_COUNT), found);
  const bests = v128.load(found, BEST);
  const best = leastOf(bests);
  const lane = ctz(i32x4.bitmask(f32x4.eq(bests, best)));
  const isBest = i32x4.eq(i32x4(0, 1, 2, 3), i32x4.splat(lane));
  const second = leastOf(v128.bitselect(v128.load(found, SECOND), bests, isBest));
  const square = v128.load32_splat(slot, OPEN_SQUARE);
  const length = lengthOf(square);
  const error = errorOf(state, 0, best, square, length);
  // Not "at most": NaN is not clear.
  const isClear = f32x4.gt(f32x4.sub(second, best), f32x4.add(error, error));
  if (!i32x4.extract_lane(isClear, 0)) return nearestListed(state, i, row, slot);
  if (load<u32>(state, BOUNDED)) {
    const least = f32x4.sub(second, errorOf(state, 0, second, square, length));
    const others = f32x4.pmin(least, v128.load32_splat(slot, OPEN_OTHERS));
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
 * Lists the candidates of a row, ascending, and at `BYTE_LEASTS` their least scores. The last one stands in for
 * those that are missing until there are four, or eight, and so on.
 *
 * @param scores the first of the row's in `BYTE_SCORES`
 */
function listCandidates(state: usize, scores: usize, threshold: f32, list: usize): u32 {
  const k = load<u32>(state, K);
  const leasts: usize = load<u32>(state, BYTE_LEASTS);
  // What is left is as good as random, and a branch that is mispredicted costs more than a store in vain.
  const ends = (k + 3) & ~3;
  const groups = leasts + <usize>(ends << 2);
  let left = groups;
  for (let c: u32 = 0, group = scores + <usize>(ends << 5); c < ends; c += 4, group += 32) {
    store<u32>(left, c);
    // Not "at most": NaN is a candidate.
    left += (<usize>!(load<f32>(group) > threshold)) << 2;
  }
  let count: u32 = 0;
  for (let group = groups; group < left; group += 4) {
    const c = load<u32>(group);
    const at = scores + <usize>(c << 5);
    for (let j: u32 = 0; j < 4; j++) {
      const least = load<f32>(at + (j << 5));
      store<u32>(list + (count << 2), c + j);
      store<f32>(leasts + (count << 2), least);
      count += <u32>!(least > threshold) & <u32>(c + j < k);
    }
  }
  fillUp(list, count);
  fillUp(leasts, count);
  return count;
}

function fillUp(list: usize, count: u32): void {
  const last = load<u32>(list + ((count - 1) << 2));
  for (let to = count; to & 3; to++) store<u32>(list + (to << 2), last);
}

/**
 * Leaves of the listed candidates those that may be nearest still when what the bytes of these centroids miss is dotted,
 * too: most of what a score may be wrong by is that. Then what the row's bytes miss is left, and a hundredth. What no
 * candidate exceeds, and all others have at least, is written to `scores` anew.
 */
function refine(state: usize, i: u32, scores: usize, list: usize, count: u32): u32 {
  const words = wordsOf(load<u32>(state, D));
  const row = load<u32>(state, SCRATCH) + ROWS_OF_BLOCK;
  gatherRow(load<u32>(state, BYTES) + (i >> 3) * (words << 5) + ((i & 7) << 2), words, row);
  const terms = load<u32>(state, BYTE_TERMS) + (i >> 3) * <u32>TERMS_OF_BLOCK + ((i & 7) << 2);
  const shift = v128.load32_splat(terms, SHIFTS);
  const scale = v128.load32_splat(terms, SCALES);
  const residual = v128.load32_splat(terms, RESIDUALS);
  const length = v128.load32_splat(terms, TERM_LENGTHS);
  const rests: usize = load<u32>(state, BYTE_RESTS);
  const width: usize = words << 2;
  const stride = width + REST_TERMS;
  const leasts: usize = load<u32>(state, BYTE_LEASTS);
  let mosts = f32x4.splat(NOBODY);
  for (let at: usize = 0, end: usize = count << 2; at < end; at += 16) {
    const a = rests + load<u32>(list + at) * stride;
    const b = rests + load<u32>(list + at, 4) * stride;
    const e = rests + load<u32>(list + at, 8) * stride;
    const f = rests + load<u32>(list + at, 12) * stride;
    const product = i32x4.add(dotFourBytes(row, width, a, b, e, f), shift);
    const ta = v128.load(a + width);
    const tb = v128.load(b + width);
    const te = v128.load(e + width);
    const tf = v128.load(f + width);
    const ab = v128.shuffle<f32>(ta, tb, 0, 4, 1, 5);
    const abLast = v128.shuffle<f32>(ta, tb, 2, 6, 3, 7);
    const ef = v128.shuffle<f32>(te, tf, 0, 4, 1, 5);
    const efLast = v128.shuffle<f32>(te, tf, 2, 6, 3, 7);
    const units = v128.shuffle<f64>(ab, ef, 0, 2);
    const gains = v128.shuffle<f64>(ab, ef, 1, 3);
    const lengths = v128.shuffle<f64>(abLast, efLast, 0, 2);
    const left = v128.shuffle<f64>(abLast, efLast, 1, 3);
    const scaled = f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(product), scale), units);
    const least = f32x4.add(f32x4.add(v128.load(leasts + at), f32x4.mul(length, gains)), scaled);
    const error = f32x4.add(f32x4.mul(residual, lengths), f32x4.mul(length, left));
    v128.store(leasts + at, least);
    mosts = f32x4.pmin(mosts, f32x4.add(least, f32x4.add(error, error)));
  }
  // As much again as for the scan: there are as many operations more.
  const once = slackOf(state, v128.load32_splat(terms, TERM_SQUARES), length);
  const slack = f32x4.add(once, once);
  const thresholds = f32x4.add(leastOf(mosts), f32x4.add(slack, slack));
  v128.store32_lane(scores, thresholds, 0, THRESHOLDS);
  const slackened = f32x4.pmin(v128.load32_splat(scores, SLACKENED), f32x4.sub(thresholds, slack));
  v128.store32_lane(scores, slackened, 0, SLACKENED);
  const threshold = f32x4.extract_lane(thresholds, 0);
  let kept: u32 = 0;
  for (let at: usize = 0, end: usize = count << 2; at < end; at += 4) {
    store<u32>(list + (kept << 2), load<u32>(list + at));
    // Not "at most": NaN is a candidate.
    kept += <u32>!(load<f32>(leasts + at) > threshold);
  }
  fillUp(list, kept);
  return kept;
}

/** The bytes of a row, which lie four in 32, one after the other. */
function gatherRow(from: usize, words: u32, to: usize): void {
  for (const end = to + (words << 2); to < end; to += 16, from += 128) {
    let x = v128.load32_zero(from);
    x = v128.load32_lane(from, x, 1, 32);
    x = v128.load32_lane(from, x, 2, 64);
    x = v128.load32_lane(from, x, 3, 96);
    v128.store(to, x);
  }
}

/** Products of a row's bytes with those of four centroids. */
function dotFourBytes(row: usize, width: usize, a: usize, b: usize, e: usize, f: usize): v128 {
  let sa = i32x4.splat(0);
  let sb = sa;
  let se = sa;
  let sf = sa;
  for (let at: usize = 0; at < width; at += 16) {
    const x = v128.load(row + at);
    sa = dot(x, v128.load(a + at), sa);
    sb = dot(x, v128.load(b + at), sb);
    se = dot(x, v128.load(e + at), se);
    sf = dot(x, v128.load(f + at), sf);
  }
  const ab = i32x4.add(v128.shuffle<i32>(sa, sb, 0, 4, 1, 5), v128.shuffle<i32>(sa, sb, 2, 6, 3, 7));
  const ef = i32x4.add(v128.shuffle<i32>(se, sf, 0, 4, 1, 5), v128.shuffle<i32>(se, sf, 2, 6, 3, 7));
  return i32x4.add(v128.shuffle<i64>(ab, ef, 0, 2), v128.shuffle<i64>(ab, ef, 1, 3));
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
  for (let at: u32 = 0; at < count; at += 4, list += 16) {
    const a = load<u32>(list);
    const b = load<u32>(list, 4);
    const e = load<u32>(list, 8);
    const f = load<u32>(list, 12);
    const product = dotFour(row, d, narrow + a * bytes, narrow + b * bytes, narrow + e * bytes, narrow + f * bytes);
    let norm = v128.load32_zero(norms + (a << 2));
    norm = v128.load32_lane(norms + (b << 2), norm, 1);
    norm = v128.load32_lane(norms + (e << 2), norm, 2);
    norm = v128.load32_lane(norms + (f << 2), norm, 3);
    const isListed = i32x4.gt_s(i32x4.splat(count - at), i32x4(0, 1, 2, 3));
    const score = v128.bitselect(f32x4.sub(norm, f32x4.add(product, product)), f32x4.splat(NOBODY), isListed);
    index = v128.bitselect(v128.load(list), index, f32x4.lt(score, best));
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
function nearestListed(state: usize, i: u32, row: usize, slot: usize): u32 {
  const d = load<u32>(state, D);
  const centroids: usize = load<u32>(state, CENTROIDS);
  let label: u32 = 0;
  let best: f64 = Infinity;
  let second: f64 = Infinity;
  for (let at = slot + OPEN_TERMS, end = at + (load<u32>(slot, OPEN_COUNT) << 2); at < end; at += 4) {
    const c = load<u32>(at);
    const distance = squaredDistance(row, d, centroids + (c << 3) * d);
    if (distance < best) {
      second = best;
      best = distance;
      label = c;
    } else if (distance < second) second = distance;
  }
  if (load<u32>(state, BOUNDED)) {
    store<f32>(load<u32>(state, UPPER) + (i << 2), <f32>sqrt<f64>(best) * UP);
    const others = lowerOf(state, v128.load32_splat(slot, OPEN_OTHERS), v128.load32_splat(slot, OPEN_SQUARE));
    const other = <f32>min<f64>(3e38, sqrt<f64>(second)) * DOWN;
    store<f32>(load<u32>(state, LOWER) + (i << 2), min<f32>(other, f32x4.extract_lane(others, 0)));
  }
  return label;
}
