/** Buffers of the caller's that are not there any more, or not yet: what uses them rejects, and nobody else hears of it. */
import { type ConformanceCase, check, equal, reasonOf, rejects } from '../case.ts';
import { asInput } from './bounds.ts';
import { blobs } from './data.ts';
import { lend, STORAGE, withLentDevice } from './devices.ts';

const points = blobs({ n: 1500, d: 3, groups: 5, seed: 221 });
const k = 3;

export const refused: readonly ConformanceCase[] = [
  withLentDevice('a borrowed buffer destroyed while its dataset is in use', async ({ device, engine }) => {
    const lent = lend(device, points);
    const dataset = await engine.upload(lent);
    const clusters = await engine.kmeans(dataset, { k });
    const mixture = await engine.gaussianMixture(dataset, { k, maxIterations: 2 });
    const copied = await engine.upload(asInput(points));
    const uncaptured: string[] = [];
    device.addEventListener('uncapturederror', ({ error }) => uncaptured.push(error.message));
    lent.buffer.destroy();
    const init = { data: points.data.slice(0, 3 * k), shape: [k, 3] as const };
    const calls: Record<string, () => Promise<unknown>> = {
      'one iteration': () => engine.kmeans(dataset, { k, init, maxIterations: 1 }),
      iterations: () => engine.kmeans(dataset, { k, init, maxIterations: 100 }),
      'k-means++': () => engine.kmeans(dataset, { k }),
      'k-means||': () => engine.kmeans(dataset, { k, init: 'k-means||' }),
      random: () => engine.kmeans(dataset, { k, init: 'random' }),
      mixture: () => engine.gaussianMixture(dataset, { k }),
      predict: () => clusters.predict(dataset),
      transform: () => clusters.transform(dataset),
      predictProba: () => mixture.predictProba(dataset),
      scoreSamples: () => mixture.scoreSamples(dataset),
      upload: () => engine.upload(lent),
    };
    await Promise.all(
      Object.entries(calls).map(async ([name, call]) => {
        const error = await reasonOf(call(), name);
        check(error instanceof Error && /destroyed/i.test(error.message), `${name}: rejected with ${String(error)}`);
      }),
    );
    equal(uncaptured.join(), '', 'uncaptured errors');
    await engine.kmeans(copied, { k });
  }),
  withLentDevice('a borrowed buffer destroyed or mapped before the upload', async ({ device, engine }) => {
    const shape = [points.n, points.d] as const;
    const mapped = device.createBuffer({ size: points.data.byteLength, usage: STORAGE, mappedAtCreation: true });
    for (const metric of ['euclidean', 'cosine'] as const) {
      const { buffer } = lend(device, points);
      buffer.destroy();
      await rejects(engine.upload({ buffer, shape }, { metric }), TypeError, /^points\.buffer was destroyed/, metric);
      await rejects(engine.upload({ buffer: mapped, shape }, { metric }), TypeError, /^points\.buffer.*mapped/, metric);
    }
    mapped.destroy();
  }),
  withLentDevice('error scopes of the owner’s stay as they were', async ({ device, engine }) => {
    device.pushErrorScope('validation');
    const fit = engine.kmeans(asInput(points), { k });
    device.pushErrorScope('validation');
    await fit;
    device.createBuffer({ size: 4, usage: 0 }).destroy();
    const [inner, outer] = await Promise.all([device.popErrorScope(), device.popErrorScope()]);
    check(inner !== null, 'the error of the owner’s is not in its scope');
    equal(outer, null, 'error in the scope round it');
  }),
];
