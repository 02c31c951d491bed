import { describe, expect, test } from 'vitest';
import {
  adjustedRandScore,
  calinskiHarabaszScore,
  daviesBouldinScore,
  silhouetteSamples,
  silhouetteScore,
} from '../../src/index.ts';

const points = [[0], [1], [8], [9]];

describe('scores', () => {
  test('refuse labels that are no clustering, by name', async () => {
    for (const score of [silhouetteScore, silhouetteSamples, calinskiHarabaszScore, daviesBouldinScore]) {
      await expect(score(points, [0, 0, 1])).rejects.toThrow(/labels has 3 values, 4 are needed/);
      await expect(score(points, [0, 0, 0, 0])).rejects.toThrow(/from 2 to n − 1 distinct values, got 1 among 4 rows/);
      await expect(score(points, [0, 1, 2, 3])).rejects.toThrow(/got 4 among 4 rows/);
      await expect(score(points, [0, 0, 1.5, 1])).rejects.toThrow(/labels\[2\] must be an integer, got 1.5/);
      await expect(score(points, [0, 0, 1, NaN])).rejects.toBeInstanceOf(RangeError);
    }
  });

  test('are of float64 values', async () => {
    const far = points.map(([x]) => [1e12 + x / 1024]);
    expect(await silhouetteScore(far, [0, 0, 1, 1])).toBe(await silhouetteScore(points, [0, 0, 1, 1]));
  });

  test('hear an abort', async () => {
    const many = { data: new Float32Array(40_000).map((_, i) => Math.sin(i)), shape: [20_000, 2] };
    const labels = Uint32Array.from({ length: 20_000 }, (_, i) => i % 3);
    const controller = new AbortController();
    const score = silhouetteScore(many, labels, { sampleSize: 20_000, backend: 'cpu', signal: controller.signal });
    setTimeout(() => controller.abort(new Error('enough')), 30);
    await expect(score).rejects.toThrow('enough');
  });

  test('of equal points are 0, or 1', async () => {
    const equal = [[2], [2], [2], [2]];
    expect(await silhouetteScore(equal, [0, 0, 1, 1])).toBe(0);
    expect(await calinskiHarabaszScore(equal, [0, 0, 1, 1])).toBe(1);
    expect(await daviesBouldinScore(equal, [0, 0, 1, 1])).toBe(0);
  });
});

describe('adjustedRandScore', () => {
  test('is 1 for the same clustering under other names', () => {
    expect(adjustedRandScore([0, 0, 1, 2], [-1, -1, 9, 4])).toBe(1);
    expect(adjustedRandScore([1], [2])).toBe(1);
  });

  test('is what scikit-learn says', () => {
    expect(adjustedRandScore([0, 0, 1, 1], [0, 0, 1, 2])).toBeCloseTo(0.5714285714285714, 14);
    expect(adjustedRandScore([0, 0, 0, 0], [0, 1, 2, 3])).toBe(0);
  });

  test('refuses what has no pairs', () => {
    expect(() => adjustedRandScore([0, 1], [0])).toThrow(RangeError);
    expect(() => adjustedRandScore([0.5], [0])).toThrow(RangeError);
    expect(() => adjustedRandScore(3 as never, [0])).toThrow(TypeError);
  });
});
