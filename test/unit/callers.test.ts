/** What callers pass: options by name, arrays of other realms, callbacks that are async, signals that many calls share. */
import { getEventListeners } from 'node:events';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { engineOf } from '../../src/api/create-engine.ts';
import { createCpuEngine } from '../../src/cpu/engine.ts';
import {
  createEngine,
  GaussianMixtureModel,
  gaussianMixture,
  KMeansModel,
  kmeans,
  type PointsInput,
  selectModel,
} from '../../src/index.ts';
import { requestNodeDevice } from '../../src/node/index.ts';
import { EngineSet } from '../../src/placement.ts';
import { Random } from '../../src/random.ts';
import { kmeansSync } from '../../src/sync.ts';

const points = Array.from({ length: 60 }, (_, i) => [(i % 3) * 4 + Math.sin(i), Math.cos(i)]);
const [engine, model] = [await createEngine({ backend: 'cpu' }), await kmeans(points, { k: 2, backend: 'cpu' })];
const mixture = await gaussianMixture(points, { k: 2, backend: 'cpu' });

describe('options that do not exist', () => {
  const calls: Record<string, readonly [call: (options: never) => unknown, meant: string, given: object]> = {
    kmeans: [(options) => kmeans(points, options), 'k', {}],
    gaussianMixture: [(options) => gaussianMixture(points, options), 'k', {}],
    selectModel: [(options) => selectModel(points, options), 'k', {}],
    'selectModel ': [
      (options: object) => selectModel(points, { model: 'kmeans', k: [2], ...options }),
      'sampleSize',
      {},
    ],
    createEngine: [(options) => createEngine(options), 'threads', {}],
    upload: [(options) => engine.upload(points, options), 'metric', {}],
    'engine.kmeans': [(options) => engine.kmeans(points, options), 'k', {}],
    'engine.tune': [async (options) => engine.tune(await engine.upload(points), options), 'signal', { k: 2 }],
    'engine.gaussianMixture': [(options) => engine.gaussianMixture(points, options), 'k', {}],
    kmeansSync: [(options) => kmeansSync(points, options), 'k', {}],
    requestNodeDevice: [(options) => requestNodeDevice(options), 'flags', {}],
    sample: [(options) => model.sample(1, options), 'seed', {}],
    'sample ': [(options) => mixture.sample(1, options), 'seed', {}],
    toGaussianMixture: [(options) => model.toGaussianMixture(points, options), 'covarianceType', {}],
  };
  for (const method of ['predict', 'transform', 'score', 'bic'] as const) {
    calls[`the method ${method}`] = [(options) => model[method](points, options), 'sampleWeight', {}];
  }
  const ofMixtures = ['predict', 'predictProba', 'scoreSamples', 'score', 'aic', 'bic', 'icl', 'toKMeans'] as const;
  for (const method of ofMixtures) {
    calls[`the method ${method}, of a mixture`] = [(options) => mixture[method](points, options), 'sampleWeight', {}];
  }
  for (const [name, [call, meant]] of Object.entries(calls)) {
    it(name, async () => {
      const caller = name.startsWith('the method') ? 'the method' : name.trim();
      const told = async (options: object): Promise<Error> =>
        (async () => call(options as never))().then(String, (e) => e);
      const unlike = await told({ verbosity: 1 });
      expect(unlike).toBeInstanceOf(TypeError);
      expect(unlike.message).toContain(`${caller} has no option 'verbosity': it has `);
      expect(unlike.message).toMatch(new RegExp(`\\b${meant}\\b`));
      // Leaving one undefined is the same as leaving it out, be there one or not.
      expect(String(await told({ verbosity: undefined, k: 0, seed: -1, metric: 1, backend: 1 }))).not.toContain('verb');
    });
  }

  const misspelt: readonly (readonly [given: string, meant: string])[] = [
    ['maxIter', 'maxIterations'],
    ['max_iter', 'maxIterations'],
    ['maxIteration', 'maxIterations'],
    ['n_init', 'nInit'],
    ['ninit', 'nInit'],
    ['tol', 'tolerance'],
    ['sample_weight', 'sampleWeight'],
    ['sampleWeights', 'sampleWeight'],
    ['K', 'k'],
    ['onIterations', 'onIteration'],
    ['sed', 'seed'],
  ];
  it.each(misspelt)('%s: did you mean %s?', async (given, meant) => {
    await expect(kmeans(points, { k: 2, backend: 'cpu', [given]: 1 })).rejects.toThrow(
      new TypeError(`kmeans has no option '${given}': did you mean '${meant}'?`),
    );
  });
});

describe('options that are inherited', () => {
  class Settings {
    readonly k = 3;
    get seed() {
      return 5;
    }
  }
  const forms = { 'by Object.create': Object.create({ k: 3, seed: 5 }), 'of a class': new Settings() };
  it.each(Object.entries(forms))('%s', async (_, options) => {
    const expected = await kmeans(points, { k: 3, seed: 5, backend: 'cpu' });
    expect(await engine.kmeans(points, options)).toEqual(expected);
    expect(await engine.kmeans(await engine.upload(points), options)).toEqual(expected);
    expect(kmeansSync(points, options)).toEqual(expected);
    expect(await kmeans(points, Object.assign(Object.create(options), { backend: 'cpu' }))).toEqual(expected);
    expect(await engine.gaussianMixture(points, options)).toEqual(
      await gaussianMixture(points, { k: 3, seed: 5, backend: 'cpu' }),
    );
  });
});

describe('what someone has put on Object.prototype', () => {
  const names = [
    ...['reason', 'resident', 'error', 'tenancy', 'buffer', 'data', 'shape', 'dims', 'stride', 'offset', 'order'],
    ...['frame', 'metric', 'signal', 'sampleWeight', 'init', 'seed', 'onIteration', 'backend', 'device', 'threads'],
    ...['simd', 'shared', 'valuesOfThread', 'type', 'covarianceType', 'temperature', 'toArray', 'length', 'moments'],
    ...['units', 'lloyd', 'workerUrl', 'output', 'labels', 'empty', 'exact', 'stop', 'agreed', 'integers'],
    ...['tune', 'tuning'],
  ];
  afterEach(() => {
    for (const name of names) delete (Object.prototype as Record<string, unknown>)[name];
  });
  const threaded = () =>
    engineOf(new EngineSet('cpu', createCpuEngine({ threads: 2, valuesOfThread: 1, shared: false }), null));

  it.each(names)('%s', async (name) => {
    const workers = threaded();
    (Object.prototype as Record<string, unknown>)[name] = 'polluted';
    const fit = await kmeans(points, { k: 2, backend: 'cpu' });
    expect(fit.centroids).toEqual(model.centroids);
    expect((await workers.kmeans(points, { k: 2 })).labels).toEqual(model.labels);
    expect(kmeansSync({ data: Float64Array.from(points.flat()), shape: [60, 2] }, { k: 2 }).labels).toEqual(
      model.labels,
    );
    expect(await fit.predict(points, { backend: 'cpu' })).toEqual(model.labels);
    const { best } = await selectModel(points, { k: [2], backend: 'cpu' });
    expect(best.means).toEqual(mixture.means);
    expect(GaussianMixtureModel.fromJSON(best.toJSON()).means).toEqual(mixture.means);
    const { reason: _, frame: __, ...old } = model.toJSON();
    expect(KMeansModel.fromJSON(old).reason).toBe('asked');
    await workers.destroy();
  });
});

describe('arrays of another realm', () => {
  const flat = points.flat();
  const foreign = (type: string, values: readonly number[]) => runInNewContext(`${type}.from(values)`, { values });
  const weights = points.map((_, i) => i % 3);
  const types = ['Float32Array', 'Float64Array'];

  it.each(types)('%s: points, starts, parameters', async (type) => {
    const here = { data: type === 'Float32Array' ? Float32Array.from(flat) : Float64Array.from(flat), shape: [60, 2] };
    const there = {
      data: foreign(type, flat),
      shape: foreign('Array', [60, 2]),
      strides: foreign('Int32Array', [2, 1]),
    };
    const start = { data: foreign(type, flat.slice(0, 4)), shape: [2, 2] };
    const options = { k: 2, backend: 'cpu', init: start } as never;
    const expected = await kmeans(here as unknown as PointsInput, options);
    expect(await kmeans(there, options)).toEqual(expected);
    const rows = foreign('Array', []);
    for (let i = 0; i < 60; i++)
      rows.push(here.data.constructor === Float32Array ? foreign(type, points[i]) : points[i]);
    expect(await kmeans(rows, options)).toEqual(expected);
    const covariances = foreign(type, [1, 2]);
    const parameters = { means: foreign(type, [0, 1, 2, 3]), weights: foreign(type, [0.5, 0.5]), covariances };
    const given = GaussianMixtureModel.fromParameters({ ...parameters, covarianceType: 'spherical' });
    expect([...given.means, ...given.covariances]).toEqual([0, 1, 2, 3, 1, 2]);
    await gaussianMixture(points, { k: 2, covarianceType: 'spherical', init: parameters, backend: 'cpu' });
  });

  it('weights, of any type', async () => {
    const fit = (sampleWeight: never) => kmeans(points, { k: 2, sampleWeight, backend: 'cpu' });
    const expected = await fit(Float32Array.from(weights) as never);
    const given = [weights, Float64Array.from(weights), Uint8Array.from(weights), Int32Array.from(weights)];
    for (const type of types) given.push(foreign(type, weights));
    for (const sampleWeight of given) expect(await fit(sampleWeight as never)).toEqual(expected);
    const dataset = await engine.upload(points, { sampleWeight: weights });
    expect(await engine.kmeans(dataset, { k: 2 })).toEqual(expected);
    expect(kmeansSync(points, { k: 2, sampleWeight: weights })).toEqual(expected);
    const ofMixture = await gaussianMixture(points, { k: 2, sampleWeight: weights, backend: 'cpu' });
    expect(await ofMixture.score(points, { sampleWeight: weights, backend: 'cpu' })).toBeCloseTo(
      ofMixture.lowerBound,
      6,
    );
  });

  it('a DataView is still told', async () => {
    const data = runInNewContext('new DataView(new ArrayBuffer(16))');
    await expect(kmeans({ data, shape: [1, 2] }, { k: 1 })).rejects.toThrow(/^points\.data .*numbers, got DataView/);
  });

  it('big integers', async () => {
    const data = runInNewContext('BigInt64Array.of(0n, 1n, 8n, 9n)');
    expect((await kmeans({ data, shape: [4, 1] }, { k: 2, backend: 'cpu' })).inertia).toBe(1);
  });
});

describe('callbacks that are async', () => {
  const reason = new Error('no more');
  const options = { k: 3, init: points.slice(0, 3), tolerance: 0, backend: 'cpu' } as const;
  type Call = (callback: (progress: object) => unknown, signal?: AbortSignal) => Promise<unknown>;
  const withSignal = (signal: AbortSignal | undefined) => (signal === undefined ? {} : { signal });
  const fits: Record<string, Call> = {
    kmeans: (onIteration, signal) => kmeans(points, { ...options, onIteration, ...withSignal(signal) }),
    gaussianMixture: (onIteration, signal) =>
      gaussianMixture(points, {
        k: 3,
        tolerance: 0,
        maxIterations: 8,
        backend: 'cpu',
        onIteration,
        ...withSignal(signal),
      }),
    selectModel: (onProgress, signal) =>
      selectModel(points, { k: [1, 2, 3], backend: 'cpu', onProgress, ...withSignal(signal) }),
  };

  describe.each(Object.entries(fits))('%s', (_, fit) => {
    it('rejects with what they reject with, and nothing is unhandled', async () => {
      let calls = 0;
      const unhandled: unknown[] = [];
      const listener = (error: unknown) => unhandled.push(error);
      process.on('unhandledRejection', listener);
      await expect(
        fit(async () => {
          calls++;
          throw reason;
        }),
      ).rejects.toBe(reason);
      await new Promise((resolve) => setTimeout(resolve));
      process.off('unhandledRejection', listener);
      expect(unhandled).toEqual([]);
      expect(calls).toBeGreaterThan(0);
    });

    it('rejects with what the last one rejects with', async () => {
      const total = await count(fit);
      let calls = 0;
      let tell = () => {};
      const last = new Promise((_, reject) => {
        tell = () => reject(reason);
      });
      const fitting = fit(() => {
        if (++calls < total) return undefined;
        setTimeout(tell);
        return last;
      });
      await expect(fitting).rejects.toBe(reason);
    });

    it('waits for them, unless it is aborted', async () => {
      const controller = new AbortController();
      const fitting = fit(() => {
        setTimeout(() => controller.abort(reason));
        return new Promise(() => {});
      }, controller.signal);
      await expect(fitting).rejects.toBe(reason);
    });
  });

  async function count(fit: Call): Promise<number> {
    let calls = 0;
    await fit(() => ++calls);
    return calls;
  }
});

describe('a signal for many calls', () => {
  it('has one listener while they run, and none behind them', async () => {
    const warnings: string[] = [];
    const listener = ({ name }: Error) => warnings.push(name);
    process.on('warning', listener);
    const { signal } = new AbortController();
    let most = 0;
    const onIteration = () => {
      most = Math.max(most, getEventListeners(signal, 'abort').length);
    };
    const fits = Array.from({ length: 20 }, (_, seed) => engine.kmeans(points, { k: 2, seed, signal, onIteration }));
    fits.push(...fits.map(() => model.predict(points, { signal, backend: 'cpu' }) as never));
    await Promise.all(fits);
    await new Promise((resolve) => setTimeout(resolve));
    process.off('warning', listener);
    expect(most).toBe(1);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('ends all of them', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error('enough');
    const many = {
      data: Float32Array.from({ length: 120_000 }, (_, i) => Math.sin(i * i)),
      shape: [60_000, 2],
    } as const;
    const onIteration = () => controller.abort(reason);
    const fits = [1, 2, 3].map((seed) =>
      kmeans(many, { k: 20, seed, tolerance: 0, signal, onIteration, backend: 'cpu' }),
    );
    for (const outcome of await Promise.allSettled(fits)) expect(outcome).toEqual({ status: 'rejected', reason });
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});

describe('seeds', () => {
  const bits = (random: Random) => Array.from({ length: 4 }, () => random.bits()).join();

  it('that are safe integers give different numbers', () => {
    const seeds = [0, 1, 2 ** 31, 0x9e3779b9, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 33, 2 ** 52, 2 ** 53 - 1];
    for (let i = 1; i <= 200; i++) seeds.push(i * 2 ** 32 + ((Math.imul(i, 0x9e3779b9) ^ 1) >>> 0));
    expect(new Set(seeds.map((seed) => bits(new Random(seed)))).size).toBe(seeds.length);
  });

  it('of 2^32 and more are no other starts of smaller ones', () => {
    const of = (seed: number) => Array.from({ length: 8 }, (_, start) => bits(new Random(seed, start)));
    expect(new Set([0, 7, 2 ** 32, 2 ** 32 + 7, 5 * 2 ** 32].flatMap(of)).size).toBe(40);
  });
});

describe('names that are nearly right', () => {
  it('are told in starts and parameters, which may have more than is read', async () => {
    const { weights, means, covariances } = mixture;
    const given = { weights, means, covariances, covarianceType: 'full' as const };
    expect(() =>
      GaussianMixtureModel.fromParameters({ ...given, weights: undefined, weight: weights } as never),
    ).toThrow("parameters has 'weight': did you mean 'weights'?");
    const init = { means, covariance: covariances } as never;
    await expect(gaussianMixture(points, { k: 2, init, backend: 'cpu' })).rejects.toThrow(
      "did you mean 'covariances'?",
    );
    expect(GaussianMixtureModel.fromParameters({ ...mixture, ...given }).k).toBe(2);
  });

  it('are read where another library writes them so', async () => {
    const data = Float32Array.of(0, 0, 9, 9, 0, 1, 9, 8);
    const matrix = { data, shape: [4, 2], fortran_order: true };
    const { centroids } = await kmeans(matrix, {
      k: 2,
      init: [
        [0, 0],
        [9, 9],
      ],
      backend: 'cpu',
    });
    expect(Array.from(centroids)).toEqual([0, 0.5, 9, 8.5]);
  });
});
