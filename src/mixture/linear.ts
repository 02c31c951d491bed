/**
 * Float64 linear algebra on square matrices, row-major [d, d] (Golub and Van Loan 2013, sections 3.1 and 4.2), as steps of
 * about a millisecond. All of it comes down to products of rows, in blocks that stay in the cache. The terms of a sum are
 * added one after the other in the order of their index, whatever the blocks: the bits are those of the plain loops.
 */
import type { Steps } from '../steps.ts';

/** Of a matrix whose pivots are what rounding left of nothing there is no factor. */
const LOST_DIGITS = 2 ** -50;

/** Columns that are factored, or solved for, before all that depends on them is brought up to date. */
const PANEL = 32;
/** Of a tile: its sums stay in registers. */
const TILE_ROWS = 4;
const TILE_COLUMNS = 2;
/** Multiply-adds that are about a millisecond. */
const STEP_WORK = 2 ** 20;

/** L with A = L·Lᵀ, lower triangular, of a symmetric A; null where A is not positive definite, or only by rounding. */
export function* cholesky(a: Float64Array, d: number): Steps<Float64Array | null> {
  const l = new Float64Array(d * d);
  for (let i = 0; i < d; i++) l.set(a.subarray(i * d, i * d + i + 1), i * d);
  for (let from = 0; from < d; from += PANEL) {
    const to = Math.min(d, from + PANEL);
    for (let i = from; i < d; i++) {
      for (let j = from; j < Math.min(i + 1, to); j++) {
        let sum = l[i * d + j];
        for (let t = from; t < j; t++) sum -= l[i * d + t] * l[j * d + t];
        if (i !== j) l[i * d + j] = sum / l[j * d + j];
        // Not "at most": NaN is no pivot either.
        else if (sum > LOST_DIGITS * a[i * d + i] && sum < Infinity) l[i * d + i] = Math.sqrt(sum);
        else return null;
      }
      if (i % PANEL === PANEL - 1) yield;
    }
    if (to < d) yield* subtractProducts(l, l, l, d, { from, to, rows: [to, d], columns: (row) => [to, row + 1] });
  }
  return l;
}

/** U = L⁻ᵀ of a lower triangular L: upper triangular, with (L·Lᵀ)⁻¹ = U·Uᵀ. */
export function* inverseTranspose(l: Float64Array, d: number): Steps<Float64Array> {
  const u = new Float64Array(d * d);
  // Row j of U is column j of L⁻¹: forward substitution, of all rows at once.
  for (let from = 0; from < d; from += PANEL) {
    const to = Math.min(d, from + PANEL);
    for (let j = 0; j < to; j++) {
      if (j >= from) u[j * d + j] = 1 / l[j * d + j];
      for (let i = Math.max(from, j + 1); i < to; i++) {
        let sum = u[j * d + i];
        for (let t = Math.max(from, j); t < i; t++) sum -= l[i * d + t] * u[j * d + t];
        u[j * d + i] = sum / l[i * d + i];
      }
      if (j % PANEL === PANEL - 1) yield;
    }
    if (to < d) yield* subtractProducts(u, u, l, d, { from, to, rows: [0, to], columns: () => [to, d] });
  }
  return u;
}

/** Aᵀ. */
export function* transpose(a: Float64Array, d: number): Steps<Float64Array> {
  const t = new Float64Array(d * d);
  for (let rows = 0; rows < d; rows += PANEL) {
    for (let columns = 0; columns < d; columns += PANEL) {
      for (let i = rows; i < Math.min(d, rows + PANEL); i++) {
        for (let j = columns; j < Math.min(d, columns + PANEL); j++) t[j * d + i] = a[i * d + j];
      }
    }
    if (d > PANEL) yield;
  }
  return t;
}

/** L·C·Lᵀ of a lower triangular L and a symmetric C, of which only Cᵀ is read, row by row. */
export function* congruence(l: Float64Array, c: Float64Array, d: number): Steps<Float64Array> {
  const half = new Float64Array(d * d);
  const result = new Float64Array(d * d);
  // −L·C, then L·C·Lᵀ: what is subtracted twice is added.
  for (let from = 0; from < d; from += PANEL) {
    const to = Math.min(d, from + PANEL);
    yield* subtractProducts(half, l, c, d, { from, to, rows: [from, d], columns: () => [0, d] });
  }
  for (let from = 0; from < d; from += PANEL) {
    const to = Math.min(d, from + PANEL);
    yield* subtractProducts(result, half, l, d, { from, to, rows: [from, d], columns: (row) => [from, row + 1] });
  }
  for (let rows = 0; rows < d; rows += PANEL) {
    for (let columns = 0; columns <= rows; columns += PANEL) {
      for (let i = rows; i < Math.min(d, rows + PANEL); i++) {
        for (let j = columns; j < Math.min(i, columns + PANEL); j++) result[j * d + i] = result[i * d + j];
      }
    }
    if (d > PANEL) yield;
  }
  return result;
}

/** Which products are subtracted. */
interface Products {
  /** The terms [from, to). */
  readonly from: number;
  readonly to: number;
  readonly rows: readonly [start: number, end: number];
  /** Those of a row, which all begin at the same one. */
  readonly columns: (row: number) => readonly [start: number, end: number];
}

/** Takes Σ a[i, t]·b[j, t] from c[i, j], t from `from` to `to`; all [d, d]. */
function* subtractProducts(
  c: Float64Array,
  a: Float64Array,
  b: Float64Array,
  d: number,
  { from, to, rows, columns }: Products,
): Steps<void> {
  let work = 0;
  for (let i = rows[0]; i < rows[1]; i += TILE_ROWS) {
    const [start, end] = columns(i);
    let j = start;
    if (i + TILE_ROWS <= rows[1]) {
      for (; j + TILE_COLUMNS <= end; j += TILE_COLUMNS) subtractTile(c, a, b, d, i, j, from, to);
    }
    for (let row = i; row < Math.min(rows[1], i + TILE_ROWS); row++) {
      for (let column = j; column < columns(row)[1]; column++) {
        let sum = c[row * d + column];
        for (let t = from; t < to; t++) sum -= a[row * d + t] * b[column * d + t];
        c[row * d + column] = sum;
      }
    }
    work += TILE_ROWS * (end - start) * (to - from);
    if (work < STEP_WORK) continue;
    work = 0;
    yield;
  }
}

/** The same for four rows and two columns: eight sums for six loads, and all in registers. */
function subtractTile(
  c: Float64Array,
  a: Float64Array,
  b: Float64Array,
  d: number,
  i: number,
  j: number,
  from: number,
  to: number,
): void {
  const c0 = i * d + j;
  const c1 = c0 + d;
  const c2 = c1 + d;
  const c3 = c2 + d;
  let s00 = c[c0];
  let s01 = c[c0 + 1];
  let s10 = c[c1];
  let s11 = c[c1 + 1];
  let s20 = c[c2];
  let s21 = c[c2 + 1];
  let s30 = c[c3];
  let s31 = c[c3 + 1];
  const row = i * d;
  const column = j * d;
  for (let t = from; t < to; t++) {
    const y0 = b[column + t];
    const y1 = b[column + d + t];
    const x0 = a[row + t];
    const x1 = a[row + d + t];
    const x2 = a[row + 2 * d + t];
    const x3 = a[row + 3 * d + t];
    s00 -= x0 * y0;
    s01 -= x0 * y1;
    s10 -= x1 * y0;
    s11 -= x1 * y1;
    s20 -= x2 * y0;
    s21 -= x2 * y1;
    s30 -= x3 * y0;
    s31 -= x3 * y1;
  }
  c[c0] = s00;
  c[c0 + 1] = s01;
  c[c1] = s10;
  c[c1 + 1] = s11;
  c[c2] = s20;
  c[c2 + 1] = s21;
  c[c3] = s30;
  c[c3 + 1] = s31;
}
