import type { KMeansDataset } from '../engine/contract.ts';
import { pointsOfRows } from '../points.ts';
import type { Random } from '../random.ts';
import { resultOf, type Steps } from '../steps.ts';
import { assignOnce } from './assign.ts';
import { Ranking } from './ranking.ts';

/**
 * Rounds of k-means‖, and rows that a round draws on average for each cluster: as in section 5 of Bahmani et al. 2012, but
 * as few as cost 2 % of the inertia at most. Half of the time goes with their number.
 */
const PARALLEL_ROUNDS = 3;
const OVERSAMPLING = 1.5;
/** Where more than this share of the rows would be drawn, to choose among them costs as much as among all. */
const MOST_DRAWN = 1 / 32;

export const KMEANS_STARTS = ['k-means++', 'k-means||', 'random'] as const;

export type KMeansStart = (typeof KMEANS_STARTS)[number];

/** k centroids [k, d] to start from, in the dataset's frame. */
export function* seedCentroids(
  dataset: KMeansDataset,
  k: number,
  method: KMeansStart,
  random: Random,
): Steps<Float64Array> {
  switch (method) {
    case 'random':
      return yield* resultOf(dataset.gather(yield* randomRows(dataset, k, random)));
    case 'k-means++':
      return yield* plusPlusRows(dataset, k, random);
    case 'k-means||':
      return yield* scalable(dataset, k, random);
  }
}

/** Numbers that are drawn between two looks at the clock. */
const STEP_DRAWS = 2 ** 14;

/** Greedy k-means++ with scikit-learn's number of candidates: the indices of k rows. */
export function* plusPlus(dataset: KMeansDataset, k: number, random: Random): Steps<Uint32Array> {
  const candidates = 2 + Math.floor(Math.log(k));
  const draws = new Float32Array(2 * k * candidates);
  for (let i = 0; i < draws.length; i++) {
    draws[i] = random.uniform24();
    if (i % STEP_DRAWS === STEP_DRAWS - 1) yield;
  }
  return yield* resultOf(dataset.plusPlus(k, candidates, draws));
}

/** The rows themselves: [k, d]. */
function* plusPlusRows(dataset: KMeansDataset, k: number, random: Random): Steps<Float64Array> {
  const indices = yield* plusPlus(dataset, k, random);
  return yield* resultOf(dataset.gather(indices));
}

/**
 * k-means‖ (Bahmani et al. 2012): a few rounds draw many rows at once, each with probability proportional to its
 * weighted squared distance; k-means++ on those rows, weighted by the points that are nearest to each, does the rest.
 */
function* scalable(dataset: KMeansDataset, k: number, random: Random): Steps<Float64Array> {
  if (PARALLEL_ROUNDS * OVERSAMPLING * k > MOST_DRAWN * dataset.n) {
    return yield* plusPlusRows(dataset, k, random);
  }
  const draw = Float32Array.of(random.uniform24(), random.uniform24());
  const first = yield* resultOf(dataset.plusPlus(1, 1, draw));
  const chosen = new Set(first);
  const field = yield* resultOf(dataset.distanceField());
  try {
    let newest = first;
    for (let round = 0; round < PARALLEL_ROUNDS && newest.length > 0; round++) {
      const centroids = yield* resultOf(dataset.gather(newest));
      const total = yield* resultOf(field.extend(centroids));
      if (total === 0) break;
      newest = yield* resultOf(field.sample((OVERSAMPLING * k) / total, random.bits()));
      for (const row of newest) chosen.add(row);
    }
  } finally {
    field.destroy();
  }
  const rows = Uint32Array.from(chosen).sort();
  if (rows.length <= k) return yield* plusPlusRows(dataset, k, random);
  const candidates = yield* resultOf(dataset.gather(rows));
  return yield* reduceCandidates(dataset, candidates, k, random);
}

function* reduceCandidates(
  dataset: KMeansDataset,
  candidates: Float64Array,
  k: number,
  random: Random,
): Steps<Float64Array> {
  const { counts } = yield* assignOnce(dataset, candidates);
  // Relative to the largest: their sums may be more than float32 holds.
  const largest = counts.reduce((a, b) => Math.max(a, b));
  const weights = Float32Array.from(counts, (count) => count / largest);
  const weighted = yield* resultOf(dataset.upload(pointsOfRows(dataset, candidates, weights)));
  try {
    return yield* plusPlusRows(weighted, k, random);
  } finally {
    weighted.destroy();
  }
}

/** k distinct rows, drawn one after the other with probability proportional to their weight. */
export function* randomRows({ n, weights }: KMeansDataset, k: number, random: Random): Steps<Uint32Array> {
  if (weights === null) return yield* distinctBelow(n, k, random);
  // Efraimidis and Spirakis 2006: the k smallest exponential waiting times are such a sample.
  const ranking = yield* Ranking.of(n, (i) =>
    weights[i] > 0 ? Math.log(1 - random.uniform()) / weights[i] : -Infinity,
  );
  return yield* ranking.next(k);
}

/** A Fisher-Yates shuffle of [0, n) that stops after k places and keeps only those it touched. */
export function* distinctBelow(n: number, k: number, random: Random): Steps<Uint32Array> {
  const moved = new Map<number, number>();
  const rows = new Uint32Array(k);
  for (let i = 0; i < k; i++) {
    const j = i + random.below(n - i);
    rows[i] = moved.get(j) ?? j;
    moved.set(j, moved.get(i) ?? i);
    if (i % STEP_DRAWS === STEP_DRAWS - 1) yield;
  }
  return rows;
}
