/** Reports, aborts and errors in the middle of a fit, and what they leave. */
import type { Dataset, Engine, KMeansFitOptions, KMeansProgress } from '../../../src/index.ts';
import {
  atMost,
  type ConformanceCase,
  type ConformanceContext,
  check,
  equal,
  reasonOf,
  rejects,
  withEngine,
} from '../case.ts';
import { asInput, checkHistory, upload } from './bounds.ts';
import { blobs, type CasePoints, spacedRows } from './data.ts';
import { sameModels } from './seeding.ts';

/** Overlapping groups: dozens of iterations. */
const slow = blobs({ n: 5003, d: 3, groups: 10, spread: 2, seed: 123 });
const k = 17;
const init = { data: spacedRows(slow, k), shape: [k, 3] as const };
const long: KMeansFitOptions = { k, init, tolerance: 0, maxIterations: 60 };

/** Aborts at the given report and returns what the fit rejects with. */
async function abortAt(engine: Engine, dataset: Dataset, at: number, reason: unknown): Promise<unknown> {
  const controller = new AbortController();
  const fit = engine.kmeans(dataset, {
    ...long,
    signal: controller.signal,
    onIteration({ iteration }) {
      if (iteration === at) controller.abort(reason);
    },
  });
  return reasonOf(fit, 'a fit that was aborted');
}

/** Buffers return to what they were: after a first round, as engines may keep a few for the next time. */
export async function checkBuffers(context: ConformanceContext, work: () => Promise<void>): Promise<void> {
  await work();
  const before = context.liveBuffers?.();
  for (let round = 0; round < 3; round++) await work();
  if (before === undefined) return;
  // What an abort left running takes its buffers along when it ends, in the first round too: fewer are none that stay.
  for (let looks = 0; context.liveBuffers!()! > before && looks < 100; looks++) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  atMost(context.liveBuffers!()!, before, 'live buffers');
}

const brokenFits: readonly { what: string; points: CasePoints; options: KMeansFitOptions; message: RegExp }[] = [
  { what: 'k is too large', points: slow, options: { k: 5004 }, message: /^k is 5004/ },
  { what: 'the start is too wide', points: slow, options: { k: 1, init: [[1, 2, 3, 4]] }, message: /^init/ },
];

export const progress: readonly ConformanceCase[] = [
  ...['explicit', 'k-means++', 'k-means||', 'random'].map((name) =>
    withEngine(`iterations are reported once, in order: ${name}`, async (engine) => {
      const dataset = await upload(engine, slow);
      const history: KMeansProgress[] = [];
      const start = name === 'explicit' ? init : (name as 'random');
      const onIteration = (report: KMeansProgress) => void history.push(report);
      const model = await engine.kmeans(dataset, { ...long, init: start, onIteration });
      checkHistory(history, model, 0);
      check(history.length > 20, `the case is not fair: ${history.length} iterations`);
    }),
  ),
  withEngine('maxIterations is kept', async (engine) => {
    const dataset = await upload(engine, slow);
    for (const maxIterations of [1, 2, 3, 7, 8, 9, 31, 33]) {
      const history: KMeansProgress[] = [];
      const onIteration = (report: KMeansProgress) => void history.push(report);
      const model = await engine.kmeans(dataset, { ...long, maxIterations, onIteration });
      equal(model.iterations, maxIterations, 'iterations');
      equal(model.converged, false, 'converged');
      checkHistory(history, model, 0);
    }
  }),
  withEngine('an abort rejects with its reason', async (engine) => {
    const dataset = await upload(engine, slow);
    const undisturbed = await engine.kmeans(dataset, long);
    for (const at of [1, 2, 9, 20]) {
      const reason = { at };
      equal(await abortAt(engine, dataset, at, reason), reason, `reason of an abort at ${at}`);
      sameModels(await engine.kmeans(dataset, long), undisturbed);
    }
    const ordinary = await abortAt(engine, dataset, 3, undefined);
    equal((ordinary as DOMException).name, 'AbortError', 'name of the ordinary reason');
  }),
  withEngine('no report follows the rejection of an aborted fit', async (engine) => {
    const dataset = await upload(engine, slow);
    const controller = new AbortController();
    let reports = 0;
    const onIteration = () => {
      reports++;
      controller.abort();
    };
    await reasonOf(engine.kmeans(dataset, { ...long, signal: controller.signal, onIteration }), 'the fit');
    const before = reports;
    await engine.kmeans(dataset, long);
    equal(reports, before, 'reports');
  }),
  ...(['k-means++', 'k-means||', 'random'] as const).map((method) =>
    withEngine(`an abort while ${method} runs`, async (engine) => {
      const dataset = await upload(engine, slow);
      const controller = new AbortController();
      const reason = new Error('enough');
      const fit = engine.kmeans(dataset, { k: 130, init: method, signal: controller.signal });
      const rejected = reasonOf(fit, 'the fit');
      await Promise.resolve();
      controller.abort(reason);
      equal(await rejected, reason, 'reason');
    }),
  ),
  withEngine('an aborted signal stops every verb before it starts', async (engine) => {
    const dataset = await upload(engine, slow);
    const model = await engine.kmeans(dataset, { k: 2 });
    const reason = new Error('before');
    const signal = AbortSignal.abort(reason);
    equal(await reasonOf(engine.upload(asInput(slow), { signal }), 'upload'), reason, 'upload');
    equal(await reasonOf(engine.kmeans(dataset, { k: 2, signal }), 'kmeans'), reason, 'kmeans');
    equal(await reasonOf(model.predict(dataset, { signal }), 'predict'), reason, 'predict');
    equal(await reasonOf(model.transform(dataset, { signal }), 'transform'), reason, 'transform');
    equal(await reasonOf(model.score(dataset, { signal }), 'score'), reason, 'score');
  }),
  withEngine('an error that onIteration throws is the fit’s', async (engine) => {
    const dataset = await upload(engine, slow);
    const thrown = new Error('from the callback');
    const onIteration = ({ iteration }: KMeansProgress) => {
      if (iteration === 3) throw thrown;
    };
    equal(await reasonOf(engine.kmeans(dataset, { ...long, onIteration }), 'the fit'), thrown, 'error');
    await engine.kmeans(dataset, long);
  }),
  withEngine('two fits of one dataset at a time', async (engine) => {
    const dataset = await upload(engine, slow);
    const alone = await engine.kmeans(dataset, long);
    const other = await engine.kmeans(dataset, { k: 5, seed: 3 });
    const [first, second, third] = await Promise.all([
      engine.kmeans(dataset, long),
      engine.kmeans(dataset, { k: 5, seed: 3 }),
      engine.kmeans(dataset, long),
    ]);
    sameModels(first, alone);
    sameModels(second, other);
    sameModels(third, alone);
  }),
  withEngine('points may change once they are uploaded', async (engine) => {
    const data = slow.data.slice();
    const dataset = await upload(engine, { ...slow, data });
    const model = await engine.kmeans(dataset, long);
    data.fill(NaN);
    sameModels(await engine.kmeans(dataset, long), model);
  }),
  withEngine('a destroyed dataset or engine is an error', async (engine) => {
    const dataset = await upload(engine, slow);
    const other = await upload(engine, slow);
    const model = await engine.kmeans(dataset, { k: 2 });
    dataset.destroy();
    dataset.destroy();
    await rejects(engine.kmeans(dataset, { k: 2 }), TypeError, /destroyed/, 'kmeans of a destroyed dataset');
    await rejects(model.predict(dataset), TypeError, /destroyed/, 'predict of a destroyed dataset');
    await engine.destroy();
    await rejects(engine.kmeans(other, { k: 2 }), TypeError, /destroyed/, 'kmeans on a destroyed engine');
    await rejects(engine.upload(asInput(slow)), TypeError, /destroyed/, 'upload to a destroyed engine');
  }),
  withEngine('a fit leaves no buffer', async (engine, context) => {
    const dataset = await upload(engine, slow);
    for (const method of [init, 'k-means++', 'k-means||', 'random'] as const) {
      await checkBuffers(
        context,
        async () => void (await engine.kmeans(dataset, { k, init: method, maxIterations: 5 })),
      );
    }
  }),
  withEngine('predict, transform and score leave no buffer', async (engine, context) => {
    const dataset = await upload(engine, slow);
    const model = await engine.kmeans(dataset, { k });
    await checkBuffers(context, async () => {
      await model.predict(dataset);
      await model.transform(dataset);
      await model.score(dataset);
    });
  }),
  withEngine('a destroyed dataset leaves no buffer', async (engine, context) => {
    await checkBuffers(context, async () => {
      const dataset = await upload(engine, slow);
      await engine.kmeans(dataset, { k });
      dataset.destroy();
    });
  }),
  withEngine('an abort leaves no buffer', async (engine, context) => {
    const dataset = await upload(engine, slow);
    await checkBuffers(context, async () => void (await abortAt(engine, dataset, 2, 'enough')));
    for (const method of ['k-means++', 'k-means||'] as const) {
      await checkBuffers(context, async () => {
        const controller = new AbortController();
        const fit = engine.kmeans(dataset, { k: 65, init: method, signal: controller.signal });
        const rejected = reasonOf(fit, 'the fit');
        await Promise.resolve();
        controller.abort();
        await rejected;
      });
    }
  }),
  withEngine('an error leaves no buffer', async (engine, context) => {
    for (const { points, options, message } of brokenFits) {
      await checkBuffers(context, async () => {
        const dataset = await upload(engine, points);
        await rejects(engine.kmeans(dataset, options), RangeError, message, 'the fit');
        dataset.destroy();
      });
    }
    const broken = { ...slow, data: slow.data.slice() };
    broken.data[3 * 5000 + 1] = NaN;
    await checkBuffers(context, async () => {
      await rejects(engine.upload(asInput(broken)), RangeError, /points\.data\[15001\]/, 'upload');
    });
    const dataset = await upload(engine, slow);
    await checkBuffers(context, async () => {
      const onIteration = () => {
        throw new Error('from the callback');
      };
      await reasonOf(engine.kmeans(dataset, { ...long, onIteration }), 'the fit');
    });
  }),
  withEngine('an engine destroyed in mid-fit rejects the fit', async (engine) => {
    const dataset = await upload(engine, slow);
    const onIteration = () => void engine.destroy();
    await rejects(engine.kmeans(dataset, { ...long, onIteration }), TypeError, /destroyed/, 'the fit');
  }),
  withEngine('a dataset destroyed in mid-fit rejects the fit', async (engine) => {
    const dataset = await upload(engine, slow);
    const onIteration = () => dataset.destroy();
    await rejects(engine.kmeans(dataset, { ...long, onIteration }), TypeError, /destroyed/, 'the fit');
    await engine.kmeans(await upload(engine, slow), long);
  }),
  ...(['k-means++', 'k-means||', 'random'] as const).map((method) =>
    withEngine(`an engine or a dataset destroyed while ${method} runs rejects the fit`, async (engine) => {
      for (const destroy of [(dataset: Dataset) => dataset.destroy(), () => void engine.destroy()]) {
        const dataset = await upload(engine, slow);
        const fit = rejects(engine.kmeans(dataset, { k: 130, init: method }), TypeError, /destroyed/, 'the fit');
        await Promise.resolve();
        destroy(dataset);
        await fit;
      }
    }),
  ),
];
