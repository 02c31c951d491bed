import { WebGPUUnavailableError } from '../errors.ts';
export interface Gpu {
  device: GPUDevice;
}
export async function requestGpu(_o: {
  device: GPUDevice | undefined;
  softwareToo: boolean;
  bindingLimit: number | undefined;
}): Promise<Gpu | null> {
  if (_o.softwareToo) throw new WebGPUUnavailableError('not yet');
  return null;
}
