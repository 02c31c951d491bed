/**
 * What a model says of a few rows, on the host: to place its centroids in an engine takes as long as to answer for dozens
 * of rows. Rows are as the CPU engine holds them, and distances the same sums, so that answers have the same bits.
 */
import { squaredDistance } from '../cpu/shard.ts';
import { rowsOfTurn } from '../cpu/turns.ts';
import type { PreparedPoints } from '../points.ts';
import type { Steps } from '../steps.ts';
import { toInertia } from './assign.ts';
import { labelFar } from './far.ts';

/** Labels and inertia of rows under centroids [k, d], in the caller's coordinates and units: see `assignPoints`. */
export function* assignFew(
  points: PreparedPoints,
  centroids: Float64Array,
): Steps<{ labels: Uint32Array; inertia: number }> {
  const { n, d, weights, far } = points;
  const labels = new Uint32Array(n);
  const least = new Float64Array(n).fill(Infinity);
  yield* squaresOfFew(points, centroids, (square, row, c) => {
    if (square >= least[row]) return;
    least[row] = square;
    labels[row] = c;
  });
  const inertia = least.reduce((sum, square, row) => sum + (weights === null ? square : weights[row] * square), 0);
  return { labels, inertia: toInertia(inertia, points) + labelFar(labels, far, centroids, d) };
}

/** Visits the squared distance of each row to each centroid, in the frame of the rows. */
export function* squaresOfFew(
  points: PreparedPoints,
  centroids: Float64Array,
  visit: (square: number, row: number, centroid: number) => void,
): Steps<void> {
  const { n, d, frame } = points;
  const { shift, scale } = frame;
  const rows = new (frame.precise ? Float64Array : Float32Array)(n * d);
  points.fill(rows, 0, n);
  const placed = new Float64Array(d);
  const pause = rowsOfTurn(n * d);
  for (let c = 0, from = 0; from < centroids.length; c++, from += d) {
    for (let j = 0; j < d; j++) placed[j] = (centroids[from + j] - shift[j]) * scale;
    for (let row = 0; row < n; row++) visit(squaredDistance(rows, row * d, placed, 0, d), row, c);
    if (c % pause === pause - 1) yield;
  }
}
