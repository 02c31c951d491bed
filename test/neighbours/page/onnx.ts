import * as ort from 'onnxruntime-web/webgpu';
import { layer, lookUp } from '../models.ts';
import { input, N, type Neighbour, WIDTH } from '../neighbour.ts';

const WEBGPU = { executionProviders: ['webgpu'], preferredOutputLocation: 'gpu-buffer' } as const;

export async function open(): Promise<Neighbour> {
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(layer(), WEBGPU);
  const finder = await ort.InferenceSession.create(lookUp(), { executionProviders: ['webgpu'] });
  const device = await ort.env.webgpu.device;
  const run = async () => {
    const { rows } = await session.run({ input: new ort.Tensor('float32', input(), [N, WIDTH]) });
    return rows;
  };
  const tensor = await run();
  const table = new ort.Tensor('float32', Float32Array.of(0, 1, 2, 3), [4, 1]);
  return {
    device,
    // Of 64 KiB, as its pool has them.
    points: { buffer: tensor.gpuBuffer, shape: tensor.dims },
    rows: async () => (await tensor.getData()) as Float32Array,
    again: async () => (await (await run()).getData(true)) as Float32Array,
    read: async (buffer) => {
      const labels = ort.Tensor.fromGpuBuffer(buffer, { dataType: 'int32', dims: [N] });
      return (await finder.run({ table, labels })).found.data as Float32Array;
    },
  };
}
