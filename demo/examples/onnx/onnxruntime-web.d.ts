/** As much of ONNX Runtime Web as the example uses: the package is not installed here, the page loads it. */
declare module 'onnxruntime-web/webgpu' {
  export class Tensor {
    constructor(type: 'float32', data: Float32Array, dims: readonly number[]);
    readonly dims: readonly number[];
    readonly gpuBuffer: GPUBuffer;
    dispose(): void;
  }
  export interface InferenceSession {
    run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
    release(): Promise<void>;
  }
  export const InferenceSession: {
    create(
      model: Uint8Array,
      options: { executionProviders: readonly string[]; preferredOutputLocation: 'gpu-buffer' },
    ): Promise<InferenceSession>;
  };
  export const env: {
    readonly wasm: { numThreads?: number };
    readonly webgpu: { readonly device: Promise<GPUDevice> };
  };
}

/** Whose it is: the configuration of Vite says it. */
declare const __ONNX_ORIGIN__: string;
