/** What a mixture says of rows that no engine holds, in float64 and in the caller's coordinates. */
import { type Answer, answerAt, type Gaussians } from '../engine/gaussians.ts';
import type { FarRows } from '../points.ts';

/** Of one far row. */
export interface FarAnswer extends Answer {
  readonly index: number;
  readonly weight: number;
}

/** @param temperature 0 or 1 */
export function answersOfFar(
  { indices, values, weights }: FarRows,
  gaussians: Gaussians,
  temperature: number,
): FarAnswer[] {
  const { d } = gaussians;
  return Array.from(indices, (index, i) => {
    const row = values.subarray(i * d, (i + 1) * d);
    return { index, weight: weights[i], ...answerAt(gaussians, row, temperature) };
  });
}
