import { owns } from '../check.ts';
import { COMPUTE } from './flags.ts';
import { scoped } from './scope.ts';

/** A kernel: WGSL with its prelude, and what is bound to it, in order from binding 0. */
export interface KernelSource {
  readonly name: string;
  readonly code: string;
  readonly bindings: readonly Binding[];
}

/** `'uniform'`, a storage buffer that is only read, or one that is written. */
export type Binding = 'uniform' | 'read' | 'write';

/** A compiled kernel. It encodes into a pass that it is given and never submits. */
export interface Kernel {
  /** Binds buffers, or ranges of them, in the order of the source's bindings. */
  bind(...resources: (GPUBuffer | GPUBufferBinding)[]): GPUBindGroup;
  /** Dispatches `workgroups` of them, folded into rows where one dimension ends. */
  encode(pass: GPUComputePassEncoder, group: GPUBindGroup, workgroups: number): void;
}

/** Workgroups that a dimension of a dispatch may have in every implementation. */
const MAX_WORKGROUPS = 65_535;

/**
 * The source of a kernel. Sizes that must be constants come before the plain WGSL as `const` lines; integers are u32.
 */
export function kernelSource(
  name: string,
  bindings: readonly Binding[],
  constants: Readonly<Record<string, number | boolean>>,
  ...files: readonly string[]
): KernelSource {
  const prelude = Object.entries(constants).map(
    ([key, value]) => `const ${key} = ${value}${value === +value ? 'u' : ''};`,
  );
  return { name, bindings, code: [prelude.join('\n'), ...files].join('\n') };
}

export async function compileKernel(device: GPUDevice, { name, code, bindings }: KernelSource): Promise<Kernel> {
  const { result, errors } = scoped(device, () => {
    const layout = device.createBindGroupLayout({
      label: name,
      entries: bindings.map((binding, index) => ({
        binding: index,
        visibility: COMPUTE,
        buffer: { type: bufferType(binding) },
      })),
    });
    const module = device.createShaderModule({ label: name, code });
    const compiling = device.createComputePipelineAsync({
      label: name,
      layout: device.createPipelineLayout({ label: name, bindGroupLayouts: [layout] }),
      compute: { module, entryPoint: 'main' },
    });
    return { layout, module, compiling };
  });
  const { layout, module, compiling } = result;
  const pipeline = await compiling.catch(async (error: Error) => {
    const causes = await errors.catch(() => []);
    const { messages } = await module.getCompilationInfo();
    const lines = messages.map(({ lineNum, linePos, message }) => `${name}:${lineNum}:${linePos} ${message}`);
    const told = [error, ...causes].map(({ message }) => message);
    throw new Error([`WebGPU could not compile ${name}: ${told.join('\n')}`, ...lines].join('\n'));
  });
  return {
    bind: (...resources) =>
      device.createBindGroup({
        label: name,
        layout,
        entries: resources.map((resource, binding) => ({
          binding,
          resource: owns(resource, 'buffer') ? resource : { buffer: resource },
        })),
      }),
    encode(pass, group, workgroups) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, group);
      const rows = Math.ceil(workgroups / MAX_WORKGROUPS);
      pass.dispatchWorkgroups(Math.ceil(workgroups / rows), rows);
    },
  };
}

function bufferType(binding: Binding): GPUBufferBindingType {
  if (binding === 'uniform') return 'uniform';
  return binding === 'read' ? 'read-only-storage' : 'storage';
}
