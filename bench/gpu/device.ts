import { highestLimits } from '../../src/node/limits.ts';

/** A device of whatever `GPU` there is, Dawn's or the browser's, with all that the library may make use of. */
export interface GpuDevice {
  readonly device: GPUDevice;
  readonly adapter: GPUAdapter;
  /** As the driver names it. */
  readonly name: string;
}

const FEATURES = ['timestamp-query', 'subgroups', 'shader-f16'] as const satisfies readonly GPUFeatureName[];

/** @throws {Error} where there is no adapter. */
export async function openDevice(gpu: GPU | undefined): Promise<GpuDevice> {
  const adapter = await gpu?.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter) throw new Error('no WebGPU adapter');
  const device = await adapter.requestDevice({
    requiredFeatures: FEATURES.filter((feature) => adapter.features.has(feature)),
    requiredLimits: highestLimits(adapter),
  });
  const { vendor, architecture, description } = adapter.info;
  return { device, adapter, name: description || `${vendor} ${architecture}`.trim() };
}
