/** Rows as the caller has them: their range and sums, and how they get into a frame, as TypeScript does it, to the bit. */

/** Rows, by four, whose values of four features fit into the nearest cache. */
const ROWS: u32 = 8;
const VALUES: u32 = 256;

/**
 * The range of each feature, and the sums of deviations (x − pivot)·scale and of their squares, over the rows [start, end),
 * which are added one after the other.
 *
 * @param rows float32 [n, d]
 * @param pivots float64 [d]
 * @param low float32 [d], `high` as well
 * @param sums float64 [2, d]
 */
export function survey(
  rows: usize,
  d: u32,
  start: u32,
  end: u32,
  pivots: usize,
  scale: f64,
  low: usize,
  high: usize,
  sums: usize,
): void {
  const bytes = (<usize>d) << 2;
  const step = max(ROWS, VALUES / d);
  for (let first = start; first < end; first += step) {
    const from = rows + <usize>first * bytes;
    const to = rows + <usize>min(first + step, end) * bytes;
    let j: usize = 0;
    for (; j + 4 <= <usize>d; j += 4) {
      surveyFour(
        from + (j << 2),
        to,
        bytes,
        pivots + (j << 3),
        scale,
        low + (j << 2),
        high + (j << 2),
        sums + (j << 3),
      );
    }
    for (; j < <usize>d; j++) {
      surveyOne(from + (j << 2), to, bytes, pivots + (j << 3), scale, low + (j << 2), high + (j << 2), sums + (j << 3));
    }
  }
}

function surveyFour(
  row: usize,
  to: usize,
  bytes: usize,
  pivots: usize,
  scale: f64,
  low: usize,
  high: usize,
  sums: usize,
): void {
  const squares = sums + (bytes << 1);
  const unit = f64x2.splat(scale);
  const p0 = v128.load(pivots);
  const p1 = v128.load(pivots, 16);
  let least = v128.load(low);
  let most = v128.load(high);
  let s0 = v128.load(sums);
  let s1 = v128.load(sums, 16);
  let q0 = v128.load(squares);
  let q1 = v128.load(squares, 16);
  for (; row < to; row += bytes) {
    const x = v128.load(row);
    // What is no number stays outside, and is in the sums.
    least = f32x4.pmin(least, x);
    most = f32x4.pmax(most, x);
    const y0 = f64x2.mul(f64x2.sub(f64x2.promote_low_f32x4(x), p0), unit);
    const y1 = f64x2.mul(f64x2.sub(f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 0)), p1), unit);
    s0 = f64x2.add(s0, y0);
    s1 = f64x2.add(s1, y1);
    q0 = f64x2.add(q0, f64x2.mul(y0, y0));
    q1 = f64x2.add(q1, f64x2.mul(y1, y1));
  }
  v128.store(low, least);
  v128.store(high, most);
  v128.store(sums, s0);
  v128.store(sums, s1, 16);
  v128.store(squares, q0);
  v128.store(squares, q1, 16);
}

function surveyOne(
  row: usize,
  to: usize,
  bytes: usize,
  pivots: usize,
  scale: f64,
  low: usize,
  high: usize,
  sums: usize,
): void {
  const squares = sums + (bytes << 1);
  const pivot = load<f64>(pivots);
  let least = load<f32>(low);
  let most = load<f32>(high);
  let sum = load<f64>(sums);
  let square = load<f64>(squares);
  for (; row < to; row += bytes) {
    const x = load<f32>(row);
    if (x < least) least = x;
    if (x > most) most = x;
    const y = (<f64>x - pivot) * scale;
    sum += y;
    square += y * y;
  }
  store<f32>(low, least);
  store<f32>(high, most);
  store<f64>(sums, sum);
  store<f64>(squares, square);
}

/**
 * x' = (x − shift)·scale in place of the rows [start, end).
 *
 * @param shifts float64 [d]
 */
export function bring(rows: usize, d: u32, start: u32, end: u32, shifts: usize, scale: f64): void {
  const bytes = (<usize>d) << 2;
  const unit = f64x2.splat(scale);
  const last = rows + <usize>end * bytes;
  for (let row = rows + <usize>start * bytes; row < last; row += bytes) {
    let at = row;
    let shift = shifts;
    for (const four = row + (bytes & ~15); at < four; at += 16, shift += 32) {
      const x = v128.load(at);
      const y0 = f64x2.mul(f64x2.sub(f64x2.promote_low_f32x4(x), v128.load(shift)), unit);
      const y1 = f64x2.mul(f64x2.sub(f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 0)), v128.load(shift, 16)), unit);
      v128.store(at, narrow(y0, y1));
    }
    for (const end = row + bytes; at < end; at += 4, shift += 8) {
      store<f32>(at, <f32>((<f64>load<f32>(at) - load<f64>(shift)) * scale));
    }
  }
}

/**
 * The same, with sums of what values were before they are rounded: of four rows at a time, which are read side by side.
 *
 * @param sums float64 [d], to which deviations (x − shift)·scale are added
 */
export function enter(rows: usize, d: u32, start: u32, end: u32, shifts: usize, scale: f64, sums: usize): void {
  const bytes = (<usize>d) << 2;
  const unit = f64x2.splat(scale);
  const last = rows + <usize>end * bytes;
  let row = rows + <usize>start * bytes;
  for (; row + 4 * bytes <= last; row += 4 * bytes) {
    let at: usize = 0;
    for (const four = bytes & ~15; at < four; at += 16) {
      const shift = shifts + (at << 1);
      const sum = sums + (at << 1);
      const p0 = v128.load(shift);
      const p1 = v128.load(shift, 16);
      const to = row + at;
      const a = v128.load(to);
      const b = v128.load(to + bytes);
      const c = v128.load(to + 2 * bytes);
      const e = v128.load(to + 3 * bytes);
      const a0 = f64x2.mul(f64x2.sub(f64x2.promote_low_f32x4(a), p0), unit);
      const a1 = f64x2.mul(f64x2.sub(f64x2.promote_low_f32x4(i64x2.shuffle(a, a, 1, 0)), p1), unit);
      const b0 = f64x2.mul(f64x2.sub(f64x2.promote_low_f32x4(b), p0), unit);
      const b1 = f64x2.mul(f64x2.sub(f64x2.promote_low_f32x4(i64x2.shuffle(b, b, 1, 0)), p1), unit);
      const c0 = f64x2.mul(f64x2.sub(f64x2.promote_low_f32x4(c), p0), unit);
      const c1 = f64x2.mul(f64x2.sub(f64x2.promote_low_f32x4(i64x2.shuffle(c, c, 1, 0)), p1), unit);
      const e0 = f64x2.mul(f64x2.sub(f64x2.promote_low_f32x4(e), p0), unit);
      const e1 = f64x2.mul(f64x2.sub(f64x2.promote_low_f32x4(i64x2.shuffle(e, e, 1, 0)), p1), unit);
      v128.store(to, narrow(a0, a1));
      v128.store(to + bytes, narrow(b0, b1));
      v128.store(to + 2 * bytes, narrow(c0, c1));
      v128.store(to + 3 * bytes, narrow(e0, e1));
      v128.store(sum, f64x2.add(v128.load(sum), f64x2.add(f64x2.add(a0, b0), f64x2.add(c0, e0))));
      v128.store(sum, f64x2.add(v128.load(sum, 16), f64x2.add(f64x2.add(a1, b1), f64x2.add(c1, e1))), 16);
    }
    for (; at < bytes; at += 4)
      enterOne(row + at, row + at + 4 * bytes, bytes, shifts + (at << 1), scale, sums + (at << 1));
  }
  for (let at: usize = 0; at < bytes; at += 4) {
    enterOne(row + at, last, bytes, shifts + (at << 1), scale, sums + (at << 1));
  }
}
/** Two float64 and two more as four float32. */
function narrow(first: v128, second: v128): v128 {
  return i64x2.shuffle(f32x4.demote_f64x2_zero(first), f32x4.demote_f64x2_zero(second), 0, 2);
}

/** x' of one feature in rows up to `to`. */
function enterOne(row: usize, to: usize, bytes: usize, shifts: usize, scale: f64, sums: usize): void {
  const shift = load<f64>(shifts);
  let sum = load<f64>(sums);
  for (; row < to; row += bytes) {
    const y = (<f64>load<f32>(row) - shift) * scale;
    sum += y;
    store<f32>(row, <f32>y);
  }
  store<f64>(sums, sum);
}

/** Rows that are brought to unit length together. */
const TOGETHER: u32 = 4;

/**
 * Brings the rows [start, end) to unit length, and adds them to `sums` in float64, with their squares behind.
 *
 * @param sums float64 [2, d]
 * @param lengths scratch, float64 [4]
 * @returns the first row that has no length, or none that is a number; `end` where all have. Rows before it are done
 */
export function normalise(rows: usize, d: u32, start: u32, end: u32, sums: usize, lengths: usize): u32 {
  const bytes = (<usize>d) << 2;
  for (let first = start; first < end; first += TOGETHER) {
    const count = min(TOGETHER, end - first);
    const from = rows + <usize>first * bytes;
    squares(from, bytes, count, lengths);
    v128.store(lengths, f64x2.sqrt(v128.load(lengths)));
    v128.store(lengths, f64x2.sqrt(v128.load(lengths, 16)), 16);
    for (let p: u32 = 0; p < count; p++) {
      const length = load<f64>(lengths + (p << 3));
      if (!(length > 0 && length < Infinity)) {
        if (p > 0) divide(from, d, p, lengths, sums);
        return first + p;
      }
    }
    divide(from, d, count, lengths, sums);
  }
  return end;
}

/** ‖x‖² of the rows [start, end), up to a multiple of four of them: float64. */
export function lengths(rows: usize, d: u32, start: u32, end: u32, to: usize): void {
  const bytes = (<usize>d) << 2;
  for (let first = start; first < end; first += TOGETHER, to += TOGETHER << 3) {
    squares(rows + <usize>first * bytes, bytes, min(TOGETHER, end - first), to);
  }
}

/**
 * Sums of squares of up to four rows, one feature after the other, as long as a row of its own would take: float64 [4]. Squares
 * of float32 are exact in float64, and neither too large nor too small.
 */
function squares(row: usize, bytes: usize, count: u32, to: usize): void {
  // The first row stands in for those that are missing.
  let a = row;
  let b = row + (count > 1 ? bytes : 0);
  let c = row + (count > 2 ? 2 * bytes : 0);
  let e = row + (count > 3 ? 3 * bytes : 0);
  let ab = f64x2.splat(0);
  let ce = ab;
  const last = a + bytes;
  for (const four = a + (bytes & ~15); a < four; a += 16, b += 16, c += 16, e += 16) {
    const x = v128.load(a);
    const y = v128.load(b);
    const z = v128.load(c);
    const w = v128.load(e);
    // Two features of two rows each, then one feature after the other.
    const xy = i32x4.shuffle(x, y, 0, 4, 1, 5);
    const zw = i32x4.shuffle(z, w, 0, 4, 1, 5);
    const xy2 = i32x4.shuffle(x, y, 2, 6, 3, 7);
    const zw2 = i32x4.shuffle(z, w, 2, 6, 3, 7);
    ab = f64x2.add(ab, squareOf(xy));
    ce = f64x2.add(ce, squareOf(zw));
    ab = f64x2.add(ab, squareOf(i64x2.shuffle(xy, xy, 1, 0)));
    ce = f64x2.add(ce, squareOf(i64x2.shuffle(zw, zw, 1, 0)));
    ab = f64x2.add(ab, squareOf(xy2));
    ce = f64x2.add(ce, squareOf(zw2));
    ab = f64x2.add(ab, squareOf(i64x2.shuffle(xy2, xy2, 1, 0)));
    ce = f64x2.add(ce, squareOf(i64x2.shuffle(zw2, zw2, 1, 0)));
  }
  for (; a < last; a += 4, b += 4, c += 4, e += 4) {
    ab = f64x2.add(ab, squareOf(v128.load32_lane(b, v128.load32_zero(a), 1)));
    ce = f64x2.add(ce, squareOf(v128.load32_lane(e, v128.load32_zero(c), 1)));
  }
  v128.store(to, ab);
  v128.store(to, ce, 16);
}

function squareOf(two: v128): v128 {
  const wide = f64x2.promote_low_f32x4(two);
  return f64x2.mul(wide, wide);
}

/** Rows over their lengths, up to four. */
function divide(rows: usize, d: u32, count: u32, lengths: usize, sums: usize): void {
  const bytes = (<usize>d) << 2;
  let j: usize = 0;
  for (; j + 4 <= <usize>d; j += 4) {
    const to = sums + (j << 3);
    const squares = to + (bytes << 1);
    let s0 = v128.load(to);
    let s1 = v128.load(to, 16);
    let q0 = v128.load(squares);
    let q1 = v128.load(squares, 16);
    let at = rows + (j << 2);
    for (let p: u32 = 0; p < count; p++, at += bytes) {
      const length = v128.load64_splat(lengths + (p << 3));
      const x = v128.load(at);
      const y0 = f64x2.div(f64x2.promote_low_f32x4(x), length);
      const y1 = f64x2.div(f64x2.promote_low_f32x4(i64x2.shuffle(x, x, 1, 0)), length);
      v128.store(at, i64x2.shuffle(f32x4.demote_f64x2_zero(y0), f32x4.demote_f64x2_zero(y1), 0, 2));
      s0 = f64x2.add(s0, y0);
      s1 = f64x2.add(s1, y1);
      q0 = f64x2.add(q0, f64x2.mul(y0, y0));
      q1 = f64x2.add(q1, f64x2.mul(y1, y1));
    }
    v128.store(to, s0);
    v128.store(to, s1, 16);
    v128.store(squares, q0);
    v128.store(squares, q1, 16);
  }
  for (; j < <usize>d; j++) {
    const to = sums + (j << 3);
    const squares = to + (bytes << 1);
    let at = rows + (j << 2);
    for (let p: u32 = 0; p < count; p++, at += bytes) {
      const y = <f64>load<f32>(at) / load<f64>(lengths + (p << 3));
      store<f32>(at, <f32>y);
      store<f64>(to, load<f64>(to) + y);
      store<f64>(squares, load<f64>(squares) + y * y);
    }
  }
}
