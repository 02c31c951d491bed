import type { ResidentPoints } from './dataset.ts';
import type { Shard } from './shard.ts';
import type { Ref } from './threads/place.ts';

/** The shards that rows [start, end) lie in, each with which of its own rows these are. */
export function shardsWithin(
  { shards, extents }: ResidentPoints,
  start: number,
  end: number,
): { readonly shard: Ref<Shard>; readonly start: number; readonly end: number }[] {
  return shards.flatMap((shard, s) => {
    const first = Math.max(start, extents[s].start);
    const last = Math.min(end, extents[s].end);
    return first < last ? [{ shard, start: first - extents[s].start, end: last - extents[s].start }] : [];
  });
}
