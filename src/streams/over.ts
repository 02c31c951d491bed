/** What a model says of the blocks of a source, one after the other. */
import { checkSignal, readOptions } from '../check.ts';
import { METHOD_OPTIONS, type MethodOptions } from '../methods.ts';
import type { PointsInput } from '../points.ts';
import type { BlockSource } from '../reading.ts';
import { blocksOf, checkSource, inBlock, noBlocks } from './source.ts';

/** Answers for each block, in order; what is wrong with one says which. */
async function* overBlocks<T>(
  source: BlockSource,
  options: MethodOptions | undefined,
  ask: (points: PointsInput, options: MethodOptions) => Promise<T>,
): AsyncGenerator<T, void, undefined> {
  const given = readOptions('the method', options, METHOD_OPTIONS);
  const signal = checkSignal(given.signal);
  for await (const { number, points, sampleWeight } of blocksOf(checkSource(source, given.sampleWeight), signal)) {
    const own = sampleWeight === undefined ? options : { ...options, sampleWeight };
    yield await inBlock(number, signal, () => ask(points, own ?? {}));
  }
}

interface Labelling {
  predict(points: PointsInput, options: MethodOptions): Promise<Uint32Array>;
}

/** The labels of each block. */
export function labelsOf(model: Labelling, source: BlockSource, options?: MethodOptions) {
  return overBlocks(source, options, (points, given) => model.predict(points, given));
}

interface Scoring {
  score(points: PointsInput, options: MethodOptions): Promise<number>;
}

/** The sum of the scores of all blocks. */
export async function scoreOf(model: Scoring, source: BlockSource, options?: MethodOptions): Promise<number> {
  return (await sumsOf(source, options, async (points, given) => [await model.score(points, given)]))[0];
}

/** What the blocks tell, each of its values summed. */
export async function sumsOf(
  source: BlockSource,
  options: MethodOptions | undefined,
  tell: (points: PointsInput, options: MethodOptions) => Promise<readonly number[]>,
): Promise<readonly number[]> {
  let sums: readonly number[] = [];
  for await (const told of overBlocks(source, options, tell)) sums = told.map((value, i) => (sums[i] ?? 0) + value);
  if (sums.length === 0) throw noBlocks();
  return sums;
}
