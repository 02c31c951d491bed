/** By subgroups or by memory, of a known size or of any: the same bits. */
import { engineOf } from '../../../src/api/create-engine.ts';
import { WebGPUUnavailableError } from '../../../src/errors.ts';
import { type Gpu, requestGpu } from '../../../src/gpu/device.ts';
import { createGpuEngine } from '../../../src/gpu/engine.ts';
import type { CovarianceType, Engine } from '../../../src/index.ts';
import { EngineSet } from '../../../src/placement.ts';
import { type ConformanceCase, equal, rejects, sameValues } from '../case.ts';
import { checkModel, upload } from './bounds.ts';
import { blobs, type CasePoints, spacedRows, wholeNumbers } from './data.ts';

/** Numbers by which results are told apart. */
type Results = Readonly<Record<string, ArrayLike<number>>>;

async function resultsWith(device: GPUDevice, subgroups: boolean, run: (engine: Engine) => Promise<Results>) {
  const gpu = (await requestGpu({ device, softwareToo: true, bindingLimit: undefined, variant: { subgroups } })) as Gpu;
  const engine = engineOf(new EngineSet('webgpu', null, createGpuEngine(gpu)));
  try {
    return await run(engine);
  } finally {
    await engine.destroy();
  }
}

/** With the device as one that lets nobody choose sizes. */
async function withoutSizes<T>(device: GPUDevice, run: () => Promise<T>): Promise<T> {
  const own = Object.getOwnPropertyDescriptor(device, 'features');
  const features = new Set([...device.features].filter((feature) => feature !== 'subgroup-size-control'));
  Object.defineProperty(device, 'features', { value: features, configurable: true });
  try {
    return await run();
  } finally {
    // In browsers the prototype has it, in Node the device.
    if (own === undefined) Reflect.deleteProperty(device, 'features');
    else Object.defineProperty(device, 'features', own);
  }
}

function sameBits(name: string, run: (engine: Engine) => Promise<Results>): ConformanceCase {
  return {
    name: `subgroups give the same bits: ${name}`,
    only: 'webgpu',
    async run({ requestDevice }) {
      const device = await requestDevice!();
      // As all of Firefox's.
      if (!device.features.has('subgroups')) {
        const request = requestGpu({
          device,
          softwareToo: true,
          bindingLimit: undefined,
          variant: { subgroups: true },
        });
        await rejects(request, WebGPUUnavailableError, /without subgroups/, 'subgroups that the device has not');
        return;
      }
      const expected = await resultsWith(device, false, run);
      const found = {
        'by subgroups': await resultsWith(device, true, run),
        'by subgroups, again': await resultsWith(device, true, run),
        'by subgroups of any size': await withoutSizes(device, () => resultsWith(device, true, run)),
      };
      for (const [how, results] of Object.entries(found)) {
        equal(Object.keys(results).join(), Object.keys(expected).join(), how);
        for (const [what, values] of Object.entries(results)) sameValues(values, expected[what], `${what}, ${how}`);
      }
    },
  };
}

/** Lloyd's iterations from rows of the points, or from what k-means‖ draws of them. */
function ofKMeans(points: CasePoints, k: number, metric: 'euclidean' | 'cosine', isSeeded: boolean) {
  return async (engine: Engine): Promise<Results> => {
    const dataset = await upload(engine, points, metric);
    const init = isSeeded ? 'k-means||' : ({ data: spacedRows(points, k), shape: [k, points.d] } as const);
    const history: number[] = [];
    const model = await engine.kmeans(dataset, {
      ...{ k, init, seed: 5, maxIterations: 6, tolerance: 0 },
      onIteration: ({ inertia, shift }) => void history.push(inertia, shift),
    });
    checkModel(model, points, k, metric);
    const { centroids, labels, inertia, iterations } = model;
    return { history, centroids, labels, rest: [inertia, iterations] };
  };
}

function ofMixture(points: CasePoints, k: number, covarianceType: CovarianceType) {
  return async (engine: Engine): Promise<Results> => {
    const options = { k, covarianceType, seed: 5, maxIterations: 4 };
    const model = await engine.gaussianMixture(await upload(engine, points), options);
    const { weights, means, covariances, lowerBounds, labels } = model;
    return { weights, means, covariances, lowerBounds, labels };
  };
}

const weighted = (points: CasePoints): CasePoints => ({
  ...points,
  weights: Float32Array.from({ length: points.n }, (_, i) => (i % 7) / 4),
});

/** [d, k]: sums in one turn of 64 threads and in several; centroids as well. */
const shapes = [
  [3, 31],
  [7, 65],
  [130, 12],
] as const;

const mixtures = [
  ['full', 2],
  ['tied', 3],
  ['diag', 2],
  ['full', 6],
] as const;

export const subgroups: readonly ConformanceCase[] = [
  ...shapes.map(([d, k]) =>
    sameBits(`k-means, d = ${d}, k = ${k}`, ofKMeans(blobs({ n: 1501, d, seed: d }), k, 'euclidean', false)),
  ),
  sameBits('k-means of ties', ofKMeans(wholeNumbers(1300, 6, 3, 11), 70, 'euclidean', false)),
  sameBits('k-means by the cosine', ofKMeans(blobs({ n: 900, d: 70, seed: 12 }), 9, 'cosine', false)),
  sameBits('k-means‖', ofKMeans(weighted(blobs({ n: 2600, d: 5, seed: 13 })), 8, 'euclidean', true)),
  ...mixtures.map(([type, d]) =>
    sameBits(`mixtures, ${type}, d = ${d}`, ofMixture(blobs({ n: 1100, d, seed: d }), 3, type)),
  ),
];
