import './globals.ts';

export type { Backend, EngineInfo } from './engine.ts';
export { DeviceLostError, WebGPUUnavailableError } from './errors.ts';
export { kmeans } from './kmeans/kmeans.ts';
export { type KMeansJSON, KMeansModel, type MethodOptions } from './kmeans/model.ts';
export type { KMeansFitOptions, KMeansInit, KMeansOptions, KMeansProgress } from './kmeans/options.ts';
export {
  type BackendChoice,
  type Dataset,
  destroyDefaultEngines,
  type EngineOptions,
  type PlacementOptions,
} from './placement.ts';
export type { DevicePoints, HostPoints, Metric, PointsInput, Rows, TypedArray } from './points.ts';
export { createEngine, type Engine, type UploadOptions } from './session.ts';
