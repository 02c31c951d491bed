import skmeans from 'skmeans';
import { PLAIN } from '../../contender.ts';
import { rowsOf } from '../../points.ts';
import type { KMeansContender } from '../contender.ts';

/** It has no tolerance: it stops when no centroid moves at all. */
export const skMeans: KMeansContender = {
  ...PLAIN,
  name: 'skmeans',
  takes: () => true,
  prepare({ rows, d, k, start }) {
    return {
      uploadMs: null,
      fit(iterations) {
        // It writes into the start. Its count leaves out an iteration that finds nothing to move.
        const { centroids, it } = skmeans(rows, k, rowsOf(start, d), iterations);
        return { centroids: () => centroids.flat(), iterations: it, passes: it, objective: null };
      },
      release: () => undefined,
    };
  },
};
