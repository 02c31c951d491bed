import type { Steps } from '../steps.ts';
import { pieces, type Source } from './dataset.ts';
import type { Shard, ShardShape } from './shard.ts';
import { answersOf, ask, type Question, type Ref } from './threads/place.ts';

/** Messages with rows that may be on their way to a worker: one is read while the next is filled. */
const IN_FLIGHT = 2;

/** Rows for a shard whose memory only its own thread reaches. */
export function* send(points: Source, shape: ShardShape, ref: Ref<Shard>): Steps<void> {
  const sent: Question<void>[] = [];
  for (const { start, end, first } of pieces(shape)) {
    const rows = new (shape.precise ? Float64Array : Float32Array)((end - start) * shape.d);
    points.fill(rows, first + start, first + end);
    const weights = points.weights?.slice(first + start, first + end) ?? null;
    sent.push(ask(ref, 'fill', [start, rows, weights], [rows.buffer]));
    if (sent.length === IN_FLIGHT) yield* sent.shift()!.answer();
    yield;
  }
  yield* answersOf(sent);
}
