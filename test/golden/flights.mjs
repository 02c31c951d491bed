/** Writes the points of the golden flights to stdout, as raw float32 [20,000, 3]. */
import { fileURLToPath } from 'node:url';
import { runnerImport } from 'vite';

const { module } = await runnerImport(fileURLToPath(new URL('flights.ts', import.meta.url)));
const { points } = await module.goldenFlights();
process.stdout.write(new Uint8Array(points.buffer));
