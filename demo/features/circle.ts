/** Values of cyclic columns as points of the unit circle. */
import type { NumberColumn } from '../tables/table.ts';

const TAU = 2 * Math.PI;
/** Entries of a table. */
const MOST_KNOWN = 2 ** 16;

/** Written as in the code that is given of a run, so that it finds the same numbers. */
export function angleOf(value: number, period: number): number {
  return (TAU * value) / period;
}

/**
 * Writes the sines and cosines of a range [from, to) of values to the same places; values may be written over by either. They
 * are NaN where a value is no number.
 */
export type ToCircle = (
  values: Float64Array,
  from: number,
  to: number,
  sines: Float64Array,
  cosines: Float64Array,
) => void;

/** @param range the least and the greatest value of the column */
export function toCircle({ values }: NumberColumn, period: number, [least, greatest]: readonly number[]): ToCircle {
  const isWhole = !(values instanceof Float32Array || values instanceof Float64Array);
  const size = greatest - least + 1;
  return isWhole && size < Math.min(values.length / 4, MOST_KNOWN) ? lookUp(period, least, size) : compute(period);
}

function compute(period: number): ToCircle {
  return (values, from, to, sines, cosines) => {
    for (let i = from; i < to; i++) {
      const angle = angleOf(values[i], period);
      sines[i] = Math.sin(angle);
      cosines[i] = Math.cos(angle);
    }
  };
}

/** Of a few whole numbers, as the minutes of a day: to compute a sine takes as long as to read ten. */
function lookUp(period: number, least: number, size: number): ToCircle {
  const angles = Float64Array.from({ length: size }, (_, at) => angleOf(least + at, period));
  const [knownSines, knownCosines] = [angles.map(Math.sin), angles.map(Math.cos)];
  return (values, from, to, sines, cosines) => {
    for (let i = from; i < to; i++) {
      const at = values[i] - least;
      sines[i] = knownSines[at];
      cosines[i] = knownCosines[at];
    }
  };
}
