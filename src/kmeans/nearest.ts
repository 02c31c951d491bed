/** Distances to centroids, the nearest of them, and of the rows of each the nearest: loaded by those who want more than labels. */
import type { EngineDataset, Nearest } from '../engine/contract.ts';
import { Least } from '../engine/least.ts';
import { intoFrame } from '../frame.ts';
import { metricOf } from '../metric.ts';
import type { PointsSummary, PreparedPoints } from '../points.ts';
import { resultOf, type Steps } from '../steps.ts';
import { rowsOfTurn } from '../turns.ts';
import { assignOnce } from './assign.ts';
import { squaresOfFar } from './far.ts';
import { squaresOfFew } from './few.ts';
import { Ranking } from './ranking.ts';

/** Rows between two looks at the clock. */
const STEP_ROWS = 2 ** 14;
/** Distances in one block: 16 MiB. */
const BLOCK_VALUES = 2 ** 22;

/** What {@link nearest} finds: the centroids that are nearest to each of n points, the nearest first. */
export interface NearestCentroids {
  /** Their indices [n·count], row-major. */
  readonly indices: Uint32Array;
  /** How far they are, as {@link Metric} has it: [n·count]. Euclidean distances are not squared. */
  readonly distances: Float32Array;
}

/** The `count` nearest of centroids [k, d], in the caller's coordinates, to each row of a dataset. */
export function* nearestOf(dataset: EngineDataset, centroids: Float64Array, count: number): Steps<NearestCentroids> {
  return yield* toCallers(dataset, centroids, count, yield* find(dataset, centroids, count));
}

/** The same for a few rows that have no engine. */
export function* nearestOfFew(points: PreparedPoints, centroids: Float64Array, count: number): Steps<NearestCentroids> {
  return yield* toCallers(points, centroids, count, yield* findAmongFew(points, centroids, count));
}

/**
 * Of the rows whose nearest of centroids [k, d] each one is, those of positive weight that are nearest: up to `count`, the
 * nearest first, equally near ones by their index.
 */
export function* representativesOf(
  dataset: EngineDataset,
  centroids: Float64Array,
  count: number,
): Steps<Uint32Array[]> {
  return yield* ranked(dataset, centroids, count, yield* find(dataset, centroids, 1));
}

/** What an engine finds; of far rows it means nothing. */
function* find(dataset: EngineDataset, centroids: Float64Array, count: number): Steps<Nearest> {
  const placed = intoFrame(centroids, dataset.frame);
  if (dataset.nearest !== undefined) return yield* resultOf(dataset.nearest(placed, count));
  if (count > 1) return yield* leastOfAll(dataset, placed, count);
  const { labels } = yield* assignOnce(dataset, placed);
  return { indices: labels, squares: yield* resultOf(dataset.nearestDistances(placed)) };
}

function* findAmongFew(points: PreparedPoints, centroids: Float64Array, count: number): Steps<Nearest> {
  const { n } = points;
  const least = Array.from({ length: n }, () => new Least(count));
  yield* squaresOfFew(points, centroids, (square, row, c) => least[row].offer(square, c));
  const found = { indices: new Uint32Array(n * count), squares: new Float64Array(n * count) };
  least.forEach((ofRow, row) => {
    ofRow.take(found.indices, found.squares, row * count);
  });
  return found;
}

/** Of all distances, which the host has for a block of rows at a time. */
function* leastOfAll(dataset: EngineDataset, centroids: Float64Array, count: number): Steps<Nearest> {
  const { n, d } = dataset;
  const k = centroids.length / d;
  const indices = new Uint32Array(n * count);
  const squares = new Float64Array(n * count);
  const rows = Math.max(1, Math.floor(BLOCK_VALUES / k));
  for (let from = 0; from < n; from += rows) {
    const block = yield* resultOf(dataset.allDistances(centroids, from, Math.min(n, from + rows)));
    const least = yield* leastOf(block, k, count);
    indices.set(least.indices, from * count);
    squares.set(least.squares, from * count);
  }
  return { indices, squares };
}

/** The least of each row of [m, k]. */
function* leastOf(all: ArrayLike<number>, k: number, count: number): Steps<Nearest> {
  const m = all.length / k;
  const indices = new Uint32Array(m * count);
  const squares = new Float64Array(m * count);
  const least = new Least(count);
  const pause = rowsOfTurn(4 * k);
  for (let row = 0, at = 0; row < m; row++) {
    for (let c = 0; c < k; c++) least.offer(all[at++], c);
    least.take(indices, squares, row * count);
    if (row % pause === pause - 1) yield;
  }
  return { indices, squares };
}

/** As callers see it, far rows and all. */
function* toCallers(
  points: PointsSummary,
  centroids: Float64Array,
  count: number,
  { indices, squares }: Nearest,
): Steps<NearestCentroids> {
  const { d, far, frame, metric } = points;
  const { distance } = metricOf(metric);
  const distances = new Float32Array(squares.length);
  for (let at = 0; at < squares.length; at++) {
    distances[at] = distance(squares[at], frame.scale);
    if (at % STEP_ROWS === STEP_ROWS - 1) yield;
  }
  const ofFar = yield* leastOf(squaresOfFar(far, centroids, d), centroids.length / d, count);
  far.indices.forEach((row, i) => {
    for (let c = 0; c < count; c++) {
      indices[row * count + c] = ofFar.indices[i * count + c];
      distances[row * count + c] = distance(ofFar.squares[i * count + c], 1);
    }
  });
  return { indices, distances };
}

/** Of each cluster the rows of weight, the nearest first. */
function* ranked(
  points: PointsSummary,
  centroids: Float64Array,
  count: number,
  { indices: labels, squares: found }: Nearest,
): Steps<Uint32Array[]> {
  const { n, d, far, weights, frame } = points;
  const k = centroids.length / d;
  const ofFar = yield* leastOf(squaresOfFar(far, centroids, d), k, 1);
  const squares = Float64Array.from(found);
  const farWeights = new Map<number, number>();
  far.indices.forEach((row, i) => {
    labels[row] = ofFar.indices[i];
    squares[row] = ofFar.squares[i] * frame.scale * frame.scale;
    farWeights.set(row, far.weights[i]);
  });
  const counts = (row: number) => weights === null || (farWeights.get(row) ?? weights[row]) > 0;
  const members: number[][] = Array.from({ length: k }, () => []);
  for (let row = 0; row < n; row++) {
    if (counts(row)) members[labels[row]].push(row);
    if (row % STEP_ROWS === STEP_ROWS - 1) yield;
  }
  const chosen: Uint32Array[] = [];
  for (const rows of members) {
    // Beyond float64 they are equally far, and not left out.
    const ranking = yield* Ranking.of(rows.length, (i) => -Math.min(squares[rows[i]], Number.MAX_VALUE));
    chosen.push((yield* ranking.next(count)).map((i) => rows[i]));
  }
  return chosen;
}

/** Distances [n·k] of the rows of a dataset to centroids [k, d], as callers see both. */
export function* distancesOf(dataset: EngineDataset, centroids: Float64Array): Steps<Float32Array> {
  const { n, d, frame } = dataset;
  const k = centroids.length / d;
  const { values, set } = distancesFor(dataset, centroids);
  const placed = intoFrame(centroids, frame);
  const rows = Math.max(1, Math.floor(BLOCK_VALUES / k));
  for (let from = 0; from < n; from += rows) {
    const block = yield* resultOf(dataset.allDistances(placed, from, Math.min(n, from + rows)));
    for (let i = 0; i < block.length; i++) {
      set(from * k + i, block[i]);
      if (i % STEP_ROWS === STEP_ROWS - 1) yield;
    }
  }
  return values();
}

/** The same of a few rows that have no engine. */
export function* distancesOfFew(points: PreparedPoints, centroids: Float64Array): Steps<Float32Array> {
  const k = centroids.length / points.d;
  const { values, set } = distancesFor(points, centroids);
  yield* squaresOfFew(points, centroids, (square, row, c) => set(row * k + c, square));
  return values();
}

/** Distances [n·k] to be made of squared ones in the frame of the points; the rows that are far have their own. */
function distancesFor({ frame, metric, n, d, far }: PointsSummary, centroids: Float64Array) {
  const k = centroids.length / d;
  const { distance } = metricOf(metric);
  const distances = new Float32Array(n * k);
  return {
    set(at: number, square: number) {
      distances[at] = distance(square, frame.scale);
    },
    values() {
      const squares = squaresOfFar(far, centroids, d);
      far.indices.forEach((row, i) => {
        for (let c = 0; c < k; c++) distances[row * k + c] = distance(squares[i * k + c], 1);
      });
      return distances;
    },
  };
}
