import { describe, expect, it } from 'vitest';
import { goldens } from '../golden/golden.ts';
import { type ReferencePoints, referenceKMeans } from '../reference/kmeans.ts';

describe('the reference against scikit-learn', () => {
  for (const { name, data, n, d, fits } of goldens) {
    for (const { k, init, tolerance, weights, ...expected } of fits) {
      it(`${name}, k = ${k}${weights ? ', weighted' : ''}`, () => {
        const points: ReferencePoints = { data, n, d, weights: weights ?? undefined };
        const fit = referenceKMeans(points, init, { tolerance });
        expect(fit.iterations).toBe(expected.iterations);
        expect(Array.from(fit.labels)).toEqual(expected.labels);
        expect(Math.abs(fit.inertia / expected.inertia - 1)).toBeLessThan(1e-12);
        fit.centroids.forEach((value, i) => {
          expect(Math.abs(value - expected.centroids[i])).toBeLessThan(1e-11 * (1 + Math.abs(value)));
        });
      });
    }
  }
});
