import { checkObject, checkWord, propertyOf } from '../check.ts';
import type { Dataset } from '../dataset.ts';
import type { PointsInput } from '../points.ts';
import { isKMeansCriterion, type KMeansSelection, type SelectKMeansOptions, selectKMeans } from './select-kmeans.ts';
import { type ModelSelection, type SelectModelOptions, selectMixture } from './select-mixture.ts';

/**
 * Fits k-means for each k, and takes the fit that the criterion finds best. The points are uploaded once; of the models only
 * the best is kept.
 *
 * @param points [n, d]: a typed array with its shape, rows, columns, a GPUBuffer, or a Dataset of an engine
 * @throws {TypeError} where the criterion is `'bic'` and the metric has no densities.
 * @throws {TypeError | RangeError} as `kmeans` does, before the first fit.
 * @throws {WebGPUUnavailableError | DeviceLostError} as `kmeans` does.
 * @example
 * ```ts
 * import { selectModel } from 'webgpu-clustering';
 *
 * const corners = [[0, 0], [9, 0], [0, 9]];
 * const points = Array.from({ length: 90 }, (_, i) => corners[i % 3].map((x) => x + Math.sin(i + x)));
 * const { best, table, elbow } = await selectModel(points, { model: 'kmeans', k: [1, 2, 3, 4, 5] });
 * console.log(best.k, elbow, table[0].silhouette, table[2].silhouette?.toFixed(2)); // 3 3 null 0.87
 * ```
 */
export async function selectModel(
  points: PointsInput | Dataset,
  options: SelectKMeansOptions,
): Promise<KMeansSelection>;
/**
 * Fits a mixture for each covariance type and each k, and takes the one of the least criterion among those without a
 * collapsed component. The points are uploaded once.
 *
 * @param points [n, d]: a typed array with its shape, rows, columns, a GPUBuffer, or a Dataset of an engine
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
export async function selectModel(points: PointsInput | Dataset, options: SelectModelOptions): Promise<ModelSelection>;
export async function selectModel(
  points: PointsInput | Dataset,
  options: SelectKMeansOptions | SelectModelOptions,
): Promise<KMeansSelection | ModelSelection> {
  return isOfKMeans(options) ? selectKMeans(points, options) : selectMixture(points, options);
}

/** Options that mixtures do not have: whoever gives one and no model has forgotten it. */
const OF_KMEANS = ['metric', 'sampleSize'];

/** @throws {TypeError | RangeError} where `model` is no word, or another one, or is missing beside what is not of mixtures. */
function isOfKMeans(options: SelectKMeansOptions | SelectModelOptions | undefined): options is SelectKMeansOptions {
  if (options === undefined) return false;
  const given = checkObject('options', options);
  const model = propertyOf(given, 'model');
  if (model === undefined) {
    const own = OF_KMEANS.find((name) => propertyOf(given, name) !== undefined);
    if (own !== undefined) throw new TypeError(`selectModel has no option '${own}' for mixtures: add model: 'kmeans'`);
    const criterion = propertyOf(given, 'criterion');
    if (criterion !== 'bic' && isKMeansCriterion(criterion)) {
      throw new RangeError(`criterion '${criterion}' is none of mixtures: add model: 'kmeans'`);
    }
  }
  return checkWord('model', model ?? 'mixture', ['mixture', 'kmeans'] as const) === 'kmeans';
}
