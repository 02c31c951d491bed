import type { Assignment, LloydOptions, LloydResult, Workspace } from '../engine.ts';
import { assignRows, packCentroids } from './assign.ts';
import { type CpuDataset, held } from './dataset.ts';
import { SLICE_ROWS, Turns } from './turns.ts';
import { updateCentroids } from './update.ts';

export class CpuWorkspace implements Workspace {
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
