/** What each cluster is, in figures and in words: what is unlike the other rows. */
import type { Steps } from '../../src/steps.ts';
import { type ToCircle, toCircle } from '../features/circle.ts';
import type { ColumnSummary, Features } from '../features/features.ts';
import {
  DAY,
  formatOnCircle,
  formatShare,
  formatShort,
  formatValue,
  MINUTES_A_DAY,
  modulo,
} from '../features/format.ts';
import { expOf, logOf } from '../features/prepare.ts';
import { PIECE, quantile, readPiece } from '../features/reading.ts';
import { numbersOf, sortedIn, type Tally, talliesOf, totalOf } from '../features/tally.ts';
import { isNumeric, type NumberColumn, type Table, type TextColumn } from '../tables/table.ts';
import { rankClusters } from './numbers.ts';

/** A column within a cluster. Of times and cyclic columns all are on the circle: `low` may be above `high`. */
export interface NumberProfile {
  readonly column: number;
  readonly name: string;
  readonly measure: NumberColumn['measure'];
  /** Of the rows that have a value; NaN where none has. Of logarithms the mean of these, in the column's units. */
  readonly centre: number;
  readonly median: number;
  /** Between them lie eight rows of ten. */
  readonly low: number;
  readonly high: number;
  /** The centre of all rows outside the cluster. */
  readonly rest: number;
  /**
   * The distance of the two centres in deviations of all rows: above 0.8 is much, below 0.2 next to nothing. Of cyclic
   * columns the distance of mean points of the circle, never negative.
   */
  readonly effect: number;
  /** Of times and cyclic columns; else 0. */
  readonly period: number;
}

export interface WordProfile {
  readonly text: string;
  /** Of the cluster, and of the rest. */
  readonly share: number;
  readonly rest: number;
  /** Share of the cluster by that of all rows. */
  readonly lift: number;
}

export interface TextProfile {
  readonly column: number;
  readonly name: string;
  readonly measure: 'text';
  /** Texts that the cluster has more of than the rest, the most telling first. */
  readonly words: readonly WordProfile[];
  /** As of a column that is 1 where the first of these words is, and else 0. */
  readonly effect: number;
}

export type ColumnProfile = NumberProfile | TextProfile;

export interface ClusterProfile {
  readonly cluster: number;
  /** Rows, each counting once whatever its weight. */
  readonly size: number;
  readonly share: number;
  /** Short, and unlike those of the other clusters. */
  readonly name: string;
  readonly sentence: string;
  /** The most telling first. */
  readonly columns: readonly ColumnProfile[];
}

/** Rows that medians are taken from in all, and of a cluster at least; values of all columns. */
const SAMPLE = 100_000;
const LEAST_SAMPLE = 500;
const SAMPLE_VALUES = 4_000_000;
const MOST_KINDS = 0.5;
const MOST_WORDS = 5;
/** What is worth a word, in deviations. */
const TELLING = 0.4;
const STRONG = 1.2;
const MOST_TRAITS = 3;
/** A word that is told has so many rows, and so much of the cluster, and so many times its share. */
const LEAST_COUNT = 5;
const LEAST_SHARE = 0.05;
const LEAST_LIFT = 1.5;

/**
 * @param labels of the points [n of `features`], below k
 */
export function* profiles(
  table: Table,
  features: Features,
  labels: Uint32Array,
  k: number,
  summaries: readonly ColumnSummary[],
): Steps<ClusterProfile[]> {
  const groups = yield* groupsOf(labels, k, Math.min(SAMPLE, SAMPLE_VALUES / table.columns.length));
  // Texts are counted by clusters; tables without any need no order.
  let order: Order | null = null;
  const found: ColumnProfile[][] = Array.from({ length: k }, () => []);
  for (let index = 0; index < table.columns.length; index++) {
    const column = table.columns[index];
    if (!isTold(summaries[index], features, index)) continue;
    const profilesOf = isNumeric(column)
      ? yield* ofNumbers(column, index, features, labels, groups, summaries[index])
      : yield* ofText(column, index, features, groups.k, (order ??= yield* orderOf(labels, groups)));
    profilesOf.forEach((profile, cluster) => {
      found[cluster].push(profile);
    });
  }
  const n = labels.length;
  const nouns = nounsOf(found);
  const traits = found.map((columns, cluster) => {
    columns.sort((a, b) => Math.abs(b.effect) - Math.abs(a.effect));
    return groups.sizes[cluster] === 0 || k === 1 ? [] : traitsOf(columns, groups.sizes[cluster] / n, nouns);
  });
  const names = namesOf(traits, groups.sizes, k === 1 ? 'All rows' : 'Average');
  return found.map((columns, cluster) => {
    const size = groups.sizes[cluster];
    const sentence = size === 0 ? 'No rows.' : k === 1 ? 'All rows.' : sentenceOf(traits[cluster]);
    return { cluster, size, share: size / n, name: names[cluster], sentence, columns };
  });
}

/**
 * Places in the palette for clusters: that of the cluster of the run before that shares most rows, the largest overlaps
 * first; of those left, the largest gets the first free place.
 *
 * @param previous the run before, of the same rows; null, or of another number of rows: there is none.
 * @param sizes of the clusters, where they are known
 */
export function matchColours(
  previous: { readonly labels: Uint32Array; readonly colours: readonly number[]; readonly k: number } | null,
  labels: Uint32Array,
  k: number,
  sizes: ArrayLike<number> = sizesOf(labels, k),
): number[] {
  const colours: number[] = new Array(k).fill(-1);
  const taken = new Set<number>();
  if (previous !== null && previous.labels.length === labels.length) {
    for (const { before, now } of overlaps(previous, labels, k)) {
      const colour = previous.colours[before];
      if (colours[now] >= 0 || taken.has(colour)) continue;
      colours[now] = colour;
      taken.add(colour);
    }
  }
  let free = 0;
  for (const cluster of rankClusters(sizes)) {
    if (colours[cluster] >= 0) continue;
    while (taken.has(free)) free++;
    colours[cluster] = free++;
  }
  return colours;
}

function sizesOf(labels: Uint32Array, k: number): Uint32Array {
  const sizes = new Uint32Array(k);
  countInto(sizes, labels, 0, labels.length);
  return sizes;
}

function overlaps(previous: { readonly labels: Uint32Array; readonly k: number }, labels: Uint32Array, k: number) {
  const shared = new Uint32Array(previous.k * k);
  for (let i = 0; i < labels.length; i++) shared[previous.labels[i] * k + labels[i]]++;
  const pairs = Array.from(shared, (count, at) => ({ before: Math.floor(at / k), now: at % k, count }));
  return pairs.filter(({ count }) => count > 0).sort((a, b) => b.count - a.count);
}

/** Row numbers, constants and columns that are nearly empty tell nothing, unless they were chosen. */
function isTold({ measure, distinct, suggested }: ColumnSummary, { features }: Features, index: number): boolean {
  if (features.some(({ column }) => column === index)) return true;
  if (measure === 'text' || measure === 'date') return distinct > 1;
  return suggested.isUsed;
}

/** Clusters, and some points of each. */
interface Groups {
  readonly k: number;
  readonly sizes: Uint32Array;
  /** Points that quantiles are taken of, of each cluster, evenly spread and ascending. */
  readonly samples: readonly Uint32Array[];
}

function* groupsOf(labels: Uint32Array, k: number, sample: number): Steps<Groups> {
  const n = labels.length;
  const sizes = new Uint32Array(k);
  for (let from = 0; from < n; from += PIECE) {
    countInto(sizes, labels, from, Math.min(n, from + PIECE));
    yield;
  }
  const most = Math.max(LEAST_SAMPLE, Math.floor(sample / k));
  const samples = Array.from(sizes, (size) => new Uint32Array(Math.min(size, most)));
  const met = new Uint32Array(k);
  const taken = new Uint32Array(k);
  /** How many of its points come before the next one that is taken. */
  const next = new Uint32Array(k);
  const take = (from: number, to: number) => {
    for (let i = from; i < to; i++) {
      const label = labels[i];
      if (met[label]++ !== next[label]) continue;
      samples[label][taken[label]++] = i;
      next[label] = Math.floor((taken[label] * sizes[label]) / samples[label].length);
    }
  };
  for (let from = 0; from < n; from += PIECE) {
    take(from, Math.min(n, from + PIECE));
    yield;
  }
  return { k, sizes, samples };
}

function countInto(sizes: Uint32Array, labels: Uint32Array, from: number, to: number): void {
  for (let i = from; i < to; i++) sizes[labels[i]]++;
}

/** Points, those of a cluster beside each other and ascending. */
interface Order {
  /** [n] */
  readonly points: Uint32Array;
  /** Where each cluster begins [k + 1]. */
  readonly starts: Uint32Array;
}

function* orderOf(labels: Uint32Array, { k, sizes }: Groups): Steps<Order> {
  const n = labels.length;
  const starts = new Uint32Array(k + 1);
  for (let cluster = 0; cluster < k; cluster++) starts[cluster + 1] = starts[cluster] + sizes[cluster];
  const next = starts.slice();
  const points = new Uint32Array(n);
  for (let from = 0; from < n; from += PIECE) {
    const to = Math.min(n, from + PIECE);
    for (let i = from; i < to; i++) points[next[labels[i]]++] = i;
    yield;
  }
  return { points, starts };
}

/** How values of a column are averaged: as they are, by order of magnitude, or on a circle. */
type Scale =
  | { readonly kind: 'line' }
  | { readonly kind: 'log'; readonly unit: number }
  | { readonly kind: 'circle'; readonly period: number };

function scaleOf({ measure }: NumberColumn, { features }: Features, index: number): Scale {
  const feature = features.find(({ column }) => column === index);
  if (feature?.scaling === 'cyclic') return { kind: 'circle', period: feature.parameter };
  if (measure === 'time') return { kind: 'circle', period: MINUTES_A_DAY };
  return feature?.scaling === 'log' ? { kind: 'log', unit: feature.parameter } : { kind: 'line' };
}

/** What is found of the values themselves, without the sample. */
type Centre = Pick<NumberProfile, 'centre' | 'rest' | 'effect'>;

function* ofNumbers(
  column: NumberColumn,
  index: number,
  features: Features,
  labels: Uint32Array,
  groups: Groups,
  { quantiles, least, greatest }: ColumnSummary,
): Steps<NumberProfile[]> {
  const { name, measure } = column;
  const scale = scaleOf(column, features, index);
  const { k, samples } = groups;
  const tallies = yield* talliesOf(column.values, features.rows, labels, k, [least, greatest]);
  const pieces = tallies === null ? rowsOf(column, features, labels) : numbersIn(tallies);
  const centres =
    scale.kind === 'circle'
      ? yield* onCircle(pieces, k, scale.period, toCircle(column, scale.period, [least, greatest]))
      : yield* onLine(pieces, k, scale, quantiles[2]);
  const found: NumberProfile[] = [];
  for (let cluster = 0; cluster < k; cluster++) {
    const centre = centres[cluster];
    const tally = tallies?.[cluster];
    const sample =
      tally === undefined
        ? sampleOf(column, features, samples[cluster])
        : sortedIn(tally, totalOf(tally), samples[cluster].length);
    const spread = spreadOf(sample, scale, centre.centre);
    const period = scale.kind === 'circle' ? scale.period : 0;
    found.push({ column: index, name, measure, period, ...centre, ...spread });
    yield;
  }
  return found;
}

/** Values, with the cluster of each and how often it is there. */
interface Piece {
  /** May be written over. */
  readonly values: Float64Array;
  readonly labels: Uint32Array;
  readonly times: Uint32Array;
}

/** All values of a column, a piece at a time: the next one is read where the one before was. */
function* rowsOf(column: NumberColumn, { rows, n }: Features, labels: Uint32Array): Generator<Piece> {
  const whole = new Float64Array(Math.min(n, PIECE));
  const once = new Uint32Array(whole.length).fill(1);
  for (let from = 0; from < n; from += PIECE) {
    const values = whole.subarray(0, Math.min(PIECE, n - from));
    readPiece(values, column.values, rows, from, values.length);
    yield { values, labels: labels.subarray(from, from + values.length), times: once };
  }
}

function* numbersIn(tallies: readonly Tally[]): Generator<Piece> {
  for (const [cluster, tally] of tallies.entries()) {
    const { counts: times } = tally;
    yield { values: numbersOf(tally), labels: new Uint32Array(times.length).fill(cluster), times };
  }
}

function* onLine(
  pieces: Iterable<Piece>,
  k: number,
  scale: Exclude<Scale, { kind: 'circle' }>,
  median: number,
): Steps<Centre[]> {
  const there = (value: number) => (scale.kind === 'log' ? logOf(value, scale.unit) : value);
  const back = (value: number) => (scale.kind === 'log' ? expOf(value, scale.unit) : value);
  // The median lies within a deviation of the mean: sums of differences from it do not cancel.
  const shift = Number.isNaN(median) ? 0 : there(median);
  const counts = new Float64Array(k);
  const sums = new Float64Array(k);
  let squares = 0;
  for (const { values, labels, times } of pieces) {
    if (scale.kind === 'log') for (let i = 0; i < values.length; i++) values[i] = there(values[i]);
    squares += addLine(values, labels, times, shift, counts, sums);
    yield;
  }
  const n = total(counts);
  const sum = total(sums);
  const deviation = Math.sqrt(Math.max(0, squares / n - (sum / n) ** 2));
  return Array.from(counts, (count, cluster) => {
    const own = sums[cluster] / count;
    const others = (sum - sums[cluster]) / (n - count);
    return { centre: back(shift + own), rest: back(shift + others), effect: ratio(own - others, deviation) };
  });
}

/** Sums of differences, by clusters; returns that of their squares. */
function addLine(
  values: Float64Array,
  labels: Uint32Array,
  times: Uint32Array,
  shift: number,
  counts: Float64Array,
  sums: Float64Array,
): number {
  let squares = 0;
  for (let i = 0; i < values.length; i++) {
    const difference = values[i] - shift;
    if (difference - difference !== 0) continue;
    const label = labels[i];
    counts[label] += times[i];
    sums[label] += times[i] * difference;
    squares += times[i] * difference * difference;
  }
  return squares;
}

function* onCircle(pieces: Iterable<Piece>, k: number, period: number, write: ToCircle): Steps<Centre[]> {
  const counts = new Float64Array(k);
  const sines = new Float64Array(k);
  const cosines = new Float64Array(k);
  for (const { values, labels, times } of pieces) {
    const x = new Float64Array(values.length);
    write(values, 0, values.length, values, x);
    addCircle(values, x, labels, times, counts, sines, cosines);
    yield;
  }
  const [n, sine, cosine] = [total(counts), total(sines), total(cosines)];
  const deviation = Math.sqrt(Math.max(0, 1 - (sine / n) ** 2 - (cosine / n) ** 2));
  const valueAt = (y: number, x: number) => modulo((Math.atan2(y, x) / (2 * Math.PI)) * period, period);
  return Array.from(counts, (count, cluster) => {
    const [y, x] = [sines[cluster] / count, cosines[cluster] / count];
    const [v, u] = [(sine - sines[cluster]) / (n - count), (cosine - cosines[cluster]) / (n - count)];
    return { centre: valueAt(y, x), rest: valueAt(v, u), effect: ratio(Math.hypot(y - v, x - u), deviation) };
  });
}

function addCircle(
  y: Float64Array,
  x: Float64Array,
  labels: Uint32Array,
  times: Uint32Array,
  counts: Float64Array,
  sines: Float64Array,
  cosines: Float64Array,
): void {
  for (let i = 0; i < y.length; i++) {
    if (Number.isNaN(y[i])) continue;
    const label = labels[i];
    counts[label] += times[i];
    sines[label] += times[i] * y[i];
    cosines[label] += times[i] * x[i];
  }
}

/** 0 where there is nothing to compare. */
function ratio(difference: number, deviation: number): number {
  return deviation > 0 && Number.isFinite(difference) ? difference / deviation : 0;
}

function total(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** Known values of some points. */
function sampleOf({ values }: NumberColumn, { rows }: Features, points: Uint32Array): Float64Array {
  const found = new Float64Array(points.length);
  let count = 0;
  for (const point of points) {
    const value = values[rows === null ? point : rows[point]];
    if (Number.isFinite(value)) found[count++] = value;
  }
  return found.subarray(0, count);
}

/** On a circle: of the ways from the centre, forwards and backwards. */
function spreadOf(values: Float64Array, scale: Scale, centre: number) {
  const period = scale.kind === 'circle' ? scale.period : 0;
  const way = (value: number) => modulo(value - centre + period / 2, period) - period / 2;
  const sorted = (period > 0 ? values.map(way) : values).sort();
  const [low, median, high] = [0.1, 0.5, 0.9].map((share) => quantile(sorted, share));
  if (period === 0) return { low, median, high };
  const at = (value: number) => modulo(value + centre, period);
  return { low: at(low), median: at(median), high: at(high) };
}

function* ofText(
  { name, codes, words }: TextColumn,
  column: number,
  { rows }: Features,
  k: number,
  { points, starts }: Order,
): Steps<TextProfile[]> {
  const n = points.length;
  const codeOf = (place: number) => codes[rows === null ? points[place] : rows[points[place]]];
  const counts = new Uint32Array(words.length);
  for (let from = 0; from < n; from += PIECE) {
    const to = Math.min(n, from + PIECE);
    for (let place = from; place < to; place++) counts[codeOf(place)]++;
    yield;
  }
  const known = n - counts[0];
  const kinds = counts.reduce((sum, count, code) => sum + (code > 0 && count > 0 ? 1 : 0), 0);
  // Texts that are nearly all different are names, not kinds.
  if (kinds > MOST_KINDS * known) return [];
  const found: TextProfile[] = [];
  const own = new Uint32Array(words.length);
  for (let cluster = 0; cluster < k; cluster++) {
    own.fill(0);
    const met = new Set<number>();
    for (let from = starts[cluster]; from < starts[cluster + 1]; from += PIECE) {
      const to = Math.min(starts[cluster + 1], from + PIECE);
      for (let place = from; place < to; place++) if (own[codeOf(place)]++ === 0) met.add(codeOf(place));
      yield;
    }
    met.delete(0);
    const size = starts[cluster + 1] - starts[cluster] - own[0];
    const least = Math.max(LEAST_SHARE * size, Math.min(LEAST_COUNT, Math.max(2, size / 2)));
    const frequent = [...met].filter((code) => own[code] >= least);
    const telling = frequent
      .map((code) => wordOf(code, own[code], size))
      .filter(({ share, rest }) => share >= LEAST_LIFT * rest)
      .sort((a, b) => b.effect - a.effect);
    const top = telling.slice(0, MOST_WORDS).map(({ effect: _, ...word }) => word);
    found.push({ column, name, measure: 'text', words: top, effect: telling[0]?.effect ?? 0 });
    yield;
  }
  return found;

  function wordOf(code: number, count: number, size: number): WordProfile & { readonly effect: number } {
    const share = count / size;
    const rest = (counts[code] - count) / (known - size);
    const overall = counts[code] / known;
    const effect = ratio(share - rest, Math.sqrt(overall * (1 - overall)));
    return { text: words[code], share, rest, lift: share / overall, effect };
  }
}

/** Something that a cluster is. */
interface Trait {
  /** As its name; with its value where clusters would have the same one; and with that of the rest, in a sentence. */
  readonly name: string;
  readonly exact: string;
  readonly long: string;
}

/** Of which kinds of columns there are several, so that they have to be named. */
interface Nouns {
  readonly time: boolean;
  readonly text: boolean;
}

function nounsOf(found: readonly (readonly ColumnProfile[])[]): Nouns {
  const isSeveral = (kind: string) =>
    new Set(
      found
        .flat()
        .filter(({ measure }) => measure === kind)
        .map(({ column }) => column),
    ).size > 1;
  return { time: isSeveral('time'), text: isSeveral('text') };
}

function traitsOf(columns: readonly ColumnProfile[], share: number, nouns: Nouns): Trait[] {
  const telling = columns.filter(({ effect }) => Math.abs(effect) >= TELLING).slice(0, MOST_TRAITS);
  return telling.map((profile) =>
    profile.measure === 'text' ? traitOfText(profile, nouns) : traitOfNumber(profile, share, nouns),
  );
}

function traitOfText({ name, words }: TextProfile, nouns: Nouns): Trait {
  const [{ text, share, rest }] = words;
  const bare = `${share >= 0.5 ? 'mostly' : 'often'} “${text}”`;
  const full = `${name} ${bare}`;
  const long = `${nouns.text ? full : bare} (${formatShare(share)}; the rest ${formatShare(rest)})`;
  // A letter or two are a code, which says nothing without its column.
  return { name: text.length > 2 ? bare : full, exact: `${full} (${formatShare(share)})`, long };
}

function traitOfNumber(profile: NumberProfile, share: number, nouns: Nouns): Trait {
  const { measure, centre, rest, period } = profile;
  const { noun, unit } = unitOf(profile.name);
  if (period > 0) {
    const isTime = measure === 'time';
    const own = formatOnCircle(measure, centre, period);
    const name = isTime ? timeOf(profile, nouns) : `${noun} around ${own}${unit}`;
    const others = `the rest ${formatOnCircle(measure, rest, period)}`;
    // Others may be spread around the same time, which is then none of theirs.
    const isNear = Math.abs(modulo(centre - rest + period / 2, period) - period / 2) < period / 16;
    const figures = [...(isTime ? [own] : []), ...(isNear ? [] : [others])].join('; ');
    return { name, exact: isTime ? `${name} (${own})` : name, long: figures === '' ? name : `${name} (${figures})` };
  }
  const name = `${wordOfNumber(profile, share)} ${noun}`;
  const [own, others] = pairOf(measure, centre, rest);
  return { name, exact: `${name} (${own}${unit})`, long: `${name} (${own}${unit}; the rest ${others})` };
}

/** "Length (mm)" is a length in mm. */
function unitOf(name: string): { readonly noun: string; readonly unit: string } {
  const [, noun, unit] = /^(.*\S)\s*[([]([^()[\]]{1,8})[)\]]$/.exec(name) ?? [];
  return noun === undefined ? { noun: name, unit: '' } : { noun, unit: ` ${unit}` };
}

function timeOf({ name, centre, low, high }: NumberProfile, nouns: Nouns): string {
  const noun = nouns.time ? `${name} ` : '';
  // Eight rows of ten over most of the day have no time of their own.
  return `${noun}${modulo(high - low, MINUTES_A_DAY) > 0.6 * MINUTES_A_DAY ? 'at all hours' : partOfDay(centre)}`;
}

function wordOfNumber({ measure, centre, effect }: NumberProfile, share: number): string {
  if (measure === 'boolean' && effect > 0) return centre >= 0.5 ? 'mostly' : 'more often';
  if (measure === 'boolean') return centre < 0.2 ? 'seldom' : 'less often';
  if (measure === 'date') return effect > 0 ? 'late' : 'early';
  // From the mean of all rows: most rows are not far from it, however far the few others are.
  const much = Math.abs(effect) * (1 - share) >= STRONG ? 'very ' : '';
  return `${much}${effect > 0 ? 'high' : 'low'}`;
}

const PARTS_OF_DAY = [
  [1, 'around midnight'],
  [5, 'at night'],
  [8, 'early in the morning'],
  [11, 'in the morning'],
  [13, 'around noon'],
  [17, 'in the afternoon'],
  [21, 'in the evening'],
  [23, 'late in the evening'],
  [24, 'around midnight'],
] as const;

function partOfDay(minutes: number): string {
  const hour = modulo(minutes, MINUTES_A_DAY) / 60;
  return PARTS_OF_DAY.find(([end]) => hour < end)?.[1] ?? PARTS_OF_DAY[0][1];
}

/** Both with as many figures as it takes to tell them apart. */
function pairOf(measure: NumberProfile['measure'], centre: number, rest: number): readonly [string, string] {
  if (measure === 'date') {
    const step = Math.abs(centre - rest) >= DAY ? DAY : 60_000;
    return [formatValue(measure, centre, step), formatValue(measure, rest, step)];
  }
  if (measure === 'boolean') return [formatShare(centre), formatShare(rest)];
  const [own, others] = [formatShort(centre), formatShort(rest)];
  const step = 10 ** Math.floor(Math.log10(Math.abs(centre - rest)));
  if (own !== others || !(step > 0)) return [own, others];
  return [formatValue(measure, centre, step), formatValue(measure, rest, step)];
}

function sentenceOf(traits: readonly Trait[]): string {
  if (traits.length === 0) return 'Near the average in everything.';
  return `${capital(traits.map(({ long }) => long).join(', '))}.`;
}

/** By the strongest trait, and by more of them where clusters would have the same name; by a number in the end. */
function namesOf(traits: readonly (readonly Trait[])[], sizes: Uint32Array, plain: string): string[] {
  const used = traits.map(() => 1);
  const nameOf = (cluster: number) => {
    if (sizes[cluster] === 0) return 'Empty';
    if (traits[cluster].length === 0) return plain;
    return capital(
      traits[cluster]
        .slice(0, used[cluster])
        .map(({ name }) => name)
        .join(', '),
    );
  };
  for (let count = 2; count <= MOST_TRAITS; count++) {
    for (const cluster of twins(traits.map((_, i) => nameOf(i)))) {
      used[cluster] = Math.min(count, Math.max(1, traits[cluster].length));
    }
  }
  const names = traits.map((_, cluster) => nameOf(cluster));
  for (const cluster of twins(names))
    if (traits[cluster].length > 0) names[cluster] = capital(traits[cluster][0].exact);
  const met = new Map<string, number>();
  for (const cluster of rankClusters(sizes)) {
    const name = names[cluster];
    const times = (met.get(name) ?? 0) + 1;
    met.set(name, times);
    if (times > 1) names[cluster] = `${name} ${times}`;
  }
  return names;
}

/** Places of names that are there more than once. */
function twins(names: readonly string[]): number[] {
  const counts = new Map<string, number>();
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1);
  return [...names.keys()].filter((i) => counts.get(names[i])! > 1);
}

function capital(text: string): string {
  // By characters, not by halves of them.
  const [first = ''] = text;
  return first.toUpperCase() + text.slice(first.length);
}
