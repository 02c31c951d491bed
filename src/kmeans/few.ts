/**
 * Squared distances of a few rows on the host, since to place centroids in an engine takes as long as to answer for dozens of
 * rows. The rows are as the CPU engine holds them, and distances the same sums, so that answers have the same bits.
 */
import type { Frame } from '../frame.ts';
import type { PreparedPoints } from '../points.ts';
import type { Steps } from '../steps.ts';
import { rowsOfTurn } from '../turns.ts';

/** Visits the squared distance of each row to each centroid, in the frame of the rows. */
export function* squaresOfFew(
  points: PreparedPoints,
  centroids: Float64Array,
  visit: (square: number, row: number, centroid: number) => void,
): Steps<void> {
  const { n, d, frame } = points;
  const rows = new Float64Array(n * d);
  points.fill(rows, 0, n);
  if (!frame.precise) for (let at = 0; at < rows.length; at++) rows[at] = Math.fround(rows[at]);
  const k = centroids.length / d;
  const pause = rowsOfTurn(n * d);
  for (let c = 0; c < k; c += pause) {
    visitSquares(rows, centroids, c, Math.min(k, c + pause), frame, visit);
    if (c + pause < k) yield;
  }
}

/** The same of centroids [start, end). No generator: engines make slower code of the loops of one. */
function visitSquares(
  rows: Float64Array,
  centroids: Float64Array,
  start: number,
  end: number,
  frame: Frame,
  visit: (square: number, row: number, centroid: number) => void,
): void {
  const d = frame.shift.length;
  for (let c = start; c < end; c++) {
    for (let row = 0, from = 0; from < rows.length; row++, from += d) {
      visit(squareOf(rows, from, centroids, c * d, frame), row, c);
    }
  }
}

/** `squaredDistance` of the row at `from` and the centroid at `to`, which is brought into the frame on the way. */
function squareOf(
  rows: Float64Array,
  from: number,
  centroids: Float64Array,
  to: number,
  { shift, scale }: Frame,
): number {
  const d = shift.length;
  let even = 0;
  let odd = 0;
  let j = 0;
  for (; j + 1 < d; j += 2) {
    const first = rows[from + j] - (centroids[to + j] - shift[j]) * scale;
    const second = rows[from + j + 1] - (centroids[to + j + 1] - shift[j + 1]) * scale;
    even += first * first;
    odd += second * second;
  }
  if (j < d) even += (rows[from + j] - (centroids[to + j] - shift[j]) * scale) ** 2;
  return even + odd;
}
