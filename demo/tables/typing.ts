/** What a column is, told from its values. */

import { narrowed } from './narrowed.ts';
import { numbersOf } from './numbers.ts';
import type { Column, NumberColumn } from './table.ts';
import { areDoubtfulDates, datesOf, timesOf } from './times.ts';

const MISSING = new Set(['', 'na', 'n/a', '#n/a', 'nan', 'null', 'none', '-', '?']);
const INFINITE = /^[+-]?inf(inity)?$/i;

export function isMissing(text: string): boolean {
  return text.length < 5 && MISSING.has(text.toLowerCase());
}

/** Numbers that no engine could work with. */
export function isInfinite(text: string): boolean {
  return INFINITE.test(text);
}

const BOOLEANS = [
  ['false', 'true'],
  ['no', 'yes'],
];

function booleansOf(texts: readonly string[]): number[] | null {
  const lower = texts.map((text) => text.toLowerCase());
  const pair = BOOLEANS.find((pair) => lower.every((text) => pair.includes(text)));
  return pair === undefined ? null : lower.map((text) => pair.indexOf(text));
}

/** Texts, each once, as the values that all of them are. */
interface Meaning {
  readonly measure: NumberColumn['measure'];
  readonly values: readonly number[];
}

/** @param delimiter between the values of the file they are from, if any */
function meaningOf(texts: readonly string[], delimiter: string | null): Meaning | null {
  if (texts.length === 0) return null;
  const found = (measure: Meaning['measure'], values: number[] | null) => values && { measure, values };
  return (
    found('number', numbersOf(texts, delimiter)) ??
    found('boolean', booleansOf(texts)) ??
    found('date', datesOf(texts)) ??
    found('time', timesOf(texts))
  );
}

/** A column of texts, or of what all of them mean. */
export function columnOfTexts(
  name: string,
  codes: Uint32Array<ArrayBuffer>,
  texts: readonly string[],
  delimiter: string | null,
  remarks: string[],
): Column {
  const there = texts.filter((text) => !isMissing(text));
  const meaning = meaningOf(there, delimiter);
  if (meaning === null) {
    if (areDoubtfulDates(there)) {
      remarks.push(`“${name}” has dates of which nobody can tell the day from the month: it is kept as text.`);
    }
    // The first word stands for all that is missing.
    let last = 0;
    const places = Uint32Array.from(texts, (text) => (isMissing(text) ? 0 : ++last));
    for (let i = 0; i < codes.length; i++) codes[i] = places[codes[i]];
    return { name, measure: 'text', codes, words: ['', ...there] };
  }
  let next = 0;
  const numbers = Float64Array.from(texts, (text) => (isMissing(text) ? Number.NaN : meaning.values[next++]));
  const values = new Float64Array(codes.length);
  for (let i = 0; i < codes.length; i++) values[i] = numbers[codes[i]];
  return { name, measure: meaning.measure, values: narrowed(values) };
}

/** A column of values of whatever kinds, one after the other: of JSON, of cells, of what libraries give. */
export class MixedColumn {
  readonly #name: string;
  #length = 0;
  #numbers = new Float64Array(64);
  /** Places in `#texts`: made where the first text is. */
  #codes: Uint32Array<ArrayBuffer> | null = null;
  readonly #texts: string[] = [''];
  readonly #places = new Map([['', 0]]);
  #numberCount = 0;
  #booleanCount = 0;
  #dateCount = 0;
  #textCount = 0;
  /** Whether it has a value that is a list or an object. */
  isNested = false;

  constructor(name: string) {
    this.#name = name;
  }

  get length(): number {
    return this.#length;
  }

  add(value: unknown): void {
    const i = this.#length++;
    if (i === this.#numbers.length) this.#grow();
    this.#numbers[i] = Number.NaN;
    if (value === null || value === undefined) return;
    if (typeof value === 'number' || typeof value === 'bigint') {
      const number = Number(value);
      if (Number.isFinite(number)) {
        this.#numbers[i] = number;
        this.#numberCount++;
      }
    } else if (typeof value === 'boolean') {
      this.#numbers[i] = Number(value);
      this.#booleanCount++;
    } else if (value instanceof Date) {
      this.#numbers[i] = value.getTime();
      this.#dateCount++;
    } else if (typeof value === 'string') {
      this.#addText(i, value);
    } else {
      this.isNested = true;
    }
  }

  /** Rows without a value, up to `length` of them. */
  fillTo(length: number): void {
    while (this.#length < length) this.add(null);
  }

  #addText(i: number, text: string): void {
    if (isMissing(text)) return;
    let place = this.#places.get(text);
    if (place === undefined) {
      place = this.#texts.length;
      this.#texts.push(text);
      this.#places.set(text, place);
    }
    this.#codes ??= new Uint32Array(this.#numbers.length);
    this.#codes[i] = place;
    this.#textCount++;
  }

  #grow(): void {
    const numbers = new Float64Array(2 * this.#numbers.length);
    numbers.set(this.#numbers);
    this.#numbers = numbers;
    if (this.#codes === null) return;
    const codes = new Uint32Array(numbers.length);
    codes.set(this.#codes);
    this.#codes = codes;
  }

  end(remarks: string[]): Column {
    const name = this.#name;
    const values = this.#numbers.slice(0, this.#length);
    const kinds = [this.#numberCount, this.#booleanCount, this.#dateCount];
    const others = kinds.reduce((sum, count) => sum + count);
    if (this.#codes === null || this.#textCount === 0) {
      const measure = this.#dateCount > 0 && this.#dateCount === others ? 'date' : 'number';
      const isBoolean = this.#booleanCount > 0 && this.#booleanCount === others;
      return { name, measure: isBoolean ? 'boolean' : measure, values: narrowed(values) };
    }
    // Numbers among texts are texts too.
    for (let i = 0; others > 0 && i < values.length; i++) {
      if (!Number.isNaN(values[i])) this.#addText(i, String(values[i]));
    }
    return columnOfTexts(name, this.#codes.slice(0, this.#length), this.#texts, null, remarks);
  }
}
