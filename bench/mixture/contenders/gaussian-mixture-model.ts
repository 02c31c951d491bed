import GaussianMixture from 'gaussian-mixture-model';
import { PLAIN } from '../../contender.ts';
import type { MixtureContender } from '../contender.ts';

/** It inverts a matrix for each point and component: beyond this many multiplications an iteration takes a minute. */
const ENOUGH = 1e9;

export const gaussianMixtureModel: MixtureContender = {
  ...PLAIN,
  name: 'gaussian-mixture-model',
  takes: ({ covarianceType, points: { n, d, k } }) => covarianceType === 'full' && n * k * d ** 3 <= ENOUGH,
  prepare({ points: { n, d, rows }, start }) {
    const weights = Array.from(start.weights);
    const means = matrix(start.means, d);
    const covariances = matrix(start.covariances, d * d).map((covariance) => matrix(covariance, d));
    return {
      uploadMs: null,
      fit(iterations) {
        const model = new GaussianMixture({ weights, means, covariances, bufferSize: n });
        for (const row of rows) model.addPoint(row);
        model.runEM(iterations);
        const mixture = {
          weights: Float64Array.from(model.weights),
          means: Float64Array.from(model.means.flat()),
          covariances: Float64Array.from(model.covariances.flat(2)),
        };
        return { iterations, passes: iterations, objective: null, mixture: () => mixture };
      },
      release: () => undefined,
    };

    function matrix(values: Iterable<number>, columns: number): number[][] {
      const all = Array.from(values);
      return Array.from({ length: all.length / columns }, (_, i) => all.slice(i * columns, (i + 1) * columns));
    }
  },
};
