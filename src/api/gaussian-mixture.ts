import { checkSignal, type Given, readOptions } from '../check.ts';
import type { Dataset } from '../dataset.ts';
import { withPoints } from '../defaults.ts';
import type { GaussianMixtureModel } from '../models/gaussian-mixture-model.ts';
import type { PointsInput } from '../points.ts';
import { type BlockSource, isSource } from '../reading.ts';
import { heeding } from '../steps.ts';
import { checkMixtureOptions, type GaussianMixtureOptions, MIXTURE_OPTIONS } from './gaussian-mixture-options.ts';

/**
 * Fits a mixture of k Gaussians to points [n, d] by EM (Dempster, Laird and Rubin 1977), which ends in a local maximum of
 * the likelihood: which one depends on the start. A component may collapse onto few points; the fit goes on, and
 * `components` says so.
 *
 * @param points [n, d]: a typed array with its shape, rows, columns, a GPUBuffer, a Dataset of an engine, or a source of blocks,
 *   of which no labels are kept: weights are in its blocks
 * @throws {TypeError} where an argument is of the wrong kind, or an option does not exist.
 * @throws {RangeError} where a value is wrong; the message names the argument and the first offending index.
 * @throws {WebGPUUnavailableError} under `backend: 'webgpu'`, where there is no adapter.
 * @throws {DeviceLostError} where the device was lost and the points could not go on to the CPU.
 * @example
 * ```ts
 * import { gaussianMixture } from 'webgpu-clustering';
 *
 * const points = [[-1], [0], [1], [8], [9], [10], [9]];
 * const model = await gaussianMixture(points, { k: 2, covarianceType: 'spherical', init: { means: [[0], [9]] } });
 * console.log(Array.from(model.means, (mean) => mean.toFixed(3)).join()); // 0.000,9.000
 * console.log((await model.scoreSamples([[0], [5]])).map(Math.round).join(), model.converged); // -2,-17 true
 * ```
 */
export async function gaussianMixture(
  points: PointsInput | Dataset | BlockSource,
  options: GaussianMixtureOptions,
): Promise<GaussianMixtureModel> {
  return gaussianMixtureWith(points, readOptions('gaussianMixture', options, MIXTURE_OPTIONS));
}

/** Loaded where somebody fits one: an engine that is asked for k-means has no use for it. */
let loaded: typeof import('../models/fit-mixture.ts') | undefined;

export async function fitting(): Promise<typeof import('../models/fit-mixture.ts')> {
  loaded ??= await import('../models/fit-mixture.ts');
  return loaded;
}

/** The same with options that are read. */
export async function gaussianMixtureWith(
  points: PointsInput | Dataset | BlockSource,
  { sampleWeight, backend, device, signal: given, ...fit }: Given<GaussianMixtureOptions>,
): Promise<GaussianMixtureModel> {
  const plan = checkMixtureOptions(fit);
  const signal = checkSignal(given);
  if (isSource(points)) {
    const [{ fitSource }, { modelOf }] = await Promise.all([import('../streams/mixture.ts'), fitting()]);
    return heeding(plan.onIteration, signal, async (onIteration) =>
      modelOf(await fitSource(points, { ...plan, onIteration }, { sampleWeight, backend, device, signal })),
    );
  }
  const placement = { backend, device, metric: undefined, sampleWeight, signal, frame: undefined };
  return withPoints(points, placement, (dataset) =>
    heeding(plan.onIteration, signal, async (onIteration) => {
      const { fitMixture } = await fitting();
      return fitMixture(dataset, { ...plan, onIteration }, signal);
    }),
  );
}
