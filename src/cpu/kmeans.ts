import type { ExactAssignment, KMeansWorkspace } from '../engine/contract.ts';
import { countsAndSums, inertiaOf } from '../engine/fixed.ts';
import type { KMeansStatistics } from '../engine/statistics.ts';
import type { Awaitable, Runner, Steps } from '../steps.ts';
import { rootOf } from '../tree.ts';
import type { Assigned, Clusters } from './clusters.ts';
import { joinedOf, type ResidentPoints } from './dataset.ts';
import { askAll, drop, make, type Ref } from './threads/place.ts';

/** Arrays that a place keeps, and their bytes at most: a stream has no more than two blocks at a time. */
const SPARES = 2;
const SPARE_BYTES = 2 ** 22;

/** See `EngineDataset.kmeans`. */
export class CpuKMeans implements KMeansWorkspace {
  /** None of its own: see kmeans/lloyd.ts. Said, so that nothing is inherited. */
  readonly lloyd = undefined;
  readonly #points: ResidentPoints;
  readonly #run: Runner;
  readonly #clusters: readonly Ref<Clusters>[];
  /** Centroids [k, d] as workers read them, where they share memory. */
  #shared: Float64Array | null = null;
  /** The last assignment. */
  #last: (KMeansStatistics & { readonly centroids: Float64Array }) | null = null;
  /** Of the last assignment, once it was summed term by term. */
  #summed: number | null = null;

  constructor(points: ResidentPoints, k: number, once: boolean, run: Runner) {
    this.#points = points;
    this.#run = run;
    this.#clusters = clustersOf(points, k, once);
  }

  accumulate(centroids: Float64Array): Awaitable<KMeansStatistics> {
    return this.#run(this.#accumulate(centroids));
  }

  integers(centroids: Float64Array): Awaitable<ExactAssignment> {
    return this.#run(this.#integers(centroids));
  }

  label(centroids: Float64Array): Awaitable<void> {
    return this.#run(this.#label(centroids));
  }

  labels(): Awaitable<Uint32Array> {
    return this.#run(this.#labels());
  }

  inertia(): Awaitable<number> {
    return this.#run(this.#inertia());
  }

  close(): void {
    this.#clusters.forEach(drop);
    const { spares } = this.#clusters[0].place;
    const shared = this.#shared;
    if (shared !== null && shared.byteLength <= SPARE_BYTES && spares.length < SPARES) spares.push(shared);
    this.#shared = null;
  }

  *#accumulate(centroids: Float64Array): Steps<KMeansStatistics> {
    this.#points.check();
    // As behind an iteration that changed no label: a fit ends with one more assignment.
    const last = this.#last;
    if (last?.centroids.every((value, i) => value === centroids[i])) return { ...last, changed: 0 };
    // Where they were before: what is made anew in each iteration lies around until garbage is collected.
    const kept = last?.centroids ?? new Float64Array(centroids.length);
    this.#last = null;
    kept.set(centroids);
    const { units, squares, summary } = this.#points;
    const integers = yield* this.#ask('assign', centroids);
    const { counts, sums } = yield* countsAndSums(integers, units, centroids.length / summary.d, summary.d);
    // Those that were read in a worker's memory may be others' by then.
    this.#points.check();
    this.#last = {
      counts,
      sums,
      inertia: (yield* inertiaOf(squares, centroids, counts, sums)) ?? (yield* this.#inertia()),
      changed: integers.reduce((sum, { changed }) => sum + changed, 0),
      exact: { integers, units },
      centroids: kept,
    };
    return this.#last;
  }

  *#integers(centroids: Float64Array): Steps<ExactAssignment> {
    const { units, squares } = this.#points;
    const integers = yield* this.#ask('assign', centroids);
    this.#points.check();
    return { exact: { integers, units }, squares };
  }

  *#label(centroids: Float64Array): Steps<void> {
    yield* this.#ask('label', centroids);
  }

  /** @returns of `'assign'` alone. */
  *#ask(verb: 'assign' | 'label', centroids: Float64Array): Steps<readonly Assigned[]> {
    this.#points.check();
    this.#last = null;
    this.#summed = null;
    return yield* askAll(this.#clusters, verb as 'assign', this.#readable(centroids));
  }

  *#labels(): Steps<Uint32Array> {
    const labels = yield* joinedOf(askAll(this.#clusters, 'labels'));
    // Those that were read in a worker's memory may be others' by then.
    this.#points.check();
    return labels;
  }

  /** Centroids where all threads read them: none has a copy then. */
  #readable(centroids: Float64Array): Float64Array {
    const { isShared, spares } = this.#clusters[0].place;
    if (!isShared) return centroids;
    if (this.#shared === null) {
      const { byteLength } = centroids;
      // Else blocks of a stream would leave one each as garbage.
      const spare = spares.pop();
      this.#shared = spare?.byteLength === byteLength ? spare : new Float64Array(new SharedArrayBuffer(byteLength));
    }
    this.#shared.set(centroids);
    return this.#shared;
  }

  *#inertia(): Steps<number> {
    this.#summed ??= rootOf((yield* askAll(this.#clusters, 'inertia')).flat())[0];
    return this.#summed;
  }
}

/**
 * Clusters of each shard, for whoever drops them.
 *
 * @param once for one assignment
 */
export function clustersOf(
  { shards, kmeans, units, longest, usual, check }: ResidentPoints,
  k: number,
  once = true,
): Ref<Clusters>[] {
  check();
  return shards.map((shard) => make(shard, kmeans, 'clusters', { k, units, longest, usual, once }));
}

/** See `EngineDataset.nearestDistances`. */
export function* nearestDistances(points: ResidentPoints, centroids: Float64Array): Steps<Float64Array> {
  const clusters = clustersOf(points, centroids.length / points.summary.d);
  try {
    yield* askAll(clusters, 'label', centroids);
    return yield* joinedOf(askAll(clusters, 'distances'));
  } finally {
    clusters.forEach(drop);
  }
}
