/** Devices that are nowhere, or gone: no adapter is needed to see it. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, expect, test, vi } from 'vitest';
import { type Gpu, requestGpu, THREADS } from '../../src/gpu/device.ts';
import { createEngine, destroyDefaultEngines, kmeans, WebGPUUnavailableError } from '../../src/index.ts';
import { requestNodeDevice } from '../../src/node/index.ts';

afterEach(() => vi.unstubAllGlobals());

test('requestNodeDevice refuses Bun, which the package webgpu crashes', async () => {
  vi.stubGlobal('process', { ...process, versions: { ...process.versions, bun: '1.3.0' } });
  const refusal = requestNodeDevice();
  await expect(refusal).rejects.toBeInstanceOf(WebGPUUnavailableError);
  await expect(refusal).rejects.toThrow('Bun');
});

/** As much of a device as an engine asks of one that it is given no points for. */
function idleDevice(
  lost: Promise<unknown>,
  special: Partial<Record<keyof GPUSupportedLimits, number>> = {},
): GPUDevice {
  const limits = { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27, ...special };
  return { lost, limits, features: new Set(), createBuffer: () => {} } as unknown as GPUDevice;
}

test('a device that its owner destroyed is not held, nor are the engines on it', async () => {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  const points = [[0], [1], [5], [6]];
  const used = async (lost: Promise<unknown>) => {
    const device = idleDevice(lost);
    await kmeans(points, { k: 2, device });
    return new WeakRef(device);
  };
  let destroy = (_: { message: string; reason: string }) => {};
  const destroyed = await used(new Promise((resolve) => void (destroy = resolve)));
  const alive = await used(new Promise(() => {}));
  destroy({ message: 'by its owner', reason: 'destroyed' });
  await vi.waitUntil(() => {
    collect();
    return destroyed.deref() === undefined;
  });
  // Or the test could not fail.
  expect(alive.deref()).toBeDefined();
  await destroyDefaultEngines();
});

test('a device with less threads than kernels need is not taken: of the compatibility mode, say', async () => {
  const device = idleDevice(new Promise(() => {}), { maxComputeInvocationsPerWorkgroup: THREADS / 2 });
  const refusal = createEngine({ backend: 'webgpu', device });
  await expect(refusal).rejects.toBeInstanceOf(WebGPUUnavailableError);
  await expect(refusal).rejects.toThrow('the device has workgroups of 128, not 256');
  const engine = await createEngine({ device });
  expect([engine.backend, engine.info.reason]).toEqual(['cpu', 'no-adapter']);
  await engine.destroy();
});

test('an adapter that lists features and refuses them is asked for a device without', async () => {
  const asked: unknown[] = [];
  const adapter = () => ({
    features: new Set(['subgroups']),
    limits: { maxBufferSize: 2 ** 28, maxStorageBufferBindingSize: 2 ** 27 },
    info: { vendor: 'a', architecture: 'b', device: 'c', description: 'd' },
    requestDevice: async ({ requiredFeatures }: GPUDeviceDescriptor) => {
      asked.push(requiredFeatures);
      if (requiredFeatures !== undefined) throw new Error('not after all');
      return { ...idleDevice(new Promise(() => {})), destroy: () => {} };
    },
  });
  vi.stubGlobal('navigator', { gpu: { requestAdapter: async () => adapter() } });
  const engine = await createEngine({ backend: 'webgpu' });
  expect([engine.backend, asked]).toEqual(['webgpu', [['subgroups'], undefined]]);
  await engine.destroy();
});

test('subgroups are counted on where the device has them, and by their size where there is one that can be asked for', async () => {
  const gpuOf = (features: readonly string[], subgroupMinSize?: number, subgroupMaxSize?: number) => {
    const device = { ...idleDevice(new Promise(() => {})), features: new Set(features) };
    const adapterInfo = { subgroupMinSize, subgroupMaxSize };
    const request = {
      device: { ...device, adapterInfo } as unknown as GPUDevice,
      softwareToo: true,
      bindingLimit: undefined,
    };
    return requestGpu({ ...request, variant: { subgroups: true } }) as Promise<Gpu>;
  };
  const both = ['subgroups', 'subgroup-size-control'];
  const gpu = await gpuOf(both, 32, 32);
  expect([gpu.variantFor(8, 2).subgroups, gpu.subgroupsOf(true), gpu.subgroupsOf(false)]).toEqual([true, 32, null]);
  const sizes = [gpuOf(['subgroups'], 32, 32), gpuOf(both, 8, 32), gpuOf(both, 128, 128), gpuOf(both)];
  expect((await Promise.all(sizes)).map((each) => each.subgroupsOf(true))).toEqual([0, 0, 0, 0]);
  await expect(gpuOf([])).rejects.toThrow('the device was requested without subgroups');
});
