import { checkInteger, checkSignal, checkWord, type Given, type Names, readOptions } from '../check.ts';
import type { Dataset } from '../dataset.ts';
import { withPoints } from '../defaults.ts';
import type { Reason } from '../home.ts';
import type { KMeansFit } from '../kmeans/fit.ts';
import { KMEANS_DEFAULTS, type KMeansPlan } from '../kmeans/plan.ts';
import { METRICS } from '../metric.ts';
import { fitKMeans } from '../models/fit-kmeans.ts';
import { KMeansModel } from '../models/kmeans-model.ts';
import type { PointsInput } from '../points.ts';
import { unwrapped } from '../proxies.ts';
import {
  type BackendChoice,
  type BlockSource,
  isDataset,
  isSource,
  PLACEMENT_OPTIONS,
  type PlacementOptions,
} from '../reading.ts';
import { heeding } from '../steps.ts';
import type { SourceOptions } from '../streams/passes.ts';
import { checkKMeansOptions, KMEANS_FIT_NAMES, type KMeansFitOptions, type KMeansOptions } from './kmeans-options.ts';

export const KMEANS_FIT_OPTIONS: Names<KMeansFitOptions> = {
  ...KMEANS_FIT_NAMES,
  signal: true,
  output: true,
  maxSize: true,
};

export const KMEANS_OPTIONS: Names<KMeansOptions> = {
  ...KMEANS_FIT_OPTIONS,
  ...PLACEMENT_OPTIONS,
  metric: true,
  sampleWeight: true,
};

/**
 * Clusters points [n, d] into k clusters by Lloyd's iterations (Lloyd 1982), which end in a local minimum of the
 * inertia Σ w·‖x − c‖²: which one depends on the start. Starts are drawn by greedy k-means++ (Arthur and Vassilvitskii
 * 2007) unless `init` says otherwise.
 *
 * @param points [n, d]: a typed array with its shape, rows, columns, a GPUBuffer, a Dataset of an engine, or a source of blocks,
 *   of which no labels are kept: weights are in its blocks
 * @throws {TypeError} where an argument is of the wrong kind, or an option does not exist.
 * @throws {RangeError} where a value is wrong; the message names the argument and the first offending index.
 * @throws {WebGPUUnavailableError} under `backend: 'webgpu'`, where there is no adapter.
 * @throws {DeviceLostError} where the device was lost and the points could not go on to the CPU.
 * @example
 * ```ts
 * import { kmeans } from 'webgpu-clustering';
 *
 * const data = new Float32Array([0, 0, 0, 1, 9, 9, 9, 8]);
 * const model = await kmeans({ data, shape: [4, 2] }, { k: 2, init: [[0, 0], [9, 9]] });
 * console.log(model.labels.join(), model.inertia); // 0,0,1,1 1
 * ```
 */
export async function kmeans(
  points: PointsInput | Dataset | BlockSource,
  options: KMeansOptions,
): Promise<KMeansModel> {
  return kmeansWith(points, readOptions('kmeans', options, KMEANS_OPTIONS));
}

/** The same with options that are read. */
export async function kmeansWith(
  points: PointsInput | Dataset | BlockSource,
  { metric, sampleWeight, backend, device, signal: given, ...fit }: Given<KMeansOptions>,
): Promise<KMeansModel> {
  const plan = checkKMeansFit(fit);
  const signal = checkSignal(given);
  if (metric !== undefined) checkWord('metric', metric, METRICS);
  if (isSource(points)) {
    const { fitSource } = await import('../streams/kmeans.ts');
    return modelOfSource(fitSource, points, plan, { metric, sampleWeight, backend, device, signal });
  }
  const placement = plan.output === 'buffer' ? onGpu(backend, device, points) : { backend, device };
  let model: KMeansModel | undefined;
  try {
    return await withPoints(points, { ...placement, metric, sampleWeight, signal, frame: undefined }, (dataset) =>
      heeding(plan.onIteration, signal, async (onIteration) => {
        model = await fitKMeans(dataset, { ...plan, onIteration }, signal);
        return model;
      }),
    );
  } catch (error) {
    // The fit may be done, and a promise of the caller's reject behind it.
    model?.labelsBuffer?.destroy();
    throw error;
  }
}

/** A model of what a fit of a source finds. */
export async function modelOfSource<Plan extends Pick<KMeansPlan, 'onIteration'>>(
  fit: (source: BlockSource, plan: Plan, options: SourceOptions) => Promise<KMeansFit & { readonly reason: Reason }>,
  source: BlockSource,
  plan: Plan,
  options: SourceOptions,
): Promise<KMeansModel> {
  return heeding(
    plan.onIteration,
    options.signal,
    async (onIteration) => new KMeansModel(await fit(source, { ...plan, onIteration }, options)),
  );
}

/** @throws {TypeError | RangeError} naming the option that is wrong. */
export function checkKMeansFit({ output, maxSize, ...fit }: Given<Omit<KMeansFitOptions, 'signal'>>): KMeansPlan {
  const plan = {
    ...checkKMeansOptions(fit),
    output: checkWord('output', output ?? KMEANS_DEFAULTS.output, ['host', 'buffer'] as const),
  };
  if (maxSize === undefined) return plan;
  if (plan.output === 'buffer') throw new TypeError("maxSize has its labels on the host: output cannot be 'buffer'");
  return { ...plan, maxSize: checkInteger('maxSize', maxSize, 1) };
}

/** Where the points of a fit go whose labels are to stay on the GPU. */
function onGpu(
  backend: BackendChoice | undefined,
  device: GPUDevice | undefined,
  points: PointsInput | Dataset,
): Given<PlacementOptions> {
  const resident = unwrapped(points);
  const isThere = isDataset(resident)
    ? resident.backend === 'webgpu'
    : backend === 'webgpu' || (backend !== 'cpu' && device !== undefined);
  if (!isThere) throw needsGpu();
  return { backend: 'webgpu', device };
}

export function needsGpu(): TypeError {
  return new TypeError("output 'buffer' needs a device, or backend 'webgpu'");
}
