/** Devices and buffers that belong to the host application, and devices that go away. */

import { engineOf } from '../../../src/api/create-engine.ts';
import { createCpuEngine } from '../../../src/cpu/engine.ts';
import { type Gpu, requestGpu } from '../../../src/gpu/device.ts';
import { createGpuEngine } from '../../../src/gpu/engine.ts';
import {
  createEngine,
  DeviceLostError,
  type DevicePoints,
  destroyDefaultEngines,
  type Engine,
  type KMeansFitOptions,
  type KMeansProgress,
  kmeans,
  type Metric,
} from '../../../src/index.ts';
import { EngineSet } from '../../../src/placement.ts';
import { type ConformanceCase, type ConformanceContext, check, equal, reasonOf, rejects, sameValues } from '../case.ts';
import {
  asInput,
  checkHistory,
  checkMethods,
  checkModel,
  checkOneIteration,
  checkTenIterations,
  upload,
} from './bounds.ts';
import { blobs, type CasePoints, mapped, spacedRows } from './data.ts';
import { sameModels } from './seeding.ts';

// GPUBufferUsage, which not every runtime has as a global.
export const COPY_SRC = 4;
const COPY_DST = 8;
export const STORAGE = 128;
const MAP_READ = 1;

/** The points in a buffer of the application's, behind `offset` bytes that are none of them. */
export function lend(
  device: GPUDevice,
  { data, n, d }: CasePoints,
  offset = 0,
  usage = STORAGE,
): Required<DevicePoints> {
  const buffer = device.createBuffer({ size: offset + n * d * 4, usage, mappedAtCreation: true });
  const words = new Float32Array(buffer.getMappedRange());
  words.fill(NaN, 0, offset / 4);
  words.set(data, offset / 4);
  buffer.unmap();
  return { buffer, shape: [n, d], offset };
}

export async function contentsOf(device: GPUDevice, buffer: GPUBuffer): Promise<Float32Array> {
  const staging = device.createBuffer({ size: buffer.size, usage: MAP_READ | COPY_DST });
  const encoder = device.createCommandEncoder();
  encoder.copyBufferToBuffer(buffer, 0, staging, 0, buffer.size);
  device.queue.submit([encoder.finish()]);
  await staging.mapAsync(1);
  const contents = new Float32Array(staging.getMappedRange().slice(0));
  staging.destroy();
  return contents;
}

/** Still there, its buffer too: only then can the contents be copied out. */
export async function checkAlive(
  device: GPUDevice,
  { buffer, offset }: Required<DevicePoints>,
  points: CasePoints,
): Promise<void> {
  sameValues((await contentsOf(device, buffer)).subarray(offset / 4), points.data, 'contents of the buffer');
}

export interface Lent {
  readonly device: GPUDevice;
  readonly engine: Engine;
}

export function withLentDevice(
  name: string,
  run: (lent: Lent, context: ConformanceContext) => Promise<void>,
): ConformanceCase {
  return {
    name,
    only: 'webgpu',
    async run(context) {
      const device = await context.requestDevice!();
      const engine = await createEngine({ backend: 'webgpu', device });
      try {
        await run({ device, engine }, context);
      } finally {
        await engine.destroy();
      }
    },
  };
}

/** An `'auto'` engine that takes the software adapters of the tests for hardware. */
export async function automatic(device: GPUDevice): Promise<Engine> {
  return engineOf(await automaticSet(device));
}

export async function automaticSet(device: GPUDevice): Promise<EngineSet> {
  const gpu = await requestGpu({ device, softwareToo: true, bindingLimit: undefined });
  return new EngineSet('auto', createCpuEngine(), createGpuEngine(gpu as Gpu));
}

/** Overlapping groups, dozens of iterations, and values enough for the GPU to be worth while. */
const slow = blobs({ n: 20_000, d: 4, groups: 12, spread: 2, seed: 131 });
const k = 9;
const start = { data: spacedRows(slow, k), shape: [k, 4] as const };
const long: KMeansFitOptions = { k, init: start, tolerance: 0, maxIterations: 30 };

async function checkBorrowedBuffer(
  { device, engine }: Lent,
  points: CasePoints,
  clusters: number,
  offset: number,
  metric: Metric = 'euclidean',
): Promise<void> {
  const lent = lend(device, points, offset, STORAGE | COPY_SRC);
  const { weights } = points;
  const dataset = await engine.upload(lent, weights === undefined ? { metric } : { metric, sampleWeight: weights });
  equal(dataset.backend, 'webgpu', 'backend');
  const init = spacedRows(points, clusters);
  await checkOneIteration(engine, dataset, points, init, metric);
  const model = await checkTenIterations(engine, dataset, points, init, metric);
  await checkMethods(model, dataset, points);
  // The whole fit depends on the variance too.
  const options = { k: clusters, init: { data: init, shape: [clusters, points.d] as const } };
  const whole = await engine.kmeans(dataset, options);
  const copied = await engine.kmeans(await upload(engine, points, metric), options);
  equal(whole.iterations, copied.iterations, 'iterations, and those of a copy');
  for (const method of ['k-means++', 'k-means||', 'random'] as const) {
    checkModel(await engine.kmeans(dataset, { k: clusters, init: method }), points, clusters, metric);
  }
  dataset.destroy();
  await checkAlive(device, lent, points);
  lent.buffer.destroy();
}

/** A device lost in the middle, at the given report. */
function loseAt(device: GPUDevice, at: number, history: KMeansProgress[] = []) {
  return (report: KMeansProgress) => {
    history.push(report);
    if (report.iteration === at) device.destroy();
  };
}

async function checkContinues(device: GPUDevice, options: KMeansFitOptions, at: number): Promise<void> {
  const engine = await automatic(device);
  const dataset = await upload(engine, slow);
  equal(dataset.backend, 'webgpu', 'backend before');
  const history: KMeansProgress[] = [];
  const model = await engine.kmeans(dataset, { ...options, onIteration: loseAt(device, at, history) });
  equal(model.backend, 'cpu', 'backend of the model');
  equal(dataset.backend, 'cpu', 'backend of the dataset');
  checkModel(model, slow, k);
  checkHistory(history, model, 0);
  check(model.iterations >= at, 'iterations were lost');
  const cpu = await createEngine({ backend: 'cpu' });
  const alone = await cpu.kmeans(await upload(cpu, slow), options);
  const difference = Math.abs(model.inertia / alone.inertia - 1);
  check(difference <= 1e-5, `inertia ${model.inertia}, on the CPU alone ${alone.inertia}`);
  // Whatever comes next is there too.
  await model.predict(dataset);
  const next = await upload(engine, slow);
  equal(next.backend, 'cpu', 'backend of the next dataset');
  await engine.destroy();
}

export const devices: readonly ConformanceCase[] = [
  {
    name: 'kmeans on a borrowed device leaves it alone',
    only: 'webgpu',
    async run(context) {
      const device = await context.requestDevice!();
      const points = blobs({ n: 1001, d: 3, seed: 133 });
      const model = await kmeans(asInput(points), { k: 5, device, backend: 'webgpu' });
      checkModel(model, points, 5);
      equal(model.backend, 'webgpu', 'backend');
      const lent = lend(device, points, 0, STORAGE | COPY_SRC);
      sameValues(await model.predict(lent, { device, backend: 'webgpu' }), model.labels, 'labels');
      await destroyDefaultEngines();
      await checkAlive(device, lent, points);
    },
  },
  withLentDevice('an engine that is destroyed leaves a borrowed device alone', async ({ device, engine }) => {
    const points = blobs({ n: 1001, d: 3, seed: 133 });
    const lent = lend(device, points, 0, STORAGE | COPY_SRC);
    await engine.kmeans(await engine.upload(lent), { k: 5 });
    await engine.destroy();
    await checkAlive(device, lent, points);
  }),
  {
    name: 'a borrowed buffer and its device are enough: auto has no choice',
    only: 'webgpu',
    async run(context) {
      const device = await context.requestDevice!();
      const points = blobs({ n: 63, d: 3, seed: 135 });
      const model = await kmeans(lend(device, points), { k: 2, device });
      equal(model.backend, 'webgpu', 'backend');
      checkModel(model, points, 2);
      await destroyDefaultEngines();
    },
  },
  ...(
    [
      { n: 1, d: 1, clusters: 1, offset: 0 },
      { n: 1000, d: 1, clusters: 3, offset: 4 },
      { n: 4097, d: 3, clusters: 17, offset: 12 },
      { n: 4097, d: 33, clusters: 8, offset: 260 },
      { n: 1000, d: 64, clusters: 17, offset: 1028 },
      { n: 63, d: 784, clusters: 3, offset: 100 },
    ] as const
  ).map(({ n, d, clusters, offset }) =>
    withLentDevice(`borrowed buffer, n = ${n}, d = ${d}, k = ${clusters}, offset ${offset}`, async (lent) => {
      await checkBorrowedBuffer(lent, blobs({ n, d, seed: n + d }), clusters, offset);
    }),
  ),
  withLentDevice('borrowed buffer, offset of 1e5 in the data', async (lent) => {
    await checkBorrowedBuffer(lent, blobs({ n: 4097, d: 5, offset: 1e5, seed: 137 }), 17, 20);
  }),
  withLentDevice('borrowed buffer, weights', async (lent) => {
    const weights = Float32Array.from({ length: 4097 }, (_, i) => i % 3);
    await checkBorrowedBuffer(lent, { ...blobs({ n: 4097, d: 3, seed: 139 }), weights }, 8, 4);
  }),
  withLentDevice('borrowed buffer, the cosine', async (lent) => {
    await checkBorrowedBuffer(lent, blobs({ n: 4097, d: 5, seed: 141 }), 8, 4, 'cosine');
  }),
  withLentDevice('borrowed buffer, one feature constant', async (lent) => {
    const points = mapped(blobs({ n: 1001, d: 3, seed: 143 }), (value, j) => (j === 1 ? 123456.7 : value));
    await checkBorrowedBuffer(lent, points, 5, 4);
  }),
  ...[110, -90].map((exponent) =>
    withLentDevice(`borrowed buffer, data of magnitude 2^${exponent}`, async (lent) => {
      await checkBorrowedBuffer(
        lent,
        mapped(blobs({ n: 1001, d: 3, seed: 145 }), (value) => value * 2 ** exponent),
        5,
        4,
      );
    }),
  ),
  withLentDevice('borrowed buffer, all points equal', async ({ device, engine }) => {
    const points = mapped({ data: new Float32Array(3 * 4099), n: 4099, d: 3 }, (_, j) => [0.1, 1e5, -7][j]);
    const model = await engine.kmeans(await engine.upload(lend(device, points)), { k: 2 });
    sameValues(model.centroids, [...points.data.subarray(0, 6)], 'centroids');
    sameValues(model.counts, [4099, 0], 'counts');
    equal(model.inertia, 0, 'inertia');
  }),
  withLentDevice('borrowed buffer, several bindings give the bits of one', async ({ device, engine }) => {
    const points = blobs({ n: 3 * 4096 + 77, d: 3, seed: 147 });
    const lent = lend(device, points, 36);
    for (const metric of ['euclidean', 'cosine'] as const) {
      const whole = await engine.kmeans(await engine.upload(lent, { metric }), { k: 9 });
      const narrow = await createEngine({ backend: 'webgpu', device, bindingLimit: 4096 * 3 * 4 + 256 });
      sameModels(await narrow.kmeans(await narrow.upload(lent, { metric }), { k: 9 }), whole);
      await narrow.destroy();
    }
  }),
  withLentDevice('borrowed buffer, values that are not finite', async ({ device, engine }) => {
    for (const metric of ['euclidean', 'cosine'] as const) {
      for (const value of [NaN, Infinity, -Infinity]) {
        const points = blobs({ n: 5003, d: 3, seed: 149 });
        points.data[3 * 4999 + 2] = value;
        points.data[3 * 5001] = value;
        const lent = lend(device, points, 12, STORAGE | COPY_SRC);
        await rejects(engine.upload(lent, { metric }), RangeError, /points\[4999\]\[2\]/, `upload of ${value}`);
        await checkAlive(device, lent, points);
      }
    }
  }),
  withLentDevice('borrowed buffer, a row of zeros under the cosine', async ({ device, engine }) => {
    const points = blobs({ n: 5003, d: 3, seed: 151 });
    points.data.fill(0, 3 * 4998, 3 * 4999);
    points.data.fill(0, 3 * 5000, 3 * 5001);
    const lent = lend(device, points, 4);
    await rejects(engine.upload(lent, { metric: 'cosine' }), RangeError, /points\[4998\]/, 'upload');
    await engine.upload(lent);
  }),
  withLentDevice('borrowed buffer of another device', async ({ engine }, context) => {
    const lent = lend(await context.requestDevice!(), blobs({ n: 63, d: 3, seed: 153 }));
    await rejects(engine.upload(lent), Error, /./, 'upload');
  }),
  withLentDevice('borrowed buffer, wrong ones', async ({ device, engine }) => {
    const points = blobs({ n: 63, d: 3, seed: 153 });
    const { buffer } = lend(device, points);
    const bad = async (given: DevicePoints, kind: typeof TypeError | typeof RangeError, message: RegExp) => {
      await rejects(engine.upload(given), kind, message, String(message));
    };
    await bad({ buffer, shape: [64, 3] }, RangeError, /points\.buffer/);
    await bad({ buffer, shape: [63, 3], offset: 4 }, RangeError, /points\.buffer/);
    await bad({ buffer, shape: [62, 3], offset: 6 }, RangeError, /points\.offset/);
    await bad({ buffer, shape: [62, 3], offset: -4 }, RangeError, /points\.offset/);
    await bad(lend(device, points, 0, COPY_SRC), TypeError, /STORAGE/);
    await rejects(kmeans({ buffer, shape: [63, 3] }, { k: 2, backend: 'cpu' }), TypeError, /webgpu/, 'on the CPU');
    await rejects(kmeans({ buffer, shape: [63, 3] }, { k: 2 }), TypeError, /device/, 'without the device');
  }),
  withLentDevice('a device lost in mid-fit rejects', async ({ device, engine }) => {
    const dataset = await upload(engine, slow);
    const error = await reasonOf(engine.kmeans(dataset, { ...long, onIteration: loseAt(device, 3) }), 'the fit');
    check(error instanceof DeviceLostError, `rejected with ${String(error)}`);
    const after = await reasonOf(engine.kmeans(dataset, long), 'a fit after the loss');
    check(after instanceof DeviceLostError, `rejected with ${String(after)}`);
    check(
      (await reasonOf(upload(engine, slow), 'an upload after the loss')) instanceof DeviceLostError,
      'kind of error',
    );
  }),
  withLentDevice('a device lost while it seeds rejects', async ({ device, engine }) => {
    const dataset = await upload(engine, slow);
    const fit = reasonOf(engine.kmeans(dataset, { k: 130 }), 'the fit');
    await Promise.resolve();
    device.destroy();
    check((await fit) instanceof DeviceLostError, `rejected with ${String(await fit)}`);
  }),
  {
    name: 'a device that is lost already rejects every call',
    only: 'webgpu',
    async run(context) {
      const device = await context.requestDevice!();
      const points = blobs({ n: 63, d: 3, seed: 155 });
      const options = { device, backend: 'webgpu' } as const;
      const model = await kmeans(asInput(points), { k: 2, ...options });
      device.destroy();
      for (const call of [
        () => kmeans(asInput(points), { k: 2, ...options }),
        () => model.predict(asInput(points), options),
        () => model.transform(asInput(points), options),
        async () => (await createEngine(options)).upload(asInput(points)),
      ]) {
        const error = await reasonOf(call(), 'a call');
        check(error instanceof DeviceLostError, `rejected with ${String(error)}`);
      }
      await destroyDefaultEngines();
    },
  },
  ...[1, 5].map(
    (at): ConformanceCase => ({
      name: `a device lost at iteration ${at}: auto goes on on the CPU`,
      only: 'webgpu',
      run: async (context) => checkContinues(await context.requestDevice!(), long, at),
    }),
  ),
  {
    name: 'a device lost while it seeds: auto goes on on the CPU',
    only: 'webgpu',
    async run(context) {
      const device = await context.requestDevice!();
      const engine = await automatic(device);
      const fit = engine.kmeans(await upload(engine, slow), { k: 65, maxIterations: 3 });
      await Promise.resolve();
      device.destroy();
      const model = await fit;
      equal(model.backend, 'cpu', 'backend');
      checkModel(model, slow, 65);
      await engine.destroy();
    },
  },
  {
    name: 'a device lost under two fits at a time: auto goes on with both on the CPU',
    only: 'webgpu',
    async run(context) {
      const device = await context.requestDevice!();
      const engine = await automatic(device);
      const dataset = await upload(engine, slow);
      const models = await Promise.all([
        engine.kmeans(dataset, { ...long, onIteration: loseAt(device, 3) }),
        engine.kmeans(dataset, { k: 5, seed: 1 }),
        engine.kmeans(dataset, { k: 65, maxIterations: 3 }),
      ]);
      for (const model of models) {
        checkModel(model, slow, model.k);
        equal(model.backend, 'cpu', 'backend');
      }
      await engine.destroy();
    },
  },
  {
    name: 'a device lost between two fits: auto goes on on the CPU',
    only: 'webgpu',
    async run(context) {
      const device = await context.requestDevice!();
      const engine = await automatic(device);
      const dataset = await upload(engine, slow);
      const before = await engine.kmeans(dataset, long);
      equal(before.backend, 'webgpu', 'backend before');
      device.destroy();
      await device.lost;
      sameValues(await before.predict(dataset), before.labels, 'labels');
      equal(dataset.backend, 'cpu', 'backend of the dataset');
      equal((await engine.kmeans(dataset, long)).backend, 'cpu', 'backend after');
      await engine.destroy();
    },
  },
  {
    name: 'a borrowed buffer is lost with its device, under auto too',
    only: 'webgpu',
    async run(context) {
      const device = await context.requestDevice!();
      const engine = await automatic(device);
      const dataset = await engine.upload(lend(device, slow));
      const error = await reasonOf(engine.kmeans(dataset, { ...long, onIteration: loseAt(device, 2) }), 'the fit');
      check(error instanceof DeviceLostError, `rejected with ${String(error)}`);
      await engine.destroy();
    },
  },
  {
    name: 'small points go to the CPU under auto, large ones to the GPU',
    only: 'webgpu',
    async run(context) {
      const engine = await automatic(await context.requestDevice!());
      equal((await upload(engine, blobs({ n: 63, d: 3 }))).backend, 'cpu', 'backend of few points');
      equal((await upload(engine, slow)).backend, 'webgpu', 'backend of many points');
      await engine.destroy();
    },
  },
];
