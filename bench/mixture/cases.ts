import { formOf } from '../../src/mixture/forms/index.ts';
import type { CovarianceType } from '../../src/mixture/forms/names.ts';
import type { Problem } from '../contender.ts';
import { describe, type Points, SEED, type Size } from '../points.ts';

export const CASES: readonly Size[] = [
  { name: 'A', n: 100_000, d: 8, k: 16 },
  { name: 'B', n: 1_000_000, d: 2, k: 8 },
  { name: 'C', n: 50_000, d: 64, k: 16 },
];

export interface Mixture {
  /** [k] */
  readonly weights: Float64Array;
  /** [k, d] */
  readonly means: Float64Array;
  /** In the layout of the covariance type. */
  readonly covariances: Float64Array;
}

/** A case's points and a covariance type, with the start that all contenders share. */
export class MixtureProblem implements Problem {
  readonly title: string;
  readonly size: Problem['size'];
  readonly points: Points;
  readonly covarianceType: CovarianceType;

  constructor(size: Size, points: Points, covarianceType: CovarianceType) {
    this.title = `${describe(size)}, ${covarianceType}`;
    this.size = { ...size, seed: SEED, covarianceType };
    this.points = points;
    this.covarianceType = covarianceType;
  }

  /** Equal weights, the first points, and the identity: each group's true covariance. */
  get start(): Mixture {
    const { k, start } = this.points;
    return {
      weights: new Float64Array(k).fill(1 / k),
      means: Float64Array.from(start),
      covariances: this.#identities(),
    };
  }

  #identities(): Float64Array {
    const { k, d } = this.points;
    const form = formOf(this.covarianceType);
    const identity = form.precisionFactorOf(new Float64Array(d).fill(1));
    return Float64Array.from({ length: form.count(k) * identity.length }, (_, i) => identity[i % identity.length]);
  }
}
