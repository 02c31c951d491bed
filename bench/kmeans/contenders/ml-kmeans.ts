import { kmeans } from 'ml-kmeans';
import { PLAIN } from '../../contender.ts';
import { rowsOf } from '../../points.ts';
import type { KMeansContender } from '../contender.ts';

export const mlKMeans: KMeansContender = {
  ...PLAIN,
  name: 'ml-kmeans',
  takes: () => true,
  prepare({ rows, d, k, start }) {
    const initialization = rowsOf(start, d);
    return {
      uploadMs: null,
      fit(maxIterations) {
        const { centroids, iterations } = kmeans(rows, k, { initialization, maxIterations, tolerance: 0 });
        return { centroids: () => centroids.flat(), iterations, passes: iterations, objective: null };
      },
      release: () => undefined,
    };
  },
};
