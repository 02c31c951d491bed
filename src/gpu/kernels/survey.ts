/** What is asked of a borrowed buffer before its points are used. */
import grid from '../../../shaders/common/grid.wgsl?raw';
import lengthsCode from '../../../shaders/common/lengths.wgsl?raw';
import surveyCode from '../../../shaders/common/survey.wgsl?raw';
import { defineKernel } from '../kernel.ts';
import { struct } from '../struct.ts';

const ROWS = { base: 'u32', rows: 'u32', d: 'u32', first_row: 'u32', shard_row: 'u32' } as const;

/** See lengths.wgsl. */
export const EXTENT = struct('Extent', ROWS);
/** See survey.wgsl. */
export const SCALED_EXTENT = struct('ScaledExtent', { ...ROWS, scale: 'f32' });

/** Rows that survey.wgsl takes as one. */
export const SURVEY_ROWS = 1024;

export const surveyKernel = defineKernel({
  name: 'survey',
  files: [grid, surveyCode],
  constants: { UNIT: 'bool', WEIGHTED: 'bool' },
  bindings: {
    extent: SCALED_EXTENT,
    points: 'read',
    adjust: 'read',
    weights: 'read',
    pivot: 'read',
    bad: 'write',
    survey: 'write',
  },
  threads: () => 64,
  own: { SLICE: SURVEY_ROWS },
  sizes: ['rows', 'd'],
  grid: ({ rows, d, SLICE, threads }) => Math.ceil(rows / SLICE) * Math.ceil(d / threads),
});

export const lengthsKernel = defineKernel({
  name: 'lengths',
  files: [grid, lengthsCode],
  constants: {},
  bindings: { extent: EXTENT, points: 'read', inverse: 'write', zero: 'write' },
  threads: () => 64,
  sizes: ['rows'],
  grid: ({ rows, threads }) => Math.ceil(rows / threads),
});
