/** Dawn in Node, as pages have WebGPU: for peers that ask the globals for it. */
export async function dawnOfPages(): Promise<GPU> {
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  // Timestamps to the nanosecond: nobody else is on this machine's processor.
  const gpu = create(['disable-dawn-features=timestamp_quantization']);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'node' }, configurable: true });
  return gpu;
}
