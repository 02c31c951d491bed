import { checkSignal, type Given, readOptions } from '../check.ts';
import { withPoints } from '../defaults.ts';
import { heeding } from '../engine/steps.ts';
import { fitMixture } from '../models/fit-mixture.ts';
import type { GaussianMixtureModel } from '../models/gaussian-mixture-model.ts';
import type { Dataset } from '../placement.ts';
import type { PointsInput } from '../points.ts';
import { checkMixtureOptions, type GaussianMixtureOptions, MIXTURE_OPTIONS } from './gaussian-mixture-options.ts';

/**
 * Fits a mixture of k Gaussians to points [n, d] by EM, which ends in a local maximum of the likelihood: which one
 * depends on the start. A component may collapse onto few points; the fit goes on, and `components` says so.
 *
 * @throws {TypeError} where an argument is of the wrong kind, or an option does not exist.
 * @throws {RangeError} where a value is wrong; the message names the argument and the first offending index.
 * @throws {WebGPUUnavailableError} under `backend: 'webgpu'`, where there is no adapter.
 * @throws {DeviceLostError} where the device was lost and the points could not go on to the CPU.
 */
export async function gaussianMixture(
  points: PointsInput | Dataset,
  options: GaussianMixtureOptions,
): Promise<GaussianMixtureModel> {
  return gaussianMixtureWith(points, readOptions('gaussianMixture', options, MIXTURE_OPTIONS));
}

/** The same with options that are read. */
export async function gaussianMixtureWith(
  points: PointsInput | Dataset,
  { sampleWeight, backend, device, signal: given, ...fit }: Given<GaussianMixtureOptions>,
): Promise<GaussianMixtureModel> {
  const plan = checkMixtureOptions(fit);
  const signal = checkSignal(given);
  const placement = { backend, device, metric: undefined, sampleWeight, signal, frame: undefined };
  return withPoints(points, placement, (dataset) =>
    heeding(plan.onIteration, signal, (onIteration) => fitMixture(dataset, { ...plan, onIteration }, signal)),
  );
}
