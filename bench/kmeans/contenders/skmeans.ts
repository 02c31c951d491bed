import skmeans from 'skmeans';
import type { Contender } from '../contender.ts';

/** It has no tolerance: it stops when no centroid moves at all. */
export const skMeans: Contender = {
  name: 'skmeans',
  prepare({ rows, k }) {
    return {
      uploadMs: null,
      fit(iterations) {
        // It writes into the start. Its count leaves out an iteration that finds nothing to move.
        const { centroids, it } = skmeans(rows, k, rows.slice(0, k), iterations);
        return { centroids: centroids.flat(), iterations: it, passes: it, inertia: null };
      },
      release: () => undefined,
    };
  },
  close: () => Promise.resolve(),
};
