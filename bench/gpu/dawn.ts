import { dawnFlags } from '../../test/vulkan.ts';

/** Dawn in Node, as pages have WebGPU: for peers that ask the globals for it. */
export async function dawnOfPages(isSmall: boolean): Promise<GPU> {
  const { create, globals } = await import('webgpu');
  Object.assign(globalThis, globals);
  // Timestamps to the nanosecond: nobody else is on this machine's processor.
  const exact = 'timestamp_quantization';
  const gpu = create(isSmall ? dawnFlags.map((flag) => `${flag},${exact}`) : [`disable-dawn-features=${exact}`]);
  Object.defineProperty(globalThis, 'navigator', { value: { gpu, userAgent: 'node' }, configurable: true });
  return gpu;
}
