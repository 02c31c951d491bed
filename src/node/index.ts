/**
 * WebGPU in Node: the only place that knows Dawn.
 *
 * @module webgpu-clustering/node
 */
import '../globals.ts';
import { readOptions } from '../check.ts';
import { deviceFeatures } from '../device-features.ts';
import { WebGPUUnavailableError } from '../errors.ts';
import { highestLimits } from './limits.ts';

/** Which adapter Dawn is asked for, and how. */
export interface NodeDeviceOptions {
  /** Default `'high-performance'`. */
  readonly powerPreference?: 'high-performance' | 'low-power';
  /** Flags of Dawn's, such as `'backend=vulkan'`; those of the first call hold for the process. */
  readonly flags?: readonly string[];
}

let opened: Promise<GPU> | undefined;

/** What Dawn needs alive as long as a device is in use: garbage collection of the adapter crashes or hangs it. */
const inUse = new Map<GPUDevice, GPUAdapter>();

/**
 * A GPUDevice in Node, through the optional package `webgpu` (Dawn), with the limits of its adapter, and with
 * subgroups where that has them: pass it as `device`. It is the caller's, to be freed with `device.destroy()`; it does not keep the process alive.
 *
 * @throws {WebGPUUnavailableError} where the package `webgpu` is missing or does not load, or there is no adapter; and in
 * Bun, which the package crashes.
 * @example
 * ```ts
 * import { kmeans } from 'webgpu-clustering';
 * import { requestNodeDevice } from 'webgpu-clustering/node';
 *
 * const device = await requestNodeDevice();
 * const model = await kmeans([[0, 0], [0, 1], [9, 9], [9, 8]], { k: 2, backend: 'webgpu', device });
 * console.log(model.backend);
 * ```
 */
export async function requestNodeDevice(options?: NodeDeviceOptions): Promise<GPUDevice> {
  const given = readOptions('requestNodeDevice', options, { powerPreference: true, flags: true });
  if (process.versions.bun !== undefined) {
    throw new WebGPUUnavailableError('the package "webgpu" crashes Bun: run this in Node, or on the CPU');
  }
  opened ??= open(given.flags ?? []);
  const gpu = await opened;
  const adapter = await gpu.requestAdapter({ powerPreference: given.powerPreference ?? 'high-performance' });
  if (adapter === null) {
    throw new WebGPUUnavailableError(
      'Dawn found no GPU adapter: on Linux it needs libvulkan.so.1 and the Vulkan driver of a GPU',
    );
  }
  const device = await adapter.requestDevice({
    requiredFeatures: deviceFeatures(adapter),
    requiredLimits: highestLimits(adapter),
  });
  inUse.set(device, adapter);
  void device.lost.then(() => inUse.delete(device));
  return device;
}

async function open(flags: readonly string[]): Promise<GPU> {
  try {
    const { create } = await import('webgpu');
    return create([...flags]);
  } catch (cause) {
    opened = undefined;
    const missing = (cause as { code?: string }).code === 'ERR_MODULE_NOT_FOUND';
    throw new WebGPUUnavailableError(
      missing
        ? 'requestNodeDevice needs the package "webgpu": npm install webgpu'
        : 'the package "webgpu" does not load here: has it a binary for this platform?',
      { cause },
    );
  }
}
