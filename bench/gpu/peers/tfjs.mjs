/** The k-means that a user of TensorFlow.js would write: a product, an argmin, and a product with the members. */
import '@tensorflow/tfjs-backend-webgpu';
import * as tf from '@tensorflow/tfjs-core';
import { chunksOf, KMEANS_ONLY } from './chunks.mjs';

export async function openTfjs() {
  await tf.setBackend('webgpu');
  await tf.ready();
  return {
    ...KMEANS_ONLY,
    name: 'TensorFlow.js',
    about: `version ${tf.version_core}`,
    async prepare({ data, n, d, k, start }) {
      const chunks = chunksOf(n, k).map(([from, to]) => tf.tensor2d(data.subarray(from * d, to * d), [to - from, d]));
      let centroids = null;
      return {
        uploadMs: null,
        async fit(iterations) {
          centroids?.dispose();
          centroids = tf.tensor2d(start, [k, d]);
          for (let i = 0; i < iterations; i++) {
            const next = step(chunks, centroids, k);
            centroids.dispose();
            centroids = next;
          }
          const values = await centroids.data();
          return { iterations, passes: iterations, objective: null, centroids: async () => values };
        },
        release: () => tf.dispose([...chunks, centroids]),
      };
    },
    close: () => undefined,
  };
}

function step(chunks, centroids, k) {
  return tf.tidy(() => {
    const norms = tf.sum(tf.square(centroids), 1);
    let sums = tf.zerosLike(centroids);
    let counts = tf.zeros([k]);
    for (const points of chunks) {
      const added = tf.tidy(() => {
        const scores = tf.sub(norms, tf.mul(2, tf.matMul(points, centroids, false, true)));
        const members = tf.oneHot(tf.argMin(scores, 1), k, 1, 0, 'float32');
        return [tf.add(sums, tf.matMul(members, points, true)), tf.add(counts, tf.sum(members, 0))];
      });
      tf.dispose([sums, counts]);
      [sums, counts] = added;
    }
    const column = tf.expandDims(counts, 1);
    // A cluster without points keeps its centroid.
    return tf.where(tf.greater(column, 0), tf.div(sums, tf.maximum(column, 1)), centroids);
  });
}
