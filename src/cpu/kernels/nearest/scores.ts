/** Scores ‖c‖² − 2·x·c of eight rows for all centroids, where more than the best of them are asked for. */
import { BLOCK } from '../kmeans/layout';
import { pack, squares } from '../kmeans/scan';
import { BLOCK_OF_ROWS, SQUARES } from './layout';

/**
 * The scores of the rows from `first` on, float32 [k, 8]; ‖x‖² of the rows goes to the scratch. The last row stands in for
 * those that are missing. The tile is that of `scan`.
 *
 * @param centroids of `k` centroids, a multiple of four: −2c [k/4, d, 4]
 * @param norms ‖c‖² [k]
 */
export function scores(
  rows: usize,
  d: u32,
  first: u32,
  end: u32,
  centroids: usize,
  norms: usize,
  k: u32,
  scratch: usize,
  to: usize,
): void {
  const bytes = d << 2;
  for (let p: u32 = 0; p < BLOCK; p++) store<u32>(scratch + (p << 2), min(first + p, end - 1) * bytes);
  const block = scratch + BLOCK_OF_ROWS;
  pack(rows, scratch, bytes, block);
  squares(block, d, scratch + SQUARES);
  const last = block + (d << 5);
  for (const end = norms + (k << 2); norms < end; norms += 16, to += 128) {
    let a0 = v128.load32_splat(norms);
    let b0 = v128.load32_splat(norms, 4);
    let c0 = v128.load32_splat(norms, 8);
    let e0 = v128.load32_splat(norms, 12);
    let a1 = a0;
    let b1 = b0;
    let c1 = c0;
    let e1 = e0;
    for (let at = block; at < last; at += 32, centroids += 16) {
      const x0 = v128.load(at);
      const x1 = v128.load(at, 16);
      const a = v128.load32_splat(centroids);
      const b = v128.load32_splat(centroids, 4);
      const c = v128.load32_splat(centroids, 8);
      const e = v128.load32_splat(centroids, 12);
      a0 = f32x4.add(a0, f32x4.mul(x0, a));
      a1 = f32x4.add(a1, f32x4.mul(x1, a));
      b0 = f32x4.add(b0, f32x4.mul(x0, b));
      b1 = f32x4.add(b1, f32x4.mul(x1, b));
      c0 = f32x4.add(c0, f32x4.mul(x0, c));
      c1 = f32x4.add(c1, f32x4.mul(x1, c));
      e0 = f32x4.add(e0, f32x4.mul(x0, e));
      e1 = f32x4.add(e1, f32x4.mul(x1, e));
    }
    v128.store(to, a0);
    v128.store(to, a1, 16);
    v128.store(to, b0, 32);
    v128.store(to, b1, 48);
    v128.store(to, c0, 64);
    v128.store(to, c1, 80);
    v128.store(to, e0, 96);
    v128.store(to, e1, 112);
  }
}
