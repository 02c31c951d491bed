import { expect, it } from 'vitest';
import { engineOf } from '../../src/api/create-engine.ts';
import { createCpuEngine } from '../../src/cpu/engine.ts';
import type { ClusteringEngine, EngineDataset } from '../../src/engine/contract.ts';
import { DeviceLostError } from '../../src/errors.ts';
import { createEngine, gaussianMixture, selectModel } from '../../src/index.ts';
import { EngineSet } from '../../src/placement.ts';
import { altered } from '../altered.ts';
import { asInput } from '../conformance/cases/bounds.ts';
import { blobs, spacedRows } from '../conformance/cases/data.ts';

/** An engine that loses its device in an E-step, by its number in the fit. */
function losing(at: number): ClusteringEngine {
  const engine = createCpuEngine();
  let steps = 0;
  const losing = (dataset: EngineDataset): EngineDataset =>
    altered(dataset, {
      bound: (signal) => losing(dataset.bound(signal)),
      async mixture(...given) {
        const workspace = await dataset.mixture(...given);
        return altered(workspace, {
          accumulate: (...step) =>
            ++steps === at ? Promise.reject(new DeviceLostError('lost')) : workspace.accumulate(...step),
        });
      },
    });
  return { ...engine, upload: async (...given) => losing(await engine.upload(...given)) };
}

it('a device lost in an E-step at temperature 0 is no convergence', async () => {
  const points = blobs({ n: 33_000, d: 2, groups: 6, spread: 3, seed: 61 });
  const options = {
    k: 6,
    covarianceType: 'diag',
    temperature: 0,
    tolerance: 0,
    maxIterations: 6,
    init: { means: spacedRows(points, 6), covariances: new Float64Array(12).fill(1) },
  } as const;
  const whole = await gaussianMixture(asInput(points), { ...options, backend: 'cpu' });
  // Two E-steps come before the first iteration; the loss is in the fourth.
  const engine = engineOf(new EngineSet('auto', createCpuEngine(), losing(6)));
  const model = await engine.gaussianMixture(asInput(points), options);
  expect(model.iterations).toBe(whole.iterations);
  expect(model.lowerBounds).toEqual(whole.lowerBounds);
  await engine.destroy();
});

it('an abort is heeded by the work between two E-steps', async () => {
  const points = blobs({ n: 300, d: 8, groups: 3, spread: 3, seed: 63 });
  const cpu = createCpuEngine();
  const controller = new AbortController();
  let calls = 0;
  const watched = (dataset: EngineDataset): EngineDataset =>
    altered(dataset, {
      bound: (signal) => watched(dataset.bound(signal)),
      async mixture(...given) {
        const workspace = await dataset.mixture(...given);
        return altered(workspace, {
          async accumulate(...step) {
            calls++;
            const statistics = await workspace.accumulate(...step);
            if (calls === 4) controller.abort('enough');
            return statistics;
          },
        });
      },
    });
  const engine = engineOf(
    new EngineSet('cpu', { ...cpu, upload: async (...given) => watched(await cpu.upload(...given)) }, null),
  );
  const options = { k: 3, tolerance: 0, maxIterations: 20, signal: controller.signal };
  await expect(engine.gaussianMixture(asInput(points), options)).rejects.toBe('enough');
  // The M-step behind the fourth E-step has not led to a fifth.
  expect(calls).toBe(4);
  await engine.destroy();
});

it('fixed weights stay to the bit, and a component whose weight is fixed at 0 where it is', async () => {
  const points = blobs({ n: 60, d: 2, groups: 3, spread: 3, seed: 62 });
  const weights = [0.7 + 4e-7, 0.3, 0, 1e-300];
  const means = [0, 0, 1, 1, 900, 900, 800, 800];
  const model = await gaussianMixture(asInput(points), {
    k: 4,
    fixed: ['weights'],
    init: { weights, means },
    backend: 'cpu',
  });
  expect(Array.from(model.weights)).toEqual(weights);
  expect(model.components[2]).toBe('empty');
  expect(Array.from(model.means.subarray(4, 6))).toEqual([900, 900]);
});

it('selectModel fits nothing where one k is larger than the points', async () => {
  const points = blobs({ n: 10, d: 2, groups: 3, spread: 3, seed: 63 });
  const engine = await createEngine({ backend: 'cpu' });
  const dataset = await engine.upload(asInput(points));
  let fits = 0;
  const onProgress = () => void fits++;
  await expect(selectModel(dataset, { k: [2, 11], onProgress })).rejects.toThrow(
    new RangeError('k is 11, there are 10 points of positive weight'),
  );
  expect(fits).toBe(0);
  await engine.destroy();
});

it('an abort from a timer stops predictProba', async () => {
  const options = { d: 40, groups: 3, spread: 3, seed: 64 };
  const few = asInput(blobs({ n: 400, ...options }));
  const many = asInput(blobs({ n: 20_000, ...options }));
  const model = await gaussianMixture(few, { k: 16, maxIterations: 1, init: 'random-from-data', backend: 'cpu' });
  const controller = new AbortController();
  const proba = model.predictProba(many, { backend: 'cpu', signal: controller.signal });
  const reason = new Error('enough');
  setTimeout(() => controller.abort(reason), 0);
  await expect(proba).rejects.toBe(reason);
});

it('the covariance of equal points is what regularization adds, wherever they lie', async () => {
  const points = { data: new Float64Array(40).fill(1.7e12), shape: [20, 2] as const };
  for (const covarianceType of ['full', 'diag', 'tied-spherical'] as const) {
    const model = await gaussianMixture(points, { k: 2, covarianceType, backend: 'cpu' });
    expect(model.covariances[0]).toBeCloseTo(1e-6, 15);
    expect(model.lowerBound).toBeCloseTo(-Math.log(2 * Math.PI * 1e-6), 6);
    expect(model.components[0], covarianceType).toBe('regularized');
  }
});
