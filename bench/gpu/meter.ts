/** What a device is asked to do, counted from outside: bytes of buffers, and GPU time by kernel. Runs in pages too. */
import { MAP_READ, Usage } from '../../src/gpu/flags.ts';

/** Of the specification: a query set is to be resolved into it. */
const QUERY_RESOLVE = 0x200;
/** Passes of a query set, which has two queries for each. */
const PASSES = 512;

/** Milliseconds by the labels of pipelines. */
export type KernelTimes = Readonly<Record<string, number>>;

interface Segment {
  readonly label: string;
  readonly queries: GPUQuerySet;
  /** The first of its two queries. */
  readonly first: number;
}

/** The timestamps of one command buffer, on their way to the host. */
interface Recording {
  readonly segments: readonly Segment[];
  readonly sets: readonly {
    readonly queries: GPUQuerySet;
    readonly staging: GPUBuffer;
    readonly resolved: GPUBuffer;
  }[];
}

/**
 * Watches a device by standing before `createBuffer` and `createCommandEncoder`. While kernels are timed each has passes of its
 * own, which costs a little: whole calls are timed without.
 */
export class Meter {
  readonly device: GPUDevice;
  readonly hasTimestamps: boolean;
  readonly #createBuffer: GPUDevice['createBuffer'];
  #live = 0;
  #peak = 0;
  #recordings: Recording[] | null = null;

  constructor(device: GPUDevice) {
    this.device = device;
    this.hasTimestamps = device.features.has('timestamp-query');
    this.#createBuffer = device.createBuffer.bind(device);
    device.createBuffer = (descriptor) => this.#counted(this.#createBuffer(descriptor));
    const createCommandEncoder = device.createCommandEncoder.bind(device);
    device.createCommandEncoder = (descriptor) => {
      const encoder = createCommandEncoder(descriptor);
      if (this.#recordings !== null) this.#watch(encoder, this.#recordings);
      return encoder;
    };
  }

  /** Bytes of buffers that lived at once since `resetPeak`. */
  get peakBytes(): number {
    return this.#peak;
  }

  resetPeak(): void {
    this.#peak = this.#live;
  }

  /** GPU time of all that `work` submits and waits for; null where the device has no timestamps. */
  async kernelTimes(work: () => Promise<unknown>): Promise<KernelTimes | null> {
    if (!this.hasTimestamps) return null;
    const recordings: Recording[] = [];
    this.#recordings = recordings;
    try {
      await work();
    } finally {
      this.#recordings = null;
    }
    const times: Record<string, number> = {};
    for (const recording of recordings) await addTimes(times, recording);
    return times;
  }

  #counted(buffer: GPUBuffer): GPUBuffer {
    this.#live += buffer.size;
    this.#peak = Math.max(this.#peak, this.#live);
    const destroy = buffer.destroy.bind(buffer);
    let isLive = true;
    buffer.destroy = () => {
      if (isLive) this.#live -= buffer.size;
      isLive = false;
      return destroy();
    };
    return buffer;
  }

  #watch(encoder: GPUCommandEncoder, recordings: Recording[]): void {
    const segments: Segment[] = [];
    const sets: GPUQuerySet[] = [];
    const beginComputePass = encoder.beginComputePass.bind(encoder);
    encoder.beginComputePass = (descriptor) => {
      let label: string | null = null;
      let pass: GPUComputePassEncoder | null = null;
      /** A pass for each run of dispatches of one kernel. */
      const setPipeline = (pipeline: GPUComputePipeline) => {
        if (pass === null || pipeline.label !== label) {
          pass?.end();
          label = pipeline.label;
          const first = 2 * (segments.length % PASSES);
          if (first === 0) sets.push(this.device.createQuerySet({ type: 'timestamp', count: 2 * PASSES }));
          const queries = sets.at(-1)!;
          segments.push({ label, queries, first });
          const timestampWrites = {
            querySet: queries,
            beginningOfPassWriteIndex: first,
            endOfPassWriteIndex: first + 1,
          };
          pass = beginComputePass({ ...descriptor, timestampWrites });
        }
        pass.setPipeline(pipeline);
      };
      return new Proxy({} as GPUComputePassEncoder, {
        get(_, name: keyof GPUComputePassEncoder) {
          if (name === 'setPipeline') return setPipeline;
          if (name === 'end') return () => pass?.end();
          const value = pass?.[name];
          return typeof value === 'function' ? value.bind(pass) : value;
        },
      });
    };
    const finish = encoder.finish.bind(encoder);
    encoder.finish = (descriptor) => {
      const resolvable = sets.map((queries, i) => {
        const count = 2 * (i + 1 < sets.length ? PASSES : segments.length - i * PASSES);
        const resolved = this.#createBuffer({ size: 8 * count, usage: QUERY_RESOLVE | Usage.COPY_SRC });
        const staging = this.#createBuffer({ size: 8 * count, usage: Usage.MAP_READ | Usage.COPY_DST });
        encoder.resolveQuerySet(queries, 0, count, resolved, 0);
        encoder.copyBufferToBuffer(resolved, 0, staging, 0, 8 * count);
        return { queries, resolved, staging };
      });
      if (segments.length > 0) recordings.push({ segments, sets: resolvable });
      return finish(descriptor);
    };
  }
}

async function addTimes(times: Record<string, number>, { segments, sets }: Recording): Promise<void> {
  const nanoseconds = new Map<GPUQuerySet, BigUint64Array>();
  for (const { queries, resolved, staging } of sets) {
    await staging.mapAsync(MAP_READ);
    nanoseconds.set(queries, new BigUint64Array(staging.getMappedRange().slice(0)));
    for (const each of [queries, resolved, staging]) each.destroy();
  }
  for (const { label, queries, first } of segments) {
    const [begin, end] = nanoseconds.get(queries)!.subarray(first, first + 2);
    // The specification lets clocks go backwards.
    times[label] = (times[label] ?? 0) + Math.max(0, Number(end - begin)) / 1e6;
  }
}
