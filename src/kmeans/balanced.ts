/** k-means whose clusters have a greatest size. Loaded where one is asked for. */
import type { EngineDataset } from '../engine/contract.ts';
import { outOfFrame } from '../frame.ts';
import type { RowValues } from '../points.ts';
import { meanOf } from '../points.ts';
import { resultOf, type Steps } from '../steps.ts';
import { rowsOfTurn } from '../turns.ts';
import { toInertia } from './assign.ts';
import { type FitFrom, type FitState, firstCentroids, goesOn, type KMeansFit, progressOf } from './fit.ts';
import { hasConverged } from './lloyd.ts';
import { checkKMeansPlan, type KMeansPlan } from './plan.ts';
import { Transport } from './transport.ts';
import { updateCentroids } from './update.ts';
import { worstRows } from './worst-rows.ts';

/** Values that are read at a time. */
const BLOCK_VALUES = 2 ** 16;

/**
 * A fit from one start: Lloyd's iterations whose assignment is the one of least cost among those in which no cluster has more
 * than `maxSize` rows. Neither it nor the update raises the inertia; where it falls no more the fit has converged. Clusters
 * without rows are moved to those that are farthest from their own centroids.
 */
export function fitWithin(maxSize: number): FitFrom<EngineDataset> {
  return (dataset, plan, start, state) => fitFrom(dataset, plan, maxSize, start, state);
}

function* fitFrom(
  dataset: EngineDataset,
  plan: KMeansPlan,
  maxSize: number,
  start: number,
  state: FitState,
): Steps<KMeansFit> {
  const { k } = plan;
  checkKMeansPlan(plan, dataset);
  checkRoom(dataset, k, maxSize);
  const { d, metric, frame, backend } = dataset;
  state.centroids ??= yield* firstCentroids(dataset, plan, start);
  const rows = yield* rowsOf(dataset);
  const transport = new Transport(rows, d, k, maxSize);
  yield* iterate(dataset, rows, transport, plan, state);
  const inertia = toInertia(yield* inertiaOf(rows, transport.labels, state.centroids), dataset);
  return {
    ...{ k, d, metric, inertia, backend, frame },
    centroids: outOfFrame(state.centroids, frame),
    labels: transport.labels,
    labelsBuffer: null,
    counts: transport.sizes,
    iterations: state.iterations,
    converged: state.converged,
  };
}

/** @throws {TypeError | RangeError} where points cannot be in clusters of that size. */
function checkRoom({ n, metric, weights }: EngineDataset, k: number, maxSize: number): void {
  if (metric !== 'euclidean') throw new TypeError(`maxSize needs the Euclidean metric, not ${metric}`);
  if (weights?.some((weight) => weight !== 1)) throw new TypeError('maxSize counts rows: they cannot have weights');
  if (k * maxSize < n) throw new RangeError(`maxSize is ${maxSize}: ${k} clusters have no room for ${n} points`);
}

/** Until the fit has converged or is at the limit, and then a last assignment. */
function* iterate(
  dataset: EngineDataset,
  rows: RowValues,
  transport: Transport,
  plan: KMeansPlan,
  state: FitState,
): Steps<void> {
  const tolerance = plan.tolerance * meanOf(dataset.variance);
  let previous: Uint32Array | null = null;
  let before = Infinity;
  while (goesOn(state, plan)) {
    const centroids = state.centroids!;
    yield* transport.assign(dataset, centroids);
    const { labels, sizes } = transport;
    const inertia = yield* inertiaOf(rows, labels, centroids);
    const changed = previous === null ? labels.length : differences(labels, previous);
    const update = yield* updateCentroids(centroids, sizes, yield* sumsOf(rows, labels, centroids), dataset.metric);
    const empty = Array.from(sizes.keys()).filter((c) => sizes[c] === 0);
    state.centroids = update.centroids;
    state.iterations++;
    const status = { iteration: state.iterations, inertia, shift: update.shift, changed, empty: empty.length };
    state.stopped = plan.onIteration?.(progressOf(status, 0, state, dataset)) === 'stop';
    const moved = yield* relocate(dataset, transport.own, state, empty);
    const isSettled = hasConverged(status, previous !== null, tolerance) || inertia >= before;
    state.converged = isSettled && moved === 0 && !state.stopped;
    previous = labels.slice();
    before = inertia;
    yield;
  }
  yield* transport.assign(dataset, state.centroids!);
}

/** Gives clusters without rows the places of rows that are farthest from their centroids; returns for how many there were. */
function* relocate(
  dataset: EngineDataset,
  squares: Float64Array,
  state: FitState,
  empty: readonly number[],
): Steps<number> {
  if (empty.length === 0) return 0;
  const rows = yield* worstRows(dataset, (row) => squares[row] || -Infinity, empty.length);
  // A copy: those of the update were told of.
  const centroids = state.centroids!.slice();
  rows.forEach(({ values }, i) => {
    centroids.set(values, empty[i] * dataset.d);
  });
  state.centroids = centroids;
  return rows.length;
}

function differences(labels: Uint32Array, others: Uint32Array): number {
  return labels.reduce((count, label, row) => count + (label === others[row] ? 0 : 1), 0);
}

/** All rows, on the host, as the engine holds them: [n, d]. */
function* rowsOf(dataset: EngineDataset): Steps<RowValues> {
  const { n, d, frame } = dataset;
  const rows = new (frame.precise ? Float64Array : Float32Array)(n * d);
  const each = Math.max(1, Math.floor(BLOCK_VALUES / d));
  for (let from = 0; from < n; from += each) {
    const indices = Uint32Array.from({ length: Math.min(each, n - from) }, (_, i) => from + i);
    rows.set(yield* resultOf(dataset.gather(indices)), from * d);
    yield;
  }
  return rows;
}

/** The sum of the rows of each cluster [k, d]. */
function* sumsOf(rows: RowValues, labels: Uint32Array, { length }: Float64Array): Steps<Float64Array> {
  const sums = new Float64Array(length);
  yield* eachRow(rows, labels, (from, to, d) => {
    for (let j = 0; j < d; j++) sums[to + j] += rows[from + j];
  });
  return sums;
}

/** Σ‖x − c‖² with the centroid of each row's label. */
function* inertiaOf(rows: RowValues, labels: Uint32Array, centroids: Float64Array): Steps<number> {
  let sum = 0;
  yield* eachRow(rows, labels, (from, to, d) => {
    for (let j = 0; j < d; j++) sum += (rows[from + j] - centroids[to + j]) ** 2;
  });
  return sum;
}

/** Visits where the values of a row begin, and where those of its centroid do. */
function* eachRow(
  rows: RowValues,
  labels: Uint32Array,
  visit: (from: number, to: number, d: number) => void,
): Steps<void> {
  const d = rows.length / labels.length;
  const pause = rowsOfTurn(d);
  for (let row = 0; row < labels.length; row++) {
    visit(row * d, labels[row] * d, d);
    if (row % pause === pause - 1) yield;
  }
}
