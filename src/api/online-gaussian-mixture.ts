import { type Names, readOptions, wrongKind } from '../check.ts';
import type { Dataset } from '../dataset.ts';
import type { MixturePlan } from '../mixture/plan.ts';
import type { Learned } from '../mixture/stepwise.ts';
import { GaussianMixtureModel } from '../models/gaussian-mixture-model.ts';
import type { PointsInput } from '../points.ts';
import { knowSelf } from '../proxies.ts';
import { PLACEMENT_OPTIONS, type PlacementOptions } from '../reading.ts';
import { Batches, type PartialFitOptions } from './batches.ts';
import { checkMixtureOptions, type GaussianMixtureFitOptions } from './gaussian-mixture-options.ts';

/** Options of {@link OnlineGaussianMixture}. */
export interface OnlineGaussianMixtureOptions
  extends Pick<
      GaussianMixtureFitOptions,
      'k' | 'covarianceType' | 'mixing' | 'fixed' | 'init' | 'regularization' | 'seed'
    >,
    PlacementOptions {
  /**
   * Over 0.5, and at most 1: a batch of weight w behind others of weight W counts for (w / (W + w))^decay of what is known then,
   * where the start is one like the first. Default 0.6; the less, the sooner early batches are forgotten; 1 is the mean over all rows.
   */
  readonly decay?: number;
}

const OPTIONS: Names<OnlineGaussianMixtureOptions> = {
  ...PLACEMENT_OPTIONS,
  k: true,
  covarianceType: true,
  mixing: true,
  fixed: true,
  init: true,
  regularization: true,
  seed: true,
  decay: true,
};

/** What a learner is not asked for. */
const OF_FITS = {
  ...{ temperature: undefined, tolerance: undefined, maxIterations: undefined, nInit: undefined },
  onIteration: undefined,
};

/** Loaded where it is asked for. */
const learning = () => import('../mixture/stepwise.ts');

/**
 * A mixture of Gaussians of points that keep coming, by stepwise EM (Cappé and Moulines 2009): each call is an E-step of one
 * batch, whose statistics enter a running mean, and an M-step from that; the rows are not needed behind it. The first batch
 * draws the start, unless `init` gives it, and has at least k rows of positive weight. Batches should be alike: rows in
 * random order, and several times k of them. Batches are learnt in the order of the calls; one that rejects is not.
 *
 * A component that no row belongs to loses weight with each batch, and is moved nowhere.
 *
 * @example
 * ```ts
 * import { OnlineGaussianMixture } from 'webgpu-clustering';
 *
 * const learner = new OnlineGaussianMixture({ k: 2, covarianceType: 'spherical', init: { means: [[0], [9]] } });
 * for (const shift of [0, 0.5, -0.5]) {
 *   await learner.partialFit([-1, 0, 1, 8, 9, 10].map((x) => [x + shift]));
 * }
 * console.log(learner.model.means.map(Math.round).join(), learner.model.iterations); // 0,9 3
 * ```
 */
export class OnlineGaussianMixture {
  readonly #plan: MixturePlan;
  readonly #decay: number;
  readonly #batches: Batches<Learned>;

  /** @throws {TypeError | RangeError} naming the option that is wrong. */
  constructor(options: OnlineGaussianMixtureOptions) {
    knowSelf(this, OnlineGaussianMixture);
    const { decay = 0.6, backend, device, ...given } = readOptions('OnlineGaussianMixture', options, OPTIONS);
    if (typeof decay !== 'number') throw wrongKind('decay', 'a number', decay);
    if (!(decay > 0.5 && decay <= 1)) throw new RangeError(`decay must be over 0.5 and at most 1, got ${decay}`);
    this.#decay = decay;
    this.#batches = new Batches({ backend, device });
    this.#plan = checkMixtureOptions({ ...given, ...OF_FITS });
  }

  /**
   * Learns from points [n, d].
   *
   * @throws {TypeError | RangeError} as `gaussianMixture` does; a batch of other features than the first is a `RangeError`, and so is
   *   one whose values have over a hundred and fifty digits less, or more, than those before: nothing is learnt from it.
   */
  async partialFit(points: PointsInput | Dataset, options?: PartialFitOptions): Promise<void> {
    return this.#batches.learn(points, options, async (batch, known) => {
      const { learnedFrom } = await learning();
      return learnedFrom(batch, known, this.#plan, this.#decay);
    });
  }

  /**
   * What was learnt so far: `iterations` are the batches, and `lowerBounds` the mean log-likelihood of each, in nats, before it was
   * learnt; `labels` are empty and `lowerBound` is NaN, since the rows are gone.
   *
   * @throws {TypeError} before the first batch.
   */
  get model(): GaussianMixtureModel {
    const { known } = this.#batches;
    if (known === null) throw new TypeError('there is no model before the first partialFit');
    const { parameters, lowerBounds, components, backend, reason } = known;
    const report = {
      ...{ mixing: this.#plan.mixing, temperature: 1, lowerBound: NaN, lowerBounds, labels: new Uint32Array(0) },
      ...{
        iterations: lowerBounds.length,
        converged: false,
        decreased: false,
        components: [...components],
        backend,
        frame: null,
      },
    };
    // A copy: what the caller does with it does not come back.
    return new GaussianMixtureModel({ parameters: structuredClone(parameters), report }, reason);
  }
}
