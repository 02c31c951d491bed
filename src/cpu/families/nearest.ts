/** What shards are asked for where more than the nearest centroid of a row is wanted. */
import binary from '../kernels/nearest/index.ts?wasm';
import { PlainAllDistances } from '../plain/all-distances.ts';
import { PlainNearest } from '../plain/nearest.ts';
import { SimdNearest } from '../simd/nearest.ts';
import { compiledOnce } from '../wasm.ts';

export const NEAREST_MAKERS = {
  centroids: { simd: SimdNearest, plain: PlainNearest },
  distances: { simd: PlainAllDistances, plain: PlainAllDistances },
} as const;

export const NEAREST = {
  name: 'nearest',
  makers: NEAREST_MAKERS,
  kernels: /* @__PURE__ */ compiledOnce(binary),
} as const;
