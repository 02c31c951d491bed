/** splat-transform's k-means in a process of its own: a JSON line in is a call, a JSON line out its answer. */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';

// What the bundle tells is no answer.
const answer = process.stdout.write.bind(process.stdout);
process.stdout.write = process.stderr.write.bind(process.stderr);

const { createDevice, GpuKmeans } = await import(process.argv.at(-1));

let device;
let problem;

const calls = {
  async prepare(path, n, d, k, start) {
    device ??= await createDevice();
    const { buffer, byteOffset, length } = readFileSync(path);
    problem = { points: new Float32Array(buffer, byteOffset, length / 4), n, d, k, start };
    return null;
  },
  /** As its own k-means does, which makes the kernels for each call and draws other centroids. */
  async fit(iterations) {
    const { points, n, d, k, start } = problem;
    const kmeans = new GpuKmeans(device, d, k);
    const centroids = Float32Array.from(start);
    await kmeans.run(points, n, centroids, new Uint32Array(n), iterations, () => undefined);
    kmeans.destroy();
    problem.centroids = centroids;
    return null;
  },
  centroids: () => Array.from(problem.centroids),
};

for await (const line of createInterface({ input: process.stdin })) {
  const [name, ...args] = JSON.parse(line);
  answer(`${JSON.stringify(await calls[name](...args))}\n`);
}
