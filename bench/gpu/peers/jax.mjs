/** The k-means that a user of jax-js would write. Operations use their arguments up, but for references. */
import * as jax from '@jax-js/jax';
import { chunksOf, KMEANS_ONLY } from './chunks.mjs';

const { numpy, nn, jit } = jax;

export async function openJax() {
  await jax.init('webgpu');
  jax.defaultDevice('webgpu');
  return {
    ...KMEANS_ONLY,
    name: 'jax-js',
    about: 'jit',
    async prepare({ data, n, d, k, start }) {
      const chunks = chunksOf(n, k).map(([from, to]) =>
        numpy.array(data.slice(from * d, to * d)).reshape([to - from, d]),
      );
      const statistics = jit((points, centroids) => {
        const norms = numpy.square(centroids.ref).sum(1);
        const scores = norms.sub(numpy.matmul(points.ref, numpy.transpose(centroids)).mul(2));
        const members = nn.oneHot(numpy.argmin(scores, 1), k);
        return [numpy.matmul(numpy.transpose(members.ref), points), members.sum(0)];
      });
      // A cluster without points keeps its centroid.
      const update = jit((sums, counts, centroids) => {
        const column = counts.reshape([k, 1]);
        return numpy.where(column.ref.greater(0), sums.div(numpy.maximum(column, 1)), centroids);
      });
      return {
        uploadMs: null,
        async fit(iterations) {
          let centroids = numpy.array(start.slice()).reshape([k, d]);
          for (let i = 0; i < iterations; i++) {
            let total = null;
            for (const points of chunks) {
              const [sums, counts] = statistics(points.ref, centroids.ref);
              total = total === null ? [sums, counts] : [total[0].add(sums), total[1].add(counts)];
            }
            centroids = update(...total, centroids);
          }
          const values = await centroids.data();
          return { iterations, passes: iterations, objective: null, centroids: async () => values };
        },
        release() {
          for (const points of chunks) points.dispose();
          for (const compiled of [statistics, update]) compiled.dispose();
        },
      };
    },
    close: () => undefined,
  };
}
