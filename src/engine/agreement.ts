import { type Frame, frameOf, intoFrame, type PointsRange, sampledRange } from '../frame.ts';
import { LIMITS } from '../points.ts';
import { runNow } from '../steps.ts';
import { bitSampleOf, type Units, unitsOf } from './fixed.ts';

/** What shards of points have to agree on before their statistics add up, whoever holds them. */
export interface Agreement {
  readonly frame: Frame;
  /** What exact sums are counted in. */
  readonly units: Units;
}

/** What shards agree on, by the range of all of them: see `addRanges`. */
export function agreementOf(range: PointsRange): Agreement {
  const { n } = range;
  const { values, weights } = sampledRange(range);
  const d = range.extremes.low.length;
  const frame = frameOf(range, LIMITS.cpu);
  const rows = intoFrame(values, frame);
  const held = frame.precise ? rows : Float32Array.from(rows);
  const sample = bitSampleOf(held, weights, d, weights.length);
  return { frame, units: runNow(unitsOf([sample], n, d + 1)) };
}
