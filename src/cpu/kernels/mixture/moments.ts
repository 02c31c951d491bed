/** Moments of eight rows at a time, weighted by their responsibilities. */
import { LANES } from './densities';

/** A responsibility below this share moves no sum in float64. */
const NEGLIGIBLE: f64 = 1e-20;

/** Adds the responsibilities [8] of a component to its count [2 lanes]; whether they are worth more than that. */
export function tally(responsibilities: usize, count: usize): bool {
  const low = f64x2.add(v128.load(responsibilities), v128.load(responsibilities, 16));
  const all = f64x2.add(low, f64x2.add(v128.load(responsibilities, 32), v128.load(responsibilities, 48)));
  const sum = f64x2.add(v128.load(count), all);
  v128.store(count, sum);
  return v128.any_true(f64x2.gt(all, f64x2.mul(sum, f64x2.splat(NEGLIGIBLE))));
}

/**
 * Adds Σ r·(x − m) and Σ r·(x − m)² of a block. Even rows and odd ones have sums of their own.
 *
 * @param axes m of each feature, at every other place: [d, 2]
 * @param to the two sums of each feature: [d, 2, 2]
 */
export function addAxes(block: usize, d: u32, axes: usize, responsibilities: usize, to: usize): void {
  const r0 = v128.load(responsibilities);
  const r1 = v128.load(responsibilities, 16);
  const r2 = v128.load(responsibilities, 32);
  const r3 = v128.load(responsibilities, 48);
  for (const end = block + (d << 6); block < end; block += LANES) {
    const m = v128.load64_splat(axes);
    const y0 = f64x2.sub(v128.load(block), m);
    const y1 = f64x2.sub(v128.load(block, 16), m);
    const y2 = f64x2.sub(v128.load(block, 32), m);
    const y3 = f64x2.sub(v128.load(block, 48), m);
    const p0 = f64x2.mul(r0, y0);
    const p1 = f64x2.mul(r1, y1);
    const p2 = f64x2.mul(r2, y2);
    const p3 = f64x2.mul(r3, y3);
    const sum = f64x2.add(f64x2.add(p0, p1), f64x2.add(p2, p3));
    const left = f64x2.add(f64x2.mul(p0, y0), f64x2.mul(p1, y1));
    const right = f64x2.add(f64x2.mul(p2, y2), f64x2.mul(p3, y3));
    v128.store(to, f64x2.add(v128.load(to), sum));
    v128.store(to, f64x2.add(v128.load(to, 16), f64x2.add(left, right)), 16);
    axes += 16;
    to += 32;
  }
}

/**
 * Writes √r, and √r·(y − s) as rows, of the rows of a block that have a responsibility.
 *
 * @param rows y [8] of `width` bytes
 * @returns how many rows it were
 */
export function scale(rows: usize, width: usize, shift: usize, responsibilities: usize, roots: usize, to: usize): u32 {
  let count: u32 = 0;
  for (const end = responsibilities + LANES; responsibilities < end; responsibilities += 8, rows += width) {
    const share = load<f64>(responsibilities);
    if (!(share > 0)) continue;
    const root = sqrt<f64>(share);
    store<f64>(roots + (count << 3), root);
    const r = f64x2.splat(root);
    for (let at: usize = 0; at < width; at += 16) {
      v128.store(to + at, f64x2.mul(r, f64x2.sub(v128.load(rows + at), v128.load(shift + at))));
    }
    to += width;
    count++;
  }
  return count;
}

/** Adds Σ r·(y − s), of `count` rows √r·(y − s) and their √r. */
export function addScaled(rows: usize, roots: usize, count: u32, width: usize, to: usize): void {
  const end = roots + ((<usize>count) << 3);
  for (const last = rows + width; rows < last; rows += 32, to += 32) {
    let a = v128.load(to);
    let b = v128.load(to, 16);
    for (let root = roots, row = rows; root < end; root += 8, row += width) {
      const r = v128.load64_splat(root);
      a = f64x2.add(a, f64x2.mul(r, v128.load(row)));
      b = f64x2.add(b, f64x2.mul(r, v128.load(row, 16)));
    }
    v128.store(to, a);
    v128.store(to, b, 16);
  }
}

/**
 * Adds the products of the columns of `count` rows, in tiles of four by four: of the upper triangle all of them.
 *
 * @param width bytes of a row, and of a row of the products: a multiple of 32
 */
export function addProducts(rows: usize, count: u32, width: usize, to: usize): void {
  const end = rows + <usize>count * width;
  for (let i: usize = 0; i < width; i += 32) {
    for (let j = i; j < width; j += 32) {
      const t0 = to + j;
      const t1 = t0 + width;
      const t2 = t1 + width;
      const t3 = t2 + width;
      let a0 = v128.load(t0);
      let b0 = v128.load(t0, 16);
      let a1 = v128.load(t1);
      let b1 = v128.load(t1, 16);
      let a2 = v128.load(t2);
      let b2 = v128.load(t2, 16);
      let a3 = v128.load(t3);
      let b3 = v128.load(t3, 16);
      for (let row = rows; row < end; row += width) {
        const a = v128.load(row + j);
        const b = v128.load(row + j, 16);
        const left = row + i;
        const y0 = v128.load64_splat(left);
        const y1 = v128.load64_splat(left, 8);
        const y2 = v128.load64_splat(left, 16);
        const y3 = v128.load64_splat(left, 24);
        a0 = f64x2.add(a0, f64x2.mul(y0, a));
        b0 = f64x2.add(b0, f64x2.mul(y0, b));
        a1 = f64x2.add(a1, f64x2.mul(y1, a));
        b1 = f64x2.add(b1, f64x2.mul(y1, b));
        a2 = f64x2.add(a2, f64x2.mul(y2, a));
        b2 = f64x2.add(b2, f64x2.mul(y2, b));
        a3 = f64x2.add(a3, f64x2.mul(y3, a));
        b3 = f64x2.add(b3, f64x2.mul(y3, b));
      }
      v128.store(t0, a0);
      v128.store(t0, b0, 16);
      v128.store(t1, a1);
      v128.store(t1, b1, 16);
      v128.store(t2, a2);
      v128.store(t2, b2, 16);
      v128.store(t3, a3);
      v128.store(t3, b3, 16);
    }
    to += 4 * width;
  }
}
