/** Rows as they are, or times a matrix. */
import gatherCode from '../../../shaders/common/gather.wgsl?raw';
import transformCode from '../../../shaders/common/transform.wgsl?raw';
import { defineKernel } from '../kernel.ts';
import { POINTS, POINTS_FILES } from './points.ts';

export const gatherKernel = defineKernel({
  name: 'gather',
  files: [...POINTS_FILES, gatherCode],
  constants: { LOAD: 'u32' },
  bindings: { ...POINTS, indices: 'read', result: 'write' },
  threads: () => 64,
  sizes: ['count', 'd'],
  grid: ({ count, d, threads }) => Math.ceil((count * d) / threads),
});

export const transformKernel = defineKernel({
  name: 'transform',
  files: [...POINTS_FILES, transformCode],
  constants: { LOAD: 'u32', DIAGONAL: 'bool' },
  bindings: { ...POINTS, matrix: 'read', result: 'write' },
  threads: () => 64,
  sizes: ['rows', 'd'],
  grid: ({ rows, d, threads }) => Math.ceil((rows * d) / threads),
});
