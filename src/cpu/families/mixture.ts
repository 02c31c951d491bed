/** What shards are asked for by mixtures: the moments of an E-step. */
import binary from '../kernels/mixture/index.ts?wasm';
import { PlainMoments } from '../plain/moments.ts';
import { SimdMoments } from '../simd/moments.ts';
import { compiledOnce } from '../wasm.ts';

export const MIXTURE_MAKERS = { moments: { simd: SimdMoments, plain: PlainMoments } } as const;

export const MIXTURE = {
  name: 'mixture',
  makers: MIXTURE_MAKERS,
  kernels: /* @__PURE__ */ compiledOnce(binary),
} as const;
