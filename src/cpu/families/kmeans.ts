/** What shards are asked for by k-means: their rows' labels with the sums of the clusters, and the distances of seeding. */
import type { Clusters, ClustersOptions } from '../clusters.ts';
import binary from '../kernels/kmeans/index.ts?wasm';
import { PlainClusters } from '../plain/clusters.ts';
import { PlainPotentials } from '../plain/potentials.ts';
import type { Shard } from '../shard.ts';
import { SimdClusters } from '../simd/clusters.ts';
import { SimdPotentials } from '../simd/potentials.ts';
import { type Compiled, compiledOnce } from '../wasm.ts';

export const KMEANS_MAKERS = {
  clusters: { simd: SimdClusters, plain: PlainClusters },
  potentials: { simd: SimdPotentials, plain: PlainPotentials },
} as const;

/** Both modules of kernels are one family to whoever asks. */
export interface KMeansFamily {
  readonly name: 'kmeans' | 'relaxed';
  readonly makers: {
    readonly clusters: {
      readonly simd: new (shard: Shard, kernels: never, options: ClustersOptions) => Clusters;
      readonly plain: typeof PlainClusters;
    };
    readonly potentials: typeof KMEANS_MAKERS.potentials;
  };
  readonly kernels: Compiled;
}

export const KMEANS: KMeansFamily = {
  name: 'kmeans',
  makers: KMEANS_MAKERS,
  kernels: /* @__PURE__ */ compiledOnce(binary),
};
