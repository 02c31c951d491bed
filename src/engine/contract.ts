import type { Backend, GpuPoints, PointsSummary, PreparedPoints, Unread } from '../points.ts';
import type { Awaitable } from '../steps.ts';
import type { Gaussians, GaussiansShape } from './gaussians.ts';
import type { ExactSums, KMeansStatistics, MixtureStatistics } from './statistics.ts';
import type { Tuning } from './tuning.ts';

/**
 * The contract of an engine: what the loops in `kmeans/` and `mixture/` ask for, and all they know of a processor. Points
 * go in once; whatever is asked of them is asked of the dataset that they became.
 *
 * - Centroids go in and come out in the *frame* of the dataset (see {@link Frame}): shifted, scaled, row-major [k, d].
 * - Distances are squared Euclidean in that frame, whatever the metric: see {@link MetricRules}.
 * - Ties go to the lowest index. A cluster without weight keeps its centroid.
 * - The same call on the same engine and adapter gives the same bits, whatever the number of shards or threads.
 * - Every verb of a dataset that is bound to a signal rejects with `signal.reason` soon after its abort, and leaves nothing
 *   allocated when it rejects.
 * - An engine may return values in place of promises, and throw where others reject.
 */
export interface ClusteringEngine {
  readonly backend: Backend;
  readonly info: ProcessorInfo;
  /** Whether the device was lost: everything the engine is asked for rejects with `DeviceLostError`. */
  readonly lost: boolean;

  /** Copies host points into the engine, or adopts a borrowed GPU buffer, which it reads in place. */
  upload(points: PreparedPoints | GpuPoints, options?: UploadOptions): Awaitable<EngineDataset>;

  /**
   * Copies host points as they are, and reads them where they are then. Null where they have to be prepared first. Absent
   * where that is always so.
   */
  readonly take?: ((points: Unread, options?: UploadOptions) => Awaitable<EngineDataset | null>) | undefined;

  /** Frees the engine and its datasets. Work in flight rejects. */
  destroy(): Awaitable<void>;
}

export interface UploadOptions {
  readonly signal?: AbortSignal | undefined;
}

/** What an engine runs on. */
export interface ProcessorInfo {
  /** The GPU as the browser names it; empty on the CPU. */
  readonly adapter: string;
  /**
   * Features of the GPUDevice, in order. On the CPU `'wasm-relaxed-dot'` once points of 64 features or more came and the
   * processor has a fast instruction for products of bytes, by which such points are scanned; else none.
   */
  readonly features: readonly string[];
  /** Threads that compute on the CPU, 1 on a GPU. */
  readonly threads: number;
  /** Whether the adapter is a CPU that plays a GPU. */
  readonly software: boolean;
}

/** Points that can be assigned, wherever they are: all that Lloyd's iterations ask, but for clusters that are empty. */
export interface AssignedPoints extends PointsSummary {
  readonly backend: Backend;

  /** What its verbs heed, and what work between them is to heed too. */
  readonly signal: AbortSignal | undefined;

  /**
   * Opens what assignments to k centroids need; the caller closes it, whatever happens but an abort.
   *
   * @param once for one assignment: it need not learn anything for the next
   */
  kmeans(k: number, once?: boolean): Awaitable<KMeansWorkspace>;
}

/** Points of which only some rows are there at a time: their labels are not kept. */
export interface BlockwisePoints extends AssignedPoints {
  /** At most `wanted` rows of weight, distinct by value, that are farthest from the nearest of `centroids` [k, d]; farthest first. */
  farthest(centroids: Float64Array, wanted: number): Awaitable<readonly WeightedRow[]>;
}

/** A row in the frame of its points. */
export interface WeightedRow {
  /** Among all rows. */
  readonly index: number;
  /** [d] */
  readonly values: Float64Array;
  readonly weight: number;
  /** How badly what is there fits it. */
  readonly badness: number;
}

/** Points that an engine holds, with what a fit of k-means asks of them. */
export interface KMeansDataset extends AssignedPoints {
  /** All rows are there to be looked at. */
  readonly farthest?: undefined;

  /** Bytes of the largest GPUBuffer that results may be left in; 0 where there is none. */
  readonly largestBuffer: number;

  /** Other points, beside these in their engine. */
  upload(points: PreparedPoints): Awaitable<KMeansDataset>;

  /** The rows at `indices`, in the frame: Float64Array [indices.length · d]. */
  gather(indices: Uint32Array): Awaitable<Float64Array>;

  /** Squared distance of each row to the nearest of `centroids` [k, d]: [n]. */
  nearestDistances(centroids: Float64Array): Awaitable<Float32Array | Float64Array>;

  /**
   * Greedy k-means++ (Arthur and Vassilvitskii 2007, with the local trials of their section 5): the indices of k rows.
   * Step t draws `candidates` rows with probability proportional to weight × squared distance to the rows chosen so
   * far, and keeps the one that leaves the least total. `draws` holds uniform numbers of [0, 1), two for each
   * candidate of each step: [k, candidates, 2]; step 0 uses the first pair only, and draws by weight alone.
   */
  plusPlus(k: number, candidates: number, draws: Float32Array): Awaitable<Uint32Array>;

  /** Opens the field of squared distances that k-means‖ samples from. */
  distanceField(): Awaitable<DistanceField>;

  destroy(): void;
}

/** The same, with all else that may be asked. */
export interface EngineDataset extends KMeansDataset {
  /** The same points, all of whose verbs heed a signal: they are this dataset's, and go with it. */
  bound(signal: AbortSignal | undefined): EngineDataset;

  upload(points: PreparedPoints): Awaitable<EngineDataset>;

  /**
   * The `count` nearest of `centroids` [k, d] to each row. Absent where the host has all distances, or the engine has nothing
   * better.
   */
  readonly nearest?: ((centroids: Float64Array, count: number) => Awaitable<Nearest>) | undefined;

  /** Squared distances of the rows [start, end) to all centroids: [(end − start)·k]. */
  allDistances(centroids: Float64Array, start: number, end: number): Awaitable<Float32Array | Float64Array>;

  /**
   * Opens what distances of other rows to those of clusters need; the caller closes it, whatever happens but an abort. Absent
   * where an engine has nothing better than `allDistances`.
   *
   * @param labels [n], below k
   * @param isRoot whether Euclidean distances are summed, or their squares
   */
  readonly clusterDistances?:
    | ((labels: Uint32Array, k: number, isRoot: boolean) => Awaitable<ClusterDistances>)
    | undefined;

  /**
   * Opens what an E-step of `k` Gaussians of that shape needs; the caller closes it, whatever happens but an abort.
   *
   * @throws {RangeError} where the engine has no room for so many features.
   */
  mixture(k: number, shape: GaussiansShape): Awaitable<MixtureWorkspace>;

  /**
   * log(π_c·p_c(x)) of the rows [start, end) under all components, less something that the components of a row share, so
   * that float32 keeps their differences: Float32Array [(end − start)·k].
   */
  logDensities(gaussians: Gaussians, start: number, end: number): Awaitable<Float32Array>;

  /**
   * The rows times an upper triangular matrix [d, d], or times a diagonal one, of which only the diagonal [d] is given: a
   * dataset of its own, with shift 0 and scale 1. `variance` [d] is that of its features, which the caller knows.
   */
  transformed(matrix: Float64Array, variance: Float64Array): Awaitable<EngineDataset>;

  /**
   * Times the ways to assign these rows to k centroids, takes the fastest from now on for such shapes, and tells all that is
   * known of the adapter. Absent where there is nothing to choose.
   */
  readonly tune?: ((k: number) => Awaitable<Tuning>) | undefined;
}

/** The nearest of some centroids to each of n rows, the nearest first, equally near ones by their index. */
export interface Nearest {
  /** [n·count] */
  readonly indices: Uint32Array;
  /** Squared distances in the frame [n·count]. */
  readonly squares: Float32Array | Float64Array;
}

/** The rows of one dataset in clusters. */
export interface ClusterDistances {
  /** Summed distances of `others` [m, d] to the rows of each cluster, in the frame: Float64Array [m·k]. */
  sums(others: Float64Array): Awaitable<Float64Array>;

  close(): void;
}

/** Assignments of one dataset to k centroids. */
export interface KMeansWorkspace {
  /**
   * One assignment to `centroids` [k, d], and its statistics.
   *
   * @param isLast whether `inertia` will be asked for behind it
   */
  accumulate(centroids: Float64Array, isLast?: boolean): Awaitable<KMeansStatistics>;

  /** One assignment to `centroids` [k, d], as far as it adds up exactly. Absent where sums are not exact. */
  readonly integers?: ((centroids: Float64Array) => Awaitable<ExactAssignment>) | undefined;

  /** One assignment to `centroids` [k, d] without statistics. Absent where these cost nothing. */
  readonly label?: ((centroids: Float64Array) => Awaitable<void>) | undefined;

  /** Index of the nearest centroid in the last assignment: Uint32Array [n]. */
  labels(): Awaitable<Uint32Array>;

  /** Σ w·distance² of the last assignment, term by term: as exact as the engine has it. */
  inertia(): Awaitable<number>;

  /**
   * The labels of the last assignment in a buffer of the device's, which the caller destroys: u32 [n].
   *
   * @param far labels of rows that the engine does not hold
   */
  readonly labelsBuffer?: ((far: FarLabels) => Awaitable<GPUBuffer>) | undefined;

  /** Lloyd's iterations where they need not be read back: see `lloyd` in kmeans/lloyd.ts, whose rules are the engine's. */
  readonly lloyd?: ((centroids: Float64Array, options: LloydOptions) => Awaitable<LloydResult>) | undefined;

  close(): void;
}

/** Valid until the next assignment, and until the workspace is closed. */
export interface ExactAssignment {
  readonly exact: ExactSums;
  /** Σ w·‖x‖² of all rows. */
  readonly squares: number;
}

/** Labels of some rows: [m] each. */
export interface FarLabels {
  readonly indices: Uint32Array;
  readonly labels: Uint32Array;
}

export interface LloydOptions {
  readonly maxIterations: number;
  /** On the summed squared shift, in the frame's units. */
  readonly tolerance: number;
  /** True: the first assignment is compared with the labels of the call before; false: all labels count as changed. */
  readonly resume: boolean;
  /** Called when newer centroids were read back, before the statuses that came with them: a copy to continue from. */
  readonly onCheckpoint: (centroids: Float64Array, iterations: number) => void;
  /** Called for each completed iteration, in order; `'stop'` ends the iterations, but for those that are on their way. */
  readonly onIteration: (status: IterationStatus) => Awaitable<'stop' | undefined>;
}

export interface IterationStatus {
  /** Completed iterations of this call, from 1. */
  readonly iteration: number;
  /** Σ w·distance² of the assignment that the iteration made, in the frame's units (weights in the caller's). */
  readonly inertia: number;
  /** Σ over the centroids of their squared shift. */
  readonly shift: number;
  /** Number of rows whose label changed. */
  readonly changed: number;
  /** Number of clusters without weight. */
  readonly empty: number;
}

export interface LloydResult {
  /** After the last update. */
  readonly centroids: Float64Array;
  /** Those of the last assignment, before its update. */
  readonly previous: Float64Array;
  readonly iterations: number;
  readonly stop: 'converged' | 'limit' | 'empty' | 'asked';
  /** Clusters without weight in the last assignment, ascending; none where `stop` is `'converged'` or `'limit'`. */
  readonly empty: readonly number[];
}

/** The E-step of one dataset for one k and one shape of the Gaussians. */
export interface MixtureWorkspace {
  /**
   * Responsibilities r ∝ (π·p)^(1/T), and the moments that they weigh; they are never stored. T = 0 gives each row to
   * the component of the largest π·p, the lowest index of equals.
   *
   * @param temperature T: 0 or 1e-9 to 1e30
   */
  accumulate(gaussians: Gaussians, temperature: number): Awaitable<MixtureStatistics>;

  /**
   * Whether a row has another label than before the last call of `accumulate`; true unless that and the one before were at T = 0, and
   * where a row became one that is left to the host.
   */
  readonly changed: boolean;

  /**
   * The moments that the responsibilities of the last call of `accumulate` weigh, about other means and in other
   * coordinates. Absent where sums lose nothing about any mean, or where there is no room.
   */
  readonly moments?: ((about: Gaussians) => Awaitable<MixtureStatistics>) | undefined;

  /** The component of the largest π·p of each row, in the last call of `accumulate`: Uint32Array [n]. */
  labels(): Awaitable<Uint32Array>;

  /** T·log Σ (π·p)^(1/T) of each row, in the last call of `accumulate`: Float64Array [n]. */
  values(): Awaitable<Float64Array>;

  close(): void;
}

/** Squared distance of each row to the nearest of the centroids so far, for k-means‖. */
export interface DistanceField {
  /** Extends the field by more centroids [m, d] and returns the total Σ w·distance². */
  extend(centroids: Float64Array): Awaitable<number>;
  /** Indices, ascending, of rows drawn independently with probability min(1, factor · w · distance²). */
  sample(factor: number, seed: number): Awaitable<Uint32Array>;
  destroy(): void;
}
