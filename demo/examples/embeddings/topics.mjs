// @ts-check
import { selectModel } from 'webgpu-clustering';

/**
 * Finds out what texts are about: groups them by the directions of their embeddings, as many groups as the silhouette finds
 * best, each with the texts that stand for it.
 *
 * @param {readonly string[]} texts
 * @param {{ data: Float32Array, dims: [n: number, d: number] }} points a row for each of them
 */
export async function topicsOf(texts, points) {
  const k = [2, 3, 4, 5, 6, 7, 8, 9, 10];
  const { best, table, elbow } = await selectModel(points, { model: 'kmeans', metric: 'cosine', k, nInit: 4, seed: 1 });
  const representatives = await best.representatives(points, { count: 3 });
  const topics = representatives.map((rows, c) => ({
    size: best.counts[c],
    texts: Array.from(rows, (row) => texts[row]),
  }));
  return { k: best.k, table, elbow, labels: best.labels, topics };
}
