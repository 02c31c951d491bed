import type { WrongValue } from '../points.ts';
import type { Steps } from '../steps.ts';
import type { Node } from '../tree.ts';
import type { Survey } from './shard.ts';

/** What a shard tells of its rows. */
export interface Arrival {
  /** Of each feature [d]. */
  readonly low: Float64Array;
  readonly high: Float64Array;
  /** Σ deviations of the rows of chunks, and behind them Σ of their squares [2, d]. */
  readonly nodes: readonly Node[];
  /** The first that cannot be one of points, by its row in the shard. */
  readonly wrong: WrongValue | null;
}

/** What a shard tells of rows that went into a frame that was known. */
export interface Entered {
  /** Σ (x − shift)·scale of each feature [d], before values are rounded: no number where a value is none. */
  readonly sums: Float64Array;
  readonly survey: Survey;
}

/** What reads the rows of a shard as they came. */
export interface Arrivals {
  /** Of rows that stay as they are: deviations are (x − pivot)·scale. */
  survey(pivot: Float64Array, scale: number): Steps<Arrival>;
  /** Brings rows to unit length, and sums them then; extremes are left out. */
  normalise(): Steps<Arrival>;
  /** x' = (x − shift)·scale, in float64 before it is rounded. */
  bring(shift: Float64Array, scale: number): Steps<void>;
  /** What is asked of any shard once its rows are in the frame. */
  lengths(withBits: boolean): Steps<Survey>;
  /** `bring` and `lengths`, of rows whose frame nothing is to be told for: each is read from memory once. */
  enter(shift: Float64Array, scale: number): Steps<Entered>;
  free(): void;
}
