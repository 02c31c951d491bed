/** What the methods of models do with points: the engines of such calls are loaded with the first one. */
import { checkSignal, type Given, type Names, readOptions } from './check.ts';
import type { Dataset } from './dataset.ts';
import type { Frame } from './frame.ts';
import type { Home } from './home.ts';
import type { Metric } from './metric.ts';
import { checkFeatures, type PointsInput, type PreparedPoints, type Weights } from './points.ts';
import { isDataset, PLACEMENT_OPTIONS, type PlacementOptions, readPoints, type UploadRequest } from './reading.ts';
import { runAsync, type Steps } from './steps.ts';

/** Options of the methods that take points. */
export interface MethodOptions extends PlacementOptions {
  /** Weights [n], finite and not negative, in float32; for points in a Dataset they belong to it. */
  readonly sampleWeight?: Weights;
  /** Rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

export const METHOD_OPTIONS: Names<MethodOptions> = { ...PLACEMENT_OPTIONS, sampleWeight: true, signal: true };

let defaults: typeof import('./defaults.ts') | undefined;

/** `withPoints` of defaults.ts, with the engines behind the reading of the points: a page that only fits needs none of it. */
async function withPointsLater<T>(
  given: PointsInput | Dataset,
  options: Given<PlacementOptions> & UploadRequest,
  work: (dataset: Dataset) => Promise<T>,
  few?: (points: PreparedPoints) => Promise<T>,
): Promise<T> {
  const reading = readPoints(given, options);
  if (isDataset(reading)) return work(reading);
  defaults ??= (await Promise.all([import('./defaults.ts'), reading]))[0];
  return defaults.withReading(reading, options, work, few);
}

/**
 * The same for a model: `work` gets the place where the points are, once more if that changes.
 *
 * @param frame that of the model, where what it says of a row must not depend on the others; undefined for their own
 * @param few the same for a few rows, on the host
 * @throws {RangeError} where the points do not have the model's features.
 */
export async function withPointsOf<T>(
  { d, metric, frame }: { readonly d: number; readonly metric: Metric; readonly frame: Frame | undefined },
  points: PointsInput | Dataset,
  options: MethodOptions | Given<MethodOptions> | undefined,
  work: (home: Home, dataset: Dataset) => Promise<T>,
  few?: (points: PreparedPoints) => Steps<T>,
): Promise<T> {
  const given = readOptions<MethodOptions>('the method', options, METHOD_OPTIONS);
  const signal = checkSignal(given.signal);
  return withPointsLater(
    points,
    { ...given, metric, frame },
    (dataset) =>
      dataset.use(signal, async (home) => {
        checkFeatures(home.dataset.d, d);
        return work(home, dataset);
      }),
    few &&
      (async (points) => {
        checkFeatures(points.d, d);
        return runAsync(few(points), signal);
      }),
  );
}
