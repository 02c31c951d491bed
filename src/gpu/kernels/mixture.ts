/** E-steps with their moments, and densities, for axes and for matrices. */
import answer from '../../../shaders/mixture/answer.wgsl?raw';
import answersCode from '../../../shaders/mixture/answers.wgsl?raw';
import axes from '../../../shaders/mixture/axes.wgsl?raw';
import axesDensitiesCode from '../../../shaders/mixture/axes-densities.wgsl?raw';
import axesMomentsCode from '../../../shaders/mixture/axes-moments.wgsl?raw';
import far from '../../../shaders/mixture/far.wgsl?raw';
import matrices from '../../../shaders/mixture/matrices.wgsl?raw';
import matricesDensitiesCode from '../../../shaders/mixture/matrices-densities.wgsl?raw';
import keptMoments from '../../../shaders/mixture/matrices-kept.wgsl?raw';
import matricesMoments from '../../../shaders/mixture/matrices-moments.wgsl?raw';
import matricesNarrowCode from '../../../shaders/mixture/matrices-narrow.wgsl?raw';
import wideMoments from '../../../shaders/mixture/matrices-wide.wgsl?raw';
import sums from '../../../shaders/mixture/sums.wgsl?raw';
import tileInStorage from '../../../shaders/mixture/tile-storage.wgsl?raw';
import tileInWorkgroup from '../../../shaders/mixture/tile-workgroup.wgsl?raw';
import whole from '../../../shaders/mixture/whole.wgsl?raw';
import { defineKernel } from '../kernel.ts';
import { struct } from '../struct.ts';
import { POINTS, POINTS_FILES } from './points.ts';

/** What differs between fits comes in this uniform, so that few kernels serve all. See answer.wgsl. */
export const TASK = struct('Task', {
  temperature: 'f32',
  inverse: 'f32',
  weighted: 'u32',
  is_shared: 'u32',
  rows: 'u32',
  tile: 'u32',
  about: 'u32',
});

const FILES = [...POINTS_FILES, far, answer, whole] as const;

const MOMENTS = {
  ...POINTS,
  model: 'read',
  weights: 'read',
  answers: 'write',
  labels: 'write',
  slots: 'write',
  task: TASK,
} as const;

/** What rows answer, where log π·p is known; it becomes what they weigh. */
export const answersKernel = defineKernel({
  name: 'answers',
  files: [...POINTS_FILES, far, answer, answersCode],
  constants: { LOAD: 'u32', LANES: 'u32' },
  bindings: {
    ...POINTS,
    weights: 'read',
    answers: 'write',
    labels: 'write',
    shares: 'write',
    notes: 'write',
    task: TASK,
  },
  threads: () => 256,
  sizes: ['rows'],
  own: { ROWS: 64 },
  grid: ({ rows, ROWS }) => Math.ceil(rows / ROWS),
});

export const axesMomentsKernel = defineKernel({
  name: 'axes-moments',
  files: [...POINTS_FILES, answer, axes, axesMomentsCode],
  constants: { LOAD: 'u32', TC: 'u32', TF: 'u32', GROUPS: 'u32', RUN: 'u32' },
  bindings: { ...POINTS, model: 'read', share_fours: 'read', notes: 'read', slots: 'write', task: TASK },
  threads: ({ TC, TF, GROUPS }) => TC * TF * GROUPS,
  sizes: ['slices', 'k', 'd'],
  grid: ({ slices, k, d, TC, TF }) => slices * Math.ceil(k / (4 * TC)) * Math.ceil(d / (2 * TF)),
});

/** Of up to four features. */
export const matricesNarrowKernel = defineKernel({
  name: 'matrices-narrow',
  files: [...FILES, matrices, sums, matricesNarrowCode],
  constants: { LOAD: 'u32', THREADS: 'u32' },
  bindings: MOMENTS,
  threads: ({ THREADS }) => THREADS,
  sizes: ['slices'],
  grid: ({ slices }) => slices,
});

const TILED = { LOAD: 'u32', THREADS: 'u32', EXACT: 'bool', TILE: 'u32' } as const;

/** Threads keep the moments in registers. */
export const matricesKeptKernel = defineKernel({
  name: 'matrices-kept',
  files: [...FILES, matrices, tileInWorkgroup, sums, matricesMoments, keptMoments],
  constants: TILED,
  bindings: MOMENTS,
  threads: ({ THREADS }) => THREADS,
  sizes: ['slices'],
  grid: ({ slices }) => slices,
});

/** The moments are too many for registers. */
export const matricesWideKernel = defineKernel({
  name: 'matrices-wide',
  files: [...FILES, matrices, tileInWorkgroup, sums, matricesMoments, wideMoments],
  constants: TILED,
  bindings: MOMENTS,
  threads: ({ THREADS }) => THREADS,
  sizes: ['slices'],
  grid: ({ slices }) => slices,
});

/** And a tile of rows is too wide for the workgroup's memory. */
export const matricesStoredKernel = defineKernel({
  name: 'matrices-stored',
  files: [...FILES, matrices, tileInStorage, sums, matricesMoments, wideMoments],
  constants: { LOAD: 'u32', THREADS: 'u32', EXACT: 'bool' },
  bindings: { ...MOMENTS, scratch: 'write' },
  threads: ({ THREADS }) => THREADS,
  sizes: ['slices'],
  grid: ({ slices }) => slices,
});

export const axesDensitiesKernel = defineKernel({
  name: 'axes-densities',
  files: [...POINTS_FILES, far, axes, axesDensitiesCode],
  constants: { LOAD: 'u32', TY: 'u32' },
  bindings: { ...POINTS, model: 'read', log_fours: 'write' },
  threads: ({ TY }) => Math.max(64, 16 * TY),
  sizes: ['rows', 'k'],
  grid: ({ rows, k, threads, TY }) => Math.ceil(rows / (4 * (threads / TY))) * Math.ceil(k / (4 * TY)),
});

export const matricesDensitiesKernel = defineKernel({
  name: 'matrices-densities',
  files: [...POINTS_FILES, far, matrices, matricesDensitiesCode],
  constants: { LOAD: 'u32', SHARED: 'bool' },
  bindings: { ...POINTS, model: 'read', log_fours: 'write' },
  threads: () => 64,
  sizes: ['rows', 'k'],
  // Four components a thread.
  grid: ({ rows, k, threads }) => Math.ceil((rows * Math.ceil(k / 4)) / threads),
});
