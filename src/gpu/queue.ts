import type { Gpu } from './device.ts';

/** GPU time that a submit should take: a desktop's compositor waits no longer, and no watchdog bites. */
const TARGET_MS = 100;
/** Multiply-adds of the first submit: 20 ms at 10 G/s. */
const FIRST_BUDGET = 2 ** 28;
/** Submits in flight before the host waits. */
const AHEAD = 2;

/**
 * Command encoding in submits of bounded time. Work is counted in multiply-adds; how many of them fit a submit is
 * learnt from the submits before. Timing decides what goes together, never what is computed.
 */
export class Queue {
  readonly #gpu: Gpu;
  readonly #check: () => void;
  readonly #inFlight: Promise<void>[] = [];
  #encoder: GPUCommandEncoder | null = null;
  #pass: GPUComputePassEncoder | null = null;
  #work = 0;
  #budget = FIRST_BUDGET;
  #idleSince = 0;

  /** `dataset`: what the work reads; once its `check` throws there is nothing to submit. */
  constructor(gpu: Gpu, dataset?: { check(): void }) {
    this.#gpu = gpu;
    this.#check = () => dataset?.check();
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

  /**
   * Submits what is encoded; waits only while too much is in flight.
   *
   * @throws {TypeError} where the engine or the dataset was destroyed.
   */
  async submit(): Promise<void> {
    this.#gpu.checkAlive();
    this.#check();
    this.#endPass();
    if (this.#encoder === null) return;
    const { queue } = this.#gpu.device;
    queue.submit([this.#encoder.finish()]);
    this.#encoder = null;
    this.#inFlight.push(this.#measure(this.#work, queue.onSubmittedWorkDone()));
    this.#work = 0;
    while (this.#inFlight.length > AHEAD) await this.#gpu.guard(this.#inFlight.shift()!);
  }

  /** Reads a range of a buffer, behind all that is encoded. */
  async read(buffer: GPUBuffer, offset: number, bytes: number): Promise<ArrayBuffer> {
    const { arena, staging } = await this.#gpu.allocate((arena) => ({ arena, staging: arena.staging('read', bytes) }));
    try {
      this.copy(buffer, offset, staging, 0, bytes);
      await this.submit();
      return await this.#gpu.contents(staging);
    } finally {
      arena.destroy();
    }
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
    // Some implementations only look every 100 ms: what seems to take one look may take a moment.
    if (took <= 1.3 * TARGET_MS) {
      if (work >= this.#budget / 2) this.#budget *= Math.min(4, Math.max(1.5, TARGET_MS / Math.max(1, took)));
    } else if (took > 2 * TARGET_MS) {
      this.#budget = Math.max(2 ** 20, (work * TARGET_MS) / took);
    }
  }
}
