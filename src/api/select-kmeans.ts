/** Among fits of k-means: the number of clusters. */
import { checkSignal, checkWord, type Names, readOptions } from '../check.ts';
import type { Dataset } from '../dataset.ts';
import { withPoints } from '../defaults.ts';
import type { EngineDataset } from '../engine/contract.ts';
import { dispersionOf, likeness, varianceRatio } from '../kmeans/dispersion.ts';
import { kneeOf } from '../kmeans/knee.ts';
import { isJudgeable, measuredRows, partitionOf } from '../kmeans/partition.ts';
import { checkKMeansPlan } from '../kmeans/plan.ts';
import { silhouettesOf } from '../kmeans/silhouettes.ts';
import { METRICS, metricOf } from '../metric.ts';
import { fitKMeans } from '../models/fit-kmeans.ts';
import type { KMeansModel } from '../models/kmeans-model.ts';
import { meanOf, type PointsInput } from '../points.ts';
import { heeding, runAsync, type Steps } from '../steps.ts';
import { checkKMeansFit, KMEANS_OPTIONS } from './kmeans.ts';
import type { KMeansOptions } from './kmeans-options.ts';
import { checkSampling, type Sampling, type SilhouetteOptions } from './scores.ts';
import { checkTries, type KMeansSelectionRow, type SelectionProgress, tryAll } from './selection.ts';

/**
 * What fits of k-means are judged by: see {@link silhouetteScore} and {@link calinskiHarabaszScore}, the greater the better,
 * {@link daviesBouldinScore} and the method `bic` of the model, the less the better.
 *
 * @useDeclaredType
 */
export type KMeansCriterion = (typeof CRITERIA)[number];

const CRITERIA = ['silhouette', 'calinski-harabasz', 'davies-bouldin', 'bic'] as const;

export function isKMeansCriterion(word: unknown): word is KMeansCriterion {
  return (CRITERIA as readonly unknown[]).includes(word);
}

/** What a criterion has in the table, and whether it is best at its greatest. */
const FIGURES = {
  silhouette: { figure: 'silhouette', isGreaterBetter: true },
  'calinski-harabasz': { figure: 'calinskiHarabasz', isGreaterBetter: true },
  'davies-bouldin': { figure: 'daviesBouldin', isGreaterBetter: false },
  bic: { figure: 'bic', isGreaterBetter: false },
} as const satisfies Record<KMeansCriterion, { figure: keyof Figures; isGreaterBetter: boolean }>;

/** Options of {@link selectModel} among fits of k-means: those of each fit, with a list of what is tried. */
export interface SelectKMeansOptions
  extends Omit<KMeansOptions, 'k' | 'init' | 'onIteration' | 'output'>,
    Pick<SilhouetteOptions, 'sampleSize'> {
  /** What is fitted. */
  readonly model: 'kmeans';
  /** Numbers of clusters to try. */
  readonly k: readonly number[];
  /**
   * What decides. Default `'silhouette'`, which takes the longest: its time grows with the square of `sampleSize`.
   * `'bic'` is that of densities, which the cosine metric does not have.
   */
  readonly criterion?: KMeansCriterion;
  /** How each fit starts; default `'k-means++'`. Explicit starts would fit one k only. */
  readonly init?: 'k-means++' | 'k-means||' | 'random';
  /** Called after each fit. If it throws, or its promise rejects, so does the selection. */
  readonly onProgress?: (progress: SelectionProgress<KMeansSelectionRow>) => unknown;
}

const { onIteration: _, output: __, ...FIT_OPTIONS } = KMEANS_OPTIONS;
const SELECT_OPTIONS: Names<SelectKMeansOptions> = {
  ...FIT_OPTIONS,
  model: true,
  criterion: true,
  sampleSize: true,
  onProgress: true,
};

type Figures = Pick<KMeansSelectionRow, 'silhouette' | 'calinskiHarabasz' | 'daviesBouldin' | 'bic'>;

/** What {@link selectModel} found among fits of k-means. */
export interface KMeansSelection {
  /** The model that the criterion finds best: the first of equals, in the order of the table, and of those without a score. */
  readonly best: KMeansModel;
  /** A row for each k, in the order in which they were given. */
  readonly table: readonly KMeansSelectionRow[];
  /**
   * The k at which the inertia bends: the first knee that Kneedle (Satopaa et al. 2011) finds in the curve of the table at
   * sensitivity 1, without smoothing; null where there is none. It does not depend on the criterion.
   */
  readonly elbow: number | null;
}

export async function selectKMeans(
  points: PointsInput | Dataset,
  options: SelectKMeansOptions,
): Promise<KMeansSelection> {
  const given = readOptions('selectModel', options, SELECT_OPTIONS);
  const { model: _, k, criterion = 'silhouette', sampleSize, onProgress, metric, sampleWeight, ...others } = given;
  const { backend, device, ...fit } = others;
  const signal = checkSignal(given.signal);
  const by = checkWord('criterion', criterion, CRITERIA);
  if (metric !== undefined) checkWord('metric', metric, METRICS);
  checkTries(k, onProgress);
  const plans = k!.map((count) => checkKMeansFit({ ...fit, k: count, output: undefined, onIteration: undefined }));
  const sampling = checkSampling({ sampleSize, seed: fit.seed });
  const placement = { backend, device, metric, sampleWeight, signal, frame: undefined };
  return withPoints(points, placement, (dataset) =>
    heeding(onProgress, signal, async (tell) => {
      if (by === 'bic' && !metricOf(dataset.metric).hasDensity) {
        throw new TypeError(`criterion 'bic' needs the Euclidean metric: ${dataset.metric} k-means has no density`);
      }
      await dataset.use(signal, async (home) => {
        for (const plan of plans) checkKMeansPlan(plan, home.dataset);
      });
      const { best, table } = await tryAll(
        plans,
        async (plan) => {
          const model = await fitKMeans(dataset, plan, signal);
          const { k, inertia, iterations, converged } = model;
          const figures = await figuresOf(by, model, dataset, sampling, signal);
          return { model, row: { k, inertia, iterations, converged, ...figures } };
        },
        (row, best) => isBetter(row, best, by),
        tell,
        signal,
      );
      return { best, table, elbow: elbowOf(table) };
    }),
  );
}

function isBetter(row: KMeansSelectionRow, best: KMeansSelectionRow, by: KMeansCriterion): boolean {
  const { figure, isGreaterBetter } = FIGURES[by];
  const [own, least] = [row[figure], best[figure]];
  if (own === null || least === null) return own !== null;
  return isGreaterBetter ? own > least : own < least;
}

const NO_FIGURES: Figures = { silhouette: null, calinskiHarabasz: null, daviesBouldin: null, bic: null };

async function figuresOf(
  by: KMeansCriterion,
  model: KMeansModel,
  dataset: Dataset,
  sampling: Sampling,
  signal: AbortSignal | undefined,
): Promise<Figures> {
  if (by === 'bic') return { ...NO_FIGURES, bic: await model.bic(dataset, signal && { signal }) };
  const scores = by === 'silhouette' ? silhouette : dispersion;
  return dataset.use(signal, async ({ dataset: rows }) => ({
    ...NO_FIGURES,
    ...(await runAsync(scores(rows, model.labels, sampling), signal)),
  }));
}

function* silhouette(
  dataset: EngineDataset,
  labels: Uint32Array,
  { sampleSize, seed }: Sampling,
): Steps<Partial<Figures>> {
  const partition = yield* partitionOf(yield* measuredRows(dataset, sampleSize, seed), labels);
  return isJudgeable(partition) ? { silhouette: meanOf(yield* silhouettesOf(dataset, partition)) } : {};
}

function* dispersion(dataset: EngineDataset, labels: Uint32Array): Steps<Partial<Figures>> {
  const partition = yield* partitionOf(yield* measuredRows(dataset), labels);
  if (!isJudgeable(partition)) return {};
  const dispersion = yield* dispersionOf(dataset, partition);
  const calinskiHarabasz = yield* varianceRatio(dispersion, partition);
  return { calinskiHarabasz, daviesBouldin: yield* likeness(dispersion) };
}

function elbowOf(table: readonly KMeansSelectionRow[]): number | null {
  const inertias = new Map(table.map(({ k, inertia }) => [k, inertia]));
  const counts = [...inertias.keys()].sort((a, b) => a - b);
  const knee = kneeOf(
    counts,
    counts.map((k) => inertias.get(k)!),
  );
  return knee === null ? null : counts[knee];
}
