/**
 * What the kernels of mixtures share with TypeScript: byte offsets and numbers, in a file that AssemblyScript and
 * TypeScript both compile.
 */

/** Rows of a block. */
export const BLOCK: u32 = 8;

/** Offsets into the state of an E-step: of arrays in the same memory, of whole numbers among them, and of a float64. */
export const ROWS: usize = 0;
export const WEIGHTS: usize = 4;
export const LABELS: usize = 8;
export const VALUES: usize = 12;
export const D: usize = 16;
export const K: usize = 20;
export const SHAPE: usize = 24;
export const BLOCK_ROWS: usize = 28;
export const DIFFERENCES: usize = 32;
export const WHITENED: usize = 36;
export const LOGS: usize = 40;
export const MEANS: usize = 44;
export const FACTORS: usize = 48;
export const OFFSETS: usize = 52;
export const BLOCK_WEIGHTS: usize = 56;
export const SCALED: usize = 60;
export const COUNTS: usize = 64;
export const SUMS: usize = 68;
export const SQUARES: usize = 72;
export const PAIRS: usize = 76;
export const LIKELIHOOD: usize = 80;
export const GROUP: usize = 84;
export const TEMPERATURE: usize = 88;
export const ROOTS: usize = 96;
export const STATE_BYTES: usize = 104;

/** U of each component, at `SHAPE`: diagonal, one, upper triangular, or the same for all, with squares of each or pooled. */
export const AXES: u32 = 0;
export const PLAIN: u32 = 1;
export const OWN: u32 = 2;
export const SHARED: u32 = 3;
export const POOLED: u32 = 4;

/** Bytes of a row of float64, padded to four. */
export function widthOf(d: u32): usize {
  return ((d + 3) & ~3) * 8;
}

/** Bytes of U [d, d] as pairs of columns: 2 + 4 + … rows of two; of an odd number of features the last goes with zeros. */
export function sizeOfColumns(d: u32): usize {
  const pairs = d >> 1;
  return (pairs * (pairs + 1) + (d & 1) * d) * 16;
}
