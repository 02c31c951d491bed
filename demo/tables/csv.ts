/** Delimited text: numbers go from bytes into growing columns, with no string in between. */
import { Dictionary } from './dictionary.ts';
import { narrowed } from './narrowed.ts';
import { byteOf, isNumber, numberEnd, numbersOf, readNumber, skipSpaces } from './numbers.ts';
import { blocksOf, bytesOf, count, counted, distinctNames, listed, pause, type Reading } from './reading.ts';
import {
  CARRIAGE_RETURN,
  isBlank,
  joined,
  LINE_FEED,
  QUOTE,
  quoteEnd,
  type Record,
  recordEnd,
  splitRecord,
  unquoted,
} from './records.ts';
import type { Column, Delimited, Table } from './table.ts';
import { isIsoDate, isoDate } from './times.ts';
import { columnOfTexts, isInfinite, isMissing } from './typing.ts';
import { UnreadableError } from './unreadable.ts';

const SPACE = 32;
/** Most frequent ones last: in a file of semicolons every value may have a comma, hardly ever the other way round. */
const DELIMITERS = ['\t', ';', '|', ','];
const DELIMITER_NAMES: { readonly [delimiter: string]: string } = {
  '\t': 'tabs',
  ';': 'semicolons',
  '|': 'vertical bars',
  ',': 'commas',
};
/** What guesses are made from. */
const SAMPLE_BYTES = 2 ** 18;
const SAMPLE_RECORDS = 500;
/** Share of a column's sample that decides what it is; the others are taken for gaps or mean that it is text after all. */
const MOST = 0.9;
/** Texts among numbers, as a share of all values, that are taken for gaps. */
const FEW = 0.01;
/** A record that is longer has a quote that nobody closed. */
const LONGEST_RECORD = 2 ** 26;

export async function readDelimited(file: Blob, name: string, reading: Reading): Promise<Table> {
  const source = await sourceOf(file);
  const form = await guessForm(source, reading);
  let columns = await readColumns(source, form, form.kinds, reading);
  const { encoding, decoder, texts } = await decoded(columns.builders, form.header, source, reading);
  const hasLost = columns.builders.map((builder, j) => builder.hasLostTexts(columns.n, texts[j], form.delimiter));
  const kinds = form.kinds.map((kind, j) => (hasLost[j] ? TEXT : kind));
  const isAgain = hasLost.includes(true);
  if (isAgain) {
    for (const builder of columns.builders) builder.release();
    columns = await readColumns(source, form, kinds, reading);
  }
  const { builders, n, skipped, remarks } = columns;
  const names = distinctNames(form.header.map((bytes) => decoder.decode(bytes)));
  const made: Column[] = [];
  for (const [j, builder] of builders.entries()) {
    await pause(reading);
    const words = isAgain ? builder.texts(decoder) : texts[j];
    const column = builder.end(names[j], n, words, form.delimiter, remarks);
    builder.release();
    // A delimiter at the end of each line makes no column.
    const isNone = form.header[j].length === 0 && column.measure === 'number' && column.values.every(Number.isNaN);
    if (!isNone) made.push(column);
  }
  if (n === 0) throw new UnreadableError('This file has no rows below its first line.');
  if (made.length === 0) throw new UnreadableError('This file has no values, only what should part them.');
  const delimited: Delimited = {
    delimiter: form.delimiter,
    encoding,
    above: form.above,
    hasHeader: form.hasHeader,
    width: form.header.length,
    decimal: form.kinds.includes(COMMA_NUMBER) ? ',' : '.',
    skipped,
  };
  const above = form.above > 0 ? [`${counted(form.above, 'line')} above the table left out.`] : [];
  return { name, n, columns: made, remarks: [describe(delimited), ...above, ...remarks], delimited };
}

function describe({ delimiter, encoding, hasHeader, width, decimal }: Delimited): string {
  const parts = width === 1 ? 'one value a line' : `values parted by ${DELIMITER_NAMES[delimiter]}`;
  const comma = decimal === ',' ? ', decimal commas' : '';
  const letters = encoding === 'utf-8' ? '' : `, letters in ${encoding.replace(/le$|be$/, '').replace('utf', 'UTF')}`;
  const header = hasHeader ? 'names of the columns from the first line' : 'no line with names of columns';
  return `Read as ${parts}${comma}${letters}; ${header}.`;
}

// What the bytes are.

export interface Source {
  readonly file: Blob;
  readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be';
  /** Length of the byte order mark. */
  readonly start: number;
}

export async function sourceOf(file: Blob): Promise<Source> {
  const [a, b, c] = await bytesOf(file, 0, 3);
  if (a === 0xff && b === 0xfe) return { file, encoding: 'utf-16le', start: 2 };
  if (a === 0xfe && b === 0xff) return { file, encoding: 'utf-16be', start: 2 };
  return { file, encoding: 'utf-8', start: a === 0xef && b === 0xbb && c === 0xbf ? 3 : 0 };
}

/** Blocks of bytes in which delimiters and digits are as in ASCII. */
export async function* textOf({ file, encoding, start }: Source, reading: Reading): AsyncGenerator<Uint8Array> {
  const blocks = blocksOf(file.slice(start), reading);
  if (encoding === 'utf-8') return yield* blocks;
  const decoder = new TextDecoder(encoding);
  const encoder = new TextEncoder();
  for await (const block of blocks) yield encoder.encode(decoder.decode(block, { stream: true }));
  yield encoder.encode(decoder.decode());
}

/** What the bytes of texts mean: UTF-8 where all of them are. */
async function decoded(
  builders: readonly Builder[],
  header: readonly Uint8Array[],
  { encoding }: Source,
  reading: Reading,
): Promise<{ encoding: Delimited['encoding']; decoder: TextDecoder; texts: string[][] }> {
  const textsBy = async (decoder: TextDecoder) => {
    for (const bytes of header) decoder.decode(bytes);
    const texts: string[][] = [];
    for (const builder of builders) {
      await pause(reading);
      texts.push(builder.texts(decoder));
    }
    return { decoder, texts };
  };
  try {
    return { encoding, ...(await textsBy(new TextDecoder('utf-8', { fatal: true }))) };
  } catch {
    reading.signal.throwIfAborted();
    return { encoding: 'windows-1252', ...(await textsBy(new TextDecoder('windows-1252'))) };
  }
}

// What form it has.

const [NUMBER, COMMA_NUMBER, DATE, TEXT] = [0, 1, 2, 3];

interface Form {
  readonly delimiter: string;
  /** Records above the table: titles and notes. */
  readonly above: number;
  readonly hasHeader: boolean;
  /** Bytes of the names; empty where there are none. */
  readonly header: readonly Uint8Array[];
  readonly kinds: readonly number[];
}

async function guessForm(source: Source, reading: Reading): Promise<Form> {
  const silent = { ...reading, onProgress: () => undefined };
  const { file, start } = source;
  const part = { ...source, file: file.slice(0, start + SAMPLE_BYTES) };
  const bytes = joined(await allOf(textOf(part, silent)));
  const isLast = file.size <= start + SAMPLE_BYTES;
  const recordsOf = (delimiter: string) => sampleOf(bytes, isLast, delimiter);
  const guesses = DELIMITERS.map((delimiter) => ({ delimiter, records: recordsOf(delimiter) }));
  const { delimiter, records } = bestOf(guesses);
  if (records.length === 0) throw new UnreadableError('This file has no lines with values.');
  const decoder = new TextDecoder();
  const texts = records.map((record) => record.map((value) => decoder.decode(value).trim()));
  const { above, isNamed } = topOf(texts, delimiter);
  const [first, ...rest] = texts.slice(above);
  const hasHeader = isNamed || isHeader(first, rest, delimiter);
  const nothing = new Uint8Array(0);
  const width = hasHeader ? first.length : usual(texts.map((record) => record.length));
  const names = hasHeader ? records[above] : Array.from({ length: width }, () => nothing);
  const header = isNamed ? [nothing, ...names] : names;
  const body = hasHeader ? rest : [first, ...rest];
  const kinds = header.map((_, j) =>
    kindOf(
      body.map((record) => record[j] ?? ''),
      delimiter,
    ),
  );
  return { delimiter, above, hasHeader, header, kinds };
}

/** Where the table begins, below titles and notes; and whether its first line has a name for all columns but the first. */
function topOf(texts: readonly string[][], delimiter: string): { readonly above: number; readonly isNamed: boolean } {
  const widths = texts.map((record) => record.length);
  const width = usual(widths);
  const above = widths.findIndex((other) => other >= width);
  const below = widths.slice(above);
  const isClear = width > 1 && below.filter((other) => other === width).length >= MOST * below.length;
  if (!isClear || above === 0) return { above: 0, isNamed: false };
  // As R writes names of columns above rows that have names too.
  const names = texts[above - 1];
  const isNamed = names.length === width - 1 && !isHeader(texts[above], texts.slice(above + 1), delimiter);
  return { above: isNamed ? above - 1 : above, isNamed };
}

async function allOf(blocks: AsyncIterable<Uint8Array>): Promise<Uint8Array[]> {
  const all: Uint8Array[] = [];
  for await (const block of blocks) all.push(block);
  return all;
}

/** The first records, without blank lines. */
function sampleOf(bytes: Uint8Array, isLast: boolean, delimiter: string): Uint8Array[][] {
  const length = bytes.length - 1;
  const record: Record = { starts: [], ends: [] };
  const { starts, ends } = record;
  const records: Uint8Array[][] = [];
  for (let at = 0; at < length && records.length <= SAMPLE_RECORDS; ) {
    at = splitRecord(bytes, at, length, isLast, delimiter.charCodeAt(0), record);
    if (at < 0) break;
    if (!isBlank(record)) records.push(starts.map((start, j) => unquoted(bytes, start, ends[j])));
  }
  return records;
}

interface Guess {
  readonly delimiter: string;
  readonly records: readonly Uint8Array[][];
}

function bestOf(guesses: readonly Guess[]): Guess {
  const rated = guesses.map((guess) => {
    const widths = guess.records.map((record) => record.length);
    const width = usual(widths);
    const share = widths.filter((other) => other === width).length / Math.max(1, widths.length);
    return { guess, width, share, isSure: width > 1 && share >= MOST && widths[0] === width };
  });
  const parted = rated.filter(({ width }) => width > 1);
  const best =
    parted.find(({ isSure }) => isSure) ??
    parted.reduce((a, b) => (b.share >= a.share ? b : a), parted[0] ?? rated.at(-1)!);
  return best.guess;
}

/** The most frequent. */
function usual(numbers: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const number of numbers) counts.set(number, (counts.get(number) ?? 0) + 1);
  return [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), [0, 0])[0];
}

/** Names above what is something else; or all is text, and then there are names most often. */
function isHeader(first: readonly string[], body: readonly string[][], delimiter: string): boolean {
  if (body.length === 0) return first.every((text) => !isNumber(text));
  const kinds = first.map((_, j) =>
    kindOf(
      body.map((record) => record[j] ?? ''),
      delimiter,
    ),
  );
  const isTyped = (text: string, j: number) => kinds[j] !== TEXT && !isMissing(text);
  const isData = first.some((text, j) => isTyped(text, j) && kindOf([text], delimiter) !== TEXT);
  if (!isData && first.some(isTyped)) return true;
  const there = first.filter((text) => text !== '');
  if (!isData) return new Set(there).size === there.length;
  // Numbered columns, and those of years.
  const numbers = first.filter((text) => isNumber(text)).map(Number);
  const isSequence = numbers.length > 1 && numbers.every((number, i) => number === numbers[0] + i);
  const areYears = numbers[0] > 1800 && numbers[0] < 2200;
  const areNumbered = numbers[0] <= 1 && (first[0] === '' || numbers.length > 4);
  return isSequence && (areYears || areNumbered);
}

function kindOf(texts: readonly string[], delimiter: string): number {
  const there = texts.filter((text) => !isMissing(text) && !isInfinite(text));
  if (there.length === 0) return NUMBER;
  const isMostly = (test: (text: string) => boolean) => there.filter(test).length >= MOST * there.length;
  if (isMostly((text) => isNumber(text))) return NUMBER;
  if (delimiter !== ',' && isMostly((text) => isNumber(text, ','))) return COMMA_NUMBER;
  return isMostly(isIsoDate) ? DATE : TEXT;
}

// The columns.

/** A column on its way: its values in pieces, so that they are never copied while they grow. */
class Builder {
  readonly kind: number;
  readonly decimal: number;
  /** The piece that is filled; of text it is empty. */
  values: Float64Array<ArrayBuffer> = new Float64Array(0);
  /** Of what is no number: places in the dictionary. Made where the first is met. */
  codes: Uint32Array<ArrayBuffer> | null = null;
  #size = 0;
  readonly #pieces: Float64Array[] = [];
  readonly #codePieces: (Uint32Array | null)[] = [];
  readonly #dictionary = new Dictionary();

  constructor(kind: number) {
    this.kind = kind;
    this.decimal = byteOf[kind === COMMA_NUMBER ? ',' : '.'];
  }

  open(size: number): void {
    this.#size = size;
    this.#codePieces.push(null);
    this.codes = null;
    if (this.kind === TEXT) return;
    this.values = new Float64Array(size);
    this.#pieces.push(this.values);
  }

  miss(i: number): void {
    if (this.kind !== TEXT) this.values[i] = Number.NaN;
    if (this.codes !== null) this.codes[i] = 0;
  }

  /** A value that is no plain number, as it is written. */
  put(i: number, source: Uint8Array, start: number, end: number): void {
    let [bytes, from, to] = [source, start, end];
    if (bytes[from] === QUOTE) {
      bytes = unquoted(source, start, end);
      [from, to] = [0, bytes.length];
    }
    while (from < to && bytes[from] <= SPACE) from++;
    while (from < to && bytes[to - 1] <= SPACE) to--;
    if (from === to) {
      this.miss(i);
      return;
    }
    if (this.kind !== TEXT) {
      this.values[i] = this.#valueOf(bytes, from, to);
      if (!Number.isNaN(this.values[i])) {
        if (this.codes !== null) this.codes[i] = 0;
        return;
      }
    }
    if (this.codes === null) {
      this.codes = new Uint32Array(this.#size);
      this.#codePieces[this.#codePieces.length - 1] = this.codes;
    }
    this.codes[i] = this.#dictionary.codeOf(bytes, from, to);
  }

  #valueOf(bytes: Uint8Array, from: number, to: number): number {
    if (this.kind === DATE) return isoDate(bytes, from, to);
    const value = readNumber(bytes, from, this.decimal);
    return numberEnd === to ? value : Number.NaN;
  }

  texts(decoder: TextDecoder): string[] {
    return this.#dictionary.texts(decoder);
  }

  /** Whether texts are missing that were read as numbers, before it was seen that this is no column of numbers. */
  hasLostTexts(n: number, texts: readonly string[], delimiter: string): boolean {
    return this.#oddOnes(n, texts, delimiter).verdict === 'lost';
  }

  #oddOnes(n: number, texts: readonly string[], delimiter: string): OddOnes {
    const uses = new Uint32Array(texts.length);
    this.#eachCode(n, (code) => uses[code]++);
    const there = texts.map((text, code) => uses[code] > 0 && !isMissing(text));
    const plain = this.kind === TEXT ? 0 : this.#plainOnes(n);
    const odd = plain === 0 ? there : there.map((isThere, code) => isThere && !isInfinite(texts[code]));
    const oddTexts = texts.filter((_, code) => odd[code]);
    const count = uses.reduce((sum, use, code) => (odd[code] ? sum + use : sum), 0);
    const judge = (): Pick<OddOnes, 'verdict' | 'numbers'> => {
      if (plain === 0) return { verdict: 'texts', numbers: null };
      const numbers = this.kind === DATE ? null : numbersOf(oddTexts, delimiter);
      if (numbers !== null) return { verdict: 'numbers', numbers };
      return { verdict: count <= FEW * (plain + count) ? 'gaps' : 'lost', numbers };
    };
    return { ...judge(), count, texts: oddTexts, there };
  }

  #plainOnes(n: number): number {
    let plain = 0;
    this.#eachPiece(n, this.#pieces, (values, _, length) => {
      for (let i = 0; i < length; i++) if (!Number.isNaN(values[i])) plain++;
    });
    return plain;
  }

  #eachCode(n: number, visit: (code: number, i: number) => void): void {
    this.#eachPiece(n, this.#codePieces, (codes, at, length) => {
      for (let i = 0; codes !== null && i < length; i++) if (codes[i] !== 0) visit(codes[i], at + i);
    });
  }

  #eachPiece<T>(n: number, pieces: readonly T[], visit: (piece: T, at: number, length: number) => void): void {
    for (const [i, piece] of pieces.entries()) {
      const at = i * this.#size;
      visit(piece, at, Math.min(this.#size, n - at));
    }
  }

  release(): void {
    this.#pieces.length = 0;
    this.#codePieces.length = 0;
  }

  end(name: string, n: number, texts: readonly string[], delimiter: string, remarks: string[]): Column {
    const odd = this.#oddOnes(n, texts, delimiter);
    if (odd.verdict === 'texts' && odd.count > 0) {
      const codes = new Uint32Array(n);
      this.#eachCode(n, (code, i) => {
        codes[i] = code;
      });
      const used = texts.map((text, code) => (odd.there[code] ? text : ''));
      return columnOfTexts(name, codes, used, delimiter, remarks);
    }
    const values = new Float64Array(n).fill(Number.NaN);
    this.#eachPiece(n, this.#pieces, (piece, at, length) => values.set(piece.subarray(0, length), at));
    if (odd.numbers !== null && odd.count > 0) {
      const numberOf = new Map(odd.texts.map((text, i) => [text, odd.numbers?.[i] ?? Number.NaN]));
      this.#eachCode(n, (code, i) => {
        values[i] = numberOf.get(texts[code]) ?? Number.NaN;
      });
    } else if (odd.count > 0) {
      const what = this.kind === DATE ? 'date' : 'number';
      const [no, are] = odd.count === 1 ? [`is no ${what}`, 'is'] : [`are no ${what}s`, 'are'];
      const example = listed(odd.texts.slice(0, 1));
      remarks.push(
        `“${name}”: ${counted(odd.count, 'value')} that ${no}, such as ${example}, ${are} taken for missing.`,
      );
    }
    return { name, measure: this.kind === DATE ? 'date' : 'number', values: narrowed(values) };
  }
}

/** Of a column of numbers, or dates: the texts in it that are none, and are there. */
interface OddOnes {
  readonly verdict: 'texts' | 'numbers' | 'gaps' | 'lost';
  /** Number of values. */
  readonly count: number;
  /** Each once. */
  readonly texts: readonly string[];
  /** What they are after all: with commas between thousands, say. */
  readonly numbers: readonly number[] | null;
  /** Whether each text of the dictionary is there. */
  readonly there: readonly boolean[];
}

interface Columns {
  readonly builders: readonly Builder[];
  readonly n: number;
  readonly skipped: readonly number[];
  readonly remarks: string[];
}

/** How far reading has come, and what was odd on the way. */
interface Progress {
  readonly builders: readonly Builder[];
  readonly delimiter: number;
  /** "the header has" */
  readonly others: string;
  /** Rows of a piece of a column: a power of two. */
  readonly size: number;
  row: number;
  /** Rows that there is room for. */
  room: number;
  /** Of the file, where the next record begins. */
  line: number;
  record: number;
  readonly skipped: number[];
  short: number;
  /** What is said of the first record that has too few or too many values. */
  firstOdd: string | null;
}

async function readColumns(source: Source, form: Form, kinds: readonly number[], reading: Reading): Promise<Columns> {
  const builders = kinds.map((kind) => new Builder(kind));
  // About four million numbers.
  const size = 2 ** Math.min(16, Math.max(8, Math.floor(Math.log2(2 ** 22 / builders.length))));
  const delimiter = form.delimiter.charCodeAt(0);
  const others = form.hasHeader ? 'the header has' : 'most have';
  const begun = { row: 0, room: 0, line: 1, record: 0, skipped: [], short: 0, firstOdd: null };
  const progress: Progress = { builders, delimiter, others, size, ...begun };
  let left = form.above + Number(form.hasHeader);
  const take = (bytes: Uint8Array, length: number, isLast: boolean): number => {
    let at = 0;
    for (; left > 0; left--) {
      const next = skipRecord(bytes, at, length, isLast, progress);
      if (next < 0) return at;
      at = next;
    }
    return scan(bytes, at, length, isLast, progress);
  };
  let rest = new Uint8Array(0);
  for await (const block of textOf(source, reading)) {
    const bytes = joined([rest, block]);
    rest = bytes.slice(take(bytes, bytes.length - 1, false), -1);
    if (rest.length > LONGEST_RECORD) throw new UnreadableError(unclosed(progress.line));
    await pause(reading);
  }
  const bytes = joined([rest]);
  if (take(bytes, rest.length, true) < rest.length) throw new UnreadableError(unclosed(progress.line));
  return { builders, n: progress.row, skipped: progress.skipped, remarks: remarksOf(progress, builders.length) };
}

function unclosed(line: number): string {
  return `A quote (") that opens in line ${count(line)} is never closed.`;
}

/** Behind the next record that is not blank; −1 where it may go on behind the bytes. */
function skipRecord(bytes: Uint8Array, start: number, length: number, isLast: boolean, progress: Progress): number {
  const record: Record = { starts: [], ends: [] };
  for (let at = start; at < length; ) {
    const next = splitRecord(bytes, at, length, isLast, progress.delimiter, record);
    if (next < 0) return -1;
    progress.line += linesWithin(bytes, at, next - 1) + 1;
    if (!isBlank(record)) return next;
    at = next;
  }
  return -1;
}

function remarksOf({ skipped, short, row, firstOdd }: Progress, width: number): string[] {
  if (firstOdd === null) return [];
  if (2 * (skipped.length + short) > row + skipped.length) throw new UnreadableError(firstOdd);
  const remarks: string[] = [];
  const lines = (n: number) => counted(n, 'line');
  if (short > 0)
    remarks.push(`${lines(short)} with fewer than ${counted(width, 'value')}: the last ones count as missing.`);
  if (skipped.length > 0) remarks.push(`${lines(skipped.length)} with more than ${counted(width, 'value')}: left out.`);
  return [...remarks, `The first of them: ${firstOdd}`];
}

function linesWithin(bytes: Uint8Array, start: number, end: number): number {
  let lines = 0;
  for (let p = start; p < end; p++) if (bytes[p] === LINE_FEED) lines++;
  return lines;
}

/**
 * Reads whole records into the columns. The byte behind the last one must be a line feed.
 *
 * @returns where the first record begins that may go on behind the bytes
 */
function scan(bytes: Uint8Array, start: number, length: number, isLast: boolean, progress: Progress): number {
  const { builders, delimiter, size } = progress;
  const d = builders.length;
  let at = start;
  while (at < length) {
    if (progress.row === progress.room) {
      for (const builder of builders) builder.open(size);
      progress.room += size;
    }
    const i = progress.row & (size - 1);
    let p = at;
    let j = 0;
    let lines = 1;
    let hasMore = false;
    for (; ; p++, j++) {
      const builder = j < d ? builders[j] : null;
      if (builder !== null && builder.kind <= COMMA_NUMBER) {
        const value = readNumber(bytes, skipSpaces(bytes, p), builder.decimal);
        const end = skipSpaces(bytes, numberEnd);
        const c = bytes[end];
        if (!Number.isNaN(value) && (c === delimiter || c === LINE_FEED || c === CARRIAGE_RETURN)) {
          builder.values[i] = value;
          if (builder.codes !== null) builder.codes[i] = 0;
          p = end;
          if (c === delimiter) continue;
          break;
        }
      }
      const first = p;
      if (bytes[p] === QUOTE) {
        p = quoteEnd(bytes, p, length);
        if (p < 0) return at;
        lines += linesWithin(bytes, first, p);
      }
      let c = bytes[p];
      while (c !== delimiter && c !== LINE_FEED && c !== CARRIAGE_RETURN) c = bytes[++p];
      // A part of a text is not to become one.
      if (p >= length && !isLast) return at;
      if (builder !== null) builder.put(i, bytes, first, p);
      else if (p > first) hasMore = true;
      if (c !== delimiter || p >= length) break;
    }
    const next = recordEnd(bytes, p, length, isLast);
    if (next < 0) return at;
    const hasValues = j > 0 || p > at;
    if (hasValues) addRecord(progress, j + 1, hasMore, i);
    progress.line += lines;
    at = next;
  }
  return at;
}

function addRecord(progress: Progress, width: number, hasMore: boolean, i: number): void {
  const { builders, line, record, others } = progress;
  const d = builders.length;
  if (hasMore || width < d) {
    progress.firstOdd ??= `Line ${count(line)} has ${counted(width, 'value')}, ${others} ${d}.`;
  }
  progress.record++;
  if (hasMore) {
    progress.skipped.push(record);
    return;
  }
  if (width < d) progress.short++;
  for (let j = width; j < d; j++) builders[j].miss(i);
  progress.row++;
}
