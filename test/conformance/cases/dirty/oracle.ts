/**
 * K-means in float64 for points of any range, and how far an engine may be from it. A row is held to its own rounding and
 * that of the centroids it is compared with, never to that of the farthest row. Slow and obvious.
 */
import type { CasePoints } from '../data.ts';

/** Over this share of values that float32 makes equal, the CPU engine is held to the float64 ones. */
const COARSE = 0.01;

/** Whether float32 tells the points apart. */
export const isFine = (rounding: ArrayLike<number>) => Array.from(rounding).every((share) => share <= COARSE);

/** How far numbers of an engine may be from those of the caller. */
export class Yardstick {
  readonly #points: CasePoints;
  readonly #gpu: boolean;
  /** Of the rows of positive weight: [d]. */
  readonly #median: Float64Array;
  /** The median distance from it: [d]. */
  readonly #spread: Float64Array;
  /** Of one step of what a column is held in: [d]. */
  readonly #steps: Float64Array;
  readonly #size: number;

  /** @param middle the points that the frame is made of: those of a model where its methods take others */
  constructor(points: CasePoints, rounding: ArrayLike<number>, backend: 'cpu' | 'webgpu', middle: CasePoints = points) {
    const { d } = points;
    this.#points = points;
    this.#gpu = backend === 'webgpu';
    const columns = Array.from({ length: d }, (_, j) => Column.of(middle, j));
    this.#median = Float64Array.from(columns, ({ median }) => median);
    this.#spread = Float64Array.from(columns, ({ spread }) => spread);
    this.#steps = Float64Array.from({ length: d }, (_, j) =>
      rounding[j] > COARSE && !this.#gpu ? 2 ** -47 : 2 ** -24,
    );
    const usual = Math.max(...this.#spread);
    const reach = Math.max(...columns.map((column) => column.reach));
    this.#size = usual > 0 ? Math.min(reach, 2 ** 16 * usual) : reach;
  }

  get gpu(): boolean {
    return this.#gpu;
  }

  /** Rounding of a value of feature j as an engine holds it. */
  ofValue(value: number, j: number): number {
    return this.#steps[j] * (Math.abs(value - this.#median[j]) + 2 * this.#spread[j]) + this.#tiny(j);
  }

  /** Rounding of a centroid's value on its way into an engine and out of it. */
  ofCentroid(value: number, j: number): number {
    const here = 2 ** -52 * (Math.abs(value) + Math.abs(this.#median[j]));
    if (!this.#gpu) return here;
    return here + 2 ** -24 * (Math.abs(value - this.#median[j]) + 2 * this.#spread[j]) + this.#tiny(j);
  }

  /** How far the distance of row i to a centroid may be off. */
  ofDistance(i: number, centroid: ArrayLike<number>): number {
    const { data, d } = this.#points;
    const errors = Array.from(centroid, (value, j) => this.ofValue(data[i * d + j], j) + this.ofCentroid(value, j));
    return lengthOf(errors) + (this.#gpu ? 1e-6 * this.lengthOfRow(i) : 0);
  }

  /** The length of row i about the median. */
  lengthOfRow(i: number): number {
    const { data, d } = this.#points;
    return lengthOf(Array.from({ length: d }, (_, j) => data[i * d + j] - this.#median[j]));
  }

  /** What is squared to nothing. */
  #tiny(j: number): number {
    if (this.#steps[j] < 2 ** -40) return 1e-160 * this.#size;
    return (this.#gpu ? 1e-18 : 2 ** -148) * this.#size;
  }
}

/**
 * The middle of a column by the weights of its rows, and how far half of them and all of them lie from it. One value of
 * many rows that is far from the others stands for "no data", and has no say in the first two.
 */
class Column {
  readonly median: number;
  readonly spread: number;
  readonly reach: number;

  private constructor(values: readonly number[], weights: readonly number[]) {
    const { median, spread } = usualOf(values, weights);
    this.median = median;
    this.spread = spread;
    this.reach = Math.max(...values.map((value) => Math.abs(value - median)));
  }

  static of({ data, n, d, weights }: CasePoints, j: number): Column {
    const rows = Array.from({ length: n }, (_, i) => i).filter((i) => weights === undefined || weights[i] > 0);
    return new Column(
      rows.map((i) => data[i * d + j]),
      rows.map((i) => weights?.[i] ?? 1),
    );
  }
}

function usualOf(values: readonly number[], weights: readonly number[]): { median: number; spread: number } {
  const found = middleOf(values, weights);
  const shares = new Map<number, number>();
  values.forEach((value, i) => void shares.set(value, (shares.get(value) ?? 0) + weights[i]));
  const [modal, share] = [...shares].reduce((most, other) => (other[1] > most[1] ? other : most));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  if (share < (3 / 8) * total || share > (15 / 16) * total) return found;
  const rest = values.filter((value) => value !== modal);
  const weightsOfRest = weights.filter((_, i) => values[i] !== modal);
  const { median, spread } = middleOf(rest, weightsOfRest);
  const told = spread > 0 ? spread : Math.abs(median);
  const isFar =
    told > 0 ? Math.abs(modal - median) > 64 * told && Math.abs(modal) > told : Math.fround(modal) !== modal;
  return isFar ? usualOf(rest, weightsOfRest) : found;
}

function middleOf(values: readonly number[], weights: readonly number[]): { median: number; spread: number } {
  const [low, high] = middles(values, weights);
  const deviations = values.map((value) => Math.abs(value - low));
  return { median: low, spread: Math.max(high - low, middles(deviations, weights)[1]) };
}

/** The values on both sides of the middle of the weight: the same one but where it lies between two. */
function middles(values: readonly number[], weights: readonly number[]): [low: number, high: number] {
  const order = values.map((_, i) => i).sort((a, b) => values[a] - values[b]);
  const half = weights.reduce((sum, weight) => sum + weight, 0) / 2;
  let sum = 0;
  const at = order.findIndex((i) => (sum += weights[i]) >= half);
  return [values[order[at]], values[order[sum > half ? at : Math.min(at + 1, order.length - 1)]]];
}

/** √Σx² without overflow or underflow in between. */
function lengthOf(values: ArrayLike<number>): number {
  let largest = 0;
  for (let j = 0; j < values.length; j++) largest = Math.max(largest, Math.abs(values[j]));
  // Half of the largest double: a quotient by it cannot be subnormal where the values are not.
  if (largest === 0 || largest === Infinity) return largest;
  let sum = 0;
  for (let j = 0; j < values.length; j++) sum += (values[j] / largest) ** 2;
  return largest * Math.sqrt(sum);
}

export function distance(points: CasePoints, i: number, centroid: ArrayLike<number>): number {
  const { data, d } = points;
  return lengthOf(Array.from({ length: d }, (_, j) => data[i * d + j] - centroid[j]));
}

export function centroidsOf(centroids: ArrayLike<number>, d: number): number[][] {
  const values = Array.from(centroids);
  return Array.from({ length: values.length / d }, (_, c) => values.slice(c * d, (c + 1) * d));
}

/** The sum of the values times their float32 weights, rounded once: Knuth's two-sum, 106 bits. */
function exactSum(values: readonly number[], weights: readonly number[]): number {
  const largest = lengthOf(values);
  if (largest === 0) return 0;
  const unit = 2 ** Math.max(-1000, Math.min(1000, -Math.ceil(Math.log2(largest))));
  let high = 0;
  let low = 0;
  const add = (value: number) => {
    const sum = high + value;
    const part = sum - high;
    low += high - (sum - part) + (value - part);
    high = sum;
  };
  values.forEach((value, i) => {
    // 24 bits and the 29 behind them: each times a weight of 24 is exact.
    const head = Math.fround(value * unit);
    add(head * weights[i]);
    add((value * unit - head) * weights[i]);
  });
  return (high + low) / unit;
}

export interface Assigned {
  /** The lowest of the nearest: [n]. */
  readonly labels: Uint32Array<ArrayBuffer>;
  /** Distance to it, not squared: [n]. */
  readonly distances: Float64Array;
  /** Clusters that a row of positive weight may be in or not, by the rounding that engines are allowed. */
  readonly doubtful: ReadonlySet<number>;
}

export function assignAll(
  points: CasePoints,
  centroids: readonly (readonly number[])[],
  yardstick: Yardstick,
): Assigned {
  const { n, weights } = points;
  const labels = new Uint32Array(n);
  const distances = new Float64Array(n);
  const doubtful = new Set<number>();
  // In float64 on the CPU; the other engine's bound is 1e-4 of the squared distance.
  const margin = yardstick.gpu ? 1 + 1e-4 : 1 + 1e-9;
  for (let i = 0; i < n; i++) {
    const all = centroids.map((centroid) => distance(points, i, centroid));
    const nearest = all.indexOf(Math.min(...all));
    labels[i] = nearest;
    distances[i] = all[nearest];
    if (weights !== undefined && weights[i] === 0) continue;
    const own = all[nearest] + yardstick.ofDistance(i, centroids[nearest]);
    all.forEach((other, c) => {
      // Centroids that are the same are a tie that goes to the lowest.
      if (c === nearest || centroids[c].every((value, j) => value === centroids[nearest][j])) return;
      if (other - yardstick.ofDistance(i, centroids[c]) <= margin * own) doubtful.add(c).add(nearest);
    });
  }
  return { labels, distances, doubtful };
}

/** A mean and how far an engine's may be from it. */
export interface Mean {
  readonly value: number;
  readonly bound: number;
}

/** The weighted means of the clusters by labels: [k][d]; null where a cluster has no weight. */
export function meansOf(points: CasePoints, labels: Uint32Array, k: number, yardstick: Yardstick): (Mean[] | null)[] {
  const { data, d, weights } = points;
  const rows = Array.from({ length: k }, () => [] as number[]);
  labels.forEach((label, i) => {
    if (weights === undefined || weights[i] > 0) rows[label].push(i);
  });
  return rows.map((own) => {
    if (own.length === 0) return null;
    const shares = own.map((i) => weights?.[i] ?? 1);
    const total = shares.reduce((a, b) => a + b, 0);
    return Array.from({ length: d }, (_, j) => {
      const values = own.map((i) => data[i * d + j]);
      const mean = values.every((x) => x === values[0]) ? values[0] : exactSum(values, shares) / total;
      const deviation = lengthOf(values.map((x, at) => Math.sqrt(shares[at] / total) * (x - mean)));
      const rounding = values.reduce((sum, x, at) => sum + (shares[at] / total) * yardstick.ofValue(x, j), 0);
      return { value: mean, bound: 1e-6 * deviation + rounding + yardstick.ofCentroid(mean, j) };
    });
  });
}
