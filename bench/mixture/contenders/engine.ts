import type { OpenEngine } from '../../engines.ts';
import type { MixtureContender } from '../contender.ts';

export function mixtureOf({ engine, upload, ...opened }: OpenEngine): MixtureContender {
  return {
    ...opened,
    takes: () => true,
    async prepare({ points, covarianceType, start }) {
      const { data, n, d, k } = points;
      const { dataset, uploadMs } = await upload(data, n, d);
      return {
        uploadMs,
        async fit(maxIterations) {
          const options = { k, covarianceType, init: start, maxIterations, tolerance: 0 };
          const fitted = await engine.gaussianMixture(dataset, options);
          const { iterations, lowerBound } = fitted;
          // The last E-step is a pass of its own.
          return { iterations, passes: iterations + 1, objective: lowerBound, mixture: () => fitted };
        },
        release: () => dataset.destroy(),
      };
    },
  };
}
