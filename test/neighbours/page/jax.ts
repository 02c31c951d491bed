import * as jax from '@jax-js/jax';
import { input, N, type Neighbour, WIDTH } from '../neighbour.ts';

export async function open(): Promise<Neighbour> {
  await jax.init('webgpu');
  jax.defaultDevice('webgpu');
  const given = jax.numpy.array(input()).reshape([N, WIDTH]);
  // Operations use their arguments up, but for references.
  const compute = () => jax.numpy.sqrt(given.ref.mul(given.ref).add(1));
  const array = compute();
  return {
    device: jax.getWebGPUDevice(),
    points: { buffer: await array.ref.gpuBuffer(), shape: array.shape },
    rows: async () => (await array.ref.data()) as Float32Array,
    again: async () => (await compute().data()) as Float32Array,
    read: () => null,
  };
}
