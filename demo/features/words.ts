import type { Column } from '../tables/table.ts';
import { formatValue } from './format.ts';

/** Of longer texts the beginning has to do. */
const MOST_LETTERS = 60;

/** The value of a row of the table, as the user knows it. */
export function wordsAt(column: Column, row: number): string {
  if (column.measure !== 'text') return formatValue(column.measure, column.values[row]);
  const text = column.words[column.codes[row]] || '–';
  if (text.length <= MOST_LETTERS) return text;
  // By characters, not by halves of them.
  return `${[...text.slice(0, MOST_LETTERS)].slice(0, -1).join('')}…`;
}
