import { checkFunction, checkInteger, checkSignal, checkWord, type Names, readOptions, wrongKind } from '../check.ts';
import { withPoints } from '../defaults.ts';
import { COVARIANCE_TYPES, type CovarianceType } from '../mixture/forms/names.ts';
import { freeParameters } from '../mixture/parameters.ts';
import { checkMixturePlan, type MixturePlan } from '../mixture/plan.ts';
import { fitMixture } from '../models/fit-mixture.ts';
import type { GaussianMixtureModel } from '../models/gaussian-mixture-model.ts';
import type { Dataset } from '../placement.ts';
import type { PointsInput } from '../points.ts';
import { heeding } from '../steps.ts';
import { checkMixtureOptions, type GaussianMixtureOptions, MIXTURE_OPTIONS } from './gaussian-mixture-options.ts';

const CRITERIA = ['bic', 'icl', 'aic'] as const;

/** What fits are judged by, the lower the better: see the methods `bic`, `icl` and `aic` of the model.
 *
 * @useDeclaredType
 */
export type Criterion = (typeof CRITERIA)[number];

/** Options of {@link selectModel}: those of each fit, with lists of what is tried. */
export interface SelectModelOptions
  extends Omit<GaussianMixtureOptions, 'k' | 'covarianceType' | 'init' | 'temperature' | 'fixed' | 'onIteration'> {
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
const SELECT_OPTIONS: Names<SelectModelOptions> = { ...FIT_OPTIONS, criterion: true, onProgress: true };

/** What `onProgress` is told. */
export interface SelectionProgress {
  /** Fits that are done, of `total`. */
  readonly done: number;
  /** Fits in all. */
  readonly total: number;
  /** The one that was done last. */
  readonly row: SelectionRow;
}

/** A model that was tried: its criteria, the lower the better, and how its fit ended. */
export interface SelectionRow {
  /** Number of components. */
  readonly k: number;
  /** Form of their covariances. */
  readonly covarianceType: CovarianceType;
  /** Bayesian information criterion (Schwarz 1978). */
  readonly bic: number;
  /** Integrated completed likelihood (Biernacki, Celeux and Govaert 2000). */
  readonly icl: number;
  /** Akaike's information criterion (Akaike 1974). */
  readonly aic: number;
  /** Weighted mean of log p(x). */
  readonly lowerBound: number;
  /** EM iterations. */
  readonly iterations: number;
  /** Whether the fit stopped by its rule, and not at `maxIterations`. */
  readonly converged: boolean;
  /** Whether no component is `'regularized'` or `'empty'`. One that has collapsed makes every criterion too good. */
  readonly ok: boolean;
}

/** What {@link selectModel} found. */
export interface ModelSelection {
  /**
   * The model of the least criterion, of those that are `ok` while there is one; the first of equals, in the order of
   * the table.
   */
  readonly best: GaussianMixtureModel;
  /** A row for each covariance type and each k, in the order in which they were given. */
  readonly table: readonly SelectionRow[];
}

/**
 * Fits a mixture for each covariance type and each k, and takes the one of the least criterion among those without a
 * collapsed component. The points are uploaded once.
 *
 * @param points [n, d]: a typed array with its shape, rows, a GPUBuffer, or a Dataset of an engine
 * @throws {TypeError | RangeError} as `gaussianMixture` does.
 * @throws {WebGPUUnavailableError | DeviceLostError} as `gaussianMixture` does.
 * @example
 * ```ts
 * import { GaussianMixtureModel, selectModel } from 'webgpu-clustering';
 *
 * const two = { weights: [0.5, 0.5], means: [[0], [10]], covariances: [1], covarianceType: 'tied' } as const;
 * const points = GaussianMixtureModel.fromParameters(two).sample(400, { seed: 1 });
 * const { best, table } = await selectModel(points, { k: [1, 2, 3], covarianceType: ['full', 'tied'] });
 * console.log(table.length, best.k); // 6 2
 * ```
 */
export async function selectModel(points: PointsInput | Dataset, options: SelectModelOptions): Promise<ModelSelection> {
  const given = readOptions('selectModel', options, SELECT_OPTIONS);
  const { k, covarianceType = ['full'], criterion = 'bic', onProgress, sampleWeight, backend, device, ...fit } = given;
  const signal = checkSignal(given.signal);
  const by = checkWord('criterion', criterion, CRITERIA);
  checkFunction('onProgress', onProgress);
  checkList('k', k);
  checkList('covarianceType', covarianceType);
  k.forEach((value, i) => {
    checkInteger(`k[${i}]`, value, 1);
  });
  covarianceType.forEach((value, i) => {
    checkWord(`covarianceType[${i}]`, value, COVARIANCE_TYPES);
  });
  const rest = { ...fit, temperature: undefined, fixed: undefined, onIteration: undefined };
  const plans = covarianceType.flatMap((type) =>
    k.map((count) => checkMixtureOptions({ ...rest, k: count, covarianceType: type })),
  );
  const placement = { backend, device, metric: undefined, sampleWeight, signal, frame: undefined };
  return withPoints(points, placement, (dataset) =>
    heeding(onProgress, signal, (tell) => tryAll(dataset, plans, by, tell, signal)),
  );
}

async function tryAll(
  dataset: Dataset,
  plans: readonly MixturePlan[],
  by: Criterion,
  onProgress: ((progress: SelectionProgress) => unknown) | undefined,
  signal: AbortSignal | undefined,
): Promise<ModelSelection> {
  await dataset.use(signal, async (home) => {
    for (const plan of plans) checkMixturePlan(plan, home.dataset);
  });
  const table: SelectionRow[] = [];
  let best: { model: GaussianMixtureModel; row: SelectionRow } | null = null;
  for (const plan of plans) {
    const model = await fitMixture(dataset, plan, signal);
    const row = await rowOf(model, dataset, signal);
    table.push(row);
    if (best === null || isBetter(row, best.row, by)) best = { model, row };
    onProgress?.({ done: table.length, total: plans.length, row });
    signal?.throwIfAborted();
  }
  return { best: best!.model, table };
}

function isBetter(row: SelectionRow, best: SelectionRow, by: Criterion): boolean {
  return row.ok === best.ok ? row[by] < best[by] : row.ok;
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

function checkList(name: string, values: unknown): asserts values is readonly unknown[] {
  if (!Array.isArray(values)) throw wrongKind(name, 'an array', values);
  if (values.length === 0) throw new RangeError(`${name} must have at least one value`);
}
