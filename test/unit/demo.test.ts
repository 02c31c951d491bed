import { expect, it } from 'vitest';
import { covarianceMatrices } from '../../demo/covariance.ts';

it.each([
  ['full', [1, 2, 2, 5, 3, -1, -1, 4], [3, -1, -1, 4]],
  ['tied', [3, -1, -1, 4], [3, -1, -1, 4]],
  ['diag', [1, 2, 3, 4], [3, 0, 0, 4]],
  ['spherical', [1, 3], [3, 0, 0, 3]],
  ['tied-diag', [3, 4], [3, 0, 0, 4]],
  ['tied-spherical', [3], [3, 0, 0, 3]],
] as const)('the page draws the second covariance of layout %s', (covarianceType, values, matrix) => {
  const mixture = { covarianceType, covariances: Float64Array.from(values), k: 2, d: 2 };
  expect(Array.from(covarianceMatrices(mixture).subarray(4))).toEqual(matrix);
});
