/** What contenders of whole arrays have in common. */
export const KMEANS_ONLY = {
  software: false,
  threads: 1,
  takes: ({ covarianceType }) => covarianceType === null,
};

/** Scores of points and centroids that are there at once: what the least binding of WebGPU holds. */
const SCORES = 2 ** 25;

/** Rows [from, to) whose scores under k centroids are not too many at once. */
export function chunksOf(n, k) {
  const rows = Math.floor(SCORES / k);
  return Array.from({ length: Math.ceil(n / rows) }, (_, i) => [i * rows, Math.min(n, (i + 1) * rows)]);
}
