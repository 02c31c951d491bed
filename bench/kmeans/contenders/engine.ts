import type { OpenEngine } from '../../engines.ts';
import type { KMeansContender } from '../contender.ts';

export function kmeansOf({ engine, upload, ...opened }: OpenEngine): KMeansContender {
  return {
    ...opened,
    takes: () => true,
    async prepare({ data, n, d, k, start }) {
      const { dataset, uploadMs } = await upload(data, n, d);
      const init = { data: start, shape: [k, d] as const };
      return {
        uploadMs,
        async fit(maxIterations) {
          const fitted = await engine.kmeans(dataset, { k, init, maxIterations, tolerance: 0 });
          const { centroids, iterations, inertia } = fitted;
          // The last assignment is a pass of its own: the same kernels sum there too.
          return { centroids: () => centroids, iterations, passes: iterations + 1, objective: inertia };
        },
        release: () => dataset.destroy(),
      };
    },
  };
}
