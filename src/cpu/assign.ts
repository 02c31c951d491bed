/**
 * Nearest-centroid assignment with fused sums. Scores are ‖c‖² − 2x·c in float64: on centred float32 points its
 * rounding stays below 1e-13·‖x‖², so that, unlike in float32, no score needs a second look.
 */
import type { CpuDataset } from './dataset.ts';

/** Centroids [k, d] for the inner loop: an even number of them, the odd one out padded by one that nobody is near. */
export interface PackedCentroids {
  readonly d: number;
  readonly values: Float64Array;
  /** ‖c‖² */
  readonly norms: Float64Array;
}

export interface Tally {
  readonly counts: Float64Array;
  readonly sums: Float64Array;
  inertia: number;
  changed: number;
}

export function packCentroids(centroids: Float64Array, k: number, d: number): PackedCentroids {
  const padded = k + (k & 1);
  const values = new Float64Array(padded * d);
  values.set(centroids);
  const norms = new Float64Array(padded).fill(Infinity);
  for (let c = 0; c < k; c++) {
    let norm = 0;
    for (let j = c * d; j < (c + 1) * d; j++) norm += values[j] * values[j];
    norms[c] = norm;
  }
  return { d, values, norms };
}

/** Labels rows [start, end) and adds their statistics to `tally`. */
export function assignRows(
  dataset: CpuDataset,
  packed: PackedCentroids,
  labels: Uint32Array,
  tally: Tally,
  start: number,
  end: number,
): void {
  let i = start;
  for (; i + 4 <= end; i += 4) {
    nearestOfFour(dataset.rows, i * packed.d, packed);
    for (let p = 0; p < 4; p++) tallyRow(dataset, packed, labels, tally, i + p, nearest[p]);
  }
  for (; i < end; i++) tallyRow(dataset, packed, labels, tally, i, nearestOf(dataset.rows, i * packed.d, packed));
}

/** What {@link nearestOfFour} found. */
const nearest = new Uint32Array(4);

/** A tile of four rows by two centroids: eight sums in registers for six loads. */
function nearestOfFour(rows: Float32Array, from: number, { d, values, norms }: PackedCentroids): void {
  const x1 = from + d;
  const x2 = x1 + d;
  const x3 = x2 + d;
  let best0 = Infinity;
  let best1 = Infinity;
  let best2 = Infinity;
  let best3 = Infinity;
  let n0 = 0;
  let n1 = 0;
  let n2 = 0;
  let n3 = 0;
  for (let c = 0; c < norms.length; c += 2) {
    const ca = c * d;
    const cb = ca + d;
    let a0 = 0;
    let a1 = 0;
    let a2 = 0;
    let a3 = 0;
    let b0 = 0;
    let b1 = 0;
    let b2 = 0;
    let b3 = 0;
    for (let j = 0; j < d; j++) {
      const a = values[ca + j];
      const b = values[cb + j];
      const v0 = rows[from + j];
      const v1 = rows[x1 + j];
      const v2 = rows[x2 + j];
      const v3 = rows[x3 + j];
      a0 += v0 * a;
      a1 += v1 * a;
      a2 += v2 * a;
      a3 += v3 * a;
      b0 += v0 * b;
      b1 += v1 * b;
      b2 += v2 * b;
      b3 += v3 * b;
    }
    const na = norms[c];
    const nb = norms[c + 1];
    // Strictly less, in ascending order: a tie keeps the lowest index.
    if ((a0 = na - 2 * a0) < best0) {
      best0 = a0;
      n0 = c;
    }
    if ((b0 = nb - 2 * b0) < best0) {
      best0 = b0;
      n0 = c + 1;
    }
    if ((a1 = na - 2 * a1) < best1) {
      best1 = a1;
      n1 = c;
    }
    if ((b1 = nb - 2 * b1) < best1) {
      best1 = b1;
      n1 = c + 1;
    }
    if ((a2 = na - 2 * a2) < best2) {
      best2 = a2;
      n2 = c;
    }
    if ((b2 = nb - 2 * b2) < best2) {
      best2 = b2;
      n2 = c + 1;
    }
    if ((a3 = na - 2 * a3) < best3) {
      best3 = a3;
      n3 = c;
    }
    if ((b3 = nb - 2 * b3) < best3) {
      best3 = b3;
      n3 = c + 1;
    }
  }
  nearest[0] = n0;
  nearest[1] = n1;
  nearest[2] = n2;
  nearest[3] = n3;
}

/** Index of the centroid nearest to the row that begins at `from`. */
export function nearestOf(rows: Float32Array, from: number, { d, values, norms }: PackedCentroids): number {
  let best = Infinity;
  let found = 0;
  for (let c = 0; c < norms.length; c++) {
    let dot = 0;
    for (let j = 0; j < d; j++) dot += rows[from + j] * values[c * d + j];
    const score = norms[c] - 2 * dot;
    if (score < best) {
      best = score;
      found = c;
    }
  }
  return found;
}

function tallyRow(
  { rows, weights }: CpuDataset,
  { d, values }: PackedCentroids,
  labels: Uint32Array,
  tally: Tally,
  i: number,
  label: number,
): void {
  if (labels[i] !== label) {
    labels[i] = label;
    tally.changed++;
  }
  const weight = weights === null ? 1 : weights[i];
  if (weight === 0) return;
  const { counts, sums } = tally;
  const from = i * d;
  const to = label * d;
  let distance = 0;
  for (let j = 0; j < d; j++) {
    const value = rows[from + j];
    const difference = value - values[to + j];
    distance += difference * difference;
    sums[to + j] += weight * value;
  }
  counts[label] += weight;
  tally.inertia += weight * distance;
}

/** ‖x − c‖² of the row at `from` and the centroid at `to`, term by term. */
export function squaredDistance(
  rows: Float32Array,
  from: number,
  centroids: Float64Array | Float32Array,
  to: number,
  d: number,
): number {
  let sum = 0;
  for (let j = 0; j < d; j++) {
    const difference = rows[from + j] - centroids[to + j];
    sum += difference * difference;
  }
  return sum;
}
