/**
 * Assignments that ask all centroids by their bytes first, and by float32 those that this leaves. Not by `shader-f16`: GPUs that
 * have both take at least as many products of bytes in a cycle as of halves (Hopper 256 of each in a multiprocessor), bytes have
 * half the size and exact sums, and sums of halves are rounded to 11 bits at each term, which leaves far more centroids open.
 */
import type { Allocation, Compiled } from './device.ts';
import { type Dispatch, type ResourcesOf, type Subgroups, sourceOf } from './kernel.ts';
import { byteCentroidsKernel, byteRowsKernel, candidatesKernel, filterKernel } from './kernels/filter.ts';
import { SHAPE } from './kernels/kmeans.ts';
import { type AssignmentBuffers, bindingsOf, type Part } from './part.ts';
import type { Load, ResidentPoints } from './resident-points.ts';

/** Words of a row's candidates, and of a record of bytes.wgsl. */
const CANDIDATE_WORDS = 8;
const RECORD_WORDS = 4;

/** Words of a vector as bytes, in fours. */
function byteWords(d: number): number {
  return 4 * Math.ceil(d / 16);
}

/** Centroids that filter.wgsl keeps one bound of: a multiple of four, such that there are at most 32 groups. */
function groupOf(k: number): number {
  return 4 * Math.ceil(k / 128);
}

/** The kernels, with their constants: TALL where tiles are. */
export function filterSources(LOAD: Load, D: number, k: number, TALL: boolean, subgroups: Subgroups) {
  return {
    byteRows: sourceOf(byteRowsKernel, { LOAD, D }, subgroups),
    byteCentroids: sourceOf(byteCentroidsKernel, { D }, subgroups),
    filter: sourceOf(filterKernel, { D, GROUP: groupOf(k), TALL }),
    candidates: sourceOf(candidatesKernel, { LOAD, D }),
  };
}

export function bindFilter(
  kernels: Compiled<ReturnType<typeof filterSources>>,
  allocation: Allocation,
  { shards, summary: { d } }: ResidentPoints,
  k: number,
  { model, labels, changed, control }: AssignmentBuffers,
) {
  const perRow = (label: string, words: number) =>
    shards.map(({ rows }) => allocation.storage(label, 4 * words * rows));
  const rowBytes = perRow('bytes', byteWords(d));
  const rowRecords = perRow('records', RECORD_WORDS);
  const candidates = perRow('candidates', CANDIDATE_WORDS);
  const bytes = allocation.storage('bytes', 4 * byteWords(d) * k);
  const records = allocation.storage('records', 4 * RECORD_WORDS * k);
  const shape = allocation.uniform(SHAPE, { k, d });
  return {
    once: (part: Part): Dispatch => {
      const resources = { ...bindingsOf(part), bytes: rowBytes[part.index], records: rowRecords[part.index] };
      return kernels.byteRows.bind(resources, { rows: part.rows });
    },
    first: [kernels.byteCentroids.bind({ shape, model, control, bytes, records }, { k })],
    of: (
      part: Part,
      flagging: Omit<ResourcesOf<typeof candidatesKernel.bindings>, 'candidates'>,
    ): readonly Dispatch[] => {
      const filtering = {
        part: part.uniform,
        row_bytes: rowBytes[part.index],
        row_records: rowRecords[part.index],
        centroid_bytes: bytes,
        centroid_records: records,
        ...{ labels: labels[part.index], changed, control, candidates: candidates[part.index] },
      };
      return [
        kernels.filter.bind(filtering, { rows: part.rows }),
        kernels.candidates.bind({ ...flagging, candidates: candidates[part.index] }, { rows: part.rows }),
      ];
    },
  };
}
