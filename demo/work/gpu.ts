/** The page's own device: lent to the engine, and to what draws from the same buffers. */
import { isSoftware, requestAdapter, roomOf } from '../../src/gpu/adapter.ts';
import { Usage } from '../../src/gpu/flags.ts';
import type { Features } from '../features/features.ts';

/** A device with all the room that there is; else why there is none, as the library tells it. */
export async function requestDevice(softwareToo: boolean): Promise<GPUDevice | 'no-adapter' | 'software-adapter'> {
  const adapter = await requestAdapter();
  if (adapter === null) return 'no-adapter';
  if (!softwareToo && isSoftware(adapter.info)) return 'software-adapter';
  const requiredLimits = roomOf(adapter);
  return adapter.requestDevice({ requiredLimits }).catch(() => 'no-adapter');
}

/** Bytes that are handed to the device at a time. */
const WRITTEN = 2 ** 24;

/** The points in a buffer; null where it has no room for them. */
export async function bufferOf(device: GPUDevice, { data }: Features): Promise<GPUBuffer | null> {
  const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
  const size = data.byteLength;
  if (size > Math.min(maxStorageBufferBindingSize, maxBufferSize)) return null;
  device.pushErrorScope('out-of-memory');
  const buffer = device.createBuffer({ size, usage: Usage.STORAGE | Usage.COPY_DST });
  if ((await device.popErrorScope()) !== null) return null;
  for (let at = 0; at < size; at += WRITTEN) {
    device.queue.writeBuffer(buffer, at, data.buffer, data.byteOffset + at, Math.min(WRITTEN, size - at));
  }
  return buffer;
}

/** What a buffer of integers holds. */
export async function readBack(device: GPUDevice, buffer: GPUBuffer): Promise<Uint32Array> {
  const { size } = buffer;
  const staging = device.createBuffer({ size, usage: Usage.COPY_DST | Usage.MAP_READ });
  try {
    const encoder = device.createCommandEncoder();
    encoder.copyBufferToBuffer(buffer, 0, staging, 0, size);
    device.queue.submit([encoder.finish()]);
    await staging.mapAsync(Usage.MAP_READ);
    return new Uint32Array(staging.getMappedRange().slice(0));
  } finally {
    staging.destroy();
  }
}
