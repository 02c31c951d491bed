/** Points that are a shard of others: in the frame that all agreed on. */
import { checkWhole, kindOf, owns } from './check.ts';
import type { SharedFrame } from './engine/shared-frame.ts';
import { type HostForm, readForm } from './forms.ts';
import { PRECISE_LIMIT, reachOf, type WeightedMean } from './frame.ts';
import { metricOf } from './metric.ts';
import {
  checkFeatures,
  LIMITS,
  type PointsInput,
  type SampleRows,
  type SurveyedPoints,
  type SurveyOptions,
  sampleRowsOf,
  surveyForm,
} from './points.ts';
import type { Steps } from './steps.ts';
import { staysUnread } from './survey.ts';

/** A shard, and the mean of its rows once they are read; null of unit rows. */
export interface ShardPoints extends SurveyedPoints {
  mean(): WeightedMean | null;
}

/**
 * Points that are a shard of others, as an engine gets them.
 *
 * @param isBlock of a source: a pass tells whether rows are those of the one before, and nobody asks what rounding makes of them
 * @throws {RangeError} where they do not fit into the frame.
 */
export function* shardOf(
  points: PointsInput,
  options: SurveyOptions,
  shared?: SharedFrame,
  isBlock = false,
): Steps<ShardPoints> {
  const form = readForm(points);
  if (owns(form, 'fields')) throw new TypeError('points of a shard must be on the host, not in a GPUBuffer');
  if (shared === undefined) {
    const surveyed = yield* surveyForm(form, options);
    return { ...surveyed, mean: () => surveyed.read?.moments() ?? null };
  }
  const { frame, n: all, units, variance, usualVariance, metric } = checkFrame(shared);
  const { n, d } = form;
  checkFeatures(d, frame.shift.length);
  if (metric !== (options.metric ?? 'euclidean')) throw new TypeError(`the frame is for '${metric}' points`);
  if (n > all) throw new RangeError(`${n} points are more than the ${all} that the frame is for`);
  let mean: WeightedMean | null = null;
  function* surveyed(): Steps<SurveyedPoints> {
    const found = yield* surveyForm(form as HostForm, options);
    const { read } = found;
    if (read !== undefined && !metricOf(metric).unitRows) {
      const reach = reachOf(frame.shift, read.extremes) * frame.scale;
      if (!(reach <= (frame.precise ? PRECISE_LIMIT : LIMITS.cpu))) throw new RangeError('points lie beyond the frame');
    }
    mean = read?.moments() ?? null;
    return found;
  }
  const inFrame = { ...options, frame };
  const isUnread = staysUnread(form, inFrame);
  const known = isUnread ? undefined : yield* surveyed();
  const hear = (heard: WeightedMean) => {
    mean = heard;
  };
  return {
    ...{ n, d, read: known?.read, mean: () => mean },
    unread: isUnread
      ? {
          ...{ form, seen: isBlock ? noRows : yield* sampleRowsOf(form, null, n), options: inFrame },
          agreed: { frame, units, variance, usualVariance, hear, rounding: isBlock ? new Float64Array(d) : undefined },
        }
      : undefined,
    *prepare(backend) {
      // What float64 would be for it has not.
      const held = backend === 'webgpu' ? { ...frame, precise: false } : frame;
      const { prepare } = known ?? (yield* surveyed());
      return { ...(yield* prepare(backend, held)), units, variance, usualVariance };
    },
  };
}

const noRows: SampleRows = { indices: new Uint32Array(0), values: new Float64Array(0), weights: null };

/** @throws {TypeError} where it is not what `frameOf` gives. */
function checkFrame(frame: SharedFrame): SharedFrame {
  if (frame?.type !== 'SharedFrame') throw new TypeError(`frame must be what frameOf gives, got ${kindOf(frame)}`);
  checkWhole('frame', frame.variance);
  return frame;
}
