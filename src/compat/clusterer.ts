import { uploadHere } from '../calling-thread.ts';
import { LARGEST } from '../check.ts';
import type { KMeansDataset, KMeansWorkspace } from '../engine/contract.ts';
import { intoFrame } from '../frame.ts';
import { type PreparedPoints, preparePoints } from '../points.ts';
import { resultOf, type Steps } from '../steps.ts';
import { rowsOfTurn } from '../turns.ts';

/** What other packages' iterations ask of the rows of a call: on an engine, or row by row in plain JavaScript. */
export interface Clusterer {
  /** Squared Euclidean distances to the rows of m indices, of each row: [m][n]. */
  distancesTo(indices: readonly number[]): Steps<ArrayLike<number>[]>;
  /** Index of the nearest of `centroids` [k][d] to each row: [n]. */
  assign(centroids: readonly number[][]): Steps<ArrayLike<number>>;
  close(): void;
}

export interface Means {
  /** [k] */
  readonly counts: ArrayLike<number>;
  /** [k][d]; NaN where a cluster has no rows. */
  readonly means: readonly number[][];
}

/** Which of equally near centroids a row belongs to: the packages differ. */
export type Ties = 'first' | 'last';

/** Below so many multiply-adds an iteration, an engine takes longer to read the rows than plain JavaScript for all the work. */
const WORK_OF_ENGINE = 2 ** 17;

/** Rows as the CPU engine reads them; null where it refuses them. */
function readRows(rows: Rows): PreparedPoints | null {
  try {
    return preparePoints(rows);
  } catch {
    // Ragged, not finite, no numbers: what the package makes of them, plain JavaScript makes too.
    return null;
  }
}

/** Whether an engine is of use. */
export function isWorthwhile(rows: Rows, k: number): boolean {
  return rows.length * rows[0].length * k >= WORK_OF_ENGINE;
}

/** Whether an engine takes these for centroids of d coordinates. What is of another shape or no number is for plain JavaScript. */
export function areForEngine(centroids: readonly ArrayLike<number>[], d: number): boolean {
  const isNumber = (value: unknown) => typeof value === 'number' && Math.abs(value) <= LARGEST;
  return centroids.every((row) => row?.length === d && Array.from(row).every(isNumber));
}

/** The CPU engine of the calling thread, with rows of its own; null where it refuses them. */
export function engineHere(rows: Rows, ties: Ties): Clusterer | null {
  const points = readRows(rows);
  return points && new EngineClusterer(uploadHere(points), ties, true);
}

/** What a clusterer holds in an engine. */
interface Held {
  readonly dataset: KMeansDataset;
  workspace: KMeansWorkspace | null;
}

function release({ dataset, workspace }: Held): void {
  workspace?.close();
  dataset.destroy();
}

/** What nobody closes, as an iteration that is left after a few results, goes with the garbage: engines know of none. */
const leftBehind = /* @__PURE__ */ new FinalizationRegistry(release);

/** On an engine, which has rows in float32 beside a frame of its own: labels are those of these rows. */
export class EngineClusterer implements Clusterer {
  readonly #dataset: KMeansDataset;
  readonly #ties: Ties;
  readonly #isOwner: boolean;
  readonly #held: Held;

  /** @param isOwner whether the dataset goes with it */
  constructor(dataset: KMeansDataset, ties: Ties, isOwner: boolean) {
    this.#dataset = dataset;
    this.#ties = ties;
    this.#isOwner = isOwner;
    this.#held = { dataset, workspace: null };
    if (isOwner) leftBehind.register(this, this.#held, this);
  }

  *distancesTo(indices: readonly number[]): Steps<ArrayLike<number>[]> {
    const { frame } = this.#dataset;
    const unit = 1 / frame.scale / frame.scale;
    const distances: Float64Array[] = [];
    for (const index of indices) {
      const row = yield* resultOf(this.#dataset.gather(Uint32Array.of(index)));
      const squares = Float64Array.from(yield* resultOf(this.#dataset.nearestDistances(row)));
      for (let i = 0; i < squares.length; i++) squares[i] *= unit;
      distances.push(squares);
    }
    return distances;
  }

  *assign(centroids: readonly number[][]): Steps<ArrayLike<number>> {
    const k = centroids.length;
    this.#held.workspace ??= yield* resultOf(this.#dataset.kmeans(k));
    const { workspace } = this.#held;
    // An engine gives ties to the lowest index: the last one, where it has them from behind.
    const isReversed = this.#ties === 'last';
    const ordered = isReversed ? centroids.slice().reverse() : centroids;
    // Not `flat`, which leaves typed rows as they are.
    const values = ordered.flatMap((row) => Array.from(row));
    const held = intoFrame(values, this.#dataset.frame);
    if (workspace.label === undefined) yield* resultOf(workspace.accumulate(held));
    else yield* resultOf(workspace.label(held));
    const labels = yield* resultOf(workspace.labels());
    return isReversed ? labels.map((label) => k - 1 - label) : labels;
  }

  close(): void {
    leftBehind.unregister(this);
    if (this.#isOwner) release(this.#held);
    else this.#held.workspace?.close();
  }
}

/** Row by row, by the package's own rule. */
export class PlainClusterer implements Clusterer {
  readonly #rows: Rows;
  readonly #nearest: Nearest;
  readonly #labels: number[] = [];

  constructor(rows: Rows, nearest: Nearest) {
    this.#rows = rows;
    this.#nearest = nearest;
  }

  *distancesTo(indices: readonly number[]): Steps<ArrayLike<number>[]> {
    const rows = this.#rows;
    // From the earlier row, as ml-kmeans does: of ragged rows, the first one says over how many coordinates.
    return indices.map((index) =>
      Array.from(rows, (row, i) => (i < index ? squaredDistance(row, rows[index]) : squaredDistance(rows[index], row))),
    );
  }

  *assign(centroids: readonly number[][]): Steps<ArrayLike<number>> {
    const rows = this.#rows;
    const pause = rowsOfTurn(centroids.length * rows[0].length);
    for (let i = 0; i < rows.length; i++) {
      this.#labels[i] = this.#nearest(rows[i], centroids);
      if (i % pause === pause - 1) yield;
    }
    return this.#labels;
  }

  close(): void {}
}

export type Rows = ArrayLike<number[]>;

/** Index of the nearest centroid to a row. */
export type Nearest = (row: number[], centroids: readonly number[][]) => number;

export function squaredDistance(p: ArrayLike<number>, q: ArrayLike<number>): number {
  let sum = 0;
  for (let j = 0; j < p.length; j++) sum += (p[j] - q[j]) * (p[j] - q[j]);
  return sum;
}

/** The means of the rows of k clusters, summed in float64 and in the order of the rows. */
export function meansOf(rows: Rows, labels: ArrayLike<number>, k: number): Means {
  const d = rows[0].length;
  const counts = new Array<number>(k).fill(0);
  const means = Array.from({ length: k }, () => new Array<number>(d).fill(0));
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const sums = means[labels[i]];
    counts[labels[i]]++;
    for (let j = 0; j < d; j++) sums[j] += row[j];
  }
  means.forEach((sums, c) => {
    for (let j = 0; j < d; j++) sums[j] /= counts[c];
  });
  return { counts, means };
}
