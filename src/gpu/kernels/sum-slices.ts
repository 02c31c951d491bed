import grid from '../../../shaders/common/grid.wgsl?raw';
import sumSlicesCode from '../../../shaders/common/sum-slices.wgsl?raw';
import { defineKernel } from '../kernel.ts';
import { struct } from '../struct.ts';

/** See sum-slices.wgsl. */
export const SPAN = struct('Span', { cells: 'u32', first_group: 'u32', slices: 'u32', last: 'u32' });

/** Adds up the statistics of slices, span by span. */
export const sumSlicesKernel = defineKernel({
  name: 'sum-slices',
  files: [grid, sumSlicesCode],
  constants: { TOGETHER: 'u32', LANES: 'u32' },
  bindings: { span: SPAN, slots: 'read', totals: 'write', halt: 'read' },
  threads: () => 256,
  sizes: ['cells'],
  grid: ({ cells, LANES, threads }) => Math.ceil((cells * LANES) / threads),
});
