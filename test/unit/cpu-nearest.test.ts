/** Scores in float32 may spare work and never change what is nearest: found by kernels and in TypeScript, of rows where distances are equal, nearly equal, or of very different lengths. */
import { describe, expect, it } from 'vitest';
import { upload } from '../../src/cpu/dataset.ts';
import { createCpuEngine } from '../../src/cpu/engine.ts';
import { KMEANS } from '../../src/cpu/families/kmeans.ts';
import { nearestCentroids } from '../../src/cpu/nearest-centroids.ts';
import { squaredDistance } from '../../src/cpu/shard.ts';
import { CallingThread } from '../../src/cpu/threads/place.ts';
import type { Nearest } from '../../src/engine/contract.ts';
import { runNow } from '../../src/steps.ts';
import { blobs, type CasePoints, lattice, spacedRows, uniforms } from '../conformance/cases/data.ts';
import { asTheyAre } from './cpu-points.ts';

function found(points: CasePoints, centroids: Float64Array, count: number, simd: boolean): Nearest {
  const resident = runNow(upload(asTheyAre(points), [new CallingThread(simd)], KMEANS));
  try {
    return runNow(nearestCentroids(resident, centroids, count));
  } finally {
    resident.destroy();
  }
}

/** By sorting all distances in float64. */
function sorted({ data, n, d }: CasePoints, centroids: Float64Array, count: number): Nearest {
  const k = centroids.length / d;
  const indices = new Uint32Array(n * count);
  const squares = new Float64Array(n * count);
  for (let i = 0; i < n; i++) {
    const all = Array.from({ length: k }, (_, c) => squaredDistance(data, i * d, centroids, c * d, d));
    const order = Array.from(all.keys()).sort((a, b) => all[a] - all[b] || a - b);
    for (let r = 0; r < count; r++) {
      indices[i * count + r] = order[r];
      squares[i * count + r] = all[order[r]];
    }
  }
  return { indices, squares };
}

const scaled = (points: CasePoints, factor: (u: number, i: number) => number): CasePoints => {
  const uniform = uniforms(5);
  const factors = Array.from({ length: points.n }, (_, i) => factor(uniform(), i));
  return { ...points, data: Float32Array.from(points.data, (x, at) => x * factors[Math.floor(at / points.d)]) };
};

const grid = lattice(5, 3);
const wide = blobs({ n: 301, d: 67, groups: 9, spread: 1 });
const tight = blobs({ n: 203, d: 12, groups: 2, spread: 1e4 });
const uneven = scaled(blobs({ n: 203, d: 9 }), (u) => 2 ** (60 * u - 30));

const long = scaled(blobs({ n: 203, d: 9 }), (u) => 2 ** (30 + 60 * u));

const CASES: Record<string, readonly [points: CasePoints, centroids: Float64Array, count: number]> = {
  'a lattice, full of ties': [grid, Float64Array.from(grid.data), 7],
  'all centroids': [wide, spacedRows(wide, 13), 13],
  'of wide rows': [wide, spacedRows(wide, 40), 5],
  'beside which groups are tight': [tight, spacedRows(tight, 64), 9],
  'of very different lengths': [uneven, spacedRows(uneven, 30), 4],
  'of rows beside which centroids are nothing': [long, spacedRows(blobs({ n: 203, d: 9 }), 30), 4],
  'of one feature': [blobs({ n: 100, d: 1 }), Float64Array.of(3, -3, 0.5), 2],
  'equal centroids': [wide, Float64Array.from({ length: 6 * 67 }, (_, at) => wide.data[at % 67]), 4],
  'one row': [blobs({ n: 1, d: 5 }), spacedRows(wide, 4).slice(0, 20), 2],
  'centroids that float32 has not': [
    blobs({ n: 50, d: 4 }),
    spacedRows(blobs({ n: 50, d: 4 }), 20).map((x, at) => (at < 20 ? x * 1e40 : x)),
    18,
  ],
  'rows whose squares overflow': [
    scaled(blobs({ n: 40, d: 4 }), (_, i) => (i % 3 ? 1 : 2 ** 70)),
    new Float64Array(20).map((_, i) => i),
    3,
  ],
};

describe('the nearest centroids are those of float64', () => {
  it.each(Object.keys(CASES))('%s', (name) => {
    const [points, centroids, count] = CASES[name];
    const expected = sorted(points, centroids, count);
    for (const simd of [true, false]) expect(found(points, centroids, count, simd)).toEqual(expected);
    for (const simd of [true, false]) expect(found(points, centroids, 1, simd)).toEqual(sorted(points, centroids, 1));
  });

  it('in workers, whether memory is shared or not, and rows of float64', async () => {
    const [points, centroids, count] = CASES['of wide rows'];
    const expected = sorted(points, centroids, count);
    for (const shared of [true, false]) {
      const engine = createCpuEngine({ threads: 3, valuesOfThread: 1000, shared });
      const dataset = await engine.upload(asTheyAre(points));
      expect(await dataset.nearest!(centroids, count)).toEqual(expected);
      expect(await dataset.nearest!(centroids, 1)).toEqual(sorted(points, centroids, 1));
      await engine.destroy();
    }
    const engine = createCpuEngine({ threads: 1 });
    const dataset = await engine.upload(asTheyAre(points, true));
    expect(await dataset.nearest!(centroids, count)).toEqual(expected);
    await engine.destroy();
  });
});
