/** What a mixture says of rows that no engine holds, in float64 and in the caller's coordinates. */
import { type Gaussians, logDensitiesAt } from '../gaussians.ts';
import type { FarRows } from '../points.ts';

/** Of one far row. */
export interface FarAnswer {
  readonly index: number;
  readonly weight: number;
  /** The component of the largest π·p, the lowest index of equals. */
  readonly label: number;
  /** T·log Σ (π·p)^(1/T); −Infinity beyond float64. */
  readonly value: number;
  /** Responsibilities at temperature 1: [k]. */
  readonly shares: Float64Array;
}

/** Squares of distances shrunk by it fit into float64, however far a row lies. */
const SHRINK = 2 ** -400;

/** @param temperature 0 or 1 */
export function answersOfFar(
  { indices, values, weights }: FarRows,
  gaussians: Gaussians,
  temperature: number,
): FarAnswer[] {
  const { d } = gaussians;
  return Array.from(indices, (index, i) => {
    const row = values.subarray(i * d, (i + 1) * d);
    const logs = logDensitiesAt(gaussians, row);
    const largest = largestOf(logs);
    const comparable = largest === -Infinity ? shrunkLogs(gaussians, row) : logs;
    const best = largestOf(comparable);
    const exponentials = comparable.map((log) => Math.exp(log - best));
    const sum = exponentials.reduce((a, b) => a + b);
    return {
      index,
      weight: weights[i],
      label: comparable.indexOf(best),
      value: largest + temperature * Math.log(sum),
      shares: exponentials.map((share) => share / sum),
    };
  });
}

/** Their order is that of the logarithms, and but for equal ones they are as far apart as exponentials can tell. */
function shrunkLogs(gaussians: Gaussians, row: Float64Array): Float64Array {
  const { factors } = gaussians;
  const offsets = gaussians.offsets.map((offset) => (offset === -Infinity ? offset : 0));
  const logs = logDensitiesAt({ ...gaussians, offsets, factors: factors.map((factor) => factor * SHRINK) }, row);
  const best = largestOf(logs);
  return logs.map((log) => (log === best ? 0 : -Infinity));
}

function largestOf(values: Float64Array): number {
  return values.reduce((a, b) => Math.max(a, b));
}
