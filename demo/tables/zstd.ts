/**
 * Zstandard, by WebAssembly: fzstd is one large function, which browsers take longer to compile than to run. It is fzstd's turn
 * where there is no WebAssembly, or none is allowed, and for what does not become as large as it should: it says what is wrong.
 */
import { UnreadableError } from './unreadable.ts';

/** @param size what the file says that it becomes */
export type Unpack = (packed: Uint8Array, size: number) => Uint8Array;

interface Zstandard {
  readonly memory: WebAssembly.Memory;
  /** 0 where there is no room. */
  malloc(size: number): number;
  free(at: number): void;
  /** Of all frames; −1 where one does not say it, −2 where that is none. */
  ZSTD_findDecompressedSize(at: number, size: number): bigint;
  /** The size that it has become, or less than 0. */
  ZSTD_decompress(to: number, room: number, from: number, size: number): number;
}

/** What becomes larger is fzstd's, which takes no more than there is: the size may be what is damaged. */
const MOST_BYTES = 2 ** 28;
/** Its memory does not shrink: one that has become larger than this is given up. */
const KEPT_BYTES = 2 ** 26;

let compiling: Promise<void> | null = null;
let module: WebAssembly.Module | null = null;
let instance: Zstandard | null = null;
let fzstd: Unpack | null = null;

/**
 * What unpacks is loaded where it is needed.
 *
 * @param read called once more, from the beginning, where it meets something for fzstd while that is not loaded
 */
export async function withZstd<T>(read: (unpack: Unpack) => T | Promise<T>): Promise<T> {
  compiling ??= compile();
  await compiling;
  if (module === null) await loadFzstd();
  let isMissed = false;
  const unpack: Unpack = (packed, size) => {
    const unpacked = unpackQuickly(packed, size) ?? fzstd?.(packed, size);
    if (unpacked !== undefined) return unpacked;
    isMissed = true;
    throw new Error('fzstd is not loaded');
  };
  try {
    const found = await read(unpack);
    if (!isMissed) return found;
  } catch (error) {
    if (!isMissed) throw error;
  }
  await loadFzstd();
  return read(unpack);
}

async function loadFzstd(): Promise<void> {
  try {
    const { decompress } = await import('fzstd');
    fzstd = (packed, size) => {
      // An array that is given for the result it looks at as a text, which takes longer than to unpack it.
      const unpacked = decompress(packed);
      // What it gives begins at the twelfth byte of a buffer, where numbers of eight bytes cannot.
      return unpacked.length === size ? unpacked.slice() : unpacked;
    };
  } catch {
    throw new UnreadableError('The page could not be loaded whole. Load it again.');
  }
}

/**
 * Of the package only its WebAssembly, out of its text: it would fetch that from a `data:` URL, which policies forbid, the page's
 * own among them; it takes an error for a result, and what is there when it runs out of memory for room. As a text it keeps
 * Zstandard's licence too.
 */
async function compile(): Promise<void> {
  if (typeof WebAssembly === 'undefined') return;
  try {
    const { default: text } = await import('zstddec?raw');
    module = await WebAssembly.compile(bytesOf(/"(AGFzbQ[\w+/]+=*)"/.exec(text)![1]));
  } catch {
    // Then there is fzstd.
  }
}

function bytesOf(base64: string): BufferSource {
  // Of 2025.
  const { fromBase64 } = Uint8Array as { readonly fromBase64?: (base64: string) => Uint8Array<ArrayBuffer> };
  if (fromBase64 !== undefined) return fromBase64(base64);
  const letters = atob(base64);
  const bytes = new Uint8Array(letters.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = letters.charCodeAt(i);
  return bytes;
}

/** Undefined where it cannot. */
function unpackQuickly(packed: Uint8Array, size: number): Uint8Array | undefined {
  if (module === null || !(size >= 0 && size <= MOST_BYTES)) return undefined;
  try {
    instance ??= instantiate(module);
    const unpacked = unpackBy(instance, packed, size);
    if (instance.memory.buffer.byteLength > KEPT_BYTES) instance = null;
    return unpacked;
  } catch {
    // It has met what it was not made for: nothing more is asked of it.
    module = null;
    instance = null;
    return undefined;
  }
}

function instantiate(module: WebAssembly.Module): Zstandard {
  const env = { emscripten_notify_memory_growth: () => undefined };
  return new WebAssembly.Instance(module, { env }).exports as unknown as Zstandard;
}

function unpackBy(zstandard: Zstandard, packed: Uint8Array, size: number): Uint8Array | undefined {
  const { memory, malloc, free, ZSTD_findDecompressedSize, ZSTD_decompress } = zstandard;
  const from = malloc(packed.length + 1);
  if (from === 0) return undefined;
  new Uint8Array(memory.buffer).set(packed, from);
  const told = Number(ZSTD_findDecompressedSize(from, packed.length));
  const to = told === size || told === -1 ? malloc(size + 1) : 0;
  const found = to === 0 ? -1 : ZSTD_decompress(to, size, from, packed.length);
  // Memory that has grown is another buffer.
  const unpacked = found === size ? new Uint8Array(memory.buffer).slice(to, to + size) : undefined;
  free(to);
  free(from);
  return unpacked;
}
