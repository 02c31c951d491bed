import type { ProcessorInfo } from '../engine.ts';
import { DeviceLostError, WebGPUUnavailableError } from '../errors.ts';
import { MAP_READ, Usage } from './flags.ts';
import { compileKernel, type Kernel, type KernelSource } from './kernel.ts';

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

/** Compiled kernels, and those on the way, by their code. */
const kernelCaches = new WeakMap<GPUDevice, Map<string, Promise<Kernel>>>();

function kernelsOf(device: GPUDevice): Map<string, Promise<Kernel>> {
  let kernels = kernelCaches.get(device);
  if (kernels === undefined) kernelCaches.set(device, (kernels = new Map()));
  return kernels;
}

/**
 * Firefox looks every 100 ms whether the GPU is done, and at every submit: an empty one brings a buffer home in 8 ms.
 */
const NUDGE_MS = 4;

/** Waits this long for the news of a lost device when a promise that hung on it has failed. */
const LOSS_NEWS_MS = 200;
/** The same where a buffer was unmapped under a read, which nothing but a loss does: a busy machine brings the news late. */
const LOSS_NEWS_OF_READS_MS = 5000;

/** A device, what is allocated on it, and its loss turned into errors. */
export class Gpu {
  readonly device: GPUDevice;
  readonly info: ProcessorInfo;
  /** Bytes of one storage binding, at most. */
  readonly bindingLimit: number;
  /** Whether it is a CPU that plays the GPU. */
  readonly software: boolean;
  readonly #owned: boolean;
  readonly #kernels: Map<string, Promise<Kernel>>;
  readonly #arenas = new Set<Arena>();
  readonly #loss: Promise<never>;
  #lost: DeviceLostError | null = null;
  #destroyed = false;

  constructor(device: GPUDevice, owned: boolean, bindingLimit = Infinity) {
    this.device = device;
    this.#owned = owned;
    this.software = isSoftware(device.adapterInfo);
    this.#kernels = kernelsOf(device);
    const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
    this.bindingLimit = Math.min(maxStorageBufferBindingSize, maxBufferSize, bindingLimit);
    const { vendor = '', architecture = '', description = '' } = device.adapterInfo ?? {};
    const adapter = description || `${vendor} ${architecture}`.trim();
    this.info = { adapter, features: [...device.features].sort(), threads: 1, software: this.software };
    this.#loss = device.lost.then(({ message, reason }) => {
      this.#lost = new DeviceLostError(`the GPU device was lost (${reason ?? 'unknown'}): ${message}`);
      throw this.#lost;
    });
    this.#loss.catch(() => undefined);
  }

  get lost(): boolean {
    return this.#lost !== null;
  }

  /** The promise, or the rejection that a lost device calls for: what hangs on a lost device may never settle. */
  async guard<T>(promise: Promise<T>): Promise<T> {
    const nudging = setInterval(() => this.device.queue.submit([]), NUDGE_MS);
    try {
      return await Promise.race([promise, this.#loss]);
    } catch (error) {
      this.checkAlive();
      if (!(error instanceof DeviceLostError)) {
        const isRead = (error as { name?: string } | null)?.name === 'AbortError';
        const patience = isRead ? LOSS_NEWS_OF_READS_MS : LOSS_NEWS_MS;
        await Promise.race([new Promise<void>((resolve) => setTimeout(resolve, patience)), this.#loss]);
      }
      throw error;
    } finally {
      clearInterval(nudging);
    }
  }

  /** What a staging buffer holds, once the work before it is done. */
  contents(staging: GPUBuffer): Promise<ArrayBuffer> {
    const read = staging.mapAsync(MAP_READ).then(() => {
      const bytes = staging.getMappedRange().slice(0);
      staging.unmap();
      return bytes;
    });
    return this.guard(read);
  }

  /** A pipeline for the source, compiled once for each device and prelude, whichever engine asks. */
  kernel(source: KernelSource): Promise<Kernel> {
    let kernel = this.#kernels.get(source.code);
    if (kernel === undefined) {
      kernel = this.guard(compileKernel(this.device, source));
      this.#kernels.set(source.code, kernel);
      kernel.catch(() => this.#kernels.delete(source.code));
    }
    return kernel;
  }

  /**
   * Runs `build` with a new arena, and gives the arena back only if every allocation in it succeeded.
   *
   * @throws {RangeError} where memory is short; nothing is left allocated.
   */
  async allocate<T>(build: (arena: Arena) => T): Promise<T> {
    this.checkAlive();
    const arena = new Arena(this.device, this.#arenas);
    this.device.pushErrorScope('out-of-memory');
    this.device.pushErrorScope('validation');
    const attempt = attemptTo(() => build(arena));
    const checked = Promise.all([this.device.popErrorScope(), this.device.popErrorScope()]).then(([invalid, short]) => {
      if (short !== null) throw new RangeError(`the GPU has no room for ${arena.bytes} bytes: ${short.message}`);
      // A build that threw has the better words for what is wrong.
      if (invalid !== null && 'built' in attempt) throw new Error(`WebGPU refused an allocation: ${invalid.message}`);
    });
    try {
      await this.guard(checked);
      if ('thrown' in attempt) throw attempt.thrown;
      return attempt.built;
    } catch (error) {
      arena.destroy();
      throw error;
    }
  }

  /**
   * @throws {TypeError} where the engine was destroyed, and all that it had allocated.
   * @throws {DeviceLostError} where the device was lost, and all that was on it.
   */
  checkAlive(): void {
    if (this.#destroyed) throw new TypeError('the engine was destroyed');
    if (this.#lost !== null) throw this.#lost;
  }

  /** Frees all that was allocated here, and the device unless it is borrowed. */
  destroy(): void {
    this.#destroyed = true;
    for (const arena of [...this.#arenas]) arena.destroy();
    if (this.#owned) this.device.destroy();
  }
}

/** What came of a call, so that error scopes can be closed behind it either way. */
function attemptTo<T>(build: () => T): { readonly built: T } | { readonly thrown: unknown } {
  try {
    return { built: build() };
  } catch (thrown) {
    return { thrown };
  }
}

/** Buffers that live and go together. */
export class Arena {
  readonly #device: GPUDevice;
  readonly #all: Set<Arena>;
  readonly #buffers: GPUBuffer[] = [];
  bytes = 0;

  constructor(device: GPUDevice, all: Set<Arena>) {
    this.#device = device;
    this.#all = all;
    all.add(this);
  }

  /** A storage buffer that the host can write and that can be copied out. */
  storage(label: string, bytes: number): GPUBuffer {
    return this.#create(label, Math.max(4, bytes), Usage.STORAGE | Usage.COPY_DST | Usage.COPY_SRC);
  }

  /** A storage buffer with contents. */
  filled(label: string, contents: ArrayBufferView): GPUBuffer {
    const buffer = this.storage(label, contents.byteLength);
    this.#device.queue.writeBuffer(buffer, 0, contents.buffer as ArrayBuffer, contents.byteOffset, contents.byteLength);
    return buffer;
  }

  /** A uniform buffer of words: integers as u32, numbers under `floats` as f32. */
  uniform(label: string, words: readonly number[], floats: readonly number[] = []): GPUBuffer {
    const bytes = Math.ceil((4 * (words.length + floats.length)) / 16) * 16;
    const buffer = this.#create(label, bytes, Usage.UNIFORM | Usage.COPY_DST);
    const contents = new ArrayBuffer(bytes);
    new Uint32Array(contents).set(words);
    new Float32Array(contents).set(floats, words.length);
    this.#device.queue.writeBuffer(buffer, 0, contents);
    return buffer;
  }

  /** A buffer that the host can map and read. */
  staging(label: string, bytes: number): GPUBuffer {
    return this.#create(label, bytes, Usage.MAP_READ | Usage.COPY_DST);
  }

  destroy(): void {
    for (const buffer of this.#buffers) buffer.destroy();
    this.#buffers.length = 0;
    this.#all.delete(this);
  }

  #create(label: string, size: number, usage: number): GPUBuffer {
    const buffer = this.#device.createBuffer({ label, size: Math.ceil(size / 4) * 4, usage });
    this.#buffers.push(buffer);
    this.bytes += size;
    return buffer;
  }
}
