/** What shards are asked for by mixtures: the moments of an E-step, and rows times a matrix, which their starts whiten by. */
import binary from '../kernels/mixture/index.ts?wasm';
import { PlainMoments } from '../plain/moments.ts';
import { PlainTransform } from '../plain/transform.ts';
import { SimdMoments } from '../simd/moments.ts';
import { compiledOnce } from '../wasm.ts';

export const MIXTURE_MAKERS = {
  moments: { simd: SimdMoments, plain: PlainMoments },
  transform: { simd: PlainTransform, plain: PlainTransform },
} as const;

export const MIXTURE = {
  name: 'mixture',
  makers: MIXTURE_MAKERS,
  kernels: /* @__PURE__ */ compiledOnce(binary),
} as const;
