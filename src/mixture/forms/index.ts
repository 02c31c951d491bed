/** The covariance types by name. One more is a form of its own, a name in `names.ts` and an entry here. */
import { DIAGONAL, SCALAR } from './axes.ts';
import type { CovarianceForm } from './form.ts';
import { MATRIX } from './matrix.ts';
import type { CovarianceType } from './names.ts';
import { own, shared } from './sharing.ts';

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
