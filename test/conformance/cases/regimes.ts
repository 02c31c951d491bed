import { type ConformanceCase, withEngine } from '../case.ts';
import { checkAll, isSeparated } from './bounds.ts';
import { blobs, type CasePoints, spacedRows } from './data.ts';

/** [n, d, k]: no multiples of a tile, and the edges of every regime. */
const shapes: readonly (readonly [n: number, d: number, k: number])[] = [
  [1, 1, 1],
  [1, 3, 1],
  [1, 784, 1],
  [9, 5003, 2],
  [2, 1, 2],
  [2, 5, 1],
  [2, 64, 2],
  [5, 2, 3],
  [5, 7, 5],
  [63, 3, 8],
  [63, 16, 63],
  [63, 33, 17],
  [63, 784, 3],
  [257, 5, 257],
  [1000, 1, 3],
  [1003, 2, 1003],
  [1000, 4, 65],
  [1000, 8, 1000],
  [1000, 64, 257],
  [1000, 784, 17],
  [4097, 2, 8],
  [4097, 5, 130],
  [4097, 8, 17],
  [4097, 16, 65],
  [4097, 17, 1],
  [4097, 33, 130],
  [4097, 64, 33],
  [1500, 784, 8],
  [9001, 1, 257],
  [9001, 3, 130],
  [9001, 4, 2],
  [9001, 7, 3],
  [9001, 17, 33],
  [9001, 64, 1],
  [20_000, 2, 65],
  [20_000, 3, 17],
];

/** Points whose first assignment is clear, from `seed` or one soon after it. */
function clearBlobs(n: number, d: number, k: number, seed: number): CasePoints {
  const points = blobs({ n, d, groups: Math.min(n, 12), seed });
  return isSeparated(points, spacedRows(points, k)) ? points : clearBlobs(n, d, k, seed + 2);
}

export const regimes: readonly ConformanceCase[] = shapes.map(([n, d, k]) =>
  withEngine(`n = ${n}, d = ${d}, k = ${k}`, async (engine) => {
    const points = clearBlobs(n, d, k, n + d + k);
    await checkAll(engine, points, spacedRows(points, k));
  }),
);
