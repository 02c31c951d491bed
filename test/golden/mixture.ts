/** The golden mixtures of scikit-learn, of the points of the golden k-means fits and of the flights. */
import type { Flights } from '../../data/flights.ts';
import { type Golden, goldens } from './golden.ts';
import digits from './mixture-digits.json';
import flights from './mixture-flights.json';
import iris from './mixture-iris.json';
import wine from './mixture-wine.json';

export type GoldenCovariance = 'full' | 'tied' | 'diag' | 'spherical';

/** Float64 values; covariances in the layout of the API. */
export interface GoldenStart {
  /** [k] */
  readonly weights: Float64Array<ArrayBuffer>;
  /** [k, d] */
  readonly means: Float64Array<ArrayBuffer>;
  readonly covariances: Float64Array<ArrayBuffer>;
}

export interface GoldenMixture extends Pick<Golden, 'name' | 'data' | 'n' | 'd'> {
  readonly k: number;
  readonly covarianceType: GoldenCovariance;
  readonly regularization: number;
  readonly start: GoldenStart;
  /** Exactly as many; what follows is of the parameters after them. */
  readonly iterations: number;
  /** [k], twelve digits. */
  readonly weights: readonly number[];
  /** [k · d], twelve digits. */
  readonly means: readonly number[];
  /** Mean log-likelihood. */
  readonly score: number;
  readonly aic: number;
  readonly bic: number;
}

type Stored = typeof iris;

function mixtures(
  { name, data, n, d }: Pick<Golden, 'name' | 'data' | 'n' | 'd'>,
  { k, regularization, start, fits }: Stored,
): GoldenMixture[] {
  return fits.map((fit) => {
    const covarianceType = fit.covarianceType as GoldenCovariance;
    const covariances = startCovariances(covarianceType, start.variances, k);
    const { weights, means } = start;
    const exact = { weights: Float64Array.from(weights), means: Float64Array.from(means), covariances };
    return { ...fit, name, data, n, d, k, covarianceType, regularization, start: exact };
  });
}

function ownMixtures(name: string, stored: Stored): GoldenMixture[] {
  return mixtures(goldens.find((golden) => golden.name === name) as Golden, stored);
}

/** The same variances [d] for every component, or their mean. */
function startCovariances(type: GoldenCovariance, variances: number[], k: number): Float64Array<ArrayBuffer> {
  const d = variances.length;
  const diagonal = variances.flatMap((value, j) => variances.map((_, l) => (j === l ? value : 0)));
  const mean = variances.reduce((sum, value) => sum + value, 0) / d;
  const one = { full: diagonal, tied: diagonal, diag: variances, spherical: [mean] }[type];
  return Float64Array.from(type === 'tied' ? one : Array.from({ length: k }, () => one).flat());
}

export const goldenMixtures: readonly GoldenMixture[] = [
  ...ownMixtures('iris', iris),
  ...ownMixtures('wine', wine),
  ...ownMixtures('digits', digits),
];

/** Of the flights that flights.ts reads: their file is too large for the browsers' suites. */
export function flightMixtures({ points: data, n }: Flights): readonly GoldenMixture[] {
  return mixtures({ name: 'flights', data, n, d: 3 }, flights);
}
