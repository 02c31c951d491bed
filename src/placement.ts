/** Which engine points live in: the choice behind `backend`, and the move to the CPU when a device is lost. */
import { checkInteger, checkWord, type Given, type Names, ownOf, owns, wrongKind } from './check.ts';
import { createCpuEngine } from './cpu/engine.ts';
import { Dataset } from './dataset.ts';
import type { ClusteringEngine, EngineDataset, ProcessorInfo } from './engine/contract.ts';
import type { Tuning } from './engine/tuning.ts';
import { DeviceLostError } from './errors.ts';
import { COARSE } from './frame.ts';
import type { Home, Reason } from './home.ts';
import { type Backend, bufferNeedsGpu, type GpuPoints, type PreparedPoints, type SurveyedPoints } from './points.ts';
import type { BackendChoice } from './reading.ts';
import { resultOf, run, type Steps } from './steps.ts';

/** Options of {@link createEngine}. */
export interface EngineOptions {
  /** Default `'auto'`. `'webgpu'` takes any adapter, software ones too; `'cpu'` is always there. */
  readonly backend?: BackendChoice;
  /** Your own device: borrowed, never destroyed or reconfigured. */
  readonly device?: GPUDevice;
  /** Threads of the CPU engine: as many as the hardware runs at once, by default; 1 is the calling thread. */
  readonly threads?: number;
  /**
   * URL of the script of the CPU engine's workers. Needed only where a content security policy forbids workers from blobs:
   * serve the file `webgpu-clustering/worker` of the package from your own origin. Default: a script in the bundle.
   */
  readonly workerUrl?: string | URL;
  /** Bytes that one storage binding may have, at most; the device's limit where that is lower. */
  readonly bindingLimit?: number;
  /**
   * What `engine.tune` gave on this adapter, then or in another process: kernels are chosen by it, and results have the same
   * bits with any. That of an adapter of another name, and any on the CPU, changes nothing; one of another version is a
   * `RangeError`: tune again.
   */
  readonly tuning?: Tuning;
}

export const ENGINE_OPTIONS: Names<EngineOptions> = {
  backend: true,
  device: true,
  threads: true,
  workerUrl: true,
  bindingLimit: true,
  tuning: true,
};

/** Under this many values the round trips to a GPU cost more than the CPU needs for all the work. */
export const GPU_WORTHWHILE_VALUES = 2 ** 16;

/** What an engine runs on, and why. */
export interface EngineInfo extends ProcessorInfo {
  /** Why this processor. */
  readonly reason: Reason;
}

/** At most one engine of each kind, and the rule by which points are given to them. */
export class EngineSet {
  readonly #choice: BackendChoice;
  readonly #cpu: ClusteringEngine | null;
  #gpu: ClusteringEngine | null;
  readonly #reason: Reason;
  #lost = false;
  #destroyed = false;
  readonly #datasets = new Set<Dataset>();

  /**
   * Of engines that exist already.
   *
   * @param reason why one of them is preferred: a GPU for `'hardware'`, or where it is the only one
   */
  constructor(
    choice: BackendChoice,
    cpu: ClusteringEngine | null,
    gpu: ClusteringEngine | null,
    reason: Reason = choice === 'auto' ? 'hardware' : 'asked',
  ) {
    this.#choice = choice;
    this.#cpu = cpu;
    this.#gpu = gpu;
    this.#reason = reason;
  }

  /**
   * @param options whose `tuning` is read
   * @throws {WebGPUUnavailableError} under `'webgpu'`, where there is no adapter.
   */
  static async create(options: Partial<Given<EngineOptions>>): Promise<EngineSet> {
    const given = checkEngineOptions(options);
    const { backend } = given;
    if (backend === 'cpu') return new EngineSet('cpu', createCpuEngine(given), null);
    const { createGpuEngine, requestGpu } = await gpuEngine();
    const gpu = await requestGpu({ ...given, softwareToo: backend === 'webgpu' });
    if (typeof gpu === 'string') return new EngineSet('auto', createCpuEngine(given), null, gpu);
    if (backend === 'webgpu') return new EngineSet('webgpu', null, createGpuEngine(gpu));
    const reason = gpu.software ? 'software-adapter' : 'hardware';
    return new EngineSet('auto', createCpuEngine(given), createGpuEngine(gpu), reason);
  }

  get backend(): Backend {
    return this.#preferred.backend;
  }

  /** Whether points can be on a GPU, whichever engine is preferred. */
  get hasGpu(): boolean {
    return this.#gpu !== null;
  }

  get info(): EngineInfo {
    return { ...this.#preferred.info, reason: this.#lost ? 'device-lost' : this.#reason };
  }

  /** Whether a device of this set was lost, so that a new set may do better. */
  get lost(): boolean {
    return this.#lost || this.#gpu?.lost === true;
  }

  /** @param onGpu whatever points there are, so that what comes of them can stay there */
  async upload(surveyed: SurveyedPoints | GpuPoints, signal: AbortSignal | undefined, onGpu = false): Promise<Dataset> {
    this.#checkAlive();
    if (owns(surveyed, 'buffer')) {
      const engine = this.#gpu;
      if (engine === null) throw bufferNeedsGpu();
      return this.#keep({ dataset: await engine.upload(surveyed, { signal }), reason: this.#reason }, null);
    }
    const { engine, points: prepared, reason } = await run(this.#place(surveyed, onGpu), signal);
    if (prepared === null) return this.#keep({ dataset: await takenBy(engine, surveyed, signal), reason }, null);
    if (engine === this.#cpu || this.#choice !== 'auto') {
      return this.#keep({ dataset: await engine.upload(prepared, { signal }), reason }, null);
    }
    const { watched } = await gpuEngine();
    const upload = (points: PreparedPoints) => this.#uploadToCpu(points);
    const { points, uploadAgain } = watched(prepared, upload, () => this.#destroyed);
    try {
      return this.#keep({ dataset: await engine.upload(points, { signal }), reason }, uploadAgain);
    } catch (error) {
      if (!(error instanceof DeviceLostError)) throw error;
      return this.#keep(await this.#uploadToCpu(prepared), null);
    }
  }

  async destroy(): Promise<void> {
    this.#destroyed = true;
    for (const dataset of [...this.#datasets]) dataset.destroy();
    await Promise.all([this.#cpu?.destroy(), this.#gpu?.destroy()]);
  }

  /** Whether it is a dataset of this set, and still there. */
  has(dataset: Dataset): boolean {
    return this.#datasets.has(dataset);
  }

  #checkAlive(): void {
    if (this.#destroyed) throw new TypeError('the engine was destroyed');
  }

  get #preferred(): ClusteringEngine {
    const preferGpu = this.#cpu === null || this.#reason === 'hardware';
    return preferGpu ? (this.#gpu ?? this.#cpu)! : this.#cpu!;
  }

  /** The engine that is for the points, and why; the points as it holds them, null where they need not be known for that. */
  *#place(
    surveyed: SurveyedPoints,
    onGpu: boolean,
  ): Steps<{ engine: ClusteringEngine; points: PreparedPoints | null; reason: Reason }> {
    const { n, d } = surveyed;
    const engine = this.#preferred;
    const cpu = this.#cpu;
    const reason = this.#lost ? 'device-lost' : this.#reason;
    if (onGpu && this.#gpu !== null) return { engine: this.#gpu, points: yield* forGpu(surveyed), reason };
    if (engine === cpu) return { engine, points: null, reason };
    if (cpu !== null && n * d < GPU_WORTHWHILE_VALUES) return { engine: cpu, points: null, reason: 'small' };
    const points = yield* forGpu(surveyed);
    const coarse = points.frame.precise || points.rounding.some((share) => share > COARSE);
    if (cpu !== null && coarse) return { engine: cpu, points: yield* surveyed.prepare('cpu'), reason: 'precision' };
    return { engine, points, reason };
  }

  async #uploadToCpu(prepared: PreparedPoints): Promise<Home> {
    this.#lost = true;
    this.#gpu = null;
    return { dataset: await this.#cpu!.upload(prepared), reason: 'device-lost' };
  }

  #keep(home: Home, evacuate: (() => Promise<Home>) | null): Dataset {
    const dataset = new Dataset(home, evacuate, (destroyed) => this.#datasets.delete(destroyed));
    if (this.#destroyed) dataset.destroy();
    this.#checkAlive();
    this.#datasets.add(dataset);
    return dataset;
  }
}

/** Points in an engine of the CPU, which reads them itself where it can. */
async function takenBy(
  engine: ClusteringEngine,
  { unread, prepare }: SurveyedPoints,
  signal: AbortSignal | undefined,
): Promise<EngineDataset> {
  const taken = unread && (await engine.take?.(unread, { signal }));
  return taken ?? engine.upload(await run(prepare('cpu'), signal), { signal });
}

function* forGpu(surveyed: SurveyedPoints): Steps<PreparedPoints> {
  return yield* (yield* resultOf(gpuEngine())).prepared(surveyed);
}

/** Loaded on demand: pages of the CPU do not contain it. */
const gpuEngine = () => import('./gpu/engine.ts');

/**
 * A copy of what a caller has kept, checked wherever the engine will be.
 *
 * @throws {TypeError | RangeError} naming what is wrong.
 */
export async function readTuning(tuning: unknown): Promise<Tuning> {
  return (await gpuEngine()).readTuning(tuning);
}

/** @throws {TypeError | RangeError} naming the option that is wrong. */
export function checkEngineOptions(options: Partial<Given<EngineOptions>>) {
  const given = ownOf(options);
  const { backend: choice, device, threads, workerUrl, bindingLimit } = given;
  const backend = checkWord('backend', choice ?? 'auto', ['auto', 'webgpu', 'cpu'] as const);
  if (device !== undefined && typeof device?.createBuffer !== 'function') {
    throw wrongKind('device', 'a GPUDevice', device);
  }
  if (threads !== undefined) checkInteger('threads', threads, 1);
  if (bindingLimit !== undefined) checkInteger('bindingLimit', bindingLimit, 256);
  if (workerUrl !== undefined && typeof workerUrl !== 'string' && !(workerUrl instanceof URL)) {
    throw wrongKind('workerUrl', 'a string or a URL', workerUrl);
  }
  return { ...given, backend };
}
