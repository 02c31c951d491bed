import type { Steps } from '../../steps.ts';
import type { OneCovariance, SecuredCovariance } from './form.ts';

/** Variances below this share of the feature's own are below what float32 points can tell from zero. */
const LEAST_SHARE = 1e-15;
/** A conditional variance below this share of the feature's own is a component that has collapsed. */
const COLLAPSED_SHARE = 1e-8;
/** First rung of the ladder of jitters, as a share of each feature's variance. */
const FIRST_JITTER = 1e-10;
const LAST_JITTER = 1e3;

/** What the ladder is made of. */
export interface Rungs {
  /** L with L·Lᵀ the covariance, or the deviations; null where the pivot of some feature j is not over `least(j)`. */
  root(covariance: Float64Array, least: (j: number) => number): Steps<Float64Array | null>;
  /** U = L⁻ᵀ. */
  inverse(root: Float64Array): Steps<Float64Array>;
  /** The covariance with additions to its diagonal. */
  widened(covariance: Float64Array, addition: (j: number) => number): Float64Array;
  /** What shares for feature j are of. */
  varianceOf(variances: Float64Array, j: number): number;
}

/** The precision factor of what has one, and of what is helped to. */
export function securing(rungs: Rungs): Pick<OneCovariance, 'precisionFactor' | 'secure'> {
  const { root, inverse, widened, varianceOf } = rungs;

  function rootOver(covariance: Float64Array, variances: Float64Array | undefined, share: number) {
    return root(covariance, (j) => (variances === undefined ? 0 : share * varianceOf(variances, j)));
  }

  function* precisionFactor(covariance: Float64Array, variances?: Float64Array): Steps<Float64Array | null> {
    const found = yield* rootOver(covariance, variances, LEAST_SHARE);
    return found === null ? null : yield* inverse(found);
  }

  function* secure(raw: Float64Array, variances: Float64Array, regularization: number): Steps<SecuredCovariance> {
    const collapsed = (yield* rootOver(raw, variances, COLLAPSED_SHARE)) === null;
    for (let jitter = 0; jitter <= LAST_JITTER; jitter = Math.max(FIRST_JITTER, 10 * jitter)) {
      const covariance = widened(raw, (j) => regularization + jitter * varianceOf(variances, j));
      yield;
      const factor = yield* precisionFactor(covariance, variances);
      if (factor !== null) return { covariance, precisionFactor: factor, regularized: collapsed || jitter > 0 };
    }
    // Nothing that can be told of the component: the data's own variances.
    const covariance = widened(new Float64Array(raw.length), (j) => varianceOf(variances, j));
    return { covariance, precisionFactor: (yield* precisionFactor(covariance, variances))!, regularized: true };
  }

  return { precisionFactor, secure };
}
