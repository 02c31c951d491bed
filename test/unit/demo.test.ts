import { expect, it } from 'vitest';
import { covarianceAt } from '../../demo/covariance.ts';

const means = new Float64Array(4);

it.each([
  ['full', [1, 2, 2, 5, 3, -1, -1, 4], [3, -1, -1, 4]],
  ['tied', [3, -1, -1, 4], [3, -1, -1, 4]],
  ['diag', [1, 2, 3, 4], [3, 0, 0, 4]],
  ['spherical', [1, 3], [3, 0, 0, 3]],
  ['tied-diag', [3, 4], [3, 0, 0, 4]],
  ['tied-spherical', [3], [3, 0, 0, 3]],
] as const)('the page draws the second covariance of layout %s', (covarianceType, values, matrix) => {
  const mixture = { covarianceType, covariances: Float64Array.from(values), k: 2, means };
  const at = (i: number) => covarianceAt(mixture, 1, Math.floor(i / 2), i % 2);
  expect([0, 1, 2, 3].map(at)).toEqual(matrix);
});
