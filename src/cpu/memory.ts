const PAGE = 2 ** 16;
/** Below it lies nothing: address 0 stays free. */
const BASE = 64;
/** Whatever is allocated begins on a cache line. */
const ALIGNMENT = 64;

/** Bytes that a memory may grow by, for what is computed beside the rows. */
const ROOM = 2 ** 30;
const MAX_PAGES = 2 ** 16;

interface Block {
  readonly start: number;
  readonly end: number;
}

/** A `WebAssembly.Memory`, or what stands in for it. */
export interface Memory {
  readonly buffer: ArrayBufferLike;
  grow(pages: number): number;
}

/**
 * One buffer that kernels address by byte offsets, with typed views of all of it and a first-fit allocator. To allocate
 * may replace the views: take them anew behind every `yield`.
 */
export class ShardMemory {
  readonly memory: Memory;
  /** In ascending order. */
  readonly #blocks: Block[] = [];
  /** Beyond it nothing was ever written. */
  #touched = BASE;
  u8!: Uint8Array;
  i16!: Int16Array;
  i32!: Int32Array;
  u32!: Uint32Array;
  f32!: Float32Array;
  f64!: Float64Array;

  constructor(memory: Memory) {
    this.memory = memory;
    this.#look();
  }

  /**
   * Offset of so many bytes of zeros.
   *
   * @throws {RangeError} where there is no room.
   */
  allocate(bytes: number): number {
    const size = Math.max(1, bytes);
    let start = BASE;
    let at = 0;
    while (at < this.#blocks.length && this.#blocks[at].start - start < size) start = aligned(this.#blocks[at++].end);
    const end = start + size;
    this.#reach(end);
    this.#blocks.splice(at, 0, { start, end });
    this.u8.fill(0, start, Math.max(start, Math.min(end, this.#touched)));
    this.#touched = Math.max(this.#touched, end);
    return start;
  }

  free(offset: number): void {
    const at = this.#blocks.findIndex(({ start }) => start === offset);
    if (at >= 0) this.#blocks.splice(at, 1);
  }

  #reach(end: number): void {
    const missing = end - this.u8.length;
    if (missing <= 0) return;
    this.memory.grow(Math.ceil(missing / PAGE));
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

function aligned(offset: number): number {
  return Math.ceil(offset / ALIGNMENT) * ALIGNMENT;
}

/** A memory that begins with room for so many bytes. */
export function createMemory(bytes: number, shared: boolean): Memory {
  const initial = Math.ceil((BASE + bytes + ALIGNMENT) / PAGE);
  if (typeof WebAssembly === 'undefined') return new PlainMemory(initial);
  return new WebAssembly.Memory({ initial, maximum: Math.min(MAX_PAGES, 2 * initial + ROOM / PAGE), shared });
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
