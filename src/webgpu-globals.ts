/**
 * The names of WebGPU's objects in the public declarations. They merge with the full types of @webgpu/types or of
 * TypeScript's own DOM library where the user has them, and are opaque where not.
 */
declare global {
  interface GPUDevice {}
  interface GPUBuffer {}
}

export {};
