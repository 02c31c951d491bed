/** JSON: an object a line, or an array of them. */
import { allBytes, blocksOf, count, listed, messageOf, pause, type Reading } from './reading.ts';
import type { Column, Table } from './table.ts';
import { MixedColumn } from './typing.ts';
import { UnreadableError } from './unreadable.ts';

export async function readJson(file: Blob, name: string, reading: Reading): Promise<Table> {
  const [first] = (await file.slice(0, 4096).text()).trimStart();
  return first === '[' ? readArray(file, name, reading) : readLines(file, name, reading);
}

async function readArray(file: Blob, name: string, reading: Reading): Promise<Table> {
  const rows = parsed(new TextDecoder().decode(await allBytes(file, reading)), 'This file');
  if (!Array.isArray(rows)) throw new UnreadableError('This JSON is no list of rows.');
  const gathered = new Rows();
  for (let i = 0; i < rows.length; i++) {
    if (i % 1024 === 0) await pause(reading);
    gathered.add(rows[i], `Element ${count(i + 1)} of the list`);
  }
  return gathered.end(name);
}

async function readLines(file: Blob, name: string, reading: Reading): Promise<Table> {
  const gathered = new Rows();
  const decoder = new TextDecoder();
  let left = '';
  let line = 0;
  const take = (text: string) => {
    line++;
    if (text.trim() !== '') gathered.add(parsed(text, `Line ${count(line)}`), `Line ${count(line)}`);
  };
  for await (const block of blocksOf(file, reading, 2 ** 18)) {
    const lines = (left + decoder.decode(block, { stream: true })).split('\n');
    left = lines.pop() ?? '';
    // An object that is written over many lines is no line of JSON.
    if (line === 0 && lines.length > 0 && !isWhole(lines[0])) return readObject(file, name, reading);
    for (const text of lines) take(text);
    await pause(reading);
  }
  left += decoder.decode();
  if (line === 0) return readObject(file, name, reading);
  take(left);
  return gathered.end(name);
}

function isWhole(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return /\}\s*$/.test(text);
  }
}

/** One object: columns by name, the list of rows within it, or a row. */
async function readObject(file: Blob, name: string, reading: Reading): Promise<Table> {
  const whole = parsed(new TextDecoder().decode(await allBytes(file, reading)), 'This file');
  const gathered = new Rows();
  const columns = columnsIn(whole);
  if (columns !== null) {
    for (const [title, values] of columns) {
      gathered.addColumn(title, values);
      await pause(reading);
    }
    return gathered.end(name);
  }
  if (!Object.values(Object(whole)).some(isNested)) {
    gathered.add(whole, 'This file');
    return gathered.end(name);
  }
  const lists = Object.values(Object(whole)).filter((value) => Array.isArray(value));
  if (lists.length !== 1) {
    throw new UnreadableError(
      'This JSON is one object, not rows: a list of objects, or an object a line, could be read.',
    );
  }
  return readArray(new Blob([JSON.stringify(lists[0])]), name, { ...reading, onProgress: () => undefined });
}

/** {"a": […], "b": […]}, or as pandas writes them {"a": {"0": …}, …}; null where it is something else. */
function columnsIn(whole: unknown): [title: string, values: readonly unknown[]][] | null {
  if (!isNested(whole) || Array.isArray(whole)) return null;
  const entries = Object.entries(Object(whole));
  if (!entries.every(([, value]) => isNested(value))) return null;
  const columns = entries.map(([title, value]): [string, readonly unknown[]] => [
    title,
    Object.values(value as object),
  ]);
  const isTable = columns.every(([, values]) => values.length === columns[0][1].length && !values.some(isNested));
  return isTable ? columns : null;
}

function isNested(value: unknown): boolean {
  return typeof value === 'object' && value !== null;
}

function parsed(text: string, where: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UnreadableError(`${where} is no JSON: ${messageOf(error)}`);
  }
}

/** Rows as they come: objects, or lists of values. */
class Rows {
  #length = 0;
  readonly #columns = new Map<string, MixedColumn>();

  add(row: unknown, where: string): void {
    if (typeof row !== 'object' || row === null)
      throw new UnreadableError(`${where} is no object with names and values.`);
    const entries: readonly [string, unknown][] = Array.isArray(row)
      ? row.map((value, j) => [`column ${j + 1}`, value])
      : Object.entries(row);
    for (const [name, value] of entries) {
      let column = this.#columns.get(name);
      if (column === undefined) {
        column = new MixedColumn(name);
        this.#columns.set(name, column);
      }
      column.fillTo(this.#length);
      column.add(value);
    }
    this.#length++;
  }

  /** All values of a column: of as many rows as the others. */
  addColumn(title: string, values: readonly unknown[]): void {
    const column = new MixedColumn(title);
    for (const value of values) column.add(value);
    this.#columns.set(title, column);
    this.#length = values.length;
  }

  end(name: string): Table {
    const n = this.#length;
    if (n === 0) throw new UnreadableError('This JSON has no rows.');
    const remarks: string[] = [];
    const columns: Column[] = [];
    const nested: string[] = [];
    for (const [title, column] of this.#columns) {
      column.fillTo(n);
      if (column.isNested) nested.push(title);
      else columns.push(column.end(remarks));
    }
    if (columns.length === 0)
      throw new UnreadableError('The rows of this JSON have no plain values, only lists and objects.');
    if (nested.length > 0) remarks.push(`Left out, because they hold lists or objects: ${listed(nested)}.`);
    return { name, n, columns, remarks };
  }
}
