/** What a call is given, read in its own turn. */
import type { Given, Names } from './check.ts';
import type { Dataset } from './dataset.ts';
import { datasets } from './home.ts';
import type { Backend, GpuPoints, PointsInput, SurveyedPoints, SurveyOptions } from './points.ts';
import { unwrapped } from './proxies.ts';
import { type Awaitable, run } from './steps.ts';
import { surveyPoints } from './survey.ts';

/** `'auto'` takes a hardware GPU where there is one and the points are many enough, else the CPU. */
export type BackendChoice = 'auto' | Backend;

/** Where a call without an engine of its own runs. */
export interface PlacementOptions {
  /** Default `'auto'`. */
  readonly backend?: BackendChoice;
  /** Your own device: borrowed, never destroyed or reconfigured. */
  readonly device?: GPUDevice;
}

export const PLACEMENT_OPTIONS: Names<PlacementOptions> = { backend: true, device: true };

/** What an upload needs to know. */
export type UploadRequest = Given<SurveyOptions> & { readonly signal: AbortSignal | undefined };

/** Whether points are a dataset, be it behind a Proxy. */
export function isDataset(points: unknown): points is Dataset {
  return datasets.has(unwrapped(points) as object);
}

/** Points that an engine holds, or what there is to know before one does. */
export type Reading = Dataset | Awaitable<SurveyedPoints | GpuPoints>;

/**
 * Begins to read what a call was given, before anything is waited for: what the caller does with its array behind the call
 * is found out, as far as a turn goes.
 */
export function readPoints(given: PointsInput | Dataset, options: UploadRequest): Reading {
  options.signal?.throwIfAborted();
  const points = unwrapped(given);
  if (!isDataset(points)) return run(surveyPoints(points, options), options.signal);
  if (options.sampleWeight !== undefined) {
    throw new TypeError('sampleWeight belongs to the dataset: pass it to engine.upload');
  }
  if (options.metric !== undefined && options.metric !== points.metric) {
    throw new TypeError(`metric '${options.metric}' differs from the dataset's '${points.metric}'`);
  }
  return points;
}
