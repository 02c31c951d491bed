/** Points that shards read themselves, where they were copied to: the threads that have them survey them and bring them into their frame. */
import type { RowsTold, Unread } from '../points.ts';
import type { Steps } from '../steps.ts';
import { rootOf } from '../tree.ts';
import { unreadPoints } from '../unread.ts';
import type { Arrival, Entered } from './arrivals.ts';
import { fillShard, type ResidentPoints, surveyed, unitsIn } from './dataset.ts';
import { ARRIVALS } from './families/arrivals.ts';
import type { KMeansFamily } from './families/kmeans.ts';
import { shardsOf } from './plan.ts';
import { send } from './send.ts';
import type { Shard } from './shard.ts';
import { answersOf, ask, askAll, drop, make, makeShard, type Place, type Question, type Ref } from './threads/place.ts';

/** See `ClusteringEngine.take`. */
export function* take(unread: Unread, places: readonly Place[], kmeans: KMeansFamily): Steps<ResidentPoints | null> {
  const points = yield* unreadPoints(unread);
  const { n, d, unitRows, entry, pivot, scale } = points;
  const extents = shardsOf(n, d, places.length);
  const shards: Ref<Shard>[] = [];
  const questions: Question<unknown>[] = [];
  const asked = <Q extends Question<unknown>>(question: Q): Q => {
    questions.push(question);
    return question;
  };
  try {
    const arrivals: Question<Arrival>[] = [];
    const entries: Question<Entered>[] = [];
    const readers = [];
    for (const [s, extent] of extents.entries()) {
      const shape = { extent, d, weighted: false, precise: false };
      const shard = makeShard(places[s % places.length], shape);
      shards.push(shard);
      yield* fillShard(points, shape, shard, send);
      const reader = make(shard, ARRIVALS, 'arrivals', undefined);
      readers.push(reader);
      // A worker reads while the next one gets its rows.
      if (entry !== null) entries.push(asked(ask(reader, 'enter', [entry.frame.shift, entry.frame.scale])));
      else arrivals.push(asked(unitRows ? ask(reader, 'normalise', []) : ask(reader, 'survey', [pivot, scale])));
    }
    if (entry !== null) {
      const told = yield* answersOf(entries);
      readers.forEach(drop);
      const surveys = told.map(({ survey }) => survey);
      const sums = told.map(({ sums }) => sums).reduce((a, b) => a.map((value, j) => value + b[j]));
      const summary = yield* entry.settle(Math.max(...surveys.map(({ longest }) => longest)), sums);
      if (summary !== null) return yield* surveyed(summary, shards, extents, surveys, kmeans);
      shards.forEach(drop);
      return null;
    }
    const told = yield* answersOf(arrivals);
    const wrong = told.findIndex((arrival) => arrival.wrong !== null);
    if (wrong >= 0) throw points.wrong({ ...told[wrong].wrong!, i: extents[wrong].start + told[wrong].wrong!.i });
    const summary = yield* points.settle(joinedTold(told));
    if (summary === null) {
      shards.forEach(drop);
      return null;
    }
    const { shift, scale: unit } = summary.frame;
    if (!unitRows) yield* askAll(readers, 'bring', shift, unit);
    const surveys = yield* askAll(readers, 'lengths', unitsIn(summary) === undefined);
    readers.forEach(drop);
    return yield* surveyed(summary, shards, extents, surveys, kmeans);
  } catch (error) {
    for (const question of questions) question.cancel();
    shards.forEach(drop);
    throw error;
  }
}

function joinedTold(arrivals: readonly Arrival[]): RowsTold {
  const [{ low, high }, ...others] = arrivals;
  for (const other of others) {
    for (let j = 0; j < low.length; j++) {
      low[j] = Math.min(low[j], other.low[j]);
      high[j] = Math.max(high[j], other.high[j]);
    }
  }
  return { extremes: { low, high }, sums: rootOf(arrivals.flatMap(({ nodes }) => nodes)) };
}
