const PAGE = 2 ** 16;
/** Below it lies nothing: address 0 stays free. */
const BASE = 64;
/** Whatever is allocated begins on a cache line. */
const ALIGNMENT = 64;

/** A memory of 32-bit addresses ends there. */
const MAX_PAGES = 2 ** 16;
/** Pages beside the rows, where so many cannot be reserved. */
const FEWER_PAGES = 2 ** 14;

interface Region {
  readonly start: number;
  readonly end: number;
}

/** A `WebAssembly.Memory`, or what stands in for it. */
export interface Memory {
  readonly buffer: ArrayBufferLike;
  grow(pages: number): number;
}

/**
 * One memory that shards live in, one after another: byte offsets, by which kernels address it, from a first-fit allocator,
 * and typed views of all of it. To allocate may replace the views: take them anew behind every `yield`.
 */
export class ShardMemory {
  readonly memory: Memory;
  /** In ascending order. */
  #blocks: Region[] = [];
  /** Beyond it nothing was ever written. */
  #touched = BASE;
  u8!: Uint8Array;
  i16!: Int16Array;
  i32!: Int32Array;
  u32!: Uint32Array;
  f32!: Float32Array;
  f64!: Float64Array;

  /** @param memory new, or one that another thread lays out: what is allocated there has the same offsets here */
  constructor(memory: Memory) {
    this.memory = memory;
    this.#look();
  }

  /** Whether views of it are the same memory in the thread that they are sent to. */
  get isShared(): boolean {
    return isShared(this.memory.buffer);
  }

  /**
   * Offset of so many bytes of zeros.
   *
   * @throws {RangeError} where there is no room, with the number of bytes.
   */
  allocate(bytes: number): number {
    const size = Math.max(1, bytes);
    let start = BASE;
    let at = 0;
    while (at < this.#blocks.length && this.#blocks[at].start - start < size) start = aligned(this.#blocks[at++].end);
    const end = start + size;
    this.reserve(end);
    this.#blocks.splice(at, 0, { start, end });
    if (start < this.#touched) this.u8.fill(0, start, Math.min(end, this.#touched));
    this.#touched = Math.max(this.#touched, end);
    return start;
  }

  /** What `work` returns; where it throws, all that it allocated is free again. */
  allOrNothing<T>(work: () => T): T {
    const before = this.#blocks.slice();
    try {
      return work();
    } catch (error) {
      this.#blocks = before;
      throw error;
    }
  }

  free(offset: number): void {
    const at = this.#blocks.findIndex(({ start }) => start === offset);
    if (at >= 0) this.#blocks.splice(at, 1);
  }

  /** Frees all: for the next shard. */
  clear(): void {
    this.#blocks = [];
  }

  /** @throws {RangeError} where the memory cannot grow to so many bytes. */
  reserve(end: number): void {
    const missing = end - this.u8.length;
    if (missing <= 0) return;
    try {
      this.memory.grow(Math.ceil(missing / PAGE));
    } catch (cause) {
      throw noRoom(end, cause);
    }
    this.#look();
  }

  #look(): void {
    const { buffer } = this.memory;
    this.u8 = new Uint8Array(buffer);
    this.i16 = new Int16Array(buffer);
    this.i32 = new Int32Array(buffer);
    this.u32 = new Uint32Array(buffer);
    this.f32 = new Float32Array(buffer);
    this.f64 = new Float64Array(buffer);
  }
}

export function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

/** Bytes of a memory that rows and weights of so many lie in. */
export function roomFor(bytes: number): number {
  return BASE + bytes + ALIGNMENT;
}

/** Whether a buffer is the same memory in the thread that it is sent to. */
export function isShared(buffer: ArrayBufferLike): boolean {
  return typeof SharedArrayBuffer !== 'undefined' && buffer instanceof SharedArrayBuffer;
}

export function isWebAssembly(memory: Memory): memory is WebAssembly.Memory {
  return typeof WebAssembly !== 'undefined' && memory instanceof WebAssembly.Memory;
}

/**
 * A memory that begins with room for so many bytes: WebAssembly's where that can be had, which a limit of the address
 * space may forbid, and which ends at 4 GiB.
 *
 * @throws {RangeError} where there is no room, with the number of bytes.
 */
export function createArena(bytes: number, shared: boolean): Memory {
  const initial = Math.ceil(roomFor(bytes) / PAGE);
  return reserve(initial, shared) ?? plainMemory(initial);
}

function reserve(initial: number, shared: boolean): Memory | null {
  if (typeof WebAssembly === 'undefined' || initial > MAX_PAGES) return null;
  for (const maximum of [MAX_PAGES, Math.min(MAX_PAGES, initial + FEWER_PAGES)]) {
    try {
      return new WebAssembly.Memory({ initial, maximum, shared });
    } catch {
      // Less may be there.
    }
  }
  return null;
}

function plainMemory(initial: number): Memory {
  try {
    return new PlainMemory(initial);
  } catch (cause) {
    throw noRoom(initial * PAGE, cause);
  }
}

function noRoom(bytes: number, cause: unknown): RangeError {
  const needed = Math.ceil(bytes / 2 ** 20);
  const message = `no room for ${needed} MiB of points and what is computed of them`;
  return new RangeError(`${message} (a WebAssembly memory ends at 4096 MiB)`, { cause });
}

class PlainMemory implements Memory {
  buffer: ArrayBuffer;

  constructor(pages: number) {
    this.buffer = new ArrayBuffer(pages * PAGE);
  }

  grow(pages: number): number {
    const before = this.buffer;
    this.buffer = new ArrayBuffer(before.byteLength + pages * PAGE);
    new Uint8Array(this.buffer).set(new Uint8Array(before));
    return before.byteLength / PAGE;
  }
}
