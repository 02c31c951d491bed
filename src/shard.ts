/** Points that are a shard of others: in the frame that all agreed on. */
import { kindOf, owns } from './check.ts';
import type { SharedFrame } from './engine/shared-frame.ts';
import { readForm } from './forms.ts';
import { PRECISE_LIMIT, reachOf } from './frame.ts';
import { metricOf } from './metric.ts';
import {
  checkFeatures,
  LIMITS,
  type PointsInput,
  type SurveyedPoints,
  type SurveyOptions,
  surveyForm,
} from './points.ts';
import type { Steps } from './steps.ts';

/**
 * Points that are a shard of others, as an engine gets them.
 *
 * @throws {RangeError} where they do not fit into the frame.
 */
export function* shardOf(
  points: PointsInput,
  options: SurveyOptions,
  shared: SharedFrame | undefined,
): Steps<SurveyedPoints> {
  const form = readForm(points);
  if (owns(form, 'fields')) throw new TypeError('points of a shard must be on the host, not in a GPUBuffer');
  const surveyed = yield* surveyForm(form, options);
  if (shared === undefined) return surveyed;
  checkFrame(shared);
  const { frame, n, units, variance, usualVariance, metric } = shared;
  const { read } = surveyed;
  checkFeatures(surveyed.d, frame.shift.length);
  if (metric !== (options.metric ?? 'euclidean')) throw new TypeError(`the frame is for '${metric}' points`);
  if (surveyed.n > n) throw new RangeError(`${surveyed.n} points are more than the ${n} that the frame is for`);
  if (read !== undefined && !metricOf(metric).unitRows) {
    const reach = reachOf(frame.shift, read.extremes) * frame.scale;
    if (!(reach <= (frame.precise ? PRECISE_LIMIT : LIMITS.cpu))) throw new RangeError('points lie beyond the frame');
  }
  return {
    ...{ n: surveyed.n, d: surveyed.d, read },
    *prepare(backend) {
      // What float64 would be for it has not.
      const held = backend === 'webgpu' ? { ...frame, precise: false } : frame;
      return { ...(yield* surveyed.prepare(backend, held)), units, variance, usualVariance };
    },
  };
}

/** @throws {TypeError} where it is not what `frameOf` gives. */
function checkFrame(frame: SharedFrame): SharedFrame {
  if (frame?.type === 'SharedFrame') return frame;
  throw new TypeError(`frame must be what frameOf gives, got ${kindOf(frame)}`);
}
