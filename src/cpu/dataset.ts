import type { EngineDataset } from '../engine.ts';
import type { GpuPoints, PreparedPoints } from '../points.ts';
import { SLICE_ROWS, Turns } from './turns.ts';

/** Points in float32, centred; distances, sums and centroids in float64. */
export interface CpuDataset extends EngineDataset {
  readonly rows: Float32Array;
}

export async function upload(points: PreparedPoints | GpuPoints, signal?: AbortSignal): Promise<CpuDataset> {
  if ('buffer' in points) throw new TypeError("points in a GPUBuffer need backend 'webgpu'");
  const { n, d } = points;
  const rows = new Float32Array(n * d);
  const turns = new Turns(signal);
  for (let start = 0; start < n; start += SLICE_ROWS) {
    await turns.next();
    const end = Math.min(n, start + SLICE_ROWS);
    points.fill(rows.subarray(start * d, end * d), start, end);
  }
  const { metric, frame, weights, totalWeight, positiveRows, variance } = points;
  return resident({ n, d, metric, frame, weights, totalWeight, positiveRows, variance, rows });
}

/** See `ClusteringEngine.transformed`. */
export async function transformed(
  source: CpuDataset,
  matrix: Float64Array,
  variance: Float64Array,
  signal?: AbortSignal,
): Promise<CpuDataset> {
  const { n, d, metric, weights, totalWeight, positiveRows } = source;
  const rows = new Float32Array(n * d);
  const turns = new Turns(signal);
  const row = new Float64Array(d);
  for (let i = 0; i < n; i++) {
    if (i % SLICE_ROWS === 0) await turns.next();
    const from = i * d;
    if (matrix.length === d) {
      for (let j = 0; j < d; j++) rows[from + j] = source.rows[from + j] * matrix[j];
      continue;
    }
    row.fill(0);
    for (let j = 0; j < d; j++) {
      const value = source.rows[from + j];
      for (let to = j; to < d; to++) row[to] += value * matrix[j * d + to];
    }
    rows.set(row, from);
  }
  const frame = { shift: new Float64Array(d), scale: 1 };
  return resident({ n, d, metric, frame, weights, totalWeight, positiveRows, variance, rows });
}

function resident(fields: Omit<CpuDataset, 'destroy'>): CpuDataset {
  const dataset: CpuDataset = { ...fields, destroy: () => void released.add(dataset) };
  return dataset;
}

const released = new WeakSet<EngineDataset>();

export function held(dataset: EngineDataset): CpuDataset {
  if (released.has(dataset)) throw new TypeError('the dataset was destroyed');
  return dataset as CpuDataset;
}
