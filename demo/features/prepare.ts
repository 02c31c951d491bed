/** Columns → points for the engine, and back into the columns' own units. */
import type { Steps } from '../../src/steps.ts';
import { type Column, isNumeric, type NumberColumn, type Table } from '../tables/table.ts';
import { angleOf, toCircle } from './circle.ts';
import type { Choices, ColumnChoice, ColumnSummary, Feature, Features } from './features.ts';
import { modulo } from './format.ts';
import { PIECE, quantile, readPiece, sampleRows } from './reading.ts';
import { NORMAL_QUARTILES } from './summaries.ts';
import { type Known, numbersOf, sortedIn, type Tally, tallyOf, totalOf, writeKnown } from './tally.ts';

/** Columns that cannot be clustered as they were chosen: the message says which and why, for whoever chose. */
export class ChoiceError extends Error {
  override readonly name = 'ChoiceError';
}

const SAMPLE = 100_000;
/** Beyond it float32 has no numbers. */
const LARGEST = 3.4e38;
const TAU = 2 * Math.PI;

/** A column that is used. */
interface Source {
  readonly index: number;
  readonly column: NumberColumn;
  readonly choice: ColumnChoice;
  /** What stands for a gap; NaN where there are none. */
  readonly fill: number;
}

/**
 * Means and deviations are those of the rows that become points, each of weight 1, and computed in float64; so are the
 * differences from them: whatever float32 cannot hold beside a large mean is still there.
 *
 * @throws {ChoiceError}
 */
export function* prepare(table: Table, choices: Choices, summaries: readonly ColumnSummary[]): Steps<Features> {
  const used = usedColumns(table, choices);
  const gappy = used.filter(({ index }) => summaries[index].missing > 0);
  const { rows, filled } = yield* rowsOf(table, gappy, choices.gaps);
  const n = rows?.length ?? table.n;
  if (n === 0) throw new ChoiceError(noRow(used, summaries));
  const weights = choices.weights === null ? null : yield* weightsOf(table.columns[choices.weights], rows, n);
  const d = used.reduce((sum, { index }) => sum + (choices.columns[index].scaling === 'cyclic' ? 2 : 1), 0);
  const data = new Float32Array(n * d);
  const features: Feature[] = [];
  const known: Known[] = [];
  // Of one column at a time, in float64: what is transformed is transformed once.
  let whole: Float64Array | null = null;
  for (const { index, column } of used) {
    const choice = choices.columns[index];
    const isGappy = choices.gaps === 'fill' && summaries[index].missing > 0;
    const source = { index, column, choice, fill: isGappy ? fillOf(column, choice, summaries[index]) : Number.NaN };
    const tally = yield* tallyOf(column.values, rows);
    if (tally === null) yield* read((whole ??= new Float64Array(n)), source, rows);
    const numbers = tally === null ? eachOf(whole!) : numbersIn(tally);
    const found = choice.scaling === 'cyclic' ? yield* pairOf(numbers, source) : yield* featureOf(numbers, source);
    const start = features.length;
    for (const [feature, transformed] of found) {
      if (tally === null) yield* write(data, features.length, d, feature, transformed);
      features.push(feature);
    }
    if (tally === null) continue;
    const scaled = found.map(
      ([{ centre, unit }, transformed]) => new Float32Array(transformed.map((value) => (value - centre) / unit)),
    );
    known.push({ values: column.values, first: tally.first, start, becomes: scaled });
  }
  yield* writeKnown(data, d, rows, known);
  return { n, d, data, features, rows, weights, leftOut: table.n - n, filled };
}

/** From what the engine has to the column's own units; of one half of a cyclic pair, the sine or the cosine. */
export function toValue({ part, scaling, centre, unit, parameter }: Feature, scaled: number): number {
  const transformed = scaled * unit + centre;
  return part === 'value' && scaling === 'log' ? expOf(transformed, parameter) : transformed;
}

/** From a value of the column to what the engine has. */
export function toScaled({ part, scaling, centre, unit, parameter }: Feature, value: number): number {
  return (transform(part, scaling, parameter, value) - centre) / unit;
}

/** The value, from 0 to the period, whose angle a scaled pair has: the centre of rows that lie around it. */
export function valueOfPair(sine: Feature, cosine: Feature, scaledSine: number, scaledCosine: number): number {
  const angle = Math.atan2(toValue(sine, scaledSine), toValue(cosine, scaledCosine));
  return modulo((angle / TAU) * sine.parameter, sine.parameter);
}

/** The centre of a cluster in the units of the columns, one for each that is used: means [k, d] are the run's. */
export function centreOf(
  features: readonly Feature[],
  means: ArrayLike<number>,
  cluster: number,
): { readonly column: number; readonly value: number }[] {
  const at = cluster * features.length;
  const found: { column: number; value: number }[] = [];
  features.forEach((feature, j) => {
    const { column, part } = feature;
    if (part === 'value') found.push({ column, value: toValue(feature, means[at + j]) });
    // A cosine follows its sine.
    else if (part === 'sine') {
      found.push({ column, value: valueOfPair(feature, features[j + 1], means[at + j], means[at + j + 1]) });
    }
  });
  return found;
}

type Used = Pick<Source, 'index' | 'column'>;

type Scaling = ColumnChoice['scaling'];

function usedColumns({ columns }: Table, choices: Choices): Used[] {
  const used: Used[] = [];
  columns.forEach((column, index) => {
    if (!choices.columns[index]?.isUsed) return;
    if (!isNumeric(column))
      throw new ChoiceError(`“${column.name}” is text: choose columns of numbers, dates or times.`);
    const { scaling, period } = choices.columns[index];
    if (scaling === 'cyclic' && !(period > 0 && period < Infinity)) {
      throw new ChoiceError(`The period of “${column.name}” has to be a number above 0.`);
    }
    used.push({ index, column });
  });
  if (used.length > 0) return used;
  // Nobody can choose what there is not.
  if (!columns.some(isNumeric)) throw new ChoiceError('This table has no column of numbers, dates or times.');
  throw new ChoiceError('No column is chosen: choose one at least.');
}

/** Rows that become points: all of them, or those without a gap. */
function* rowsOf(
  { n }: Table,
  gappy: readonly Used[],
  gaps: Choices['gaps'],
): Steps<{ readonly rows: Uint32Array | null; readonly filled: number }> {
  if (gappy.length === 0) return { rows: null, filled: 0 };
  const isGappy = new Uint8Array(n);
  const piece = new Float64Array(Math.min(n, PIECE));
  let filled = 0;
  for (const { column } of gappy) {
    for (let from = 0; from < n; from += PIECE) {
      const count = Math.min(PIECE, n - from);
      readPiece(piece, column.values, null, from, count);
      filled += markGaps(isGappy, piece, from, count);
      yield;
    }
  }
  if (gaps === 'fill' || filled === 0) return { rows: null, filled };
  let kept = 0;
  for (let i = 0; i < n; i++) kept += 1 - isGappy[i];
  const rows = new Uint32Array(kept);
  for (let i = 0, at = 0; i < n; i++) if (isGappy[i] === 0) rows[at++] = i;
  return { rows, filled: 0 };
}

function markGaps(marks: Uint8Array, piece: Float64Array, from: number, count: number): number {
  let found = 0;
  for (let i = 0; i < count; i++) {
    if (piece[i] - piece[i] === 0) continue;
    marks[from + i] = 1;
    found++;
  }
  return found;
}

function noRow(used: readonly Used[], summaries: readonly ColumnSummary[]): string {
  if (used.length === 1) return `“${used[0].column.name}” has no value in any row.`;
  const { index } = used.reduce((a, b) => (summaries[b.index].missing > summaries[a.index].missing ? b : a));
  const { name, missing } = summaries[index];
  const most = `Most gaps, ${missing.toLocaleString('en')}, are in “${name}”: leave it out, or fill the gaps.`;
  return `No row has a value in all ${used.length} columns. ${most}`;
}

function* weightsOf(column: Column, rows: Uint32Array | null, n: number): Steps<Float32Array> {
  const { name } = column;
  if (!isNumeric(column)) throw new ChoiceError(`“${name}” is text, and cannot be weights.`);
  const weights = new Float32Array(n);
  const piece = new Float64Array(Math.min(n, PIECE));
  let total = 0;
  for (let from = 0; from < n; from += PIECE) {
    const count = Math.min(PIECE, n - from);
    readPiece(piece, column.values, rows, from, count);
    for (let i = 0; i < count; i++) {
      const weight = piece[i];
      if (weight >= 0 && weight <= LARGEST) {
        weights[from + i] = weight;
        total += weights[from + i];
        continue;
      }
      const row = (rows === null ? from + i : rows[from + i]) + 1;
      const fault = Number.isNaN(weight) ? 'is missing' : weight < 0 ? 'is negative' : 'is too large';
      throw new ChoiceError(
        `Weights are numbers from 0 upwards: that of row ${row.toLocaleString('en')}, in “${name}”, ${fault}.`,
      );
    }
    yield;
  }
  if (!(total > 0)) throw new ChoiceError(`All weights in “${name}” are 0.`);
  return weights;
}

/** The median; on a circle, which has none, the direction of the mean. */
function fillOf(column: NumberColumn, { scaling, period }: ColumnChoice, { name, quantiles }: ColumnSummary): number {
  if (Number.isNaN(quantiles[2])) throw new ChoiceError(`“${name}” has no value that gaps could be filled with.`);
  if (scaling !== 'cyclic') return quantiles[2];
  let [sines, cosines] = [0, 0];
  for (const row of sampleRows(column.values.length, SAMPLE)) {
    const value = column.values[row];
    if (!Number.isFinite(value)) continue;
    sines += Math.sin(angleOf(value, period));
    cosines += Math.cos(angleOf(value, period));
  }
  return modulo((Math.atan2(sines, cosines) / TAU) * period, period);
}

function* read(values: Float64Array, { column, fill }: Source, rows: Uint32Array | null): Steps<void> {
  for (let from = 0; from < values.length; from += PIECE) {
    const piece = values.subarray(from, from + PIECE);
    readPiece(piece, column.values, rows, from, piece.length);
    if (!Number.isNaN(fill)) for (let i = 0; i < piece.length; i++) if (!Number.isFinite(piece[i])) piece[i] = fill;
    yield;
  }
}

/** What a column's numbers are, each as often as it is there: whatever is made of one is made once. */
interface Numbers {
  readonly values: Float64Array;
  /** Null: each once. */
  readonly counts: Uint32Array | null;
  /** Some of those of the rows, before they are written over. */
  readonly sample: () => Float64Array;
}

function eachOf(values: Float64Array): Numbers {
  const sample = () => new Float64Array(sampleRows(values.length, SAMPLE)).map((row) => values[row]);
  return { values, counts: null, sample };
}

function numbersIn(tally: Tally): Numbers {
  const { counts } = tally;
  return { values: numbersOf(tally), counts, sample: () => sortedIn(tally, totalOf(tally), SAMPLE) };
}

/** A feature, and what there is of it before it is centred. */
type Transformed = readonly [feature: Feature, values: Float64Array];

function commonOf({ index, choice, fill }: Source) {
  return { column: index, scaling: choice.scaling, ...(!Number.isNaN(fill) && { fill }) };
}

/** Overwrites the values. */
function* pairOf({ values, counts }: Numbers, source: Source): Steps<Transformed[]> {
  const { column, choice } = source;
  const { name } = column;
  const { period } = choice;
  const { least, greatest } = yield* momentsOf(values, counts);
  if (least === greatest) throw new ChoiceError(constant(name));
  const cosines = new Float64Array(values.length);
  const write = toCircle(column, period, [least, greatest]);
  for (let from = 0; from < values.length; from += PIECE) {
    write(values, from, Math.min(values.length, from + PIECE), values, cosines);
    yield;
  }
  const sine = yield* momentsOf(values, counts);
  const cosine = yield* momentsOf(cosines, counts);
  // Variances of the two add up to 1 then, as that of one standardised feature: the pair weighs as much as any other.
  const unit = Math.hypot(sine.deviation, cosine.deviation);
  if (!(unit > 1e-9)) throw new ChoiceError(`“${name}” is at the same place of its period of ${period} in all rows.`);
  const common = { ...commonOf(source), unit, parameter: period };
  return [
    [{ ...common, name: `sin(${name})`, part: 'sine', centre: sine.mean }, values],
    [{ ...common, name: `cos(${name})`, part: 'cosine', centre: cosine.mean }, cosines],
  ];
}

/** Overwrites the values where they are transformed. */
function* featureOf({ values, counts, sample }: Numbers, source: Source): Steps<Transformed[]> {
  const { name } = source.column;
  const { scaling } = source.choice;
  let moments = yield* momentsOf(values, counts);
  if (moments.least === moments.greatest) throw new ChoiceError(constant(name));
  const parameter = scaling === 'log' ? logUnitOf(sample()) : 0;
  if (scaling === 'log') {
    for (let from = 0; from < values.length; from += PIECE) {
      const to = Math.min(values.length, from + PIECE);
      for (let i = from; i < to; i++) values[i] = logOf(values[i], parameter);
      yield;
    }
    moments = yield* momentsOf(values, counts);
  }
  const { centre, unit } = scaling === 'robust' ? robust(sample(), moments) : centred(scaling, moments);
  if (!(unit > 0 && unit < Infinity && Number.isFinite(centre))) {
    throw new ChoiceError(`“${name}” has numbers too far apart to be computed with: use the logarithm.`);
  }
  if (Math.max(moments.greatest - centre, centre - moments.least) / unit > LARGEST) {
    throw new ChoiceError(`“${name}” has numbers too large to be left as they are: scale it.`);
  }
  return [[{ ...commonOf(source), name, part: 'value', centre, unit, parameter }, values]];
}

function constant(name: string): string {
  return `“${name}” is the same in all rows that are used: leave it out.`;
}

function centred(scaling: Scaling, { mean, deviation }: Moments): { readonly centre: number; readonly unit: number } {
  return { centre: mean, unit: scaling === 'none' ? 1 : deviation };
}

/** Where more than half of the rows are alike there is no distance of quartiles: by the deviation then. */
function robust(sample: Float64Array, { deviation }: Moments): { readonly centre: number; readonly unit: number } {
  const sorted = sample.sort();
  const range = quantile(sorted, 0.75) - quantile(sorted, 0.25);
  return { centre: quantile(sorted, 0.5), unit: range > 0 ? range / NORMAL_QUARTILES : deviation };
}

/**
 * The tenth part of sizes lies below, that of 0 apart: for nearly all rows it is a true logarithm, and numbers near 0 are not
 * torn apart by their orders of magnitude. Of counts it is 1; so it is where the sample has nothing but 0.
 */
function logUnitOf(sample: Float64Array): number {
  const sizes = sample
    .map((value) => Math.abs(value))
    .filter((size) => size > 0)
    .sort();
  return sizes.length > 0 ? quantile(sizes, 0.1) : 1;
}

interface Moments {
  readonly mean: number;
  readonly deviation: number;
  readonly least: number;
  readonly greatest: number;
}

function* momentsOf(values: Float64Array, counts: Uint32Array | null): Steps<Moments> {
  if (counts !== null) return momentsOfCounted(values, counts);
  let [mean, squares, least, greatest] = [0, 0, Infinity, -Infinity];
  for (let from = 0; from < values.length; from += PIECE) {
    const piece = momentsOfPiece(values, from, Math.min(values.length, from + PIECE));
    // Sums around means of their own, which do not cancel, put together (Chan, Golub and LeVeque).
    const difference = piece.mean - mean;
    mean += (difference * piece.count) / (from + piece.count);
    squares += piece.squares + (difference * difference * from * piece.count) / (from + piece.count);
    least = Math.min(least, piece.least);
    greatest = Math.max(greatest, piece.greatest);
    yield;
  }
  return { mean, deviation: Math.sqrt(squares / values.length), least, greatest };
}

function momentsOfCounted(values: Float64Array, counts: Uint32Array): Moments {
  let [n, sum, squares, least, greatest] = [0, 0, 0, Infinity, -Infinity];
  values.forEach((value, i) => {
    if (counts[i] === 0) return;
    n += counts[i];
    sum += counts[i] * value;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  });
  const mean = sum / n;
  values.forEach((value, i) => {
    squares += counts[i] * (value - mean) ** 2;
  });
  return { mean, deviation: Math.sqrt(squares / n), least, greatest };
}

function momentsOfPiece(values: Float64Array, from: number, to: number) {
  let [sum, least, greatest] = [0, Infinity, -Infinity];
  for (let i = from; i < to; i++) {
    const value = values[i];
    sum += value;
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  const count = to - from;
  const mean = sum / count;
  let squares = 0;
  for (let i = from; i < to; i++) squares += (values[i] - mean) ** 2;
  return { count, mean, squares, least, greatest };
}

function* write(
  data: Float32Array,
  j: number,
  d: number,
  { centre, unit }: Feature,
  values: Float64Array,
): Steps<void> {
  for (let from = 0; from < values.length; from += PIECE) {
    const to = Math.min(values.length, from + PIECE);
    for (let i = from; i < to; i++) data[i * d + j] = (values[i] - centre) / unit;
    yield;
  }
}

function transform(part: Feature['part'], scaling: Scaling, parameter: number, value: number): number {
  if (part === 'sine') return Math.sin(angleOf(value, parameter));
  if (part === 'cosine') return Math.cos(angleOf(value, parameter));
  return scaling === 'log' ? logOf(value, parameter) : value;
}

export function logOf(value: number, unit: number): number {
  return Math.sign(value) * Math.log1p(Math.abs(value) / unit);
}

export function expOf(logarithm: number, unit: number): number {
  return Math.sign(logarithm) * Math.expm1(Math.abs(logarithm)) * unit;
}
