/** What the page asks of its worker. */

import type { Call } from '../channel.ts';
import type { Choices, ColumnSummary, Feature } from '../features/features.ts';
import type { Area, AxesChoice, Drawn, Exposure, Picked, SceneInfo, Selected } from '../picture/scene.ts';
import type { Agreement } from '../results/agreement.ts';
import type { ClusterProfile } from '../results/profile.ts';
import type { RowsTold } from '../results/rows.ts';
import type { BuiltinId } from '../tables/builtin-list.ts';
import type { Delimited } from '../tables/table.ts';
import type { Comparison, ComparisonProgress } from './compare.ts';
import type { Run, Settings, Step } from './runs.ts';
import type { Sweep, SweepAsked, SweepRow } from './sweep.ts';

export interface PageCalls {
  /** Reads a table, in whose place there is none before. */
  open: Call<Source, OpeningTold, Opened>;
  /** Makes points of its columns. */
  prepare: Call<Choices, never, Prepared>;
  /** Starts what clusters, before there are points for it. */
  warm: Call<Settings['backend'], never, null>;
  cluster: Call<Settings, Told, Run>;
  /** Ends the run that is under way: it keeps what it has come to. */
  stop: Call<null, never, null>;
  sweep: Call<SweepAsked, SweepRow, Sweep>;
  /** Which of the runs the picture and the profiles are of; null: none. */
  show: Call<number | null, never, null>;
  aim: Call<AxesChoice, never, SceneInfo>;
  /** Where the clusters of the shown run are, for axes that are no features: [k, 2 or 3]. */
  centres: Call<null, never, Float64Array | null>;
  /** Finds out how sure it is of each row where it belongs. */
  doubt: Call<null, never, null>;
  expose: Call<Exposure, never, Drawn>;
  pick: Call<Place, never, Picked | null>;
  /** Rows in an area, which stand out in the picture from then on. */
  choose: Call<Area, never, Selection>;
  unchoose: Call<null, never, null>;
  profile: Call<number, never, readonly ClusterProfile[]>;
  /** The rows that are most and least what a cluster of a run is. */
  rows: Call<RowsAsked, never, RowsTold>;
  /** The image in the colours of a run's clusters. */
  repaint: Call<RepaintAsked, never, ImageBitmap>;
  take: Call<Taken, Loading, Blob>;
  /** Holds a lock for as long as the worker lives; false where there are none. */
  stay: Call<string, never, boolean>;
  /** Addresses of what the worker has loaded. */
  loaded: Call<null, never, readonly string[]>;
  /** Two runs of the same points. */
  agreement: Call<readonly [one: number, other: number], never, Agreement>;
  compare: Call<ComparisonAsked, ComparisonProgress, Comparison>;
}

export type Source =
  | { readonly kind: 'file'; readonly file: Blob; readonly name: string }
  | { readonly kind: 'builtin'; readonly id: BuiltinId; readonly rows: number | null };

export interface Loading {
  /** In bytes; the total is 0 where nobody knows it. */
  readonly loaded: number;
  readonly total: number;
}

/** On the way bytes; and of a table of which some rows are there long before all are, these, with points made as suggested. */
export type OpeningTold = Loading | { readonly part: Opened; readonly prepared: Prepared };

export interface Opened {
  readonly name: string;
  readonly n: number;
  readonly remarks: readonly string[];
  readonly summaries: readonly ColumnSummary[];
  readonly choices: Choices;
  /** How a file of delimited text was written; null for other tables. */
  readonly delimited: Delimited | null;
}

export interface Prepared {
  readonly n: number;
  readonly d: number;
  readonly features: readonly Feature[];
  readonly leftOut: number;
  readonly filled: number;
}

/** What a run tells on its way. */
export type Told =
  | { readonly kind: 'engine'; readonly engine: EngineTold }
  /** Those since the last time, at least one. */
  | { readonly kind: 'steps'; readonly steps: readonly Step[] }
  /** The centroids of now [k, d], of which the next pictures are. */
  | { readonly kind: 'live'; readonly means: Float64Array };

export interface EngineTold {
  readonly backend: string;
  readonly reason: string;
  readonly adapter: string;
  readonly software: boolean;
  readonly threads: number;
}

/** In pixels of the screen, in the last whole picture. */
export interface Place {
  readonly column: number;
  readonly row: number;
}

/** Rows that were chosen, in words. */
export interface Selection extends Selected {
  readonly lines: readonly string[];
}

export interface RowsAsked {
  readonly run: number;
  readonly cluster: number;
  /** Of the table: those whose values are wanted. */
  readonly columns: readonly number[];
}

export interface RepaintAsked {
  readonly run: number;
  /** Pixels of its longer side, at most. */
  readonly most: number;
}

export interface Taken {
  /** `own`: the user's own file, with a column more. */
  readonly what: 'own' | 'csv' | 'parquet' | 'responsibilities' | 'centroids' | 'model' | 'repainted';
  readonly run: number;
  /** What clusters are called, if they have names [k]. */
  readonly names: readonly string[] | null;
}

export interface ComparisonAsked {
  readonly k: number;
  readonly seed: number;
}
