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
    const { dotOf } = instantiate(module, memory) as unknown as RelaxedKernels;
    return isFastDot(dotOf);
  } catch {
    return false;
  }
}

/**
 * Whether four products of bytes are added up right, by an instruction that does it at once. Some engines compute twice
 * the sum. What the specification leaves open, a second operand of eight bits, tells which instruction it is: x86 has
 * vpdpbusd (129540), and pmaddubsw (65534), which is slower than integers of 16 bits; Arm has sdot (−508).
 */
export function isFastDot(dotOf: (a: number, b: number) => number): boolean {
  if (dotOf(-128, 127) !== -65024) return false;
  const open = dotOf(127, 255);
  return open === 129540 || open === -508;
}
