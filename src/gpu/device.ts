import type { ProcessorInfo } from '../engine/contract.ts';
import { onAbort } from '../engine/steps.ts';
import { DeviceLostError, WebGPUUnavailableError } from '../errors.ts';
import { Usage } from './flags.ts';
import { compileKernel, type Kernel, type KernelSource } from './kernel.ts';
import { type ScopedError, scoped } from './scope.ts';

export interface GpuRequest {
  /** A borrowed device, or undefined to request one. */
  readonly device: GPUDevice | undefined;
  /** Whether a software adapter is good enough; a borrowed device is taken in any case. */
  readonly softwareToo: boolean;
  readonly bindingLimit: number | undefined;
}

/** Why there is no device. */
export type Absence = 'no-adapter' | 'software-adapter';

/**
 * A device of one's own or a borrowed one, or why there is none that the request would take.
 *
 * @throws {WebGPUUnavailableError} where software adapters would do, and there is not even one of those.
 */
export async function requestGpu({ device, softwareToo, bindingLimit }: GpuRequest): Promise<Gpu | Absence> {
  if (device !== undefined) return new Gpu(device, false, bindingLimit);
  const adapter = await requestAdapter();
  if (adapter !== null && !softwareToo && isSoftware(adapter.info)) return 'software-adapter';
  if (adapter === null) {
    if (!softwareToo) return 'no-adapter';
    throw new WebGPUUnavailableError(
      'no WebGPU adapter: in Node pass the device of webgpu-clustering/node, in a browser see that WebGPU is enabled',
    );
  }
  const { maxStorageBufferBindingSize, maxBufferSize } = adapter.limits;
  const requiredLimits = { maxStorageBufferBindingSize, maxBufferSize };
  try {
    return new Gpu(await adapter.requestDevice({ requiredLimits }), true, bindingLimit);
  } catch (error) {
    if (!softwareToo) return 'no-adapter';
    throw new WebGPUUnavailableError(`the WebGPU adapter gave no device: ${(error as Error).message}`);
  }
}

async function requestAdapter(): Promise<GPUAdapter | null> {
  const gpu = (globalThis as { navigator?: { gpu?: GPU } }).navigator?.gpu;
  return (await gpu?.requestAdapter({ powerPreference: 'high-performance' }).catch(() => null)) ?? null;
}

function isSoftware(info: GPUAdapterInfo | undefined): boolean {
  if (info === undefined) return false;
  // Not every implementation tells it by the flag.
  const names = `${info.vendor} ${info.architecture} ${info.device} ${info.description}`;
  return info.isFallbackAdapter === true || /swiftshader|llvmpipe|lavapipe|basic render/i.test(names);
}

/** What the engines on a device share. */
interface Shared {
  /** Compiled kernels, and those on the way, by their code. */
  readonly kernels: Map<string, Promise<Kernel>>;
  /** To be told of its loss. */
  readonly gpus: Set<Gpu>;
  lost: DeviceLostError | null;
}

const sharedOf = new WeakMap<GPUDevice, Shared>();

function share(device: GPUDevice): Shared {
  const known = sharedOf.get(device);
  if (known !== undefined) return known;
  const shared: Shared = { kernels: new Map(), gpus: new Set(), lost: null };
  sharedOf.set(device, shared);
  // Once a device, which may see many engines come and go.
  void device.lost.then(({ message, reason }) => {
    shared.lost = new DeviceLostError(`the GPU device was lost (${reason ?? 'unknown'}): ${message}`);
    for (const gpu of shared.gpus) gpu.end(shared.lost);
    shared.gpus.clear();
  });
  return shared;
}

/**
 * Firefox looks every 100 ms whether the GPU is done, and at every submit: an empty one brings a buffer home in 8 ms.
 */
const NUDGE_MS = 4;

/** Waits this long for the news of a lost device when a promise that hung on it has failed. */
const LOSS_NEWS_MS = 200;
/** The same where a buffer was unmapped under a read, which only a loss does to a live allocation: a busy machine brings the news late. */
const LOSS_NEWS_OF_READS_MS = 5000;

/** The device did not take what it was given. */
export class RefusedError extends Error {}

/** A device, what is allocated on it, and its loss turned into errors. */
export class Gpu {
  readonly device: GPUDevice;
  readonly info: ProcessorInfo;
  /** Bytes of one storage binding, at most. */
  readonly bindingLimit: number;
  /** Bytes of the largest storage buffer. */
  readonly largestBuffer: number;
  /** Whether it is a CPU that plays the GPU. */
  readonly software: boolean;
  readonly #owned: boolean;
  readonly #shared: Shared;
  readonly #allocations = new Set<Allocation>();
  /** Without buffers: for what is waited for in the name of the engine. */
  readonly #root: Allocation;
  #destroyed = false;
  #waits = 0;
  #nudging: ReturnType<typeof setInterval> | undefined;

  constructor(device: GPUDevice, owned: boolean, bindingLimit = Infinity) {
    this.device = device;
    this.#owned = owned;
    this.software = isSoftware(device.adapterInfo);
    this.#shared = share(device);
    if (this.#shared.lost === null) this.#shared.gpus.add(this);
    const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
    this.largestBuffer = Math.min(maxStorageBufferBindingSize, maxBufferSize);
    this.bindingLimit = Math.min(this.largestBuffer, bindingLimit);
    const { vendor = '', architecture = '', description = '' } = device.adapterInfo ?? {};
    const adapter = description || `${vendor} ${architecture}`.trim();
    this.info = { adapter, features: [...device.features].sort(), threads: 1, software: this.software };
    this.#root = new Allocation(this, this.#allocations);
  }

  get lost(): boolean {
    return this.#shared.lost !== null;
  }

  /** Waits for a promise of the device's, with empty submits as long as anyone waits. */
  async nudged<T>(promise: Promise<T>): Promise<T> {
    if (this.#waits++ === 0) this.#nudging = setInterval(() => this.device.queue.submit([]), NUDGE_MS);
    try {
      return await promise;
    } finally {
      if (--this.#waits === 0) clearInterval(this.#nudging);
    }
  }

  /** A pipeline for the source, compiled once for each device and prelude, whichever engine asks. */
  kernel(source: KernelSource): Promise<Kernel> {
    this.checkAlive();
    const { kernels } = this.#shared;
    let kernel = kernels.get(source.code);
    if (kernel === undefined) {
      kernel = compileKernel(this.device, source);
      kernels.set(source.code, kernel);
      kernel.catch(() => kernels.delete(source.code));
    }
    return this.#root.guard(kernel);
  }

  /**
   * Runs `build` with a new allocation, and gives the allocation back only if every allocation in it succeeded.
   *
   * @param signal its abort ends the allocation, until `keep`
   * @throws {RangeError} where memory is short; nothing is left allocated.
   */
  async allocate<T>(build: (allocation: Allocation) => T, signal?: AbortSignal): Promise<T> {
    this.checkAlive();
    signal?.throwIfAborted();
    const allocation = new Allocation(this, this.#allocations, signal);
    try {
      const { result, accepted } = allocation.tried(() => build(allocation));
      await accepted;
      return result;
    } catch (error) {
      allocation.destroy();
      throw error;
    }
  }

  /**
   * @throws {TypeError} where the engine was destroyed, and all that it had allocated.
   * @throws {DeviceLostError} where the device was lost, and all that was on it.
   */
  checkAlive(): void {
    if (this.#destroyed) throw new TypeError('the engine was destroyed');
    if (this.#shared.lost !== null) throw this.#shared.lost;
  }

  /** Ends all that waits for the device. */
  end(reason: Error): void {
    for (const allocation of this.#allocations) allocation.end(reason);
  }

  /** Frees all that was allocated here, and the device unless it is borrowed. */
  destroy(): void {
    this.#destroyed = true;
    this.#shared.gpus.delete(this);
    for (const allocation of [...this.#allocations]) allocation.destroy(new TypeError('the engine was destroyed'));
    if (this.#owned) this.device.destroy();
  }
}

/** Buffers that live and go together, and the work that waits for them. */
export class Allocation {
  readonly #gpu: Gpu;
  readonly #all: Set<Allocation>;
  readonly #buffers: GPUBuffer[] = [];
  readonly #waiting = new Set<(reason: unknown) => void>();
  readonly #unbind: () => void;
  /** Why there is nothing to wait for any more. */
  #ended: { readonly reason: unknown } | null = null;
  #bytes = 0;

  constructor(gpu: Gpu, all: Set<Allocation>, signal?: AbortSignal) {
    this.#gpu = gpu;
    this.#all = all;
    all.add(this);
    this.#unbind = signal === undefined ? () => undefined : onAbort(signal, () => this.destroy(signal.reason));
  }

  /** @throws the reason why the allocation, its engine or its device has ended. */
  check(): void {
    this.#gpu.checkAlive();
    if (this.#ended !== null) throw this.#ended.reason;
  }

  /** A buffer of its own that is no longer: whoever gets it destroys it. */
  giveAway(buffer: GPUBuffer): GPUBuffer {
    this.#buffers.splice(this.#buffers.indexOf(buffer), 1);
    return buffer;
  }

  /** The signal that it was made under is no longer its own. */
  keep(): void {
    this.#unbind();
  }

  /** The promise, or the rejection that the end of the allocation calls for: what hangs on a lost device may never settle. */
  async guard<T>(promise: Promise<T>): Promise<T> {
    try {
      return await this.#gpu.nudged(this.#orEnd(promise));
    } catch (error) {
      const isRead = (error as { name?: string } | null)?.name === 'AbortError';
      throw await this.#lossOr(error, isRead ? LOSS_NEWS_OF_READS_MS : LOSS_NEWS_MS);
    }
  }

  /**
   * Does `work`, which must not wait, in error scopes of its own.
   *
   * @returns what it returned; `accepted` rejects where the device refused any of it, and need not be waited for at once
   */
  tried<T>(work: () => T): { readonly result: T; readonly accepted: Promise<void> } {
    const { result, errors } = scoped(this.#gpu.device, work);
    const accepted = this.#checked(errors);
    accepted.catch(() => undefined);
    return { result, accepted };
  }

  /** A storage buffer that the host can write and that can be copied out. */
  storage(label: string, bytes: number): GPUBuffer {
    return this.#create(label, Math.max(4, bytes), Usage.STORAGE | Usage.COPY_DST | Usage.COPY_SRC);
  }

  /** A storage buffer with contents. */
  filled(label: string, contents: ArrayBufferView): GPUBuffer {
    const buffer = this.storage(label, contents.byteLength);
    const { queue } = this.#gpu.device;
    queue.writeBuffer(buffer, 0, contents.buffer as ArrayBuffer, contents.byteOffset, contents.byteLength);
    return buffer;
  }

  /** A uniform buffer of words: integers as u32, numbers under `floats` as f32. */
  uniform(label: string, words: readonly number[], floats: readonly number[] = []): GPUBuffer {
    const bytes = Math.ceil((4 * (words.length + floats.length)) / 16) * 16;
    const buffer = this.#create(label, bytes, Usage.UNIFORM | Usage.COPY_DST);
    const contents = new ArrayBuffer(bytes);
    new Uint32Array(contents).set(words);
    new Float32Array(contents).set(floats, words.length);
    this.#gpu.device.queue.writeBuffer(buffer, 0, contents);
    return buffer;
  }

  /** A buffer that the host can map and read. */
  staging(label: string, bytes: number): GPUBuffer {
    return this.#create(label, bytes, Usage.MAP_READ | Usage.COPY_DST);
  }

  /** Rejects all that waits here. */
  end(reason: unknown): void {
    this.#ended ??= { reason };
    for (const reject of this.#waiting) reject(this.#ended.reason);
    this.#waiting.clear();
  }

  destroy(reason: unknown = new TypeError('the buffers were freed')): void {
    // Before the buffers, whose reads would fail for a reason that says less.
    this.end(reason);
    this.#unbind();
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers.length = 0;
    this.#all.delete(this);
  }

  /** Not a race with a promise that lives as long as the device: that one would hold every value that ever came home. */
  #orEnd<T>(promise: Promise<T>): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (this.#ended === null) this.#waiting.add(reject);
      else reject(this.#ended.reason);
      void promise.then(resolve, reject).then(() => this.#waiting.delete(reject));
    });
  }

  /** A failure waits for the news of a loss, which would be its reason. */
  async #lossOr(error: unknown, patience: number): Promise<unknown> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const waited = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patience);
    });
    await this.#orEnd(waited).catch(() => undefined);
    clearTimeout(timer);
    return this.#ended === null ? error : this.#ended.reason;
  }

  async #checked(errors: Promise<readonly ScopedError[]>): Promise<void> {
    const [error] = await this.guard(errors);
    if (error === undefined) return;
    if (error.filter === 'out-of-memory') {
      const { maxBufferSize } = this.#gpu.device.limits;
      throw new RangeError(
        `the GPU has no room for ${this.#bytes} bytes, in buffers of at most ${maxBufferSize}: ${error.message}`,
      );
    }
    throw await this.#lossOr(new RefusedError(`WebGPU refused the work: ${error.message}`), LOSS_NEWS_MS);
  }

  #create(label: string, size: number, usage: number): GPUBuffer {
    const { device } = this.#gpu;
    const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
    const limit = usage & Usage.STORAGE ? Math.min(maxBufferSize, maxStorageBufferBindingSize) : maxBufferSize;
    if (size > limit) {
      throw new RangeError(`${label}: the GPU has no buffers of ${size} bytes, only of up to ${limit}`);
    }
    const buffer = device.createBuffer({ label, size: Math.ceil(size / 4) * 4, usage });
    this.#buffers.push(buffer);
    this.#bytes += size;
    return buffer;
  }
}
