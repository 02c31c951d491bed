/** What becomes of columns before they are clustered: the words that the other modules share. */

export const SCALINGS = ['none', 'standard', 'robust', 'log', 'cyclic'] as const;
/**
 * `standard`: (x − mean) / deviation; `robust`: (x − median) / (interquartile range / 1.349); `log`: standard, of
 * sign(x)·ln(1 + |x| / unit); `cyclic`: sine and cosine of the angle, as two features.
 */
export type Scaling = (typeof SCALINGS)[number];

/** What the user decides of a column. */
export interface ColumnChoice {
  readonly isUsed: boolean;
  readonly scaling: Scaling;
  /** Of `cyclic`, in the column's own units: 1440 for minutes of a day. */
  readonly period: number;
}

export interface Choices {
  /** One for each column of the table. */
  readonly columns: readonly ColumnChoice[];
  /** The column of weights, if any; null: all rows weigh the same. */
  readonly weights: number | null;
  /** Rows with a gap in a used column are left out, or have the median there. */
  readonly gaps: 'leave-out' | 'fill';
}

/** What is found of a column, told to the user, and suggested. */
export interface ColumnSummary {
  readonly name: string;
  readonly measure: 'number' | 'date' | 'time' | 'boolean' | 'text';
  readonly isInteger: boolean;
  readonly missing: number;
  /** Number of distinct values, counted up to 1000; Infinity above. */
  readonly distinct: number;
  /** Of what is there; NaN where nothing is, and for text. */
  readonly least: number;
  readonly greatest: number;
  readonly mean: number;
  readonly deviation: number;
  /** At 0.5 %, 25 %, 50 %, 75 % and 99.5 %. */
  readonly quantiles: readonly [number, number, number, number, number];
  /** Counts in equal steps between `quantiles[0]` and `quantiles[4]`: [24]; empty for text. */
  readonly histogram: readonly number[];
  /** Of text: the most frequent ones, with their counts. */
  readonly words: readonly (readonly [text: string, count: number])[];
  readonly suggested: ColumnChoice;
  /** Why it is suggested so, for the user: "the same in all rows", "looks like a row number"; '' where nothing is odd. */
  readonly reason: string;
}

/** One coordinate of the points: a column, scaled. All that is needed to go there and back. */
export interface Feature {
  /** Index of the column in the table. */
  readonly column: number;
  /** "delay", or "sin(time)". */
  readonly name: string;
  readonly part: 'value' | 'sine' | 'cosine';
  readonly scaling: Scaling;
  /** scaled = (transformed − centre) / unit, in float64; transformed is the value, or its logarithm, or sine, or cosine. */
  readonly centre: number;
  readonly unit: number;
  /** Of `log`: the unit in the logarithm. Of `cyclic`: the period. */
  readonly parameter: number;
  /** What stands where the column has a gap, in its own units; there is none where such rows were left out. */
  readonly fill?: number;
}

/** Points as the engine gets them. */
export interface Features {
  readonly n: number;
  readonly d: number;
  /** [n, d], row-major. */
  readonly data: Float32Array;
  readonly features: readonly Feature[];
  /** Rows of the table that are points, ascending [n]; null where it is all of them. */
  readonly rows: Uint32Array | null;
  /** [n] */
  readonly weights: Float32Array | null;
  readonly leftOut: number;
  /** Number of values that were filled in. */
  readonly filled: number;
}
