/** Faults at every place of the GPU engine's work: what they leave is nothing. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { engineOf } from '../../src/api/create-engine.ts';
import { createCpuEngine } from '../../src/cpu/engine.ts';
import { type Gpu, requestGpu } from '../../src/gpu/device.ts';
import { createGpuEngine } from '../../src/gpu/engine.ts';
import { createEngine, type Dataset, DeviceLostError, type Engine } from '../../src/index.ts';
import { requestNodeDevice } from '../../src/node/index.ts';
import { EngineSet } from '../../src/placement.ts';
import { Random } from '../../src/random.ts';
import { missing } from '../missing.ts';
import { RUNS_ALL } from '../scope.ts';
import { dawnFlags, missingDriver } from '../vulkan.ts';
import { asInput } from './cases/bounds.ts';
import { blobs } from './cases/data.ts';
import { FaultyDevice } from './faulty.ts';

const driverless = process.platform === 'linux' && !process.env.VK_DRIVER_FILES;

const points = blobs({ n: 700, d: 3, groups: 6, spread: 2, seed: 211 });
const k = 4;

let real: GPUDevice;
let uncaptured: string[];

beforeAll(async () => {
  if (driverless) return;
  real = await requestNodeDevice({ flags: dawnFlags });
  real.addEventListener('uncapturederror', ({ error }) => uncaptured.push(error.message));
});

afterAll(() => real?.destroy());

type Work = (engine: Engine, dataset: Dataset, signal: AbortSignal) => Promise<unknown>;

/** Models of the CPU's, whose methods take what is on the GPU. */
async function methodsOf(): Promise<Record<string, Work>> {
  const cpu = await createEngine({ backend: 'cpu', threads: 1 });
  const dataset = await cpu.upload(asInput(points));
  const clusters = await cpu.kmeans(dataset, { k });
  const mixture = await cpu.gaussianMixture(dataset, { k, maxIterations: 3 });
  await cpu.destroy();
  return {
    predict: (_, dataset, signal) => clusters.predict(dataset, { signal }),
    transform: (_, dataset, signal) => clusters.transform(dataset, { signal }),
    predictProba: (_, dataset, signal) => mixture.predictProba(dataset, { signal }),
    scoreSamples: (_, dataset, signal) => mixture.scoreSamples(dataset, { signal }),
  };
}

const methods = await methodsOf();

const works: Record<string, Work> = {
  upload: async (engine, _, signal) => (await engine.upload(asInput(points), { signal })).destroy(),
  random: (engine, dataset, signal) => engine.kmeans(dataset, { k, init: 'random', maxIterations: 9, signal }),
  'k-means++': (engine, dataset, signal) => engine.kmeans(dataset, { k, maxIterations: 2, signal }),
  'k-means||': (engine, dataset, signal) => engine.kmeans(dataset, { k, init: 'k-means||', maxIterations: 1, signal }),
  mixture: (engine, dataset, signal) => engine.gaussianMixture(dataset, { k, maxIterations: 2, signal }),
  'borrowed buffer': async (engine, _, signal) => {
    const buffer = real.createBuffer({ size: points.data.length * 4, usage: 0x88 });
    real.queue.writeBuffer(buffer, 0, points.data);
    try {
      (await engine.upload({ buffer, shape: [points.n, points.d] }, { signal })).destroy();
    } finally {
      buffer.destroy();
    }
  },
  ...methods,
};

const never = new AbortController().signal;

/** A fault leaves no buffer, no read, no empty submit, and nothing that the device's owner hears of. */
async function withFaults(run: (faulty: FaultyDevice, engine: Engine, dataset: Dataset) => Promise<void>) {
  uncaptured = [];
  const faulty = new FaultyDevice(real);
  const engine = await createEngine({ backend: 'webgpu', device: faulty.device });
  try {
    const dataset = await engine.upload(asInput(points));
    const before = faulty.live.size;
    await run(faulty, engine, dataset);
    faulty.onCall = null;
    faulty.failing = 0;
    // Work in flight ends; then nobody waits.
    await real.queue.onSubmittedWorkDone();
    expect(faulty.live.size).toBe(before);
    const { emptySubmits } = faulty;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect({ pending: faulty.pending, emptySubmits: faulty.emptySubmits }).toEqual({ pending: 0, emptySubmits });
  } finally {
    await engine.destroy();
  }
  expect(faulty.live.size).toBe(0);
  expect(uncaptured).toEqual([]);
}

function gpuTest(name: string, run: () => Promise<void>): void {
  test(name, async (context) => {
    if (driverless) missing(context, missingDriver);
    await run();
  });
}

/** How many calls the work makes, once its kernels are compiled. */
async function callsOf(faulty: FaultyDevice, work: () => Promise<unknown>): Promise<number> {
  await work();
  faulty.calls = 0;
  await work();
  expect(faulty.calls).toBeGreaterThan(0);
  return faulty.calls;
}

/** The allocations, from 1, that differ by their label or by that of the one before. */
function places(labels: readonly string[]): number[] {
  const pairs = labels.map((label, i) => `${labels[i - 1]}, ${label}`);
  return pairs.flatMap((pair, i) => (pairs.indexOf(pair) === i ? [i + 1] : []));
}

for (const [name, work] of Object.entries(works)) {
  gpuTest(`no memory for any of the buffers: ${name}`, () =>
    withFaults(async (faulty, engine, dataset) => {
      faulty.allocations = [];
      await work(engine, dataset, never);
      for (const at of places(faulty.allocations)) {
        const { size } = faulty.live;
        faulty.allocations = [];
        faulty.failing = at;
        const outcome = await work(engine, dataset, never).catch((error: unknown) => error);
        expect(outcome, `allocation ${at}`).toBeInstanceOf(RangeError);
        expect((outcome as Error).message).toMatch(/no room for \d+ bytes, in buffers of at most \d+: no memory/);
        expect(faulty.live.size, `live buffers after allocation ${at}`).toBe(size);
      }
      faulty.failing = 0;
      await work(engine, dataset, never);
    }),
  );

  gpuTest(`aborts at any time: ${name}`, () =>
    withFaults(async (faulty, engine, dataset) => {
      const count = await callsOf(faulty, () => work(engine, dataset, never));
      const random = new Random(7);
      for (let round = 0; round < (RUNS_ALL ? 20 : 6); round++) {
        const controller = new AbortController();
        const reason = new Error(`round ${round}`);
        const at = 1 + Math.floor(random.uniform() * count);
        faulty.calls = 0;
        const isLate = round % 2 === 1;
        faulty.onCall = (call) => {
          if (call !== at) return;
          if (isLate) setTimeout(() => controller.abort(reason));
          else queueMicrotask(() => controller.abort(reason));
        };
        const outcome = await work(engine, dataset, controller.signal).catch((error: unknown) => error);
        // A timer may fire when all is done, or never; whatever the device does comes later than a microtask.
        if (outcome instanceof Error || (controller.signal.aborted && !isLate)) {
          expect(outcome, `call ${at} of ${count}`).toBe(reason);
        }
      }
      faulty.onCall = null;
      await work(engine, dataset, never);
    }),
  );

  gpuTest(`a device lost at any time: ${name}`, async () => {
    uncaptured = [];
    const random = new Random(11);
    let count = 0;
    for (let round = 0; round < (RUNS_ALL ? 10 : 3); round++) {
      const faulty = new FaultyDevice(real);
      const engine = await createEngine({ backend: 'webgpu', device: faulty.device });
      const dataset = await engine.upload(asInput(points));
      if (round === 0) count = await callsOf(faulty, () => work(engine, dataset, never));
      loseAt(faulty, 1 + Math.floor(random.uniform() * count));
      const outcome = await work(engine, dataset, never).catch((error: unknown) => error);
      if (outcome instanceof Error) expect(outcome).toBeInstanceOf(DeviceLostError);
      await engine.destroy();
      expect({ live: faulty.live.size, pending: faulty.pending }).toEqual({ live: 0, pending: 0 });
    }
    expect(uncaptured).toEqual([]);
  });
}

function loseAt(faulty: FaultyDevice, at: number): void {
  faulty.calls = 0;
  faulty.onCall = (call) => {
    if (call === at) queueMicrotask(() => faulty.lose());
  };
}

gpuTest('a device lost at any time: auto goes on on the CPU', async () => {
  uncaptured = [];
  // Values enough for a GPU, in few rows.
  const wide = blobs({ n: 140, d: 512, groups: 6, spread: 2, seed: 213 });
  const random = new Random(13);
  let count = 0;
  for (let round = 0; round < 8; round++) {
    const faulty = new FaultyDevice(real);
    const gpu = (await requestGpu({ device: faulty.device, softwareToo: true, bindingLimit: undefined })) as Gpu;
    const engine = engineOf(new EngineSet('auto', createCpuEngine({ threads: 1 }), createGpuEngine(gpu)));
    const dataset = await engine.upload(asInput(wide));
    expect(dataset.backend).toBe('webgpu');
    const fit = () => engine.kmeans(dataset, { k, maxIterations: 2, init: round % 2 === 0 ? 'k-means++' : 'random' });
    if (round < 2) count = await callsOf(faulty, fit);
    loseAt(faulty, 1 + Math.floor((random.uniform() * count) / 2));
    const model = await fit();
    expect([model.backend, dataset.backend, dataset.reason]).toEqual(['cpu', 'cpu', 'device-lost']);
    expect({ live: faulty.live.size, pending: faulty.pending }).toEqual({ live: 0, pending: 0 });
    await engine.destroy();
  }
  expect(uncaptured).toEqual([]);
});

gpuTest('a device that does not answer is not waited for behind an abort', () =>
  withFaults(async (faulty, engine, dataset) => {
    for (const [name, work] of Object.entries(works)) {
      // An upload reads nothing.
      if (name === 'upload') continue;
      const controller = new AbortController();
      const reason = new Error(name);
      faulty.hanging = true;
      const outcome = work(engine, dataset, controller.signal).catch((error: unknown) => error);
      await vi.waitUntil(() => faulty.pending > 0, { interval: 1, timeout: 60_000 });
      controller.abort(reason);
      expect(await outcome).toBe(reason);
      faulty.hanging = false;
    }
  }),
);

gpuTest('nothing is submitted once nobody waits', () =>
  withFaults(async (faulty) => {
    for (const end of ['abort', 'destroy'] as const) {
      const engine = await createEngine({ backend: 'webgpu', device: faulty.device });
      const dataset = await engine.upload(asInput(points));
      const controller = new AbortController();
      // The next batch is on its way by then.
      const onIteration = () => {
        if (end === 'abort') controller.abort();
        else void engine.destroy();
      };
      const { signal } = controller;
      const fit = engine.kmeans(dataset, { k, init: 'random', tolerance: 0, signal, onIteration });
      await expect(fit).rejects.toThrow(end === 'abort' ? /abort/ : /destroyed/);
      const { calls, emptySubmits } = faulty;
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect({ calls: faulty.calls, emptySubmits: faulty.emptySubmits }, end).toEqual({ calls, emptySubmits });
      await engine.destroy();
    }
  }),
);

gpuTest('a device that does nothing ends the iterations', () =>
  withFaults(async (faulty, engine, dataset) => {
    const onIteration = () => {
      faulty.dropping = true;
    };
    const fit = engine.kmeans(dataset, { k, tolerance: 0, maxIterations: 1000, onIteration });
    await expect(fit).rejects.toThrow('the GPU did no iteration');
    faulty.dropping = false;
  }),
);

gpuTest('a buffer over the limits of the device is told with both sizes', () =>
  withFaults(async (faulty) => {
    const gpu = (await requestGpu({ device: faulty.device, softwareToo: true, bindingLimit: undefined })) as Gpu;
    const allocation = gpu.allocate((arena) => arena.storage('labels', 2 ** 50));
    await expect(allocation).rejects.toThrow(
      /^labels: the GPU has no buffers of 1125899906842624 bytes, only of up to \d+$/,
    );
    await expect(allocation).rejects.toBeInstanceOf(RangeError);
    gpu.destroy();
  }),
);
