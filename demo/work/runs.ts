/** A clustering, as the page tells of it. */
import type { Backend, ComponentStatus, CovarianceType, Reason } from '../../src/index.ts';
import type { Feature } from '../features/features.ts';
import type { Rgb } from '../palette.ts';

export interface Settings {
  readonly model: 'kmeans' | 'mixture';
  readonly k: number;
  /** Of the mixture. */
  readonly covariance: CovarianceType;
  /** Of the mixture: 0 is hard, 1 is EM. */
  readonly temperature: number;
  readonly restarts: number;
  readonly seed: number;
  readonly backend: 'auto' | Backend;
}

/** Covariances of mixtures, in words. Written out, so that the page loads nothing of the library for them. */
export const COVARIANCES: Readonly<Record<CovarianceType, string>> = {
  full: 'full: any ellipse',
  tied: 'tied: the same ellipse',
  diag: 'diagonal: along the axes',
  spherical: 'spherical: round',
  'tied-diag': 'tied diagonal',
  'tied-spherical': 'tied spherical',
};

/** Progress of a run. */
export interface Step {
  readonly iteration: number;
  /** Inertia, or lower bound. */
  readonly objective: number;
}

/** A run that has ended, without its labels: these stay in the worker. */
export interface Run {
  readonly id: number;
  readonly settings: Settings;
  readonly k: number;
  readonly d: number;
  /** Number of points. */
  readonly n: number;
  readonly features: readonly Feature[];
  /** Number of rows [k], or their weight. */
  readonly counts: Float64Array;
  /** Of mixtures [k]; null for k-means. */
  readonly weights: Float64Array | null;
  /** Centroids or means in scaled features: [k, d]. */
  readonly means: Float64Array;
  /** Of mixtures, in scaled features: [k, d, d]; null for k-means, and where d is above 64. */
  readonly covariances: Float64Array | null;
  /** Of mixtures [k]. */
  readonly components: readonly ComponentStatus[];
  readonly objective: number;
  readonly objectives: readonly number[];
  readonly iterations: number;
  readonly converged: boolean;
  /** Whether somebody stopped it. */
  readonly stopped: boolean;
  /** Whether the lower bound fell on the way. */
  readonly decreased: boolean;
  readonly backend: Backend;
  readonly reason: Reason | null;
  /** Milliseconds of the fit alone, and of starting the engine and uploading before it: 0 where the points were there. */
  readonly fitTime: number;
  readonly startTime: number;
  /** The colour of each cluster, kept from the run before where clusters are the same: places in the palette [k]. */
  readonly colours: readonly number[];
  /** Of an image, the colour that each cluster is [k]; null of other tables. */
  readonly palette: readonly Rgb[] | null;
}
