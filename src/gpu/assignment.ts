/** How the rows of a part come to their labels. */
import type { Allocation, Compiled } from './device.ts';
import { type Dispatch, type Subgroups, sourceOf } from './kernel.ts';
import {
  assignDirectKernel,
  assignTiledKernel,
  assignTiledQuadsKernel,
  normsKernel,
  rescoreKernel,
} from './kernels/kmeans.ts';
import { type AssignmentBuffers, bindingsOf, cutParts, type Part } from './part.ts';
import { assignPlan, rescoreThreads, type Tile } from './plan.ts';
import type { Load, ResidentPoints } from './resident-points.ts';

/** What few need: it is loaded where a variant filters. */
export type Filtering = typeof import('./filter.ts');

/** The kernels of an assignment, with their constants. */
export function assignmentSources(
  LOAD: Load,
  D: number,
  k: number,
  tile: Tile,
  filtering: Filtering | null,
  quads: boolean,
  subgroups: Subgroups,
) {
  const plan = assignPlan(D, k, tile);
  if (plan.kind === 'direct') return { direct: sourceOf(assignDirectKernel, { LOAD, D }, subgroups) };
  const rescore = sourceOf(rescoreKernel, { LOAD, THREADS: rescoreThreads(k) }, subgroups);
  if (filtering !== null) return { ...filtering.filterSources(LOAD, D, k, plan.TALL, subgroups), rescore };
  // A short tile is brought feature by feature.
  const tiled = quads && plan.TALL ? assignTiledQuadsKernel : assignTiledKernel;
  return {
    norms: sourceOf(normsKernel, { LOAD }),
    tiled: sourceOf(tiled, { LOAD, D, ...plan }, subgroups),
    rescore,
  };
}

export interface Assignment {
  /** Before the first pass. */
  readonly once: readonly Dispatch[];
  /** Before each pass. */
  readonly first: readonly Dispatch[];
  /** Labels the rows of a part. */
  of(part: Part): readonly Dispatch[];
}

export function bindAssignment(
  kernels: Compiled<ReturnType<typeof assignmentSources>>,
  allocation: Allocation,
  points: ResidentPoints,
  k: number,
  sliceRows: number,
  buffers: AssignmentBuffers,
  filtering: Filtering | null,
): Assignment {
  const { shards } = points;
  const { model, labels, changed, control } = buffers;
  const resourcesOf = (part: Part) => ({ ...bindingsOf(part), model, labels: labels[part.index], changed, control });
  if (kernels.direct !== undefined) {
    return { once: [], first: [], of: (part) => [kernels.direct.bind(resourcesOf(part), { rows: part.rows })] };
  }
  const all = cutParts(allocation, points, k, sliceRows);
  const flags = shards.map(({ rows }) =>
    allocation.storage('flagged', Math.ceil(rows / sliceRows) * (sliceRows + 1) * 4),
  );
  const flagging = (part: Part) => ({ ...resourcesOf(part), flagged: flags[part.index] });
  const rescore = (part: Part) => kernels.rescore.bind(flagging(part), { slices: Math.ceil(part.rows / sliceRows) });
  if (kernels.tiled !== undefined) {
    const norms = shards.map(({ rows }) => allocation.storage('norms', rows * 4));
    return {
      once: all.map((part) =>
        kernels.norms.bind({ ...bindingsOf(part), norms: norms[part.index] }, { rows: part.rows }),
      ),
      first: [],
      of: (part) => [
        kernels.tiled.bind({ ...flagging(part), norms: norms[part.index] }, { rows: part.rows }),
        rescore(part),
      ],
    };
  }
  const filter = filtering!.bindFilter(kernels, allocation, points, k, buffers);
  return {
    once: all.flatMap(filter.once),
    first: filter.first,
    of: (part) => [...filter.of(part, flagging(part)), rescore(part)],
  };
}
