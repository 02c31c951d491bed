import { Buffer, luma } from '@luma.gl/core';
import { webgpuAdapter } from '@luma.gl/webgpu';
import { input, N, type Neighbour, WIDTH } from '../neighbour.ts';

/** Values in front of the rows: their beginning is at no multiple of 256 bytes. */
const IN_FRONT = 3;
const SHADER = `
  @group(0) @binding(0) var<storage, read> given: array<f32>;
  @group(0) @binding(1) var<storage, read_write> result: array<f32>;
  @compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3u) {
    if (id.x < arrayLength(&given)) { result[id.x + ${IN_FRONT}u] = sqrt(given[id.x] * given[id.x] + 1.0); }
  }`;

export async function open(): Promise<Neighbour> {
  const device = await luma.createDevice({ type: 'webgpu', adapters: [webgpuAdapter] });
  const usage = Buffer.STORAGE | Buffer.COPY_SRC | Buffer.COPY_DST;
  const given = device.createBuffer({ data: input(), usage });
  const pipeline = device.createComputePipeline({
    shader: device.createShader({ source: SHADER, stage: 'compute' }),
    shaderLayout: {
      bindings: [
        { name: 'given', type: 'read-only-storage', group: 0, location: 0 },
        { name: 'result', type: 'storage', group: 0, location: 1 },
      ],
    },
  });
  const compute = () => {
    const result = device.createBuffer({ byteLength: 4 * (IN_FRONT + N * WIDTH), usage });
    pipeline.setBindings({ given, result });
    const pass = device.beginComputePass({});
    pass.setPipeline(pipeline);
    pass.dispatch(Math.ceil((N * WIDTH) / 64));
    pass.end();
    // Until then it is in luma's own command encoder.
    device.submit();
    return result;
  };
  const read = async (buffer: Buffer) =>
    new Float32Array((await buffer.readAsync()).buffer as ArrayBuffer).subarray(IN_FRONT);
  const buffer = compute();
  return {
    device: device.handle as GPUDevice,
    points: { buffer: buffer.handle as GPUBuffer, shape: [N, WIDTH], offset: 4 * IN_FRONT },
    rows: () => read(buffer),
    again: async () => {
      const again = compute();
      const values = await read(again);
      again.destroy();
      return values;
    },
    read: async (labels) => {
      const wrapped = device.createBuffer({ handle: labels, byteLength: labels.size, usage: labels.usage });
      return new Uint32Array((await wrapped.readAsync()).buffer as ArrayBuffer);
    },
  };
}
