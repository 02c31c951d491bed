/** K-means++ on many rows: estimates leave few candidates to try, and few rows to compare a chosen one with. */

import type { RowValues } from '../points.ts';
import type { Steps } from '../steps.ts';
import { joined, type ResidentPoints } from './dataset.ts';
import { SEEDING } from './families/seeding.ts';
import { LANES, LENGTH } from './kernels/kmeans/layout.ts';
import { TERM_LENGTH, TERM_NORM, TERMS_BYTES } from './kernels/seeding/layout.ts';
import { SLICE_ROWS } from './plan.ts';
import type { EstimatedPotentials, RoughCandidates } from './potentials.ts';
import { type Candidate, type Draw, type Estimates, LONGEST } from './seeding.ts';
import { askAll, make, type Ref } from './threads/place.ts';

/** Where so many clusters at most are wanted of few features, candidates are tried on all rows in less time than it takes to estimate. */
const MOST_COMPARED = 32;

/** See `plusPlus`. */
export function estimating(points: ResidentPoints, k = Infinity): Estimates {
  const potentials = points.shards.map((shard) => make(shard, SEEDING, 'potentials'));
  let isEstimated = points.summary.d > LANES || k > MOST_COMPARED;
  const contenders = function* (draw: Draw): Steps<Draw> {
    if (!isEstimated) return draw;
    const drawn = yield* contendersOf(points, potentials, draw);
    // Null where there is no room.
    isEstimated = drawn !== null;
    return { ...draw, drawn: drawn ?? draw.drawn };
  };
  return { potentials, contenders };
}

/** Of the mean distance: where integers lose more, too few rows are told from those that a candidate is near. */
const ROUGH = 1 / 64;

/**
 * What integers may lose of a squared distance, relative to ‖x‖² + ‖c‖²: half a unit in each factor of ⟨x, c⟩, and what
 * float32 rounds here and in a trial or in the field.
 */
function errorOfEstimate(d: number): number {
  const float32 = (d + 16) * 2 ** -22;
  return (1.005 * (1 + d * 2 ** -23) * Math.sqrt(d)) / LENGTH + (0.3 * d) / LENGTH ** 2 + float32;
}

/** The candidates that trials might find best, in their order, as far as estimates tell; null where there is no room for them. */
function* contendersOf(
  { summary: { n, d, totalWeight }, longestWeighted }: ResidentPoints,
  potentials: readonly Ref<EstimatedPotentials>[],
  { drawn, total }: Draw,
): Steps<readonly Candidate[] | null> {
  const error = errorOfEstimate(d);
  const isClear = 2 * error * longestWeighted ** 2 * totalWeight < ROUGH * total;
  if (!isClear || longestWeighted > LONGEST) return drawn;
  const rough = roughOf(joined(drawn.map(({ row }) => row)), d, error);
  const bounds = yield* askAll(potentials, 'estimate', rough);
  if (bounds.some(({ length }) => length === 0)) return null;
  // Beyond float32, with weights as large.
  if (!bounds.every((shard) => shard.every(Number.isFinite))) return drawn;
  const sumOf = (at: number) => bounds.reduce((sum, shard) => sum + shard[at], 0);
  // What trials round where they add up in float64, and what float32 loses of products with weights as small.
  const rounding = (n / SLICE_ROWS + 100) * 2 ** -50 * total + n * 2 ** -147;
  const candidates = drawn.map((one, estimated) => {
    const [gain, error] = [sumOf(2 * estimated), sumOf(2 * estimated + 1)];
    // Sums of a slice are float32.
    const most = gain * (1 + 2 ** -15) + rounding;
    return { ...one, estimated, most, least: gain * (1 - 2 ** -15) - error * (1 + 2 ** -15) - rounding };
  });
  const least = Math.max(...candidates.map((candidate) => candidate.least));
  // Not "less": NaN tells nothing.
  const open = candidates.filter(({ most }) => !(most < least));
  return open.filter(({ row }, i) => i === open.findIndex((other) => row.every((value, j) => value === other.row[j])));
}

/** The least that is added to an error: more than what is lost where numbers are too small for float32. */
const LOST = 1e-30;

/** Rows [m, d], each scaled to one length, the last one again where their number is odd. */
function roughOf(rows: RowValues, d: number, error: number): RoughCandidates {
  const count = rows.length / d;
  const m = 2 * Math.ceil(count / 2);
  const integers = new Int16Array(2 * Math.ceil(d / 2) * m);
  const terms = new Float32Array((m * TERMS_BYTES) / 4);
  let largest = 0;
  for (let c = 0; c < m; c++) {
    const from = Math.min(c, count - 1) * d;
    let norm = 0;
    for (let j = 0; j < d; j++) norm += rows[from + j] ** 2;
    const length = Math.sqrt(norm);
    const scale = length > 1e-18 ? LENGTH / length : 0;
    const at = 4 * (c >> 1) * Math.ceil(d / 2) + 2 * (c & 1);
    for (let j = 0; j < d; j++) integers[at + 4 * (j >> 1) + (j & 1)] = Math.round(scale * rows[from + j]);
    terms[(c * TERMS_BYTES + TERM_NORM) / 4] = (1 - error) * norm - LOST;
    terms[(c * TERMS_BYTES + TERM_LENGTH) / 4] = length;
    largest = Math.max(largest, norm);
  }
  return { m, integers, terms, error, largest: largest + LOST / error };
}
