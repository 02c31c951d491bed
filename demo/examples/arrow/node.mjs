// @ts-check
/** In a clone: `npm ci && npm run build && node demo/examples/arrow/node.mjs`. */
import { readFile } from 'node:fs/promises';
import { tableFromJSON } from 'apache-arrow';
import { complete, countsBy, MEASURES, withClusters } from './clusters.mjs';

const file = new URL('../../../node_modules/vega-datasets/data/penguins.json', import.meta.url);
const all = tableFromJSON(JSON.parse(await readFile(file, 'utf8')));
const penguins = complete(all, MEASURES);
console.log(`${all.numRows} penguins, ${penguins.numRows} of them with all ${MEASURES.length} measurements`);

const { table, model, tried } = await withClusters(penguins, MEASURES);
for (const { k, bic } of tried) console.log(`k ${k}  BIC ${bic.toFixed(0)}${k === model.k ? '  best' : ''}`);
console.log('columns', table.schema.names.join(', '));
for (const [species, counts] of countsBy(table, 'Species', model.k)) {
  console.log(species.padEnd(10), counts.map((count) => String(count).padStart(4)).join(''));
}
