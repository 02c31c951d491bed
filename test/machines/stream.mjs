/**
 * Fits k-means to rows that come in blocks, and prints the resident bytes at their most: in a process of its own, whose memory
 * nothing else has used before.
 */
import { readFileSync } from 'node:fs';

const [, , library, ...numbers] = process.argv;
const [n, d, k, rows] = numbers.map(Number);
const { kmeans } = await import(library);

const block = new Float32Array(rows * d);

/** Values of [0, 1), about one of k corners each row: from the places alone, so that each pass has the same. */
function fill(first, count) {
  for (let i = 0, at = 0; i < count; i++) {
    let state = Math.imul(first + i + 1, 0x9e3779b1) >>> 0;
    const corner = state % k;
    for (let j = 0; j < d; j++, at++) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      block[at] = state / 2 ** 32 + ((corner >> (j % 4)) & 1) * 4;
    }
  }
}

async function* blocks() {
  for (let first = 0; first < n; first += rows) {
    const count = Math.min(rows, n - first);
    fill(first, count);
    yield { data: block.subarray(0, count * d), shape: [count, d] };
  }
}

const model = await kmeans({ blocks }, { k, maxIterations: 2, backend: 'cpu' });
const [, kilobytes] = readFileSync('/proc/self/status', 'utf8').match(/^VmHWM:\s+(\d+) kB$/m);
const rowsCounted = model.counts.reduce((sum, count) => sum + count);
console.log(JSON.stringify({ peak: 1024 * kilobytes, rowsCounted }));
