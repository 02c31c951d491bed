/** In the project that installed the tarball: fits mixtures.json, and prints a line of JSON for each fit. */
import { gaussianMixture } from 'webgpu-clustering';

/**
 * @param {(file: string) => Promise<ArrayBuffer>} read
 * @param {{ backend: 'cpu' | 'webgpu', device?: GPUDevice }} where
 */
export async function fitMixtures(read, where) {
  const fits = JSON.parse(new TextDecoder().decode(await read('mixtures.json')));
  for (const { name, shape, ...options } of fits) {
    const points = { data: new Float32Array(await read(`${name}.f32`)), shape };
    const model = await gaussianMixture(points, { ...options, ...where });
    const { covarianceType, backend, lowerBound, lowerBounds } = model;
    const score = await model.score(points, where);
    console.log(
      JSON.stringify({ name, covarianceType, backend, lowerBound, lowerBounds: Array.from(lowerBounds), score }),
    );
  }
}
