/** Greedy k-means++ and the distance field of k-means‖. */
import fieldExtendCode from '../../../shaders/kmeans/field-extend.wgsl?raw';
import fieldSampleCode from '../../../shaders/kmeans/field-sample.wgsl?raw';
import seedDrawCode from '../../../shaders/kmeans/seed-draw.wgsl?raw';
import seedPriceCode from '../../../shaders/kmeans/seed-price.wgsl?raw';
import { defineKernel } from '../kernel.ts';
import { struct } from '../struct.ts';
import { POINTS, POINTS_FILES } from './points.ts';
import { TREES } from './together.ts';

/** Rows of a slice in these kernels. */
export const SEED_ROWS = 1024;

/** See seed-price.wgsl and seed-draw.wgsl. */
export const STEP = struct('Step', { step: 'u32', slices: 'u32', k: 'u32' });

export const seedPriceKernel = defineKernel({
  name: 'seed-price',
  files: [...POINTS_FILES, seedPriceCode],
  constants: { LOAD: 'u32', WEIGHTED: 'bool', L: 'u32', START: 'bool' },
  bindings: {
    ...POINTS,
    weights: 'read',
    distances: 'write',
    candidates: 'read',
    picks: 'read',
    prices: 'write',
    now: STEP,
  },
  threads: () => 64,
  own: { SLICE: SEED_ROWS },
  sizes: ['rows'],
  grid: ({ rows, SLICE }) => Math.ceil(rows / SLICE),
});

export const seedDrawKernel = defineKernel({
  name: 'seed-draw',
  files: [...POINTS_FILES, seedDrawCode],
  constants: { LOAD: 'u32', WEIGHTED: 'bool', L: 'u32' },
  bindings: {
    ...POINTS,
    weights: 'read',
    distances: 'read',
    candidates: 'write',
    picks: 'write',
    prices: 'read',
    draws: 'read',
    now: STEP,
  },
  threads: () => 64,
  own: { SLICE: SEED_ROWS },
  sizes: [],
  grid: ({ L }) => L,
});

export const fieldExtendKernel = defineKernel({
  name: 'field-extend',
  files: [...POINTS_FILES, fieldExtendCode],
  together: TREES,
  constants: { LOAD: 'u32', WEIGHTED: 'bool', FRESH: 'bool', FINE: 'bool' },
  bindings: { ...POINTS, weights: 'read', centroids: 'read', distances: 'write', totals: 'write' },
  threads: () => 256,
  own: { SLICE: SEED_ROWS },
  sizes: ['rows'],
  grid: ({ rows, SLICE }) => Math.ceil(rows / SLICE),
});

/** See field-sample.wgsl. */
export const DRAW = struct('Draw', { factor: 'f32', seed: 'u32' });

export const fieldSampleKernel = defineKernel({
  name: 'field-sample',
  files: [...POINTS_FILES, fieldSampleCode],
  constants: { LOAD: 'u32', WEIGHTED: 'bool' },
  bindings: { ...POINTS, weights: 'read', distances: 'read', drawn: 'write', draw: DRAW },
  threads: () => 64,
  sizes: ['rows'],
  // A word of bits a thread.
  grid: ({ rows, threads }) => Math.ceil(rows / (32 * threads)),
});
