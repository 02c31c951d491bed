/** What a process answers about its rows. */
import type { Engine } from '../api/create-engine.ts';
import { toBytes } from '../api/portable.ts';
import { rangeOf, type ShardStatistics, statisticsOf } from '../api/statistics.ts';
import type { Dataset } from '../dataset.ts';
import type { KMeansDataset, KMeansWorkspace } from '../engine/contract.ts';
import { heldCentroids } from '../kmeans/held.ts';
import { farthestRows } from '../kmeans/relocate.ts';
import { statisticsIn } from '../kmeans/shards.ts';
import type { Metric } from '../metric.ts';
import { KMeansModel } from '../models/kmeans-model.ts';
import { runAsync } from '../steps.ts';
import { type Answer, type FitState, stateOf, type Verb } from './fits.ts';
import { keyedRows, keyedRowsToBytes, type Place, sampleOf } from './keyed-rows.ts';
import type { Message } from './messages.ts';
import type { FileColumns } from './rows.ts';

/** Rows in an engine, and the verbs that may be asked of them: each answer depends on them and the question alone. */
export class HeldRows {
  readonly #read: () => Promise<FileColumns>;
  readonly #engine: Promise<Engine>;
  /** Read, and not in the engine yet. */
  #rows: Promise<FileColumns> | null = null;
  /** In the engine, and the frame in which they are there, as it came. */
  #held: { readonly frame: string; readonly dataset: Dataset } | null = null;
  /** Of k-means, from one pass to the next. */
  #open: { readonly dataset: KMeansDataset; readonly k: number; readonly workspace: KMeansWorkspace } | null = null;

  /** @param read the rows, the same ones each time */
  constructor(read: () => Promise<FileColumns>, engine: Promise<Engine>) {
    this.#read = read;
    this.#engine = engine;
    // Whoever asks is told.
    engine.catch(() => undefined);
  }

  readonly verbs: Readonly<Record<string, Verb>> = {
    describe: async () => ({ header: { rows: (await this.#points()).columns[0].length } }),
    range: async ({ header }) => {
      const { first, total, metric } = header as unknown as Place & { readonly metric?: Metric };
      const range = await rangeOf(await this.#points(), { place: { first, total }, ...(metric && { metric }) });
      return { body: toBytes(range) };
    },
    sample: async ({ header }) => {
      const { k, seed = 0, ...place } = header as unknown as Place & { readonly k: number; readonly seed?: number };
      const { columns } = await this.#points();
      const read = (row: number) => columns.map((column) => Number(column[row]));
      const sample = sampleOf(columns[0].length, columns.length, read, place, { k, seed });
      return { body: keyedRowsToBytes(sample) };
    },
    statistics: async (message) => {
      const { model, dataset } = await this.#at(message);
      return { header: { rows: dataset.n }, body: toBytes(await this.#statistics(model, dataset)) };
    },
    farthest: async (message) => this.#farthest(message),
    labels: async (message) => {
      const { model, dataset } = await this.#at(message);
      const { buffer } = await model.predict(dataset);
      return { header: { rows: dataset.n }, body: new Uint8Array(buffer) };
    },
  };

  /** Those of `statisticsOf`: what is kept saves distances, and changes no bit. */
  #statistics(model: FitState['model'], dataset: Dataset): Promise<ShardStatistics> {
    if (!(model instanceof KMeansModel)) return statisticsOf(dataset, model);
    return dataset.use(undefined, async ({ dataset }) => {
      const { k } = model;
      if (this.#open?.dataset !== dataset || this.#open.k !== k) {
        this.#close();
        this.#open = { dataset, k, workspace: await dataset.kmeans(k) };
      }
      try {
        return await runAsync(statisticsIn(this.#open.workspace, dataset, heldCentroids(model, dataset)));
      } catch (error) {
        this.#close();
        throw error;
      }
    });
  }

  #close(): void {
    this.#open?.workspace.close();
    this.#open = null;
  }

  async #farthest(message: Message): Promise<Answer> {
    const { model, dataset } = await this.#at(message);
    if (!(model instanceof KMeansModel)) throw new TypeError('rows are farthest from centroids, not from a mixture');
    const { wanted } = message.header as unknown as { readonly wanted: number };
    const rows = await dataset.use(undefined, ({ dataset }) =>
      runAsync(farthestRows(dataset, heldCentroids(model, dataset), wanted, dataset.totalWeight)),
    );
    const keyed = rows.map(({ values, badness }) => ({ key: -badness, values }));
    return { body: keyedRowsToBytes(keyedRows({ wanted, distinct: true, d: dataset.d }, keyed)) };
  }

  async #points(): Promise<FileColumns> {
    this.#rows ??= this.#read();
    try {
      return await this.#rows;
    } catch (error) {
      this.#rows = null;
      throw error;
    }
  }

  /** The model of a state, and the rows in its frame. */
  async #at({ parts: [bytes] }: Message) {
    const { frame, model } = stateOf(bytes);
    const key = Buffer.from(toBytes(frame)).toString('latin1');
    if (this.#held?.frame !== key) {
      this.#close();
      this.#held?.dataset.destroy();
      this.#held = null;
      const dataset = await (await this.#engine).upload(await this.#points(), { frame, metric: frame.metric });
      this.#held = { frame: key, dataset };
      this.#rows = null;
    }
    return { model, dataset: this.#held.dataset };
  }
}
