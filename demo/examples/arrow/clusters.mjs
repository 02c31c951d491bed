// @ts-check
import { makeVector, Table, tableFromJSON } from 'apache-arrow';
import { selectModel } from 'webgpu-clustering';

/** What is measured of a penguin. */
export const MEASURES = ['Beak Length (mm)', 'Beak Depth (mm)', 'Flipper Length (mm)', 'Body Mass (g)'];

/**
 * Gives a table of Apache Arrow one column more: of each row the cluster that it falls into. Columns are read as they lie in
 * the table, without rows being made of them; how many clusters there are, the BIC of Gaussian mixtures decides.
 *
 * @param {Table} table
 * @param {readonly string[]} names of columns of numbers without nulls
 */
export async function withClusters(table, names) {
  const columns = names.map((name) => columnOf(table, name));
  const { best, table: tried } = await selectModel({ columns }, { k: [1, 2, 3, 4, 5, 6], nInit: 4, seed: 1 });
  const cluster = makeVector(best.labels);
  return { table: table.assign(new Table({ cluster })), model: best, tried };
}

/**
 * The rows that lack none of these.
 *
 * @param {Table} table
 * @param {readonly string[]} names
 */
export function complete(table, names) {
  const columns = names.map((name) => columnOf(table, name));
  return tableFromJSON(table.toArray().filter((_, i) => columns.every((column) => column.isValid(i))));
}

/**
 * How many rows there are of each pair of values, those of `name` in alphabetical order.
 *
 * @param {Table} table
 * @param {string} name
 * @param {number} k clusters
 */
export function countsBy(table, name, k) {
  /** @type {Map<string, number[]>} */
  const counts = new Map();
  for (const { [name]: value, cluster } of table) {
    const row = counts.get(value) ?? Array.from({ length: k }, () => 0);
    row[cluster]++;
    counts.set(value, row);
  }
  return [...counts].sort(([a], [b]) => a.localeCompare(b));
}

/**
 * @param {Table} table
 * @param {string} name
 */
function columnOf(table, name) {
  const column = table.getChild(name);
  if (column === null) throw new TypeError(`the table has no column '${name}'`);
  return column;
}
