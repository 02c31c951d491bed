/** What is tuned is kept and chosen by, and changes no bit. */

import { BYTE_PRODUCT } from '../../../src/gpu/device.ts';
import { compiles } from '../../../src/gpu/kernel.ts';
import { assignPlan, type Variant, variantsFor } from '../../../src/gpu/plan.ts';
import {
  createEngine,
  DeviceLostError,
  destroyDefaultEngines,
  type Engine,
  type KMeansModel,
  kmeans,
  type Tuning,
} from '../../../src/index.ts';
import { type ConformanceCase, check, equal, reasonOf, rejects, sameValues, withEngine } from '../case.ts';
import { asInput, upload } from './bounds.ts';
import { blobs, type CasePoints, spacedRows } from './data.ts';
import { automatic, withLentDevice } from './devices.ts';
import { checkBuffers } from './progress.ts';

/** Shapes of no other case: what is tuned here is not to reach those. */
const shapes: readonly CasePoints[] = [
  blobs({ n: 700, d: 4, groups: 5, spread: 2, seed: 501 }),
  blobs({ n: 700, d: 13, groups: 5, spread: 2, seed: 502 }),
];
const [narrow, wide] = shapes;
const k = 11;

const fitOf = (points: CasePoints) => ({
  ...{ k, maxIterations: 5, tolerance: 0 },
  init: { data: spacedRows(points, k), shape: [k, points.d] as const },
});

function sameFit(actual: KMeansModel, expected: KMeansModel, what: string): void {
  sameValues(actual.labels, expected.labels, `labels, ${what}`);
  sameValues(actual.centroids, expected.centroids, `centroids, ${what}`);
  equal(actual.inertia, expected.inertia, `inertia, ${what}`);
}

/** What is kept, by way of text. */
const kept = (tuning: Tuning): Tuning => JSON.parse(JSON.stringify(tuning));

function checkChoice({ choices }: Tuning, d: number, k: number): void {
  const choice = choices.find((choice) => choice.d === d && choice.k === k);
  check(choice !== undefined, `there is nothing about d = ${d}, k = ${k}`);
  const variants = variantsFor(d, { vendor: '', architecture: '' }).map((variant) => JSON.stringify(variant));
  check(variants.includes(JSON.stringify(choice.variant)), `variant ${JSON.stringify(choice.variant)}`);
  const timed = choice.milliseconds!.map(({ variant }) => JSON.stringify(variant));
  equal(new Set(timed).size, timed.length, 'distinct variants');
  check(
    timed.every((variant) => variants.includes(variant)),
    `timed variants ${timed}`,
  );
  // Once, where kernels are the same; and not at all what not every device has.
  const kernelsOf = (json: string) => {
    const variant: Variant = JSON.parse(json);
    return JSON.stringify({ ...variant, tile: assignPlan(d, k, variant.tile) });
  };
  const kernels = timed.map(kernelsOf);
  equal(new Set(kernels).size, kernels.length, 'distinct kernels');
  for (const variant of variants) {
    check(kernels.includes(kernelsOf(variant)) || /bytes|true/.test(variant), `${variant} is missing`);
  }
  for (const { best } of choice.milliseconds!) check(best >= 0 && best < Infinity, `a time of ${best}`);
}

/** Calls back at a submit of the device's, from 1, as long as it lasts. */
function atSubmit(device: GPUDevice, wanted: number, callback: () => void): () => void {
  const { queue } = device;
  const submit = queue.submit.bind(queue);
  let submits = 0;
  queue.submit = (buffers) => {
    submit(buffers);
    if (++submits === wanted) callback();
  };
  return () => {
    queue.submit = submit;
  };
}

async function using(engine: Promise<Engine>, work: (engine: Engine) => Promise<void>): Promise<void> {
  const made = await engine;
  try {
    await work(made);
  } finally {
    await made.destroy();
  }
}

export const tuning: readonly ConformanceCase[] = [
  withLentDevice('what is tuned is plain JSON, which an engine takes', async ({ device, engine }) => {
    const first = await engine.tune(await upload(engine, narrow), { k });
    checkChoice(first, narrow.d, k);
    const both = await engine.tune(await upload(engine, wide), { k });
    for (const { d } of shapes) checkChoice(both, d, k);
    equal(JSON.stringify(kept(both)), JSON.stringify(both), 'what is kept');
    await using(createEngine({ backend: 'webgpu', device, tuning: kept(both) }), async (tuned) => {
      for (const points of shapes) {
        const expected = await engine.kmeans(await upload(engine, points), fitOf(points));
        sameFit(await tuned.kmeans(await upload(tuned, points), fitOf(points)), expected, `d = ${points.d}`);
      }
    });
    // The engines of calls without one know it, too.
    const expected = await engine.kmeans(await upload(engine, wide), fitOf(wide));
    sameFit(await kmeans(asInput(wide), { ...fitOf(wide), backend: 'webgpu', device }), expected, 'a default engine');
    await destroyDefaultEngines();
  }),
  ...shapes.map((points) =>
    withLentDevice(`any variant of a tuning gives the same bits: d = ${points.d}`, async ({ device, engine }) => {
      const { d } = points;
      const { vendor = '', architecture = '', description = '' } = device.adapterInfo ?? {};
      const adapter = { vendor, architecture, description };
      const expected = await engine.kmeans(await upload(engine, points), fitOf(points));
      const variants = variantsFor(d, adapter).map((variant) => ({ ...variant }));
      check(variants.length > 1, 'there is one variant only');
      for (const variant of variants) {
        // By a k that is near.
        for (const adapterOfIt of [adapter, { ...adapter, vendor: 'another' }]) {
          const tuning = { version: 1, adapter: adapterOfIt, choices: [{ d, k: k + 2, variant }] };
          await using(createEngine({ backend: 'webgpu', device, tuning }), async (tuned) => {
            const model = await tuned.kmeans(await upload(tuned, points), fitOf(points));
            sameFit(model, expected, `${JSON.stringify(variant)} of '${adapterOfIt.vendor}'`);
          });
        }
      }
    }),
  ),
  {
    ...withEngine('tuning leaves nothing allocated, nor does an abort of it', async (engine, context) => {
      const dataset = await upload(engine, wide);
      const before = context.liveBuffers!();
      await engine.tune(dataset, { k });
      equal(context.liveBuffers!(), before, 'live buffers');
      await checkBuffers(context, async () => {
        for (const delay of [0, 10, 40, 90]) {
          const controller = new AbortController();
          setTimeout(() => controller.abort(delay), delay);
          equal(await reasonOf(engine.tune(dataset, { k, signal: controller.signal }), 'tuning'), delay, 'reason');
        }
      });
    }),
    only: 'webgpu',
  },
  withLentDevice('variants that the device refuses are left out, but not all of them', async ({ device, engine }) => {
    const compile = device.createComputePipelineAsync.bind(device);
    device.createComputePipelineAsync = (descriptor) =>
      /tiled|filter/.test(descriptor.label!) ? Promise.reject(new Error('not on this device')) : compile(descriptor);
    try {
      // Shapes of which nothing is compiled yet.
      const few = await upload(engine, blobs({ n: 300, d: 3, seed: 504 }));
      const { choices } = await engine.tune(few, { k: 23 });
      const { variant, milliseconds } = choices.find((choice) => choice.k === 23)!;
      equal(variant.tile, 'direct', 'tile');
      for (const { variant } of milliseconds!) equal(variant.tile, 'direct', 'a tile that was timed');
      const many = await upload(engine, blobs({ n: 300, d: 17, seed: 505 }));
      await rejects(engine.tune(many, { k: 23 }), Error, /not on this device/, 'all are refused');
    } finally {
      device.createComputePipelineAsync = compile;
    }
  }),
  withLentDevice(
    'a variant that was tuned and is refused now gives way to the usual one',
    async ({ device, engine }) => {
      // A shape of which nothing is compiled yet.
      const points = blobs({ n: 300, d: 19, groups: 5, seed: 506 });
      const expected = await engine.kmeans(await upload(engine, points), fitOf(points));
      const { vendor = '', architecture = '', description = '' } = device.adapterInfo ?? {};
      const compile = device.createComputePipelineAsync.bind(device);
      let refused = 0;
      device.createComputePipelineAsync = (descriptor) => {
        if (!/filter/.test(descriptor.label!)) return compile(descriptor);
        refused++;
        return Promise.reject(new Error('not on this device'));
      };
      const choices = [{ d: points.d, k, variant: { filter: 'bytes' } }];
      const tuning = { version: 1, adapter: { vendor, architecture, description }, choices };
      await using(createEngine({ backend: 'webgpu', device, tuning }), async (tuned) => {
        sameFit(await tuned.kmeans(await upload(tuned, points), fitOf(points)), expected, 'the usual variant');
      });
      device.createComputePipelineAsync = compile;
      check(refused > 0 || !(await compiles(device, BYTE_PRODUCT)), 'nothing was refused');
    },
  ),
  withLentDevice('an engine that is gone leaves what others need to tune', async ({ device, engine }) => {
    await engine.tune(await upload(engine, wide), { k });
    await engine.destroy();
    await using(createEngine({ backend: 'webgpu', device }), async (next) => {
      checkChoice(await next.tune(await upload(next, wide), { k }), wide.d, k);
    });
  }),
  withLentDevice('an abort ends tuning between passes, and nothing else', async ({ device, engine }) => {
    const dataset = await upload(engine, narrow);
    const expected = await engine.kmeans(dataset, fitOf(narrow));
    for (const at of [1, 2, 5, 9]) {
      const controller = new AbortController();
      const reason = new Error(`at submit ${at}`);
      const restore = atSubmit(device, at, () => controller.abort(reason));
      equal(await reasonOf(engine.tune(dataset, { k, signal: controller.signal }), 'tuning'), reason, 'reason');
      restore();
      sameFit(await engine.kmeans(dataset, fitOf(narrow)), expected, `after an abort at submit ${at}`);
    }
    const early = AbortSignal.abort('early');
    equal(await reasonOf(engine.tune(dataset, { k, signal: early }), 'tuning'), 'early', 'reason');
  }),
  withLentDevice('a device lost while it is tuned rejects', async ({ device, engine }) => {
    const dataset = await upload(engine, wide);
    atSubmit(device, 6, () => device.destroy());
    const error = await reasonOf(engine.tune(dataset, { k }), 'tuning');
    check(error instanceof DeviceLostError, `rejected with ${String(error)}`);
  }),
  {
    name: 'a device lost while it is tuned: auto has nothing to choose on the CPU',
    only: 'webgpu',
    async run(context) {
      const device = await context.requestDevice!();
      await using(automatic(device), async (engine) => {
        const large = blobs({ n: 2 ** 16 / 4, d: 4, seed: 503 });
        const dataset = await upload(engine, large);
        equal(dataset.backend, 'webgpu', 'backend');
        atSubmit(device, 6, () => device.destroy());
        equal((await engine.tune(dataset, { k })).choices.length, 0, 'choices');
        equal(dataset.reason, 'device-lost', 'reason');
      });
    },
  },
  {
    name: 'points of auto that are on the CPU have nothing to choose',
    only: 'webgpu',
    async run(context) {
      await using(automatic(await context.requestDevice!()), async (engine) => {
        const dataset = await upload(engine, narrow);
        equal(dataset.backend, 'cpu', 'backend');
        equal((await engine.tune(dataset, { k })).choices.length, 0, 'choices');
      });
    },
  },
  {
    ...withEngine('the CPU has nothing to choose, and takes what others have found', async (engine) => {
      const dataset = await upload(engine, narrow);
      const tuning = await engine.tune(dataset, { k });
      equal(JSON.stringify(tuning.choices), '[]', 'choices');
      const { adapter } = tuning;
      const choices = [{ d: 4, k, variant: { tile: 'direct' } }];
      await using(createEngine({ backend: 'cpu', tuning: { ...kept(tuning), adapter, choices } }), async (tuned) => {
        const expected = await engine.kmeans(dataset, fitOf(narrow));
        sameFit(await tuned.kmeans(await upload(tuned, narrow), fitOf(narrow)), expected, 'with a tuning');
      });
    }),
    only: 'cpu',
  },
  withEngine('tuning refuses what is wrong', async (engine, context) => {
    const dataset = await upload(engine, narrow);
    const tune = (given: unknown, options: unknown) => engine.tune(given as never, options as never);
    await rejects(tune(asInput(narrow), { k }), TypeError, /^dataset must be a Dataset/, 'points');
    await rejects(tune(dataset, {}), TypeError, /^k must be a number/, 'no k');
    await rejects(tune(dataset, { k: 0 }), RangeError, /^k must be/, 'k = 0');
    await rejects(tune(dataset, { k: 701 }), RangeError, /^k is 701, there are 700/, 'k = 701');
    await rejects(tune(dataset, { k, signal: 'soon' }), TypeError, /^signal must/, 'a word');
    const other = await context.createEngine();
    await rejects(tune(await upload(other, narrow), { k }), TypeError, /another engine/, 'a dataset of another engine');
    await other.destroy();
    dataset.destroy();
    await rejects(tune(dataset, { k }), TypeError, /the dataset was destroyed/, 'a dataset that is gone');
    const last = await upload(engine, narrow);
    await engine.destroy();
    await rejects(tune(last, { k }), TypeError, /destroyed/, 'a dataset of an engine that is gone');
  }),
];
