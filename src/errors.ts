/** No WebGPU adapter could be had, and `backend: 'webgpu'` asked for one. */
export class WebGPUUnavailableError extends Error {
  override readonly name = 'WebGPUUnavailableError';
}

/** The GPU device was lost while it was needed, and the work could not be continued elsewhere. */
export class DeviceLostError extends Error {
  override readonly name = 'DeviceLostError';
}
