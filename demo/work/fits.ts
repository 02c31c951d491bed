/** One run: from settings to a model, telling of its way. */
import type { GaussianMixtureModel, KMeansModel } from '../../src/index.ts';
import type { Caller } from '../channel.ts';
import { covarianceMatrices } from '../covariance.ts';
import type { Features } from '../features/features.ts';
import type { Told } from './calls.ts';
import { LiveSample } from './live.ts';
import type { Resident } from './residence.ts';
import type { Run, Settings, Step } from './runs.ts';

/** A run, with what stays in the worker. */
export interface KeptRun {
  readonly run: Run;
  readonly model: KMeansModel | GaussianMixtureModel;
  /** The same, where it is a mixture: its class is loaded only where somebody asks for one. */
  readonly mixture: GaussianMixtureModel | null;
  readonly labels: Uint32Array;
  /** The same, where they are on the points' device. */
  readonly labelsBuffer: GPUBuffer | null;
}

export interface Progressing extends Caller<Told> {
  /** Whether it is to end with what it has come to. */
  readonly isStopped: () => boolean;
  readonly show: (sample: LiveSample) => void;
  /** Milliseconds that the last picture of a sample took. */
  readonly pictureTime: () => number;
}

/** Milliseconds between two live pictures, at least, and between two tellings of iterations, each of which the page draws. */
const LIVE_MS = 150;
const STEPS_MS = 100;
/** Pictures take a part of the time at most: the thread that draws them may have a core with those that compute. */
const LIVE_SHARE = 1 / 6;
/** Whatever a picture took: it may have waited. */
const MOST_LIVE_MS = 1000;
/** Wider matrices would be more than the page draws or shows. */
const MOST_DRAWN = 64;

type Found = Pick<
  Run,
  | ('k' | 'd' | 'counts' | 'weights' | 'means' | 'covariances' | 'components' | 'objective' | 'iterations')
  | ('converged' | 'decreased' | 'backend' | 'reason')
> &
  Omit<KeptRun, 'run'>;

export async function fit(
  id: number,
  resident: Resident,
  features: Features,
  settings: Settings,
  progress: Progressing,
): Promise<Omit<KeptRun, 'run'> & { readonly run: Omit<Run, 'colours' | 'palette'> }> {
  const objectives: number[] = [];
  const start = performance.now();
  const watch = new Watch(features, settings, progress, objectives);
  const found = await (settings.model === 'kmeans' ? fitKMeans : fitMixture)(resident, settings, watch);
  const { model, mixture, labels, labelsBuffer, ...rest } = found;
  const { n } = features;
  const times = { fitTime: performance.now() - start, startTime: resident.startTime };
  if (objectives.at(-1) !== rest.objective) objectives.push(rest.objective);
  const stopped = progress.isStopped() && !rest.converged;
  return {
    run: { id, settings, n, features: features.features, ...rest, ...times, objectives, stopped },
    model,
    mixture,
    labels,
    labelsBuffer,
  };
}

/** What happens at each iteration. */
class Watch {
  readonly #sample: LiveSample;
  #last = performance.now();
  /** That were not told yet. */
  #steps: Step[] = [];
  #lastSteps = Number.NEGATIVE_INFINITY;

  constructor(
    features: Features,
    { k }: Settings,
    readonly progress: Progressing,
    readonly objectives: number[],
  ) {
    this.#sample = new LiveSample(features, k);
  }

  /**
   * @param label labels the sample by the parameters of now, and tells the means
   * @returns what the fit's `onIteration` returns
   */
  look(
    iteration: number,
    objective: number,
    label: (sample: LiveSample) => Float64Array | Promise<Float64Array>,
  ): 'stop' | Promise<void> | undefined {
    // Of several starts each begins anew.
    if (iteration === 1) this.objectives.length = 0;
    this.objectives.push(objective);
    this.#steps.push({ iteration, objective });
    const now = performance.now();
    if (now - this.#lastSteps >= STEPS_MS) this.#tellSteps(now);
    if (this.progress.isStopped()) return 'stop';
    if (now - this.#last < Math.max(LIVE_MS, Math.min(MOST_LIVE_MS, this.progress.pictureTime() / LIVE_SHARE)))
      return undefined;
    this.#last = now;
    return this.#show(label);
  }

  #tellSteps(now: number): void {
    this.progress.tell({ kind: 'steps', steps: this.#steps });
    this.#steps = [];
    this.#lastSteps = now;
  }

  async #show(label: (sample: LiveSample) => Float64Array | Promise<Float64Array>): Promise<void> {
    const means = await label(this.#sample);
    this.progress.show(this.#sample);
    this.progress.tell({ kind: 'live', means });
  }
}

async function fitKMeans(
  { engine, dataset, points, reason }: Resident,
  settings: Settings,
  watch: Watch,
): Promise<Found> {
  const { k, seed, restarts } = settings;
  const model = await engine.kmeans(dataset, {
    ...{ k, seed, nInit: restarts, signal: watch.progress.signal, output: points === null ? 'host' : 'buffer' },
    onIteration: ({ iteration, inertia, centroids }) =>
      watch.look(iteration, inertia, (sample) => {
        const means = centroids();
        sample.assign(means);
        return means;
      }),
  });
  const { d, labelsBuffer, centroids, counts, inertia, iterations, converged, backend } = model;
  const labels = labelsBuffer === null ? model.labels : await labelsIn(labelsBuffer, points!.device);
  const found = { k, d, counts, means: centroids, objective: inertia, iterations, converged, backend };
  const none = { weights: null, covariances: null, components: [], decreased: false };
  return { ...found, ...none, reason: reason ?? model.reason ?? null, model, mixture: null, labels, labelsBuffer };
}

async function labelsIn(buffer: GPUBuffer, device: GPUDevice): Promise<Uint32Array> {
  try {
    const { readBack } = await import('./gpu.ts');
    return await readBack(device, buffer);
  } catch (error) {
    buffer.destroy();
    throw error;
  }
}

async function fitMixture({ engine, dataset, reason }: Resident, settings: Settings, watch: Watch): Promise<Found> {
  const { k, seed, restarts, covariance, temperature } = settings;
  const model = await engine.gaussianMixture(dataset, {
    ...{ k, seed, nInit: restarts, covarianceType: covariance, temperature, signal: watch.progress.signal },
    onIteration: ({ iteration, lowerBound, parameters }) =>
      watch.look(iteration, lowerBound, async (sample) => {
        const now = parameters();
        await sample.assignTo(covariance, now);
        return now.means;
      }),
  });
  const { d, labels, weights, means, components, lowerBound, iterations, converged, decreased, backend } = model;
  const counts = new Float64Array(k);
  for (const label of labels) counts[label]++;
  const covariances = d <= MOST_DRAWN ? covarianceMatrices(model) : null;
  const found = { k, d, counts, weights, means, covariances, components, objective: lowerBound, iterations, converged };
  const kept = { model, mixture: model, labels, labelsBuffer: null };
  return { ...found, ...kept, decreased, backend, reason: reason ?? model.reason ?? null };
}
