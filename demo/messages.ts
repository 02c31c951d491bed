import type { Backend } from '../src/index.ts';
import type { Flights } from './flights.ts';

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
  | { readonly type: 'iteration'; readonly iteration: number; readonly inertia: number }
  | { readonly type: 'done'; readonly clusters: Clusters }
  | { readonly type: 'stopped' }
  | { readonly type: 'error'; readonly name: string; readonly message: string };

export interface Settings {
  readonly k: number;
  readonly seed: number;
  readonly backend: 'auto' | Backend;
}

/** A finished clustering. Centroids are in standardised units, as the points are. */
export interface Clusters {
  readonly k: number;
  /** [n] */
  readonly labels: Uint32Array;
  /** [k, 3] */
  readonly centroids: Float64Array;
  /** [k] */
  readonly counts: Float64Array;
  readonly inertia: number;
  readonly iterations: number;
  readonly converged: boolean;
  readonly backend: Backend;
  /** Of the whole call, in milliseconds. */
  readonly time: number;
}
