import type {
  Assignment,
  ClusteringEngine,
  DistanceField,
  EngineDataset,
  GpuPoints,
  LloydOptions,
  LloydResult,
  Workspace,
} from '../engine.ts';
import type { PreparedPoints } from '../points.ts';
import { assignRows, nearestOf, packCentroids, squaredDistance } from './assign.ts';
import { CpuDistanceField, plusPlus } from './seeding.ts';
import { Turns } from './turns.ts';
import { updateCentroids } from './update.ts';

/** Rows between two looks at the clock. */
const SLICE_ROWS = 4096;

/** Points in float32, centred; distances, sums and centroids in float64. */
export interface CpuDataset extends EngineDataset {
  readonly rows: Float32Array;
}

/** The engine that is always there: tiled TypeScript over typed arrays, on the calling thread. */
export function createCpuEngine(): ClusteringEngine {
  return {
    backend: 'cpu',
    info: { adapter: '', features: [], threads: 1 },
    lost: false,
    upload,
    open: (dataset, k) => Promise.resolve(new CpuWorkspace(held(dataset), k)),
    nearestDistances: (dataset, centroids, signal) => nearestDistances(held(dataset), centroids, signal),
    allDistances: (dataset, centroids, start, end) =>
      Promise.resolve(allDistances(held(dataset), centroids, start, end)),
    gather: (dataset, indices) => Promise.resolve(gather(held(dataset), indices)),
    plusPlus: (dataset, k, candidates, draws, signal) => plusPlus(held(dataset), k, candidates, draws, signal),
    distanceField: (dataset, signal): Promise<DistanceField> =>
      Promise.resolve(new CpuDistanceField(held(dataset), signal)),
    destroy: () => Promise.resolve(),
  };
}

async function upload(points: PreparedPoints | GpuPoints, signal?: AbortSignal): Promise<CpuDataset> {
  if ('buffer' in points) throw new TypeError("points in a GPUBuffer need backend 'webgpu'");
  const { n, d } = points;
  const rows = new Float32Array(n * d);
  const turns = new Turns(signal);
  for (let start = 0; start < n; start += SLICE_ROWS) {
    await turns.next();
    const end = Math.min(n, start + SLICE_ROWS);
    points.fill(rows.subarray(start * d, end * d), start, end);
  }
  const { metric, frame, weights, totalWeight, positiveRows, meanVariance } = points;
  const dataset: CpuDataset = {
    n,
    d,
    metric,
    frame,
    weights,
    totalWeight,
    positiveRows,
    meanVariance,
    rows,
    destroy: () => void released.add(dataset),
  };
  return dataset;
}

const released = new WeakSet<EngineDataset>();

function held(dataset: EngineDataset): CpuDataset {
  if (released.has(dataset)) throw new TypeError('the dataset was destroyed');
  return dataset as CpuDataset;
}

class CpuWorkspace implements Workspace {
  readonly #dataset: CpuDataset;
  readonly #k: number;
  #labels: Uint32Array;

  constructor(dataset: CpuDataset, k: number) {
    this.#dataset = dataset;
    this.#k = k;
    this.#labels = new Uint32Array(dataset.n);
  }

  async lloyd(start: Float64Array, options: LloydOptions): Promise<LloydResult> {
    const { maxIterations, tolerance, signal, stopAtEmpty } = options;
    const turns = new Turns(signal);
    let previous = start;
    let centroids = start;
    for (let iteration = 1; iteration <= maxIterations; iteration++) {
      const { counts, sums, inertia, changed } = await this.#assign(centroids, turns);
      previous = centroids;
      const update = updateCentroids(previous, counts, sums, this.#dataset.metric);
      centroids = update.centroids;
      const empty = emptyClusters(counts);
      const unchanged = changed === 0 && (options.resume || iteration > 1);
      options.onIteration({ iteration, inertia, shift: update.shift, changed, empty: empty.length });
      options.onCheckpoint(centroids, iteration);
      signal?.throwIfAborted();
      if (empty.length > 0 && stopAtEmpty) return { centroids, previous, iterations: iteration, stop: 'empty', empty };
      if (unchanged || update.shift <= tolerance) {
        return { centroids, previous, iterations: iteration, stop: 'converged', empty: [] };
      }
    }
    return { centroids, previous, iterations: maxIterations, stop: 'limit', empty: [] };
  }

  async accumulate(centroids: Float64Array, signal?: AbortSignal): Promise<Assignment> {
    const { counts, sums, inertia } = await this.#assign(centroids, new Turns(signal));
    return { counts, sums, inertia, labels: this.#labels.slice() };
  }

  close(): void {
    this.#labels = new Uint32Array(0);
  }

  async #assign(centroids: Float64Array, turns: Turns) {
    const { n, d } = this.#dataset;
    const k = this.#k;
    const packed = packCentroids(centroids, k, d);
    const tally = { counts: new Float64Array(k), sums: new Float64Array(k * d), inertia: 0, changed: 0 };
    for (let start = 0; start < n; start += SLICE_ROWS) {
      await turns.next();
      held(this.#dataset);
      assignRows(this.#dataset, packed, this.#labels, tally, start, Math.min(n, start + SLICE_ROWS));
    }
    return tally;
  }
}

function emptyClusters(counts: Float64Array): number[] {
  const empty: number[] = [];
  counts.forEach((count, c) => {
    if (count === 0) empty.push(c);
  });
  return empty;
}

async function nearestDistances(
  { n, d, rows }: CpuDataset,
  centroids: Float64Array,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const packed = packCentroids(centroids, centroids.length / d, d);
  const distances = new Float32Array(n);
  const turns = new Turns(signal);
  for (let i = 0; i < n; i++) {
    if (i % SLICE_ROWS === 0) await turns.next();
    distances[i] = squaredDistance(rows, i * d, centroids, nearestOf(rows, i * d, packed) * d, d);
  }
  return distances;
}

function allDistances({ d, rows }: CpuDataset, centroids: Float64Array, start: number, end: number): Float32Array {
  const k = centroids.length / d;
  const distances = new Float32Array((end - start) * k);
  for (let i = start, at = 0; i < end; i++) {
    for (let c = 0; c < k; c++) distances[at++] = squaredDistance(rows, i * d, centroids, c * d, d);
  }
  return distances;
}

function gather({ d, rows }: CpuDataset, indices: Uint32Array): Float64Array {
  const gathered = new Float64Array(indices.length * d);
  indices.forEach((index, i) => {
    gathered.set(rows.subarray(index * d, (index + 1) * d), i * d);
  });
  return gathered;
}
