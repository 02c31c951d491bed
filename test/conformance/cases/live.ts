/** What a live picture needs: the parameters of a fit while it runs, an end on demand, labels that stay on the GPU. */
import type {
  GaussianMixtureFitOptions,
  GaussianMixtureProgress,
  KMeansFitOptions,
  KMeansProgress,
} from '../../../src/index.ts';
import { kmeans } from '../../../src/index.ts';
import { type ConformanceCase, check, equal, reasonOf, rejects, sameValues, withEngine } from '../case.ts';
import { asInput, checkModel, upload } from './bounds.ts';
import { blobs, spacedRows } from './data.ts';
import { automatic, COPY_SRC, contentsOf, STORAGE, withLentDevice } from './devices.ts';
import { checkBuffers } from './progress.ts';
import { sameModels } from './seeding.ts';

const slow = blobs({ n: 5003, d: 3, groups: 12, spread: 2, seed: 211 });
const k = 9;
const init = { data: spacedRows(slow, k), shape: [k, 3] as const };
const long: KMeansFitOptions = { k, init, tolerance: 0, maxIterations: 40 };
const mixture: GaussianMixtureFitOptions = {
  ...{ k: 4, covarianceType: 'full', tolerance: 0, maxIterations: 6 },
  init: { means: spacedRows(slow, 4) },
};

const STORAGE_AND_COPY = STORAGE | COPY_SRC;

export const live: readonly ConformanceCase[] = [
  withEngine('onIteration gets copies of the centroids, and says of which iteration', async (engine, { backend }) => {
    const dataset = await upload(engine, slow);
    const seen: { progress: KMeansProgress; centroids: Float64Array }[] = [];
    const onIteration = (progress: KMeansProgress) => {
      seen.push({ progress, centroids: progress.centroids() });
      progress.centroids().fill(NaN);
    };
    const model = await engine.kmeans(dataset, { ...long, onIteration });
    sameModels(model, await engine.kmeans(dataset, long));
    check(model.iterations > 20, `the case is not fair: ${model.iterations} iterations`);
    for (const { progress, centroids } of seen) {
      const { iteration, centroidsIteration } = progress;
      check(centroidsIteration >= iteration, `centroids of ${centroidsIteration} at ${iteration}`);
      if (backend === 'cpu') equal(centroidsIteration, iteration, 'iteration of the centroids');
      if (iteration > 12 && iteration < model.iterations) continue;
      // They do not change behind the report.
      sameValues(progress.centroids(), centroids, 'centroids, later');
      const then = await engine.kmeans(dataset, { ...long, maxIterations: centroidsIteration });
      sameValues(centroids, then.centroids, `centroids of iteration ${centroidsIteration}`);
    }
    equal(seen[seen.length - 1].progress.centroidsIteration, model.iterations, 'the last iteration');
  }),
  ...(
    [
      ['the word', () => 'stop'],
      ['a promise for it', async () => 'stop'],
    ] as const
  ).map(([what, answer]) =>
    withEngine(`a fit is stopped by ${what}`, async (engine, { backend }) => {
      const dataset = await upload(engine, slow);
      let reports = 0;
      const onIteration = ({ iteration }: KMeansProgress) => {
        reports++;
        return iteration === 3 ? answer() : undefined;
      };
      const model = await engine.kmeans(dataset, { ...long, onIteration });
      checkModel(model, slow, k);
      equal(model.converged, false, 'converged');
      check(model.iterations < 40, `${model.iterations} iterations`);
      if (backend === 'cpu') check(model.iterations <= 4, `${model.iterations} iterations on the CPU`);
      if (what === 'the word') equal(reports, 3, 'reports');
      const { iterations } = model;
      sameModels(model, await engine.kmeans(dataset, { ...long, maxIterations: iterations }));
    }),
  ),
  withEngine('a fit that is stopped where a cluster is empty has moved it', async (engine) => {
    const points = { data: Float32Array.of(0, 0, 0, 1, 10, 10, 10, 11, 50, 50), n: 5, d: 2 };
    const dataset = await upload(engine, points);
    const start = { data: Float64Array.of(0, 0, 0, 0, 100, 100), shape: [3, 2] };
    const model = await engine.kmeans(dataset, { k: 3, init: start, onIteration: () => 'stop' });
    checkModel(model, points, 3);
    const { iterations: maxIterations } = model;
    const limited = await engine.kmeans(dataset, { k: 3, init: start, maxIterations });
    sameValues(model.centroids, limited.centroids, 'centroids');
    sameValues(model.labels, limited.labels, 'labels');
    check(!model.centroids.includes(100), `centroids ${model.centroids}: one is where no point is`);
  }),
  withEngine('only the word stops a fit', async (engine) => {
    const dataset = await upload(engine, slow);
    const expected = await engine.kmeans(dataset, long);
    for (const answer of [false, true, 0, null, 'halt', { stop: true }, ['stop']]) {
      sameModels(await engine.kmeans(dataset, { ...long, onIteration: () => answer }), expected);
    }
  }),
  withEngine('a fit of several starts that is stopped is the best so far', async (engine) => {
    const dataset = await upload(engine, slow);
    const options: KMeansFitOptions = { k, init: 'random', nInit: 5, tolerance: 0, maxIterations: 30, seed: 4 };
    const alone = await engine.kmeans(dataset, { ...options, nInit: 1 });
    let starts = 0;
    const model = await engine.kmeans(dataset, {
      ...options,
      onIteration({ iteration }) {
        if (iteration === 1) starts++;
        return starts === 2 ? 'stop' : undefined;
      },
    });
    equal(starts, 2, 'starts');
    checkModel(model, slow, k);
    check(model.inertia <= alone.inertia, `inertia ${model.inertia}, of the first start ${alone.inertia}`);
  }),
  withEngine('mixture: onIteration gets copies of the parameters, and may stop', async (engine) => {
    const dataset = await upload(engine, slow);
    const whole = await engine.gaussianMixture(dataset, mixture);
    const seen: GaussianMixtureProgress[] = [];
    const onIteration = (progress: GaussianMixtureProgress) => {
      seen.push(progress);
      for (const values of Object.values(progress.parameters())) values.fill(NaN);
      return progress.iteration === 4 ? 'stop' : undefined;
    };
    const model = await engine.gaussianMixture(dataset, { ...mixture, onIteration });
    equal(seen.length, 4, 'reports');
    equal(model.iterations, 4, 'iterations');
    equal(model.converged, false, 'converged');
    equal(model.lowerBound, whole.lowerBounds[3], 'bound');
    for (const { iteration, parameters } of seen) {
      const then = await engine.gaussianMixture(dataset, { ...mixture, maxIterations: iteration });
      for (const part of ['weights', 'means', 'covariances'] as const) {
        sameValues(parameters()[part], then[part], `${part} of iteration ${iteration}`);
      }
    }
    sameValues(seen[3].parameters().means, model.means, 'means');
  }),
  withEngine('mixture: a schedule that is stopped says at which temperature', async (engine) => {
    const dataset = await upload(engine, slow);
    const temperature = [4, 2, 1];
    const onIteration = ({ iteration }: GaussianMixtureProgress) => (iteration === 8 ? 'stop' : undefined);
    const model = await engine.gaussianMixture(dataset, { ...mixture, temperature, onIteration });
    equal(model.iterations, 8, 'iterations');
    equal(model.temperature, 2, 'temperature');
    const settled = await engine.gaussianMixture(dataset, { ...mixture, tolerance: 1e9, onIteration: () => 'stop' });
    equal(settled.converged, false, 'converged, where the rule was met in the iteration that was stopped');
    const starts = { ...mixture, init: 'random', nInit: 4, maxIterations: 2, onIteration } as const;
    equal(
      (await engine.gaussianMixture(dataset, { ...starts, onIteration: () => 'stop' })).iterations,
      1,
      'iterations',
    );
  }),
  withLentDevice('labels that stay on the GPU are those of a fit that brings them home', async ({ device, engine }) => {
    const weights = Float32Array.from({ length: slow.n }, (_, i) => i % 3);
    for (const points of [slow, { ...slow, weights }, blobs({ n: 3 * 4096 + 77, d: 3, seed: 213 })]) {
      const dataset = await upload(engine, points);
      for (const start of [
        { init: 'random', nInit: 3 },
        { init: 'k-means++', nInit: 1 },
      ] as const) {
        const options = { ...long, ...start };
        const home = await engine.kmeans(dataset, options);
        const { labels, labelsBuffer, ...rest } = await engine.kmeans(dataset, { ...options, output: 'buffer' });
        equal(labels.length, 0, 'labels at home');
        check(labelsBuffer !== null, 'there is no buffer');
        equal(labelsBuffer.size, 4 * points.n, 'bytes of the buffer');
        equal(labelsBuffer.usage & STORAGE_AND_COPY, STORAGE_AND_COPY, 'usage of the buffer');
        sameValues(new Uint32Array((await contentsOf(device, labelsBuffer)).buffer), home.labels, 'labels');
        sameValues(rest.counts, home.counts, 'counts');
        equal(rest.inertia, home.inertia, 'inertia');
        labelsBuffer.destroy();
      }
    }
  }),
  {
    name: 'labels that stay on the GPU: of several bindings, of far rows, and nothing else is left',
    only: 'webgpu',
    async run(context) {
      const points = blobs({ n: 3 * 4096 + 77, d: 3, seed: 213 });
      const weights = new Float32Array(points.n).fill(1);
      const far = [5, 4096, points.n - 1];
      for (const row of far) {
        weights[row] = 0;
        points.data.fill(1e30, 3 * row, 3 * row + 3);
      }
      const device = await context.requestDevice!();
      const options = { k: 5, maxIterations: 4, backend: 'webgpu', device, sampleWeight: weights } as const;
      const home = await kmeans(asInput(points), options);
      const there = await kmeans(asInput(points), { ...options, output: 'buffer' });
      sameValues(new Uint32Array((await contentsOf(device, there.labelsBuffer!)).buffer), home.labels, 'labels');
      const engine = await context.createEngine({ bindingLimit: 4096 * 3 * 4 });
      const dataset = await engine.upload(asInput(points), { sampleWeight: weights });
      const before = context.liveBuffers?.();
      const fit = await engine.kmeans(dataset, { k: 5, maxIterations: 4, init: 'random', nInit: 3, output: 'buffer' });
      const after = context.liveBuffers?.();
      if (before !== undefined) equal(after, before + 1, 'live buffers');
      fit.labelsBuffer!.destroy();
      await engine.destroy();
      // The buffer is the caller's: it outlives the engine.
      const { labelsBuffer } = there;
      sameValues(new Uint32Array((await contentsOf(device, labelsBuffer!)).buffer), home.labels, 'labels, later');
    },
  },
  {
    name: 'labels that stay on the GPU go where the fit rejects in the end',
    only: 'webgpu',
    async run(context) {
      const engine = await context.createEngine();
      const dataset = await upload(engine, slow);
      const options: KMeansFitOptions = { ...long, maxIterations: 2, output: 'buffer' };
      const late = (settle: () => unknown) => () => new Promise((resolve) => setTimeout(resolve, 300)).then(settle);
      await checkBuffers(context, async () => {
        const reason = new Error('late');
        const onIteration = late(() => Promise.reject(reason));
        equal(await reasonOf(engine.kmeans(dataset, { ...options, onIteration }), 'the fit'), reason, 'reason');
        const controller = new AbortController();
        const onIterationToo = late(() => controller.abort(reason));
        const { signal } = controller;
        const fit = engine.kmeans(dataset, { ...options, onIteration: () => void onIterationToo(), signal });
        await fit.then(
          ({ labelsBuffer }) => labelsBuffer?.destroy(),
          () => undefined,
        );
      });
      await engine.destroy();
    },
  },
  {
    name: 'labels that stay on the GPU take few points there too',
    only: 'webgpu',
    async run(context) {
      const device = await context.requestDevice!();
      const engine = await automatic(device);
      const points = blobs({ n: 63, d: 3, seed: 215 });
      const home = await engine.kmeans(asInput(points), { k: 3 });
      equal(home.backend, 'cpu', 'backend of few points');
      const there = await engine.kmeans(asInput(points), { k: 3, init: home, output: 'buffer' });
      equal(there.backend, 'webgpu', 'backend, where the labels are to stay there');
      sameValues(new Uint32Array((await contentsOf(device, there.labelsBuffer!)).buffer), home.labels, 'labels');
      await engine.destroy();
    },
  },
  {
    name: 'labels cannot stay on a GPU where there is none',
    only: 'cpu',
    async run(context) {
      const points = asInput(slow);
      const wrong = (promise: Promise<unknown>) => rejects(promise, TypeError, /^output 'buffer' needs/, 'the fit');
      await wrong(kmeans(points, { k: 2, output: 'buffer' }));
      await wrong(kmeans(points, { k: 2, output: 'buffer', backend: 'cpu' }));
      const engine = await context.createEngine();
      await wrong(engine.kmeans(await engine.upload(points), { k: 2, output: 'buffer' }));
      await wrong(engine.kmeans(points, { k: 2, output: 'buffer' }));
      // Before anything is read.
      await wrong(engine.kmeans([[1, NaN]], { k: 1, output: 'buffer' }));
      await engine.destroy();
    },
  },
];
