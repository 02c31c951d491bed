/**
 * How work is cut: pure functions of the shape and the limits. Everything that a sum's order depends on (slices,
 * groups, lanes) is a function of (n, d, k) alone; what depends on limits (chunks, spans) moves whole slices and groups
 * and changes no bit.
 */

/** Memory that the statistics of a span may take. */
const SPAN_BYTES = 2 ** 25;
/** Multiply-adds that a span may take, at most: 20 ms at 100 G/s. */
const SPAN_WORK = 2 ** 31;
/** Workgroup memory of every implementation, less what kernels need besides their accumulators. */
const ACCUMULATOR_FLOATS = 3584;

/** Rows that chunks are multiples of, so that no slice is cut by one. */
export function granuleRows(d: number): number {
  return d * 4096 * 4 <= 2 ** 27 ? 4096 : 1024;
}

/** Rows of a chunk: points that fit one binding. 0 where not even a granule does. */
export function chunkRows(n: number, d: number, bindingLimit: number): number {
  const fitting = Math.floor(bindingLimit / (4 * d));
  return n <= fitting ? n : Math.floor(fitting / granuleRows(d)) * granuleRows(d);
}

/** Rows of a slice: about a thousand slices where a workgroup is all that sums one, else 256; 512 to 4096 rows. */
export function sliceRows(n: number, d: number, k: number): number {
  const slices = sumsPlan(d, k).kind === 'private' ? 1024 : 256;
  return Math.min(granuleRows(d), Math.max(512, powerOfTwoFrom(n / slices)));
}

export type AssignPlan = { readonly kind: 'direct' } | { readonly kind: 'tiled'; readonly TY: number };

/** Rows that a workgroup of the tiled assignment takes. */
export const TILE_ROWS = 64;
/** Rows that a workgroup of the direct assignment takes. */
export const DIRECT_ROWS = 256;

/** The kernel for nearest centroids; tiled, 8·TY of them at a time. */
export function assignPlan(d: number, k: number): AssignPlan {
  if (d <= 4) return { kind: 'direct' };
  if (k <= 32) return { kind: 'tiled', TY: 4 };
  return { kind: 'tiled', TY: k <= 64 ? 8 : 16 };
}

export type SumsPlan =
  | { readonly kind: 'private'; readonly THREADS: number; readonly LANES: number; readonly CELLS: number }
  | { readonly kind: 'sorted'; readonly LANES: number };

/** The kernel for the sums: accumulators a thread while they fit, else rows sorted by label. */
export function sumsPlan(d: number, k: number): SumsPlan {
  const LANES = powerOfTwoFrom(d);
  const THREADS = Math.max(64, LANES);
  const cells = k * (THREADS + THREADS / LANES);
  if (THREADS <= 256 && cells <= ACCUMULATOR_FLOATS) {
    return { kind: 'private', THREADS, LANES, CELLS: Math.min(ACCUMULATOR_FLOATS, powerOfTwoFrom(cells)) };
  }
  return { kind: 'sorted', LANES: Math.min(64, LANES) };
}

/** Slices that are summed together before they go to the totals. */
export function foldWidth(d: number, k: number): number {
  for (const width of [8, 4, 2]) if (width * k * (d + 2) * 4 <= SPAN_BYTES) return width;
  return 1;
}

/** Consecutive slices whose statistics are in memory together. */
export interface Span {
  readonly firstSlice: number;
  readonly slices: number;
}

/** Spans of whole groups of slices that stay within memory and work. */
export function planSpans(n: number, d: number, k: number, bindingLimit: number): Span[] {
  const rows = sliceRows(n, d, k);
  const fold = foldWidth(d, k);
  const sorted = sumsPlan(d, k).kind === 'sorted' ? 2 * k + 1 + rows : 0;
  const sliceBytes = 4 * Math.max(k * (d + 2), sorted);
  const byMemory = Math.min(SPAN_BYTES, bindingLimit) / sliceBytes;
  const byWork = SPAN_WORK / (rows * d * k);
  const length = Math.max(1, Math.floor(Math.min(byMemory, byWork) / fold)) * fold;
  const slices = Math.ceil(n / rows);
  const spans: Span[] = [];
  for (let firstSlice = 0; firstSlice < slices; firstSlice += length) {
    spans.push({ firstSlice, slices: Math.min(length, slices - firstSlice) });
  }
  return spans;
}

/** The smallest power of two that is at least `value`, and at least 1. */
export function powerOfTwoFrom(value: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(value)));
}
