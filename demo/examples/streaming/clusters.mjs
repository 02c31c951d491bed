// @ts-check
import { kmeans, miniBatchKMeans } from 'webgpu-clustering';

/**
 * @typedef {import('webgpu-clustering').BlockSource} BlockSource
 * @typedef {object} Progress
 * @property {number} pass from 1: the first is for the scale
 * @property {number} rows of the pass so far
 * @property {number} largest rows of a block
 */

/**
 * Clusters the rows of a source, whose columns count alike: k-means of as many passes as it takes, or mini-batches.
 *
 * @param {BlockSource} source
 * @param {{ k: number, exact: boolean, signal?: AbortSignal, onRows?: (progress: Progress) => unknown }} options
 */
export async function clustered(source, { k, exact, signal, onRows }) {
  let [pass, largest] = [0, 0];
  /** @type {BlockSource} */
  const watched = {
    async *blocks() {
      pass++;
      let rows = 0;
      for await (const block of source.blocks()) {
        signal?.throwIfAborted();
        const columns = columnsOf(block);
        largest = Math.max(largest, columns[0].length);
        yield { columns };
        rows += columns[0].length;
        await onRows?.({ pass, rows, largest });
      }
    },
  };
  const scale = await scaleOf(watched);
  const fit = exact ? kmeans : miniBatchKMeans;
  const model = await fit(standardised(watched, scale), { k, ...(signal && { signal }) });
  const { mean, deviation } = scale;
  const clusters = Array.from(model.counts, (count, c) => ({
    count,
    centroid: mean.map((value, j) => value + model.centroids[c * mean.length + j] * deviation[j]),
  }));
  return { model, passes: pass, largest, clusters: clusters.sort((a, b) => b.count - a.count) };
}

/**
 * Mean and deviation of each column (Welford 1962), in a pass of its own.
 *
 * @param {BlockSource} source
 */
async function scaleOf(source) {
  /** @type {number[]} */
  let mean = [];
  /** @type {number[]} */
  let squares = [];
  let n = 0;
  for await (const block of source.blocks()) {
    const columns = columnsOf(block);
    mean = columns.map((_, j) => mean[j] ?? 0);
    squares = columns.map((_, j) => squares[j] ?? 0);
    for (const [j, column] of columns.entries()) {
      for (let i = 0; i < column.length; i++) {
        const away = Number(column[i]) - mean[j];
        mean[j] += away / (n + i + 1);
        squares[j] += away * (Number(column[i]) - mean[j]);
      }
    }
    n += columns[0].length;
  }
  return { mean, deviation: squares.map((sum) => Math.sqrt(sum / n) || 1) };
}

/**
 * @param {BlockSource} source
 * @param {{ mean: readonly number[], deviation: readonly number[] }} scale
 * @returns {BlockSource}
 */
function standardised(source, { mean, deviation }) {
  return {
    d: mean.length,
    async *blocks() {
      for await (const block of source.blocks()) {
        yield {
          columns: columnsOf(block).map((column, j) =>
            Float32Array.from(
              /** @type {ArrayLike<number>} */ (column),
              (value) => (Number(value) - mean[j]) / deviation[j],
            ),
          ),
        };
      }
    },
  };
}

/**
 * The columns of a block as arrays.
 *
 * @param {any} block
 * @returns {ArrayLike<number | bigint>[]}
 */
function columnsOf({ columns, data, shape }) {
  if (columns !== undefined) return columns.map((/** @type {any} */ column) => column.toArray?.() ?? column);
  const [n, d] = shape;
  return Array.from({ length: d }, (_, j) => Float64Array.from({ length: n }, (_, i) => Number(data[i * d + j])));
}
