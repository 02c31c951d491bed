/** What kernels that read a part of the points have in common. */
import framed from '../../../shaders/common/framed.wgsl?raw';
import grid from '../../../shaders/common/grid.wgsl?raw';
import partCode from '../../../shaders/common/part.wgsl?raw';
import points from '../../../shaders/common/points.wgsl?raw';
import { struct } from '../struct.ts';

/** See part.wgsl. */
export const PART = struct('Part', {
  base: 'u32',
  rows: 'u32',
  d: 'u32',
  k: 'u32',
  shard_row: 'u32',
  first_row: 'u32',
  slice_rows: 'u32',
  slot: 'u32',
  scale: 'f32',
});

/** The first bindings, which `bindingsOf` in part.ts fills. */
export const POINTS = { part: PART, points: 'read', adjust: 'read' } as const;

export const POINTS_FILES = [partCode, framed, points, grid] as const;

/** The same for kernels that read points four values at a time, and say so themselves. */
export const FRAMED_FILES = [partCode, framed, grid] as const;

/** For kernels that read no points. */
export const PART_FILES = [partCode, grid] as const;
