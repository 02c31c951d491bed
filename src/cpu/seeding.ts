import type { DistanceField } from '../engine.ts';
import { hashUniform } from '../random.ts';
import { squaredDistance } from './assign.ts';
import type { CpuDataset } from './dataset.ts';
import { Turns } from './turns.ts';

/** Rows whose potentials are summed together: a draw finds the slice first, then the row in it. */
const SLICE_ROWS = 1024;

/** See `ClusteringEngine.plusPlus`. */
export async function plusPlus(
  dataset: CpuDataset,
  k: number,
  candidates: number,
  draws: Float32Array,
  signal?: AbortSignal,
): Promise<Uint32Array> {
  const { n, d, rows, weights } = dataset;
  const turns = new Turns(signal);
  const chosen = new Uint32Array(k);
  const distances = new Float32Array(n).fill(Infinity);
  let sums = sliceSums(n, (i) => weightOf(weights, i));
  chosen[0] = draw(n, sums, draws[0], draws[1], (i) => weightOf(weights, i));

  for (let step = 1; step < k; step++) {
    sums = await fold(dataset, distances, dataset.rows, [chosen[step - 1]], turns);
    const potential = (i: number) => weightOf(weights, i) * distances[i];
    const drawn: number[] = [];
    for (let l = 0; l < candidates; l++) {
      const at = 2 * (step * candidates + l);
      // Where every row lies on a chosen one, one more of them is as good as any.
      drawn.push(sums.total > 0 ? draw(n, sums, draws[at], draws[at + 1], potential) : chosen[0]);
    }
    const totals = new Float64Array(candidates);
    for (let i = 0; i < n; i++) {
      if (i % SLICE_ROWS === 0) await turns.next();
      const weight = weightOf(weights, i);
      for (let l = 0; l < candidates; l++) {
        totals[l] += weight * Math.min(distances[i], squaredDistance(rows, i * d, rows, drawn[l] * d, d));
      }
    }
    chosen[step] = drawn[totals.indexOf(Math.min(...totals))];
  }
  return chosen;
}

/** The squared distances that k-means‖ samples from. */
export class CpuDistanceField implements DistanceField {
  readonly #dataset: CpuDataset;
  readonly #turns: Turns;
  readonly #distances: Float32Array;

  constructor(dataset: CpuDataset, signal?: AbortSignal) {
    this.#dataset = dataset;
    this.#turns = new Turns(signal);
    this.#distances = new Float32Array(dataset.n).fill(Infinity);
  }

  async fold(centroids: Float64Array): Promise<number> {
    const rows = Float32Array.from(centroids);
    const indices = Array.from({ length: rows.length / this.#dataset.d }, (_, c) => c);
    return (await fold(this.#dataset, this.#distances, rows, indices, this.#turns)).total;
  }

  async sample(factor: number, seed: number): Promise<Uint32Array> {
    const { n, weights } = this.#dataset;
    const sampled: number[] = [];
    for (let i = 0; i < n; i++) {
      if (i % SLICE_ROWS === 0) await this.#turns.next();
      if (hashUniform(seed, i) < factor * weightOf(weights, i) * this.#distances[i]) sampled.push(i);
    }
    return Uint32Array.from(sampled);
  }

  destroy(): void {}
}

interface SliceSums {
  readonly slices: Float64Array;
  readonly total: number;
}

/** Lowers `distances` to those from the rows `centres[indices]` where they are nearer, and sums weight × distance. */
async function fold(
  { n, d, rows, weights }: CpuDataset,
  distances: Float32Array,
  centres: Float32Array,
  indices: readonly number[],
  turns: Turns,
): Promise<SliceSums> {
  for (let i = 0; i < n; i++) {
    if (i % SLICE_ROWS === 0) await turns.next();
    for (const index of indices) {
      const distance = squaredDistance(rows, i * d, centres, index * d, d);
      if (distance < distances[i]) distances[i] = distance;
    }
  }
  return sliceSums(n, (i) => weightOf(weights, i) * distances[i]);
}

function sliceSums(n: number, potential: (i: number) => number): SliceSums {
  const slices = new Float64Array(Math.ceil(n / SLICE_ROWS));
  for (let i = 0; i < n; i++) slices[Math.floor(i / SLICE_ROWS)] += potential(i);
  return { slices, total: slices.reduce((sum, value) => sum + value, 0) };
}

/** The row at the share `u` of the slices' sum and the share `v` of that slice's; never one of potential zero. */
function draw(n: number, { slices, total }: SliceSums, u: number, v: number, potential: (i: number) => number): number {
  const slice = passes(0, slices.length, u * total, (s) => slices[s]);
  const start = slice * SLICE_ROWS;
  return passes(start, Math.min(n, start + SLICE_ROWS), v * slices[slice], potential);
}

/** The first index at which the running sum passes `target`; where rounding hides it, the last positive one. */
function passes(start: number, end: number, target: number, value: (i: number) => number): number {
  let sum = 0;
  let last = start;
  for (let i = start; i < end; i++) {
    const term = value(i);
    if (term <= 0) continue;
    sum += term;
    last = i;
    if (sum > target) break;
  }
  return last;
}

function weightOf(weights: Float32Array | null, i: number): number {
  return weights === null ? 1 : weights[i];
}
