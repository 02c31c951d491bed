/** What shards are asked for by an upload of points that nobody has read yet. */
import binary from '../kernels/arrivals/index.ts?wasm';
import { PlainArrivals } from '../plain/arrivals.ts';
import { SimdArrivals } from '../simd/arrivals.ts';
import { compiledOnce } from '../wasm.ts';

export const ARRIVALS_MAKERS = {
  arrivals: { simd: SimdArrivals, plain: PlainArrivals },
} as const;

export const ARRIVALS = {
  name: 'arrivals',
  makers: ARRIVALS_MAKERS,
  kernels: /* @__PURE__ */ compiledOnce(binary),
} as const;
