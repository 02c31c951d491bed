import gridCode from '../../shaders/common/grid.wgsl?raw';
import sumSlicesCode from '../../shaders/common/sum-slices.wgsl?raw';
import type { Allocation, Gpu } from './device.ts';
import { type Kernel, kernelSource } from './kernel.ts';
import type { SlicesPlan, Span } from './plan.ts';

/** The kernel that adds up the statistics of slices, span by span. */
export function compileSumSlices(gpu: Gpu, { TOGETHER, LANES }: SlicesPlan): Promise<Kernel> {
  return gpu.kernel(
    kernelSource('sum-slices', ['uniform', 'read', 'write', 'read'], { TOGETHER, LANES }, gridCode, sumSlicesCode),
  );
}

/** Binds one of the spans: from `slots` to `totals` [2, cells]; nothing happens where the first word of `halt` is set. */
export function bindSumSlices(
  kernel: Kernel,
  allocation: Allocation,
  { TOGETHER }: SlicesPlan,
  cells: number,
  spans: readonly Span[],
  index: number,
  slots: GPUBuffer,
  totals: GPUBuffer,
  halt: GPUBuffer,
): GPUBindGroup {
  const { firstSlice, slices } = spans[index];
  const last = index === spans.length - 1 ? 1 : 0;
  return kernel.bind(allocation.uniform('span', [cells, firstSlice / TOGETHER, slices, last]), slots, totals, halt);
}
