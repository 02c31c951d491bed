/** A fit by the package as it is built: `node package.mjs OUT`. */
import { writeFileSync } from 'node:fs';
import { kmeans } from './dist/index.js';
import { requestNodeDevice } from './dist/node.js';

const device = await requestNodeDevice();
const points = Array.from({ length: 300 }, (_, i) => [(i % 3) * 10 + Math.sin(i), Math.cos(i)]);
const { backend, inertia, labels } = await kmeans(points, { k: 3, backend: 'webgpu', device });
const groups = new Set(labels.map((label, i) => 3 * label + (i % 3)));
if (groups.size !== 3) throw new Error(`three groups became ${groups.size} pairs of group and label`);
writeFileSync(process.argv[2], JSON.stringify({ backend, inertia }));
console.log(`package: ${backend}, inertia ${inertia}`);
// Dawn keeps the process.
process.exit();
