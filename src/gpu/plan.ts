/**
 * How work is cut: pure functions of the shape and the limits. Everything that a sum's order depends on (slices,
 * groups, lanes) is a function of (n, d, k), and for axes of whether the device has tall tiles; what depends on limits
 * (shards, spans) moves whole slices and groups and changes no bit.
 */

import type { GaussiansShape } from '../engine/gaussians.ts';

/** Memory that the statistics of a span may take. */
const SPAN_BYTES = 2 ** 25;
/** Workgroup memory of every implementation, less what kernels need besides their accumulators. */
const ACCUMULATOR_FLOATS = 3584;

/** Rows that shards are multiples of, so that no slice is cut by one. */
function granuleRows(d: number): number {
  return d * 4096 * 4 <= 2 ** 27 ? 4096 : 1024;
}

/** Rows of a shard: points that fit one binding, as do a mixture's answers of 8 bytes. 0 where not even a granule does. */
export function rowsOfShard(n: number, d: number, bindingLimit: number): number {
  const fitting = Math.floor(bindingLimit / Math.max(8, 4 * d));
  return n <= fitting ? n : Math.floor(fitting / granuleRows(d)) * granuleRows(d);
}

/**
 * Rows of a slice: about a thousand slices where a workgroup is all that sums one, else 256; 512 to 4096 rows, and no more
 * than leave a label and a place in the slice the 32 bits that sort.wgsl has for them.
 */
function sliceRows(n: number, d: number, k: number): number {
  const slices = sumsPlan(d, k).kind === 'private' ? 1024 : 256;
  const bits = Math.min(12, 32 - Math.ceil(Math.log2(k)));
  return Math.min(granuleRows(d), 2 ** bits, Math.max(512, powerOfTwoFrom(n / slices)));
}

/**
 * How a thread assigns rows: eight of up to 4 features, or a tile of 4 or of 8 rows by 8 centroids in its registers; deep is
 * tall with twice the features of it in workgroup memory.
 */
export type Tile = 'direct' | 'short' | 'tall' | 'deep';

/** Workgroup memory that a deep tile needs: more than devices have by default. */
export const DEEP_BYTES = 17 * 1024;

/** What is known of an adapter: names of WebGPU's, empty where a browser keeps them to itself. */
export interface Adapter {
  readonly vendor: string;
  readonly architecture: string;
}

/**
 * The tile that an adapter has registers for. With 64 sums a thread 77 % of the inner loop are
 * multiply-adds on RDNA 2 and 90 % on Hopper, with 32 of them 68 and 80 %; but GCN is left with two waves of ten, and
 * Intel's compiler spills (12 % against 57 % on Tiger Lake): so may, for all we know, that of a telephone. A deep tile brings
 * the whole kernel from 70 to 76 % of the peak on Hopper; RDNA 2's compiler no longer unrolls it, and loses 4 %.
 */
function tileOf(d: number, adapter: Adapter): Tile {
  if (d <= 4) return 'direct';
  if (adapter.vendor === 'nvidia') return 'deep';
  return isTall(adapter) ? 'tall' : 'short';
}

/** Whether it has registers for tall tiles. */
export function isTall({ vendor, architecture }: Adapter): boolean {
  return vendor === 'amd' ? !architecture.startsWith('gcn') : vendor === 'nvidia' || vendor === 'apple';
}

/** What is asked first of all centroids: nothing, or products of 8-bit integers, which leave few to ask more of. */
export type Filter = 'none' | 'bytes';

/**
 * How kernels go about what all of them answer alike: k-means to the bit; moments of axes are summed in another order where
 * tiles are short, which is a matter of the adapter, or of a test, and not of tuning.
 */
export interface Variant {
  readonly tile: Tile;
  readonly filter: Filter;
  /** Whether threads bring together what they have by subgroups; by workgroup memory, which all devices have. */
  readonly subgroups: boolean;
}

/** All that a field of a variant may be, somewhere. */
export const VARIANT_VALUES: { readonly [Field in keyof Variant]: readonly Variant[Field][] } = {
  tile: ['direct', 'short', 'tall', 'deep'],
  filter: ['none', 'bytes'],
  subgroups: [false, true],
};

/**
 * What an adapter is given of which nobody has taken the time. A product of bytes does four terms, in twice the time or more of one
 * in float32: whether that pays depends on the points. Subgroups spare barriers, but each of them adds up everything, and exchanges
 * go through the unit that serves workgroup memory: what of it counts only a clock can tell.
 */
export function variantFor(d: number, adapter: Adapter): Variant {
  return { tile: tileOf(d, adapter), filter: 'none', subgroups: false };
}

/** Whether there are kernels that go about points of d features so, on such an adapter. */
function isPossible({ tile, filter }: Variant, d: number, adapter: Adapter): boolean {
  // A filter has no tile of the adapter's: once is enough.
  if (filter !== 'none') return canFilter(d) && tile === tileOf(d, adapter);
  return tile !== 'direct' || d <= 4;
}

/** All variants that points of d features may have on an adapter. */
export function variantsFor(d: number, adapter: Adapter): Variant[] {
  const fields = Object.entries(VARIANT_VALUES);
  const all = fields.reduce<object[]>(
    (variants, [field, values]) =>
      variants.flatMap((variant) => values.map((value) => ({ ...variant, [field]: value }))),
    [{}],
  ) as Variant[];
  return all.filter((variant) => isPossible(variant, d, adapter));
}

export function sameVariant(a: Variant, b: Variant): boolean {
  return (Object.keys(VARIANT_VALUES) as (keyof Variant)[]).every((field) => a[field] === b[field]);
}

export type AssignPlan =
  | { readonly kind: 'direct' }
  | {
      readonly kind: 'tiled';
      readonly TALL: boolean;
      /** Features of a tile. */
      readonly TD: number;
      readonly TX: number;
      readonly TY: number;
    };

/**
 * The kernel for nearest centroids; tiled, 8·TY of them at a time: as few turns as workgroups allow, and in these as few
 * columns as hold all. At least 64 threads, a wave of any vendor. Deep where that gives all threads something to bring,
 * and few features are behind the last.
 */
export function assignPlan(d: number, k: number, tile: Tile): AssignPlan {
  if (tile === 'direct') return { kind: 'direct' };
  const turns = Math.ceil(k / 128);
  const TY = 2 * Math.ceil(k / turns / 16);
  const isDeep = tile === 'deep' && TY === 16 && 16 * Math.ceil(d / 16) - 8 * Math.ceil(d / 8) <= d / 16;
  return { kind: 'tiled', TALL: tile !== 'short', TD: isDeep ? 16 : 8, TX: TY === 2 ? 32 : 16, TY };
}

/** Features of rows that are filtered by their bytes: below, candidates are longer than rows; above, filter.wgsl proves nothing. */
const LEAST_FILTERED = 8;
const MOST_FILTERED = 4096;

export function canFilter(d: number): boolean {
  return d >= LEAST_FILTERED && d <= MOST_FILTERED;
}

/** Whether rows begin at multiples of 16 bytes in all shards. */
export function hasQuads(d: number, shards: readonly { readonly base: number }[]): boolean {
  return d % 4 === 0 && shards.every(({ base }) => base % 4 === 0);
}

export type SumsPlan =
  | { readonly kind: 'private'; readonly THREADS: number; readonly LANES: number; readonly CELLS: number }
  | { readonly kind: 'sorted'; readonly LANES: number; readonly TOGETHER: number };

/** The kernel for the sums: accumulators a thread while they fit, else rows sorted by label, four features a thread. */
export function sumsPlan(d: number, k: number): SumsPlan {
  const LANES = powerOfTwoFrom(d);
  const THREADS = Math.max(64, LANES);
  const cells = k * (THREADS + THREADS / LANES);
  if (THREADS <= 256 && cells <= ACCUMULATOR_FLOATS) {
    return { kind: 'private', THREADS, LANES, CELLS: Math.min(ACCUMULATOR_FLOATS, powerOfTwoFrom(cells)) };
  }
  return { kind: 'sorted', LANES: Math.min(32, powerOfTwoFrom(d / 4)), TOGETHER: slicesTogether(k * (d + 2)) };
}

/** Threads that rescore a few rows: one for each centroid while a workgroup has as many. */
export function rescoreThreads(k: number): number {
  return Math.min(256, Math.max(64, powerOfTwoFrom(k)));
}

/** Slices of so many statistics that are summed together before they go to the totals. */
function slicesTogether(cells: number): number {
  for (const width of [8, 4, 2]) if (width * cells * 4 <= SPAN_BYTES) return width;
  return 1;
}

/** Consecutive slices whose statistics are in memory together. */
export interface Span {
  readonly firstSlice: number;
  readonly slices: number;
}

/** How a pass over all rows is cut. */
export interface PassPlan {
  /** Of all rows. */
  readonly slices: number;
  /** Rows of a slice. */
  readonly rows: number;
  /** Slices that spans are multiples of. */
  readonly unit: number;
  /** Slices of a span, at most: as many as memory has room for. */
  readonly longest: number;
  /** Slices of which there is what kernels hand to each other, at most. */
  readonly held: number;
  /** Multiply-adds, about. */
  readonly workPerSlice: number;
  readonly sumSlices: SlicesPlan;
}

export interface KMeansWorkPlan extends PassPlan {
  /** Slices whose statistics share a slot. */
  readonly together: number;
  /** Words of a slice's sorted rows; 0 where rows are not sorted. */
  readonly sortedWords: number;
}

export function kmeansWorkPlan(n: number, d: number, k: number, bindingLimit: number): KMeansWorkPlan {
  const sums = sumsPlan(d, k);
  const rows = sliceRows(n, d, k);
  const slices = Math.ceil(n / rows);
  const cells = k * (d + 2);
  const sorted = sums.kind === 'sorted';
  const together = sorted ? sums.TOGETHER : 1;
  const sortedWords = sorted ? k + 1 + rows : 0;
  // What sum-slices.wgsl, or sums-sorted.wgsl, takes as one.
  const unit = slicesTogether(cells);
  const longest = longestSpan(slices, unit, 4 * Math.max(cells / together, sortedWords), bindingLimit);
  const sumSlices = slicesPlan(unit / together, longest / together);
  return {
    ...{ slices, rows, together, unit, longest, held: longest, sortedWords, sumSlices },
    workPerSlice: rows * (d * k + 8),
  };
}

/** Slices of a span, in whole units, where each takes so many bytes of memory. */
function longestSpan(slices: number, unit: number, sliceBytes: number, bindingLimit: number): number {
  const fitting = Math.floor(Math.min(SPAN_BYTES, bindingLimit) / (unit * sliceBytes));
  return unit * Math.min(Math.ceil(slices / unit), Math.max(1, fitting));
}

/** Spans of the slices, of at most so many. */
export function spansOf(slices: number, length: number): Span[] {
  return Array.from({ length: Math.ceil(slices / length) }, (_, i) => ({
    firstSlice: i * length,
    slices: Math.min(length, slices - i * length),
  }));
}

/**
 * Slices whose work is within a budget: all that a span may have, or the half of it, or the half of that, in whole units
 * as long as there is more than one; a slice at least. Few lengths, so that what is bound for one is used again.
 */
export function lengthWithin(
  budget: number,
  { longest, unit, workPerSlice }: Pick<PassPlan, 'longest' | 'unit' | 'workPerSlice'>,
): number {
  let length = longest;
  while (length > 1 && length * workPerSlice > budget) {
    const least = length > unit ? unit : 1;
    length = Math.ceil(length / 2 / least) * least;
  }
  return length;
}

/** How the statistics of slices are added up; its constants are named as in sum-slices.wgsl. */
export interface SlicesPlan {
  readonly TOGETHER: number;
  readonly LANES: number;
}

function slicesPlan(TOGETHER: number, longest: number): SlicesPlan {
  return { TOGETHER, LANES: Math.min(16, powerOfTwoFrom(longest / TOGETHER)) };
}

/** How an E-step is cut. Its kernels' constants are named as there. */
export type MixtureWorkPlan = PassPlan &
  (
    | ({ readonly kind: 'axes' } & AxesPlan)
    | { readonly kind: 'narrow' }
    | ({ readonly kind: 'matrices' } & MatricesPlan)
  );

/** Slices that an E-step aims at, rows of one at least, and multiply-adds of one at most, where a workgroup does them alone. */
const MIXTURE_SLICES = 1024;
const LEAST_SLICE = 512;
const SLICE_WORK = 2 ** 27;
/** Shares of a slice, or values of y, at most: so that those that are summed together fit the memory of a span. */
const SLICE_VALUES = 2 ** 20;

export function mixtureWorkPlan(
  n: number,
  k: number,
  d: number,
  shape: GaussiansShape,
  cells: number,
  bindingLimit: number,
  isTall: boolean,
): MixtureWorkPlan {
  const workPerRow = mixtureWork(k, d, shape);
  const kind = shape === 'axes' ? 'axes' : d <= 4 ? 'narrow' : 'matrices';
  const values = heldOfRow(kind, k, d);
  const most = kind === 'narrow' ? SLICE_WORK / workPerRow : SLICE_VALUES / values;
  const fitting = 2 ** Math.floor(Math.log2(most));
  const wanted = Math.min(granuleRows(d), Math.max(LEAST_SLICE, powerOfTwoFrom(n / MIXTURE_SLICES)));
  const rows = Math.max(64, Math.min(wanted, fitting));
  const slices = Math.ceil(n / rows);
  const unit = slicesTogether(cells);
  const sliceBytes = 4 * rows * values;
  const longest = longestSpan(slices, unit, Math.max(4 * cells, sliceBytes), bindingLimit);
  const held = Math.min(longest, longestSpan(slices, 1, sliceBytes, bindingLimit));
  const sumSlices = slicesPlan(unit, longest);
  const cut = { slices, rows, unit, longest, held, sumSlices, workPerSlice: rows * workPerRow };
  if (kind === 'narrow') return { ...cut, kind };
  return kind === 'axes' ? { ...cut, kind, ...axesPlan(k, d, isTall) } : { ...cut, kind, ...matricesPlan(d) };
}

/** The most values that a row has in memory between kernels. */
export function heldOfRow(kind: MixtureWorkPlan['kind'], k: number, d: number): number {
  return { axes: sharesOfRow(k), matrices: whitenedOfRow(k, d), narrow: 0 }[kind];
}

/** What a row has of shares: log π·p, then what it weighs, of each component and of those that fill up the last four. */
export function sharesOfRow(k: number): number {
  return 4 * Math.ceil(k / 4);
}

/** Values of y that a row has, and of features that fill up the last four. */
export function whitenedOfRow(k: number, d: number): number {
  return k * 4 * Math.ceil(d / 4);
}

/** The tile of axes-moments.wgsl: features of a thread, fours of components, columns of features, groups of rows, and rows of each. */
interface AxesPlan {
  readonly FEATURES: number;
  readonly TC: number;
  readonly TF: number;
  readonly GROUPS: number;
  readonly RUN: number;
}

/** vec4s that a tile of rows may have: points and shares. */
const AXES_TILE = 768;

function axesPlan(k: number, d: number, isTall: boolean): AxesPlan {
  const FEATURES = isTall ? 2 : 1;
  const TF = Math.min(16, powerOfTwoFrom(d / FEATURES));
  // More fours leave fewer rows in the tile than a thread brings points of.
  const TC = Math.min(16, 8 * TF, powerOfTwoFrom(k / 4));
  const GROUPS = Math.max(1, 64 / (TC * TF));
  const fitting = 2 ** Math.floor(Math.log2(AXES_TILE / (GROUPS * (TC + TF / 2))));
  // A thread has no registers for more loads of both at a time.
  return { FEATURES, TC, TF, GROUPS, RUN: Math.min(32, 4 * Math.max(TC, TF), fitting) };
}

/** What axes-densities.wgsl takes at a time: fours of components, and up to 8 features, as many each turn. */
export function axesTile(k: number, d: number): { readonly TY: number; readonly TD: number } {
  return { TY: Math.min(16, powerOfTwoFrom(k / 4)), TD: Math.max(3, Math.ceil(d / Math.ceil(d / 8))) };
}

/** Multiply-adds of a row. Components or features come in fours. */
function mixtureWork(k: number, d: number, shape: GaussiansShape): number {
  const fours = (count: number) => 4 * Math.ceil(count / 4);
  if (shape === 'axes') return 8 * fours(k) * d;
  return k * fours(d) * (1.5 * fours(d) + 8);
}

/** Features up to which y may be the exact sum of coarse terms: there are bits for such terms up to 128 of them. */
export const LARGEST_EXACT = 40;

/** The tile of matrices-densities.wgsl: fours of rows, and of features. */
export interface WhiteningTile {
  readonly TX: number;
  readonly TY: number;
}

/**
 * As few turns as 256 threads allow, or half as many where exact sums lie in the workgroup's memory; in these as few features
 * as hold all; at least 64 threads.
 */
export function whiteningTile(d: number): WhiteningTile {
  const quads = Math.ceil(d / 4);
  const turns = Math.ceil(quads / (d <= LARGEST_EXACT ? 8 : 16));
  const TY = 2 * Math.ceil(quads / turns / 2);
  return { TX: TY === 2 ? 32 : 16, TY };
}

/** The tiles of matrices-moments.wgsl too: fours of features, blocks of 4 × 4, groups of rows, and rows of each. */
interface MatricesPlan extends WhiteningTile {
  readonly SIDE: number;
  readonly BLOCKS: number;
  readonly GROUPS: number;
  readonly RUN: number;
}

/** Workgroup memory of every implementation. */
const WORKGROUP_BYTES = 16 * 1024;

function matricesPlan(d: number): MatricesPlan {
  const quads = Math.ceil(d / 4);
  const all = (quads * (quads + 1)) / 2;
  const [SIDE, BLOCKS] = all <= 256 ? [quads, all] : [16, 256];
  const GROUPS = Math.floor((BLOCKS <= 32 ? 96 : 256) / BLOCKS);
  let RUN = 32;
  while (bytesOfMatrices(SIDE, Math.floor((BLOCKS * GROUPS) / SIDE), RUN * GROUPS) > WORKGROUP_BYTES) RUN--;
  return { ...whiteningTile(d), SIDE, BLOCKS, GROUPS, RUN };
}

/** Rows of y are there twice, and a sum of those that a thread brings, and their counts. */
function bytesOfMatrices(SIDE: number, most: number, rows: number): number {
  const brought = Math.ceil(rows / Math.ceil(rows / most));
  return 2 * 16 * SIDE * rows + (16 * SIDE + 4) * brought;
}

/** The smallest power of two that is at least `value`, and at least 1. */
function powerOfTwoFrom(value: number): number {
  return 2 ** Math.max(0, Math.ceil(Math.log2(value)));
}
