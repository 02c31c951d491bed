/** What choosing among fits shares, whatever is fitted. */
import { checkFunction, checkInteger, wrongKind } from '../check.ts';
import type { CovarianceType } from '../mixture/forms/names.ts';

/** A mixture that was tried: its criteria, the lower the better, and how its fit ended. */
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

/**
 * A fit of k-means that was tried. Of the figures by which clusterings are judged it has those that the criterion takes, since
 * they need passes of their own over the rows; the others are null. So are scores of clusterings that have none: k = 1, or all
 * rows in one cluster, or each in its own.
 */
export interface KMeansSelectionRow {
  /** Number of clusters. */
  readonly k: number;
  /** That of the model. */
  readonly inertia: number;
  /** Lloyd iterations. */
  readonly iterations: number;
  /** Whether the fit stopped by its rule, and not at `maxIterations`. */
  readonly converged: boolean;
  /** Mean silhouette, −1 to 1, of the rows or of a sample (Rousseeuw 1987). */
  readonly silhouette: number | null;
  /** Calinski and Harabasz's ratio; with `'davies-bouldin'` too, as both take the same pass (Calinski and Harabasz 1974). */
  readonly calinskiHarabasz: number | null;
  /** Davies and Bouldin's score; with `'calinski-harabasz'` too (Davies and Bouldin 1979). */
  readonly daviesBouldin: number | null;
  /** Bayesian information criterion of the mixture that the model is (Schwarz 1978); −Infinity where the inertia is 0. */
  readonly bic: number | null;
}

/** What `onProgress` is told. */
export interface SelectionProgress<Row = SelectionRow> {
  /** Fits that are done, of `total`. */
  readonly done: number;
  /** Fits in all. */
  readonly total: number;
  /** The one that was done last. */
  readonly row: Row;
}

/** A fit that was tried: its model, and what the table says of it. */
interface Tried<Model, Row> {
  readonly model: Model;
  readonly row: Row;
}

/** Tries one plan after the other. No more than two models are held at a time: the best, and the one that is tried. */
export async function tryAll<Plan, Model, Row>(
  plans: readonly Plan[],
  tried: (plan: Plan) => Promise<Tried<Model, Row>>,
  isBetter: (row: Row, best: Row) => boolean,
  onProgress: ((progress: SelectionProgress<Row>) => unknown) | undefined,
  signal: AbortSignal | undefined,
): Promise<{ readonly best: Model; readonly table: readonly Row[] }> {
  const table: Row[] = [];
  let best: Tried<Model, Row> | null = null;
  for (const plan of plans) {
    const { model, row } = await tried(plan);
    table.push(row);
    if (best === null || isBetter(row, best.row)) best = { model, row };
    await onProgress?.({ done: table.length, total: plans.length, row });
    signal?.throwIfAborted();
  }
  return { best: best!.model, table };
}

/** @throws {TypeError | RangeError} where `k` is no list of integers from 1, or `onProgress` no function. */
export function checkTries(k: unknown, onProgress: unknown): void {
  checkFunction('onProgress', onProgress);
  checkList('k', k);
  k.forEach((value, i) => {
    checkInteger(`k[${i}]`, value, 1);
  });
}

export function checkList(name: string, values: unknown): asserts values is readonly unknown[] {
  if (!Array.isArray(values)) throw wrongKind(name, 'an array', values);
  if (values.length === 0) throw new RangeError(`${name} must have at least one value`);
}
