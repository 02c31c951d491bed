/** Among Gaussian mixtures: the number of components and the covariance type. */
import { checkSignal, checkWord, type Names, readOptions } from '../check.ts';
import type { Dataset } from '../dataset.ts';
import { withPoints } from '../defaults.ts';
import { COVARIANCE_TYPES, type CovarianceType } from '../mixture/forms/names.ts';
import { freeParameters } from '../mixture/parameters.ts';
import { checkMixturePlan } from '../mixture/plan.ts';
import type { GaussianMixtureModel } from '../models/gaussian-mixture-model.ts';
import type { PointsInput } from '../points.ts';
import { heeding } from '../steps.ts';
import { fitting } from './gaussian-mixture.ts';
import { checkMixtureOptions, type GaussianMixtureOptions, MIXTURE_OPTIONS } from './gaussian-mixture-options.ts';
import { checkList, checkTries, type SelectionProgress, type SelectionRow, tryAll } from './selection.ts';

const CRITERIA = ['bic', 'icl', 'aic'] as const;

/** What mixtures are judged by, the lower the better: see the methods `bic`, `icl` and `aic` of the model.
 *
 * @useDeclaredType
 */
export type Criterion = (typeof CRITERIA)[number];

/** Options of {@link selectModel} among mixtures: those of each fit, with lists of what is tried. */
export interface SelectModelOptions
  extends Omit<GaussianMixtureOptions, 'k' | 'covarianceType' | 'init' | 'temperature' | 'fixed' | 'onIteration'> {
  /** What is fitted. Default `'mixture'`. */
  readonly model?: 'mixture';
  /** Numbers of components to try. */
  readonly k: readonly number[];
  /** Covariance types to try. Default: only `'full'`. */
  readonly covarianceType?: readonly CovarianceType[];
  /** The criterion to minimise. Default `'bic'`. */
  readonly criterion?: Criterion;
  /** How each fit starts; default `'kmeans'`. Explicit starts would fit one k only. */
  readonly init?: 'kmeans' | 'k-means++' | 'random' | 'random-from-data';
  /** Called after each fit. If it throws, or its promise rejects, so does the selection. */
  readonly onProgress?: (progress: SelectionProgress) => unknown;
}

const { onIteration: _, temperature: __, fixed: ___, ...FIT_OPTIONS } = MIXTURE_OPTIONS;
const SELECT_OPTIONS: Names<SelectModelOptions> = { ...FIT_OPTIONS, model: true, criterion: true, onProgress: true };

/** What {@link selectModel} found among mixtures. */
export interface ModelSelection {
  /**
   * The model of the least criterion, of those that are `ok` while there is one; the first of equals, in the order of
   * the table.
   */
  readonly best: GaussianMixtureModel;
  /** A row for each covariance type and each k, in the order in which they were given. */
  readonly table: readonly SelectionRow[];
}

export async function selectMixture(
  points: PointsInput | Dataset,
  options: SelectModelOptions,
): Promise<ModelSelection> {
  const given = readOptions('selectModel', options, SELECT_OPTIONS);
  const { model: _, k, covarianceType = ['full'], criterion = 'bic', onProgress, sampleWeight, ...others } = given;
  const { backend, device, ...fit } = others;
  const signal = checkSignal(given.signal);
  const by = checkWord('criterion', criterion, CRITERIA);
  checkTries(k, onProgress);
  checkList('covarianceType', covarianceType);
  covarianceType.forEach((value, i) => {
    checkWord(`covarianceType[${i}]`, value, COVARIANCE_TYPES);
  });
  const rest = { ...fit, temperature: undefined, fixed: undefined, onIteration: undefined };
  const plans = covarianceType.flatMap((type) =>
    k!.map((count) => checkMixtureOptions({ ...rest, k: count, covarianceType: type })),
  );
  const placement = { backend, device, metric: undefined, sampleWeight, signal, frame: undefined };
  return withPoints(points, placement, (dataset) =>
    heeding(onProgress, signal, async (tell) => {
      await dataset.use(signal, async (home) => {
        for (const plan of plans) checkMixturePlan(plan, home.dataset);
      });
      const { fitMixture } = await fitting();
      return tryAll(
        plans,
        async (plan) => {
          const model = await fitMixture(dataset, plan, signal);
          return { model, row: await rowOf(model, dataset, signal) };
        },
        (row, best) => (row.ok === best.ok ? row[by] < best[by] : row.ok),
        tell,
        signal,
      );
    }),
  );
}

async function rowOf(
  model: GaussianMixtureModel,
  dataset: Dataset,
  signal: AbortSignal | undefined,
): Promise<SelectionRow> {
  const options = signal === undefined ? {} : { signal };
  const { k, d, covarianceType, mixing, lowerBound, iterations, converged } = model;
  const total = await dataset.use(signal, async (home) => home.dataset.totalWeight);
  // Of the model, not of the fit's bound: what the table says is what the model's methods say, to the bit.
  const deviance = -2 * total * (await model.score(dataset, options));
  const parameters = freeParameters(covarianceType, k, d, mixing);
  return {
    k,
    covarianceType,
    bic: parameters * Math.log(total) + deviance,
    icl: await model.icl(dataset, options),
    aic: deviance + 2 * parameters,
    lowerBound,
    iterations,
    converged,
    ok: model.components.every((status) => status === 'ok' || status === 'reseeded'),
  };
}
