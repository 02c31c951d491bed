/**
 * K-means and Gaussian mixtures of points on the host or in a GPUBuffer: fits, models, the choice among fits, and engines
 * that keep points resident.
 *
 * @module webgpu-clustering
 */
import './globals.ts';

export type { PartialFitOptions } from './api/batches.ts';
export { type BisectingKMeansOptions, bisectingKMeans } from './api/bisecting-kmeans.ts';
export {
  createEngine,
  type Engine,
  type EngineGaussianMixtureOptions,
  type EngineKMeansOptions,
  type TuneOptions,
  type UploadOptions,
} from './api/create-engine.ts';
export { fromCentroids } from './api/from-centroids.ts';
export { gaussianMixture } from './api/gaussian-mixture.ts';
export type {
  GaussianMixtureFitOptions,
  GaussianMixtureInit,
  GaussianMixtureOptions,
} from './api/gaussian-mixture-options.ts';
export { kmeans } from './api/kmeans.ts';
export type { KMeansFitOptions, KMeansInit, KMeansOptions } from './api/kmeans-options.ts';
export { type KMeans1d, type KMeans1dOptions, kmeans1d } from './api/kmeans1d.ts';
export {
  MiniBatchKMeans,
  type MiniBatchKMeansOptions,
  type MiniBatchLearnerOptions,
  miniBatchKMeans,
} from './api/mini-batch-kmeans.ts';
export { type NearestOptions, nearest } from './api/nearest.ts';
export { OnlineGaussianMixture, type OnlineGaussianMixtureOptions } from './api/online-gaussian-mixture.ts';
export { fromBytes, type Portable, toBytes } from './api/portable.ts';
export {
  adjustedRandScore,
  calinskiHarabaszScore,
  daviesBouldinScore,
  type Labels,
  type ScoreOptions,
  type SilhouetteOptions,
  silhouetteSamples,
  silhouetteScore,
} from './api/scores.ts';
export type { KMeansCriterion, KMeansSelection, SelectKMeansOptions } from './api/select-kmeans.ts';
export type { Criterion, ModelSelection, SelectModelOptions } from './api/select-mixture.ts';
export { selectModel } from './api/select-model.ts';
export type { KMeansSelectionRow, SelectionProgress, SelectionRow } from './api/selection.ts';
export {
  addStatistics,
  type FrameOptions,
  frameOf,
  type RangeOptions,
  rangeOf,
  type ShardStatistics,
  type StatisticsOptions,
  statisticsOf,
} from './api/statistics.ts';
export type { Dataset } from './dataset.ts';
export { destroyDefaultEngines } from './defaults.ts';
export type { SharedFrame } from './engine/shared-frame.ts';
export type { TunedAdapter, TunedShape, TunedVariant, Tuning, VariantTime } from './engine/tuning.ts';
export { DeviceLostError, WebGPUUnavailableError } from './errors.ts';
export { addRanges, type FrameJSON, type PointsRange } from './frame.ts';
export type { Reason } from './home.ts';
export type { BisectingStrategy } from './kmeans/bisecting.ts';
export type { NearestCentroids } from './kmeans/nearest.ts';
export type { KMeansProgress } from './kmeans/plan.ts';
export type { KMeansShardStatistics } from './kmeans/shards.ts';
export type { MethodOptions } from './methods.ts';
export type { Metric } from './metric.ts';
export type { ComponentStatus } from './mixture/fit.ts';
export type { CovarianceType } from './mixture/forms/names.ts';
export type { FixedPart } from './mixture/maximize.ts';
export type { Mixing } from './mixture/parameters.ts';
export type { GaussianMixtureProgress } from './mixture/plan.ts';
export type { MixtureStart, NestedNumbers } from './mixture/read.ts';
export type { SampleOptions } from './mixture/sample.ts';
export type { MixtureShardStatistics } from './mixture/shards.ts';
export {
  type GaussianMixtureJSON,
  GaussianMixtureModel,
  type MixtureUpdateOptions,
} from './models/gaussian-mixture-model.ts';
export { type KMeansJSON, KMeansModel } from './models/kmeans-model.ts';
export type { EngineInfo, EngineOptions } from './placement.ts';
export type {
  Backend,
  Column,
  ColumnSeries,
  Columns,
  ColumnVector,
  DevicePoints,
  Float16Values,
  HostPoints,
  Layout,
  PointsInput,
  Rows,
  Tensor,
  TypedArray,
  Weights,
} from './points.ts';
export type { BackendChoice, Block, BlockSource, PlacementOptions, WeightedBlock } from './reading.ts';
