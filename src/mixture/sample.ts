import { checkInteger, readOptions } from '../check.ts';
import { Random } from '../random.ts';
import type { Parameters } from './parameters.ts';

/** Options of the models' `sample`. */
export interface SampleOptions {
  /** The same seed draws the same points. A whole number, default 0. */
  readonly seed?: number;
}

/** A point [d] of a component. */
export type Draw = (component: number, random: Random) => Float64Array;

/** Points drawn from a mixture, with the component that each came from. */
export function drawSample(
  { k, d, weights }: Pick<Parameters, 'k' | 'd' | 'weights'>,
  draw: Draw,
  count: number,
  options: SampleOptions | undefined,
): { data: Float64Array; shape: [n: number, d: number]; labels: Uint32Array } {
  checkInteger('count', count, 1);
  const { seed } = readOptions('sample', options, { seed: true });
  const random = new Random(checkInteger('seed', seed ?? 0, 0));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const data = new Float64Array(count * d);
  const labels = new Uint32Array(count);
  for (let i = 0; i < count; i++) {
    let rest = random.uniform() * total;
    let label = 0;
    while (label < k - 1 && rest >= weights[label]) rest -= weights[label++];
    labels[i] = label;
    data.set(draw(label, random), i * d);
  }
  return { data, shape: [count, d], labels };
}
