import type { Problem } from './cases.ts';

/** An implementation of k-means that is timed. */
export interface Contender {
  readonly name: string;
  /** Brings the points where fits find them; not part of their time. */
  prepare(problem: Problem): Prepared | Promise<Prepared>;
  /** Frees what the contender holds. */
  close(): Promise<void>;
}

export interface Prepared {
  /** Milliseconds that the points took to reach an engine; null where they are used as they are. */
  readonly uploadMs: number | null;
  /** Lloyd's iterations from the problem's start, with tolerance 0. */
  fit(iterations: number): Fit | Promise<Fit>;
  release(): void;
}

export interface Fit {
  /** [k, d], after the last update. */
  readonly centroids: ArrayLike<number>;
  /** Updates of the centroids. */
  readonly iterations: number;
  /** Passes over the points, each an assignment and the sums of the clusters. */
  readonly passes: number;
  /** The inertia that the contender tells; null where it tells none. */
  readonly inertia: number | null;
}
