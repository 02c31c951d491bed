import { checkOptions } from '../check.ts';
import { type Dataset, withPoints } from '../placement.ts';
import type { PointsInput } from '../points.ts';
import { fitMixture } from './fit.ts';
import type { GaussianMixtureModel } from './model.ts';
import { checkMixtureOptions, type GaussianMixtureOptions } from './options.ts';

/**
 * Fits a mixture of k Gaussians to points [n, d] by EM, which ends in a local maximum of the likelihood: which one
 * depends on the start. A component may collapse onto few points; the fit goes on, and `components` says so.
 *
 * @throws {TypeError} where an argument is of the wrong kind.
 * @throws {RangeError} where a value is wrong; the message names the argument and the first offending index.
 * @throws {WebGPUUnavailableError} under `backend: 'webgpu'`, where there is no adapter.
 * @throws {DeviceLostError} where the device was lost and the points could not go on to the CPU.
 */
export async function gaussianMixture(
  points: PointsInput | Dataset,
  options: GaussianMixtureOptions,
): Promise<GaussianMixtureModel> {
  const { sampleWeight, backend, device } = checkOptions(options);
  const plan = checkMixtureOptions(options);
  const placement = {
    backend,
    device,
    sampleWeight,
    signal: plan.signal,
  };
  return withPoints(points, placement, (dataset) => fitMixture(dataset, plan));
}
