/** Passes over a source: what the first two find, and statistics in the others. */
import type { Given } from '../check.ts';
import type { Dataset } from '../dataset.ts';
import { defaultEngines } from '../defaults.ts';
import type { BlockwisePoints, EngineDataset, KMeansWorkspace, WeightedRow } from '../engine/contract.ts';
import { type SharedFrame, sameValues, sharedFrameOf } from '../engine/shared-frame.ts';
import type { KMeansStatistics } from '../engine/statistics.ts';
import { checkWeights } from '../forms.ts';
import { addMeans, addRanges, type PointsRange, type WeightedMean } from '../frame.ts';
import type { Reason } from '../home.ts';
import { farthestRows } from '../kmeans/relocate.ts';
import { DistinctRows } from '../kmeans/worst-rows.ts';
import type { Metric } from '../metric.ts';
import type { EngineSet } from '../placement.ts';
import { type Backend, noFarRows, type PointsSummary, type Weights, weighing } from '../points.ts';
import { hashUniform } from '../random.ts';
import { rangeOfPoints } from '../range.ts';
import type { BlockSource, PlacementOptions } from '../reading.ts';
import { shardOf } from '../shard.ts';
import { run, runAsync } from '../steps.ts';
import { CountedBlocks, checkSource, hostFormOf, inBlock, type NumberedBlock } from './source.ts';
import { assigned, PassTotal } from './total.ts';

/** Rows that stand for all where a start is drawn: so many for each cluster, and so many at least. */
const ROWS_OF_CLUSTER = 16;
const LEAST_ROWS = 2 ** 14;

/** What passes need to know beside the source. */
export interface PassOptions {
  readonly metric: Metric;
  readonly k: number;
  readonly seed: number;
  readonly signal: AbortSignal | undefined;
}

/** What is given beside a source. */
export interface SourceOptions extends Given<PlacementOptions> {
  readonly metric: Metric | undefined;
  readonly sampleWeight: Weights | undefined;
  readonly signal: AbortSignal | undefined;
}

/** The rows of a source for a fit of k clusters, on the engines of calls without one; its first two passes are over. */
export async function openSource(
  given: BlockSource,
  { k, seed }: Pick<PassOptions, 'k' | 'seed'>,
  { metric = 'euclidean', sampleWeight, signal, ...placement }: SourceOptions,
): Promise<SourcePoints> {
  const source = checkSource(given, sampleWeight);
  const engines = await defaultEngines(placement);
  return new SourcePoints(source, engines, await surveySource(source, { metric, k, seed, signal }), signal);
}

/** Rows of a source in the caller's coordinates, with their weights. */
export interface Reservoir {
  readonly points: { readonly data: Float64Array; readonly shape: [n: number, d: number] };
  readonly sampleWeight: Float32Array;
}

/** What the passes before the first iteration find. */
export interface Surveyed {
  readonly range: PointsRange;
  readonly shared: SharedFrame;
  readonly reservoir: Reservoir;
}

/**
 * Two passes: how many rows there are, and then those by which a fit in one call would choose its frame, and those that stand
 * for all where a start is drawn, which a hash of their places among the rows of positive weight chooses.
 */
export async function surveySource(source: BlockSource, options: PassOptions): Promise<Surveyed> {
  const { metric, k, seed, signal } = options;
  const rangeOf = ({ points, sampleWeight }: NumberedBlock, place?: { first: number; total: number }) =>
    runAsync(rangeOfPoints(points, { metric, sampleWeight }, place), signal);
  const { n, positiveRows: total } = await sizeOf(source, signal);
  const share = Math.max(LEAST_ROWS, ROWS_OF_CLUSTER * k) / total;
  const rows: Float64Array[] = [];
  const weights: number[] = [];
  let range: PointsRange | null = null;
  let first = 0;
  const blocks = new CountedBlocks(source, signal, async ({ points }) => {
    const { extremes } = await runAsync(rangeOfPoints(points, { metric: 'euclidean' }), signal);
    checkWidth(extremes.low.length, source.d ?? range?.extremes.low.length);
  });
  for await (const block of blocks) {
    range = await inBlock(block.number, signal, async () => {
      const own: PointsRange = await rangeOf(block, { first, total });
      checkWidth(own.extremes.low.length, source.d ?? range?.extremes.low.length);
      const sum = range === null ? own : addRanges(range, own);
      takeRows(block, first, (place) => share >= 1 || hashUniform(seed, place) < share, rows, weights);
      return sum;
    });
    first = range.positiveRows;
  }
  if (range === null) throw blocks.nothing();
  range = { ...range, n: range.n + blocks.skipped };
  if (range.n !== n) throw otherCount(n, range.n);
  if (range.positiveRows !== total) throw otherRows();
  const d = range.extremes.low.length;
  const data = new Float64Array(rows.length * d);
  for (const [i, row] of rows.entries()) data.set(row, i * d);
  return {
    range,
    shared: sharedFrameOf(range),
    reservoir: {
      points: { data, shape: [rows.length, d] },
      sampleWeight: Float32Array.from(weights),
    },
  };
}

/** How many rows there are, and how many of positive weight. */
async function sizeOf(
  source: BlockSource,
  signal: AbortSignal | undefined,
): Promise<Pick<PointsRange, 'n' | 'positiveRows'>> {
  let [n, positiveRows, features] = [0, 0, source.d];
  const sized = (block: NumberedBlock) => {
    const { n: rows, d } = hostFormOf(block);
    checkWidth(d, features);
    features = d;
    return rows;
  };
  const blocks = new CountedBlocks(source, signal, async (block) => void sized(block));
  for await (const block of blocks) {
    await inBlock(block.number, signal, async () => {
      const rows = sized(block);
      const weighed = await runAsync(weighing(checkWeights(block.sampleWeight, rows), rows), signal);
      n += rows;
      positiveRows += weighed.positiveRows;
    });
  }
  if (n === 0) throw blocks.nothing();
  return { n: n + blocks.skipped, positiveRows };
}

function checkWidth(d: number, known: number | undefined): void {
  if (known !== undefined && d !== known) throw new RangeError(`points have ${d} features, the source has ${known}`);
}

/** The rows of positive weight that are chosen by their place among those of all blocks. */
function takeRows(
  block: NumberedBlock,
  first: number,
  isChosen: (place: number) => boolean,
  rows: Float64Array[],
  weights: number[],
): void {
  const form = hostFormOf(block);
  const given = checkWeights(block.sampleWeight, form.n);
  const row = new Float64Array(form.d);
  for (let i = 0, place = first; i < form.n; i++) {
    const weight = given === null ? 1 : given[i];
    if (weight === 0 || !isChosen(place++)) continue;
    form.read(i, i + 1, row);
    rows.push(row.slice());
    weights.push(weight);
  }
}

/** Shares of a deviation, and of a mean, that rounding may make of the difference of two passes. */
const OF_DEVIATION = 1e-10;
const OF_MEAN = 1e-12;

const otherCount = (n: number, count: number) =>
  new RangeError(`the source had ${n} rows in its first pass, and ${count} in a later one`);

const otherRows = () => new RangeError('the source had other rows, or weights, in a later pass than before');

/** @throws {RangeError} where a pass had other rows than those that were surveyed. */
function checkPass({ n, moments: first }: PointsRange, count: number, found: WeightedMean | null): void {
  if (count !== n) throw otherCount(n, count);
  const differs = (a: number, b: number, most: number) => Math.abs(a - b) > most;
  if (
    found !== null &&
    (differs(found.weight, first.weight, OF_MEAN * first.weight) ||
      found.mean.some((mean, j) => {
        const deviation = Math.sqrt(first.variance[j]);
        return differs(mean, first.mean[j], OF_DEVIATION * deviation + OF_MEAN * Math.abs(first.mean[j]));
      }))
  ) {
    throw otherRows();
  }
}

/**
 * Work with a block that an engine holds, while that with the one before goes on; `first` is the index of its first row among
 * all.
 */
export type BlockWork = (dataset: EngineDataset, first: number) => Promise<BlockResult>;

/** What came of a block. */
export interface BlockResult {
  /** Called when those of all blocks before were; false ends the pass. */
  take(): unknown;
  /** Called in any case. */
  readonly close?: () => void;
}

/** A block that is being worked with. */
interface OpenBlock {
  readonly dataset: Dataset;
  readonly mean: WeightedMean | null;
  /** Whether the pass goes on behind it. */
  readonly done: Promise<boolean>;
}

/** The rows of a source as they are asked for: a pass for each question. */
export class SourcePoints {
  readonly #source: BlockSource;
  readonly #engines: EngineSet;
  readonly #surveyed: Surveyed;
  readonly #signal: AbortSignal | undefined;
  /** Of the last block. */
  backend: Backend = 'cpu';
  reason: Reason = 'asked';

  constructor(source: BlockSource, engines: EngineSet, surveyed: Surveyed, signal: AbortSignal | undefined) {
    this.#source = source;
    this.#engines = engines;
    this.#surveyed = surveyed;
    this.#signal = signal;
    this.backend = engines.backend;
  }

  get summary(): PointsSummary {
    const { range, shared } = this.#surveyed;
    const { n, metric, frame, variance, usualVariance, units } = shared;
    const d = frame.shift.length;
    return {
      ...{ n, d, metric, frame, variance, usualVariance, units, weights: null, far: noFarRows() },
      ...{ totalWeight: range.moments.weight, positiveRows: range.positiveRows, rounding: new Float64Array(d) },
    };
  }

  /** As Lloyd's iterations have it. */
  get blockwise(): BlockwisePoints & { readonly reason: Reason } {
    const { backend, reason } = this;
    return Object.assign(Object.create(null), {
      ...this.summary,
      ...{ backend, reason, signal: this.#signal },
      kmeans: () => new PassesOfKMeans((work) => this.each(work), this.summary.d, this.#signal),
      farthest: (centroids: Float64Array, wanted: number) => this.#farthest(centroids, wanted),
    });
  }

  /** Runs `work` on the rows that stand for all. */
  async withReservoir<T>(work: (dataset: EngineDataset) => Promise<T>): Promise<T> {
    const { reservoir, shared } = this.#surveyed;
    const { points, sampleWeight } = reservoir;
    const weights = sampleWeight.every((weight) => weight === 1) ? undefined : sampleWeight;
    const options = { metric: shared.metric, sampleWeight: weights };
    const surveyed = await run(shardOf(points, options, shared), this.#signal);
    const dataset = await this.#engines.upload(surveyed, this.#signal);
    try {
      return await dataset.use(this.#signal, ({ dataset }) => work(dataset));
    } finally {
      dataset.destroy();
    }
  }

  /**
   * One pass: a block is read, and goes into its engine, while the one before is computed with. There are no more than two.
   *
   * @param onGpu however few rows a block has
   */
  async each(work: BlockWork, onGpu = false): Promise<void> {
    const { shared, range } = this.#surveyed;
    const { metric } = shared;
    const signal = this.#signal;
    const counted = new CountedBlocks(this.#source, signal);
    const blocks = counted[Symbol.asyncIterator]();
    let count = 0;
    const open = async (before: Promise<boolean>): Promise<OpenBlock | null> => {
      const next = await blocks.next();
      if (next.done === true) return null;
      const { number, points, sampleWeight, skipped } = next.value;
      const { dataset, mean } = await inBlock(number, signal, async () => {
        const surveyed = await run(shardOf(points, { metric, sampleWeight }, shared, true), signal);
        const dataset = await this.#engines.upload(surveyed, signal, onGpu);
        return { dataset, mean: surveyed.mean() };
      });
      const first = count + skipped;
      count += dataset.n;
      const done = dataset.use(signal, async ({ dataset }) => {
        const result = await work(dataset, first);
        try {
          return (await before) && (await result.take()) !== false;
        } finally {
          result.close?.();
        }
      });
      done.catch(() => undefined);
      return { dataset, mean, done };
    };
    let mean: WeightedMean | null = null;
    let ahead = open(Promise.resolve(true));
    try {
      for (;;) {
        const block = await ahead;
        if (block === null) break;
        ahead = open(block.done);
        ahead.catch(() => undefined);
        const { dataset } = block;
        try {
          const goesOn = await block.done;
          [this.backend, this.reason] = [dataset.backend, dataset.reason];
          if (!goesOn) return;
        } finally {
          dataset.destroy();
        }
        mean = mean === null || block.mean === null ? block.mean : addMeans(mean, block.mean);
      }
    } finally {
      const left = await ahead.catch(() => null);
      // What is done with it ends before it does.
      await left?.done.catch(() => undefined);
      left?.dataset.destroy();
      await blocks.return();
    }
    checkPass(range, count + counted.skipped, mean);
  }

  async #farthest(centroids: Float64Array, wanted: number): Promise<readonly WeightedRow[]> {
    const { weight } = this.#surveyed.range.moments;
    const found: WeightedRow[] = [];
    await this.each(async (dataset, first) => {
      const rows = await runAsync(farthestRows(dataset, centroids, wanted, weight), this.#signal);
      const take = () => {
        for (const row of rows) found.push({ ...row, index: first + row.index });
      };
      return { take };
    });
    return worstOf(found, wanted);
  }
}

/** Of the worst rows of all blocks those that are so among all rows. */
export function worstOf(found: readonly WeightedRow[], wanted: number): WeightedRow[] {
  const seen = new DistinctRows();
  return [...found]
    .sort((a, b) => b.badness - a.badness || a.index - b.index)
    .filter(({ values }) => seen.add(values))
    .slice(0, wanted);
}

/** Assignments, each of them a pass. */
class PassesOfKMeans implements KMeansWorkspace {
  readonly lloyd = undefined;
  readonly #each: (work: BlockWork) => Promise<void>;
  readonly #d: number;
  readonly #signal: AbortSignal | undefined;
  /** Whether the inertia is so small beside the squares that only a sum term by term has its digits. */
  #needsTerms = false;
  #last: {
    readonly centroids: Float64Array;
    readonly statistics: KMeansStatistics;
    /** Whether the inertia was summed term by term. */
    readonly isExact: boolean;
  } | null = null;

  constructor(each: (work: BlockWork) => Promise<void>, d: number, signal: AbortSignal | undefined) {
    this.#each = each;
    this.#d = d;
    this.#signal = signal;
  }

  /** Iterations do without distances term by term, which take a sixth of a pass, where their sum has digits without. */
  accumulate(centroids: Float64Array, isLast = false): Promise<KMeansStatistics> {
    return this.#assign(centroids, isLast);
  }

  /** None is kept. */
  labels(): Uint32Array {
    return new Uint32Array(0);
  }

  async inertia(): Promise<number> {
    return (await this.#assign(this.#last!.centroids, true)).inertia;
  }

  close(): void {}

  async #assign(centroids: Float64Array, isLast: boolean): Promise<KMeansStatistics> {
    const isExact = isLast || this.#needsTerms;
    const last = this.#last;
    // As behind an iteration that moved no centroid: a fit ends with one more assignment.
    if (last !== null && (last.isExact || !isExact) && sameValues(last.centroids, centroids)) return last.statistics;
    const kept = centroids.slice();
    const total = new PassTotal();
    const d = this.#d;
    await this.#each(async (dataset) => {
      const workspace = await dataset.kmeans(kept.length / d, true);
      try {
        const take = await assigned(workspace, dataset.n, kept, isExact);
        return { take: () => take(total), close: () => workspace.close() };
      } catch (error) {
        workspace.close();
        throw error;
      }
    });
    const statistics = await runAsync(total.statistics(kept, d, isExact), this.#signal);
    if (statistics === null) {
      // As it will be in the passes to come.
      this.#needsTerms = true;
      return this.#assign(centroids, true);
    }
    this.#last = { centroids: kept, statistics, isExact };
    return statistics;
  }
}
