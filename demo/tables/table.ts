/** A table in memory, a column at a time: what every reader makes of a file, and what all else is made from. */

export interface Table {
  /** That of the file, or of the built-in set. */
  readonly name: string;
  /** Number of rows. */
  readonly n: number;
  readonly columns: readonly Column[];
  /** What the reader had to decide or to leave out, in sentences for the user. */
  readonly remarks: readonly string[];
  /** Of a file of delimited text: how it is written, so that columns can be added to the file as it is. */
  readonly delimited?: Delimited;
  /** Of an image, whose rows are pixels: which columns hold their colours, in OKLab, and which their places. */
  readonly image?: TableImage;
}

export interface TableImage {
  readonly width: number;
  readonly height: number;
  /** Lightness, a, b. */
  readonly colour: readonly [number, number, number];
  /** x, y. */
  readonly place: readonly [number, number];
}

export interface Delimited {
  readonly delimiter: string;
  readonly encoding: 'utf-8' | 'utf-16le' | 'utf-16be' | 'windows-1252';
  /** Records above the names of the columns: titles and notes. */
  readonly above: number;
  readonly hasHeader: boolean;
  /** Values of a record: more than there are columns where some were left out. */
  readonly width: number;
  /** What numbers with a fraction have before it. */
  readonly decimal: '.' | ',';
  /** Records, counted from the first below the header, that are no rows of the table: they have too many values. */
  readonly skipped: readonly number[];
}

export type Column = NumberColumn | TextColumn;

export interface NumberColumn {
  readonly name: string;
  /** Where rows are from, as the place of a pixel: not to be clustered unless somebody asks for it. */
  readonly isPlace?: true;
  /** Dates are milliseconds since 1970 in UTC, times of the day minutes after midnight, booleans 0 and 1. */
  readonly measure: 'number' | 'date' | 'time' | 'boolean';
  /** [n]; NaN where there is none: columns of integers have all of theirs. */
  readonly values: Values;
}

/** The least of arrays that holds all of a column's numbers exactly. */
export type Values =
  | Float64Array
  | Float32Array
  | Int32Array
  | Int16Array
  | Int8Array
  | Uint32Array
  | Uint16Array
  | Uint8Array;

export interface TextColumn {
  readonly name: string;
  readonly measure: 'text';
  /** [n]: places in `words`; 0 where there is none. */
  readonly codes: Uint32Array;
  /** Distinct texts; the first stands for none. */
  readonly words: readonly string[];
}

export function isNumeric(column: Column): column is NumberColumn {
  return column.measure !== 'text';
}
