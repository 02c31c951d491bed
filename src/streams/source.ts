/** Blocks of rows that are read one after the other, anew for each pass. */
import { checkNumbers, has, isDetached, kindOf, owns, propertyOf, readOptions } from '../check.ts';
import { type HostForm, readForm } from '../forms.ts';
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
  const iterator = iteratorOf(source.blocks());
  let isOpen = true;
  try {
    for (let number = 0; ; number++) {
      const next = await inBlock(number, signal, () => run(resultOf(iterator.next()), signal));
      if (next.done === true) {
        isOpen = false;
        return;
      }
      yield { number, ...(await inBlock(number, signal, () => readBlock(next.value))) };
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

function iteratorOf(given: AsyncIterable<Block> | Iterable<Block>): AsyncIterator<Block> {
  const blocks = (given ?? {}) as Partial<AsyncIterable<Block> & Iterable<Block>>;
  if (blocks[Symbol.asyncIterator] === undefined && blocks[Symbol.iterator] === undefined) {
    throw new TypeError(`blocks() must give an iterable of blocks, got ${kindOf(given)}`);
  }
  return blocks[Symbol.asyncIterator]?.() ?? awaited(given as Iterable<Block>);
}

async function* awaited(blocks: Iterable<Block>): AsyncGenerator<Block, void, undefined> {
  yield* blocks;
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

/** Whether a block has no rows, as behind a filter. */
export function isEmpty({ points, sampleWeight }: NumberedBlock): boolean {
  if (typeof points !== 'object' || points === null || !isNothing(sampleWeight ?? [])) return false;
  if (Array.isArray(points)) return points.length === 0;
  const [shape, columns] = [propertyOf(points, 'shape'), propertyOf(points, 'columns')];
  if (Array.isArray(shape)) return shape[0] === 0 && isNothing(propertyOf(points, 'data'));
  if (!Array.isArray(columns) || columns.length === 0) return false;
  return columns.every(isNothing);
}

/** Whether it is an array of nothing, and not one that was transferred. */
function isNothing(values: unknown): boolean {
  if (ArrayBuffer.isView(values) && isDetached(values)) return false;
  return (values as Partial<ArrayLike<unknown>> | null | undefined)?.length === 0;
}

/** A block of which some row counts, and how many rows there were in blocks before it of which none does. */
interface CountedBlock extends NumberedBlock {
  readonly skipped: number;
}

/** The blocks of one pass of which some row counts; `skipped` is in the end the rows of all others. */
export class CountedBlocks {
  skipped = 0;
  #isRead = false;
  readonly #source: BlockSource;
  readonly #signal: AbortSignal | undefined;
  readonly #look: (block: NumberedBlock) => Promise<void>;

  /** @param look at a block of which no row counts */
  constructor(
    source: BlockSource,
    signal: AbortSignal | undefined,
    look: (block: NumberedBlock) => Promise<void> = async () => {},
  ) {
    this.#source = source;
    this.#signal = signal;
    this.#look = look;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<CountedBlock, void, undefined> {
    for await (const block of blocksOf(this.#source, this.#signal)) {
      this.#isRead = true;
      if (isEmpty(block)) continue;
      if (!isWeightless(block)) {
        yield { ...block, skipped: this.skipped };
        continue;
      }
      this.skipped += await inBlock(block.number, this.#signal, async () => {
        await this.#look(block);
        return countRows(block);
      });
    }
  }

  /** What to throw where there was none. */
  nothing(): RangeError {
    if (this.skipped > 0) return new RangeError('the source has no row of positive weight');
    return new RangeError(`the source has no ${this.#isRead ? 'rows' : 'blocks'}`);
  }
}

/** Whether all weights are 0 in float32. Wrong ones are for the reading of the block to tell of. */
function isWeightless({ sampleWeight }: NumberedBlock): boolean {
  if (typeof sampleWeight !== 'object' || sampleWeight === null) return false;
  for (let i = 0; i < sampleWeight.length; i++) {
    const weight: unknown = sampleWeight[i];
    if ((typeof weight !== 'number' && typeof weight !== 'bigint') || Math.fround(Number(weight)) !== 0) return false;
  }
  return sampleWeight.length > 0;
}

function countRows(block: NumberedBlock): number {
  return checkNumbers('sampleWeight', block.sampleWeight, hostFormOf(block).n).length;
}

/** @throws {TypeError | RangeError} where the points are none, or not on the host. */
export function hostFormOf({ points }: NumberedBlock): HostForm {
  const form = readForm(points);
  if (owns(form, 'fields')) throw new TypeError('points must be on the host, not in a GPUBuffer');
  return form as HostForm;
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
