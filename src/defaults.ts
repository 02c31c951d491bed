/** The engines that calls without one of their own share, and what such calls do with points. */
import { checkSignal, type Given, type Names, owns, readOptions } from './check.ts';
import type { Frame } from './frame.ts';
import type { Metric } from './metric.ts';
import {
  type BackendChoice,
  checkEngineOptions,
  Dataset,
  EngineSet,
  GPU_WORTHWHILE_VALUES,
  type Home,
  type UploadRequest,
} from './placement.ts';
import {
  type GpuPoints,
  type PointsInput,
  type PreparedPoints,
  type SurveyedPoints,
  surveyPoints,
  type Weights,
} from './points.ts';
import { unwrapped } from './proxies.ts';
import { type Awaitable, run, runAsync, type Steps } from './steps.ts';

/** Where a call without an engine of its own runs. */
export interface PlacementOptions {
  /** Default `'auto'`. */
  readonly backend?: BackendChoice;
  /** Your own device: borrowed, never destroyed or reconfigured. */
  readonly device?: GPUDevice;
}

export const PLACEMENT_OPTIONS: Names<PlacementOptions> = { backend: true, device: true };

/** Options of the methods that take points. */
export interface MethodOptions extends PlacementOptions {
  /** Weights [n], finite and not negative, in float32; for points in a Dataset they belong to it. */
  readonly sampleWeight?: Weights;
  /** Rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

export const METHOD_OPTIONS: Names<MethodOptions> = { ...PLACEMENT_OPTIONS, sampleWeight: true, signal: true };

const defaults = new Map<GPUDevice | BackendChoice, Map<BackendChoice, Promise<EngineSet>>>();

async function defaultEngines(options: Given<PlacementOptions>): Promise<EngineSet> {
  const { backend, device } = checkEngineOptions(options);
  const key = device ?? backend;
  for (;;) {
    const ofDevice = defaults.get(key) ?? new Map<BackendChoice, Promise<EngineSet>>();
    const known = ofDevice.get(backend);
    if (known === undefined) {
      // Before anything is waited for: calls of the same turn share it, and `destroyDefaultEngines` finds it.
      const created = EngineSet.create({ backend, device });
      // A device that is gone is of no use to a later call: nothing here is to hold it, nor the engines on it.
      if (device !== undefined && !defaults.has(device)) void device.lost.then(() => defaults.delete(device));
      defaults.set(key, ofDevice.set(backend, created));
      created.catch(() => forget(ofDevice, backend, created));
      return created;
    }
    const engines = await known;
    if (!engines.lost) return engines;
    forget(ofDevice, backend, known);
  }
}

function forget<K, V>(map: Map<K, V>, key: K, value: V): void {
  if (map.get(key) === value) map.delete(key);
}

/**
 * Frees the engines that calls without an engine of their own share. The next such call makes new ones. Idle engines keep no
 * process alive: this is for pages that want their memory or their device back.
 *
 * @example
 * ```ts
 * import { destroyDefaultEngines, kmeans } from 'webgpu-clustering';
 *
 * await kmeans([[0], [1], [8], [9]], { k: 2 });
 * await destroyDefaultEngines();
 * ```
 */
export async function destroyDefaultEngines(): Promise<void> {
  const sets = [...defaults.values()].flatMap((ofDevice) => [...ofDevice.values()]);
  defaults.clear();
  await Promise.all(
    sets.map((set) =>
      set.then(
        (engines) => engines.destroy(),
        () => undefined,
      ),
    ),
  );
}

/** Rows for which a model has an answer sooner than an engine has the model. */
const FEW_ROWS = 16;

function isFew(surveyed: SurveyedPoints | GpuPoints): surveyed is SurveyedPoints {
  return !owns(surveyed, 'buffer') && surveyed.n <= FEW_ROWS && surveyed.n * surveyed.d < GPU_WORTHWHILE_VALUES;
}

/**
 * Runs `work` on points that are resident already, or uploads them for as long as it takes.
 *
 * @param few does the same with a few rows that have no engine, where none was asked for by name but the CPU's
 */
export async function withPoints<T>(
  given: PointsInput | Dataset,
  options: Given<PlacementOptions> & UploadRequest,
  work: (dataset: Dataset) => Promise<T>,
  few?: (points: PreparedPoints) => Promise<T>,
): Promise<T> {
  options.signal?.throwIfAborted();
  const points = unwrapped(given);
  if (points instanceof Dataset) {
    if (options.sampleWeight !== undefined) {
      throw new TypeError('sampleWeight belongs to the dataset: pass it to engine.upload');
    }
    if (options.metric !== undefined && options.metric !== points.metric) {
      throw new TypeError(`metric '${options.metric}' differs from the dataset's '${points.metric}'`);
    }
    return work(points);
  }
  // Before anything is waited for: what the caller does with its array behind the call is found out, as far as a turn goes,
  // and calls of the same turn share their engines.
  const surveying = run(surveyPoints(points, options), options.signal);
  const { backend } = checkEngineOptions(options);
  if (few !== undefined && backend !== 'webgpu' && !(surveying instanceof Promise) && isFew(surveying)) {
    return few(surveying.prepare('cpu'));
  }
  return withSurveyed(surveying, options, work);
}

/** Runs `work` on points that are uploaded for as long as it takes. */
export async function withSurveyed<T>(
  surveying: Awaitable<SurveyedPoints | GpuPoints>,
  options: Given<PlacementOptions> & Pick<UploadRequest, 'signal'>,
  work: (dataset: Dataset) => Promise<T>,
): Promise<T> {
  const [surveyed, engines] = await Promise.all([surveying, defaultEngines(options)]);
  const dataset = await engines.upload(surveyed, options.signal);
  try {
    return await work(dataset);
  } finally {
    dataset.destroy();
  }
}

/**
 * The same for a method of a model: `work` gets the place where the points are, once more if that changes.
 *
 * @param frame that of the model, where what it says of a row must not depend on the others; undefined for their own
 * @param few the same for a few rows, on the host
 * @throws {RangeError} where the points do not have the model's features.
 */
export async function withPointsOf<T>(
  { d, metric, frame }: { readonly d: number; readonly metric: Metric; readonly frame: Frame | undefined },
  points: PointsInput | Dataset,
  options: MethodOptions | Given<MethodOptions> | undefined,
  work: (home: Home) => Promise<T>,
  few?: (points: PreparedPoints) => Steps<T>,
): Promise<T> {
  const given = readOptions<MethodOptions>('the method', options, METHOD_OPTIONS);
  const signal = checkSignal(given.signal);
  const checkFeatures = (points: { readonly d: number }) => {
    if (points.d !== d) throw new RangeError(`points have ${points.d} features, the model has ${d}`);
  };
  return withPoints(
    points,
    { ...given, metric, frame },
    (dataset) =>
      dataset.use(signal, async (home) => {
        checkFeatures(home.dataset);
        return work(home);
      }),
    few &&
      (async (points) => {
        checkFeatures(points);
        return runAsync(few(points), signal);
      }),
  );
}
