import gridCode from '../../shaders/common/grid.wgsl?raw';
import foldCode from '../../shaders/common/sum-slices.wgsl?raw';
import type { Arena, Gpu } from './device.ts';
import { type Kernel, kernelSource } from './kernel.ts';
import type { FoldPlan, Span } from './plan.ts';

/** The kernel that adds up the statistics of slices, span by span. */
export function compileFold(gpu: Gpu, { FOLD, LANES }: FoldPlan): Promise<Kernel> {
  return gpu.kernel(kernelSource('fold', ['uniform', 'read', 'write', 'read'], { FOLD, LANES }, gridCode, foldCode));
}

/** Binds one of the spans: from `slots` to `totals` [2, cells]; nothing happens where the first word of `halt` is set. */
export function bindFold(
  kernel: Kernel,
  arena: Arena,
  { FOLD }: FoldPlan,
  cells: number,
  spans: readonly Span[],
  index: number,
  slots: GPUBuffer,
  totals: GPUBuffer,
  halt: GPUBuffer,
): GPUBindGroup {
  const { firstSlice, slices } = spans[index];
  const last = index === spans.length - 1 ? 1 : 0;
  return kernel.bind(arena.uniform('span', [cells, firstSlice / FOLD, slices, last]), slots, totals, halt);
}
