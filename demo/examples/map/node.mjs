// @ts-check
/** In a clone: `npm ci && npm run build && node demo/examples/map/node.mjs`. */
import { readFile } from 'node:fs/promises';
import { clustered, readAirports } from './places.mjs';

const file = new URL('../../../node_modules/vega-datasets/data/airports.csv', import.meta.url);
const airports = readAirports(await readFile(file, 'utf8'));
console.log(`${airports.length} airports in 12 clusters`);
for (const spherical of [true, false]) {
  const { clusters } = clustered(airports, 12, spherical);
  console.log(spherical ? 'by distances on the globe' : 'by degrees, as turf has it');
  for (const { count, nearest, farthest } of clusters) {
    console.log(`${String(count).padStart(5)}  about ${nearest.name}, the farthest ${Math.round(farthest)} km away`);
  }
}
