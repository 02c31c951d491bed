import { sameFrame } from '../engine/shared-frame.ts';
import type { Frame } from '../frame.ts';
import { type Parameters, parametersIntoFrame } from './parameters.ts';

/** Parameters in the caller's coordinates, and in a frame, where they come of statistics in it. */
export interface HeldParameters extends Parameters {
  readonly frame: Frame;
  readonly held?: Parameters | undefined;
}

/** Parameters of a model in a frame. */
export function heldParameters(model: HeldParameters, frame: Frame): Parameters {
  if (model.held !== undefined && sameFrame(model.frame, frame)) return model.held;
  const { k, d, covarianceType, weights, means, covariances, precisionsCholesky } = model;
  return parametersIntoFrame({ k, d, covarianceType, weights, means, covariances, precisionsCholesky }, frame);
}
