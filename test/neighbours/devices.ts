/** Devices as other programs ask for them, and whether what is done to one would be seen. Runs in pages. */
import { createEngine, kmeans, WebGPUUnavailableError } from '../../src/index.ts';
import { check, equal, rejects } from '../conformance/case.ts';
import { LentDevice } from './lent.ts';

export const DEVICES: Readonly<Record<string, () => Promise<void>>> = {
  'whatever is done to a lent device is seen': async () => {
    const device = await request();
    const lent = new LentDevice(device);
    equal((await lent.violations()).join(), '', 'at first');
    device.label = 'ours';
    device.addEventListener('uncapturederror', (event) => event.preventDefault());
    device.createBuffer({ label: 'left', size: 8, usage: GPUBufferUsage.STORAGE });
    device.createBuffer({ size: 8, usage: 0 }).destroy();
    device.popErrorScope().catch(() => undefined);
    device.pushErrorScope('validation');
    device.pushErrorScope('validation');
    const seen = (await lent.violations()).join('\n');
    for (const word of [
      /uncapturederror\)/,
      /label is another/,
      /opened/,
      /1 error scopes/,
      /8 bytes is left: left/,
      /uncaptured: /,
    ]) {
      check(word.test(seen), `${word} is not in ${seen}`);
    }
    device.destroy();
    await device.lost;
    check((await lent.violations()).includes('the device was destroyed'), 'a device that was destroyed');
  },

  'rows of more bytes than a binding may have': async () => {
    const device = await request();
    const [n, d] = [2 ** 20, 36];
    check(4 * n * d > device.limits.maxStorageBufferBindingSize, 'they are more');
    const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
    const buffer = device.createBuffer({ size: 4 * n * d, usage });
    const rows = 2 ** 15;
    const block = Float32Array.from(
      { length: rows * d },
      (_, at) => 8 * (Math.floor(at / d) % 2) + ((at * 31) % 97) / 97,
    );
    for (let row = 0; row < n; row += rows) device.queue.writeBuffer(buffer, 4 * row * d, block);
    const init = [block.subarray(0, d), block.subarray(d, 2 * d)];
    const { labels } = await kmeans({ buffer, shape: [n, d] }, { k: 2, device, init, maxIterations: 1 });
    check(labels.length === n && labels.every((label, i) => label === i % 2), 'labels');
    device.destroy();
  },

  'a buffer that no kernel may read is refused by the name of what it lacks': async () => {
    const device = await request();
    const buffer = device.createBuffer({ size: 1024, usage: GPUBufferUsage.VERTEX | GPUBufferUsage.COPY_DST });
    await rejects(kmeans({ buffer, shape: [64, 4] }, { k: 2, device }), TypeError, /needs the usage STORAGE/, 'it');
    device.destroy();
  },

  'a device of the compatibility mode is refused by the name of what it lacks, and host points go to the CPU':
    async () => {
      const adapter = await navigator.gpu.requestAdapter({ featureLevel: 'compatibility' });
      const device = await adapter!.requestDevice();
      const lacking = /the device has workgroups of 128, not 256/;
      await rejects(createEngine({ backend: 'webgpu', device }), WebGPUUnavailableError, lacking, 'an engine');
      const data = Float32Array.from({ length: 2 ** 17 }, (_, i) => i % 1009);
      const model = await kmeans({ data, shape: [2 ** 16, 2] }, { k: 2, device });
      equal([model.backend, model.reason].join(), 'cpu,no-adapter', 'host points');
      device.destroy();
    },
};

/** With the limits that every device has. */
async function request(): Promise<GPUDevice> {
  return (await navigator.gpu.requestAdapter())!.requestDevice();
}
