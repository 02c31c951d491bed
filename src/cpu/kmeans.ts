import type { Assignment, LloydOptions, LloydResult, Workspace } from '../engine/contract.ts';
import type { Awaitable, Steps } from '../engine/steps.ts';
import { rowsOfTurn } from '../engine/turns.ts';
import { updateCentroids } from '../kmeans/update.ts';
import type { Clusters } from './clusters.ts';
import { type CpuDataset, held, joined } from './dataset.ts';
import { momentsOf } from './fixed.ts';
import { askAll, drop, make, type Ref } from './threads/place.ts';
import { rootOf } from './tree.ts';

/** Of the squares, an inertia below this share has lost too many digits to them. */
const LEAST_SHARE = 2 ** -20;

/** Runs steps: in turns with other work, or in one go. */
export type Run = <T>(steps: Steps<T>, signal?: AbortSignal) => Awaitable<T>;

export class CpuWorkspace implements Workspace {
  readonly #dataset: CpuDataset;
  readonly #k: number;
  readonly #clusters: readonly Ref<Clusters>[];
  readonly #run: Run;

  constructor(dataset: CpuDataset, k: number, run: Run) {
    this.#dataset = dataset;
    this.#k = k;
    this.#run = run;
    const { shards, units, longest, usual } = dataset;
    this.#clusters = shards.map((shard) => make<Clusters>(shard, 'clusters', { k, units, longest, usual }));
  }

  lloyd(start: Float64Array, options: LloydOptions): Awaitable<LloydResult> {
    return this.#run(this.#iterate(start, options), options.signal);
  }

  accumulate(centroids: Float64Array, signal?: AbortSignal): Awaitable<Assignment> {
    return this.#run(this.#assignAndSum(centroids), signal);
  }

  /** Squared distance of each row to the nearest of `centroids` [k, d]. */
  *distances(centroids: Float64Array): Steps<Float64Array> {
    yield* this.#assign(centroids);
    return joined(yield* askAll(this.#clusters, 'distances'));
  }

  close(): void {
    this.#clusters.forEach(drop);
  }

  *#iterate(start: Float64Array, options: LloydOptions): Steps<LloydResult> {
    const { maxIterations, tolerance, signal, stopAtEmpty } = options;
    let previous = start;
    let centroids = start;
    for (let iteration = 1; iteration <= maxIterations; iteration++) {
      const { counts, sums, changed } = yield* this.#assign(centroids);
      previous = centroids;
      const update = yield* updateCentroids(previous, counts, sums, this.#dataset.metric);
      centroids = update.centroids;
      const empty = emptyClusters(counts);
      const unchanged = changed === 0 && (options.resume || iteration > 1);
      const inertia = yield* this.#inertia(previous, counts, sums);
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

  *#assignAndSum(centroids: Float64Array): Steps<Assignment> {
    const { counts, sums } = yield* this.#assign(centroids);
    const [inertia] = rootOf((yield* askAll(this.#clusters, 'inertia')).flat());
    const labels = joined(yield* askAll(this.#clusters, 'labels'));
    return { counts, sums, inertia, labels };
  }

  /** Σ w·distance² of the last assignment. */
  *#inertia(centroids: Float64Array, counts: Float64Array, sums: Float64Array): Steps<number> {
    const { squares } = this.#dataset;
    const inertia = yield* inertiaOf(squares, centroids, counts, sums);
    // Not where the squares have all the digits, as beside far rows: there term by term.
    if (inertia > LEAST_SHARE * squares) return inertia;
    const [summed] = rootOf((yield* askAll(this.#clusters, 'inertia')).flat());
    return summed;
  }

  *#assign(centroids: Float64Array): Steps<{ counts: Float64Array; sums: Float64Array; changed: number }> {
    held(this.#dataset);
    const parts = yield* askAll(this.#clusters, 'assign', centroids);
    const moments = yield* momentsOf(parts, this.#dataset.units, this.#k, this.#dataset.d);
    return { ...moments, changed: parts.reduce((sum, { changed }) => sum + changed, 0) };
  }
}

/** Σ w·‖x − c‖² = Σ w·‖x‖² − Σ (2c·Σw·x − ‖c‖²·Σw), over the clusters. */
function* inertiaOf(squares: number, centroids: Float64Array, counts: Float64Array, sums: Float64Array): Steps<number> {
  const d = centroids.length / counts.length;
  const pause = rowsOfTurn(4 * d);
  let gain = 0;
  for (let c = 0, i = 0; c < counts.length; c++) {
    for (let j = 0; j < d; j++, i++) gain += centroids[i] * (2 * sums[i] - centroids[i] * counts[c]);
    if (c % pause === pause - 1) yield;
  }
  return Math.max(0, squares - gain);
}

function emptyClusters(counts: Float64Array): number[] {
  const empty: number[] = [];
  counts.forEach((count, c) => {
    if (count === 0) empty.push(c);
  });
  return empty;
}
