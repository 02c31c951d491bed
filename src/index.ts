import './globals.ts';

export type { Backend } from './engine.ts';
export { DeviceLostError, WebGPUUnavailableError } from './errors.ts';
export { kmeans } from './kmeans/kmeans.ts';
export { type KMeansJSON, KMeansModel } from './kmeans/model.ts';
export type { KMeansFitOptions, KMeansInit, KMeansOptions, KMeansProgress } from './kmeans/options.ts';
export type { CovarianceType, Mixing } from './mixture/covariance.ts';
export type { SampleOptions } from './mixture/draw.ts';
export type { FixedPart } from './mixture/maximize.ts';
export { gaussianMixture } from './mixture/mixture.ts';
export {
  type ComponentStatus,
  type GaussianMixtureJSON,
  GaussianMixtureModel,
} from './mixture/model.ts';
export type {
  GaussianMixtureFitOptions,
  GaussianMixtureInit,
  GaussianMixtureOptions,
  GaussianMixtureProgress,
} from './mixture/options.ts';
export type { MixtureStart, NestedNumbers } from './mixture/read.ts';
export {
  type Criterion,
  type ModelSelection,
  type SelectionProgress,
  type SelectionRow,
  type SelectModelOptions,
  selectModel,
} from './mixture/select.ts';
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
export { createEngine, type Engine, type UploadOptions } from './session.ts';
