import type { DistanceField } from '../engine/contract.ts';
import type { Awaitable, Steps } from '../engine/steps.ts';
import type { RowValues } from '../points.ts';
import { type CpuDataset, joined } from './dataset.ts';
import type { Run } from './kmeans.ts';
import { type Extent, SLICE_ROWS } from './plan.ts';
import { type Drawn, type Potentials, passes } from './potentials.ts';
import { answersOf, ask, askAll, drop, make, type Ref } from './threads/place.ts';

/** See `ClusteringEngine.plusPlus`. */
export function* plusPlus(dataset: CpuDataset, k: number, candidates: number, draws: Float32Array): Steps<Uint32Array> {
  const potentials = dataset.shards.map((shard) => make<Potentials>(shard, 'potentials'));
  try {
    const none = new Float32Array(0);
    let [newest] = (yield* draw(dataset, potentials, none, draws.subarray(0, 2))).drawn;
    const chosen = new Uint32Array(k).fill(newest.index);
    for (let step = 1; step < k; step++) {
      const from = 2 * step * candidates;
      const next = yield* draw(dataset, potentials, newest.row, draws.subarray(from, from + 2 * candidates));
      // Where every row lies on a chosen one, one more of them is as good as any.
      if (next.total === 0) break;
      newest = yield* best(dataset, potentials, next);
      chosen[step] = newest.index;
    }
    return chosen;
  } finally {
    potentials.forEach(drop);
  }
}

interface Draw {
  readonly drawn: readonly Drawn[];
  /** The potential of all rows. */
  readonly total: number;
}

/**
 * Folds centres in and draws a row for each pair of uniform numbers: a slice, then the row in it. None where all
 * potentials are zero.
 */
function* draw(
  dataset: CpuDataset,
  potentials: readonly Ref<Potentials>[],
  centres: RowValues,
  pairs: Float32Array,
): Steps<Draw> {
  const { extents } = dataset;
  const sums = joined(yield* askAll(potentials, 'fold', centres));
  const total = sums.reduce((sum, value) => sum + value, 0);
  if (total === 0) return { drawn: [], total };
  const questions = [];
  for (let at = 0; at < pairs.length; at += 2) {
    let slice = passes(0, sums.length, pairs[at], (s) => sums[s]);
    let shard = 0;
    for (; slice >= slicesOf(extents[shard]); shard++) slice -= slicesOf(extents[shard]);
    questions.push(ask(potentials[shard], 'draw', [slice, pairs[at + 1]]));
  }
  return { drawn: yield* answersOf(questions), total };
}

function slicesOf({ start, end }: Extent): number {
  return Math.ceil((end - start) / SLICE_ROWS);
}

/** Of the mean distance: rounding above this share of it could decide which candidate is best. */
const ROUNDING = 1e-4;
/** Squares and products of longer rows may overflow. */
const LONGEST = 2 ** 60;

/** The candidate that leaves the least potential, the first of equals. */
function* best(
  { d, longestWeighted, totalWeight }: CpuDataset,
  potentials: readonly Ref<Potentials>[],
  { drawn, total }: Draw,
): Steps<Drawn> {
  const rows = joined(drawn.map(({ row }) => row));
  const totals = new Float64Array(drawn.length);
  // ‖x‖² + ‖c‖² − 2x·c in float32 is off by at most this.
  const rounding = (d + 4) * 2 ** -24 * 4 * longestWeighted ** 2;
  const direct = longestWeighted > LONGEST || rounding * totalWeight > ROUNDING * total;
  joined(yield* askAll(potentials, 'trial', rows, direct)).forEach((sum, i) => {
    totals[i % totals.length] += sum;
  });
  return drawn[totals.indexOf(Math.min(...totals))];
}

/** The squared distances that k-means‖ samples from. */
export class CpuDistanceField implements DistanceField {
  readonly #potentials: readonly Ref<Potentials>[];
  readonly #precise: boolean;
  readonly #run: Run;
  readonly #signal: AbortSignal | undefined;

  constructor(dataset: CpuDataset, run: Run, signal: AbortSignal | undefined) {
    this.#potentials = dataset.shards.map((shard) => make<Potentials>(shard, 'potentials'));
    this.#precise = dataset.frame.precise;
    this.#run = run;
    this.#signal = signal;
  }

  fold(centroids: Float64Array): Awaitable<number> {
    return this.#run(this.#fold(this.#precise ? centroids : Float32Array.from(centroids)), this.#signal);
  }

  sample(factor: number, seed: number): Awaitable<Uint32Array> {
    return this.#run(this.#sample(factor, seed), this.#signal);
  }

  destroy(): void {
    this.#potentials.forEach(drop);
  }

  *#fold(centres: RowValues): Steps<number> {
    return joined(yield* askAll(this.#potentials, 'fold', centres)).reduce((sum, value) => sum + value, 0);
  }

  *#sample(factor: number, seed: number): Steps<Uint32Array> {
    return joined(yield* askAll(this.#potentials, 'sample', factor, seed));
  }
}
