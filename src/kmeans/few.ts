/**
 * What a model says of a few rows, on the host: to place its centroids in an engine takes as long as to answer for dozens
 * of rows. Rows are as the CPU engine holds them, and distances the same sums, so that answers have the same bits.
 */

import type { Frame } from '../frame.ts';
import type { PreparedPoints } from '../points.ts';
import type { Steps } from '../steps.ts';
import { rowsOfTurn } from '../turns.ts';
import { toInertia } from './assign.ts';
import { labelFar } from './far.ts';

/** Labels and inertia of rows under centroids [k, d], in the caller's coordinates and units: see `labelPoints` and `inertiaOfPoints`. */
export function* assignFew(
  points: PreparedPoints,
  centroids: Float64Array,
): Steps<{ labels: Uint32Array; inertia: number }> {
  const { n, weights } = points;
  const labels = new Uint32Array(n);
  const least = new Float64Array(n).fill(Infinity);
  yield* squaresOfFew(points, centroids, (square, row, c) => {
    if (square >= least[row]) return;
    least[row] = square;
    labels[row] = c;
  });
  const inertia = least.reduce((sum, square, row) => sum + (weights === null ? square : weights[row] * square), 0);
  return { labels, inertia: toInertia(inertia, points) + labelFar(labels, points, centroids) };
}

/** Visits the squared distance of each row to each centroid, in the frame of the rows. */
export function* squaresOfFew(
  points: PreparedPoints,
  centroids: Float64Array,
  visit: (square: number, row: number, centroid: number) => void,
): Steps<void> {
  const { n, d, frame } = points;
  const held = new (frame.precise ? Float64Array : Float32Array)(n * d);
  points.fill(held, 0, n);
  const rows = Float64Array.from(held);
  const pause = rowsOfTurn(n * d);
  for (let c = 0, at = 0; at < centroids.length; c++, at += d) {
    for (let row = 0; row < n; row++) visit(squareOf(rows, row * d, centroids, at, frame), row, c);
    if (c % pause === pause - 1) yield;
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
