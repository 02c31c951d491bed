/** Runs a case on an engine and watches what it does to the GPU. Runs in pages too: nothing here imports from Node. */

import { engineOf } from '../../src/api/create-engine.ts';
import type { ClusteringEngine } from '../../src/engine/contract.ts';
import { type Gpu, requestGpu } from '../../src/gpu/device.ts';
import { createGpuEngine } from '../../src/gpu/engine.ts';
import { createEngine, type Engine } from '../../src/index.ts';
import { EngineSet } from '../../src/placement.ts';
import type { CaseEngineOptions, ConformanceCase, ConformanceContext } from './case.ts';

/** Runs a case; rejects where it fails. */
export type Runner = (conformanceCase: ConformanceCase) => Promise<void>;

/** @param make default: engines of a caller's who asks for the CPU and nothing else */
export function cpuRunner(name: string, make?: () => Engine): Runner {
  return async (conformanceCase) => {
    const engines = new Engines(make ?? ((options) => createEngine({ backend: 'cpu', ...options })));
    try {
      await conformanceCase.run({ name, backend: 'cpu', createEngine: (options) => engines.create(options) });
    } finally {
      await engines.destroy();
    }
  };
}

/**
 * Engines that share their workers, which take longer to start than most cases to run: when one is destroyed its
 * datasets go, and with them what it runs, but the workers stay.
 */
export function sharing(workers: ClusteringEngine): () => Engine {
  const lasting = { ...workers, destroy: () => Promise.resolve() };
  return () => engineOf(new EngineSet('cpu', lasting, null));
}

/**
 * The engines of all cases share one device, and so do those that lend the engine one, unless they lose it: kernels are
 * compiled once. A case fails on any error that its devices report, whether thrown or not,
 * and on buffers that are left when its engines are destroyed.
 *
 * @param forced what engines are forced to where a case does not say
 */
export function webgpuRunner(
  name: string,
  requestDevice: () => Promise<GPUDevice>,
  forced: Pick<CaseEngineOptions, 'variant'> = {},
): Runner {
  let shared: WatchedDevice | undefined;
  let kept: WatchedDevice | undefined;
  return async (conformanceCase) => {
    if (shared === undefined || shared.lost) shared = new WatchedDevice(await requestDevice());
    const own = shared;
    const lent: WatchedDevice[] = [];
    const lend = async () => {
      if (lent.length > 0 || kept === undefined || kept.lost) return new WatchedDevice(await requestDevice());
      return kept;
    };
    const engines = new Engines((options) => gpuEngine(own.device, { ...forced, ...options }));
    const context: ConformanceContext = {
      name,
      backend: 'webgpu',
      createEngine: (options) => engines.create(options),
      async requestDevice() {
        const watched = await lend();
        watched.open();
        lent.push(watched);
        return watched.device;
      },
      liveBuffers: () => own.live.size,
    };
    own.open();
    const failures: string[] = [];
    try {
      await conformanceCase.run(context);
    } catch (error) {
      failures.push(describe(error));
    }
    await engines.destroy().catch((error) => failures.push(`on destroying an engine: ${describe(error)}`));
    for (const watched of [own, ...lent]) failures.push(...(await watched.close()));
    failures.push(...Array.from(own.live, ({ label, size }) => `left a buffer of ${size} bytes: ${label}`));
    for (const watched of lent) for (const buffer of watched.live) buffer.destroy();
    if (failures.length === 0) {
      kept = lent.shift() ?? kept;
      for (const { device } of lent) device.destroy();
      return;
    }
    // New devices: the next case is not to suffer for this one.
    for (const { device } of [own, ...lent]) device.destroy();
    throw new Error(failures.join('\n'));
  };
}

async function gpuEngine(device: GPUDevice, { variant, ...limits }: CaseEngineOptions): Promise<Engine> {
  if (variant === undefined) return createEngine({ backend: 'webgpu', device, ...limits });
  const gpu = (await requestGpu({ device, softwareToo: true, bindingLimit: limits.bindingLimit, variant })) as Gpu;
  return engineOf(new EngineSet('webgpu', null, createGpuEngine(gpu)));
}

/** The engines that a case makes. */
class Engines {
  readonly #make: (options: CaseEngineOptions) => Engine | Promise<Engine>;
  readonly #engines: Engine[] = [];

  constructor(make: (options: CaseEngineOptions) => Engine | Promise<Engine>) {
    this.#make = make;
  }

  async create(options: CaseEngineOptions = {}): Promise<Engine> {
    const engine = await this.#make(options);
    this.#engines.push(engine);
    return engine;
  }

  async destroy(): Promise<void> {
    await Promise.all(this.#engines.map((engine) => engine.destroy()));
  }
}

const SCOPES: readonly GPUErrorFilter[] = ['validation', 'out-of-memory', 'internal'];

/** A device whose errors and buffers are counted. */
class WatchedDevice {
  readonly device: GPUDevice;
  /** Created and not destroyed. */
  readonly live = new Set<GPUBuffer>();
  lost = false;
  readonly #uncaptured: string[] = [];

  constructor(device: GPUDevice) {
    this.device = device;
    device.addEventListener('uncapturederror', (event) => this.#uncaptured.push(`uncaptured: ${event.error.message}`));
    void device.lost.then(() => {
      this.lost = true;
    });
    this.#watchBuffers();
    this.#watchDestroy();
  }

  #watchBuffers(): void {
    const { device, live } = this;
    const createBuffer = device.createBuffer.bind(device);
    device.createBuffer = (descriptor) => {
      const buffer = createBuffer(descriptor);
      const destroy = buffer.destroy.bind(buffer);
      buffer.destroy = () => {
        live.delete(buffer);
        return destroy();
      };
      live.add(buffer);
      return buffer;
    };
  }

  #watchDestroy(): void {
    const destroy = this.device.destroy.bind(this.device);
    this.device.destroy = () => {
      this.lost = true;
      this.live.clear();
      return destroy();
    };
  }

  open(): void {
    for (const scope of [...SCOPES].reverse()) this.device.pushErrorScope(scope);
  }

  /** What went wrong since `open`. A lost device reports nothing more. */
  async close(): Promise<string[]> {
    if (this.lost) return this.#uncaptured.splice(0);
    // Scopes are a stack: the last one opened is popped first.
    const errors = await Promise.all(SCOPES.map(() => this.device.popErrorScope()));
    const messages = errors.flatMap((error, i) => (error ? [`${SCOPES[i]} error: ${error.message}`] : []));
    return [...messages, ...this.#uncaptured.splice(0)];
  }
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return `threw ${String(error)}`;
  // V8's stack starts with the message, other engines' does not hold it.
  return error.stack?.includes(error.message) ? error.stack : `${error.name}: ${error.message}\n${error.stack}`;
}
