/**
 * K-means in float64, slow and obvious: the oracle of the tests. The package never imports it.
 */

export const REFERENCE_METRICS = ['euclidean', 'cosine'] as const;
export type ReferenceMetric = (typeof REFERENCE_METRICS)[number];

interface ReferenceRules {
  readonly unitRows: boolean;
  readonly unitCentroids: boolean;
  /** Of a squared distance, what counts as inertia. */
  readonly share: number;
  /** The square of a distance as it is told. */
  readonly squared: (distance: number) => number;
}

export const REFERENCE_RULES: Readonly<Record<ReferenceMetric, ReferenceRules>> = {
  euclidean: { unitRows: false, unitCentroids: false, share: 1, squared: (distance) => distance ** 2 },
  // The distance 1 − cos is half of the squared one.
  cosine: { unitRows: true, unitCentroids: true, share: 1 / 2, squared: (distance) => 2 * distance },
};

/** Points [n, d], row-major, with weights [n] or none. */
export interface ReferencePoints {
  readonly data: ArrayLike<number>;
  readonly n: number;
  readonly d: number;
  readonly weights?: ArrayLike<number> | undefined;
}

export interface ReferenceOptions {
  readonly metric?: ReferenceMetric;
  readonly maxIterations?: number;
  readonly tolerance?: number;
}

export interface ReferenceIteration {
  readonly iteration: number;
  /** Of the assignment, before the update. */
  readonly inertia: number;
  /** Summed squared shift of the centroids by the update, relocations included. */
  readonly shift: number;
  /** Clusters that took a point. */
  readonly relocated: readonly number[];
}

export interface ReferenceFit {
  /** [k, d] */
  readonly centroids: Float64Array;
  /** [n] */
  readonly labels: Uint32Array<ArrayBuffer>;
  /** Summed weights [k]. */
  readonly counts: Float64Array;
  readonly inertia: number;
  readonly iterations: number;
  readonly converged: boolean;
  readonly history: readonly ReferenceIteration[];
}

export interface ReferenceAssignment {
  /** Index of the nearest centroid, the lowest of equals: [n]. */
  readonly labels: Uint32Array<ArrayBuffer>;
  /** Squared distance to it: [n]. */
  readonly distances: Float64Array;
  /** Squared distance to the second nearest, Infinity where k = 1: [n]. */
  readonly seconds: Float64Array;
}

/** Lloyd's iterations from `init` [k, d]. */
export function referenceKMeans(
  input: ReferencePoints,
  init: ArrayLike<number>,
  { metric = 'euclidean', maxIterations = 300, tolerance = 1e-4 }: ReferenceOptions = {},
): ReferenceFit {
  const rules = REFERENCE_RULES[metric];
  const points = rules.unitRows ? { ...input, data: unitRows(input.data, input.d) } : input;
  const { n, d } = points;
  const threshold = tolerance * meanVariance(points);
  const history: ReferenceIteration[] = [];
  let centroids = rules.unitCentroids ? unitRows(init, d) : Float64Array.from(init);
  let labels = new Uint32Array(n).fill(0xffffffff);
  let converged = false;

  while (history.length < maxIterations && !converged) {
    const assignment = assign(points, centroids);
    const updated = rules.unitCentroids
      ? meanDirections(points, assignment.labels, centroids)
      : means(points, assignment.labels, centroids);
    const relocated = relocate(points, assignment, updated);
    const shift = squaredDistance(updated, 0, centroids, 0, centroids.length);
    history.push({ iteration: history.length + 1, inertia: inertiaOf(points, assignment, metric), shift, relocated });

    const settled = sameLabels(assignment.labels, labels) || shift <= threshold;
    converged = settled && relocated.length === 0;
    centroids = updated;
    labels = assignment.labels;
  }

  const last = assign(points, centroids);
  return {
    centroids,
    labels: last.labels,
    counts: countsOf(points, last.labels, centroids.length / d),
    inertia: inertiaOf(points, last, metric),
    iterations: history.length,
    converged,
    history,
  };
}

/** Nearest centroids by Σ(x − c)², over centroids [k, d]. */
export function assign({ data, n, d }: ReferencePoints, centroids: ArrayLike<number>): ReferenceAssignment {
  const k = centroids.length / d;
  const labels = new Uint32Array(n);
  const distances = new Float64Array(n).fill(Infinity);
  const seconds = new Float64Array(n).fill(Infinity);
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < k; c++) {
      const distance = squaredDistance(data, i * d, centroids, c * d, d);
      if (distance < distances[i]) {
        seconds[i] = distances[i];
        distances[i] = distance;
        labels[i] = c;
      } else if (distance < seconds[i]) {
        seconds[i] = distance;
      }
    }
  }
  return { labels, distances, seconds };
}

export interface ReferenceNearest {
  /** The nearest first, equally near ones by their index: [n·count]. */
  readonly indices: Uint32Array<ArrayBuffer>;
  /** Squared distances to them: [n·count]. */
  readonly squares: Float64Array<ArrayBuffer>;
}

/** The `count` nearest of centroids [k, d] to each point, by sorting all. */
export function nearestOf(
  { data, n, d }: ReferencePoints,
  centroids: ArrayLike<number>,
  count: number,
): ReferenceNearest {
  const indices = new Uint32Array(n * count);
  const squares = new Float64Array(n * count);
  for (let i = 0; i < n; i++) {
    const all = Array.from({ length: centroids.length / d }, (_, c) =>
      squaredDistance(data, i * d, centroids, c * d, d),
    );
    const order = Array.from(all.keys()).sort((a, b) => all[a] - all[b] || a - b);
    for (let rank = 0; rank < count; rank++) {
      indices[i * count + rank] = order[rank];
      squares[i * count + rank] = all[order[rank]];
    }
  }
  return { indices, squares };
}

/** Of each cluster the `count` points of positive weight that are nearest to its centroid, by sorting all. */
export function representativesOf(
  points: ReferencePoints,
  centroids: ArrayLike<number>,
  count: number,
): readonly (readonly number[])[] {
  const { labels, distances } = assign(points, centroids);
  return Array.from({ length: centroids.length / points.d }, (_, c) =>
    Array.from(labels.keys())
      .filter((i) => labels[i] === c && (points.weights?.[i] ?? 1) > 0)
      .sort((a, b) => distances[a] - distances[b] || a - b)
      .slice(0, count),
  );
}

/** Σ w·‖x − c‖², or the metric's share of it. */
export function inertiaOf(
  { n, weights }: ReferencePoints,
  { distances }: Pick<ReferenceAssignment, 'distances'>,
  metric: ReferenceMetric = 'euclidean',
): number {
  let sum = 0;
  for (let i = 0; i < n; i++) sum += (weights?.[i] ?? 1) * distances[i];
  return REFERENCE_RULES[metric].share * sum;
}

export function squaredDistance(
  a: ArrayLike<number>,
  fromA: number,
  b: ArrayLike<number>,
  fromB: number,
  d: number,
): number {
  let sum = 0;
  for (let j = 0; j < d; j++) {
    const difference = a[fromA + j] - b[fromB + j];
    sum += difference * difference;
  }
  return sum;
}

/** Rows of [n, d] divided by their length. */
export function unitRows(data: ArrayLike<number>, d: number): Float64Array {
  const unit = Float64Array.from(data);
  for (let from = 0; from < unit.length; from += d) {
    const length = Math.hypot(...unit.subarray(from, from + d));
    for (let j = 0; j < d; j++) unit[from + j] /= length;
  }
  return unit;
}

/** Weighted mean and variance of each feature: [d] each. */
export function moments({ data, n, d, weights }: ReferencePoints): { mean: Float64Array; variance: Float64Array } {
  const mean = new Float64Array(d);
  const variance = new Float64Array(d);
  let total = 0;
  for (let i = 0; i < n; i++) total += weights?.[i] ?? 1;
  for (let j = 0; j < d; j++) {
    // About the first row first: a mean summed from values far from zero would bring its rounding along.
    for (let i = 0; i < n; i++) mean[j] += (weights?.[i] ?? 1) * (data[i * d + j] - data[j]);
    mean[j] = data[j] + mean[j] / total;
    for (let i = 0; i < n; i++) variance[j] += ((weights?.[i] ?? 1) * (data[i * d + j] - mean[j]) ** 2) / total;
  }
  return { mean, variance };
}

function meanVariance(points: ReferencePoints): number {
  return moments(points).variance.reduce((sum, value) => sum + value, 0) / points.d;
}

function countsOf({ n, weights }: ReferencePoints, labels: Uint32Array, k: number): Float64Array {
  const counts = new Float64Array(k);
  for (let i = 0; i < n; i++) counts[labels[i]] += weights?.[i] ?? 1;
  return counts;
}

function sumsOf({ data, n, d, weights }: ReferencePoints, labels: Uint32Array, k: number): Float64Array {
  const sums = new Float64Array(k * d);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) sums[labels[i] * d + j] += (weights?.[i] ?? 1) * data[i * d + j];
  }
  return sums;
}

/** Σw·x / Σw of each cluster; one without weight keeps its centroid. */
export function means(points: ReferencePoints, labels: Uint32Array, centroids: Float64Array): Float64Array {
  const { d } = points;
  const counts = countsOf(points, labels, centroids.length / d);
  const sums = sumsOf(points, labels, counts.length);
  return centroids.map((old, i) => {
    const count = counts[Math.floor(i / d)];
    return count > 0 ? sums[i] / count : old;
  });
}

/** Σw·x / ‖Σw·x‖ of each cluster; one whose rows cancel, or without weight, keeps its centroid. */
function meanDirections(points: ReferencePoints, labels: Uint32Array, centroids: Float64Array): Float64Array {
  const { d } = points;
  const counts = countsOf(points, labels, centroids.length / d);
  const sums = sumsOf(points, labels, counts.length);
  return centroids.map((old, i) => {
    const c = Math.floor(i / d);
    const length = Math.hypot(...sums.subarray(c * d, (c + 1) * d));
    return length > 1e-6 * counts[c] ? sums[i] / length : old;
  });
}

/**
 * Clusters without weight take, in index order, the points of positive weight that are farthest from the centroid they
 * were assigned to, no two of them equal; at distance 0 there is nothing to take. The points stay in the means of their
 * old clusters until the next assignment. Writes to `updated`; returns the clusters that took a point.
 */
function relocate(
  points: ReferencePoints,
  { labels, distances }: ReferenceAssignment,
  updated: Float64Array,
): number[] {
  const { data, d, n, weights } = points;
  const counts = countsOf(points, labels, updated.length / d);
  const farthest = Array.from({ length: n }, (_, i) => i)
    .filter((i) => (weights?.[i] ?? 1) > 0 && distances[i] > 0)
    .sort((a, b) => distances[b] - distances[a] || a - b);
  const taken: number[] = [];
  const relocated: number[] = [];
  for (let c = 0; c < counts.length; c++) {
    if (counts[c] > 0) continue;
    const point = farthest.find((i) => taken.every((t) => squaredDistance(data, i * d, data, t * d, d) > 0));
    if (point === undefined) break;
    taken.push(point);
    relocated.push(c);
    for (let j = 0; j < d; j++) updated[c * d + j] = data[point * d + j];
  }
  return relocated;
}

function sameLabels(a: Uint32Array, b: Uint32Array): boolean {
  return a.every((label, i) => label === b[i]);
}
