import { kmeans } from 'ml-kmeans';
import type { Contender } from '../contender.ts';

export const mlKMeans: Contender = {
  name: 'ml-kmeans',
  prepare({ rows, k }) {
    const initialization = rows.slice(0, k);
    return {
      uploadMs: null,
      fit(maxIterations) {
        const { centroids, iterations } = kmeans(rows, k, { initialization, maxIterations, tolerance: 0 });
        return { centroids: centroids.flat(), iterations, passes: iterations, inertia: null };
      },
      release: () => undefined,
    };
  },
  close: () => Promise.resolve(),
};
