/** Blocks of rows that are read one after the other, anew for each pass. */
import { has, kindOf, propertyOf, readOptions } from '../check.ts';
import type { PointsInput, Weights } from '../points.ts';
import { unwrapped } from '../proxies.ts';
import type { Block, BlockSource, WeightedBlock } from '../reading.ts';
import { resultOf, run } from '../steps.ts';

/** A block as it was read, and its number. */
export interface NumberedBlock {
  readonly number: number;
  readonly points: PointsInput;
  readonly sampleWeight: Weights | undefined;
}

/** @throws {TypeError} where it is not a source, or has weights beside it. */
export function checkSource(given: BlockSource, sampleWeight: Weights | undefined): BlockSource {
  if (sampleWeight !== undefined) throw new TypeError('sampleWeight belongs to the blocks: { points, sampleWeight }');
  const source = unwrapped(given);
  const blocks = propertyOf(source, 'blocks');
  if (typeof blocks !== 'function') throw new TypeError(`blocks must be a function, got ${kindOf(blocks)}`);
  return source;
}

/** The blocks of one pass. Whatever ends it, the iterator is closed. */
export async function* blocksOf(
  source: BlockSource,
  signal: AbortSignal | undefined,
): AsyncGenerator<NumberedBlock, void, undefined> {
  signal?.throwIfAborted();
  const iterator = source.blocks()[Symbol.asyncIterator]();
  let isOpen = true;
  try {
    for (let number = 0; ; number++) {
      const next = await inBlock(number, signal, () => run(resultOf(iterator.next()), signal));
      if (next.done === true) {
        isOpen = false;
        return;
      }
      yield { number, ...readBlock(next.value) };
    }
  } finally {
    if (isOpen) {
      const closed = iterator.return?.();
      // A source that waits for what does not come would not answer either.
      if (signal?.aborted) closed?.catch(() => undefined);
      else await closed;
    }
  }
}

function readBlock(block: Block): Omit<NumberedBlock, 'number'> {
  if (typeof block !== 'object' || block === null || !has(block, 'points')) {
    return { points: block as PointsInput, sampleWeight: undefined };
  }
  return readOptions<Required<WeightedBlock>>('a block', block as WeightedBlock & { sampleWeight: Weights }, {
    points: true,
    sampleWeight: true,
  }) as Omit<NumberedBlock, 'number'>;
}

export function noBlocks(): RangeError {
  return new RangeError('the source has no blocks');
}

/** Does something with a block: what it throws says with which. */
export async function inBlock<T>(
  number: number,
  signal: AbortSignal | undefined,
  work: () => T | Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    // An abort has no place.
    if (signal?.aborted) throw signal.reason;
    const Kind = [TypeError, RangeError].find((kind) => error instanceof kind) ?? Error;
    throw new Kind(`blocks[${number}]: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
