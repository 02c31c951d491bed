import type { Flights } from '../data/flights.ts';
import type { Backend, ComponentStatus, CovarianceType } from '../src/index.ts';

/** What the page asks of the worker. */
export type Request =
  | { readonly type: 'load'; readonly count: number | null }
  | { readonly type: 'run'; readonly settings: Settings }
  | { readonly type: 'stop' };

/** What the worker tells the page. */
export type Report =
  | { readonly type: 'progress'; readonly fraction: number }
  | { readonly type: 'flights'; readonly flights: Flights }
  | { readonly type: 'engine'; readonly backend: Backend; readonly adapter: string }
  | { readonly type: 'iteration'; readonly iteration: number; readonly objective: number }
  | { readonly type: 'done'; readonly clusters: Clusters }
  | { readonly type: 'stopped' }
  | { readonly type: 'error'; readonly name: string; readonly message: string };

export interface Settings {
  readonly model: 'kmeans' | 'mixture';
  /** Of the mixture. */
  readonly covariance: CovarianceType;
  readonly k: number;
  readonly seed: number;
  readonly backend: 'auto' | Backend;
}

/** A finished clustering. Means and covariances are in standardised units, as the points are. */
export type Clusters = KMeansClusters | MixtureClusters;

interface Common {
  readonly k: number;
  /** [n] */
  readonly labels: Uint32Array;
  /** Centroids, or means of the components: [k, 3]. */
  readonly means: Float64Array;
  /** Inertia, or lower bound. */
  readonly objective: number;
  readonly iterations: number;
  readonly converged: boolean;
  readonly backend: Backend;
  /** Of the whole call, in milliseconds. */
  readonly time: number;
}

export interface KMeansClusters extends Common {
  readonly model: 'kmeans';
  /** [k] */
  readonly counts: Float64Array;
}

export interface MixtureClusters extends Common {
  readonly model: 'mixture';
  /** [k] */
  readonly weights: Float64Array;
  /** [k, d, d] */
  readonly covariances: Float64Array;
  /** [k] */
  readonly components: readonly ComponentStatus[];
  /** Whether the lower bound fell on the way. */
  readonly decreased: boolean;
}
