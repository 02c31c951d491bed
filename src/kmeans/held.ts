import { sameFrame } from '../engine/shared-frame.ts';
import { type Frame, intoFrame, startIntoFrame } from '../frame.ts';

/** Centroids in the caller's coordinates, and in a frame, where they come of statistics in it. */
export interface HeldCentroids {
  /** [k, d] */
  readonly centroids: Float64Array;
  readonly frame: Frame;
  /** What the centroids are in the frame [k, d], before they are rounded as they leave it. */
  readonly held?: Float64Array | undefined;
  /** 0 where a fit begins. */
  readonly iterations: number;
}

/** Centroids of a model in the frame of points. */
export function heldCentroids(
  { centroids, frame, held, iterations }: HeldCentroids,
  points: { readonly frame: Frame; readonly usualVariance: Float64Array },
): Float64Array {
  if (held !== undefined && sameFrame(frame, points.frame)) return held;
  return iterations === 0 ? startIntoFrame(centroids, points) : intoFrame(centroids, points.frame);
}

/** What a model tells that no fit made. */
export function unfitted(k: number) {
  return {
    ...{ labels: new Uint32Array(0), labelsBuffer: null, counts: new Float64Array(k), inertia: NaN, iterations: 0 },
    ...({ converged: false, backend: 'cpu', reason: 'asked', frame: null } as const),
  };
}
