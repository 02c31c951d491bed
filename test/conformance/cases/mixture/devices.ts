/** Mixtures of points in the host application's buffers, and on devices that go away. */

import { checkMixtureOptions, MIXTURE_FIT_OPTIONS } from '../../../../src/api/gaussian-mixture-options.ts';
import { readOptions } from '../../../../src/check.ts';
import {
  createEngine,
  DeviceLostError,
  destroyDefaultEngines,
  type GaussianMixtureFitOptions,
  type GaussianMixtureProgress,
  gaussianMixture,
  selectModel,
} from '../../../../src/index.ts';
import { fitIn } from '../../../../src/streams/mixture.ts';
import { atMost, type ConformanceCase, check, equal, reasonOf, rejects, sameValues } from '../../case.ts';
import { asInput, upload } from '../bounds.ts';
import type { CasePoints } from '../data.ts';
import { automatic, automaticSet, COPY_SRC, checkAlive, type Lent, lend, STORAGE, withLentDevice } from '../devices.ts';
import { asInit, checkDensities, checkMethods, checkModel, checkStep, closeParameters, sameModels } from './bounds.ts';
import { type Drawn, draw, weighted } from './data.ts';

/** Values enough for the GPU to be worth while. */
const { points: many, start: manyStart } = draw({
  covarianceType: 'diag',
  n: 17_000,
  d: 4,
  k: 5,
  distance: 3,
  seed: 471,
});
const long: GaussianMixtureFitOptions = {
  k: 5,
  covarianceType: 'diag',
  init: asInit(manyStart),
  tolerance: 0,
  maxIterations: 6,
};

async function checkBorrowedBuffer({ device, engine }: Lent, { points, start }: Drawn, offset: number): Promise<void> {
  const lent = lend(device, points, offset, STORAGE | COPY_SRC);
  const { weights } = points;
  const dataset = await engine.upload(lent, weights === undefined ? {} : { sampleWeight: weights });
  equal(dataset.backend, 'webgpu', 'backend');
  const model = await checkStep(engine, dataset, points, start);
  await checkDensities(model, dataset, points);
  await checkMethods(model, dataset, points);
  const { k, covarianceType } = start;
  for (const init of ['kmeans', 'random'] as const) {
    const facts = { maxIterations: 3, tolerance: 0 };
    checkModel(await engine.gaussianMixture(dataset, { k, covarianceType, init, ...facts }), points, facts);
  }
  dataset.destroy();
  await checkAlive(device, lent, points);
  lent.buffer.destroy();
}

/** A device lost in the middle, at the given report. */
function loseAt(device: GPUDevice, at: number, history: GaussianMixtureProgress[] = []) {
  return (report: GaussianMixtureProgress) => {
    history.push(report);
    if (report.iteration === at) device.destroy();
  };
}

async function checkContinues(device: GPUDevice, at: number): Promise<void> {
  const engine = await automatic(device);
  const dataset = await upload(engine, many);
  equal(dataset.backend, 'webgpu', 'backend before');
  const history: GaussianMixtureProgress[] = [];
  const model = await engine.gaussianMixture(dataset, { ...long, onIteration: loseAt(device, at, history) });
  equal(model.backend, 'cpu', 'backend of the model');
  equal(dataset.backend, 'cpu', 'backend of the dataset');
  checkModel(model, many, { maxIterations: 6, tolerance: 0 });
  equal(history.map(({ iteration }) => iteration).join(), '1,2,3,4,5,6', 'iterations reported');
  const cpu = await createEngine({ backend: 'cpu' });
  const alone = await cpu.gaussianMixture(await upload(cpu, many), long);
  model.lowerBounds.forEach((bound, i) => {
    const other = alone.lowerBounds[i];
    atMost(Math.abs(bound - other), 1e-5 * (1 + Math.abs(other)), `bound ${bound}, on the CPU alone ${other}`);
  });
  // Whatever comes next is there too.
  sameValues(await model.predict(dataset), model.labels, 'labels');
  await engine.destroy();
}

/** Blocks of so many rows; `onRead` is told of each read, of whatever pass. */
const sourceOf = ({ data, n, d }: CasePoints, rows: number, onRead: (reads: number) => void = () => undefined) => {
  let reads = 0;
  return {
    async *blocks() {
      for (let at = 0; at < n; at += rows) {
        const end = Math.min(n, at + rows);
        onRead(++reads);
        yield { data: data.slice(at * d, end * d), shape: [end - at, d] };
      }
    },
  };
};

/** Blocks on a device, the last of them small, and what a fit of all rows there comes to. */
async function checkBlocks(device: GPUDevice): Promise<void> {
  const { points, start } = draw({ covarianceType: 'full', n: 601, d: 3, k: 3, condition: 1e4, seed: 483 });
  // Means that move far are taken from moments about where they go.
  const means = start.means.map((mean, i) => mean + (i < 3 ? 30 : 0));
  const options = { k: 3, init: { ...asInit(start), means }, maxIterations: 3, tolerance: 0 } as const;
  for (const temperature of [1, 0]) {
    const placement = { device, backend: 'webgpu', temperature } as const;
    const whole = await gaussianMixture(asInput(points), { ...options, ...placement });
    const model = await gaussianMixture(sourceOf(points, 250), { ...options, ...placement });
    equal(model.backend, 'webgpu', 'backend');
    closeParameters(model, whole, `blocks at temperature ${temperature}`);
    const score = await model.score(sourceOf(points, 250), { device, backend: 'webgpu' });
    if (temperature === 1) atMost(Math.abs(score - whole.lowerBound), 1e-5, 'score less the bound');
  }
  await destroyDefaultEngines();
}

/** A device that is lost within a pass: on the CPU the pass is done again. */
async function checkBlocksContinue(device: GPUDevice): Promise<void> {
  const engines = await automaticSet(device);
  // The last of three blocks is read while the second is computed with: in the second iteration.
  const source = sourceOf(many, 6000, (reads) => {
    if (reads === 15) device.destroy();
  });
  const fit: GaussianMixtureFitOptions = { ...long, maxIterations: 2 };
  const { report, reason, parameters } = await fitIn(
    engines,
    source,
    checkMixtureOptions(readOptions('the fit', fit, MIXTURE_FIT_OPTIONS)),
    undefined,
  );
  equal(report.backend, 'cpu', 'backend');
  equal(reason, 'device-lost', 'reason');
  const cpu = await createEngine({ backend: 'cpu' });
  closeParameters(parameters, await cpu.gaussianMixture(await upload(cpu, many), fit), 'on the CPU alone', 1e-5);
  await engines.destroy();
}

export const devices: readonly ConformanceCase[] = [
  {
    name: 'mixture: blocks on a device',
    only: 'webgpu',
    run: async (context) => checkBlocks(await context.requestDevice!()),
  },
  {
    name: 'mixture: blocks on a device that is lost: auto goes on on the CPU',
    only: 'webgpu',
    run: async (context) => checkBlocksContinue(await context.requestDevice!()),
  },
  {
    name: 'gaussianMixture and selectModel on a borrowed device leave it alone',
    only: 'webgpu',
    async run(context) {
      const device = await context.requestDevice!();
      const { points } = draw({ covarianceType: 'full', n: 601, d: 3, k: 3, seed: 473 });
      const options = { device, backend: 'webgpu' } as const;
      const facts = { maxIterations: 3, tolerance: 0 };
      const init = 'random-from-data';
      const model = await gaussianMixture(asInput(points), { k: 3, init, ...facts, ...options });
      checkModel(model, points, facts);
      equal(model.backend, 'webgpu', 'backend');
      const lent = lend(device, points, 0, STORAGE | COPY_SRC);
      sameValues(await model.predict(lent, options), model.labels, 'labels');
      const { best, table } = await selectModel(asInput(points), { k: [2, 3], init, ...options });
      equal(best.backend, 'webgpu', 'backend of the best');
      equal(table.length, 2, 'rows of the table');
      await destroyDefaultEngines();
      await checkAlive(device, lent, points);
    },
  },
  withLentDevice('mixture: borrowed buffer, full, behind an offset', async (lent) => {
    const drawn = draw({ covarianceType: 'full', n: 601, d: 3, k: 5, condition: 1e4, offset: 1e4, seed: 475 });
    await checkBorrowedBuffer(lent, drawn, 4);
  }),
  withLentDevice('mixture: borrowed buffer, tied, weights', async (lent) => {
    const { points, start } = draw({ covarianceType: 'tied', n: 501, d: 17, k: 3, condition: 100, seed: 477 });
    await checkBorrowedBuffer(lent, { points: weighted(points, (i) => (i % 4) / 3), start }, 260);
  }),
  withLentDevice('mixture: borrowed buffer, diag', async (lent) => {
    await checkBorrowedBuffer(lent, draw({ covarianceType: 'diag', n: 1001, d: 5, k: 7, offset: 100, seed: 479 }), 0);
  }),
  withLentDevice('mixture: borrowed buffer, several bindings give the bits of one', async ({ device, engine }) => {
    const { points, start } = draw({ covarianceType: 'full', n: 3 * 4096 + 77, d: 3, k: 3, seed: 481 });
    const lent = lend(device, points, 36);
    const stop = { maxIterations: 2, tolerance: 0 };
    for (const init of [asInit(start), 'kmeans'] as const) {
      const whole = await engine.gaussianMixture(await engine.upload(lent), { k: 3, init, ...stop });
      const narrow = await createEngine({ backend: 'webgpu', device, bindingLimit: 4096 * 3 * 4 + 256 });
      sameModels(await narrow.gaussianMixture(await narrow.upload(lent), { k: 3, init, ...stop }), whole);
      await narrow.destroy();
    }
  }),
  withLentDevice('mixture: a device lost in mid-fit rejects', async ({ device, engine }) => {
    const dataset = await upload(engine, many);
    const onIteration = loseAt(device, 2);
    await rejects(engine.gaussianMixture(dataset, { ...long, onIteration }), DeviceLostError, /./, 'the fit');
    await rejects(engine.gaussianMixture(dataset, long), DeviceLostError, /./, 'a fit after the loss');
  }),
  ...[1, 3].map(
    (at): ConformanceCase => ({
      name: `mixture: a device lost at iteration ${at}: auto goes on on the CPU`,
      only: 'webgpu',
      run: async (context) => checkContinues(await context.requestDevice!(), at),
    }),
  ),
  {
    name: 'mixture: a device lost while a fit starts, or under methods: auto goes on on the CPU',
    only: 'webgpu',
    async run(context) {
      for (const init of ['kmeans', 'random'] as const) {
        const device = await context.requestDevice!();
        const engine = await automatic(device);
        const facts = { maxIterations: 2, tolerance: 0 };
        const dataset = await upload(engine, many);
        const fit = engine.gaussianMixture(dataset, { k: 9, init, ...facts });
        await Promise.resolve();
        device.destroy();
        const model = await fit;
        equal(model.backend, 'cpu', 'backend');
        checkModel(model, many, facts);
        await engine.destroy();
      }
      const device = await context.requestDevice!();
      const engine = await automatic(device);
      const dataset = await upload(engine, many);
      const model = await engine.gaussianMixture(dataset, { ...long, maxIterations: 1 });
      equal(model.backend, 'webgpu', 'backend before');
      const methods = Promise.all([model.predict(dataset), model.scoreSamples(dataset), model.predictProba(dataset)]);
      await Promise.resolve();
      device.destroy();
      sameValues((await methods)[0], model.labels, 'labels');
      equal(dataset.backend, 'cpu', 'backend of the dataset');
      await checkDensities(model, dataset, many);
      await engine.destroy();
    },
  },
  {
    name: 'mixture: a borrowed buffer is lost with its device, under auto too',
    only: 'webgpu',
    async run(context) {
      const device = await context.requestDevice!();
      const engine = await automatic(device);
      const dataset = await engine.upload(lend(device, many));
      const error = await reasonOf(
        engine.gaussianMixture(dataset, { ...long, onIteration: loseAt(device, 2) }),
        'the fit',
      );
      check(error instanceof DeviceLostError, `rejected with ${String(error)}`);
      await engine.destroy();
    },
  },
];
