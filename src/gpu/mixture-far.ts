/**
 * Rows that lie so far from all components that the squares of their distances are no float32: kernels leave them out, and
 * the host answers for them in float64.
 */
import { type Answer, answerAt, type Gaussians } from '../engine/gaussians.ts';
import type { MixtureStatistics } from '../engine/statistics.ts';
import type { Gpu } from './device.ts';
import { gather } from './gather.ts';
import type { ResidentPoints } from './resident-points.ts';

/** What a row's label is on the device: FAR of answer.wgsl. */
export const FAR = 0xffffffff;
/** Logarithms below this are no logarithms: half of FARTHEST of the kernels. */
export const FARTHEST = -(2 ** 118);

/** Values that are gathered at once. */
const BLOCK_VALUES = 2 ** 18;

export interface FarRow extends Answer {
  readonly index: number;
  /** In the frame: [d]. */
  readonly values: Float64Array;
}

/** The answers of the rows at `indices`. */
export async function answerFar(
  gpu: Gpu,
  points: ResidentPoints,
  indices: readonly number[],
  gaussians: Gaussians,
  temperature: number,
  signal: AbortSignal | undefined,
): Promise<FarRow[]> {
  const { d } = points.summary;
  const each = Math.max(1, Math.floor(BLOCK_VALUES / d));
  const rows: FarRow[] = [];
  for (let from = 0; from < indices.length; from += each) {
    const block = Uint32Array.from(indices.slice(from, from + each));
    const values = await gather(gpu, points, block, signal);
    block.forEach((index, i) => {
      const row = values.slice(i * d, (i + 1) * d);
      rows.push({ index, values: row, ...answerAt(gaussians, row, temperature) });
    });
  }
  return rows;
}

/** Adds what far rows have to add to statistics about the means, and in the coordinates, of `used`. */
export function addFar(
  { counts, sums, squares }: Pick<MixtureStatistics, 'counts' | 'sums' | 'squares'>,
  rows: readonly FarRow[],
  used: Gaussians,
  weights: Float32Array | null,
): void {
  const { k, d, shape } = used;
  const y = new Float64Array(d);
  for (const { index, values, responsibilities } of rows) {
    const weight = weights === null ? 1 : weights[index];
    for (let c = 0; c < k; c++) {
      const share = weight * responsibilities[c];
      if (share === 0) continue;
      whiten(values, used, c, y);
      counts[c] += share;
      for (let j = 0; j < d; j++) {
        sums[c * d + j] += share * y[j];
        if (shape === 'axes') squares[c * d + j] += share * y[j] * y[j];
        else for (let i = 0; i < d; i++) squares[((shape === 'own' ? c * d : 0) + j) * d + i] += share * y[j] * y[i];
      }
    }
  }
}

/** y = (x − m)·U */
function whiten(x: Float64Array, { d, shape, means, factors }: Gaussians, c: number, y: Float64Array): void {
  if (shape === 'axes') {
    for (let j = 0; j < d; j++) y[j] = (x[j] - means[c * d + j]) * factors[c * d + j];
    return;
  }
  y.fill(0);
  for (let i = 0; i < d; i++) {
    const row = ((shape === 'own' ? c * d : 0) + i) * d;
    for (let j = i; j < d; j++) y[j] += (x[i] - means[c * d + i]) * factors[row + j];
  }
}
