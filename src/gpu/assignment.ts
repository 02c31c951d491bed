/** How the rows of a part come to their labels. */
import type { Allocation, Compiled } from './device.ts';
import { type Dispatch, type Subgroups, sourceOf } from './kernel.ts';
import {
  assignDirectKernel,
  assignTiledKernel,
  assignTiledQuadsKernel,
  byteCentroidsKernel,
  byteRowsKernel,
  candidatesKernel,
  filterKernel,
  normsKernel,
  rescoreKernel,
  SHAPE,
} from './kernels/kmeans.ts';
import { bindingsOf, cutParts, type Part } from './part.ts';
import {
  assignPlan,
  byteWords,
  CANDIDATE_WORDS,
  filterGroup,
  RECORD_WORDS,
  rescoreThreads,
  type Variant,
} from './plan.ts';
import type { Load, ResidentPoints } from './resident-points.ts';

/** The kernels of an assignment, with their constants. */
export function assignmentSources(
  LOAD: Load,
  D: number,
  k: number,
  { tile, filter }: Pick<Variant, 'tile' | 'filter'>,
  quads: boolean,
  subgroups: Subgroups,
) {
  const plan = assignPlan(k, tile);
  if (plan.kind === 'direct') return { direct: sourceOf(assignDirectKernel, { LOAD, D }, subgroups) };
  const rescore = sourceOf(rescoreKernel, { LOAD, THREADS: rescoreThreads(k) }, subgroups);
  if (filter === 'bytes') {
    return {
      byteRows: sourceOf(byteRowsKernel, { LOAD, D }, subgroups),
      byteCentroids: sourceOf(byteCentroidsKernel, { D }, subgroups),
      filter: sourceOf(filterKernel, { D, GROUP: filterGroup(k) }),
      candidates: sourceOf(candidatesKernel, { LOAD, D }),
      rescore,
    };
  }
  return {
    norms: sourceOf(normsKernel, { LOAD }),
    tiled: sourceOf(quads ? assignTiledQuadsKernel : assignTiledKernel, { LOAD, D, ...plan }, subgroups),
    rescore,
  };
}

/** What assignments read and write beside the points. */
export interface AssignmentBuffers {
  readonly model: GPUBuffer;
  /** Of each shard. */
  readonly labels: readonly GPUBuffer[];
  readonly changed: GPUBuffer;
  readonly control: GPUBuffer;
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
  { model, labels, changed, control }: AssignmentBuffers,
): Assignment {
  const { shards, summary } = points;
  const { d } = summary;
  const resourcesOf = (part: Part) => ({ ...bindingsOf(part), model, labels: labels[part.index], changed, control });
  const perRow = (label: string, words: number) =>
    shards.map(({ rows }) => allocation.storage(label, 4 * words * rows));
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
    const norms = perRow('norms', 1);
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
  const rowBytes = perRow('bytes', byteWords(d));
  const rowRecords = perRow('records', RECORD_WORDS);
  const candidates = perRow('candidates', CANDIDATE_WORDS);
  const bytes = allocation.storage('bytes', 4 * byteWords(d) * k);
  const records = allocation.storage('records', 4 * RECORD_WORDS * k);
  const shape = allocation.uniform(SHAPE, { k, d });
  return {
    once: all.map((part) =>
      kernels.byteRows.bind(
        { ...bindingsOf(part), bytes: rowBytes[part.index], records: rowRecords[part.index] },
        { rows: part.rows },
      ),
    ),
    first: [kernels.byteCentroids.bind({ shape, model, control, bytes, records }, { k })],
    of: (part) => [
      kernels.filter.bind(
        {
          part: part.uniform,
          row_bytes: rowBytes[part.index],
          row_records: rowRecords[part.index],
          centroid_bytes: bytes,
          centroid_records: records,
          labels: labels[part.index],
          changed,
          control,
          candidates: candidates[part.index],
        },
        { rows: part.rows },
      ),
      kernels.candidates.bind({ ...flagging(part), candidates: candidates[part.index] }, { rows: part.rows }),
      rescore(part),
    ],
  };
}
