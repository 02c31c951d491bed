import './globals.ts';

export { createEngine, type Engine, type UploadOptions } from './api/create-engine.ts';
export { gaussianMixture } from './api/gaussian-mixture.ts';
export type {
  GaussianMixtureFitOptions,
  GaussianMixtureInit,
  GaussianMixtureOptions,
  GaussianMixtureProgress,
} from './api/gaussian-mixture-options.ts';
export { kmeans } from './api/kmeans.ts';
export type { KMeansFitOptions, KMeansInit, KMeansOptions, KMeansProgress } from './api/kmeans-options.ts';
export {
  type Criterion,
  type ModelSelection,
  type SelectionProgress,
  type SelectionRow,
  type SelectModelOptions,
  selectModel,
} from './api/select-model.ts';
export type { Backend } from './engine/contract.ts';
export { DeviceLostError, WebGPUUnavailableError } from './errors.ts';
export type { CovarianceType, Mixing } from './mixture/covariance.ts';
export type { SampleOptions } from './mixture/draw.ts';
export type { FixedPart } from './mixture/maximize.ts';
export type { MixtureStart, NestedNumbers } from './mixture/read.ts';
export {
  type ComponentStatus,
  type GaussianMixtureJSON,
  GaussianMixtureModel,
} from './models/gaussian-mixture-model.ts';
export { type KMeansJSON, KMeansModel } from './models/kmeans-model.ts';
export {
  type BackendChoice,
  type Dataset,
  destroyDefaultEngines,
  type EngineInfo,
  type EngineOptions,
  type MethodOptions,
  type PlacementOptions,
  type Reason,
} from './placement.ts';
export type {
  DevicePoints,
  HostPoints,
  Layout,
  Metric,
  PointsInput,
  Rows,
  Tensor,
  TypedArray,
  Weights,
} from './points.ts';
