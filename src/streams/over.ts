/** What a model says of the blocks of a source, one after the other. */
import { checkSignal, readOptions } from '../check.ts';
import { METHOD_OPTIONS, type MethodOptions } from '../methods.ts';
import type { PointsInput } from '../points.ts';
import type { BlockSource } from '../reading.ts';
import { blocksOf, CountedBlocks, checkSource, inBlock, isEmpty } from './source.ts';

/** A source that a method is asked about, and what is given beside it. */
function asked(given: BlockSource, options: MethodOptions = {}) {
  const { sampleWeight, signal: heeded } = readOptions('the method', options, METHOD_OPTIONS);
  return { source: checkSource(given, sampleWeight), signal: checkSignal(heeded), options };
}

interface Labelling {
  predict(points: PointsInput, options: MethodOptions): Promise<Uint32Array>;
}

/** The labels of each block, whatever its weights. */
export async function* labelsOf(model: Labelling, given: BlockSource, methodOptions?: MethodOptions) {
  const { source, signal, options } = asked(given, methodOptions);
  for await (const block of blocksOf(source, signal)) {
    const { number, points } = block;
    yield isEmpty(block) ? new Uint32Array(0) : await inBlock(number, signal, () => model.predict(points, options));
  }
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
  given: BlockSource,
  methodOptions: MethodOptions | undefined,
  tell: (points: PointsInput, options: MethodOptions) => Promise<readonly number[]>,
): Promise<readonly number[]> {
  const { source, signal, options } = asked(given, methodOptions);
  const blocks = new CountedBlocks(source, signal);
  let sums: readonly number[] = [];
  for await (const { number, points, sampleWeight } of blocks) {
    const own = sampleWeight === undefined ? options : { ...options, sampleWeight };
    const told = await inBlock(number, signal, () => tell(points, own));
    sums = told.map((value, i) => (sums[i] ?? 0) + value);
  }
  if (sums.length === 0) throw blocks.nothing();
  return sums;
}
