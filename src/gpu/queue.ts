import type { Allocation, Gpu } from './device.ts';
import { MAP_READ } from './flags.ts';

/** GPU time that a submit should take: a desktop's compositor waits no longer, and no watchdog bites. */
const TARGET_MS = 100;
/** Multiply-adds of the first submit: 20 ms at 10 G/s. */
const FIRST_BUDGET = 2 ** 28;
/** Submits in flight before the host waits. */
const AHEAD = 2;
/** Staging buffers that are kept for the next reads, and bytes of the largest kept. */
const KEPT = 3;
const KEPT_BYTES = 2 ** 24;

/** Bytes of a buffer. */
interface Range {
  readonly buffer: GPUBuffer;
  readonly offset: number;
  readonly bytes: number;
}

/**
 * Command encoding in submits of bounded time. Work is counted in multiply-adds; how many of them fit a submit is
 * learnt from the submits before. Timing decides what goes together, never what is computed.
 */
export class Queue {
  readonly #gpu: Gpu;
  readonly #allocation: Allocation;
  readonly #dataset: { check(): void } | undefined;
  readonly #inFlight: Promise<unknown>[] = [];
  /** That the device took all that it was given so far. */
  #accepted: Promise<unknown> = Promise.resolve();
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #work = 0;
  #budget = FIRST_BUDGET;
  #idleSince = 0;
  /** Staging buffers that nobody reads. */
  readonly #idle: GPUBuffer[] = [];

  /**
   * @param allocation whose end ends the work
   * @param dataset what the work reads; once its `check` throws there is nothing to submit
   */
  constructor(gpu: Gpu, allocation: Allocation, dataset?: { check(): void }) {
    this.#gpu = gpu;
    this.#allocation = allocation;
    this.#dataset = dataset;
  }

  /** Multiply-adds that a submit should hold. */
  get budget(): number {
    return this.#budget;
  }

  /** The pass to encode into; ask again after every `spend`. */
  get pass(): GPUComputePassEncoder {
    this.#encoder ??= this.#gpu.device.createCommandEncoder();
    this.#pass ??= this.#encoder.beginComputePass();
    return this.#pass;
  }

  /** Books the work that was encoded, and submits when it is enough. */
  async spend(work: number, signal?: AbortSignal): Promise<void> {
    this.#work += work;
    if (this.#work < this.#budget) return;
    signal?.throwIfAborted();
    await this.submit();
  }

  /** Encodes a copy behind what is encoded so far. */
  copy(source: GPUBuffer, from: number, target: GPUBuffer, to: number, bytes: number): void {
    this.#endPass();
    this.#encoder ??= this.#gpu.device.createCommandEncoder();
    this.#encoder.copyBufferToBuffer(source, from, target, to, bytes);
  }

  /** Writes to a buffer, before all that is encoded. */
  write(buffer: GPUBuffer, offset: number, contents: ArrayBuffer | ArrayBufferView<ArrayBuffer>): void {
    this.check();
    this.#give(() => this.#gpu.device.queue.writeBuffer(buffer, offset, contents));
  }

  /**
   * Submits what is encoded; waits only while too much is in flight.
   *
   * @throws {TypeError} where the engine or the dataset was destroyed.
   * @throws {RefusedError} where the device did not take what was submitted before.
   */
  async submit(): Promise<void> {
    this.check();
    this.#endPass();
    const encoder = this.#encoder;
    if (encoder === null) return;
    this.#encoder = null;
    const { queue } = this.#gpu.device;
    const accepted = this.#give(() => queue.submit([encoder.finish()]));
    const done = Promise.all([accepted, this.#measure(this.#work, queue.onSubmittedWorkDone())]);
    done.catch(() => undefined);
    this.#inFlight.push(done);
    this.#work = 0;
    while (this.#inFlight.length > AHEAD) await this.#allocation.guard(this.#inFlight.shift()!);
  }

  /** Waits until the device has taken all that was submitted and written; the GPU may be at it still. */
  async settle(): Promise<void> {
    await this.#accepted;
  }

  /** Waits until the GPU has done all that was submitted and written. */
  async drain(): Promise<void> {
    await Promise.all([this.#accepted, this.#allocation.guard(this.#gpu.device.queue.onSubmittedWorkDone())]);
  }

  /** What a staging buffer holds, or its first bytes, once the work before it is done. */
  async contents(staging: GPUBuffer, size = staging.size): Promise<ArrayBuffer> {
    this.check();
    const { result: mapped } = this.#allocation.tried(() => staging.mapAsync(MAP_READ, 0, size));
    const read = mapped.then(() => {
      const bytes = staging.getMappedRange(0, size).slice(0);
      staging.unmap();
      return bytes;
    });
    const [bytes] = await Promise.all([this.#allocation.guard(read), this.#accepted]);
    return bytes;
  }

  /** Reads a range of a buffer, behind all that is encoded. */
  async read(buffer: GPUBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    const [range] = await this.readRanges([{ buffer, offset, bytes }]);
    return range;
  }

  /** Reads some ranges, of whole words, at once. */
  async readRanges(ranges: readonly Range[]): Promise<ArrayBuffer[]> {
    const total = ranges.reduce((sum, { bytes }) => sum + bytes, 0);
    const staging = await this.#takeStaging(total);
    let to = 0;
    for (const { buffer, offset, bytes } of ranges) {
      this.copy(buffer, offset, staging, to, bytes);
      to += bytes;
    }
    await this.submit();
    const contents = await this.contents(staging, total);
    this.#giveBack(staging);
    if (ranges.length === 1) return [contents];
    let from = 0;
    return ranges.map(({ bytes }) => contents.slice(from, (from += bytes)));
  }

  /** The smallest idle buffer that is large enough, or a new one. Those of reads that fail go with the allocation. */
  async #takeStaging(bytes: number): Promise<GPUBuffer> {
    const i = this.#idle.findIndex(({ size }) => size >= bytes);
    if (i >= 0) return this.#idle.splice(i, 1)[0];
    this.check();
    const { result, accepted } = this.#allocation.tried(() => this.#allocation.staging('read', bytes));
    await accepted;
    return result;
  }

  #giveBack(staging: GPUBuffer): void {
    this.#idle.push(staging);
    this.#idle.sort((a, b) => a.size - b.size);
    const superfluous = staging.size > KEPT_BYTES ? staging : this.#idle.length > KEPT ? this.#idle[0] : null;
    if (superfluous === null) return;
    this.#idle.splice(this.#idle.indexOf(superfluous), 1);
    this.#allocation.giveAway(superfluous).destroy();
  }

  /**
   * @throws {TypeError} where the engine or the dataset was destroyed.
   * @throws {DeviceLostError} where the device was lost.
   */
  check(): void {
    this.#allocation.check();
    this.#dataset?.check();
  }

  #give(work: () => void): Promise<void> {
    const { accepted } = this.#allocation.tried(work);
    this.#accepted = Promise.all([this.#accepted, accepted]);
    this.#accepted.catch(() => undefined);
    return accepted;
  }

  #endPass(): void {
    this.#pass?.end();
    this.#pass = null;
  }

  async #measure(work: number, done: Promise<undefined>): Promise<void> {
    const submitted = performance.now();
    await done.catch(() => undefined);
    const now = performance.now();
    const took = now - Math.max(submitted, this.#idleSince);
    this.#idleSince = now;
    // Some implementations only look every 100 ms: a submit that seems to take 100 ms may have taken far less.
    if (took <= 1.3 * TARGET_MS) {
      if (work >= this.#budget / 2) this.#budget *= Math.min(4, Math.max(1.5, TARGET_MS / Math.max(1, took)));
    } else if (took > 2 * TARGET_MS) {
      this.#budget = Math.max(2 ** 20, (work * TARGET_MS) / took);
    }
  }
}
