// @ts-check
/**
 * In a clone: `npm ci && npm run build && node demo/examples/streaming/node.mjs`; a file of your own, and which of its columns, may
 * stand behind.
 */
import { openAsBlob } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { clustered } from './clusters.mjs';
import { openFile } from './sources.mjs';

const flights = new URL('../../../node_modules/vega-datasets/data/flights-200k.arrow', import.meta.url);
const [path = fileURLToPath(flights), ...columns] = process.argv.slice(2);
const opened = await openFile(await openAsBlob(path));
const names = columns.length > 0 ? columns : opened.names;
const { clusters, passes, largest } = await clustered(opened.source(names), { k: 4, exact: false });
console.log(`${opened.format}: ${names.join(', ')}; ${passes} passes, blocks of at most ${largest} rows`);
for (const { count, centroid } of clusters) {
  console.log(`${count} rows about ${centroid.map((value) => value.toPrecision(4)).join(', ')}`);
}
