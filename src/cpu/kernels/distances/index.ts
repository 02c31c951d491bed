/** Distances in float64 between rows of a dataset and a few others, summed by the clusters of the former. */

/** Rows that are compared at once, of either kind. */
const TILE: u32 = 4;

/**
 * ‖x‖² + ‖y‖² − 2x·y has lost too many digits where it is below this share of ‖x‖² + ‖y‖²: with d features it is otherwise
 * right to (d + 3)·2^-47 of itself.
 */
const CLOSE: f64 = 0.015625;

/**
 * Adds to `sums` [k, m] the distances of the rows [start, end) to others.
 *
 * @param rows float64 where `precise`, else float32 [n, d]
 * @param panels the others, features of four side by side [m/4, d, 4]
 * @param norms of the others [m]
 * @param labels of the rows [n]
 * @param isRoot whether distances are summed, or their squares
 * @param scratch for four rows, float64 [d, 4]
 */
export function sumDistances(
  rows: usize,
  precise: bool,
  d: u32,
  start: u32,
  end: u32,
  panels: usize,
  norms: usize,
  m: u32,
  labels: usize,
  isRoot: bool,
  sums: usize,
  scratch: usize,
): void {
  const bytesOfPanel = (<usize>d) << 5;
  for (let i = start; i < end; i += TILE) {
    // The last row stands in for those that are missing.
    for (let p: u32 = 0; p < TILE; p++) unfold(rows, precise, d, min(i + p, end - 1), scratch + (p << 3));
    const count = min(TILE, end - i);
    for (let other: u32 = 0, panel = panels; other < m; other += TILE, panel += bytesOfPanel) {
      let a0 = f64x2.splat(0);
      let a1 = a0;
      let b0 = a0;
      let b1 = a0;
      let c0 = a0;
      let c1 = a0;
      let e0 = a0;
      let e1 = a0;
      for (let at: usize = 0; at < bytesOfPanel; at += 32) {
        const y0 = v128.load(panel + at);
        const y1 = v128.load(panel + at, 16);
        const x = scratch + at;
        const a = v128.load64_splat(x);
        const b = v128.load64_splat(x, 8);
        const c = v128.load64_splat(x, 16);
        const e = v128.load64_splat(x, 24);
        a0 = f64x2.add(a0, f64x2.mul(a, y0));
        a1 = f64x2.add(a1, f64x2.mul(a, y1));
        b0 = f64x2.add(b0, f64x2.mul(b, y0));
        b1 = f64x2.add(b1, f64x2.mul(b, y1));
        c0 = f64x2.add(c0, f64x2.mul(c, y0));
        c1 = f64x2.add(c1, f64x2.mul(c, y1));
        e0 = f64x2.add(e0, f64x2.mul(e, y0));
        e1 = f64x2.add(e1, f64x2.mul(e, y1));
      }
      const norm = norms + (other << 3);
      const label = labels + (i << 2);
      const to = sums + (other << 3);
      add(a0, a1, scratch, panel, bytesOfPanel, norm, isRoot, to + ((load<u32>(label) * m) << 3));
      if (count > 1) add(b0, b1, scratch + 8, panel, bytesOfPanel, norm, isRoot, to + ((load<u32>(label, 4) * m) << 3));
      if (count > 2)
        add(c0, c1, scratch + 16, panel, bytesOfPanel, norm, isRoot, to + ((load<u32>(label, 8) * m) << 3));
      if (count > 3)
        add(e0, e1, scratch + 24, panel, bytesOfPanel, norm, isRoot, to + ((load<u32>(label, 12) * m) << 3));
    }
  }
}

/** A row in every fourth place, and its squared norm behind all rows. */
function unfold(rows: usize, precise: bool, d: u32, i: u32, to: usize): void {
  let norm: f64 = 0;
  let row = rows + <usize>i * <usize>d * (precise ? 8 : 4);
  for (let j: u32 = 0; j < d; j++, to += 32) {
    const x: f64 = precise ? load<f64>(row) : <f64>load<f32>(row);
    row += precise ? 8 : 4;
    store<f64>(to, x);
    norm += x * x;
  }
  store<f64>(to, norm);
}

function add(
  low: v128,
  high: v128,
  row: usize,
  panel: usize,
  bytesOfPanel: usize,
  norms: usize,
  isRoot: bool,
  to: usize,
): void {
  const norm = v128.load64_splat(row + bytesOfPanel);
  addPair(low, norm, row, panel, bytesOfPanel, norms, isRoot, to);
  addPair(high, norm, row, panel + 16, bytesOfPanel, norms + 16, isRoot, to + 16);
}

function addPair(
  products: v128,
  norm: v128,
  row: usize,
  panel: usize,
  bytesOfPanel: usize,
  norms: usize,
  isRoot: bool,
  to: usize,
): void {
  const both = f64x2.add(norm, v128.load(norms));
  let squares = f64x2.sub(both, f64x2.add(products, products));
  const isClose = f64x2.lt(squares, f64x2.mul(both, f64x2.splat(CLOSE)));
  if (v128.any_true(isClose)) squares = v128.bitselect(direct(row, panel, bytesOfPanel), squares, isClose);
  const distances = isRoot ? f64x2.sqrt(squares) : squares;
  v128.store(to, f64x2.add(v128.load(to), distances));
}

/** Squared distances of a row to two others, term by term. */
function direct(row: usize, panel: usize, bytesOfPanel: usize): v128 {
  let squares = f64x2.splat(0);
  for (let at: usize = 0; at < bytesOfPanel; at += 32) {
    const difference = f64x2.sub(v128.load64_splat(row + at), v128.load(panel + at));
    squares = f64x2.add(squares, f64x2.mul(difference, difference));
  }
  return squares;
}
