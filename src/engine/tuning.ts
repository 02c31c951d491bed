/** What is known of the times that variants take: plain JSON, for callers who keep it. */

/** What WebGPU tells of an adapter: names, empty where a browser keeps them to itself. */
export interface TunedAdapter {
  /** As `adapterInfo.vendor`. */
  readonly vendor: string;
  /** As `adapterInfo.architecture`. */
  readonly architecture: string;
  /** As `adapterInfo.description`. */
  readonly description: string;
}

/** How kernels go about their work, by names that are the engine's own and may be others in the next version. */
export type TunedVariant = Readonly<Record<string, string | boolean>>;

/** What was found for a shape. */
export interface TunedShape {
  /** Number of features. */
  readonly d: number;
  /** Number of clusters. */
  readonly k: number;
  /** What is taken for it. A field that it has not, or that nobody knows, is as if nothing had been tuned. */
  readonly variant: TunedVariant;
  /** For people to read: of each variant that the device took. */
  readonly milliseconds?: readonly VariantTime[];
}

/** What a variant takes. */
export interface VariantTime {
  /** Which one. */
  readonly variant: TunedVariant;
  /** Milliseconds of an assignment of all rows and its sums, the least of several. */
  readonly best: number;
}

/** What `engine.tune` gives, and `createEngine({ tuning })` takes: JSON. */
export interface Tuning {
  /** Of what its words mean: 1. One with words that this version of the library does not know has another. */
  readonly version: number;
  /** Where it was timed: elsewhere it changes nothing. */
  readonly adapter: TunedAdapter;
  /** By shape. */
  readonly choices: readonly TunedShape[];
}

/** The version that is written, and read. */
export const TUNING_VERSION = 1;
