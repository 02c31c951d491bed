/** What shards are asked for by k-means: their rows' labels with the sums of the clusters, and the distances of seeding. */
import binary from '../kernels/kmeans/index.ts?wasm';
import { PlainClusters } from '../plain/clusters.ts';
import { PlainPotentials } from '../plain/potentials.ts';
import { SimdClusters } from '../simd/clusters.ts';
import { SimdPotentials } from '../simd/potentials.ts';
import { compiledOnce } from '../wasm.ts';

export const KMEANS_MAKERS = {
  clusters: { simd: SimdClusters, plain: PlainClusters },
  potentials: { simd: SimdPotentials, plain: PlainPotentials },
} as const;

export const KMEANS = { name: 'kmeans', makers: KMEANS_MAKERS, kernels: /* @__PURE__ */ compiledOnce(binary) } as const;
