import type { Allocation } from './device.ts';
import { type Dispatch, type Kernel, type KernelSource, sourceOf } from './kernel.ts';
import { SPAN, sumSlicesKernel } from './kernels/sum-slices.ts';
import type { SlicesPlan, Span } from './plan.ts';

type Bindings = typeof sumSlicesKernel.bindings;

export function sumSlicesSource({ TOGETHER, LANES }: SlicesPlan): KernelSource<Bindings, 'cells'> {
  return sourceOf(sumSlicesKernel, { TOGETHER, LANES });
}

/** Binds one of the spans: from `slots` to `totals` [2, cells]; nothing happens where the first word of `halt` is set. */
export function bindSumSlices(
  kernel: Kernel<Bindings, 'cells'>,
  allocation: Allocation,
  { TOGETHER }: SlicesPlan,
  cells: number,
  spans: readonly Span[],
  index: number,
  buffers: { readonly slots: GPUBuffer; readonly totals: GPUBuffer; readonly halt: GPUBuffer },
): Dispatch {
  const { firstSlice, slices } = spans[index];
  const last = index === spans.length - 1 ? 1 : 0;
  const span = allocation.uniform(SPAN, { cells, first_group: firstSlice / TOGETHER, slices, last });
  return kernel.bind({ span, ...buffers }, { cells });
}
