import { deviceFeatures } from '../device-features.ts';
import type { ProcessorInfo } from '../engine/contract.ts';
import type { TunedAdapter, Tuning } from '../engine/tuning.ts';
import { DeviceLostError, WebGPUUnavailableError } from '../errors.ts';
import { onAbort } from '../steps.ts';
import { isSoftware, requestAdapter, roomOf } from './adapter.ts';
import { Usage } from './flags.ts';
import {
  type Bindings,
  compilePipeline,
  compiles,
  type Kernel,
  type KernelSource,
  kernelOn,
  type Pipeline,
  type Subgroups,
} from './kernel.ts';
import { canFilter, DEEP_BYTES, isTall, type Tile, type Variant } from './plan.ts';
import { type ScopedError, scoped } from './scope.ts';
import { pack, type Struct, type Uniform, type ValuesOf } from './struct.ts';
import { Tuned } from './tuned.ts';

export interface GpuRequest {
  /** A borrowed device, or undefined to request one. */
  readonly device?: GPUDevice | undefined;
  /** Whether a software adapter is good enough; a borrowed device is taken in any case. */
  readonly softwareToo: boolean;
  readonly bindingLimit?: number | undefined;
  /** What is to be done so whatever the adapter: tests go through all. */
  readonly variant?: Partial<Variant>;
  /** Which variants are the fastest, if its adapter is the device's: read. */
  readonly tuning?: Tuning | undefined;
}

/** Why there is no device. */
export type Absence = 'no-adapter' | 'software-adapter';

/**
 * A device of one's own or a borrowed one, or why there is none that the request would take.
 *
 * @throws {WebGPUUnavailableError} where software adapters would do, and there is not even one of those.
 */
export async function requestGpu({
  device,
  softwareToo,
  bindingLimit,
  variant,
  tuning,
}: GpuRequest): Promise<Gpu | Absence> {
  const absent = (message: string): Absence => {
    if (softwareToo) throw new WebGPUUnavailableError(message);
    return 'no-adapter';
  };
  if (device !== undefined) {
    const threads = device.limits.maxComputeInvocationsPerWorkgroup;
    if (threads < THREADS) return absent(`the device has workgroups of ${threads}, not ${THREADS}`);
    return new Gpu(device, false, bindingLimit, variant, tuning);
  }
  const adapter = await requestAdapter();
  if (adapter === null) {
    return absent(
      'no WebGPU adapter: in Node pass the device of webgpu-clustering/node, in a browser see that WebGPU is enabled',
    );
  }
  if (!softwareToo && isSoftware(adapter.info)) return 'software-adapter';
  const requiredLimits = roomOf(adapter);
  const requiredFeatures = deviceFeatures(adapter);
  try {
    // One that lists what it does not give is done without.
    const own = await adapter.requestDevice({ requiredFeatures, requiredLimits }).catch(async (error: Error) => {
      const again = requiredFeatures.length > 0 ? await requestAdapter() : null;
      if (again === null) throw error;
      return again.requestDevice({ requiredLimits });
    });
    return new Gpu(own, true, bindingLimit, variant, tuning);
  } catch (error) {
    return absent(`the WebGPU adapter gave no device: ${(error as Error).message}`);
  }
}

/** Threads of a workgroup, as every device of WebGPU's core has them; one of its compatibility mode has half of them. */
export const THREADS = 256;

/** Threads of the smallest workgroups, which subgroups of a chosen size have to fill. */
const LEAST_THREADS = 64;

/** What the engines on a device share. */
interface Shared {
  /** Compiled pipelines, and those on the way, by their code. */
  readonly pipelines: Map<string, Promise<Pipeline>>;
  /** To be told of its loss. */
  readonly gpus: Set<Gpu>;
  lost: DeviceLostError | null;
  /** Once somebody has asked. */
  hasByteProducts?: Promise<boolean>;
}

/** What the language feature packed_4x8_integer_dot_product adds, in no constant: Firefox has it, but not there. */
export const BYTE_PRODUCT = 'fn product(a: u32, b: vec4i) -> i32 { return dot4I8Packed(a, pack4xI8(b)); }';

const sharedOf = new WeakMap<GPUDevice, Shared>();

function share(device: GPUDevice): Shared {
  const known = sharedOf.get(device);
  if (known !== undefined) return known;
  const shared: Shared = { pipelines: new Map(), gpus: new Set(), lost: null };
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
 * Firefox looks every 100 ms whether the GPU is done, and at every submit: with an empty one a buffer is read back in 8 ms.
 */
const NUDGE_MS = 4;

/** Waits this long for the news of a lost device when a promise that hung on it has failed. */
const LOSS_NEWS_MS = 200;
/** The same where a buffer was unmapped under a read, which only a loss does to a live allocation: a busy machine brings the news late. */
const LOSS_NEWS_OF_READS_MS = 5000;

/** The device did not take what it was given. */
export class RefusedError extends Error {}

/** Kernels of their sources. */
export type Compiled<Sources> = {
  readonly [Name in keyof Sources]: Sources[Name] extends KernelSource<infer B, infer Size> ? Kernel<B, Size> : never;
};

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
  readonly adapter: TunedAdapter;
  readonly tuned: Tuned;
  readonly #forced: Partial<Variant>;
  readonly #owned: boolean;
  readonly #shared: Shared;
  readonly #allocations = new Set<Allocation>();
  /** Without buffers: for what is waited for in the name of the engine. */
  readonly #root: Allocation;
  #destroyed = false;
  #waits = 0;
  #nudging: ReturnType<typeof setInterval> | undefined;

  constructor(
    device: GPUDevice,
    owned: boolean,
    bindingLimit = Infinity,
    forced: Partial<Variant> = {},
    tuning?: Tuning,
  ) {
    if (forced.subgroups === true && !device.features.has('subgroups')) {
      throw new WebGPUUnavailableError('the device was requested without subgroups');
    }
    this.device = device;
    this.#forced = forced;
    this.#owned = owned;
    this.software = isSoftware(device.adapterInfo);
    this.#shared = share(device);
    if (this.#shared.lost === null) this.#shared.gpus.add(this);
    const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
    this.largestBuffer = Math.min(maxStorageBufferBindingSize, maxBufferSize);
    this.bindingLimit = Math.min(this.largestBuffer, bindingLimit);
    const { vendor = '', architecture = '', description = '' } = device.adapterInfo ?? {};
    this.adapter = { vendor, architecture, description };
    this.tuned = new Tuned(this.adapter, tuning);
    const adapter = description || `${vendor} ${architecture}`.trim();
    this.info = { adapter, features: [...device.features].sort(), threads: 1, software: this.software };
    this.#root = new Allocation(this, this.#allocations);
  }

  /** How points of d features are gone about where nobody knows better: as a test forces it, or as such adapters usually do. */
  usualFor(d: number): Variant {
    return { ...this.tuned.usual(d), ...this.#forced };
  }

  /** Whether threads have registers for tall tiles: as a test forces it, or as such adapters have. */
  get isTall(): boolean {
    const { tile } = this.#forced;
    return tile === undefined ? isTall(this.adapter) : tile !== 'short';
  }

  /** How k centroids of d features are gone about: as a test forces it, as it was tuned, or as is usual. */
  variantFor(d: number, k: number): Variant {
    return { ...this.tuned.variantFor(d, k), ...this.#forced };
  }

  /** The variant, less what this device has not, or such rows. */
  async able(variant: Variant, d: number): Promise<Variant> {
    const filters = variant.filter !== 'none' && canFilter(d) && (await this.#hasByteProducts());
    const subgroups = this.subgroupsOf(variant.subgroups) !== null;
    return { ...variant, filter: filters ? variant.filter : 'none', subgroups };
  }

  /** The tile that this device has workgroup memory for. Not a matter of variants: a filter goes with the tile of the adapter. */
  fitting(tile: Tile): Tile {
    const hasRoom = this.device.limits.maxComputeWorkgroupStorageSize >= DEEP_BYTES;
    return tile === 'deep' && !hasRoom ? 'tall' : tile;
  }

  /** Whether its WGSL has products of bytes, of which a borrowed device does not tell. */
  #hasByteProducts(): Promise<boolean> {
    const shared = this.#shared;
    if (shared.hasByteProducts === undefined) {
      const found = compiles(this.device, BYTE_PRODUCT);
      shared.hasByteProducts = found;
      found.catch(() => delete shared.hasByteProducts);
    }
    return this.#root.guard(shared.hasByteProducts);
  }

  /** What kernels of a variant may count on. */
  subgroupsOf(wanted: boolean): Subgroups {
    const { features, adapterInfo } = this.device;
    if (!wanted || !features.has('subgroups')) return null;
    const { subgroupMinSize: size = 0, subgroupMaxSize = 0 } = adapterInfo ?? {};
    // Where there is a choice the driver knows better what registers allow.
    return features.has('subgroup-size-control') && size === subgroupMaxSize && size <= LEAST_THREADS ? size : 0;
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

  /** The kernel, compiled once for each device and text, whichever engine asks. */
  async kernel<B extends Bindings, Size extends string>(source: KernelSource<B, Size>): Promise<Kernel<B, Size>> {
    this.checkAlive();
    const { pipelines } = this.#shared;
    let pipeline = pipelines.get(source.code);
    if (pipeline === undefined) {
      pipeline = compilePipeline(this.device, source);
      pipelines.set(source.code, pipeline);
      pipeline.catch(() => pipelines.delete(source.code));
    }
    return kernelOn(this.device, source, await this.#root.guard(pipeline));
  }

  /** The same for several, by names. */
  async kernels<Sources extends Readonly<Record<string, KernelSource>>>(sources: Sources): Promise<Compiled<Sources>> {
    const compile = async ([name, source]: [string, KernelSource]) => [name, await this.kernel(source)] as const;
    return Object.fromEntries(await Promise.all(Object.entries(sources).map(compile))) as Compiled<Sources>;
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

  /** A uniform buffer that holds a struct. */
  uniform<S extends Struct>(struct: S, values: ValuesOf<S>): Uniform<S> {
    const buffer = this.#create(struct.name, Math.ceil(struct.bytes / 16) * 16, Usage.UNIFORM | Usage.COPY_DST);
    this.#gpu.device.queue.writeBuffer(buffer, 0, pack(struct, values));
    return { struct, buffer };
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

  /** No race with a promise that lives as long as the device: its reactions would keep every value that ever came back alive. */
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
