import { type Frame, intoFrame, PRECISE_LIMIT, robustFrame, sampled, withinLimit } from '../frame.ts';
import { sampledRows } from '../points.ts';

/** In float32 no centroid is farther out, as in the frame of a model. */
const LARGEST = 2 ** 60;

/** The frame that is made of centroids [k, d] alone, for rows of which nothing else is known. */
export function frameOfCentroids(centroids: Float64Array, d: number): Frame {
  const extremes = { low: new Float64Array(d).fill(Infinity), high: new Float64Array(d).fill(-Infinity) };
  const { low, high } = extremes;
  for (let at = 0; at < centroids.length; ) {
    for (let j = 0; j < d; j++, at++) {
      if (centroids[at] < low[j]) low[j] = centroids[at];
      if (centroids[at] > high[j]) high[j] = centroids[at];
    }
  }
  const k = centroids.length / d;
  const rows = sampledRows(k, d, null, k);
  const values = new Float64Array(rows.length * d);
  rows.forEach((row, i) => {
    values.set(centroids.subarray(row * d, (row + 1) * d), i * d);
  });
  const robust = robustFrame(sampled(values, new Float64Array(rows.length).fill(1), d), extremes);
  const frame = withinLimit(robust, extremes, LARGEST);
  if (frame.scale === robust.scale && !makesEqual(intoFrame(centroids, frame), d)) return frame;
  return { ...withinLimit(robust, extremes, PRECISE_LIMIT), precise: true };
}

/** Whether float32 makes different rows [k, d] equal. */
function makesEqual(rows: Float64Array, d: number): boolean {
  const rounded = Float32Array.from(rows);
  const order = Uint32Array.from({ length: rows.length / d }, (_, c) => c * d);
  // Those that are equal then are side by side.
  order.sort((a, b) => differenceOf(rounded, a, b, d));
  const isSame = (values: Float32Array | Float64Array, i: number) =>
    differenceOf(values, order[i], order[i - 1], d) === 0;
  return order.some((_, i) => i > 0 && isSame(rounded, i) && !isSame(rows, i));
}

/** Of the first values in which two rows differ. */
function differenceOf(rows: Float32Array | Float64Array, a: number, b: number, d: number): number {
  for (let j = 0; j < d; j++) if (rows[a + j] !== rows[b + j]) return rows[a + j] - rows[b + j];
  return 0;
}
