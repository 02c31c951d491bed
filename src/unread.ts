/** Points that an engine reads for itself, where they were copied to. */
import { detached } from './check.ts';
import type { FlatForm } from './forms.ts';
import { preciseWhereCoarse, reachOf, robustFrame, roundingOf, sampling } from './frame.ts';
import { metricOf } from './metric.ts';
import {
  type Agreed,
  aboutOrigin,
  type Centre,
  centreOf,
  changedPoints,
  checkFeatures,
  type Entry,
  FLOORS,
  LIMITS,
  MODEL_LIMITS,
  momentsOf,
  noFarRows,
  ofModel,
  type PointsSummary,
  type RowsTold,
  type SampleRows,
  type Unread,
  type UnreadPoints,
  variancesIn,
  zeroRow,
} from './points.ts';
import type { Steps } from './steps.ts';

/** @throws {RangeError} where they do not have the features of the model whose frame it is. */
export function* unreadPoints({ form, seen, options, agreed }: Unread): Steps<UnreadPoints> {
  const { n, d } = form;
  const { metric = 'euclidean', frame } = options;
  const { unitRows } = metricOf(metric);
  if (!unitRows && frame !== undefined) checkFeatures(d, frame.shift.length);
  const centre = !unitRows && frame === undefined ? yield* centreOf(seen, d) : undefined;
  const weighed = { n, d, metric, weights: null, totalWeight: n, positiveRows: n };
  return {
    ...{ n, d, weights: null, unitRows },
    entry: agreed === undefined || unitRows ? null : asShard(agreed, seen, weighed),
    pivot: centre?.pivot ?? new Float64Array(d),
    scale: centre?.scale ?? 0,
    fill: copying(form, seen),
    *settle(told): Steps<PointsSummary | null> {
      const { extremes } = told;
      if (centre !== undefined) return yield* inFrame(centre, told, weighed);
      if (agreed !== undefined) return { ...weighed, ...ofShard(agreed), ...aboutOrigin(d) };
      const { variance } = momentsOf(told, n, 1);
      if (frame === undefined || unitRows) return { ...weighed, variance, usualVariance: variance, ...aboutOrigin(d) };
      if (!(reachOf(frame.shift, extremes) * frame.scale <= MODEL_LIMITS.cpu)) return null;
      return { ...weighed, frame, far: noFarRows(), ...ofModel(d) };
    },
    wrong: ({ i, j, isZero }) => (isZero ? zeroRow(i, metric) : wrongValue(form, i, j)),
  };
}

type Weighed = Pick<PointsSummary, 'n' | 'd' | 'metric' | 'weights' | 'totalWeight' | 'positiveRows'>;

/** Points in the frame that is about their midst; null where they need float64, which would have to be read anew. */
function* inFrame({ sample, scale }: Centre, told: RowsTold, weighed: Weighed): Steps<PointsSummary | null> {
  const { extremes } = told;
  const robust = robustFrame(sample, extremes);
  const { frame, rounding } = yield* preciseWhereCoarse(robust, sample, extremes, LIMITS.cpu);
  if (frame.precise) return null;
  const moments = momentsOf(told, weighed.n, scale);
  return { ...weighed, frame, rounding, far: noFarRows(), ...variancesIn(frame, sample, moments) };
}

/** Points in the frame that shards agreed on, unless they lie beyond it. */
function asShard(agreed: Agreed, seen: SampleRows, weighed: Weighed): Entry {
  const { frame, hear, rounding: known } = agreed;
  return {
    frame,
    *settle(longest, sums) {
      if (!sums.every(Number.isFinite) || !(longest <= LIMITS.cpu)) return null;
      hear({ weight: weighed.n, mean: frame.shift.map((value, j) => value + sums[j] / weighed.n / frame.scale) });
      const rounding = known ?? (yield* roundingOf(yield* sampling(seen.values, null, weighed.d), frame, FLOORS.cpu));
      return { ...weighed, ...ofShard(agreed), frame, rounding, far: noFarRows() };
    },
  };
}

function ofShard({
  units,
  variance,
  usualVariance,
}: Agreed): Pick<PointsSummary, 'units' | 'variance' | 'usualVariance'> {
  return { units, variance, usualVariance };
}

/** Copies rows, and looks whether those that were seen before are what they were. */
function copying({ flat: { data, offset }, d }: FlatForm, { indices, values }: SampleRows): UnreadPoints['fill'] {
  const count = values.length / d;
  // Ascending, as the calls are: each goes on where the one before ended, or begins anew.
  let s = 0;
  const rowOf = (s: number) => indices?.[s] ?? s;
  return (target, start, end) => {
    if (data.length < offset + end * d) throw Object.assign(changedPoints(), { cause: detached('points.data') });
    target.set(data.subarray(offset + start * d, offset + end * d));
    if (s > 0 && rowOf(s - 1) >= start) s = 0;
    while (s < count && rowOf(s) < start) s++;
    for (; s < count && rowOf(s) < end; s++) {
      for (let j = 0, at = s * d, from = (rowOf(s) - start) * d; j < d; j++) {
        // NaN, which the survey will tell of, is itself too.
        if (!Object.is(target[from + j], values[at + j])) throw changedPoints();
      }
    }
  };
}

function wrongValue({ flat: { data, offset }, d, wrong }: FlatForm, i: number, j: number): Error {
  return Number.isFinite(data[offset + i * d + j]) ? changedPoints() : wrong(i, j);
}
