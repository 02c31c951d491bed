/** What a call is given, read in its own turn. */
import { type Given, has, type Names } from './check.ts';
import type { Dataset } from './dataset.ts';
import { datasets } from './home.ts';
import type { Backend, GpuPoints, PointsInput, SurveyedPoints, SurveyOptions, Weights } from './points.ts';
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

/** Rows of a {@link BlockSource}: points on the host in any form, or these with their weights. */
export type Block = PointsInput | WeightedBlock;

/** Rows with their weights. */
export interface WeightedBlock {
  /** [m, d] */
  readonly points: PointsInput;
  /** Weights [m], finite and not negative, in float32. */
  readonly sampleWeight?: Weights;
}

/**
 * Points that are too many for memory: rows in blocks, which are read anew for each pass, and which have to be the same in each.
 * A block may be overwritten when the next one is asked for.
 */
export interface BlockSource {
  /** Called once for each pass. If a pass ends early, the `return()` of its iterator is called. */
  readonly blocks: () => AsyncIterable<Block> | Iterable<Block>;
  /** Number of features, which is checked where it is given; else that of the first block. */
  readonly d?: number;
}

/** Whether points are given in blocks. */
export function isSource(points: object): points is BlockSource {
  return typeof points === 'object' && points !== null && has(points, 'blocks');
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
