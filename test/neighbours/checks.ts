/** What has to hold on a device that is a neighbour's. Runs in pages: nothing here imports from Node. */
import {
  createEngine,
  destroyDefaultEngines,
  gaussianMixture,
  type KMeansOptions,
  kmeans,
  nearest,
  silhouetteScore,
} from '../../src/index.ts';
import { atMost, check, equal, rejects, sameValues } from '../conformance/case.ts';
import type { LentDevice } from './lent.ts';
import type { Neighbour } from './neighbour.ts';

export interface Lending {
  readonly neighbour: Neighbour;
  readonly lent: LentDevice;
  /** The neighbour's rows as they were before anybody had touched them. */
  readonly rows: Float32Array;
}

type Check = (lending: Lending) => Promise<void>;

const K = 4;
/** A row of each group. */
const STARTS = [0, 1, 2, 4];

export const CHECKS: Readonly<Record<string, Check>> = {
  'k-means reads its rows where they are': async ({ neighbour: { device, points }, rows }) => {
    for (const metric of ['euclidean', 'cosine'] as const) {
      const options = { k: K, metric, init: startsOf(rows, points.shape[1]) };
      const model = await kmeans(points, { ...options, device });
      const expected = await kmeans({ data: rows, shape: points.shape }, { ...options, backend: 'cpu' });
      equal(model.backend, 'webgpu', 'backend');
      sameValues(model.labels, expected.labels, `${metric}: labels`);
      equal(model.iterations, expected.iterations, `${metric}: iterations`);
      near(model.inertia, expected.inertia, 1e-6, `${metric}: inertia`);
      check(new Set(expected.labels).size === K, 'the rows are in four groups');
    }
  },

  'a Gaussian mixture does': async ({ neighbour: { device, points }, rows }) => {
    const options = { k: K, covarianceType: 'diag', init: { means: startsOf(rows, points.shape[1]) } } as const;
    const model = await gaussianMixture(points, { ...options, device });
    const expected = await gaussianMixture({ data: rows, shape: points.shape }, { ...options, backend: 'cpu' });
    equal(model.backend, 'webgpu', 'backend');
    sameValues(model.labels, expected.labels, 'labels');
    near(model.lowerBound, expected.lowerBound, 1e-5, 'lower bound');
  },

  'labels stay on its device': async ({ neighbour, lent, rows }) => {
    const { device, points } = neighbour;
    const options = { k: K, init: startsOf(rows, points.shape[1]) };
    const { labels } = await kmeans(points, { ...options, device });
    const { labelsBuffer } = await kmeans(points, { ...options, device, output: 'buffer' });
    lent.given(labelsBuffer!);
    equal(labelsBuffer!.size, 4 * labels.length, 'bytes');
    const read = await lent.aside(() => neighbour.read(labelsBuffer!) ?? copied(device, labelsBuffer!));
    sameValues(read, labels, 'labels');
    labelsBuffer!.destroy();
  },

  'errors of ours are no errors of its own': async ({ neighbour: { device, points }, lent }) => {
    const [n, d] = points.shape;
    const options = { k: K, device } satisfies KMeansOptions;
    const own = (values: Float32Array<ArrayBuffer>) =>
      lent.aside(async () => {
        const usage = GPUBufferUsage.STORAGE | GPUBufferUsage.COPY_DST;
        const buffer = device.createBuffer({ size: values.byteLength, usage });
        device.queue.writeBuffer(buffer, 0, values);
        return buffer;
      });
    const spoilt = new Float32Array(n * d).fill(1);
    spoilt[d + 1] = NaN;
    const withNaN = await own(spoilt);
    const gone = await own(spoilt);
    gone.destroy();
    const mapped = await lent.aside(async () =>
      device.createBuffer({ size: 4 * n * d, usage: GPUBufferUsage.STORAGE, mappedAtCreation: true }),
    );
    const other = await (await navigator.gpu.requestAdapter())!.requestDevice();
    const foreign = other.createBuffer({ size: 4 * n * d, usage: GPUBufferUsage.STORAGE });
    const controller = new AbortController();
    const { signal } = controller;
    const abort = () => controller.abort(new RangeError('enough'));

    device.pushErrorScope('validation');
    const fits: [string, () => Promise<unknown>, new () => Error, RegExp][] = [
      ['an offset', () => kmeans({ ...points, offset: 2 }, options), RangeError, /offset/],
      ['a shape', () => kmeans({ ...points, shape: [2 ** 24, d] }, options), RangeError, /holds \d+ bytes/],
      ['NaN', () => kmeans({ buffer: withNaN, shape: [n, d] }, options), RangeError, /points\[1\]\[1\]/],
      ['no k', () => kmeans(points, { ...options, k: 0 }), RangeError, /k must be/],
      ['more than rows', () => kmeans(points, { ...options, k: n + 1 }), RangeError, /k /],
      ['an abort', () => kmeans(points, { ...options, signal, onIteration: abort }), RangeError, /enough/],
      ['destroyed', () => kmeans({ buffer: gone, shape: [n, d] }, options), TypeError, /was destroyed/],
      ['mapped', () => kmeans({ buffer: mapped, shape: [n, d] }, options), TypeError, /is mapped/],
      ['of another device', () => kmeans({ buffer: foreign, shape: [n, d] }, options), TypeError, /another device/],
      ['on the CPU', () => kmeans(points, { k: K, backend: 'cpu' }), TypeError, /GPUBuffer/],
    ];
    for (const [what, fit, kind, message] of fits) await rejects(fit(), kind, message, what);
    equal(await device.popErrorScope(), null, 'in the scope that the neighbour had opened');

    for (const buffer of [withNaN, mapped]) buffer.destroy();
    other.destroy();
  },

  'engines come and go': async ({ neighbour: { device, points }, rows }) => {
    const engine = await createEngine({ device });
    const dataset = await engine.upload(points);
    const model = await engine.kmeans(dataset, { k: K, nInit: 3 });
    const { labels } = model;
    await model.transform(dataset);
    await silhouetteScore(dataset, labels);
    await nearest(dataset, model, { count: 2 });
    await engine.destroy();
    await kmeans(points, { k: K, device });
    await destroyDefaultEngines();
    const host = await kmeans({ data: rows, shape: points.shape }, { k: K, device, backend: 'webgpu' });
    equal(host.backend, 'webgpu', 'backend');
    await destroyDefaultEngines();
  },

  'it still computes, and its rows are as they were': async ({ neighbour, lent, rows }) => {
    sameValues(await lent.aside(() => neighbour.rows()), rows, 'its rows');
    sameValues(await lent.aside(() => neighbour.again()), rows, 'computed anew');
  },
};

/** Runs one, and looks at the device behind it. */
export async function runCheck(name: string, lending: Lending): Promise<void> {
  await CHECKS[name](lending);
  // Kernels stay with the device; buffers that engines keep go with them.
  await destroyDefaultEngines();
  equal((await lending.lent.violations()).join('; '), '', 'what is not as it was');
}

function startsOf(rows: Float32Array, d: number): number[][] {
  return STARTS.map((i) => Array.from(rows.subarray(i * d, (i + 1) * d)));
}

function near(value: number, expected: number, share: number, what: string): void {
  atMost(Math.abs(value - expected), share * Math.abs(expected), what);
}

async function copied(device: GPUDevice, buffer: GPUBuffer): Promise<Uint32Array> {
  const staging = device.createBuffer({ size: buffer.size, usage: GPUBufferUsage.MAP_READ | GPUBufferUsage.COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(GPUMapMode.READ);
  const values = new Uint32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return values;
}
