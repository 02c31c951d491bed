/**
 * Squared lengths of y = (x − m)·U in float64, of eight rows at a time; lanes are rows, so that nothing steps across
 * lanes and every parameter is fetched once for eight. Additions and multiplications bind: two features a turn, or y
 * kept for the moments in place of x − m taken anew, gained nothing.
 */

/** Bytes from one feature, or component, of a block to the next. */
export const LANES: usize = 64;

/** Widens and transposes `count` rows of d float32 into `block` [d, 8]; the last one stands in for those missing. */
export function widen(rows: usize, count: u32, d: u32, block: usize): void {
  const bytes: usize = d << 2;
  const last = rows + <usize>(count - 1) * bytes;
  for (let pair: usize = 0; pair < LANES; pair += 16) {
    const a = min(rows + (pair >> 3) * bytes, last);
    const b = min(a + bytes, last);
    let to = block + pair;
    let at: usize = 0;
    for (const full = bytes & ~7; at < full; at += 8) {
      const first = f64x2.promote_low_f32x4(v128.load64_zero(a + at));
      const second = f64x2.promote_low_f32x4(v128.load64_zero(b + at));
      v128.store(to, v128.shuffle<f64>(first, second, 0, 2));
      v128.store(to, v128.shuffle<f64>(first, second, 1, 3), LANES);
      to += 2 * LANES;
    }
    if (at < bytes) {
      store<f64>(to, <f64>load<f32>(a + at));
      store<f64>(to, <f64>load<f32>(b + at), 8);
    }
  }
}

/** Transposes eight rows of `stride` bytes into `block` [d, 8], of an odd number of features one more. */
export function transpose(rows: usize, stride: usize, d: u32, block: usize): void {
  for (let pair: usize = 0; pair < LANES; pair += 16) {
    const a = rows + (pair >> 3) * stride;
    let to = block + pair;
    for (let at = a, end = a + (d << 3); at < end; at += 16) {
      const first = v128.load(at);
      const second = v128.load(at + stride);
      v128.store(to, v128.shuffle<f64>(first, second, 0, 2));
      v128.store(to, v128.shuffle<f64>(first, second, 1, 3), LANES);
      to += 2 * LANES;
    }
  }
}

/**
 * Σ ((x − m)·u)² of a block for all components: [k, 8].
 *
 * @param axes m and u of each feature: [k, d, 2]
 */
export function scaledLengths(block: usize, d: u32, axes: usize, k: u32, to: usize): void {
  const end = block + (d << 6);
  for (const last = to + (k << 6); to < last; to += LANES) {
    let s0 = f64x2.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    for (let at = block; at < end; at += LANES) {
      const m = v128.load64_splat(axes);
      const u = v128.load64_splat(axes, 8);
      axes += 16;
      const y0 = f64x2.mul(f64x2.sub(v128.load(at), m), u);
      const y1 = f64x2.mul(f64x2.sub(v128.load(at, 16), m), u);
      const y2 = f64x2.mul(f64x2.sub(v128.load(at, 32), m), u);
      const y3 = f64x2.mul(f64x2.sub(v128.load(at, 48), m), u);
      s0 = f64x2.add(s0, f64x2.mul(y0, y0));
      s1 = f64x2.add(s1, f64x2.mul(y1, y1));
      s2 = f64x2.add(s2, f64x2.mul(y2, y2));
      s3 = f64x2.add(s3, f64x2.mul(y3, y3));
    }
    storeFour(to, s0, s1, s2, s3);
  }
}

/** The same where each u is 1: even features and odd ones apart, so that these are the squared distances of k-means. */
export function plainLengths(block: usize, d: u32, axes: usize, k: u32, to: usize): void {
  const end = block + (d << 6);
  const pairs = block + ((d & ~1) << 6);
  for (const last = to + (k << 6); to < last; to += LANES) {
    let s0 = f64x2.splat(0);
    let s1 = s0;
    let s2 = s0;
    let s3 = s0;
    let t0 = s0;
    let t1 = s0;
    let t2 = s0;
    let t3 = s0;
    let at = block;
    for (; at < pairs; at += 2 * LANES) {
      const m = v128.load64_splat(axes);
      const y0 = f64x2.sub(v128.load(at), m);
      const y1 = f64x2.sub(v128.load(at, 16), m);
      const y2 = f64x2.sub(v128.load(at, 32), m);
      const y3 = f64x2.sub(v128.load(at, 48), m);
      s0 = f64x2.add(s0, f64x2.mul(y0, y0));
      s1 = f64x2.add(s1, f64x2.mul(y1, y1));
      s2 = f64x2.add(s2, f64x2.mul(y2, y2));
      s3 = f64x2.add(s3, f64x2.mul(y3, y3));
      const n = v128.load64_splat(axes, 16);
      const z0 = f64x2.sub(v128.load(at, 64), n);
      const z1 = f64x2.sub(v128.load(at, 80), n);
      const z2 = f64x2.sub(v128.load(at, 96), n);
      const z3 = f64x2.sub(v128.load(at, 112), n);
      t0 = f64x2.add(t0, f64x2.mul(z0, z0));
      t1 = f64x2.add(t1, f64x2.mul(z1, z1));
      t2 = f64x2.add(t2, f64x2.mul(z2, z2));
      t3 = f64x2.add(t3, f64x2.mul(z3, z3));
      axes += 32;
    }
    if (at < end) {
      const m = v128.load64_splat(axes);
      const y0 = f64x2.sub(v128.load(at), m);
      const y1 = f64x2.sub(v128.load(at, 16), m);
      const y2 = f64x2.sub(v128.load(at, 32), m);
      const y3 = f64x2.sub(v128.load(at, 48), m);
      s0 = f64x2.add(s0, f64x2.mul(y0, y0));
      s1 = f64x2.add(s1, f64x2.mul(y1, y1));
      s2 = f64x2.add(s2, f64x2.mul(y2, y2));
      s3 = f64x2.add(s3, f64x2.mul(y3, y3));
      axes += 16;
    }
    storeFour(to, f64x2.add(s0, t0), f64x2.add(s1, t1), f64x2.add(s2, t2), f64x2.add(s3, t3));
  }
}

/** x − m of a block: [d, 8]. */
export function subtract(block: usize, d: u32, mean: usize, to: usize): void {
  for (const end = block + (d << 6); block < end; block += LANES) {
    const m = v128.load64_splat(mean);
    v128.store(to, f64x2.sub(v128.load(block), m));
    v128.store(to, f64x2.sub(v128.load(block, 16), m), 16);
    v128.store(to, f64x2.sub(v128.load(block, 32), m), 32);
    v128.store(to, f64x2.sub(v128.load(block, 48), m), 48);
    mean += 8;
    to += LANES;
  }
}

/**
 * A block times an upper triangular U, as rows again, and their squared lengths [8]. Two columns of U at a time, so that
 * six loads serve eight products; wider tiles spill.
 *
 * @param columns pairs of columns behind one another, the pair of j and j + 1 down to the diagonal: [min(j + 2, d), 2]
 * @param stride bytes of each row at `to`
 */
export function transform(block: usize, d: u32, columns: usize, to: usize, stride: usize, lengths: usize): void {
  const zero = f64x2.splat(0);
  storeFour(lengths, zero, zero, zero, zero);
  for (let j: u32 = 0; j < d; j += 2) {
    let a0 = zero;
    let a1 = zero;
    let a2 = zero;
    let a3 = zero;
    let b0 = zero;
    let b1 = zero;
    let b2 = zero;
    let b3 = zero;
    for (let at = block, end = block + (min(j + 2, d) << 6); at < end; at += LANES) {
      const a = v128.load64_splat(columns);
      const b = v128.load64_splat(columns, 8);
      const x0 = v128.load(at);
      const x1 = v128.load(at, 16);
      const x2 = v128.load(at, 32);
      const x3 = v128.load(at, 48);
      a0 = f64x2.add(a0, f64x2.mul(x0, a));
      b0 = f64x2.add(b0, f64x2.mul(x0, b));
      a1 = f64x2.add(a1, f64x2.mul(x1, a));
      b1 = f64x2.add(b1, f64x2.mul(x1, b));
      a2 = f64x2.add(a2, f64x2.mul(x2, a));
      b2 = f64x2.add(b2, f64x2.mul(x2, b));
      a3 = f64x2.add(a3, f64x2.mul(x3, a));
      b3 = f64x2.add(b3, f64x2.mul(x3, b));
      columns += 16;
    }
    storePairs(to, stride, a0, b0);
    storePairs(to + 2 * stride, stride, a1, b1);
    storePairs(to + 4 * stride, stride, a2, b2);
    storePairs(to + 6 * stride, stride, a3, b3);
    to += 16;
    addSquares(lengths, a0, b0);
    addSquares(lengths + 16, a1, b1);
    addSquares(lengths + 32, a2, b2);
    addSquares(lengths + 48, a3, b3);
  }
}

function storeFour(to: usize, s0: v128, s1: v128, s2: v128, s3: v128): void {
  v128.store(to, s0);
  v128.store(to, s1, 16);
  v128.store(to, s2, 32);
  v128.store(to, s3, 48);
}

/** Two columns of two rows. */
function storePairs(to: usize, stride: usize, a: v128, b: v128): void {
  v128.store(to, v128.shuffle<f64>(a, b, 0, 2));
  v128.store(to + stride, v128.shuffle<f64>(a, b, 1, 3));
}

function addSquares(to: usize, a: v128, b: v128): void {
  v128.store(to, f64x2.add(v128.load(to), f64x2.add(f64x2.mul(a, a), f64x2.mul(b, b))));
}
