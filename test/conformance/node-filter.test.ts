/** That the filter by bytes leaves few rows for float32: labels would be right if it left all of them. */
import { expect, test } from 'vitest';
import { engineOf } from '../../src/api/create-engine.ts';
import { type Gpu, requestGpu } from '../../src/gpu/device.ts';
import { createGpuEngine } from '../../src/gpu/engine.ts';
import { requestNodeDevice } from '../../src/node/index.ts';
import { EngineSet } from '../../src/placement.ts';
import { missing } from '../missing.ts';
import { dawnFlags, missingDriver } from '../vulkan.ts';
import { asInput } from './cases/bounds.ts';
import { blobs, spacedRows } from './cases/data.ts';

const COPY_DST_MAP_READ = 9;
const MAP_READ = 1;

/** What is in buffers of a label when they are destroyed. */
function watchEnds(device: GPUDevice, label: string): Promise<Uint32Array>[] {
  const ends: Promise<Uint32Array>[] = [];
  const createBuffer = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    if (descriptor.label !== label) return buffer;
    const destroy = buffer.destroy.bind(buffer);
    buffer.destroy = () => {
      const staging = createBuffer({ size: buffer.size, usage: COPY_DST_MAP_READ });
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
      device.queue.submit([encoder.finish()]);
      const mapped = staging.mapAsync(MAP_READ);
      ends.push(mapped.then(() => new Uint32Array(staging.getMappedRange().slice(0))));
      return destroy();
    };
    return buffer;
  };
  return ends;
}

/** [d, k, groups of the points, share of the rows that may be left open]. */
test.for([
  [33, 129, 8, 0.4],
  [128, 100, 100, 0.15],
] as const)('d = %i, k = %i, %i groups', async ([d, k, groups, share], context) => {
  if (process.platform === 'linux' && !process.env.VK_DRIVER_FILES) missing(context, missingDriver);
  const device = await requestNodeDevice({ flags: dawnFlags });
  const ends = watchEnds(device, 'candidates');
  const variant = { filter: 'bytes' } as const;
  const gpu = (await requestGpu({ device, softwareToo: true, bindingLimit: undefined, variant })) as Gpu;
  const engine = engineOf(new EngineSet('webgpu', null, createGpuEngine(gpu)));
  const points = blobs({ n: 1000, d, groups, spread: 3, seed: d });
  const init = { data: spacedRows(points, k), shape: [k, d] as const };
  await engine.kmeans(asInput(points), { k, init, maxIterations: 3 });
  await engine.destroy();
  const [words, ...others] = await Promise.all(ends);
  expect(others).toEqual([]);
  const counts = Array.from({ length: points.n }, (_, i) => words[8 * i]);
  const open = counts.filter((count) => count > 0);
  expect(open.length).toBeGreaterThan(0);
  expect(open.length / points.n).toBeLessThan(share);
  expect(open.filter((count) => count > 7).length).toBeLessThan(points.n / 100);
  device.destroy();
});
