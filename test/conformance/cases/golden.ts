/** scikit-learn's fits of its own data sets. */

import { goldens } from '../../golden/golden.ts';
import { moments } from '../../reference/kmeans.ts';
import { atMost, type ConformanceCase, equal, sameValues, withEngine } from '../case.ts';
import { checkModel, upload } from './bounds.ts';
import type { CasePoints } from './data.ts';

export const golden: readonly ConformanceCase[] = goldens.flatMap(({ name, data, n, d, fits }) =>
  fits.map(({ k, init, tolerance, weights, ...expected }) =>
    withEngine(`scikit-learn on ${name}, k = ${k}${weights ? ', weighted' : ''}`, async (engine) => {
      const points: CasePoints = { data, n, d, weights: weights ? Float32Array.from(weights) : undefined };
      const start = { data: Float64Array.from(init), shape: [k, d] as const };
      const model = await engine.kmeans(await upload(engine, points), { k, init: start, tolerance });
      checkModel(model, points, k);
      equal(model.iterations, expected.iterations, 'iterations');
      // At the end of each fit the least gap is over 1e-4.
      sameValues(model.labels, expected.labels, 'labels');
      atMost(Math.abs(model.inertia - expected.inertia), 1e-5 * expected.inertia, 'difference of inertia');
      const deviations = moments(points).variance.map(Math.sqrt);
      model.centroids.forEach((value, i) => {
        const difference = Math.abs(value - expected.centroids[i]);
        atMost(difference, 1e-6 * deviations[i % d], `difference of centroids[${i}]`);
      });
    }),
  ),
);
