/** The first reading of points that are a shard of others: what there is to know before all agree on a frame. */
import { owns } from './check.ts';
import { readForm } from './forms.ts';
import type { PointsRange } from './frame.ts';
import {
  moved,
  type PointsInput,
  type PreparedPoints,
  type RowsRead,
  type SampleRows,
  type SurveyOptions,
  sampledRows,
  surveyForm,
} from './points.ts';
import type { Steps } from './steps.ts';

/** Where the rows of positive weight of a shard lie among those of all shards. */
export interface ShardPlace {
  /** Number of such rows in the shards before. */
  readonly first: number;
  /** Number of such rows in all shards. */
  readonly total: number;
}

/**
 * The range of a shard. With its place, the samples of all shards are together that of the rows as one: so is their frame then.
 *
 * @throws {TypeError | RangeError} as `surveyForm` does, and for points in a GPUBuffer.
 */
export function* rangeOfPoints(points: PointsInput, options: SurveyOptions, place?: ShardPlace): Steps<PointsRange> {
  const form = readForm(points);
  if (owns(form, 'fields')) throw new TypeError('points must be on the host, not in a GPUBuffer');
  const { n, d, read, prepare } = yield* surveyForm(form, options);
  const { metric = 'euclidean' } = options;
  if (read === undefined) return yield* rangeOfUnitRows(yield* prepare('cpu'), place);
  const { extremes, positiveRows, weights, rows, moments } = read;
  const near = { ...form, ...form.near };
  const sample = place === undefined ? rows : sampleAt(place, near, weights, positiveRows);
  return {
    ...{ type: 'PointsRange', n, positiveRows, metric, moments: moments() },
    extremes: { low: moved(extremes.low, read.form), high: moved(extremes.high, read.form) },
    samples: samplesOf({ ...sample, values: moved(sample.values, read.form) }, d, place ? null : positiveRows),
  };
}

/** @param positiveRows for which the sample stands; null where it is a part of one of all shards */
function samplesOf({ values, weights }: SampleRows, d: number, positiveRows: number | null): PointsRange['samples'] {
  const rows = values.length / d;
  if (rows === 0) return [];
  return [{ values, weights, standsFor: positiveRows === null ? 1 : positiveRows / rows }];
}

/** The rows of the shard that are in a sample of all rows. */
function sampleAt(
  { first, total }: ShardPlace,
  { d, read }: Pick<RowsRead['form'], 'd' | 'read'>,
  weights: Float32Array | null,
  positiveRows: number,
): SampleRows {
  const places = sampledRows(total, d, null, total).filter((at) => at >= first && at < first + positiveRows);
  let [row, place] = [-1, first - 1];
  const indices = places.map((wanted) => {
    if (weights === null) return wanted - first;
    while (place < wanted) if (weights[++row] > 0) place++;
    return row;
  });
  const values = new Float64Array(indices.length * d);
  indices.forEach((index, i) => {
    read(index, index + 1, values.subarray(i * d, (i + 1) * d));
  });
  return { indices, values, weights: weights && Float64Array.from(indices, (index) => weights[index]) };
}

/** Values that are read at a time. */
const BLOCK_VALUES = 2 ** 13;

/** Of rows that are held at unit length: their frame is about the origin, whatever they are. */
function* rangeOfUnitRows(points: PreparedPoints, place: ShardPlace | undefined): Steps<PointsRange> {
  const { n, d, metric, weights, totalWeight, positiveRows, variance } = points;
  const mean = new Float64Array(d);
  const rows = Math.max(1, Math.floor(BLOCK_VALUES / d));
  const block = new Float64Array(rows * d);
  for (let start = 0; start < n; start += rows) {
    const end = Math.min(n, start + rows);
    points.fill(block, start, end);
    for (let i = start, at = 0; i < end; i++) {
      const share = (weights === null ? 1 : weights[i]) / totalWeight;
      for (let j = 0; j < d; j++, at++) mean[j] += share * block[at];
    }
    yield;
  }
  const whole = place ?? { first: 0, total: positiveRows };
  const read = (start: number, end: number, to: Float64Array) => points.fill(to, start, end);
  const sample = sampleAt(whole, { d, read }, weights, positiveRows);
  return {
    ...{ type: 'PointsRange', n, positiveRows, metric, moments: { weight: totalWeight, mean, variance } },
    extremes: { low: new Float64Array(d).fill(-1), high: new Float64Array(d).fill(1) },
    samples: samplesOf(sample, d, place ? null : positiveRows),
  };
}
