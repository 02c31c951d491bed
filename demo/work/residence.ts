/** The engine in use, with the points in it: they are uploaded once for each engine that is asked for. */
import { createEngine, type Dataset, type Engine } from '../../src/index.ts';
import type { Features } from '../features/features.ts';
import { rowsAt } from './live.ts';
import type { Settings } from './runs.ts';
import { THREADS } from './threads.ts';

export interface Resident {
  readonly engine: Engine;
  readonly dataset: Dataset;
  /** Milliseconds that it took to start the engine and to bring the points into it: 0 where they were there. */
  readonly startTime: number;
}

type Choice = Settings['backend'];

export class Residence {
  #choice: Choice | null = null;
  #features: Features | null = null;
  #engine: Engine | null = null;
  #dataset: Dataset | null = null;

  /** Ends when the last of those that asked before has got what it asked for. */
  #turn: Promise<unknown> = Promise.resolve();

  /** One after the other: two that asked at once would start two engines, and mix them up. */
  of(choice: Choice, features: Features): Promise<Resident> {
    return this.#next(() => this.#bring(choice, features));
  }

  #next<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #bring(choice: Choice, features: Features): Promise<Resident> {
    const start = performance.now();
    if (this.#engine !== null && this.#choice !== choice) await this.#leave();
    this.#engine ??= await createEngine({ backend: choice, workerUrl: THREADS });
    this.#choice = choice;
    if (this.#dataset !== null && this.#features === features) {
      return { engine: this.#engine, dataset: this.#dataset, startTime: 0 };
    }
    this.#dataset?.destroy();
    this.#dataset = null;
    try {
      this.#dataset = await this.#engine.upload(pointsOf(features), weightsOf(features));
    } catch (error) {
      await this.#leave();
      throw error;
    }
    this.#features = features;
    return { engine: this.#engine, dataset: this.#dataset, startTime: performance.now() - start };
  }

  /** Whatever went wrong, the next run starts with a fresh engine. */
  leave(): Promise<void> {
    return this.#next(() => this.#leave());
  }

  async #leave(): Promise<void> {
    const left = this.#engine;
    this.#engine = null;
    this.#dataset = null;
    this.#features = null;
    await left?.destroy();
  }
}

function pointsOf({ data, n, d }: Features) {
  return { data, shape: [n, d] as const };
}

function weightsOf({ weights }: Features) {
  return weights === null ? {} : { sampleWeight: weights };
}

/** Some of the points, as points of their own. */
export function someOf(features: Features, places: Uint32Array): Features {
  const { data, d, weights, rows } = features;
  return {
    ...features,
    n: places.length,
    data: rowsAt(places, data, d),
    weights: weights && Float32Array.from(places, (place) => weights[place]),
    rows: places.map((place) => rows?.[place] ?? place),
  };
}
