/** The SIMD kernels: WebAssembly, where it is there and may be compiled. */
import base64 from './kernels/index.ts?wasm';

/** Byte offsets into the memory that they were instantiated with, and counts. */
export interface Kernels {
  /** See kernels/assign.ts. */
  assign(state: number, start: number, end: number): void;
  halve(state: number): void;
  inertia(state: number, start: number, end: number, sum: number): number;
  distances(state: number, start: number, end: number, to: number): void;
  /** See kernels/mixture.ts. */
  accumulateMixture(state: number, start: number, end: number): void;
  mixtureDensities(state: number, start: number, end: number, to: number): void;
  /** See kernels/potentials.ts. */
  extend(
    rows: number,
    weights: number,
    d: number,
    start: number,
    end: number,
    centres: number,
    m: number,
    distances: number,
  ): number;
  trial(
    rows: number,
    weights: number,
    d: number,
    start: number,
    end: number,
    candidates: number,
    norms: number,
    m: number,
    distances: number,
    scratch: number,
    totals: number,
  ): void;
  trialDirect(
    rows: number,
    weights: number,
    d: number,
    start: number,
    end: number,
    candidates: number,
    m: number,
    distances: number,
    totals: number,
  ): void;
}

const MEMORY_IMPORT = [...'memory'].map((letter) => letter.charCodeAt(0)).concat(2);
const HAS_MAXIMUM = 1;
const SHARED = 2;

const compiled = new Map<boolean, WebAssembly.Module | null>();

/**
 * The module for shared memories or for others; null where there is no SIMD, or where a content security policy
 * forbids to compile.
 */
export function kernelModule(shared: boolean): WebAssembly.Module | null {
  if (!compiled.has(shared)) compiled.set(shared, compile(shared));
  return compiled.get(shared)!;
}

function compile(shared: boolean): WebAssembly.Module | null {
  try {
    return new WebAssembly.Module(binaryFor(shared));
  } catch {
    return null;
  }
}

/** One binary serves both: what it says of its memory is one flag. */
function binaryFor(shared: boolean): Uint8Array<ArrayBuffer> {
  const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  const at = bytes.findIndex((_, start) => MEMORY_IMPORT.every((byte, i) => bytes[start + i] === byte));
  bytes[at + MEMORY_IMPORT.length] = shared ? HAS_MAXIMUM | SHARED : HAS_MAXIMUM;
  return bytes;
}

export function instantiate(module: WebAssembly.Module, memory: WebAssembly.Memory): Kernels {
  return new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as Kernels;
}
