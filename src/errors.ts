/**
 * No WebGPU adapter could be had, and `backend: 'webgpu'` asked for one.
 *
 * @example
 * ```ts
 * import { kmeans, WebGPUUnavailableError } from 'webgpu-clustering';
 *
 * const points = [[0], [1], [8], [9]];
 * const model = await kmeans(points, { k: 2, backend: 'webgpu' }).catch((error) => {
 *   if (error instanceof WebGPUUnavailableError) return kmeans(points, { k: 2, backend: 'cpu' });
 *   throw error;
 * });
 * console.log(model.k); // 2
 * ```
 */
export class WebGPUUnavailableError extends Error {
  /** What the error is told by where classes are not the same, across realms or bundles. */
  override readonly name = 'WebGPUUnavailableError';
}

/**
 * The GPU device was lost while it was needed, and the work could not be continued elsewhere: under `'webgpu'`, where points
 * are in a GPUBuffer, or where the caller's array is no longer what was uploaded.
 *
 * @example
 * ```ts
 * import { createEngine, DeviceLostError } from 'webgpu-clustering';
 *
 * const engine = await createEngine();
 * try {
 *   await engine.kmeans([[0], [1], [8], [9]], { k: 2 });
 * } catch (error) {
 *   if (!(error instanceof DeviceLostError)) throw error; // else: make a new engine, and upload again
 * } finally {
 *   await engine.destroy();
 * }
 * ```
 */
export class DeviceLostError extends Error {
  /** What the error is told by where classes are not the same, across realms or bundles. */
  override readonly name = 'DeviceLostError';
}
