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
  const dataset: CpuDataset = {
    n,
    d,
    metric,
    frame,
    weights,
    totalWeight,
    positiveRows,
    variance,
    rows,
    destroy: () => void released.add(dataset),
  };
  return dataset;
}

const released = new WeakSet<EngineDataset>();

export function held(dataset: EngineDataset): CpuDataset {
  if (released.has(dataset)) throw new TypeError('the dataset was destroyed');
  return dataset as CpuDataset;
}
