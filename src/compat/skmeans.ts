/**
 * What the package skmeans 0.11 exports, on the CPU engine of this library: changing the import is all. It takes what 0.9
 * takes, too.
 *
 * @module webgpu-clustering/compat/skmeans
 */
import '../globals.ts';
import { runNow, type Steps } from '../steps.ts';
import { areForEngine, type Clusterer, engineHere, isWorthwhile, meansOf, PlainClusterer } from './clusterer.ts';

/** A point: its numbers, or one number. */
export type Point = number[] | number;

/** How clusters begin: `'kmrand'` with rows of different values, `'kmpp'` with k-means++, or with given centroids. */
export type Start<T extends Point> = 'kmrand' | 'kmpp' | T[];

/** Distance of two points. */
export type Distance<T extends Point> = (a: T, b: T) => number;

/** The result of {@link skmeans}. */
export interface Result<T extends Point> {
  /** Iterations in which a centroid moved. */
  it: number;
  /** Number of clusters. */
  k: number;
  /** Index of the nearest centroid of each point [n]: of equally near ones the last. */
  idxs: number[];
  /** Means of the points of each cluster [k]; 0 where it has none. The array that was given, if one was. */
  centroids: T[];
  /** The nearest centroid to another point: of equally near ones the last. */
  test(point: T, distance?: Distance<T>): Nearest<T>;
}

/** The nearest centroid to a point. */
export interface Nearest<T extends Point> {
  /** Its index. */
  idx: number;
  /** The centroid itself. */
  centroid: T;
}

const MOST_ITERATIONS = 10_000;

/**
 * `skmeans` of the package: Lloyd's iterations until no centroid moves.
 *
 * @param data n points
 * @param k number of clusters
 * @param initial default: k rows at random. An array of centroids is overwritten, as there.
 * @param maxit iterations, at most. Default 10,000.
 * @param distance default: Euclidean. Another one is computed in plain JavaScript, as there.
 * @throws {Error} where there are not k rows or centroids to begin with.
 * @example
 * ```ts
 * import skmeans from 'webgpu-clustering/compat/skmeans';
 *
 * const { idxs, centroids } = skmeans([1, 2, 8, 10], 2, [1, 8]);
 * console.log(idxs.join(), centroids.join()); // 0,0,1,1 1.5,9
 * ```
 */
export default function skmeans<T extends Point>(
  data: T[],
  k: number,
  initial?: Start<T> | null,
  maxit?: number | null,
  distance?: Distance<T> | null,
): Result<T> {
  const space = spaceOf(data, distance || null);
  const rows = Array.from(data, space.toRow);
  // As its loops count: up to the next whole number, and none where k is no number.
  const count = Math.max(0, Math.ceil(k)) || 0;
  const start = startOf(data, count, initial || null, space);
  const firstRows = Array.from({ length: count }, (_, c) => space.toRow(start[c]));
  const clusterer = (isForEngine(rows, firstRows, space) && engineHere(rows, 'last')) || plainClusterer(rows, space);
  const { it, idxs, centroids } = runNow(iterate(clusterer, rows, firstRows, maxit || MOST_ITERATIONS));
  for (let c = 0; c < count; c++) start[c] = space.toPoint(centroids[c]);
  return { it, k, idxs, centroids: start, test: nearestCentroid };
}

/** What the points are, and how far from each other: as rows. */
interface Space<T extends Point> {
  readonly isScalar: boolean;
  toRow(point: T): number[];
  toPoint(row: number[]): T;
  readonly distance: (a: number[], b: number[]) => number;
  readonly isEuclidean: boolean;
}

function spaceOf<T extends Point>(data: readonly T[], given: Distance<T> | null): Space<T> {
  // By the first point, whatever the others are.
  const isScalar = !((data[0] as number[]).length > 0);
  const toRow = (point: T) => (isScalar ? [point] : point) as number[];
  const toPoint = (row: number[]) => (isScalar ? row[0] : row) as T;
  const forms = { isScalar, toRow, toPoint };
  if (given !== null) return { ...forms, distance: (a, b) => given(toPoint(a), toPoint(b)), isEuclidean: false };
  return { ...forms, distance: isScalar ? absolute : forgiving, isEuclidean: true };
}

function absolute([a]: number[], [b]: number[]): number {
  return Math.abs(a - b);
}

/** Squared, with 0 for whatever is no number. */
function forgiving(a: number[], b: number[]): number {
  let sum = 0;
  for (let j = 0; j < a.length; j++) {
    const difference = (a[j] || 0) - (b[j] || 0);
    sum += difference * difference;
  }
  return sum;
}

function isForEngine<T extends Point>(rows: number[][], start: number[][], { isEuclidean }: Space<T>): boolean {
  return isEuclidean && isWorthwhile(rows, start.length) && areForEngine(start, rows[0].length);
}

function plainClusterer<T extends Point>(rows: number[][], { distance }: Space<T>): Clusterer {
  return new PlainClusterer(rows, (row, centroids) => nearestOf(row, centroids, distance));
}

/** The last of the nearest; the first of all where no distance is a number. */
function nearestOf<P>(point: P, centroids: readonly P[], distance: (a: P, b: P) => number): number {
  let nearest = 0;
  let least = Infinity;
  for (let c = 0; c < centroids.length; c++) {
    const squared = distance(point, centroids[c]);
    if (squared <= least) {
      least = squared;
      nearest = c;
    }
  }
  return nearest;
}

/** A method of results. */
function nearestCentroid<T extends Point>(this: Result<T>, point: T, distance?: Distance<T>): Nearest<T> {
  const idx = nearestOf(point, this.centroids, distance || euclideanOf<T>(point));
  return { idx, centroid: this.centroids[idx] };
}

function euclideanOf<T extends Point>(point: T): Distance<T> {
  return (typeof point === 'number' ? (a, b) => Math.abs((a as number) - (b as number)) : forgiving) as Distance<T>;
}

/** Closes the clusterer. */
function* iterate(
  clusterer: Clusterer,
  rows: number[][],
  start: number[][],
  most: number,
): Steps<{ it: number; idxs: number[]; centroids: number[][] }> {
  try {
    const k = start.length;
    let before = start;
    for (let it = 0; ; ) {
      const labels = yield* clusterer.assign(before);
      const { means } = meansOf(rows, labels, k);
      const centroids = means.map((mean) => mean.map((value) => value || 0));
      const isSettled = centroids.every((row, c) => row.every((value, j) => value === before[c][j]));
      if (isSettled || ++it >= most) return { it, idxs: Array.from(labels), centroids };
      before = centroids;
    }
  } finally {
    clusterer.close();
  }
}

function startOf<T extends Point>(data: T[], k: number, initial: Start<T> | null, space: Space<T>): T[] {
  if (initial === 'kmrand') return differentRows(data, k, space);
  if (initial === 'kmpp') return plusPlusRows(data, k, space);
  // To a number that there is not, no number is near: the package goes on.
  if (initial !== null && initial.length < k && !space.isScalar)
    throw new TypeError(`k is ${k}, there are ${initial.length} centroids`);
  if (initial !== null) return initial;
  if (k > data.length) throw new Error(`k is ${k}, there are ${data.length} points`);
  const chosen = new Set<number>();
  while (chosen.size < k) chosen.add(randomIndex(data));
  return Array.from(chosen, (index) => data[index]);
}

function randomIndex(items: readonly unknown[]): number {
  return Math.floor(Math.random() * items.length);
}

/** Rows at random, of which no two have the same values. */
function differentRows<T extends Point>(data: T[], k: number, { isScalar, toRow }: Space<T>): T[] {
  const chosen = new Map<string, T>();
  for (let tries = 4 * k; tries > 0 && chosen.size < k; tries--) {
    const point = data[randomIndex(data)];
    const key = isScalar ? String(point) : toRow(point).join('_');
    if (!chosen.has(key)) chosen.set(key, point);
  }
  if (chosen.size < k) throw new Error('Error initializating clusters');
  return [...chosen.values()];
}

/** k-means++ with one candidate a step (Arthur and Vassilvitskii 2007). */
function plusPlusRows<T extends Point>(data: T[], k: number, { toRow, distance, isEuclidean }: Space<T>): T[] {
  const rows = Array.from(data, toRow);
  const between = isEuclidean ? forgiving : distance;
  const chosen = [randomIndex(data)];
  const nearest = rows.map(() => Infinity);
  while (chosen.length < k) {
    const newest = rows[chosen[chosen.length - 1]];
    let total = 0;
    rows.forEach((row, i) => {
      nearest[i] = Math.min(nearest[i], between(row, newest));
      total += nearest[i];
    });
    let rest = Math.random() * total;
    let index = 0;
    while (index < rows.length - 1 && rest >= nearest[index]) rest -= nearest[index++];
    chosen.push(index);
  }
  return chosen.map((index) => data[index]);
}
