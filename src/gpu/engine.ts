import { owns } from '../check.ts';
import type { ClusteringEngine, EngineDataset } from '../engine/contract.ts';
import type { Tuning } from '../engine/tuning.ts';
import type { GpuPoints, PreparedPoints } from '../points.ts';
import { adoptBuffer, uploadHostPoints } from './dataset.ts';
import type { Gpu } from './device.ts';
import { gather } from './gather.ts';
import { sourceOf } from './kernel.ts';
import { distancesKernel } from './kernels/kmeans.ts';
import { openKMeans } from './kmeans.ts';
import { bindingsOf } from './part.ts';
import { fineOf, type PairsTask, readPairs } from './read.ts';
import type { ResidentPoints } from './resident-points.ts';
import { openDistanceField, plusPlus } from './seeding.ts';
import { transformed } from './transform.ts';

export { requestGpu } from './device.ts';
export { watched } from './fingerprint.ts';
export { prepared } from './prepared.ts';

/** The engine on a WebGPU device: float32, statistics in fixed order, the loop on the device. */
export function createGpuEngine(gpu: Gpu): ClusteringEngine {
  return {
    backend: 'webgpu',
    info: gpu.info,
    get lost() {
      return gpu.lost;
    },
    upload: (points, { signal } = {}) => upload(gpu, points, signal),
    destroy: async () => gpu.destroy(),
  };
}

async function upload(
  gpu: Gpu,
  points: PreparedPoints | GpuPoints,
  signal: AbortSignal | undefined,
): Promise<EngineDataset> {
  const resident = owns(points, 'buffer')
    ? await adoptBuffer(gpu, points, signal)
    : await uploadHostPoints(gpu, points, signal);
  return datasetOf(gpu, resident, undefined);
}

/** A third of the engine, which k-means has no use for. */
const mixtures = () => import('./mixture.ts');

const tunings = () => import('./tuning.ts');

/** See there. */
export async function readTuning(value: unknown): Promise<Tuning> {
  return (await tunings()).readTuning(value);
}

function datasetOf(gpu: Gpu, points: ResidentPoints, signal: AbortSignal | undefined): EngineDataset {
  /** Does some work on points that are there. */
  const on = async <T>(work: () => Promise<T>): Promise<T> => {
    // Before the points: those that have moved because the device was lost are destroyed here.
    gpu.checkAlive();
    points.check();
    return work();
  };
  return {
    ...points.summary,
    backend: 'webgpu',
    largestBuffer: gpu.largestBuffer,
    signal,
    bound: (signal) => datasetOf(gpu, points, signal),
    upload: (others) => upload(gpu, others, signal),
    gather: (indices) => on(() => gather(gpu, points, indices, signal)),
    nearestDistances: (centroids) => on(() => nearestDistances(gpu, points, centroids, signal)),
    allDistances: (centroids, start, end) => on(() => allDistances(gpu, points, centroids, start, end, signal)),
    plusPlus: (k, candidates, draws) => on(() => plusPlus(gpu, points, k, candidates, draws, signal)),
    distanceField: () => on(() => openDistanceField(gpu, points, signal)),
    kmeans: (k) => on(() => openKMeans(gpu, points, k, signal)),
    mixture: (k, shape) => on(async () => (await mixtures()).openMixture(gpu, points, k, shape, signal)),
    logDensities: (gaussians, start, end) =>
      on(async () => (await mixtures()).logDensities(gpu, points, gaussians, start, end, signal)),
    transformed: (matrix, variance) =>
      on(async () => datasetOf(gpu, await transformed(gpu, points, matrix, variance, signal), signal)),
    tune: (k) => on(async () => (await tunings()).tune(gpu, points, k, signal)),
    destroy: () => points.destroy(),
  };
}

async function nearestDistances(
  gpu: Gpu,
  points: ResidentPoints,
  centroids: Float64Array,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const field = await openDistanceField(gpu, points, signal);
  try {
    await field.extend(centroids);
    return await field.read();
  } finally {
    field.destroy();
  }
}

async function allDistances(
  gpu: Gpu,
  points: ResidentPoints,
  centroids: Float64Array,
  start: number,
  end: number,
  signal: AbortSignal | undefined,
): Promise<Float32Array> {
  const k = centroids.length / points.summary.d;
  const { contents, FINE } = fineOf(centroids);
  const kernel = await gpu.kernel(sourceOf(distancesKernel, { LOAD: points.load, FINE }));
  const task: PairsTask = {
    contents,
    k,
    width: k,
    workPerRow: centroids.length,
    bind: (part, centroids, result) => kernel.bind({ ...bindingsOf(part), centroids, result }, { rows: part.rows, k }),
  };
  return readPairs(gpu, points, task, start, end, signal);
}
