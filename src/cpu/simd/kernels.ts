/** What the modules of kernels export, over the memory that they were instantiated with: byte offsets into it, and counts. */

/** See kernels/kmeans/. */
export interface KMeansKernels extends PotentialsKernels {
  assign(state: number, start: number, end: number): void;
  halve(state: number): void;
  inertia(state: number, start: number, end: number, sum: number): number;
  distances(state: number, start: number, end: number, to: number): void;
}

/** Those that both modules of k-means have. */
export interface PotentialsKernels {
  extend(
    rows: number,
    weights: number,
    d: number,
    start: number,
    end: number,
    centres: number,
    m: number,
    distances: number,
  ): number;
  trial(
    rows: number,
    weights: number,
    d: number,
    start: number,
    end: number,
    candidates: number,
    norms: number,
    m: number,
    distances: number,
    scratch: number,
    totals: number,
  ): void;
  trialDirect(
    rows: number,
    weights: number,
    d: number,
    start: number,
    end: number,
    candidates: number,
    m: number,
    distances: number,
    totals: number,
  ): void;
}

/** With scans of bytes: see kernels/kmeans/bytes.ts. */
export interface RelaxedKernels extends KMeansKernels {
  dotsOf(a: number, b: number, times: number): number;
  quantise(state: number, start: number, end: number): void;
}

/** See kernels/seeding/. */
export interface SeedingKernels extends PotentialsKernels {
  extendNarrow: PotentialsKernels['extend'];
  trialNarrow: PotentialsKernels['trialDirect'];
  extendMarked(
    rows: number,
    weights: number,
    d: number,
    start: number,
    end: number,
    centre: number,
    distances: number,
    marks: number,
    stride: number,
    list: number,
  ): number;
  packRough(rows: number, d: number, start: number, end: number, scratch: number, blocks: number): void;
  estimate(
    blocks: number,
    weights: number,
    d: number,
    start: number,
    end: number,
    integers: number,
    terms: number,
    m: number,
    error: number,
    largest: number,
    distances: number,
    marks: number,
    scratch: number,
  ): void;
}

/** See kernels/nearest/. */
export interface NearestKernels {
  scores(
    rows: number,
    d: number,
    first: number,
    end: number,
    centroids: number,
    norms: number,
    k: number,
    scratch: number,
    to: number,
  ): void;
  squaredDistance(row: number, d: number, centroid: number): number;
}

/** See kernels/arrivals/. */
export interface ArrivalsKernels {
  survey(
    rows: number,
    d: number,
    start: number,
    end: number,
    pivots: number,
    scale: number,
    low: number,
    high: number,
    sums: number,
  ): void;
  bring(rows: number, d: number, start: number, end: number, shifts: number, scale: number): void;
  enter(rows: number, d: number, start: number, end: number, shifts: number, scale: number, sums: number): void;
  normalise(rows: number, d: number, start: number, end: number, sums: number, scratch: number): number;
  lengths(rows: number, d: number, start: number, end: number, to: number): void;
}

/** See kernels/distances/. */
export interface DistancesKernels {
  sumDistances(
    rows: number,
    precise: boolean,
    d: number,
    start: number,
    end: number,
    panels: number,
    norms: number,
    m: number,
    labels: number,
    isRoot: boolean,
    sums: number,
    scratch: number,
  ): void;
}

/** See kernels/mixture/. */
export interface MixtureKernels {
  accumulateMixture(state: number, start: number, end: number): void;
  mixtureDensities(state: number, start: number, end: number, to: number): void;
}
