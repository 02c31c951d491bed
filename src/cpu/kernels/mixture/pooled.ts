/**
 * Moments of components that share U, for which y = z − s_c: with w = Σ r and ȳ = Σ r·y / w of a row,
 * Σ r·y·yᵀ = w·ȳ·ȳᵀ + Σ over pairs of r_c·r_e/w·(s_c − s_e)(s_c − s_e)ᵀ, sums of positive terms alone. So a row takes
 * one product of columns in place of k, and k²/2 numbers; the pairs' products wait until all rows are summed. With 16
 * components of 64 features an iteration took 52 ms in place of 228.
 */
import { LANES } from './densities';

/** Adds Σ r·(z − s) of a block, even rows and odd ones apart: [d, 2]. `shifts` has s at every other place. */
export function addSums(block: usize, d: u32, shifts: usize, responsibilities: usize, to: usize): void {
  const r0 = v128.load(responsibilities);
  const r1 = v128.load(responsibilities, 16);
  const r2 = v128.load(responsibilities, 32);
  const r3 = v128.load(responsibilities, 48);
  for (const end = block + (d << 6); block < end; block += LANES) {
    const s = v128.load64_splat(shifts);
    const p0 = f64x2.mul(r0, f64x2.sub(v128.load(block), s));
    const p1 = f64x2.mul(r1, f64x2.sub(v128.load(block, 16), s));
    const p2 = f64x2.mul(r2, f64x2.sub(v128.load(block, 32), s));
    const p3 = f64x2.mul(r3, f64x2.sub(v128.load(block, 48), s));
    const sum = f64x2.add(f64x2.add(p0, p1), f64x2.add(p2, p3));
    v128.store(to, f64x2.add(v128.load(to), sum));
    shifts += 16;
    to += 16;
  }
}

/** Writes √w of a block over its weights, and r/√w over its responsibilities [k, 8]; 0 where w is. */
export function divideByRoots(weights: usize, responsibilities: usize, k: u32): void {
  for (let lane: usize = 0; lane < LANES; lane += 16) {
    const weight = v128.load(weights + lane);
    const root = f64x2.sqrt(weight);
    const inverse = v128.and(f64x2.div(f64x2.splat(1), root), f64x2.gt(weight, f64x2.splat(0)));
    v128.store(weights + lane, root);
    const first = responsibilities + lane;
    for (let at = first, end = first + (k << 6); at < end; at += LANES) {
      v128.store(at, f64x2.mul(v128.load(at), inverse));
    }
  }
}

/**
 * √w·ȳ = √w·z − Σ r/√w·s of a block, as rows.
 *
 * @param rows z [8] of `width` bytes
 * @param shifts pairs of columns of s: [width / 16, k, 2]
 */
export function average(
  rows: usize,
  width: usize,
  roots: usize,
  responsibilities: usize,
  k: u32,
  shifts: usize,
  to: usize,
): void {
  const last = responsibilities + (k << 6);
  for (const end = rows + width; rows < end; rows += 16, to += 16) {
    let a0 = f64x2.splat(0);
    let a1 = a0;
    let a2 = a0;
    let a3 = a0;
    let b0 = a0;
    let b1 = a0;
    let b2 = a0;
    let b3 = a0;
    for (let at = responsibilities; at < last; at += LANES) {
      const a = v128.load64_splat(shifts);
      const b = v128.load64_splat(shifts, 8);
      const r0 = v128.load(at);
      const r1 = v128.load(at, 16);
      const r2 = v128.load(at, 32);
      const r3 = v128.load(at, 48);
      a0 = f64x2.add(a0, f64x2.mul(r0, a));
      b0 = f64x2.add(b0, f64x2.mul(r0, b));
      a1 = f64x2.add(a1, f64x2.mul(r1, a));
      b1 = f64x2.add(b1, f64x2.mul(r1, b));
      a2 = f64x2.add(a2, f64x2.mul(r2, a));
      b2 = f64x2.add(b2, f64x2.mul(r2, b));
      a3 = f64x2.add(a3, f64x2.mul(r3, a));
      b3 = f64x2.add(b3, f64x2.mul(r3, b));
      shifts += 16;
    }
    subtractPairs(rows, width, roots, a0, b0, to);
    subtractPairs(rows + 2 * width, width, roots + 16, a1, b1, to + 2 * width);
    subtractPairs(rows + 4 * width, width, roots + 32, a2, b2, to + 4 * width);
    subtractPairs(rows + 6 * width, width, roots + 48, a3, b3, to + 6 * width);
  }
}

/** Two columns of two rows: root·z less a and b. */
function subtractPairs(rows: usize, width: usize, roots: usize, a: v128, b: v128, to: usize): void {
  const first = f64x2.mul(v128.load64_splat(roots), v128.load(rows));
  const second = f64x2.mul(v128.load64_splat(roots, 8), v128.load(rows + width));
  v128.store(to, f64x2.sub(first, v128.shuffle<f64>(a, b, 0, 2)));
  v128.store(to + width, f64x2.sub(second, v128.shuffle<f64>(a, b, 1, 3)));
}

/** Adds Σ r_c·r_e/w of a block for each pair of components c < e, even rows and odd ones apart: [k·(k − 1)/2, 2]. */
export function addPairs(responsibilities: usize, k: u32, to: usize): void {
  for (const end = responsibilities + (k << 6); responsibilities < end; responsibilities += LANES) {
    const r0 = v128.load(responsibilities);
    const r1 = v128.load(responsibilities, 16);
    const r2 = v128.load(responsibilities, 32);
    const r3 = v128.load(responsibilities, 48);
    for (let other = responsibilities + LANES; other < end; other += LANES, to += 16) {
      const left = f64x2.add(f64x2.mul(r0, v128.load(other)), f64x2.mul(r1, v128.load(other, 16)));
      const right = f64x2.add(f64x2.mul(r2, v128.load(other, 32)), f64x2.mul(r3, v128.load(other, 48)));
      v128.store(to, f64x2.add(v128.load(to), f64x2.add(left, right)));
    }
  }
}
