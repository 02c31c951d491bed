/** k-means of wide points, where an instruction of relaxed SIMD is right and fast: a chunk of its own. */
import binary from '../kernels/kmeans/relaxed.ts?wasm&relaxed';
import { PlainClusters } from '../plain/clusters.ts';
import { RelaxedClusters } from '../simd/bytes.ts';
import type { RelaxedKernels } from '../simd/kernels.ts';
import { compiledOnce, instantiate } from '../wasm.ts';
import { KMEANS, KMEANS_MAKERS, type KMeansFamily } from './kmeans.ts';

export const RELAXED_MAKERS = {
  ...KMEANS_MAKERS,
  clusters: { simd: RelaxedClusters, plain: PlainClusters },
} as const;

export const RELAXED = {
  name: 'relaxed',
  makers: RELAXED_MAKERS,
  kernels: /* @__PURE__ */ compiledOnce(binary),
} as const;

/** What assigns wide points, where this processor has an instruction for it; `features` gets its name. */
export function relaxedWhere(features: string[]): KMeansFamily {
  if (!hasFastDot()) return KMEANS;
  features.push('wasm-relaxed-dot');
  return RELAXED;
}

/** Whether this processor has an instruction for it, and the engine takes it. */
export function hasFastDot(): boolean {
  try {
    const module = RELAXED.kernels(false);
    if (module === null) return false;
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
    const { dotsOf } = instantiate(module, memory) as unknown as RelaxedKernels;
    return isFastDot(dotsOf);
  } catch {
    return false;
  }
}

/** Sums that a probe adds up: some microseconds, and no more than 32 bits hold. */
const TIMES = 2 ** 10;

/**
 * Whether products of bytes are added up right, four at once, by an instruction that does it at once. Some engines double
 * the products and lose the sum before, in code that is compiled in haste only, so a sum is carried through a loop, as a scan does.
 * What the specification leaves open, a second operand of eight bits, tells which instruction it is: x86 has vpdpbusd
 * (129540), and pmaddubsw (65534), which is slower than integers of 16 bits; Arm has sdot (−508).
 *
 * @param dotsOf see kernels/kmeans/bytes.ts
 */
export function isFastDot(dotsOf: RelaxedKernels['dotsOf']): boolean {
  if (dotsOf(-128, 127, TIMES) !== -65024 * TIMES) return false;
  const open = dotsOf(127, 255, TIMES);
  return open === 129540 * TIMES || open === -508 * TIMES;
}
