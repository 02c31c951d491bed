/** E-steps with their moments, and densities, for axes and for matrices. */
import answer from '../../../shaders/mixture/answer.wgsl?raw';
import answersCode from '../../../shaders/mixture/answers.wgsl?raw';
import axes from '../../../shaders/mixture/axes.wgsl?raw';
import axesDensitiesCode from '../../../shaders/mixture/axes-densities.wgsl?raw';
import axesMomentsCode from '../../../shaders/mixture/axes-moments.wgsl?raw';
import far from '../../../shaders/mixture/far.wgsl?raw';
import any from '../../../shaders/mixture/features-any.wgsl?raw';
import few from '../../../shaders/mixture/features-few.wgsl?raw';
import groups from '../../../shaders/mixture/groups.wgsl?raw';
import matrices from '../../../shaders/mixture/matrices.wgsl?raw';
import matricesDensitiesCode from '../../../shaders/mixture/matrices-densities.wgsl?raw';
import matricesMomentsCode from '../../../shaders/mixture/matrices-moments.wgsl?raw';
import matricesNarrowCode from '../../../shaders/mixture/matrices-narrow.wgsl?raw';
import whitenedDropped from '../../../shaders/mixture/whitened-dropped.wgsl?raw';
import whitenedKept from '../../../shaders/mixture/whitened-kept.wgsl?raw';
import { defineKernel } from '../kernel.ts';
import { struct } from '../struct.ts';
import { POINTS, POINTS_FILES } from './points.ts';
import { TREES } from './together.ts';

/** What differs between fits comes in this uniform, so that few kernels serve all. See answer.wgsl. */
export const TASK = struct('Task', {
  temperature: 'f32',
  inverse: 'f32',
  weighted: 'u32',
  about: 'u32',
});

/** What rows answer, where log π·p is known; it becomes what they weigh. */
export const answersKernel = defineKernel({
  name: 'answers',
  files: [...POINTS_FILES, far, answer, answersCode],
  together: TREES,
  constants: { LOAD: 'u32' },
  bindings: {
    ...POINTS,
    weights: 'read',
    answers: 'write',
    labels: 'write',
    share_fours: 'write',
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
  files: [...POINTS_FILES, answer, axes, groups, axesMomentsCode],
  constants: { LOAD: 'u32', FEATURES: 'u32', TC: 'u32', TF: 'u32', GROUPS: 'u32', RUN: 'u32' },
  bindings: { ...POINTS, model: 'read', share_fours: 'read', notes: 'read', slots: 'write', task: TASK },
  threads: ({ TC, TF, GROUPS }) => TC * TF * GROUPS,
  sizes: ['slices', 'k', 'd'],
  grid: ({ slices, k, d, FEATURES, TC, TF }) => slices * Math.ceil(k / (4 * TC)) * Math.ceil(d / (FEATURES * TF)),
});

/** All of an E-step, of up to four features. */
export const matricesNarrowKernel = defineKernel({
  name: 'matrices-narrow',
  files: [...POINTS_FILES, far, answer, few, matrices, matricesNarrowCode],
  together: TREES,
  constants: { LOAD: 'u32', D: 'u32', SHARED: 'bool' },
  bindings: {
    ...POINTS,
    model: 'read',
    weights: 'read',
    answers: 'write',
    labels: 'write',
    slots: 'write',
    task: TASK,
  },
  threads: () => 64,
  sizes: ['slices'],
  grid: ({ slices }) => slices,
});

export const matricesMomentsKernel = defineKernel({
  name: 'matrices-moments',
  files: [...POINTS_FILES, groups, matricesMomentsCode],
  constants: { LOAD: 'u32', SHARED: 'bool', SIDE: 'u32', BLOCKS: 'u32', GROUPS: 'u32', RUN: 'u32' },
  bindings: { ...POINTS, whitened: 'read', shares: 'read', notes: 'read', slots: 'write' },
  threads: ({ BLOCKS, GROUPS }) => BLOCKS * GROUPS,
  sizes: ['slices', 'k', 'd'],
  grid({ slices, k, d, SHARED, SIDE }) {
    const sides = Math.ceil(d / (4 * SIDE));
    return slices * (SHARED ? 1 : k) * ((sides * (sides + 1)) / 2);
  },
});

export const axesDensitiesKernel = defineKernel({
  name: 'axes-densities',
  files: [...POINTS_FILES, far, axes, axesDensitiesCode],
  constants: { LOAD: 'u32', TY: 'u32', TD: 'u32' },
  bindings: { ...POINTS, model: 'read', log_fours: 'write' },
  threads: ({ TY }) => Math.max(64, 16 * TY),
  sizes: ['rows', 'k'],
  grid: ({ rows, k, threads, TY }) => Math.ceil(rows / (4 * (threads / TY))) * Math.ceil(k / (4 * TY)),
});

const WHITENING = {
  constants: { LOAD: 'u32', SHARED: 'bool', EXACT: 'bool', TX: 'u32', TY: 'u32' },
  threads: ({ TX, TY }: { readonly TX: number; readonly TY: number }) => TX * TY,
  sizes: ['rows', 'k'],
  grid: ({ rows, k, TX }: { readonly rows: number; readonly k: number; readonly TX: number }) =>
    Math.ceil(rows / (4 * TX)) * k,
} as const;

export const matricesDensitiesKernel = defineKernel({
  ...WHITENING,
  name: 'matrices-densities',
  files: [...POINTS_FILES, far, any, matrices, whitenedDropped, matricesDensitiesCode],
  bindings: { ...POINTS, model: 'read', logs: 'write' },
});

/** The same, and y of all rows under all components. */
export const matricesWhitenedKernel = defineKernel({
  ...WHITENING,
  name: 'matrices-whitened',
  files: [...POINTS_FILES, far, any, matrices, whitenedKept, matricesDensitiesCode],
  bindings: { ...POINTS, model: 'read', logs: 'write', whitened: 'write' },
});
