/**
 * The entry for callers that cannot wait: k-means on the CPU, on the calling thread, without promises.
 *
 * @module webgpu-clustering/cpu
 */
import './globals.ts';

export type { KMeansSyncOptions } from './api/kmeans-here.ts';
export type { KMeansInit } from './api/kmeans-options.ts';
export { kmeansSync } from './api/kmeans-sync.ts';
export type { KMeansProgress } from './kmeans/plan.ts';
export type { Metric } from './metric.ts';
export type { KMeansModel } from './models/kmeans-model.ts';
export type {
  Column,
  ColumnSeries,
  Columns,
  ColumnVector,
  Float16Values,
  HostPoints,
  Layout,
  Rows,
  Tensor,
  TypedArray,
  Weights,
} from './points.ts';
