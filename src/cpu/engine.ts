import type { ClusteringEngine, DistanceField } from '../engine.ts';
import { nearestOf, packCentroids, squaredDistance } from './assign.ts';
import { type CpuDataset, held, transformed, upload } from './dataset.ts';
import { CpuMixtureWorkspace, logDensities } from './mixture.ts';
import { CpuDistanceField, plusPlus } from './seeding.ts';
import { rowsOfTurn, SLICE_ROWS, Turns } from './turns.ts';
import { CpuWorkspace } from './workspace.ts';

/** The engine that is always there: tiled TypeScript over typed arrays, on the calling thread. */
export function createCpuEngine(): ClusteringEngine {
  return {
    backend: 'cpu',
    info: { adapter: '', features: [], threads: 1 },
    lost: false,
    upload,
    open: (dataset, k) => Promise.resolve(new CpuWorkspace(held(dataset), k)),
    nearestDistances: (dataset, centroids, signal) => nearestDistances(held(dataset), centroids, signal),
    allDistances: (dataset, centroids, start, end, signal) =>
      allDistances(held(dataset), centroids, start, end, signal),
    gather: (dataset, indices) => Promise.resolve(gather(held(dataset), indices)),
    openMixture: (dataset) => Promise.resolve(new CpuMixtureWorkspace(held(dataset))),
    logDensities: (dataset, gaussians, start, end, signal) =>
      logDensities(held(dataset), gaussians, start, end, signal),
    transformed: (dataset, matrix, variance, signal) => transformed(held(dataset), matrix, variance, signal),
    plusPlus: (dataset, k, candidates, draws, signal) => plusPlus(held(dataset), k, candidates, draws, signal),
    distanceField: (dataset, signal): Promise<DistanceField> =>
      Promise.resolve(new CpuDistanceField(held(dataset), signal)),
    destroy: () => Promise.resolve(),
  };
}

async function nearestDistances(
  { n, d, rows }: CpuDataset,
  centroids: Float64Array,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const packed = packCentroids(centroids, centroids.length / d, d);
  const distances = new Float32Array(n);
  const turns = new Turns(signal);
  for (let i = 0; i < n; i++) {
    if (i % SLICE_ROWS === 0) await turns.next();
    distances[i] = squaredDistance(rows, i * d, centroids, nearestOf(rows, i * d, packed) * d, d);
  }
  return distances;
}

async function allDistances(
  dataset: CpuDataset,
  centroids: Float64Array,
  start: number,
  end: number,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const { d, rows } = dataset;
  const k = centroids.length / d;
  const distances = new Float32Array((end - start) * k);
  const pause = rowsOfTurn(centroids.length);
  const turns = new Turns(signal);
  for (let i = start, at = 0; i < end; i++) {
    if ((i - start) % pause === 0) {
      await turns.next();
      held(dataset);
    }
    for (let c = 0; c < k; c++) distances[at++] = squaredDistance(rows, i * d, centroids, c * d, d);
  }
  return distances;
}

function gather({ d, rows }: CpuDataset, indices: Uint32Array): Float64Array {
  const gathered = new Float64Array(indices.length * d);
  indices.forEach((index, i) => {
    gathered.set(rows.subarray(index * d, (index + 1) * d), i * d);
  });
  return gathered;
}
