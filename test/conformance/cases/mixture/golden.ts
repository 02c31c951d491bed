/** scikit-learn's mixtures of its own data sets. */
import { goldenMixtures } from '../../../golden/mixture.ts';
import { atMost, type ConformanceCase, equal, withEngine } from '../../case.ts';
import { upload } from '../bounds.ts';
import { asInit, checkModel, closeParameters } from './bounds.ts';

const kinds = goldenMixtures.filter(({ iterations }) => iterations === 1);

export const golden: readonly ConformanceCase[] = kinds.map(({ name, data, n, d, k, covarianceType }) =>
  withEngine(`scikit-learn's ${covarianceType} mixture of ${name}`, async (engine) => {
    const points = { data, n, d };
    const dataset = await upload(engine, points);
    const fits = goldenMixtures.filter((golden) => golden.name === name && golden.covarianceType === covarianceType);
    for (const { regularization, start, iterations, ...expected } of fits) {
      const stop = { maxIterations: iterations, tolerance: 0 };
      const init = asInit({ k, d, covarianceType, ...start });
      const model = await engine.gaussianMixture(dataset, { k, covarianceType, regularization, init, ...stop });
      checkModel(model, points, stop);
      equal(model.iterations, iterations, 'iterations');
      const weights = Float64Array.from(expected.weights);
      const means = Float64Array.from(expected.means);
      // EM contracts towards a maximum: what each step may be off by adds up at most.
      closeParameters(model, { ...model, weights, means }, 'against scikit-learn', 1e-6 * iterations);
      const bound = 1e-5 * (1 + Math.abs(expected.score));
      atMost(Math.abs(model.lowerBound - expected.score), bound, 'lowerBound less the score');
      if (iterations === 1) continue;
      atMost(Math.abs((await model.score(dataset)) - expected.score), bound, 'difference of the score');
      atMost(Math.abs((await model.aic(dataset)) - expected.aic), 2 * n * bound, 'difference of aic');
      atMost(Math.abs((await model.bic(dataset)) - expected.bic), 2 * n * bound, 'difference of bic');
    }
  }),
);
