/**
 * Components that have a U each. They take a group of rows one after the other, so that U is fetched once for all of
 * these, and their products once more: of 16 components of 64 features neither stays in the first cache.
 */
import { subtract, transform, widen } from './densities';
import {
  BLOCK,
  BLOCK_ROWS,
  COUNTS,
  D,
  DIFFERENCES,
  FACTORS,
  K,
  LOGS,
  MEANS,
  ROOTS,
  ROWS,
  SCALED,
  SQUARES,
  SUMS,
  sizeOfColumns,
  WHITENED,
  widthOf,
} from './layout';
import { addProducts, addScaled, scale, tally } from './moments';

/** ‖y‖² of a group of rows for all components, [blocks, k, 8], and y itself: [k, rows]. */
export function ownLengths(state: usize, row: u32, count: u32, group: u32): void {
  const d = load<u32>(state, D);
  const k = load<u32>(state, K);
  const rows = <usize>load<u32>(state, ROWS) + ((<usize>row * d) << 2);
  const differences: usize = load<u32>(state, DIFFERENCES);
  const blocks: usize = load<u32>(state, BLOCK_ROWS);
  const logs: usize = load<u32>(state, LOGS);
  const width = widthOf(d);
  const size = sizeOfColumns(d);
  let mean: usize = load<u32>(state, MEANS);
  let factor: usize = load<u32>(state, FACTORS);
  let to: usize = load<u32>(state, WHITENED);
  for (let from: u32 = 0; from < count; from += BLOCK) {
    widen(rows + ((<usize>from * d) << 2), min(BLOCK, count - from), d, blocks + ((<usize>from * d) << 3));
  }
  for (let c: u32 = 0; c < k; c++) {
    for (let from: u32 = 0; from < count; from += BLOCK) {
      subtract(blocks + ((<usize>from * d) << 3), d, mean, differences);
      transform(differences, d, factor, to + from * width, width, logs + from * (k << 3) + (c << 6));
    }
    mean += width;
    factor += size;
    to += group * width;
  }
}

/** Adds the moments of a group. */
export function addOwn(state: usize, count: u32, group: u32): void {
  const width = widthOf(load<u32>(state, D));
  const k = load<u32>(state, K);
  const logs: usize = load<u32>(state, LOGS);
  const roots: usize = load<u32>(state, ROOTS);
  const scaled: usize = load<u32>(state, SCALED);
  const zeros = <usize>load<u32>(state, MEANS) + k * width;
  let y: usize = load<u32>(state, WHITENED);
  let total: usize = load<u32>(state, COUNTS);
  let sums: usize = load<u32>(state, SUMS);
  let squares: usize = load<u32>(state, SQUARES);
  for (let c: u32 = 0; c < k; c++) {
    let taken: u32 = 0;
    for (let from: u32 = 0; from < count; from += BLOCK) {
      const responsibilities = logs + from * (k << 3) + (c << 6);
      if (!tally(responsibilities, total)) continue;
      taken += scale(y + from * width, width, zeros, responsibilities, roots + (taken << 3), scaled + taken * width);
    }
    addScaled(scaled, roots, taken, width, sums);
    addProducts(scaled, taken, width, squares);
    y += group * width;
    total += 16;
    sums += width;
    squares += width * (width >> 3);
  }
}
