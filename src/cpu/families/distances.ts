/** What shards are asked for by silhouettes: distances between rows, summed by clusters. */
import binary from '../kernels/distances/index.ts?wasm';
import { PlainClusterDistances } from '../plain/distances.ts';
import { SimdClusterDistances } from '../simd/distances.ts';
import { compiledOnce } from '../wasm.ts';

export const DISTANCES_MAKERS = {
  clusterDistances: { simd: SimdClusterDistances, plain: PlainClusterDistances, takesPrecise: true },
} as const;

export const DISTANCES = {
  name: 'distances',
  makers: DISTANCES_MAKERS,
  kernels: /* @__PURE__ */ compiledOnce(binary),
} as const;
