import { owns } from '../check.ts';
import { topBitOf } from '../engine/bits.ts';
import { ExactTotal } from '../engine/exact-total.ts';
import { unitsOf } from '../engine/fixed.ts';
import type { Units } from '../frame.ts';
import { bufferNeedsGpu, type GpuPoints, type PointsSummary, type PreparedPoints, summaryOf } from '../points.ts';
import type { Steps } from '../steps.ts';
import type { KMeansFamily } from './families/kmeans.ts';
import { isShared, ShardMemory } from './memory.ts';
import { type Extent, shardsOf } from './plan.ts';
import { bytesOfValue, LENGTHS, Shard, type ShardShape, type Survey } from './shard.ts';
import { answersOf, ask, drop, makeShard, type Place, type Question, type Ref } from './threads/place.ts';

/** Points in float32, or in float64 where that does not tell them apart, cut into shards; the rest is float64. */
export interface ResidentPoints {
  readonly summary: PointsSummary;
  readonly shards: readonly Ref<Shard>[];
  /** What assigns them. */
  readonly kmeans: KMeansFamily;
  /** The rows of each. */
  readonly extents: readonly Extent[];
  /** What sums of the rows are counted in. */
  readonly units: Units;
  /** The largest ‖x‖ of all rows, and of those of positive weight. */
  readonly longest: number;
  readonly longestWeighted: number;
  /** A length that nearly all rows have at most. */
  readonly usual: number;
  /** Σ w·‖x‖². */
  readonly squares: number;
  /** @throws {TypeError} where the points were destroyed. */
  check(): void;
  destroy(): void;
}

/** Values that are copied between two looks at the clock, and into a message. */
const COPIED_VALUES = 2 ** 16;

/** Sends rows to a shard whose memory only its own thread reaches. */
export type Sending = (points: Source, shape: ShardShape, ref: Ref<Shard>) => Steps<void>;

/** @param send not needed where all places are the calling thread */
export function* upload(
  points: PreparedPoints | GpuPoints,
  places: readonly Place[],
  kmeans: KMeansFamily,
  send?: Sending,
): Steps<ResidentPoints> {
  if (owns(points, 'buffer')) throw bufferNeedsGpu();
  const { n, d } = points;
  const { precise } = points.frame;
  const extents = shardsOf(n, d, places.length, bytesOfValue(precise));
  const shards: Ref<Shard>[] = [];
  const surveys: Question<Survey>[] = [];
  try {
    for (const [s, extent] of extents.entries()) {
      const shape = { extent, d, weighted: points.weights !== null, precise };
      const shard = makeShard(places[s % places.length], shape);
      shards.push(shard);
      yield* fillShard(points, shape, shard, send);
      // A worker has its answer while the next one gets its rows.
      surveys.push(ask(shard, 'survey', [unitsIn(points) === undefined]));
    }
    return yield* surveyed(summaryOf(points), shards, extents, yield* answersOf(surveys), kmeans);
  } catch (error) {
    for (const survey of surveys) survey.cancel();
    shards.forEach(drop);
    throw error;
  }
}

/** Points as they are written to an engine. */
export type Source = Pick<PreparedPoints, 'fill' | 'weights'>;

export function* fillShard(points: Source, shape: ShardShape, ref: Ref<Shard>, send?: Sending): Steps<void> {
  const memory = yield* ask(ref, 'lend', []).answer();
  // The same layout over the same memory, which another thread may lay out: rows are written where it reads them.
  if (memory !== null) yield* fillHere(points, new Shard(shape, new ShardMemory(memory)));
  else yield* send!(points, shape, ref);
}

function* fillHere(points: Source, shard: Shard): Steps<void> {
  for (const { start, end, first } of pieces(shard)) {
    points.fill(shard.rows.subarray(start * shard.d, end * shard.d), first + start, first + end);
    shard.weights?.set(points.weights!.subarray(first + start, first + end), start);
    yield;
  }
}

/** Row ranges of a shard, and the row of the dataset that it begins with. */
export function pieces({
  extent,
  d,
}: Pick<ShardShape, 'extent' | 'd'>): { start: number; end: number; first: number }[] {
  const n = extent.end - extent.start;
  const rows = Math.max(1, Math.floor(COPIED_VALUES / d));
  const ranges = [];
  for (let start = 0; start < n; start += rows) {
    ranges.push({ start, end: Math.min(n, start + rows), first: extent.start });
  }
  return ranges;
}

/** Shards, with what one pass over their rows tells: the answers to `survey`. */
export function* surveyed(
  summary: PointsSummary,
  shards: readonly Ref<Shard>[],
  extents: readonly Extent[],
  surveys: readonly Survey[],
  kmeans: KMeansFamily,
): Steps<ResidentPoints> {
  const largest = (of: (survey: Survey) => number) => Math.max(...surveys.map(of));
  const squares = new ExactTotal();
  for (const survey of surveys) squares.merge(survey.squares);
  const { n, d } = summary;
  const bits = surveys.map(({ bits }) => bits);
  const longest = largest(({ longest }) => longest);
  let isHeld = true;
  return {
    ...{ summary, shards, kmeans, extents },
    squares: squares.value(),
    units: unitsIn(summary) ?? (yield* unitsOf(bits, n, d + 1)),
    longest,
    longestWeighted: largest(({ longestWeighted }) => longestWeighted),
    usual: usualLength(surveys, n, longest),
    check() {
      if (!isHeld) throw new TypeError('the dataset was destroyed');
    },
    destroy() {
      isHeld = false;
      shards.forEach(drop);
    },
  };
}

/** What shards agreed on, if they have. */
export function unitsIn(summary: PointsSummary): Units | undefined {
  // Of its own: an inherited one would be somebody else's.
  return Object.hasOwn(summary, 'units') ? summary.units : undefined;
}

/** Of so many rows, one may be longer than the usual length. */
const ROWS_FOR_UNUSUAL = 64;

/** The square root of a power of two. */
function usualLength(surveys: readonly Survey[], n: number, longest: number): number {
  if (longest === 0) return 0;
  // The square of a root may lie below a power of two that its own square has reached.
  let bin = Math.min(LENGTHS - 1, topBitOf(longest ** 2) + LENGTHS / 2 + 1);
  for (let longer = 0; bin > 0; bin--) {
    for (const { lengths } of surveys) longer += lengths[bin];
    if (longer * ROWS_FOR_UNUSUAL > n) return 2 ** ((bin + 1 - LENGTHS / 2) / 2);
  }
  return 0;
}

/** The rows at `indices`: float64 [m, d]. */
export function* gather(points: ResidentPoints, indices: Uint32Array): Steps<Float64Array> {
  points.check();
  const { extents, shards } = points;
  const { d } = points.summary;
  const gathered = new Float64Array(indices.length * d);
  // Positions among the indices, by the shard of their row.
  const positions = extents.map(({ start, end }) => {
    const inside: number[] = [];
    indices.forEach((index, i) => {
      if (index >= start && index < end) inside.push(i);
    });
    return inside;
  });
  const gathers = yield* answersOf(
    shards.map((shard, s) => {
      const rows = new Uint32Array(positions[s].length);
      for (let at = 0; at < rows.length; at++) rows[at] = indices[positions[s][at]] - extents[s].start;
      return ask(shard, 'gather', [rows]);
    }),
  );
  positions.forEach((inside, s) => {
    inside.forEach((i, row) => {
      for (let j = 0; j < d; j++) gathered[i * d + j] = gathers[s][row * d + j];
    });
  });
  return gathered;
}

/** Values of all shards behind one another, in no shared memory. */
export function joined<A extends Float32Array | Float64Array | Uint32Array>(arrays: readonly A[]): A {
  if (arrays.length === 1 && !isShared(arrays[0].buffer)) return arrays[0];
  const length = arrays.reduce((sum, array) => sum + array.length, 0);
  const whole = new (arrays[0].constructor as new (length: number) => A)(length);
  let at = 0;
  for (const array of arrays) {
    whole.set(array, at);
    at += array.length;
  }
  return whole;
}

/** The same of answers that are waited for. */
export function* joinedOf<A extends Float32Array | Float64Array | Uint32Array>(answers: Steps<A[]>): Steps<A> {
  return joined(yield* answers);
}
