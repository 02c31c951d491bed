/**
 * Mini-batch k-means (Sculley 2010) by the rules of scikit-learn's: a centroid is the mean of all rows that batches have given
 * it, clusters that get few are moved, and the inertia of the batches, smoothed, says when it is enough.
 */
import type { AssignedPoints, KMeansDataset } from '../engine/contract.ts';
import type { Frame } from '../frame.ts';
import { checkFeatures, meanOf, type PointsSummary, pointsOfRows } from '../points.ts';
import { Random } from '../random.ts';
import { resultOf, type Steps } from '../steps.ts';
import { type FitState, firstCentroids, iterateFrom, type KMeansFit, newState, outcomeOf, progressOf } from './fit.ts';
import { measuredRows } from './partition.ts';
import { checkKMeansPlan, KMEANS_DEFAULTS, type KMeansPlan } from './plan.ts';
import { distinctBelow, randomRows } from './seeding.ts';
import { updateCentroids } from './update.ts';

/** What each batch is learnt by. */
export interface LearningPlan extends KMeansPlan {
  /** Rows that starts are fitted to, at most; undefined for as many as serve. */
  readonly initSize: number | undefined;
  readonly batchSize: number;
  /** Clusters of less than this share of the largest one's weight are moved. */
  readonly reassignmentRatio: number;
}

export interface MiniBatchPlan extends LearningPlan {
  /** So many batches in a row that do not lower the smoothed inertia end the fit. */
  readonly maxNoImprovement: number;
}

/** What batches have taught so far. */
export interface Learned {
  readonly frame: Frame;
  /** That of the newest batch, in which points like its own are held. */
  readonly newest: Frame;
  /** In the frame [k, d]. */
  readonly centroids: Float64Array;
  /** Σw of the rows behind each centroid [k]. */
  readonly counts: Float64Array;
  /** Σ w·x of them, in the frame [k, d]. */
  readonly sums: Float64Array;
  readonly steps: number;
  /** Rows since clusters were last moved. */
  readonly waiting: number;
}

/** What one batch did. */
interface Lesson extends Learned {
  /** Of the batch under the centroids before, in the frame. */
  readonly inertia: number;
  /** Σw of the batch. */
  readonly weight: number;
  /** Summed squared shift of the centroids, in the frame. */
  readonly shift: number;
}

/** Before the first batch. */
function untaught(frame: Frame, centroids: Float64Array, k: number): Learned {
  const [counts, sums] = [new Float64Array(k), new Float64Array(centroids.length)];
  return { frame, newest: frame, centroids, counts, sums, steps: 0, waiting: 0 };
}

/** The same in the frame of another batch. Sums change by differences of shifts, which keep their digits. */
function inFrame(learned: Learned, to: Frame): Learned {
  const { frame: from, counts } = learned;
  const d = to.shift.length;
  const moved = (values: Float64Array, weightOf: (c: number) => number) =>
    values.map((value, i) => {
      const away = from.shift[i % d] - to.shift[i % d];
      return (value / from.scale + weightOf(Math.floor(i / d)) * away) * to.scale;
    });
  const centroids = moved(learned.centroids, () => 1);
  return { ...learned, frame: to, centroids, sums: moved(learned.sums, (c) => counts[c]) };
}

/** One batch, in the frame of what was learnt. */
function* taught(batch: KMeansDataset, learned: Learned, { k, reassignmentRatio, seed }: LearningPlan): Steps<Lesson> {
  const { d, metric, frame, totalWeight: weight } = batch;
  const workspace = yield* resultOf(batch.kmeans(k, true));
  try {
    const part = yield* resultOf(workspace.accumulate(learned.centroids));
    const counts = learned.counts.map((count, c) => count + part.counts[c]);
    const sums = learned.sums.map((sum, i) => sum + part.sums[i]);
    // Those that the batch gave nothing stay as they are, to the bit.
    const given = counts.map((count, c) => (part.counts[c] > 0 ? count : 0));
    const update = yield* updateCentroids(learned.centroids, given, sums, metric);
    const steps = learned.steps + 1;
    const waiting = learned.waiting + batch.n;
    const { inertia } = part;
    const lesson = { frame, newest: frame, counts, sums, steps, inertia, weight, ...update };
    if (!(reassignmentRatio > 0 && (waiting >= ROWS_OF_CLUSTER * k || learned.counts.includes(0)))) {
      return { ...lesson, waiting };
    }
    const starved = starvedOf(counts, reassignmentRatio, batch.positiveRows);
    const rows = yield* resultOf(batch.gather(yield* randomRows(batch, starved.length, new Random(seed, steps))));
    const least = counts.reduce((least, count, c) => (starved.includes(c) ? least : Math.min(least, count)), Infinity);
    for (const [i, c] of starved.entries()) {
      const row = rows.subarray(i * d, (i + 1) * d);
      counts[c] = least;
      update.centroids.set(row, c * d);
      sums.set(
        row.map((value) => value * least),
        c * d,
      );
    }
    const shift = update.centroids.reduce((sum, value, i) => sum + (value - learned.centroids[i]) ** 2, 0);
    return { ...lesson, shift, waiting: 0 };
  } finally {
    workspace.close();
  }
}

/** Clusters are looked at once so many rows for each of them were seen, and before where some have none. */
const ROWS_OF_CLUSTER = 10;

/** Clusters to be moved, those of the least weight first, and as many as half of the rows at most. */
function starvedOf(counts: Float64Array, ratio: number, rows: number): number[] {
  const limit = ratio * counts.reduce((a, b) => Math.max(a, b));
  const starved = Array.from(counts.keys()).filter((c) => counts[c] < limit);
  return starved.sort((a, b) => counts[a] - counts[b]).slice(0, Math.floor(rows / 2));
}

/** One batch that is whoever's: the first one draws the start, the others need not be in its frame. */
export function* learnedFrom(batch: KMeansDataset, known: Learned | null, plan: LearningPlan): Steps<Learned> {
  if (known === null) {
    const { frame, centroids } = yield* firstLearned(batch, plan);
    return yield* taught(batch, untaught(frame, centroids, plan.k), plan);
  }
  checkFeatures(batch.d, known.frame.shift.length);
  const there = inFrame(known, batch.frame);
  return broughtBack(known, there, yield* taught(batch, there, plan));
}

/** A lesson in the frame of before. Clusters that it left alone are to the bit what they were, however far the batch lay. */
function broughtBack(known: Learned, there: Learned, lesson: Lesson): Learned {
  const { newest, steps, waiting, counts } = lesson;
  const { centroids, sums } = inFrame(lesson, known.frame);
  const d = newest.shift.length;
  for (let c = 0; c < counts.length; c++) {
    const [from, to] = [c * d, (c + 1) * d];
    if (counts[c] !== known.counts[c]) continue;
    if (lesson.centroids.subarray(from, to).some((value, j) => value !== there.centroids[from + j])) continue;
    centroids.set(known.centroids.subarray(from, to), from);
    sums.set(known.sums.subarray(from, to), from);
  }
  return { frame: known.frame, newest, centroids, counts, sums, steps, waiting };
}

/**
 * Rows that a start is fitted to, for each cluster, and their share of all at most, where they are more than three batches. On
 * three million flights, k 64, three seeds and 20 to 400 batches, 48 rows a cluster left the inertia 3 to 21 % above that of
 * all rows, 256 of them 0 to 10; 512 of them, the better of two starts and 100 batches, 0.5 to 1.7.
 */
const ROWS_OF_START = 512;
const SHARE_OF_START = 1 / 16;
const BATCHES_OF_START = 3;

function sizeOfStart({ initSize, batchSize, k }: LearningPlan, n: number): number {
  return initSize ?? Math.max(BATCHES_OF_START * batchSize, k, Math.min(ROWS_OF_START * k, SHARE_OF_START * n));
}

/**
 * k-means of some of the rows, which are the first that are learnt from: of `nInit` fits the one of the least inertia over all
 * points, since few rows tell little of those that are rare and far. An explicit start is nothing learnt.
 */
export function* firstLearned(dataset: KMeansDataset, plan: LearningPlan): Steps<Learned> {
  checkKMeansPlan(plan, dataset);
  const { frame, n } = dataset;
  const { k, seed, nInit } = plan;
  if (typeof plan.start !== 'string') return untaught(frame, yield* firstCentroids(dataset, plan, 0), k);
  const size = Math.floor(sizeOfStart(plan, n));
  const some = (number: number) => measuredRows(dataset, size, new Random(seed, number).bits());
  let [best, least]: [Learned | null, number] = [null, Infinity];
  for (let start = 0; start < nInit; start++) {
    const learned = yield* inPart(dataset, yield* some(start), (part) => fitted(part, plan, start));
    if (nInit === 1) return learned;
    const inertia = yield* inertiaAt(dataset, learned.centroids);
    if (best === null || inertia < least) [best, least] = [learned, inertia];
  }
  return best!;
}

function* inertiaAt(dataset: KMeansDataset, centroids: Float64Array): Steps<number> {
  const workspace = yield* resultOf(dataset.kmeans(centroids.length / dataset.d, true));
  try {
    return (yield* resultOf(workspace.accumulate(centroids))).inertia;
  } finally {
    workspace.close();
  }
}

/** What a fit of rows knows of them. */
function* fitted(rows: KMeansDataset, { k, start, seed }: LearningPlan, number: number): Steps<Learned> {
  const state = newState();
  return yield* iterateFrom(rows, { ...KMEANS_DEFAULTS, k, start, seed }, number, state, function* (workspace) {
    const centroids = state.centroids!;
    const { counts, sums } = yield* resultOf(workspace.accumulate(centroids));
    return { ...untaught(rows.frame, centroids, k), counts: counts.slice(), sums: sums.slice() };
  });
}

/** Does something with some of the rows, as points of their own. */
function* inPart<T>(dataset: KMeansDataset, rows: Uint32Array, work: (part: KMeansDataset) => Steps<T>): Steps<T> {
  const { weights: ofAll } = dataset;
  const values = yield* resultOf(dataset.gather(rows));
  const weights = ofAll && Float32Array.from(rows, (row) => ofAll[row]);
  const part = yield* resultOf(dataset.upload(pointsOfRows(dataset, values, weights)));
  try {
    return yield* work(part);
  } finally {
    part.destroy();
  }
}

/** A fit, batch by batch. */
export class MiniBatchFit {
  readonly #points: PointsSummary;
  readonly #plan: MiniBatchPlan;
  readonly #state: FitState;
  #learned: Learned;
  /** Mean inertia of the batches behind the first, and the least that it was. */
  #smoothed = NaN;
  #least = Infinity;
  /** Batches since then. */
  #without = 0;

  /** @param points what is known of all, whichever of them are there */
  constructor(points: PointsSummary, plan: MiniBatchPlan, start: Learned) {
    this.#points = points;
    this.#plan = plan;
    this.#state = newState(start.centroids);
    this.#learned = start;
  }

  get goesOn(): boolean {
    return !this.#state.converged && !this.#state.stopped;
  }

  /**
   * One batch of some rows.
   *
   * @param isRandom whether they are rows of all: else no cluster is moved because they have none for it, and no end is seen
   */
  *learn(dataset: KMeansDataset, rows: Uint32Array, isRandom: boolean): Steps<void> {
    const state = this.#state;
    const plan = isRandom ? this.#plan : { ...this.#plan, reassignmentRatio: 0 };
    const lesson = yield* inPart(dataset, rows, (batch) => taught(batch, this.#learned, plan));
    this.#learned = lesson;
    [state.centroids, state.iterations] = [lesson.centroids, lesson.steps];
    state.converged = this.#follow(lesson, rows.length) && isRandom;
    const mean = lesson.steps === 1 ? lesson.inertia / lesson.weight : this.#smoothed;
    const inertia = mean * this.#points.totalWeight;
    const status = { iteration: lesson.steps, inertia, shift: lesson.shift };
    const answer = yield* resultOf(plan.onIteration?.(progressOf(status, 0, state, this.#points)));
    if (answer === 'stop') [state.stopped, state.converged] = [true, false];
    if (!isRandom) [this.#least, this.#without] = [Infinity, 0];
  }

  /** All rows of a part of the points, in batches of as many, in random order. */
  *learnAll(dataset: KMeansDataset, isRandom: boolean): Steps<void> {
    const { seed, batchSize } = this.#plan;
    const rows = yield* measuredRows(dataset);
    const order = yield* distinctBelow(rows.length, rows.length, new Random(seed, this.#learned.steps));
    const batches = Math.ceil(rows.length / batchSize);
    const edge = (batch: number) => Math.round((batch * rows.length) / batches);
    for (let batch = 0; batch < batches && this.goesOn; batch++) {
      const places = order.subarray(edge(batch), edge(batch + 1));
      yield* this.learn(
        dataset,
        places.map((place) => rows[place]),
        isRandom,
      );
      yield;
    }
  }

  /** What came of it for all points: one assignment. */
  *outcome(points: AssignedPoints): Steps<KMeansFit> {
    const workspace = yield* resultOf(points.kmeans(this.#plan.k, true));
    try {
      return yield* outcomeOf(points, workspace, this.#plan, this.#state);
    } finally {
      workspace.close();
    }
  }

  /** Whether it is enough. */
  #follow({ steps, inertia, weight, shift }: Lesson, rows: number): boolean {
    // The first batch tells of the start.
    if (steps === 1) return false;
    const { variance, positiveRows } = this.#points;
    const { tolerance, maxNoImprovement } = this.#plan;
    const mean = inertia / weight;
    const share = Math.min(1, (2 * rows) / (positiveRows + 1));
    this.#smoothed = steps === 2 ? mean : this.#smoothed * (1 - share) + mean * share;
    if (tolerance > 0 && shift <= tolerance * meanOf(variance)) return true;
    this.#without = this.#smoothed < this.#least ? 0 : this.#without + 1;
    this.#least = Math.min(this.#least, this.#smoothed);
    return this.#without >= maxNoImprovement;
  }
}

/** Batches of random rows, until it is enough or there were as many rows as there are, `maxIterations` times. */
export function* fitMiniBatch(dataset: KMeansDataset, plan: MiniBatchPlan): Steps<KMeansFit> {
  const fit = new MiniBatchFit(dataset, plan, yield* firstLearned(dataset, plan));
  const { n, positiveRows } = dataset;
  const all = positiveRows === n ? null : yield* measuredRows(dataset);
  const random = new Random(plan.seed, -1);
  const draw = () => random.below(positiveRows);
  const size = Math.min(plan.batchSize, positiveRows);
  const steps = Math.floor((plan.maxIterations * positiveRows) / size);
  for (let step = 0; step < steps && fit.goesOn; step++) {
    yield* fit.learn(dataset, Uint32Array.from({ length: size }, all === null ? draw : () => all[draw()]), true);
    yield;
  }
  return yield* fit.outcome(dataset);
}
