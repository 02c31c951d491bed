/** Apart from the forms: whoever only checks a name, as k-means does, loads none of them. */
export const COVARIANCE_TYPES = ['full', 'tied', 'diag', 'spherical', 'tied-diag', 'tied-spherical'] as const;

/**
 * `'full'`: a matrix for each component [k, d, d]; `'diag'`: a variance for each component and feature [k, d];
 * `'spherical'`: a variance for each component [k]. The tied ones share theirs: `'tied'` [d, d], `'tied-diag'` [d],
 * `'tied-spherical'` [1]. The names are scikit-learn's, where it has them.
 *
 * @useDeclaredType
 */
export type CovarianceType = (typeof COVARIANCE_TYPES)[number];
