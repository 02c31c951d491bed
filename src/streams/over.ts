/** What a model says of the blocks of a source, one after the other. */
import { checkSignal, readOptions } from '../check.ts';
import { METHOD_OPTIONS, type MethodOptions } from '../methods.ts';
import type { PointsInput } from '../points.ts';
import type { BlockSource } from '../reading.ts';
import { blocksOf, checkSource, inBlock } from './source.ts';

/** Answers for each block, in order; what is wrong with one says which. */
async function* overBlocks<T>(
  source: BlockSource,
  options: MethodOptions | undefined,
  ask: (points: PointsInput, options: MethodOptions) => Promise<T>,
): AsyncGenerator<T, void, undefined> {
  const given = readOptions('the method', options, METHOD_OPTIONS);
  if (given.sampleWeight !== undefined) {
    throw new TypeError('sampleWeight belongs to the blocks: { points, sampleWeight }');
  }
  const signal = checkSignal(given.signal);
  for await (const { number, points, sampleWeight } of blocksOf(checkSource(source), signal)) {
    const own = sampleWeight === undefined ? options : { ...options, sampleWeight };
    yield await inBlock(number, signal, () => ask(points, own ?? {}));
  }
}

interface Labelling {
  predict(points: PointsInput, options: MethodOptions): Promise<Uint32Array>;
}

interface Scoring {
  score(points: PointsInput, options: MethodOptions): Promise<number>;
}

/** The labels of each block. */
export function labelsOf(model: Labelling, source: BlockSource, options?: MethodOptions) {
  return overBlocks(source, options, (points, given) => model.predict(points, given));
}

/** The sum of the scores of all blocks. */
export async function scoreOf(model: Scoring, source: BlockSource, options?: MethodOptions): Promise<number> {
  let sum = 0;
  for await (const score of overBlocks(source, options, (points, given) => model.score(points, given))) sum += score;
  return sum;
}
