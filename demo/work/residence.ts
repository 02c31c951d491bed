/** The engine in use, with the points in it: they are uploaded once for each engine that is asked for. */

import type { Dataset, Engine, Reason } from '../../src/index.ts';
import type { Features } from '../features/features.ts';
import type { ResidentPoints } from '../picture/gpu/darkroom.ts';
import { rowsAt } from './live.ts';
import type { Settings } from './runs.ts';
import { THREADS } from './threads.ts';

export interface Resident {
  readonly engine: Engine;
  readonly dataset: Dataset;
  /** Milliseconds that it took to start the engine and to bring the points into it: 0 where they were there. */
  readonly startTime: number;
  /** Why it is the CPU, where the engine itself was not asked; else null. */
  readonly reason: Reason | null;
  /** The buffer that the dataset is read from, where there is one. */
  readonly points: ResidentPoints | null;
}

type Choice = Settings['backend'];

/** Without waiting for it, where it will be needed soon. */
export const loadEngine = () => import('./engine.ts');

export class Residence {
  #choice: Choice | null = null;
  #features: Features | null = null;
  #engine: Engine | null = null;
  #dataset: Dataset | null = null;
  #reason: Reason | null = null;
  #device: GPUDevice | null = null;
  #points: ResidentPoints | null = null;
  /** Whether a device was lost: `'auto'` asks for none any more. */
  #isLost = false;
  /** Whether the device of now has gone. */
  #hasGone = false;
  /** Milliseconds that it took to start the engine before there were points. */
  #warmTime = 0;

  /** Ends when the last of those that asked before has got what it asked for. */
  #turn: Promise<unknown> = Promise.resolve();

  /** One after the other: two that asked at once would start two engines, and mix them up. */
  of(choice: Choice, features: Features): Promise<Resident> {
    return this.#next(() => this.#bring(choice, features));
  }

  /**
   * Starts the engine before there are points for it: what asks for it soon waits less. What goes wrong goes wrong again for
   * whoever does.
   */
  async warm(choice: Choice): Promise<void> {
    await this.#next(async () => {
      if (this.#engine !== null) return;
      const start = performance.now();
      this.#engine = await this.#start(choice);
      this.#choice = choice;
      // Its threads start with the first points, and stay as long as there are any; what they run is compiled as it is used.
      if (this.#device === null) {
        this.#dataset = await this.#engine.upload(await anyPoints(this.#engine.info.threads));
        await this.#engine.kmeans(this.#dataset, { k: ANY_K, seed: 0, maxIterations: 2 });
      }
      this.#warmTime = performance.now() - start;
    }).catch(() => undefined);
  }

  #next<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(act);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async #bring(choice: Choice, features: Features): Promise<Resident> {
    const start = performance.now();
    // A device that went with points in it is missed by whoever has them; without any nobody has noticed.
    const isOut = this.#hasGone && this.#features === null;
    if (this.#engine !== null && (isOut || this.#choice !== choice)) await this.#leave();
    this.#engine ??= await this.#start(choice);
    this.#choice = choice;
    const isThere = this.#dataset !== null && this.#features === features;
    if (!isThere) {
      this.#free();
      try {
        this.#dataset = await this.#upload(choice, features);
      } catch (error) {
        await this.#leave();
        throw error;
      }
      this.#features = features;
    }
    const startTime = isThere ? 0 : performance.now() - start + this.#warmTime;
    this.#warmTime = 0;
    return {
      startTime,
      ...{ engine: this.#engine, dataset: this.#dataset!, reason: this.#reason, points: this.#points },
    };
  }

  /** On a device of the page's, which may draw from it too; where there is none, the engine of GPUs is not even loaded. */
  async #start(choice: Choice): Promise<Engine> {
    const device = choice === 'cpu' ? 'asked' : this.#isLost && choice === 'auto' ? 'device-lost' : await find(choice);
    this.#device = typeof device === 'string' ? null : device;
    const own = this.#device;
    void own?.lost.then(() => {
      if (this.#device === own) this.#hasGone = true;
    });
    this.#reason = typeof device === 'string' && choice === 'auto' ? device : null;
    const backend = this.#reason === null ? choice : 'cpu';
    const { createEngine } = await loadEngine();
    return createEngine({ backend, workerUrl: THREADS, ...(this.#device !== null && { device: this.#device }) });
  }

  async #upload(choice: Choice, features: Features): Promise<Dataset> {
    const { n, d } = features;
    const device = this.#device;
    const { GPU_WORTHWHILE_VALUES } = await loadEngine();
    if (device !== null && (choice === 'webgpu' || n * d >= GPU_WORTHWHILE_VALUES)) {
      const { bufferOf } = await import('./gpu.ts');
      const buffer = await bufferOf(device, features);
      if (buffer !== null) {
        this.#points = { device, buffer, n, d };
        return this.#engine!.upload({ buffer, shape: [n, d] }, weightsOf(features));
      }
    }
    return this.#engine!.upload(pointsOf(features), weightsOf(features));
  }

  /** Nobody needs the points any more. */
  async empty(): Promise<void> {
    await this.#next(async () => {
      if (this.#features !== null) this.#free();
    });
  }

  /** Whatever went wrong, the next run starts with a fresh engine. */
  leave(): Promise<void> {
    return this.#next(() => this.#leave());
  }

  /** The device was lost: what is left of it goes, and `'auto'` is the CPU from now on. */
  lose(): Promise<void> {
    this.#isLost = true;
    return this.leave();
  }

  #free(): void {
    this.#dataset?.destroy();
    this.#points?.buffer.destroy();
    this.#dataset = null;
    this.#points = null;
    this.#features = null;
  }

  async #leave(): Promise<void> {
    const [engine, device] = [this.#engine, this.#device];
    this.#free();
    this.#engine = null;
    this.#device = null;
    this.#hasGone = false;
    this.#warmTime = 0;
    await engine?.destroy();
    device?.destroy();
  }
}

async function find(choice: Choice) {
  const { requestDevice } = await import('./gpu.ts');
  return requestDevice(choice === 'webgpu');
}

const ANY_D = 4;
const ANY_K = 32;

/** As many as all threads are started for, and no two alike. */
async function anyPoints(threads: number) {
  const { VALUES_OF_THREAD } = await loadEngine();
  const n = Math.ceil((VALUES_OF_THREAD * threads) / ANY_D);
  return { data: new Float32Array(n * ANY_D).map((_, i) => Math.sin(i)), shape: [n, ANY_D] } as const;
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
