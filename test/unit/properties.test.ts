import fc from 'fast-check';
import { afterAll, it } from 'vitest';
import { createEngine } from '../../src/index.ts';
import { rowsAt, wholeNumbers } from '../conformance/cases/data.ts';
import { descends, permutes, type Start, scales, translates, weighs } from '../conformance/cases/properties.ts';
import { referenceKMeans } from '../reference/kmeans.ts';

const engine = await createEngine({ backend: 'cpu' });
afterAll(() => engine.destroy());

/** Whole numbers with many ties and repetitions, some of them with weights, and k of their rows. */
const starts = fc
  .record({
    n: fc.integer({ min: 1, max: 200 }),
    d: fc.integer({ min: 1, max: 6 }),
    bound: fc.constantFrom(2, 5, 20, 100),
    share: fc.double({ min: 0, max: 1, noNaN: true }),
    seed: fc.nat(),
    weighted: fc.boolean(),
  })
  .map(({ n, d, bound, share, seed, weighted }): Start => {
    const points = wholeNumbers(n, d, bound, seed);
    const weights = weighted ? Float32Array.from({ length: n }, (_, i) => (seed + i * i) % 4) : undefined;
    const positive = Array.from({ length: n }, (_, i) => i).filter((i) => weights === undefined || weights[i] > 0);
    if (positive.length === 0) return { points, init: rowsAt(points, [0]) };
    const k = 1 + Math.floor(share * (Math.min(positive.length, 20) - 1));
    return { points: { ...points, weights }, init: rowsAt(points, positive.slice(0, k)) };
  });

/** None of the first iterations moved an empty cluster. */
function keepsAllClusters({ points, init }: Start): boolean {
  return referenceKMeans(points, init, { maxIterations: 10 }).history.every(({ relocated }) => relocated.length === 0);
}

function holds(name: string, predicate: (start: Start, free: number) => Promise<void>): void {
  it(name, () => fc.assert(fc.asyncProperty(starts, fc.nat(), predicate), { numRuns: 150 }));
}

holds('permuted rows have permuted labels', async (start, seed) => {
  fc.pre(start.points.weights === undefined && keepsAllClusters(start));
  await permutes(engine, start, seed);
});
holds('moved points have the same labels', (start, by) => translates(engine, start, 128 * ((by % 4096) - 2048)));
holds('points times a power of two have the same labels', (start, by) => scales(engine, start, (by % 200) - 100));
holds('weights are repetitions', async (start) => {
  fc.pre(start.points.weights !== undefined);
  await weighs(engine, start);
});
holds('inertia never rises', (start) => descends(engine, start));
