// @ts-check
import { kmeans } from 'webgpu-clustering';
import { filterModel } from './filters.mjs';

/**
 * Finds regions of equal texture in a picture. The model computes a row of features for each pixel on the GPU, k-means reads
 * them there, and the labels stay there too, for whoever draws them.
 *
 * @param {typeof import('onnxruntime-web/webgpu')} ort
 * @param {{ pixels: Float32Array, width: number, height: number }} image
 * @param {number} k
 */
export async function segmentsOf(ort, { pixels, width, height }, k) {
  // More threads would need a page that is cross-origin isolated; here they have nothing to do.
  ort.env.wasm.numThreads = 1;
  const session = await ort.InferenceSession.create(filterModel(height, width), {
    executionProviders: ['webgpu'],
    preferredOutputLocation: 'gpu-buffer',
  });
  const device = await ort.env.webgpu.device;
  const { rows } = await session.run({ image: new ort.Tensor('float32', pixels, [1, 1, height, width]) });
  const points = { buffer: rows.gpuBuffer, shape: rows.dims };
  const model = await kmeans(points, { k, nInit: 4, seed: 1, device, output: 'buffer' });
  // Not before: its buffer goes to the next tensor. The session stays: with the last one its device would go.
  rows.dispose();
  if (model.labelsBuffer === null) throw new Error('there are no labels on the GPU');
  return { device, model, labels: model.labelsBuffer };
}
