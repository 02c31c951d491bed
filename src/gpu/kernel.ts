/** What a kernel is, and how it is compiled, bound by name and encoded. The kernels themselves are in kernels/. */
import { owns } from '../check.ts';
import { COMPUTE } from './flags.ts';
import { scoped } from './scope.ts';
import type { Struct, Uniform } from './struct.ts';

/** A struct that is a uniform, a storage buffer that is only read, or one that is written. */
export type Binding = Struct | 'read' | 'write';

/** By the names of the WGSL, in order from binding 0. */
export type Bindings = Readonly<Record<string, Binding>>;

export type ConstantType = 'u32' | 'bool';

/** Values that stand before the WGSL as `const` lines. */
type ConstantsOf<Types extends ConstantTypes> = {
  readonly [Name in keyof Types]: ConstantOf<Types[Name]>;
};
type ConstantOf<Type extends ConstantType> = Type extends 'u32' ? number : boolean;
type ConstantTypes = Readonly<Record<string, ConstantType>>;
type Sizes<Size extends string> = { readonly [Name in Size]: number };

/** Subgroups that a kernel may count on: null none, 0 those of a size that is the driver's choice, else those of this size. */
export type Subgroups = number | null;

/** Two files of the same functions. */
export interface Together {
  readonly memory: string;
  readonly subgroups: string;
  /** Whether subgroups of a known size save something: WIDTH tells it, 0 where it is not known. */
  readonly sized: boolean;
}

/** All that is known of a kernel; test/unit/kernels.test.ts holds it against the WGSL. */
export interface KernelDefinition<
  B extends Bindings = Bindings,
  C extends ConstantTypes = ConstantTypes,
  Size extends string = string,
  Own extends Sizes<string> = Sizes<string>,
> {
  readonly name: string;
  /** Its WGSL, what others share with it first. */
  readonly files: readonly string[];
  /** How its threads bring together what they have. */
  readonly together?: Together;
  readonly constants: C;
  readonly bindings: B;
  /** Threads of a workgroup. */
  threads(constants: ConstantsOf<C> & Own): number;
  /** Constants of the WGSL's own that the grid counts on. */
  readonly own?: Own;
  /** What the grid depends on beside constants. */
  readonly sizes: readonly Size[];
  /** How many workgroups there are to be. */
  grid(sizes: Sizes<Size> & ConstantsOf<C> & Own & { readonly threads: number }): number;
}

/** A kernel whose constants are chosen. */
export interface KernelSource<B extends Bindings = Bindings, Size extends string = string> {
  readonly name: string;
  readonly constants: ConstantsOf<ConstantTypes>;
  readonly code: string;
  readonly bindings: B;
  readonly threads: number;
  workgroups(sizes: Sizes<Size>): number;
}

export function defineKernel<
  const B extends Bindings,
  const C extends ConstantTypes,
  const Size extends string = never,
  const Own extends Sizes<string> = Record<never, number>,
>(definition: KernelDefinition<B, C, Size, Own>): KernelDefinition<B, C, Size, Own> {
  return definition;
}

/**
 * A kernel with its constants chosen: the text that is compiled, and its grid.
 *
 * @param subgroups what may be counted on; kernels without threads that bring anything together are the same in any case
 */
export function sourceOf<B extends Bindings, C extends ConstantTypes, Size extends string, Own extends Sizes<string>>(
  definition: KernelDefinition<B, C, Size, Own>,
  constants: ConstantsOf<C>,
  subgroups: Subgroups = null,
): KernelSource<B, Size> {
  const { files, together, bindings, own } = definition;
  const inSubgroups = together !== undefined && subgroups !== null;
  const name = inSubgroups ? `${definition.name}-subgroups` : definition.name;
  const width = inSubgroups && together.sized ? { WIDTH: subgroups } : {};
  const values: ConstantsOf<ConstantTypes> = { ...constants, ...width };
  const types: ConstantTypes = { ...definition.constants, ...(inSubgroups && together.sized && { WIDTH: 'u32' }) };
  const chosen = Object.entries(types).map(([name, type]) => ({ name, type, value: values[name] }));
  const prelude = chosen.map(({ name, type, value }) => `const ${name} = ${value}${type === 'u32' ? 'u' : ''};`);
  // None where there is nothing in it.
  const given = { ...own!, ...constants };
  const threads = definition.threads(given);
  const known = { ...given, threads };
  const parts = together === undefined ? files : [together[inSubgroups ? 'subgroups' : 'memory'], ...files];
  const code = [prelude.join('\n'), ...parts].join('\n');
  return {
    name,
    constants: Object.fromEntries(chosen.map(({ name, value }) => [name, value])),
    bindings,
    threads,
    code: inSubgroups ? enabled(code, together.sized ? subgroups : 0) : code,
    workgroups: (sizes) => definition.grid({ ...known, ...sizes }),
  };
}

/** The text with what WGSL asks of one that has subgroups, which are of the size where that is not 0. */
function enabled(code: string, size: number): string {
  if (size === 0) return `enable subgroups;\n${code}`;
  const sized = code.replace('@compute', `@compute @subgroup_size(${size})`);
  return `enable subgroups;\nenable subgroup_size_control;\n${sized}`;
}

/** What is bound to each binding. */
export type ResourcesOf<B extends Bindings> = {
  readonly [Name in keyof B]: B[Name] extends Struct ? Uniform<B[Name]> : Resource;
};
type Resource = GPUBuffer | GPUBufferBinding;

/** A kernel with its buffers and its grid, ready to be encoded any number of times. */
export interface Dispatch {
  encode(pass: GPUComputePassEncoder): void;
}

/** A compiled kernel. It encodes into passes that it is given and never submits. */
export interface Kernel<B extends Bindings = Bindings, Size extends string = string> {
  /** Binds buffers, or ranges of them, by the names of the WGSL, for a grid of such sizes. */
  bind(resources: ResourcesOf<B>, sizes: Sizes<Size>): Dispatch;
}

/** What is compiled once for each text. */
export interface Pipeline {
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

export function kernelOn<B extends Bindings, Size extends string>(
  device: GPUDevice,
  { name: label, bindings, workgroups }: KernelSource<B, Size>,
  { pipeline, layout }: Pipeline,
): Kernel<B, Size> {
  const names: readonly (keyof B)[] = Object.keys(bindings);
  return {
    bind(resources, sizes) {
      const entries = names.map((name, binding) => ({ binding, resource: bufferBinding(resources[name]) }));
      const group = device.createBindGroup({ label, layout, entries });
      const [columns, rows] = gridOf(workgroups(sizes));
      return {
        encode(pass) {
          pass.setPipeline(pipeline);
          pass.setBindGroup(0, group);
          pass.dispatchWorkgroups(columns, rows);
        },
      };
    },
  };
}

/** Workgroups that a dimension of a dispatch may have in every implementation. */
const MAX_WORKGROUPS = 65_535;

/** Workgroups in rows, as grid.wgsl counts them; a few more where rows do not divide them. */
export function gridOf(workgroups: number): [columns: number, rows: number] {
  const rows = Math.ceil(workgroups / MAX_WORKGROUPS);
  return [Math.ceil(workgroups / rows), rows];
}

export async function compilePipeline(device: GPUDevice, { name, code, bindings }: KernelSource): Promise<Pipeline> {
  const { result, errors } = scoped(device, () => {
    const layout = device.createBindGroupLayout({
      label: name,
      entries: Object.values(bindings).map((binding, index) => ({
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
  return { pipeline, layout };
}

/** Whether the device takes some WGSL. */
export async function compiles(device: GPUDevice, code: string): Promise<boolean> {
  const { result: module, errors } = scoped(device, () => device.createShaderModule({ code }));
  const [{ messages }] = await Promise.all([module.getCompilationInfo(), errors]);
  return messages.every(({ type }) => type !== 'error');
}

function bufferType(binding: Binding): GPUBufferBindingType {
  if (binding === 'read') return 'read-only-storage';
  return binding === 'write' ? 'storage' : 'uniform';
}

function bufferBinding(resource: Resource): GPUBufferBinding {
  return owns(resource, 'buffer') ? resource : { buffer: resource };
}
