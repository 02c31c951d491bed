import { describe, expect, it } from 'vitest';
import { createCpuEngine } from '../../src/cpu/engine.ts';
import type { EngineDataset } from '../../src/engine/contract.ts';
import { lloyd } from '../../src/kmeans/lloyd.ts';
import { seedCentroids } from '../../src/kmeans/seeding.ts';
import { Random } from '../../src/random.ts';
import { runAsync } from '../../src/steps.ts';
import { asTheyAre } from './cpu-points.ts';

const engine = createCpuEngine({ threads: 1 });

function uniform(n: number, d: number): Promise<EngineDataset> {
  const random = new Random(5);
  const data = Float32Array.from({ length: n * d }, () => random.uniform());
  return Promise.resolve(engine.upload(asTheyAre({ data, n, d })));
}

function seeds(dataset: EngineDataset, k: number, init: 'k-means++' | 'k-means||', seed: number) {
  return runAsync(seedCentroids(dataset, k, init, new Random(seed)));
}

describe('k-means‖', () => {
  // One group without structure, the hardest there is.
  it.each([
    [4000, 2, 25],
    [4000, 16, 20],
    [8000, 3, 50],
  ])('ends within 2 %% of the inertia of k-means++: n = %i, d = %i, k = %i', async (n, d, k) => {
    const dataset = await uniform(n, d);
    const workspace = await dataset.kmeans(k);
    const options = {
      ...{ maxIterations: 20, tolerance: 0, resume: false },
      ...{ onIteration: () => undefined, onCheckpoint: () => undefined },
    };
    const median = async (init: 'k-means++' | 'k-means||') => {
      const inertias: number[] = [];
      for (let seed = 0; seed < 9; seed++) {
        const start = await seeds(dataset, k, init, seed);
        const { centroids } = await runAsync(lloyd(workspace, start, 'euclidean', options));
        inertias.push((await workspace.accumulate(centroids)).inertia);
      }
      return inertias.sort((a, b) => a - b)[4];
    };
    expect(await median('k-means||')).toBeLessThanOrEqual(1.02 * (await median('k-means++')));
  });

  it('is k-means++ where it would draw no small share of the rows', async () => {
    const dataset = await uniform(1000, 2);
    expect(await seeds(dataset, 50, 'k-means||', 1)).toEqual(await seeds(dataset, 50, 'k-means++', 1));
    expect(await seeds(dataset, 5, 'k-means||', 1)).not.toEqual(await seeds(dataset, 5, 'k-means++', 1));
  });
});
