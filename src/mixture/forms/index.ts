/** The covariance types by name. One more is a form of its own and an entry here. */
import { DIAGONAL, SCALAR } from './axes.ts';
import type { CovarianceForm } from './form.ts';
import { MATRIX } from './matrix.ts';
import { own, shared } from './sharing.ts';

export const COVARIANCE_TYPES = ['full', 'tied', 'diag', 'spherical', 'tied-diag', 'tied-spherical'] as const;

/**
 * `'full'`: a matrix for each component [k, d, d]; `'diag'`: a variance for each component and feature [k, d];
 * `'spherical'`: a variance for each component [k]. The tied ones share theirs: `'tied'` [d, d], `'tied-diag'` [d],
 * `'tied-spherical'` [1].
 */
export type CovarianceType = (typeof COVARIANCE_TYPES)[number];

const FORMS: Readonly<Record<CovarianceType, CovarianceForm>> = {
  full: own(MATRIX),
  tied: shared(MATRIX),
  diag: own(DIAGONAL),
  'tied-diag': shared(DIAGONAL),
  spherical: own(SCALAR),
  'tied-spherical': shared(SCALAR),
};

export function formOf(type: CovarianceType): CovarianceForm {
  return FORMS[type];
}
