/** What there is to know of each column, and what is suggested to be made of it. */
import type { Steps } from '../../src/steps.ts';
import {
  type Column,
  isNumeric,
  type NumberColumn,
  type Table,
  type TextColumn,
  type Values,
} from '../tables/table.ts';
import type { Choices, ColumnChoice, ColumnSummary, Scaling } from './features.ts';
import { formatShare, MINUTES_A_DAY, YEAR } from './format.ts';
import { PIECE, quantile, readPiece, sampleRows, sortedValues } from './reading.ts';
import { sortedIn, type Tally, tallyOf } from './tally.ts';

/** Rows that quantiles are taken from: those at 0.5 % are then that of 0.46 to 0.54 % of all rows, or so. */
const SAMPLE = 100_000;
/** Of wide tables fewer, as many values as this in all. */
const SAMPLE_VALUES = 4_000_000;
const LEAST_SAMPLE = 10_000;
const BINS = 24;
const MOST_DISTINCT = 1000;
const MOST_WORDS = 10;
const MOST_MISSING = 0.4;
/** Rows that may be lost for gaps; where there would be more, gaps are filled. */
const MOST_LEFT_OUT = 0.2;
/** Numbers in a row have no order by chance. */
const LEAST_ROWS_OF_IDS = 10;

/** Ranges, means and missing values are those of all rows; quantiles and deviations from text are those of a sample. */
export function* summaries({ n, columns }: Table): Steps<ColumnSummary[]> {
  const found: ColumnSummary[] = [];
  let rows: Uint32Array | null = null;
  const sample = (most: number) => (rows ??= sampleRows(n, most));
  for (const column of columns) {
    found.push(yield* summaryOf(column, columns.length, sample));
    yield;
  }
  return together(found);
}

/**
 * What there is to know of a column by itself.
 *
 * @param of how many columns there are
 * @param sample rows that quantiles are taken from, at most so many
 */
export function* summaryOf(
  column: Column,
  of: number,
  sample = (most: number) => sampleRows(rowsOf(column), most),
): Steps<ColumnSummary> {
  if (!isNumeric(column)) return yield* summaryOfText(column);
  const most = Math.max(LEAST_SAMPLE, Math.min(SAMPLE, Math.floor(SAMPLE_VALUES / of)));
  return yield* summaryOfNumbers(column, most, sample);
}

/** With what is suggested in view of the other columns. */
export function together(found: readonly ColumnSummary[]): ColumnSummary[] {
  return withFallback(withCommonUnit(found));
}

/** As suggested; gaps are filled where too many rows would be lost. */
export function suggestedChoices(summaries: readonly ColumnSummary[], table: Table): Choices {
  const columns = summaries.map(({ suggested }) => suggested);
  const gappy = table.columns.filter((_, i) => columns[i].isUsed && summaries[i].missing > 0).filter(isNumeric);
  const rows = sampleRows(table.n, LEAST_SAMPLE);
  let lost = 0;
  for (const row of rows) if (gappy.some(({ values }) => !Number.isFinite(values[row]))) lost++;
  return { columns, weights: null, gaps: lost > MOST_LEFT_OUT * rows.length ? 'fill' : 'leave-out' };
}

type Facts = Omit<ColumnSummary, 'suggested' | 'reason'> & {
  readonly n: number;
  readonly infinite: number;
  /** Whether each value is there once, in order or as all the whole numbers of a range. */
  readonly isCount: boolean;
  /** Whether the reader says that it is where rows are from, as the place of a pixel. */
  readonly isPlace: boolean;
  /** Share of the rows that lie farther from the median than nearly all do. */
  readonly farShare: number;
  /** What there is to say of values that may stand for missing ones. */
  readonly sentinel: string;
};

function rowsOf(column: Column): number {
  return isNumeric(column) ? column.values.length : column.codes.length;
}

/** @param most values that quantiles are taken from */
function* summaryOfNumbers(
  column: NumberColumn,
  most: number,
  sample: (most: number) => Uint32Array,
): Steps<ColumnSummary> {
  const { name, measure, values } = column;
  const n = values.length;
  const tally = yield* tallyOf(values);
  const sorted = tally === null ? sortedValues(column, sample(most)) : sortedIn(tally, n, most);
  yield;
  const quantiles = [0.005, 0.25, 0.5, 0.75, 0.995].map((share) => quantile(sorted, share));
  const [low, , median, , high] = quantiles;
  const run = new Totals(Number.isNaN(median) ? 0 : median, low, high);
  if (tally === null) yield* addAll(run, column);
  else run.addTally(tally, values);
  const distinct = tally === null ? yield* countDistinct(column, sorted, n <= most) : distinctIn(tally);
  const isComplete = run.count === n && n >= LEAST_ROWS_OF_IDS && run.isInteger;
  const isCount = isComplete && (run.isOrdered || (yield* isPermutation(column, run)));
  const facts: Facts = {
    name,
    measure,
    isInteger: run.count > 0 && run.isInteger,
    missing: n - run.count,
    distinct,
    least: run.count > 0 ? run.least : Number.NaN,
    greatest: run.count > 0 ? run.greatest : Number.NaN,
    mean: run.mean,
    deviation: run.deviation,
    quantiles: [quantiles[0], quantiles[1], quantiles[2], quantiles[3], quantiles[4]],
    histogram: Array.from(run.histogram),
    words: [],
    n,
    infinite: run.infinite,
    isCount,
    isPlace: 'isPlace' in column && column.isPlace === true,
    farShare: farShareOf(sorted, quantiles),
    sentinel: measure === 'number' ? suspicionOf(run, sorted) : '',
  };
  return withSuggestion(facts);
}

function* addAll(run: Totals, column: NumberColumn): Steps<void> {
  const n = column.values.length;
  const piece = new Float64Array(Math.min(n, PIECE));
  for (let from = 0; from < n; from += PIECE) {
    const count = Math.min(PIECE, n - from);
    readPiece(piece, column.values, null, from, count);
    run.add(piece, count);
    yield;
  }
}

/** What one reading of all values gives. */
class Totals {
  count = 0;
  infinite = 0;
  least = Infinity;
  greatest = -Infinity;
  isInteger = true;
  readonly histogram = new Float64Array(BINS);
  // Of differences from the median, which lies within a deviation of the mean: nothing cancels.
  #sum = 0;
  #squares = 0;
  #last = Number.NaN;
  #ascends = true;
  #descends = true;

  constructor(
    readonly median: number,
    readonly low: number,
    readonly high: number,
  ) {}

  get mean(): number {
    return this.median + this.#sum / this.count;
  }

  get deviation(): number {
    return Math.sqrt(Math.max(0, this.#squares / this.count - (this.#sum / this.count) ** 2));
  }

  /** Whether each value is above the one before, or each below. */
  get isOrdered(): boolean {
    return this.#ascends || this.#descends;
  }

  add(piece: Float64Array, length: number): void {
    const { median, low, high, histogram } = this;
    const perBin = high > low ? BINS / (high - low) : 0;
    let [count, least, greatest, sum, squares] = [0, this.least, this.greatest, 0, 0];
    let [last, ascends, descends, isInteger] = [this.#last, this.#ascends, this.#descends, this.isInteger];
    let isOrdered = ascends || descends;
    for (let i = 0; i < length; i++) {
      const value = piece[i];
      // Of NaN and infinities this is NaN.
      if (value - value !== 0) {
        if (!Number.isNaN(value)) this.infinite++;
        continue;
      }
      count++;
      if (value < least) least = value;
      if (value > greatest) greatest = value;
      if (isOrdered) {
        if (value <= last) ascends = false;
        if (value >= last) descends = false;
        last = value;
        isOrdered = ascends || descends;
      }
      if (isInteger && value !== Math.floor(value)) isInteger = false;
      const difference = value - median;
      sum += difference;
      squares += difference * difference;
      if (value >= low && value <= high) histogram[Math.min(BINS - 1, ((value - low) * perBin) | 0)]++;
    }
    this.count += count;
    this.least = least;
    this.greatest = greatest;
    this.#sum += sum;
    this.#squares += squares;
    this.#last = last;
    this.#ascends = ascends;
    this.#descends = descends;
    this.isInteger = isInteger;
  }

  /** The same, of all values at once. */
  addTally({ first, counts }: Tally, values: Values): void {
    const { median, low, high, histogram } = this;
    const perBin = high > low ? BINS / (high - low) : 0;
    for (let at = 0; at < counts.length; at++) {
      const count = counts[at];
      if (count === 0) continue;
      const value = first + at;
      this.count += count;
      this.least = Math.min(this.least, value);
      this.greatest = Math.max(this.greatest, value);
      const difference = value - median;
      this.#sum += count * difference;
      this.#squares += count * difference * difference;
      if (value >= low && value <= high) histogram[Math.min(BINS - 1, ((value - low) * perBin) | 0)] += count;
    }
    for (let i = 1; i < values.length && this.isOrdered; i++) {
      if (values[i] <= values[i - 1]) this.#ascends = false;
      if (values[i] >= values[i - 1]) this.#descends = false;
    }
  }
}

function distinctIn({ counts }: Tally): number {
  const distinct = counts.reduce((sum, count) => sum + (count > 0 ? 1 : 0), 0);
  return distinct > MOST_DISTINCT ? Infinity : distinct;
}

/** Exact up to a thousand: where the sample has more, the rows need not be looked at. */
function* countDistinct(column: NumberColumn, sorted: Float64Array, isAll: boolean): Steps<number> {
  let inSample = 0;
  for (let i = 0; i < sorted.length; i++) if (i === 0 || sorted[i] !== sorted[i - 1]) inSample++;
  if (inSample > MOST_DISTINCT) return Infinity;
  if (isAll) return inSample;
  const seen = new NumberSet();
  const n = column.values.length;
  const piece = new Float64Array(PIECE);
  for (let from = 0; from < n; from += PIECE) {
    const count = Math.min(PIECE, n - from);
    readPiece(piece, column.values, null, from, count);
    if (!seen.add(piece, count)) return Infinity;
    yield;
  }
  return seen.size;
}

/** A table of at most a thousand numbers, open addressing: several times as fast as a Set here. */
class NumberSet {
  size = 0;
  readonly #slots = new Float64Array(4096).fill(Number.NaN);

  /** False where there are too many. */
  add(piece: Float64Array, length: number): boolean {
    const bits = new Uint32Array(piece.buffer, piece.byteOffset, 2 * length);
    const slots = this.#slots;
    let last = Number.NaN;
    for (let i = 0; i < length; i++) {
      const value = piece[i];
      if (value === last || value - value !== 0) continue;
      last = value;
      // 0 and −0 are the same number in different bits.
      let slot = value === 0 ? 0 : Math.imul(bits[2 * i] ^ Math.imul(bits[2 * i + 1], 0x9e3779b1), 0x85ebca6b) >>> 20;
      while (slots[slot] !== value && !Number.isNaN(slots[slot])) slot = (slot + 1) & 4095;
      if (slots[slot] === value) continue;
      slots[slot] = value;
      if (++this.size > MOST_DISTINCT) return false;
    }
    return true;
  }
}

/** Whether the values, all whole and as many as the range has, are all different. */
function* isPermutation(column: NumberColumn, { least, greatest, count }: Totals): Steps<boolean> {
  if (greatest - least + 1 !== count) return false;
  const seen = new Uint8Array(count);
  const piece = new Float64Array(Math.min(count, PIECE));
  for (let from = 0; from < count; from += PIECE) {
    const length = Math.min(PIECE, count - from);
    readPiece(piece, column.values, null, from, length);
    for (let i = 0; i < length; i++) if (seen[piece[i] - least]++ > 0) return false;
    yield;
  }
  return true;
}

const UNUSED: ColumnChoice = { isUsed: false, scaling: 'standard', period: 1 };

function* summaryOfText({ name, codes, words }: TextColumn): Steps<ColumnSummary> {
  const n = codes.length;
  const counts = new Uint32Array(Math.max(1, words.length));
  for (let from = 0; from < n; from += PIECE) {
    const to = Math.min(n, from + PIECE);
    for (let i = from; i < to; i++) counts[codes[i]]++;
    yield;
  }
  const { kinds, top } = yield* mostFrequent(counts);
  const nothing = Number.NaN;
  return {
    name,
    measure: 'text',
    isInteger: false,
    missing: counts[0],
    distinct: kinds > MOST_DISTINCT ? Infinity : kinds,
    least: nothing,
    greatest: nothing,
    mean: nothing,
    deviation: nothing,
    quantiles: [nothing, nothing, nothing, nothing, nothing],
    histogram: [],
    words: top.map((code) => [words[code], counts[code]] as const),
    suggested: UNUSED,
    reason: reasonOfText(kinds, n - counts[0]),
  };
}

/** The most frequent codes but 0, and how many there are in all: sorting a million of them would take a second. */
function* mostFrequent(counts: Uint32Array): Steps<{ readonly kinds: number; readonly top: readonly number[] }> {
  const top: number[] = [];
  let kinds = 0;
  for (let from = 1; from < counts.length; from += PIECE) {
    const to = Math.min(counts.length, from + PIECE);
    for (let code = from; code < to; code++) {
      if (counts[code] === 0) continue;
      kinds++;
      if (top.length === MOST_WORDS && counts[code] <= counts[top[MOST_WORDS - 1]]) continue;
      const place = top.findIndex((each) => counts[each] < counts[code]);
      top.splice(place < 0 ? top.length : place, 0, code);
      top.length = Math.min(top.length, MOST_WORDS);
    }
    yield;
  }
  return { kinds, top };
}

function reasonOfText(kinds: number, known: number): string {
  if (kinds === 0) return 'empty';
  if (kinds === 1) return known === 1 ? 'text, in one row' : 'the same text wherever it is known';
  return kinds > known / 2 ? 'text, nearly all of it different' : 'text: not clustered, but told of each cluster';
}

interface Suggestion {
  readonly isUsed: boolean;
  readonly scaling: Scaling;
  readonly period?: number;
  readonly reason?: string;
}

function withSuggestion(facts: Facts): ColumnSummary {
  const { n: _, infinite, isCount: __, isPlace: ___, farShare: ____, sentinel, ...summary } = facts;
  const { isUsed, scaling, period, reason = '' } = suggest(facts);
  const remark =
    infinite > 0
      ? `${infinite === 1 ? 'one infinite value counts' : `${infinite} infinite values count`} as missing`
      : sentinel;
  return {
    ...summary,
    suggested: { isUsed, scaling, period: period ?? periodOf(facts) },
    reason: joined(reason, remark),
  };
}

function suggest(facts: Facts): Suggestion {
  const { name, measure, missing, n } = facts;
  const leftOut = (reason: string, scaling: Scaling = 'standard'): Suggestion => ({ isUsed: false, scaling, reason });
  if (missing === n) return leftOut('empty');
  if (facts.least === facts.greatest)
    return leftOut(missing > 0 ? 'the same wherever it is known' : 'the same in all rows');
  if (missing > MOST_MISSING * n) return leftOut(`${formatShare(missing / n)} of its values are missing`);
  if (measure === 'date') return leftOut('a date: use it as a number, or cyclic for the time of the year');
  if (measure === 'boolean') return { isUsed: true, scaling: 'standard' };
  if (measure === 'time') return { isUsed: true, scaling: 'cyclic', reason: 'a time of day: 23:59 is next to 00:00' };
  if (facts.isPlace) return leftOut('a place in the picture: use it to keep clusters together there');
  if (facts.isCount) return leftOut('looks like a row number: whole numbers, each of them once');
  if (facts.isInteger && isNameOfIds(name)) return leftOut('its name says that it only tells rows apart');
  const cycle = cycleOf(facts);
  if (cycle !== null) return { isUsed: true, scaling: 'cyclic', ...cycle };
  const { scaling, reason = '' } = scalingOf(facts);
  const weights = isNameOfWeights(facts) ? 'could be the weights of the rows' : '';
  return { isUsed: true, scaling, reason: joined(reason, weights) };
}

function joined(...reasons: readonly string[]): string {
  return reasons.filter((reason) => reason !== '').join('; ');
}

function isNameOfIds(name: string): boolean {
  return (
    /^(id|idx|index|row|row[ _-]?(id|no|nr|number)|uuid|guid|key|pk|object[ _]?id|fid|gid|unnamed: 0)$/i.test(
      name.trim(),
    ) || /([ _.-]id|[a-z]I[dD]|(^|[ _])(zip|postcode|(zip|post|postal)[ _]?code))$/.test(name.trim())
  );
}

function isNameOfWeights({ name, least }: Facts): boolean {
  return least >= 0 && /^(sample[ _]?)?(weights?|counts?|pixels|frequency|freq)$/i.test(name.trim());
}

const CYCLES: readonly (readonly [name: RegExp, least: number, greatest: number, period: number, reason: string])[] = [
  [/(^|[ _])hours?$|^hour/i, 0, 24, 24, 'an hour of the day: 23 is next to 0'],
  [/(^|[ _])months?$/i, 1, 12, 12, 'a month: December is next to January'],
  [/week[ _]?day$|day[ _]?of[ _]?week$/i, 0, 7, 7, 'a day of the week: the last is next to the first'],
  [/direction|bearing|heading|azimuth|(^|[ _])(wind)?dir$/i, 0, 360, 360, 'a direction: 359° is next to 0°'],
];

/** Hours, months and directions are known by their names and ranges, of which they fill more than a half. */
function cycleOf({ name, least, greatest }: Facts): { readonly period: number; readonly reason: string } | null {
  for (const [pattern, from, to, period, reason] of CYCLES) {
    const fits = least >= from && greatest <= to && greatest - least > period / 2;
    if (fits && pattern.test(name)) return { period, reason };
  }
  return null;
}

/**
 * Of a logarithmic normal distribution of deviation σ, (q99.5 − median) : (median − q0.5) is e^2.58σ: above 8 for
 * σ > 0.81, where a tenth of the rows has most of the sum. Exponential distributions, at 6.7, stay as they are.
 */
const SKEWED = 8;
/**
 * The deviation by that of a normal distribution with the same quartiles: exponential distributions have 1.2, Student's with
 * three degrees 1.5. Above 3, `standard` would draw most rows together to a third of their due for the sake of a few.
 */
const FAR_OUT = 3;
/** So many far rows are a group of their own, which nothing may push farther away: `robust` would. */
const A_GROUP = 0.05;
/** Between so few values nothing is a tail. */
const FEW_VALUES = 10;

function scalingOf({ least, quantiles, deviation, distinct, farShare }: Facts): { scaling: Scaling; reason?: string } {
  const [low, first, median, third, high] = quantiles;
  if (distinct <= FEW_VALUES) return { scaling: 'standard' };
  if (least >= 0 && high - median > SKEWED * (median - low)) {
    return { scaling: 'log', reason: 'a few rows have far more than most: by order of magnitude' };
  }
  const bulk = (third - first) / NORMAL_QUARTILES;
  if (bulk > 0 && deviation > FAR_OUT * bulk && farShare < A_GROUP)
    return { scaling: 'robust', reason: 'a few values lie far out' };
  return { scaling: 'standard' };
}

function farShareOf(sorted: Float64Array, [, first, median, third]: readonly number[]): number {
  const reach = (FAR_OUT * (third - first)) / NORMAL_QUARTILES;
  let far = 0;
  for (const value of sorted) if (Math.abs(value - median) > reach) far++;
  return far / sorted.length;
}

/** What is written where a value is missing: nines, and the ends of integers of 16 and 32 bits. */
const SENTINELS = /^-?(99+|9+\.9+|32767|32768|2147483647|2147483648)$/;

/** An end of the range that is known for meaning nothing, and is farther from all other values than these from each other. */
function suspicionOf({ least, greatest }: Totals, sorted: Float64Array): string {
  for (const value of [least, greatest]) {
    if (!SENTINELS.test(String(value))) continue;
    const others = sorted.filter((other) => other !== value);
    const [low, high] = [others[0], others[others.length - 1]];
    if (!(Math.min(Math.abs(value - low), Math.abs(value - high)) > high - low)) continue;
    const share = 1 - others.length / sorted.length;
    return `${value}${share > 0 ? `, in ${formatShare(share)} of the rows,` : ''} may mean that the value is missing`;
  }
  return '';
}

/** The distance of the quartiles of a normal distribution, in deviations. */
export const NORMAL_QUARTILES = 1.349;

/** What `cyclic` would have for a period if it were chosen. */
function periodOf({ measure, least, greatest, isInteger }: Facts): number {
  if (measure === 'time') return MINUTES_A_DAY;
  if (measure === 'date') return YEAR;
  const range = greatest - least + (isInteger ? 1 : 0);
  return range > 0 && range < Infinity ? range : 1;
}

/** Colours' coordinates, whose distances mean something as they are. */
const COLOURS = ['a b l', 'a b lightness', 'b g r', 'blue green red'];
const MANY = 8;

/**
 * Pixels of images, or coordinates of embeddings, are in one unit: scaled one by one, the margins that hardly vary would
 * weigh as much as all else. Told by the ranges, half of which are at least half of the range of all.
 */
function withCommonUnit(found: readonly ColumnSummary[]): ColumnSummary[] {
  const used = found.filter(({ suggested }) => suggested.isUsed);
  const names = used.map(({ name }) => name.toLowerCase()).sort();
  if (!COLOURS.includes(names.join(' ')) && !isOneUnit(used)) return [...found];
  return found.map((summary) => {
    if (!summary.suggested.isUsed) return summary;
    return {
      ...summary,
      suggested: { ...summary.suggested, scaling: 'none' },
      reason: 'in the same unit as the others',
    };
  });
}

function isOneUnit(used: readonly ColumnSummary[]): boolean {
  if (
    used.length < MANY ||
    used.some(({ measure, suggested }) => measure !== 'number' || suggested.scaling === 'cyclic')
  )
    return false;
  const ranges = used.map(({ least, greatest }) => greatest - least).sort((a, b) => a - b);
  const range = Math.max(...used.map(({ greatest }) => greatest)) - Math.min(...used.map(({ least }) => least));
  return ranges[Math.floor(ranges.length / 2)] >= range / 2;
}

/** Something is always suggested, if anything varies: dates, else whatever there is. */
function withFallback(found: ColumnSummary[]): ColumnSummary[] {
  if (found.some(({ suggested }) => suggested.isUsed)) return found;
  const varies = ({ least, greatest }: ColumnSummary) => least < greatest;
  const dates = found.filter((summary) => summary.measure === 'date' && varies(summary));
  const taken = new Set(dates.length > 0 ? dates : found.filter(varies));
  return found.map((summary) =>
    taken.has(summary)
      ? {
          ...summary,
          suggested: { ...summary.suggested, isUsed: true },
          reason: `${summary.reason}; there is nothing else`,
        }
      : summary,
  );
}
