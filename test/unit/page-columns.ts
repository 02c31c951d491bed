/** Tables for the tests of the page. */
import type { Column, NumberColumn, Table } from '../../demo/tables/table.ts';

export function numbers(
  name: string,
  values: readonly number[],
  measure: NumberColumn['measure'] = 'number',
): NumberColumn {
  return { name, measure, values: Float64Array.from(values) };
}

export function text(name: string, texts: readonly string[]): Column {
  const words = ['', ...new Set(texts.filter((each) => each !== ''))];
  return { name, measure: 'text', codes: Uint32Array.from(texts, (each) => words.indexOf(each)), words };
}

export function table(...columns: Column[]): Table {
  const [first] = columns;
  const n = first.measure === 'text' ? first.codes.length : first.values.length;
  return { name: 'test.csv', n, columns, remarks: [] };
}

export function many(count: number, value: (i: number) => number): number[] {
  return Array.from({ length: count }, (_, i) => value(i));
}
