/** The filter by bytes: what it needs of rows and centroids, itself, and what it leaves. */
import grid from '../../../shaders/common/grid.wgsl?raw';
import byteCentroids from '../../../shaders/kmeans/byte-centroids.wgsl?raw';
import byteRows from '../../../shaders/kmeans/byte-rows.wgsl?raw';
import bytesCode from '../../../shaders/kmeans/bytes.wgsl?raw';
import candidatesCode from '../../../shaders/kmeans/candidates.wgsl?raw';
import control from '../../../shaders/kmeans/control.wgsl?raw';
import filterCode from '../../../shaders/kmeans/filter.wgsl?raw';
import labelOrFlag from '../../../shaders/kmeans/label-or-flag.wgsl?raw';
import { defineKernel } from '../kernel.ts';
import { ASSIGN, FILES, SHAPE } from './kmeans.ts';
import { PART, PART_FILES, POINTS, POINTS_FILES } from './points.ts';
import { TREES } from './together.ts';

/** Before filtered assignments, of all rows. */
export const byteRowsKernel = defineKernel({
  name: 'byte-rows',
  together: TREES,
  files: [...POINTS_FILES, byteRows, bytesCode],
  constants: { LOAD: 'u32', D: 'u32' },
  bindings: { ...POINTS, bytes: 'write', records: 'write' },
  threads: () => 64,
  sizes: ['rows'],
  grid: ({ rows }) => rows,
});

/** Before filtered assignments, each time. */
export const byteCentroidsKernel = defineKernel({
  name: 'byte-centroids',
  together: TREES,
  files: [grid, control, byteCentroids, bytesCode],
  constants: { D: 'u32' },
  bindings: { shape: SHAPE, model: 'read', control: 'read', bytes: 'write', records: 'write' },
  threads: () => 64,
  sizes: ['k'],
  grid: ({ k }) => k,
});

export const filterKernel = defineKernel({
  name: 'filter',
  files: [...PART_FILES, control, filterCode],
  constants: { D: 'u32', GROUP: 'u32', TALL: 'bool' },
  bindings: {
    part: PART,
    row_bytes: 'read',
    row_records: 'read',
    centroid_bytes: 'read',
    centroid_records: 'read',
    labels: 'write',
    changed: 'write',
    control: 'read',
    candidates: 'write',
  },
  threads: () => 128,
  own: { ROWS: 64 },
  sizes: ['rows'],
  grid: ({ rows, ROWS }) => Math.ceil(rows / ROWS),
});

/** After filters. */
export const candidatesKernel = defineKernel({
  name: 'candidates',
  files: [...FILES, labelOrFlag, candidatesCode],
  constants: { LOAD: 'u32', D: 'u32' },
  bindings: { ...ASSIGN, flagged: 'write', candidates: 'read' },
  threads: () => 64,
  sizes: ['rows'],
  grid: ({ rows, threads }) => Math.ceil(rows / threads),
});
