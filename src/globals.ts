/**
 * The names of WebGPU's objects in the public declarations, and the symbols of explicit resource management. They
 * merge with the full types of @webgpu/types or of TypeScript's own libraries where the user has them.
 */
declare global {
  interface GPUDevice {}
  interface GPUBuffer {}
  interface SymbolConstructor {
    readonly dispose: unique symbol;
    readonly asyncDispose: unique symbol;
  }
}

export {};
