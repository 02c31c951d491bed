import type { DistanceField } from '../engine/contract.ts';
import type { RowValues } from '../points.ts';
import type { Awaitable, Runner, Steps } from '../steps.ts';
import { joined, joinedOf, type ResidentPoints } from './dataset.ts';
import { KMEANS } from './families/kmeans.ts';
import { LANES } from './kernels/kmeans/layout.ts';
import { type Extent, SLICE_ROWS } from './plan.ts';
import { type Drawn, type DrawnFrom, drawFrom, type Potentials, passes, type Share } from './potentials.ts';
import { answersOf, ask, askAll, drop, make, type Ref } from './threads/place.ts';

/** A row that was drawn, and where it is among the candidates of the last estimate. */
export interface Candidate extends Drawn {
  readonly estimated?: number;
}

/** What spares trials: see estimates.ts. */
export interface Estimates {
  readonly potentials: readonly Ref<Potentials>[];
  /** Without the candidates that cannot be best. */
  readonly contenders: (draw: Draw) => Steps<Draw>;
}

/**
 * See `EngineDataset.plusPlus`.
 *
 * @param open undefined: each candidate is tried on all rows, which draws the same ones
 */
export function* plusPlus(
  points: ResidentPoints,
  k: number,
  candidates: number,
  draws: Float32Array,
  open?: (points: ResidentPoints, k: number) => Estimates,
): Steps<Uint32Array> {
  points.check();
  const estimates = open?.(points, k);
  const potentials = estimates?.potentials ?? points.shards.map((shard) => make(shard, KMEANS, 'potentials'));
  try {
    const none = new Float32Array(0);
    let [newest] = (yield* draw(points, potentials, null, { index: 0, row: none }, draws.subarray(0, 2))).drawn;
    const answers = yield* askAll(potentials, 'lend');
    const lent = answers.every((answer) => answer !== null) ? answers : null;
    const chosen = new Uint32Array(k).fill(newest.index);
    for (let step = 1; step < k; step++) {
      const from = 2 * step * candidates;
      const next = yield* draw(points, potentials, lent, newest, draws.subarray(from, from + 2 * candidates));
      // Where every row lies on a chosen one, one more of them is as good as any.
      if (next.total === 0) break;
      newest = yield* best(points, potentials, estimates ? yield* estimates.contenders(next) : next);
      chosen[step] = newest.index;
      // Where rows are few, nothing else lets others in.
      yield;
    }
    return chosen;
  } finally {
    potentials.forEach(drop);
  }
}

export interface Draw {
  readonly drawn: readonly Candidate[];
  /** The potential of all rows. */
  readonly total: number;
}

/**
 * Extends the potentials by a row and draws a row for each pair of uniform numbers: a slice, then the row in it. None where all
 * potentials are zero.
 *
 * @param lent what there is to draw from; null where the shards have to be asked, and before there is a centre
 */
function* draw(
  { extents }: ResidentPoints,
  potentials: readonly Ref<Potentials>[],
  lent: readonly DrawnFrom[] | null,
  { row, estimated }: Candidate,
  pairs: Float32Array,
): Steps<Draw> {
  const sums = yield* joinedOf(askAll(potentials, 'extend', row, estimated));
  const total = sums.reduce((sum, value) => sum + value, 0);
  if (total === 0) return { drawn: [], total };
  const wanted = potentials.map((): Share[] => []);
  const shards: number[] = [];
  for (let at = 0; at < pairs.length; at += 2) {
    let slice = passes(0, sums.length, pairs[at], sums, null);
    let shard = 0;
    for (; slice >= slicesOf(extents[shard]); shard++) slice -= slicesOf(extents[shard]);
    wanted[shard].push([slice, pairs[at + 1]]);
    shards.push(shard);
  }
  const drawn =
    lent?.map((there, shard) => drawFrom(there, wanted[shard])) ??
    (yield* answersOf(potentials.map((some, shard) => ask(some, 'draw', [wanted[shard]]))));
  return { drawn: shards.map((shard) => drawn[shard].shift()!), total };
}

function slicesOf({ start, end }: Extent): number {
  return Math.ceil((end - start) / SLICE_ROWS);
}

/** Of the mean distance: rounding above this share of it could decide which candidate is best. */
const ROUNDING = 1e-4;
/** Squares and products of longer rows may overflow. */
export const LONGEST = 2 ** 60;

/** The candidate that leaves the least potential, the first of equals. */
function* best(
  { summary, longestWeighted }: ResidentPoints,
  potentials: readonly Ref<Potentials>[],
  { drawn, total }: Draw,
): Steps<Candidate> {
  if (drawn.length === 1) return drawn[0];
  const { d, totalWeight } = summary;
  const rows = joined(drawn.map(({ row }) => row));
  const totals = new Float64Array(drawn.length);
  // ‖x‖² + ‖c‖² − 2x·c in float32 is off by at most this.
  const rounding = (d + 4) * 2 ** -24 * 4 * longestWeighted ** 2;
  // So few features are summed term by term as fast as not, and faster four rows at a time.
  const direct = d <= LANES || longestWeighted > LONGEST || rounding * totalWeight > ROUNDING * total;
  const sums = yield* joinedOf(askAll(potentials, 'trial', rows, direct));
  for (let i = 0; i < sums.length; i++) totals[i % totals.length] += sums[i];
  return drawn[totals.indexOf(Math.min(...totals))];
}

/** See `EngineDataset.distanceField`. */
export class CpuDistanceField implements DistanceField {
  readonly #potentials: readonly Ref<Potentials>[];
  readonly #precise: boolean;
  readonly #run: Runner;

  constructor(points: ResidentPoints, run: Runner) {
    points.check();
    this.#potentials = points.shards.map((shard) => make(shard, KMEANS, 'potentials'));
    this.#precise = points.summary.frame.precise;
    this.#run = run;
  }

  extend(centroids: Float64Array): Awaitable<number> {
    return this.#run(this.#extend(this.#precise ? centroids : Float32Array.from(centroids)));
  }

  sample(factor: number, seed: number): Awaitable<Uint32Array> {
    return this.#run(joinedOf(askAll(this.#potentials, 'sample', factor, seed)));
  }

  destroy(): void {
    this.#potentials.forEach(drop);
  }

  *#extend(centres: RowValues): Steps<number> {
    return (yield* joinedOf(askAll(this.#potentials, 'extend', centres))).reduce((sum, value) => sum + value, 0);
  }
}
