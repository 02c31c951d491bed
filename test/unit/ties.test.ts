import { describe, expect, it } from 'vitest';
import { createCpuEngine } from '../../src/cpu/engine.ts';
import type { Gaussians } from '../../src/engine/gaussians.ts';
import { assignOnce } from '../../src/kmeans/assign.ts';
import { Random } from '../../src/random.ts';
import { runAsync } from '../../src/steps.ts';
import { asTheyAre } from './cpu-points.ts';

describe('at temperature 0 a mixture of equal spheres has the labels of k-means', () => {
  // Coordinates in another order: as far from rows that have one value, but for the order of a sum.
  it.each([true, false])('where centroids are as far but for rounding, SIMD %s', async (simd) => {
    const engine = createCpuEngine({ threads: 1, simd });
    for (const d of [2, 3, 6, 7]) {
      const [n, k] = [64, 12];
      const random = new Random(d);
      const coordinates = Float64Array.from({ length: d }, () => random.uniform());
      const centroids = Float64Array.from({ length: k * d }, (_, at) => {
        const [c, j] = [Math.floor(at / d), at % d];
        return coordinates[(j * (1 + (c % (d - 1))) + c) % d];
      });
      const data = Float32Array.from({ length: n * d }, (_, at) => Math.fround(Math.floor(at / d) / n));
      const dataset = await engine.upload(asTheyAre({ data, n, d }));
      const { labels } = await runAsync(assignOnce(dataset, centroids));
      const mixture = await dataset.mixture(k, 'axes');
      const sharpness = new Float64Array(k).fill(7 / 3);
      const spheres: Omit<Gaussians, 'offsets'> = {
        ...{ k, d, shape: 'axes', means: centroids },
        ...{ factors: new Float64Array(k * d).fill(1), sharpness },
      };
      for (const offset of [0, -1.7]) {
        await mixture.accumulate({ ...spheres, offsets: new Float64Array(k).fill(offset) }, 0);
        expect(await mixture.labels()).toEqual(labels);
      }
    }
  });
});
