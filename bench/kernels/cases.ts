import type { GaussiansShape } from '../../src/engine/gaussians.ts';
import { CASES as KMEANS } from '../kmeans/cases.ts';
import { CASES as MIXTURES } from '../mixture/cases.ts';
import type { Size } from '../points.ts';
import type { KernelCase } from './list.ts';

/** What no benchmark times: tall, many centroids, and the width where tiles leave the workgroup's memory. */
const MORE_KMEANS: readonly Size[] = [
  { name: '10Mx3-k32', n: 10_000_000, d: 3, k: 32 },
  { name: '1Mx128-k1024', n: 1_000_000, d: 128, k: 1024 },
  { name: '1Mx128-k4096', n: 1_000_000, d: 128, k: 4096 },
  { name: '720kx45-k4096', n: 720_000, d: 45, k: 4096 },
];
const MORE_MIXTURES: readonly (Size & { readonly gaussians: GaussiansShape })[] = [
  { name: '1Mx64-k64-axes', n: 1_000_000, d: 64, k: 64, gaussians: 'axes' },
  { name: '100kx32-k16-own', n: 100_000, d: 32, k: 16, gaussians: 'own' },
  { name: '1Mx128-k1024-axes', n: 1_000_000, d: 128, k: 1024, gaussians: 'axes' },
  { name: '20kx500-k4-own', n: 20_000, d: 500, k: 4, gaussians: 'own' },
];

const SHAPES: readonly GaussiansShape[] = ['axes', 'own', 'shared'];

const plain = { metric: 'euclidean', load: 0, weighted: false } as const;

/** Those that are timed, what compilers are asked about beside them, and borrowed buffers. */
export const KERNEL_CASES: readonly KernelCase[] = [
  ...[...KMEANS, ...MORE_KMEANS].map((size) => ({ ...size, ...plain, name: `kmeans-${size.name}`, gaussians: null })),
  ...MIXTURES.flatMap((size) =>
    SHAPES.map((gaussians) => ({ ...size, ...plain, name: `mixture-${size.name}-${gaussians}`, gaussians })),
  ),
  ...MORE_MIXTURES.map((size) => ({ ...size, ...plain, name: `mixture-${size.name}` })),
  { name: 'borrowed', n: 200_000, d: 32, k: 64, gaussians: null, metric: 'euclidean', load: 1, weighted: true },
  { name: 'borrowed-cosine', n: 200_000, d: 32, k: 64, gaussians: null, metric: 'cosine', load: 2, weighted: false },
];
