/** What shards are asked for by k-means++ on many rows: the distances of seeding, with estimates. */
import binary from '../kernels/seeding/index.ts?wasm';
import { PlainEstimatedPotentials } from '../plain/estimates.ts';
import { SimdEstimatedPotentials } from '../simd/estimates.ts';
import { compiledOnce } from '../wasm.ts';

export const SEEDING_MAKERS = {
  potentials: { simd: SimdEstimatedPotentials, plain: PlainEstimatedPotentials },
} as const;

export const SEEDING = {
  name: 'seeding',
  makers: SEEDING_MAKERS,
  kernels: /* @__PURE__ */ compiledOnce(binary),
} as const;
