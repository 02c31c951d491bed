/**
 * Float32 scores norm − 2·x·c of eight rows against all centroids: two vectors of four rows by four centroids, eight
 * sums in registers for six loads. Larger tiles spill, and fall to half the speed. Lanes are rows, so that the best
 * score, the second best and the index of the best need no step across lanes.
 */

/** Rows of a block. */
export const BLOCK: u32 = 8;

/** Offsets into what `scan` writes: [8] each. */
export const BEST: usize = 0;
export const SECOND: usize = 32;
export const INDEX: usize = 64;
export const SQUARES: usize = 96;
/** Where a block [d, 8] begins, behind them and what else is kept beside it. */
export const ROWS_OF_BLOCK: usize = 256;

/** Transposes the eight rows at `rows` + offsets[i], each of `bytes`, into `block` [d, 8]. */
export function pack(rows: usize, offsets: usize, bytes: usize, block: usize): void {
  packFour(rows, offsets, bytes, block);
  packFour(rows, offsets + 16, bytes, block + 16);
}

function packFour(rows: usize, offsets: usize, bytes: usize, block: usize): void {
  const r0 = rows + load<u32>(offsets);
  const r1 = rows + load<u32>(offsets, 4);
  const r2 = rows + load<u32>(offsets, 8);
  const r3 = rows + load<u32>(offsets, 12);
  let to = block;
  let at: usize = 0;
  for (const full = bytes & ~15; at < full; at += 16) {
    const a = v128.load(r0 + at);
    const b = v128.load(r1 + at);
    const c = v128.load(r2 + at);
    const e = v128.load(r3 + at);
    const ab = v128.shuffle<f32>(a, b, 0, 4, 1, 5);
    const abHigh = v128.shuffle<f32>(a, b, 2, 6, 3, 7);
    const ce = v128.shuffle<f32>(c, e, 0, 4, 1, 5);
    const ceHigh = v128.shuffle<f32>(c, e, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f64>(ab, ce, 0, 2));
    v128.store(to, v128.shuffle<f64>(ab, ce, 1, 3), 32);
    v128.store(to, v128.shuffle<f64>(abHigh, ceHigh, 0, 2), 64);
    v128.store(to, v128.shuffle<f64>(abHigh, ceHigh, 1, 3), 96);
    to += 128;
  }
  for (; at < bytes; at += 4) {
    f32.store(to, f32.load(r0 + at));
    f32.store(to, f32.load(r1 + at), 4);
    f32.store(to, f32.load(r2 + at), 8);
    f32.store(to, f32.load(r3 + at), 12);
    to += 32;
  }
}

/** ‖x‖² of the eight rows of a block. */
export function squares(block: usize, d: u32, to: usize): void {
  let s0 = f32x4.splat(0);
  let s1 = s0;
  for (let at = block, end = block + (d << 5); at < end; at += 32) {
    const x0 = v128.load(at);
    const x1 = v128.load(at, 16);
    s0 = f32x4.add(s0, f32x4.mul(x0, x0));
    s1 = f32x4.add(s1, f32x4.mul(x1, x1));
  }
  v128.store(to, s0);
  v128.store(to, s1, 16);
}

/**
 * Best score, second best and index of the best of the rows of a block.
 *
 * @param centroids −2c of `k` centroids, a multiple of four: [k/4, d, 4]
 * @param norms ‖c‖² [k]; 3.4e38 for padding, which nobody is near
 */
export function scan(block: usize, d: u32, centroids: usize, norms: usize, k: u32, to: usize): void {
  const end = block + (d << 5);
  const one = i32x4.splat(1);
  let best0 = f32x4.splat(3.4e38);
  let best1 = best0;
  let second0 = best0;
  let second1 = best0;
  let index0 = i32x4.splat(0);
  let index1 = index0;
  let c = index0;
  for (const last = norms + (k << 2); norms < last; norms += 16) {
    let a0 = v128.load32_splat(norms);
    let b0 = v128.load32_splat(norms, 4);
    let e0 = v128.load32_splat(norms, 8);
    let f0 = v128.load32_splat(norms, 12);
    let a1 = a0;
    let b1 = b0;
    let e1 = e0;
    let f1 = f0;
    for (let at = block; at < end; at += 32) {
      const x0 = v128.load(at);
      const x1 = v128.load(at, 16);
      const ca = v128.load32_splat(centroids);
      const cb = v128.load32_splat(centroids, 4);
      const ce = v128.load32_splat(centroids, 8);
      const cf = v128.load32_splat(centroids, 12);
      a0 = f32x4.add(a0, f32x4.mul(x0, ca));
      a1 = f32x4.add(a1, f32x4.mul(x1, ca));
      b0 = f32x4.add(b0, f32x4.mul(x0, cb));
      b1 = f32x4.add(b1, f32x4.mul(x1, cb));
      e0 = f32x4.add(e0, f32x4.mul(x0, ce));
      e1 = f32x4.add(e1, f32x4.mul(x1, ce));
      f0 = f32x4.add(f0, f32x4.mul(x0, cf));
      f1 = f32x4.add(f1, f32x4.mul(x1, cf));
      centroids += 16;
    }
    // `pmin` and `pmax` are one instruction where `min` and `max` are several; NaN falls through to the exact scores.
    index0 = v128.bitselect(c, index0, f32x4.lt(a0, best0));
    index1 = v128.bitselect(c, index1, f32x4.lt(a1, best1));
    second0 = f32x4.pmin(second0, f32x4.pmax(best0, a0));
    second1 = f32x4.pmin(second1, f32x4.pmax(best1, a1));
    best0 = f32x4.pmin(best0, a0);
    best1 = f32x4.pmin(best1, a1);
    c = i32x4.add(c, one);
    index0 = v128.bitselect(c, index0, f32x4.lt(b0, best0));
    index1 = v128.bitselect(c, index1, f32x4.lt(b1, best1));
    second0 = f32x4.pmin(second0, f32x4.pmax(best0, b0));
    second1 = f32x4.pmin(second1, f32x4.pmax(best1, b1));
    best0 = f32x4.pmin(best0, b0);
    best1 = f32x4.pmin(best1, b1);
    c = i32x4.add(c, one);
    index0 = v128.bitselect(c, index0, f32x4.lt(e0, best0));
    index1 = v128.bitselect(c, index1, f32x4.lt(e1, best1));
    second0 = f32x4.pmin(second0, f32x4.pmax(best0, e0));
    second1 = f32x4.pmin(second1, f32x4.pmax(best1, e1));
    best0 = f32x4.pmin(best0, e0);
    best1 = f32x4.pmin(best1, e1);
    c = i32x4.add(c, one);
    index0 = v128.bitselect(c, index0, f32x4.lt(f0, best0));
    index1 = v128.bitselect(c, index1, f32x4.lt(f1, best1));
    second0 = f32x4.pmin(second0, f32x4.pmax(best0, f0));
    second1 = f32x4.pmin(second1, f32x4.pmax(best1, f1));
    best0 = f32x4.pmin(best0, f0);
    best1 = f32x4.pmin(best1, f1);
    c = i32x4.add(c, one);
  }
  v128.store(to, best0, BEST);
  v128.store(to, best1, BEST + 16);
  v128.store(to, second0, SECOND);
  v128.store(to, second1, SECOND + 16);
  v128.store(to, index0, INDEX);
  v128.store(to, index1, INDEX + 16);
}
