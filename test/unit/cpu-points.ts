/** Points for an engine that no frame has touched. */
import { noFarRows, type PreparedPoints, type RowValues } from '../../src/points.ts';

export interface Values {
  readonly data: RowValues;
  readonly n: number;
  readonly d: number;
  readonly weights?: Float32Array | undefined;
}

/** The values as they are: no shift, no scale. */
export function asTheyAre({ data, n, d, weights }: Values, precise = false): PreparedPoints {
  return {
    n,
    d,
    metric: 'euclidean',
    frame: { shift: new Float64Array(d), scale: 1, precise },
    weights: weights ?? null,
    totalWeight: weights?.reduce((sum, weight) => sum + weight, 0) ?? n,
    positiveRows: weights?.reduce((sum, weight) => sum + (weight > 0 ? 1 : 0), 0) ?? n,
    variance: new Float64Array(d).fill(1),
    usualVariance: new Float64Array(d).fill(1),
    rounding: new Float64Array(d),
    far: noFarRows(),
    fill: (target, start, end) => target.set(data.subarray(start * d, end * d)),
  };
}
