/** Models, datasets and engines in reactive state: behind a Proxy, whose properties may be proxies again. */
import { afterAll, describe, expect, it } from 'vitest';
import {
  createEngine,
  GaussianMixtureModel,
  gaussianMixture,
  KMeansModel,
  kmeans,
  nearest,
  selectModel,
  statisticsOf,
} from '../../src/index.ts';

const points = Array.from({ length: 40 }, (_, i) => [(i % 2) * 8 + Math.sin(i), Math.cos(i)]);
const cpu = { backend: 'cpu' } as const;
const source = {
  async *blocks() {
    for (const start of [0, 15]) yield points.slice(start, start + 25);
  },
};
const engine = await createEngine(cpu);
afterAll(() => engine.destroy());

/** All objects that are read become proxies, as Vue's `reactive` makes them: but for typed arrays, which it leaves alone. */
function reactive<T extends object>(target: T): T {
  return new Proxy(target, {
    get(target, key, receiver) {
      const value: unknown = Reflect.get(target, key, receiver);
      return typeof value === 'object' && value !== null && !ArrayBuffer.isView(value) ? reactive(value) : value;
    },
  });
}

/** The same without that exception. */
function thorough<T extends object>(target: T): T {
  return new Proxy(target, {
    get(target, key, receiver) {
      const value: unknown = Reflect.get(target, key, receiver);
      return typeof value === 'object' && value !== null ? thorough(value) : value;
    },
  });
}

const wraps: Record<string, <T extends object>(target: T) => T> = {
  'a plain Proxy': (target) => new Proxy(target, {}),
  'reactive state': reactive,
  'reactive state of all objects': thorough,
  'a Proxy of a Proxy': (target) => reactive(new Proxy(target, {})),
};

/** What is told at once, later, or piece by piece. */
async function settled(answer: unknown): Promise<unknown> {
  if (Symbol.asyncIterator in Object(answer)) {
    const pieces: unknown[] = [];
    for await (const piece of answer as AsyncIterable<unknown>) pieces.push(piece);
    return pieces;
  }
  return answer;
}

/** What each method and getter of the class comes to; a new one is not forgotten. */
async function answers<T extends object>(instance: T, args: Readonly<Record<string, readonly unknown[]>>) {
  const members = Object.getOwnPropertyDescriptors(Object.getPrototypeOf(instance));
  const names = Object.keys(members).filter((name) => name !== 'constructor');
  expect(names.sort()).toEqual(Object.keys(args).sort());
  const said: Record<string, unknown> = {};
  for (const name of names) {
    const member = (instance as Record<string, unknown>)[name];
    said[name] = typeof member === 'function' ? await settled(member.apply(instance, args[name])) : member;
  }
  return said;
}

describe.each(Object.entries(wraps))('%s', (_, wrap) => {
  it('k-means models', async () => {
    const model = await kmeans(points, { k: 2, ...cpu });
    const given = [points, cpu];
    const methods = { predict: given, transform: given, score: given, bic: given, toGaussianMixture: given };
    const others = { update: [await statisticsOf(points, model)], predictBlocks: [source, cpu] };
    const args = { ...methods, ...others, representatives: given, sample: [5], toJSON: [], record: [] };
    expect(await answers(wrap(model), args)).toEqual(await answers(model, args));
    expect(await nearest(points, wrap(model), cpu)).toEqual(await nearest(points, model, cpu));
    expect(wrap(model)).toBeInstanceOf(KMeansModel);
    const again = await kmeans(points, { k: 2, init: model, ...cpu });
    expect(await kmeans(points, { k: 2, init: wrap(model), ...cpu })).toEqual(again);
    expect(await kmeans(points, wrap({ k: 2, init: model, ...cpu }))).toEqual(again);
    expect(await gaussianMixture(points, { k: 2, init: wrap(model), ...cpu })).toEqual(
      await gaussianMixture(points, { k: 2, init: model, ...cpu }),
    );
  });

  it('mixtures', async () => {
    const model = await gaussianMixture(points, { k: 2, ...cpu });
    const given = [points, cpu];
    const ofPoints = ['predict', 'predictProba', 'scoreSamples', 'score', 'aic', 'bic', 'icl', 'toKMeans'];
    const others = {
      update: [await statisticsOf(points, model)],
      predictBlocks: [source, cpu],
      sample: [5],
      toJSON: [],
      record: [],
    };
    const args = { ...Object.fromEntries(ofPoints.map((name) => [name, given])), ...others };
    expect(await answers(wrap(model), args)).toEqual(await answers(model, args));
    expect(wrap(model)).toBeInstanceOf(GaussianMixtureModel);
    expect(await gaussianMixture(points, { k: 2, init: wrap(model), ...cpu })).toEqual(
      await gaussianMixture(points, { k: 2, init: model, ...cpu }),
    );
  });

  it('datasets and engines', async () => {
    const dataset = await engine.upload(points);
    const wrapped = wrap(dataset);
    expect([wrapped.n, wrapped.d, wrapped.metric, wrapped.backend, wrapped.reason]).toEqual([
      ...[40, 2, 'euclidean', 'cpu', 'asked'],
    ]);
    const expected = await engine.kmeans(dataset, { k: 2 });
    const itself = wrap(engine);
    expect([itself.backend, itself.info.reason]).toEqual(['cpu', 'asked']);
    expect(await itself.kmeans(wrapped, { k: 2 })).toEqual(expected);
    expect(await kmeans(wrapped, { k: 2 })).toEqual(expected);
    expect(await wrap(expected).predict(wrapped)).toEqual(expected.labels);
    const mixture = await engine.gaussianMixture(dataset, { k: 2 });
    expect(await itself.gaussianMixture(wrapped, { k: 2 })).toEqual(mixture);
    expect(await itself.tune(wrapped, { k: 2 })).toEqual(await engine.tune(dataset, { k: 2 }));
    const selection = wrap(await selectModel(wrapped, { k: [1, 2] }));
    expect(selection.table.map(({ k }) => k)).toEqual([1, 2]);
    const { best } = await selectModel(dataset, { k: [1, 2] });
    expect(await selection.best.bic(wrapped)).toBe(await best.bic(dataset));
    wrapped.destroy();
    await expect(engine.kmeans(dataset, { k: 2 })).rejects.toThrow(/destroyed/);
    const other = wrap(await createEngine(cpu));
    const resident = await other.upload(points);
    await other.destroy();
    await expect(kmeans(resident, { k: 2 })).rejects.toThrow(/destroyed/);
  });
});

it('what a clone of the JSON makes is the model', async () => {
  const model = await kmeans(points, { k: 2, ...cpu });
  const read = KMeansModel.fromJSON(structuredClone(model.toJSON()));
  expect(read.toJSON()).toEqual(model.toJSON());
  expect(await read.predict(points, cpu)).toEqual(model.labels);
  const mixture = await gaussianMixture(points, { k: 2, ...cpu });
  const gaussians = GaussianMixtureModel.fromJSON(structuredClone(mixture.toJSON()));
  expect(gaussians.toJSON()).toEqual(mixture.toJSON());
  expect(await gaussians.scoreSamples(points, cpu)).toEqual(await mixture.scoreSamples(points, cpu));
});

it('instances show nothing of it', async () => {
  const model = await kmeans(points, { k: 2, ...cpu });
  const shown = [
    'k',
    'd',
    'metric',
    'centroids',
    'labels',
    'labelsBuffer',
    'counts',
    'inertia',
    'iterations',
    'converged',
    'backend',
  ];
  expect(Reflect.ownKeys(model).filter((key) => Object.getOwnPropertyDescriptor(model, key)!.enumerable)).toEqual([
    ...[...shown, 'reason', 'frame'],
  ]);
  expect(structuredClone(model).centroids).toEqual(model.centroids);
  expect(model.predict.name).toBe('predict');
});
