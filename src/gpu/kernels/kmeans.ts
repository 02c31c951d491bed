/** Lloyd's iterations: nearest centroids, statistics, update, status; and distances to all centroids. */
import grid from '../../../shaders/common/grid.wgsl?raw';
import assignDirectCode from '../../../shaders/kmeans/assign-direct.wgsl?raw';
import assignTiledCode from '../../../shaders/kmeans/assign-tiled.wgsl?raw';
import control from '../../../shaders/kmeans/control.wgsl?raw';
import distancesCode from '../../../shaders/kmeans/distances.wgsl?raw';
import labelOrFlag from '../../../shaders/kmeans/label-or-flag.wgsl?raw';
import normsCode from '../../../shaders/kmeans/norms.wgsl?raw';
import rescoreCode from '../../../shaders/kmeans/rescore.wgsl?raw';
import sortCode from '../../../shaders/kmeans/sort.wgsl?raw';
import statusCode from '../../../shaders/kmeans/status.wgsl?raw';
import sumsPrivateCode from '../../../shaders/kmeans/sums-private.wgsl?raw';
import sumsSortedCode from '../../../shaders/kmeans/sums-sorted.wgsl?raw';
import tileQuads from '../../../shaders/kmeans/tile-quads.wgsl?raw';
import tileValues from '../../../shaders/kmeans/tile-values.wgsl?raw';
import updateCode from '../../../shaders/kmeans/update.wgsl?raw';
import { defineKernel } from '../kernel.ts';
import { struct } from '../struct.ts';
import { FRAMED_FILES, POINTS, POINTS_FILES } from './points.ts';
import { TREES, WORDS } from './together.ts';

/** See control.wgsl. */
export const CONTROL = struct('Control', { done: 'u32', iteration: 'u32', compared: 'u32' });

export const FILES = [...POINTS_FILES, control] as const;
export const ASSIGN = { ...POINTS, model: 'read', labels: 'write', changed: 'write', control: 'read' } as const;

export const assignDirectKernel = defineKernel({
  name: 'assign-direct',
  files: [...FILES, assignDirectCode],
  together: WORDS,
  constants: { LOAD: 'u32', D: 'u32' },
  bindings: ASSIGN,
  threads: () => 64,
  own: { ROWS: 8 },
  sizes: ['rows'],
  grid: ({ rows, ROWS, threads }) => Math.ceil(rows / (ROWS * threads)),
});

const assignTiled = (name: string, files: readonly string[]) =>
  defineKernel({
    name,
    files: [...files, control, labelOrFlag, assignTiledCode],
    together: WORDS,
    constants: { LOAD: 'u32', D: 'u32', TALL: 'bool', TD: 'u32', TX: 'u32', TY: 'u32' },
    bindings: { ...ASSIGN, norms: 'read', flagged: 'write' },
    threads: ({ TX, TY }) => TX * TY,
    sizes: ['rows'],
    grid: ({ rows, TALL, TX }) => Math.ceil(rows / ((TALL ? 8 : 4) * TX)),
  });

export const assignTiledKernel = assignTiled('assign-tiled', [...POINTS_FILES, tileValues]);

/** Tall, where every row, and every centroid, begins at a multiple of 16 bytes. */
export const assignTiledQuadsKernel = assignTiled('assign-tiled-quads', [...FRAMED_FILES, tileQuads]);

/** Before tiled assignments. */
export const normsKernel = defineKernel({
  name: 'norms',
  files: [...POINTS_FILES, normsCode],
  constants: { LOAD: 'u32' },
  bindings: { ...POINTS, norms: 'write' },
  threads: () => 256,
  sizes: ['rows'],
  grid: ({ rows, threads }) => Math.ceil(rows / threads),
});

/** After tiled assignments, and after those by candidates. */
export const rescoreKernel = defineKernel({
  name: 'rescore',
  files: [...FILES, rescoreCode],
  together: WORDS,
  constants: { LOAD: 'u32', THREADS: 'u32' },
  bindings: { ...ASSIGN, flagged: 'write' },
  threads: ({ THREADS }) => THREADS,
  own: { SHARES: 4 },
  sizes: ['slices'],
  grid: ({ slices, SHARES }) => slices * SHARES,
});

export const sumsPrivateKernel = defineKernel({
  name: 'sums-private',
  files: [...FILES, sumsPrivateCode],
  constants: { LOAD: 'u32', WEIGHTED: 'bool', THREADS: 'u32', LANES: 'u32', CELLS: 'u32' },
  bindings: { ...POINTS, model: 'read', labels: 'read', weights: 'read', control: 'read', slots: 'write' },
  threads: ({ THREADS }) => THREADS,
  sizes: ['slices'],
  grid: ({ slices }) => slices,
});

/** Before sorted sums. */
export const sortKernel = defineKernel({
  name: 'sort',
  files: [...FILES, sortCode],
  constants: { LOAD: 'u32', BITS: 'u32' },
  bindings: { ...POINTS, labels: 'read', control: 'read', sorted: 'write' },
  threads: () => 128,
  sizes: ['slices'],
  grid: ({ slices }) => slices,
});

export const sumsSortedKernel = defineKernel({
  name: 'sums-sorted',
  files: [...FILES, sumsSortedCode],
  constants: { LOAD: 'u32', WEIGHTED: 'bool', LANES: 'u32', TOGETHER: 'u32' },
  bindings: { ...POINTS, model: 'read', sorted: 'read', weights: 'read', control: 'read', slots: 'write' },
  threads: () => 256,
  sizes: ['groups', 'k'],
  grid: ({ groups, k, LANES, TOGETHER, threads }) => groups * Math.ceil(k / (threads / (LANES * TOGETHER))),
});

/** See update.wgsl. */
export const SHAPE = struct('Shape', { k: 'u32', d: 'u32' });

export const updateKernel = defineKernel({
  name: 'update',
  files: [grid, control, updateCode],
  together: TREES,
  constants: { UNIT_CENTROIDS: 'bool' },
  bindings: { shape: SHAPE, totals: 'read', model: 'write', previous: 'write', moves: 'write', control: 'read' },
  threads: () => 64,
  sizes: ['k'],
  grid: ({ k }) => k,
});

/** See status.wgsl. */
export const RULE = struct('Rule', { k: 'u32', d: 'u32', max_iterations: 'u32', tolerance: 'f32' });
export const LINE = struct('Line', {
  iteration: 'u32',
  changed: 'u32',
  empty: 'u32',
  done: 'u32',
  inertia: 'f32',
  shift: 'f32',
});

export const statusKernel = defineKernel({
  name: 'status',
  files: [control, statusCode],
  together: TREES,
  constants: { LOG: 'u32' },
  bindings: { rule: RULE, totals: 'read', moves: 'read', changed: 'write', control: 'write', log: 'write' },
  threads: () => 64,
  sizes: [],
  grid: () => 1,
});

export const distancesKernel = defineKernel({
  name: 'distances',
  files: [...POINTS_FILES, distancesCode],
  constants: { LOAD: 'u32', FINE: 'bool' },
  bindings: { ...POINTS, centroids: 'read', result: 'write' },
  threads: () => 64,
  sizes: ['rows', 'k'],
  grid: ({ rows, k, threads }) => Math.ceil((rows * k) / threads),
});
