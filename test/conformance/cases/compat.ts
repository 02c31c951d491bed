/** Programs that were written against other packages, on any engine. */
import { kmeans, kmeansAsync } from '../../../src/compat/ml-kmeans.ts';
import { destroyDefaultEngines } from '../../../src/index.ts';
import { type ConformanceCase, equal, sameValues } from '../case.ts';
import { blobs } from './data.ts';

const { n, d, data } = blobs({ n: 3001, d: 5, groups: 10, seed: 307 });
const rows = Array.from({ length: n }, (_, i) => Array.from(data.subarray(i * d, (i + 1) * d)));

export const compat: readonly ConformanceCase[] = [
  {
    name: 'ml-kmeans: the same clusters on the calling thread and on an engine',
    async run({ backend, requestDevice }) {
      const placement = backend === 'webgpu' ? { backend, device: await requestDevice!() } : { backend };
      try {
        for (const initialization of ['kmeans++', 'mostDistant', rows.slice(0, 10)] as const) {
          const options = { seed: 11, initialization } as const;
          const here = kmeans(rows, 10, options);
          const there = await kmeansAsync(rows, 10, { ...options, ...placement });
          sameValues(there.clusters, here.clusters, 'clusters');
          sameValues(there.centroids.flat(), here.centroids.flat(), 'centroids');
          equal(there.iterations, here.iterations, 'iterations');
        }
      } finally {
        await destroyDefaultEngines();
      }
    },
  },
  {
    name: 'ml-kmeans: the same clusters where a row lies far out',
    async run({ backend, requestDevice }) {
      const placement = backend === 'webgpu' ? { backend, device: await requestDevice!() } : { backend };
      const far = rows.slice();
      far[7] = rows[7].map(() => 1e30);
      const initialization = far.slice(0, 10);
      try {
        const options = { initialization, maxIterations: 5 };
        const there = await kmeansAsync(far, 10, { ...options, ...placement });
        sameValues(there.clusters, kmeans(far, 10, options).clusters, 'clusters');
      } finally {
        await destroyDefaultEngines();
      }
    },
  },
];
