/** The engines that calls without one of their own share, and what such calls do with points. */
import { type Given, owns } from './check.ts';
import type { Dataset } from './dataset.ts';
import { checkEngineOptions, EngineSet, GPU_WORTHWHILE_VALUES } from './placement.ts';
import type { GpuPoints, PointsInput, PreparedPoints, SurveyedPoints } from './points.ts';
import {
  type BackendChoice,
  isDataset,
  type PlacementOptions,
  type Reading,
  readPoints,
  type UploadRequest,
} from './reading.ts';
import { runNow } from './steps.ts';

let workerUrl: string | undefined;

/** Where these engines, those that are still to be made, find the script of their workers; undefined for the inlined one. */
export function setWorkerUrl(url: string | undefined): void {
  workerUrl = url;
}

const defaults = new Map<GPUDevice | BackendChoice, Map<BackendChoice, Promise<EngineSet>>>();

export async function defaultEngines(options: Given<PlacementOptions>): Promise<EngineSet> {
  const { backend, device } = checkEngineOptions(options);
  const key = device ?? backend;
  for (;;) {
    const ofDevice = defaults.get(key) ?? new Map<BackendChoice, Promise<EngineSet>>();
    const known = ofDevice.get(backend);
    if (known === undefined) {
      // Before anything is waited for: calls of the same turn share it, and `destroyDefaultEngines` finds it.
      const created = EngineSet.create({ backend, device, workerUrl });
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

/** Runs `work` on points that are resident already, or uploads them for as long as it takes. */
export async function withPoints<T>(
  given: PointsInput | Dataset,
  options: Given<PlacementOptions> & UploadRequest,
  work: (dataset: Dataset) => Promise<T>,
): Promise<T> {
  return withReading(readPoints(given, options), options, work);
}

/**
 * The same with points that are being read.
 *
 * @param few does the same with a few rows that have no engine, where none was asked for by name but the CPU's
 */
export async function withReading<T>(
  reading: Reading,
  options: Given<PlacementOptions> & Pick<UploadRequest, 'signal'>,
  work: (dataset: Dataset) => Promise<T>,
  few?: (points: PreparedPoints) => Promise<T>,
): Promise<T> {
  if (isDataset(reading)) return work(reading);
  // Wrong options are an error at once: what is wrong with the points as well is then nobody's, and ends no process.
  if (reading instanceof Promise) reading.catch(() => undefined);
  const { backend } = checkEngineOptions(options);
  const ofFew = backend === 'webgpu' ? undefined : few;
  if (ofFew !== undefined && !(reading instanceof Promise) && isFew(reading))
    return ofFew(runNow(reading.prepare('cpu')));
  // Calls of the same turn share their engines.
  const [surveyed, engines] = await Promise.all([reading, defaultEngines(options)]);
  // The reading of few rows takes a turn where one is due.
  if (ofFew !== undefined && isFew(surveyed)) return ofFew(runNow(surveyed.prepare('cpu')));
  const dataset = await engines.upload(surveyed, options.signal);
  try {
    return await work(dataset);
  } finally {
    dataset.destroy();
  }
}
