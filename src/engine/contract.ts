import type { Frame } from '../frame.ts';
import type { FarRows, GpuPoints, Metric, PreparedPoints } from '../points.ts';
import type { Gaussians, GaussiansShape } from './gaussians.ts';
import type { MixtureStatistics, Statistics } from './statistics.ts';
import type { Awaitable } from './steps.ts';

/**
 * The contract of an engine: what the loops in `kmeans/` and `mixture/` ask for, and all they know of a processor.
 *
 * - Centroids go in and come out in the *frame* of the dataset (see {@link Frame}): shifted, scaled, row-major [k, d].
 * - Distances are squared Euclidean in that frame; for unit rows (cosine) 1 − cos is half of it.
 * - Ties go to the lowest index. A cluster without weight keeps its centroid.
 * - The same call on the same engine and adapter gives the same bits, whatever the number of chunks or threads.
 * - Every verb rejects with `signal.reason` soon after an abort, and leaves nothing allocated when it rejects.
 * - An engine that computes on the spot returns values in place of promises, and throws where others reject.
 */
export interface ClusteringEngine {
  readonly backend: Backend;
  readonly info: ProcessorInfo;
  /** Whether the device was lost: everything the engine is asked for rejects with `DeviceLostError`. */
  readonly lost: boolean;

  /** Copies host points into the engine, or adopts a borrowed GPU buffer, which it reads in place. */
  upload(points: PreparedPoints | GpuPoints, signal?: AbortSignal): Awaitable<EngineDataset>;

  /** Opens what a fit or a prediction of k clusters needs; the caller closes it, whatever happens but an abort. */
  open(dataset: EngineDataset, k: number, signal?: AbortSignal): Awaitable<Workspace>;

  /** Squared distance of each row to the nearest of `centroids` [k, d]: [n]. */
  nearestDistances(
    dataset: EngineDataset,
    centroids: Float64Array,
    signal?: AbortSignal,
  ): Awaitable<Float32Array | Float64Array>;

  /** Squared distances of the rows [start, end) to all centroids: [(end − start)·k]. */
  allDistances(
    dataset: EngineDataset,
    centroids: Float64Array,
    start: number,
    end: number,
    signal?: AbortSignal,
  ): Awaitable<Float32Array | Float64Array>;

  /** The rows at `indices`, in the dataset's frame: Float64Array [indices.length · d]. */
  gather(dataset: EngineDataset, indices: Uint32Array, signal?: AbortSignal): Awaitable<Float64Array>;

  /**
   * Greedy k-means++ (Arthur and Vassilvitskii 2007, with the local trials of their section 5): the indices of k rows.
   * Step t draws `candidates` rows with probability proportional to weight × squared distance to the rows chosen so
   * far, and keeps the one that leaves the least total. `draws` holds uniform numbers of [0, 1), two for each
   * candidate of each step: [k, candidates, 2]; step 0 uses the first pair only, and draws by weight alone.
   */
  plusPlus(
    dataset: EngineDataset,
    k: number,
    candidates: number,
    draws: Float32Array,
    signal?: AbortSignal,
  ): Awaitable<Uint32Array>;

  /**
   * Opens what an E-step of `k` Gaussians of that shape needs; the caller closes it, whatever happens but an abort.
   *
   * @throws {RangeError} where the engine has no room for so many features.
   */
  openMixture(
    dataset: EngineDataset,
    k: number,
    shape: GaussiansShape,
    signal?: AbortSignal,
  ): Awaitable<MixtureWorkspace>;

  /**
   * log(π_c·p_c(x)) of the rows [start, end) under all components, less something that the components of a row share, so
   * that float32 keeps their differences: Float32Array [(end − start)·k].
   */
  logDensities(
    dataset: EngineDataset,
    gaussians: Gaussians,
    start: number,
    end: number,
    signal?: AbortSignal,
  ): Awaitable<Float32Array>;

  /**
   * The rows times an upper triangular matrix [d, d], or times a diagonal one, of which only the diagonal [d] is given: a
   * dataset of its own, with shift 0 and scale 1. `variance` [d] is that of its features, which the caller knows.
   */
  transformed(
    dataset: EngineDataset,
    matrix: Float64Array,
    variance: Float64Array,
    signal?: AbortSignal,
  ): Awaitable<EngineDataset>;

  /** Opens the field of squared distances that k-means‖ samples from. */
  distanceField(dataset: EngineDataset, signal?: AbortSignal): Awaitable<DistanceField>;

  /** Frees the engine and its datasets. Work in flight rejects. */
  destroy(): Awaitable<void>;
}

export type Backend = 'webgpu' | 'cpu';

/** What an engine runs on. `adapter` names the GPU as the browser does; it is empty on the CPU. */
export interface ProcessorInfo {
  readonly adapter: string;
  readonly features: readonly string[];
  readonly threads: number;
  /** Whether the adapter is a CPU that plays a GPU. */
  readonly software: boolean;
}

/** Points that an engine holds. */
export interface EngineDataset {
  readonly n: number;
  readonly d: number;
  readonly metric: Metric;
  readonly frame: Frame;
  /** Σw of the rows that the engine holds, in the caller's units; n without weights. */
  readonly totalWeight: number;
  /** Number of rows of positive weight. */
  readonly positiveRows: number;
  /** Weighted variance of each feature [d], in the frame's units. */
  readonly variance: Float64Array;
  /** See PreparedPoints. */
  readonly usualVariance: Float64Array;
  /** Weights [n] in the caller's units, null without. */
  readonly weights: Float32Array | null;
  /** See PreparedPoints. */
  readonly rounding: Float64Array;
  /** Rows that are zeros of weight 0 in here. */
  readonly far: FarRows;
  destroy(): void;
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

/** The buffers of one dataset and one k, and the two verbs that work in them. */
export interface Workspace {
  /**
   * Lloyd's iterations, by the engine itself: assignment, then update. Stops when no label changed, when the summed
   * squared shift of the centroids is at most `tolerance`, after `maxIterations`, or behind the update of an iteration
   * that left some cluster without weight, so that the caller may relocate it.
   */
  lloyd(centroids: Float64Array, options: LloydOptions): Awaitable<LloydResult>;

  /** One assignment to `centroids`, with its labels and statistics. */
  accumulate(centroids: Float64Array, signal?: AbortSignal): Awaitable<Assignment>;

  close(): void;
}

export interface LloydOptions {
  readonly maxIterations: number;
  /** On the summed squared shift, in the frame's units. */
  readonly tolerance: number;
  /** True: the first assignment is compared with the labels of the call before; false: all labels count as changed. */
  readonly resume: boolean;
  /** False: clusters without weight keep their centroids and the iterations go on. */
  readonly stopAtEmpty: boolean;
  readonly signal: AbortSignal | undefined;
  /** Called for each completed iteration, in order. */
  readonly onIteration: (status: IterationStatus) => void;
  /** Called when newer centroids have come home, behind the statuses of their batch: a copy to continue from. */
  readonly onCheckpoint: (centroids: Float64Array, iterations: number) => void;
}

export interface LloydResult {
  /** After the last update. */
  readonly centroids: Float64Array;
  /** Those of the last assignment, before its update. */
  readonly previous: Float64Array;
  readonly iterations: number;
  readonly stop: 'converged' | 'limit' | 'empty';
  /** Clusters without weight in the last assignment, ascending; filled where `stop` is `'empty'`. */
  readonly empty: readonly number[];
}

/** What one assignment gives. */
export interface Assignment extends Statistics {
  /** Index of the nearest centroid: Uint32Array [n]. */
  readonly labels: Uint32Array;
}

/** The E-step of one dataset for one k and one shape of the Gaussians. */
export interface MixtureWorkspace {
  /**
   * Responsibilities r ∝ (π·p)^(1/T), and the moments that they weigh; they are never stored. T = 0 gives each row to
   * the component of the largest π·p, the lowest index of equals.
   *
   * @param temperature T: 0 or 1e-9 to 1e30
   */
  accumulate(gaussians: Gaussians, temperature: number, signal?: AbortSignal): Awaitable<MixtureStatistics>;

  /**
   * The moments that the responsibilities of the last call of `accumulate` weigh, about other means and in other
   * coordinates. Absent where sums lose nothing about any mean, or where there is no room.
   */
  readonly moments?: ((about: Gaussians, signal?: AbortSignal) => Awaitable<MixtureStatistics>) | undefined;

  /** The component of the largest π·p of each row, in the last call of `accumulate`: Uint32Array [n]. */
  labels(): Awaitable<Uint32Array>;

  /** T·log Σ (π·p)^(1/T) of each row, in the last call of `accumulate`: Float64Array [n]. */
  values(): Awaitable<Float64Array>;

  close(): void;
}

/** Squared distance of each row to the nearest centroid folded in so far, for k-means‖. */
export interface DistanceField {
  /** Folds more centroids [m, d] in and returns the total Σ w·distance². */
  fold(centroids: Float64Array): Awaitable<number>;
  /** Indices, ascending, of rows drawn independently with probability min(1, factor · w · distance²). */
  sample(factor: number, seed: number): Awaitable<Uint32Array>;
  destroy(): void;
}
