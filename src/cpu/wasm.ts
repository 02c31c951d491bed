/** Modules of kernels: WebAssembly with SIMD, where it is there and may be compiled. */
import { fromPrintable } from './printable.ts';

const MEMORY_IMPORT = [...'memory'].map((letter) => letter.charCodeAt(0)).concat(2);
const HAS_MAXIMUM = 1;
const SHARED = 2;

/** Gives the module for shared memories, or for others; null where there is none. */
export type Compiled = (shared: boolean) => WebAssembly.Module | null;

/**
 * Compiles what a `?wasm` import gives, once for each kind of memory and when it is first asked for. There is no module
 * where there is no SIMD, or where a content security policy forbids to compile.
 */
export function compiledOnce(printable: string): Compiled {
  const compiled = new Map<boolean, WebAssembly.Module | null>();
  return (shared) => {
    if (!compiled.has(shared)) compiled.set(shared, compile(printable, shared));
    return compiled.get(shared)!;
  };
}

function compile(printable: string, shared: boolean): WebAssembly.Module | null {
  try {
    return new WebAssembly.Module(binaryFor(shared, fromPrintable(printable)));
  } catch {
    return null;
  }
}

/** One binary serves both: what it says of its memory is one flag. */
function binaryFor(shared: boolean, bytes: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const at = bytes.findIndex((_, start) => MEMORY_IMPORT.every((byte, i) => bytes[start + i] === byte));
  bytes[at + MEMORY_IMPORT.length] = shared ? HAS_MAXIMUM | SHARED : HAS_MAXIMUM;
  return bytes;
}

/** The functions that a module exports, over a memory. */
export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): WebAssembly.Exports {
  return new WebAssembly.Instance(module, { env: { memory } }).exports;
}
