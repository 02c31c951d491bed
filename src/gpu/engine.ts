import gridCode from '../../shaders/common/grid.wgsl?raw';
import pointsCode from '../../shaders/common/points.wgsl?raw';
import distancesCode from '../../shaders/kmeans/distances.wgsl?raw';
import { owns } from '../check.ts';
import type { ClusteringEngine, EngineDataset } from '../engine/contract.ts';
import { adoptBuffer, type GpuDataset, uploadHostPoints } from './dataset.ts';
import type { Gpu } from './device.ts';
import { gather } from './gather.ts';
import { kernelSource } from './kernel.ts';
import { openWorkspace } from './kmeans.ts';
import { logDensities, openMixture } from './mixture.ts';
import { readPairs } from './read.ts';
import { openDistanceField, plusPlus } from './seeding.ts';
import { transformed } from './transform.ts';

export { requestGpu } from './device.ts';

/** The engine on a WebGPU device: float32, statistics in fixed order, the loop on the device. */
export function createGpuEngine(gpu: Gpu): ClusteringEngine {
  const held = (dataset: EngineDataset): GpuDataset => {
    // Before the dataset: one that has moved because the device was lost is destroyed here.
    gpu.checkAlive();
    const own = dataset as GpuDataset;
    own.check();
    return own;
  };
  return {
    backend: 'webgpu',
    info: gpu.info,
    get lost() {
      return gpu.lost;
    },
    upload: (points, signal) =>
      owns(points, 'buffer') ? adoptBuffer(gpu, points, signal) : uploadHostPoints(gpu, points, signal),
    open: async (dataset, k, signal) => openWorkspace(gpu, held(dataset), k, signal),
    nearestDistances: async (dataset, centroids, signal) => nearestDistances(gpu, held(dataset), centroids, signal),
    allDistances: async (dataset, centroids, start, end, signal) =>
      allDistances(gpu, held(dataset), centroids, start, end, signal),
    gather: async (dataset, indices, signal) => gather(gpu, held(dataset), indices, signal),
    openMixture: async (dataset, k, shape, signal) => openMixture(gpu, held(dataset), k, shape, signal),
    logDensities: async (dataset, gaussians, start, end, signal) =>
      logDensities(gpu, held(dataset), gaussians, start, end, signal),
    transformed: async (dataset, matrix, variance, signal) => transformed(gpu, held(dataset), matrix, variance, signal),
    plusPlus: async (dataset, k, candidates, draws, signal) =>
      plusPlus(gpu, held(dataset), k, candidates, draws, signal),
    distanceField: async (dataset, signal) => openDistanceField(gpu, held(dataset), signal),
    destroy: async () => gpu.destroy(),
  };
}

async function nearestDistances(
  gpu: Gpu,
  dataset: GpuDataset,
  centroids: Float64Array,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const field = await openDistanceField(gpu, dataset, signal);
  try {
    await field.fold(centroids);
    return await field.read();
  } finally {
    field.destroy();
  }
}

async function allDistances(
  gpu: Gpu,
  dataset: GpuDataset,
  centroids: Float64Array,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const { d, load: LOAD } = dataset;
  const k = centroids.length / d;
  const kernel = await gpu.kernel(
    kernelSource(
      'distances',
      ['uniform', 'read', 'read', 'read', 'write'],
      { LOAD },
      pointsCode,
      gridCode,
      distancesCode,
    ),
  );
  const contents = Float32Array.from(centroids);
  const task = { kernel, contents, k, threadsPerRow: k, workPerRow: contents.length };
  return readPairs(gpu, dataset, task, start, end, signal);
}
