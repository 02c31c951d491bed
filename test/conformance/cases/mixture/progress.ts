/** Reports, aborts and errors in the middle of a mixture's fit, and what they leave. */
import type { Dataset, Engine, GaussianMixtureFitOptions, GaussianMixtureProgress } from '../../../../src/index.ts';
import { type ConformanceCase, check, equal, reasonOf, rejects, withEngine } from '../../case.ts';
import { asInput, upload } from '../bounds.ts';
import { blobs } from '../data.ts';
import { checkBuffers } from '../progress.ts';
import { asInit, sameModels } from './bounds.ts';
import { draw } from './data.ts';

const { points: slow, start } = draw({ covarianceType: 'full', n: 1201, d: 3, k: 5, distance: 3, seed: 461 });
const long: GaussianMixtureFitOptions = { k: 5, init: asInit(start), tolerance: 0, maxIterations: 12 };
const inits = ['kmeans', 'k-means++', 'random', 'random-from-data'] as const;

/** Aborts at the given report and returns what the fit rejects with. */
async function abortAt(engine: Engine, dataset: Dataset, at: number, reason: unknown): Promise<unknown> {
  const controller = new AbortController();
  const fit = engine.gaussianMixture(dataset, {
    ...long,
    signal: controller.signal,
    onIteration({ iteration }) {
      check(iteration <= at, `a report of iteration ${iteration} follows the abort at ${at}`);
      if (iteration === at) controller.abort(reason);
    },
  });
  return reasonOf(fit, 'a fit that was aborted');
}

async function abortEarly(engine: Engine, dataset: Dataset, init: (typeof inits)[number], reason: unknown) {
  const controller = new AbortController();
  const fit = engine.gaussianMixture(dataset, { k: 33, init, signal: controller.signal });
  const rejected = reasonOf(fit, 'the fit');
  await Promise.resolve();
  controller.abort(reason);
  return rejected;
}

export const progress: readonly ConformanceCase[] = [
  withEngine('mixture: iterations are reported once, in order', async (engine) => {
    const dataset = await upload(engine, slow);
    const history: GaussianMixtureProgress[] = [];
    const onIteration = (report: GaussianMixtureProgress) => void history.push(report);
    const temperature = [2, 1];
    const model = await engine.gaussianMixture(dataset, { ...long, temperature, onIteration });
    equal(history.length, 24, 'number of reports');
    equal(model.iterations, 24, 'iterations');
    history.forEach(({ iteration, lowerBound, change }, i) => {
      equal(iteration, i + 1, 'iteration');
      equal(lowerBound, model.lowerBounds[i], `bound of iteration ${iteration}`);
      // The first change at a temperature is from a bound that no report gives.
      if (i % 12 === 0) check(Number.isFinite(change), `change of iteration ${iteration}: ${change}`);
      else equal(change, lowerBound - model.lowerBounds[i - 1], `change of iteration ${iteration}`);
    });
    for (const maxIterations of [1, 2, 7]) {
      const cut = await engine.gaussianMixture(dataset, { ...long, maxIterations });
      equal(cut.iterations, maxIterations, 'iterations');
      equal(cut.converged, false, 'converged');
    }
  }),
  withEngine('mixture: an abort rejects with its reason', async (engine) => {
    const dataset = await upload(engine, slow);
    const undisturbed = await engine.gaussianMixture(dataset, long);
    for (const at of [1, 5]) {
      const reason = { at };
      equal(await abortAt(engine, dataset, at, reason), reason, `reason of an abort at ${at}`);
      sameModels(await engine.gaussianMixture(dataset, long), undisturbed);
    }
    const ordinary = await abortAt(engine, dataset, 2, undefined);
    equal((ordinary as DOMException).name, 'AbortError', 'name of the ordinary reason');
    for (const init of inits) {
      const reason = new Error(init);
      equal(await abortEarly(engine, dataset, init, reason), reason, `reason of an abort while ${init} runs`);
    }
  }),
  withEngine('mixture: an aborted signal stops every verb before it starts', async (engine) => {
    const dataset = await upload(engine, slow);
    const model = await engine.gaussianMixture(dataset, { ...long, maxIterations: 1 });
    const lloyd = await model.toKMeans(dataset);
    const reason = new Error('before');
    const signal = AbortSignal.abort(reason);
    for (const [what, call] of Object.entries({
      gaussianMixture: () => engine.gaussianMixture(dataset, { ...long, signal }),
      predict: () => model.predict(dataset, { signal }),
      predictProba: () => model.predictProba(dataset, { signal }),
      scoreSamples: () => model.scoreSamples(dataset, { signal }),
      score: () => model.score(dataset, { signal }),
      aic: () => model.aic(dataset, { signal }),
      bic: () => model.bic(dataset, { signal }),
      icl: () => model.icl(dataset, { signal }),
      toKMeans: () => model.toKMeans(dataset, { signal }),
      toGaussianMixture: () => lloyd.toGaussianMixture(dataset, { signal }),
    })) {
      equal(await reasonOf(call(), what), reason, what);
    }
  }),
  withEngine('mixture: an error that onIteration throws is the fit’s', async (engine) => {
    const dataset = await upload(engine, slow);
    const thrown = new Error('from the callback');
    let reports = 0;
    const onIteration = () => {
      if (++reports === 3) throw thrown;
    };
    equal(await reasonOf(engine.gaussianMixture(dataset, { ...long, onIteration }), 'the fit'), thrown, 'error');
    equal(reports, 3, 'reports');
  }),
  withEngine('mixture: two fits of one dataset at a time, and methods between them', async (engine) => {
    const dataset = await upload(engine, slow);
    const other: GaussianMixtureFitOptions = { k: 3, covarianceType: 'diag', seed: 3, maxIterations: 8 };
    const alone = [await engine.gaussianMixture(dataset, long), await engine.gaussianMixture(dataset, other)];
    const score = await alone[0].score(dataset);
    const [first, second, third, between, lloyd] = await Promise.all([
      engine.gaussianMixture(dataset, long),
      engine.gaussianMixture(dataset, other),
      engine.gaussianMixture(dataset, long),
      alone[0].score(dataset),
      engine.kmeans(dataset, { k: 5 }),
    ]);
    sameModels(first, alone[0]);
    sameModels(second, alone[1]);
    sameModels(third, alone[0]);
    equal(between, score, 'score');
    equal(lloyd.inertia, (await engine.kmeans(dataset, { k: 5 })).inertia, 'inertia of k-means');
  }),
  withEngine('mixture: fits and methods leave no buffer', async (engine, context) => {
    const dataset = await upload(engine, slow);
    for (const init of inits) {
      await checkBuffers(context, async () => {
        await engine.gaussianMixture(dataset, { k: 5, init, maxIterations: 2 });
      });
    }
    const model = await engine.gaussianMixture(dataset, { ...long, maxIterations: 1 });
    await checkBuffers(context, async () => {
      await model.predict(dataset);
      await model.predictProba(dataset);
      await model.scoreSamples(dataset);
      await model.bic(dataset);
      await (await model.toKMeans(dataset)).toGaussianMixture(dataset);
    });
  }),
  withEngine('mixture: aborts and errors leave no buffer', async (engine, context) => {
    const dataset = await upload(engine, slow);
    await checkBuffers(context, async () => void (await abortAt(engine, dataset, 2, 'enough')));
    for (const init of ['kmeans', 'k-means++'] as const) {
      await checkBuffers(context, async () => void (await abortEarly(engine, dataset, init, 'enough')));
    }
    await checkBuffers(context, async () => {
      const onIteration = () => {
        throw new Error('from the callback');
      };
      await reasonOf(engine.gaussianMixture(dataset, { ...long, onIteration }), 'the fit');
    });
    await checkBuffers(context, async () => {
      await rejects(engine.gaussianMixture(dataset, { k: 1202 }), RangeError, /^k is 1202/, 'too many components');
      const narrow = { means: [[1, 2]] };
      await rejects(engine.gaussianMixture(dataset, { k: 1, init: narrow }), RangeError, /^init/, 'narrow means');
    });
  }),
  withEngine('mixture: an engine or a dataset destroyed in mid-fit rejects the fit', async (engine) => {
    for (const destroy of [(dataset: Dataset) => dataset.destroy(), () => void engine.destroy()]) {
      const dataset = await upload(engine, slow);
      const onIteration = () => destroy(dataset);
      await rejects(engine.gaussianMixture(dataset, { ...long, onIteration }), TypeError, /destroyed/, 'the fit');
    }
  }),
  withEngine('mixture: points of the cosine are a TypeError', async (engine) => {
    const dataset = await engine.upload(asInput(blobs({ n: 63, d: 3 })), { metric: 'cosine' });
    await rejects(engine.gaussianMixture(dataset, { k: 2 }), TypeError, /cosine|euclidean/i, 'the fit');
    const lloyd = await engine.kmeans(dataset, { k: 2 });
    await rejects(lloyd.toGaussianMixture(dataset), TypeError, /cosine|euclidean/i, 'toGaussianMixture');
  }),
];
