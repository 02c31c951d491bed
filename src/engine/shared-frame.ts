import { checkWhole } from '../check.ts';
import {
  type Frame,
  intoFrame,
  type PointsRange,
  preciseWhereCoarse,
  robustFrame,
  sampled,
  sampledRange,
  type Units,
  usualVariances,
} from '../frame.ts';
import { type Metric, metricOf } from '../metric.ts';
import { aboutOrigin, LIMITS } from '../points.ts';
import { runNow } from '../steps.ts';
import { bitSampleOf, unitsOf } from './fixed.ts';

/** What shards of points have to agree on before their statistics add up, whoever holds them. */
export interface SharedFrame {
  /** What it is. */
  readonly type: 'SharedFrame';
  /** Under which the points will be clustered. */
  readonly metric: Metric;
  /** Rows of all shards together, at most: so many fit into the units. */
  readonly n: number;
  /** How the points are held: x' = (x − shift)·scale. @internal */
  readonly frame: Frame;
  /** What exact sums are counted in. @internal */
  readonly units: Units;
  /** See `PointsSummary`: that of all shards [d], by which a fit measures. @internal */
  readonly variance: Float64Array;
  /** @internal */
  readonly usualVariance: Float64Array;
}

/** What shards agree on, by the range of all of them: see `addRanges`. */
export function sharedFrameOf(range: PointsRange): SharedFrame {
  const { n, metric, extremes, moments } = range;
  checkWhole('range', extremes?.low);
  const { values, weights, standsFor } = sampledRange(range);
  const d = extremes.low.length;
  const standing = weights.map((weight, i) => weight * standsFor[i]);
  const sample = sampled(values, standing, d);
  const { frame } = metricOf(metric).unitRows
    ? aboutOrigin(d)
    : runNow(preciseWhereCoarse(robustFrame(sample, extremes), sample, extremes, LIMITS.cpu));
  const rows = intoFrame(values, frame);
  const held = frame.precise ? rows : Float32Array.from(rows);
  const bits = bitSampleOf(held, weights, d, weights.length);
  const variance = moments.variance.map((value) => value * frame.scale * frame.scale);
  const usualVariance = usualVariances(sample, variance, frame.scale);
  return { type: 'SharedFrame', metric, n, frame, units: runNow(unitsOf([bits], n, d + 1)), variance, usualVariance };
}

/** @throws {RangeError} where statistics of shards are not in one frame. */
export function needOneFrame(a: { readonly frame: Frame }, b: { readonly frame: Frame }): void {
  if (!sameFrame(a.frame, b.frame)) throw new RangeError('statistics in different frames do not add up');
}

export function sameFrame(a: Frame, b: Frame): boolean {
  return a.scale === b.scale && a.precise === b.precise && sameValues(a.shift, b.shift);
}

export function sameValues(a: Float64Array, b: Float64Array): boolean {
  return a.length === b.length && a.every((value, i) => value === b[i]);
}
