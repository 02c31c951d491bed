/** What learners have in common: batches that are learnt in the order of the calls. */
import { checkSignal, type Given, type Names, readOptions } from '../check.ts';
import type { Dataset } from '../dataset.ts';
import { withPoints } from '../defaults.ts';
import type { EngineDataset } from '../engine/contract.ts';
import type { Reason } from '../home.ts';
import type { Metric } from '../metric.ts';
import type { Backend, PointsInput, Weights } from '../points.ts';
import type { PlacementOptions } from '../reading.ts';

/** What belongs to a batch. */
export interface PartialFitOptions {
  /** Weights [n], finite and not negative, in float32; for points in a Dataset they belong to it. */
  readonly sampleWeight?: Weights;
  /** Rejects with `signal.reason`; the batch is then not learnt. */
  readonly signal?: AbortSignal;
}

export const BATCH_OPTIONS: Names<PartialFitOptions> = { sampleWeight: true, signal: true };

/** Where the newest batch was learnt. */
interface Where {
  readonly backend: Backend;
  readonly reason: Reason;
}

/** What a learner knows, null before the first batch; a batch that rejects teaches nothing. */
export class Batches<T extends object> {
  known: (T & Where) | null = null;
  readonly #placement: Given<PlacementOptions>;
  readonly #metric: Metric | undefined;
  /** Behind the batches that were given before. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(placement: Given<PlacementOptions>, metric?: Metric) {
    this.#placement = placement;
    this.#metric = metric;
  }

  /** Learns by `teach`, once the batches before are learnt. */
  async learn(
    points: PointsInput | Dataset,
    options: PartialFitOptions | undefined,
    teach: (batch: EngineDataset, known: T | null, signal: AbortSignal | undefined) => Promise<T>,
  ): Promise<void> {
    const { sampleWeight, signal: heeded } = readOptions('partialFit', options, BATCH_OPTIONS);
    const signal = checkSignal(heeded);
    const upload = { ...this.#placement, metric: this.#metric, sampleWeight, signal, frame: undefined };
    const before = this.#turn;
    const taught = withPoints(points, upload, async (resident) => {
      await before;
      this.known = await resident.use(signal, async ({ dataset, reason }) => {
        const learned = await teach(dataset, this.known, signal);
        return { ...learned, backend: dataset.backend, reason };
      });
    });
    this.#turn = taught.catch(() => before);
    return taught;
  }
}
