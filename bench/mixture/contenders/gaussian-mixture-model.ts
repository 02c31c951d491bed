import GaussianMixture from 'gaussian-mixture-model';
import { PLAIN } from '../../contender.ts';
import { rowsOf } from '../../points.ts';
import type { MixtureContender } from '../contender.ts';

/** It inverts a matrix for each point and component: beyond this many multiplications an iteration takes a minute. */
const ENOUGH = 1e9;

export const gaussianMixtureModel: MixtureContender = {
  ...PLAIN,
  name: 'gaussian-mixture-model',
  takes: ({ covarianceType, points: { n, d, k } }) => covarianceType === 'full' && n * k * d ** 3 <= ENOUGH,
  prepare({ points: { n, d, k, rows }, start }) {
    const weights = Array.from(start.weights);
    const means = rowsOf(start.means, d);
    const covariances = Array.from({ length: k }, (_, c) =>
      rowsOf(start.covariances.subarray(c * d * d, (c + 1) * d * d), d),
    );
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
  },
};
