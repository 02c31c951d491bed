/** What the platform has of threads and of memory that they share. */

/** How many threads the hardware runs at once. */
export function hardwareThreads(): number {
  if (typeof navigator === 'object' && navigator.hardwareConcurrency > 0) return navigator.hardwareConcurrency;
  return isNode() ? process.getBuiltinModule('node:os').availableParallelism() : 1;
}

/** Whether a memory may be sent to a worker without a copy: in a page only where it is isolated from other origins. */
export function canShareMemory(): boolean {
  if (typeof WebAssembly === 'undefined' || typeof SharedArrayBuffer === 'undefined') return false;
  return isNode() || globalThis.crossOriginIsolated === true;
}

function isNode(): boolean {
  return typeof process === 'object' && typeof process.getBuiltinModule === 'function';
}
