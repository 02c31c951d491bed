/** A client's functions, in worker_threads of Node: what they return, throw and call is what the library's own do. */
import { EventEmitter } from 'node:events';
import { Worker } from 'node:worker_threads';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { errorFromCross, errorToCross } from '../../src/client/errors.ts';
import { type ClientDataset, createWorkerClient, type WorkerClient } from '../../src/client/index.ts';
import script from '../../src/client/script.ts';
import {
  bisectingKMeans,
  calinskiHarabaszScore,
  createEngine,
  DeviceLostError,
  daviesBouldinScore,
  GaussianMixtureModel,
  gaussianMixture,
  KMeansModel,
  type KMeansProgress,
  kmeans,
  nearest,
  type PointsInput,
  selectModel,
  silhouetteSamples,
  silhouetteScore,
  WebGPUUnavailableError,
} from '../../src/index.ts';
import { blobs } from '../conformance/cases/data.ts';

const cpu = { backend: 'cpu' } as const;
const [N, D] = [600, 3];
const { data } = blobs({ n: N, d: D });
const points = { data, shape: [N, D] } as const;
/** A fit of many iterations, each of which lets a message in. */
const long = { k: 40, tolerance: 0, ...cpu } as const;

let client: WorkerClient;

beforeAll(() => {
  client = createWorkerClient();
});

afterAll(() => client.destroy());

const rows = Array.from({ length: N }, (_, i) => Array.from(data.subarray(i * D, i * D + D)));
const columns = Array.from({ length: D }, (_, j) => data.filter((_, at) => at % D === j));
/** As Arrow has them: no clone carries their methods. */
const vectors = columns.map((column) => ({ length: N, get: (i: number) => column[i] }));
/** What it says of itself is in its class. */
class Tensor {
  readonly #of = data;
  get data() {
    return this.#of;
  }
  get dims() {
    return [N, D];
  }
}

describe('results are those of the library, to the bit:', () => {
  it.each<[string, Exclude<PointsInput, { buffer: unknown }>]>([
    ['a matrix', points],
    [
      'a part of a buffer, column by column',
      { data: new Float64Array(9 + N * D).subarray(9), shape: [N, D], order: 'F' },
    ],
    ['a tensor', new Tensor()],
    ['rows', rows],
    ['rows that are typed arrays', rows.map((row) => Float32Array.from(row))],
    ['columns that are typed arrays', { columns }],
    ['vectors', { columns: vectors }],
    ['vectors of bigints', { columns: [{ length: N, at: (i: number) => BigInt(i % 50) }] }],
  ])('%s', async (_, given) => {
    if ('data' in given && given.data !== data) (given.data as Float64Array).set(data);
    const options = { k: 4, seed: 3, ...cpu };
    expect(await client.kmeans(given, options)).toEqual(await kmeans(given, options));
  });

  it('fits, by all options that cross', async () => {
    const sampleWeight = Array.from({ length: N }, (_, i) => 1 + (i % 3));
    const options = { k: 3, metric: 'cosine', nInit: 2, sampleWeight, ...cpu } as const;
    const model = await client.kmeans(points, options);
    expect(model).toBeInstanceOf(KMeansModel);
    expect(model).toEqual(await kmeans(points, options));
    const inherited = Object.create({ k: 3, init: model, metric: 'cosine', ...cpu });
    expect(await client.kmeans(points, inherited)).toEqual(await kmeans(points, inherited));
    const matrix = { k: 3, init: { data: data.slice(0, 9), dims: [3, 3] }, ...cpu };
    expect(await client.kmeans(points, matrix)).toEqual(await kmeans(points, matrix));
  });

  it('weights of many rows, as an array', async () => {
    const many = blobs({ n: 6000, d: 2 });
    const given = { data: many.data, shape: [6000, 2] as const };
    const options = { k: 3, sampleWeight: Array.from({ length: 6000 }, (_, i) => i % 2), ...cpu };
    expect(await client.kmeans(given, options)).toEqual(await kmeans(given, options));
  });

  it('mixtures', async () => {
    const options = { k: 3, covarianceType: 'tied', temperature: [2, 1], fixed: ['weights'], ...cpu } as const;
    const model = await client.gaussianMixture(points, options);
    expect(model).toBeInstanceOf(GaussianMixtureModel);
    expect(model).toEqual(await gaussianMixture(points, options));
    const again = { k: 3, covarianceType: 'tied', init: model, ...cpu } as const;
    expect(await client.gaussianMixture(points, again)).toEqual(await gaussianMixture(points, again));
    const means = {
      k: 2,
      init: {
        means: [
          [0, 0, 0],
          [1, 1, 1],
        ],
      },
      ...cpu,
    };
    expect(await client.gaussianMixture(points, means)).toEqual(await gaussianMixture(points, means));
  });

  it('selections', async () => {
    const ofKMeans = { model: 'kmeans', k: [2, 3, 4], ...cpu } as const;
    expect(await client.selectModel(points, ofKMeans)).toEqual(await selectModel(points, ofKMeans));
    const ofMixtures = { k: [1, 2], covarianceType: ['diag', 'full'], ...cpu } as const;
    const selection = await client.selectModel(points, ofMixtures);
    expect(selection).toEqual(await selectModel(points, ofMixtures));
    expect(await selection.best.bic(points)).toBe(Math.min(...selection.table.map(({ bic }) => bic)));
  });

  it('neighbours and scores', async () => {
    const model = await kmeans(points, { k: 4, ...cpu });
    const { labels } = model;
    expect(await client.nearest(points, model, { count: 2 })).toEqual(await nearest(points, model, { count: 2 }));
    const centroids = rows.slice(0, 5);
    expect(await client.nearest(points, centroids)).toEqual(await nearest(points, centroids));
    const sampled = { sampleSize: 100, seed: 2 };
    expect(await client.silhouetteScore(points, labels, sampled)).toBe(await silhouetteScore(points, labels, sampled));
    const listed = Array.from(labels);
    expect(await client.silhouetteSamples(points, listed)).toEqual(await silhouetteSamples(points, listed));
    expect(await client.calinskiHarabaszScore(points, labels)).toBe(await calinskiHarabaszScore(points, labels));
    expect(await client.daviesBouldinScore(points, labels)).toBe(await daviesBouldinScore(points, labels));
  });

  it('resident points', async () => {
    const engine = await createEngine(cpu);
    const sampleWeight = new Float32Array(N).fill(2);
    const here = await engine.upload(points, { metric: 'cosine', sampleWeight });
    const there = await client.upload(points, { metric: 'cosine', sampleWeight });
    const { n, d, metric, rounding, backend } = here;
    expect(there).toMatchObject({ n, d, metric, rounding, backend });
    const model = await client.kmeans(there, { k: 3 });
    // Why they are there differs: the one engine was asked for.
    expect({ ...model, reason: 'asked' }).toEqual({ ...(await engine.kmeans(here, { k: 3 })) });
    expect(await model.predict(there)).toEqual(model.labels);
    // As reactive frameworks wrap them.
    expect(await new Proxy(model, {}).predict(new Proxy(there, {}))).toEqual(model.labels);
    there.destroy();
    await expect(client.kmeans(there, { k: 3 })).rejects.toThrow(new TypeError('the dataset was destroyed'));
    await engine.destroy();
  });
});

describe('methods of models', () => {
  it('run in the worker, all that take points', async () => {
    const own = createWorkerClient();
    const models = [await own.kmeans(points, { k: 2, ...cpu }), await own.gaussianMixture(points, { k: 2, ...cpu })];
    own.destroy();
    for (const model of models) {
      const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(model));
      const ofPoints = methods.filter((name) => !['constructor', 'sample', 'toJSON'].includes(name));
      expect(ofPoints.length).toBeGreaterThan(5);
      for (const method of ofPoints as 'predict'[]) {
        await expect(model[method](points), method).rejects.toThrow(new TypeError('the client was destroyed'));
      }
      expect(model.sample(2).shape).toEqual([2, D]);
    }
  });

  it('answer as those of the library do', async () => {
    expect(await client.bisectingKMeans(points, { k: 4, ...cpu })).toEqual(
      await bisectingKMeans(points, { k: 4, ...cpu }),
    );
    const clusters = await kmeans(points, { k: 3, ...cpu });
    const inWorker = await client.fromJSON(clusters.toJSON());
    const weighted = { sampleWeight: Float32Array.from({ length: N }, (_, i) => i % 3), ...cpu };
    expect(await inWorker.predict(rows)).toEqual(clusters.labels);
    expect(await inWorker.representatives(points, { count: 3 })).toEqual(
      await clusters.representatives(points, { count: 3 }),
    );
    expect(await inWorker.transform(points)).toEqual(await clusters.transform(points));
    expect(await inWorker.score(points, weighted)).toBe(await clusters.score(points, weighted));
    const mixture = await inWorker.toGaussianMixture(points, { covarianceType: 'full' });
    expect(mixture).toEqual(await clusters.toGaussianMixture(points, { covarianceType: 'full' }));
    expect(await mixture.predictProba(points)).toEqual(
      await (await clusters.toGaussianMixture(points, { covarianceType: 'full' })).predictProba(points),
    );
    expect(await mixture.toKMeans(points)).toEqual(await (await clusters.toGaussianMixture(points)).toKMeans(points));
    const gaussians = GaussianMixtureModel.fromParameters({
      weights: [1],
      means: [[0, 0, 0]],
      covariances: [1],
      covarianceType: 'spherical',
    });
    expect(await (await client.fromJSON(gaussians.toJSON())).scoreSamples(points)).toEqual(
      await gaussians.scoreSamples(points),
    );
    await expect(client.fromJSON({} as never)).rejects.toThrow(TypeError);
  });
});

describe('errors are those of the library:', () => {
  const wrong: Record<
    string,
    (library: Pick<WorkerClient, 'kmeans' | 'nearest' | 'selectModel' | 'silhouetteScore'>) => Promise<unknown>
  > = {
    'a wrong value': ({ kmeans }) => kmeans(points, { k: 0 }),
    'a wrong kind': ({ kmeans }) => kmeans(points, { k: '3' as never }),
    'no options': ({ kmeans }) => kmeans(points, undefined as never),
    'options that are none': ({ kmeans }) => kmeans(points, 'k: 3' as never),
    'an option that does not exist': ({ kmeans }) => kmeans(points, { k: 3, tolerence: 1 } as never),
    'a callback of another function': ({ kmeans }) => kmeans(points, { k: 3, onProgress: () => 1 } as never),
    'a callback that is none': ({ kmeans }) => kmeans(points, { k: 3, onIteration: 5 as never }),
    'a signal that is none': ({ kmeans }) => kmeans(points, { k: 3, signal: {} as never }),
    'a start that is a function': ({ kmeans }) => kmeans(points, { k: 3, init: (() => 1) as never }),
    'a start of a class': ({ kmeans }) => kmeans(points, { k: 3, init: new Map() as never }),
    'a start with a symbol': ({ kmeans }) => kmeans(points, { k: 3, init: [[Symbol('x')]] as never }),
    'the JSON of a model': async ({ kmeans: fit }) =>
      fit(points, { k: 1, init: (await kmeans(points, { k: 1 })).toJSON() as never }),
    'NaN in a matrix': ({ kmeans }) => kmeans({ data: Float32Array.of(1, NaN), shape: [2, 1] }, { k: 1 }),
    'NaN in rows': ({ kmeans }) => kmeans([[1], [NaN]], { k: 1 }),
    'a string in rows': ({ kmeans }) => kmeans([[1], ['2' as never]], { k: 1 }),
    'ragged rows': ({ kmeans }) => kmeans([[1], [1, 2]], { k: 1 }),
    'null in a column': ({ kmeans }) => kmeans({ columns: [[1, null]] }, { k: 1 }),
    'no points': ({ kmeans }) => kmeans(null as never, { k: 1 }),
    'a detached array': ({ kmeans }) => kmeans({ data: detachedArray(), shape: [2, 1] }, { k: 1 }),
    'a weight that is none': ({ kmeans }) => kmeans([[1], [2]], { k: 1, sampleWeight: [1, 'x' as never] }),
    'too few labels': ({ silhouetteScore }) => silhouetteScore(points, [1, 2]),
    'no labels': ({ silhouetteScore }) => silhouetteScore(points, undefined as never),
    'centroids of another width': ({ nearest }) => nearest(points, [[1, 2]]),
    'a criterion of mixtures': ({ selectModel }) =>
      selectModel(points, { model: 'kmeans', k: [2], criterion: 'icl' } as never),
    'no GPU': ({ kmeans }) => kmeans(points, { k: 2, backend: 'webgpu' }),
  };

  const detachedArray = () => {
    const array = Float32Array.of(1, 2);
    structuredClone(array.buffer, { transfer: [array.buffer] });
    return array;
  };

  it.each(Object.keys(wrong))('%s', async (name) => {
    const failed = (error: Error) => ({ class: error.constructor, name: error.name, message: error.message });
    const reached = () => ({ class: null, name, message: 'no error' });
    const library = { kmeans, nearest, selectModel, silhouetteScore } as never;
    const expected = await wrong[name](library).then(reached, failed);
    expect(expected.class).not.toBeNull();
    expect(await wrong[name](client).then(reached, failed)).toEqual(expected);
  });

  it.each([
    new TypeError('a'),
    new RangeError('b'),
    new WebGPUUnavailableError('c'),
    new DeviceLostError('d'),
    new Error('e'),
  ])('of class %s', (error) => {
    const crossed = errorFromCross(structuredClone(errorToCross(error)));
    expect(crossed.constructor).toBe(error.constructor);
    expect(crossed).toMatchObject({ name: error.name, message: error.message });
  });
});

describe('what cannot cross is a TypeError before any work:', () => {
  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['a device', () => client.kmeans(points, { k: 2, device: {} } as never), /device cannot cross/],
    ['labels on the GPU', () => client.kmeans(points, { k: 2, output: 'buffer' } as never), /'buffer' cannot cross/],
    ['a GPUBuffer', () => client.kmeans({ buffer: {}, shape: [1, 1] } as never, { k: 2 }), /GPUBuffer cannot cross/],
    [
      'transfer that is no boolean',
      () => client.kmeans(points, { k: 2, transfer: 1 } as never),
      /transfer must be a boolean/,
    ],
    [
      'a dataset of an engine',
      async () => {
        const engine = await createEngine(cpu);
        return client.kmeans((await engine.upload(points)) as never, { k: 2 }).finally(() => engine.destroy());
      },
      /Dataset of an engine cannot cross/,
    ],
    [
      'a dataset of another client',
      async () => {
        const other = createWorkerClient();
        return client.kmeans(await other.upload(points), { k: 2 }).finally(() => other.destroy());
      },
      /another client/,
    ],
  ])('%s', async (_, call, message) => {
    const error = await call().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(message);
  });

  it.each<[string, object, RegExp]>([
    ['a url and a worker', { url: 'a.js', worker: {} }, /not both/],
    ['a url that is none', { url: 5 }, /url must be/],
    ['a worker that is none', { worker: {} }, /worker must be/],
    ['an option that does not exist', { uri: 'a.js' }, /did you mean 'url'/],
    ['a device', { engine: { device: {} } }, /no option 'device'/],
  ])('of a client: %s', (_, options, message) => {
    expect(() => createWorkerClient(options)).toThrow(message);
  });
});

describe('progress', () => {
  it("is told as without a worker; 'stop' ends the fit with that iteration", async () => {
    const fit = async (library: Pick<WorkerClient, 'kmeans'>) => {
      const seen: unknown[] = [];
      const onIteration = ({ centroids, ...told }: KMeansProgress) => {
        // Copies: what is done to one is nobody's concern.
        const [first, second] = [centroids().fill(0), centroids()];
        expect(first.every((value) => value === 0)).toBe(true);
        seen.push({ ...told, centroids: second });
        return told.iteration === 5 ? 'stop' : undefined;
      };
      return { model: await library.kmeans(points, { ...long, onIteration }), seen };
    };
    const expected = await fit({ kmeans } as never);
    expect(expected.model.iterations).toBe(5);
    expect(await fit(client)).toEqual(expected);
  });

  it('of mixtures', async () => {
    const fit = async (library: Pick<WorkerClient, 'gaussianMixture'>) => {
      const seen: unknown[] = [];
      const options = { k: 3, tolerance: 0, ...cpu };
      const model = await library.gaussianMixture(points, {
        ...options,
        onIteration({ parameters, ...told }) {
          seen.push({ ...told, ...parameters() });
          return told.iteration === 4 ? 'stop' : undefined;
        },
      });
      return { model, seen };
    };
    expect(await fit(client)).toEqual(await fit({ gaussianMixture } as never));
  });

  it('of selections', async () => {
    const select = async (library: Pick<WorkerClient, 'selectModel'>) => {
      const seen: unknown[] = [];
      await library.selectModel(points, { model: 'kmeans', k: [2, 3], ...cpu, onProgress: (told) => seen.push(told) });
      return seen;
    };
    expect(await select(client)).toEqual(await select({ selectModel } as never));
  });

  it("may be answered by a promise for 'stop', which a later iteration hears", async () => {
    let last = 0;
    const onIteration = async ({ iteration }: KMeansProgress) => {
      last = iteration;
      return iteration === 2 ? 'stop' : undefined;
    };
    const { iterations } = await client.kmeans(points, { ...long, onIteration });
    expect(iterations).toBe(last);
    expect(iterations).toBeLessThan((await kmeans(points, long)).iterations);
  });

  it.each<[string, (reason: unknown) => unknown]>([
    [
      'throws',
      (reason) => {
        throw reason;
      },
    ],
    ['rejects', (reason) => Promise.reject(reason)],
  ])('that %s ends the fit with the same reason', async (_, onIteration) => {
    const reason = { told: 'enough' };
    const calls = vi.fn(() => onIteration(reason));
    await expect(client.kmeans(points, { ...long, onIteration: calls })).rejects.toBe(reason);
    expect(calls.mock.calls.length).toBeLessThan(5);
    expect((await client.kmeans(points, { k: 2, ...cpu })).k).toBe(2);
  });
});

describe('a signal', () => {
  it('rejects with the reason of the caller', async () => {
    const controller = new AbortController();
    const reason = { told: 'enough' };
    const told: number[] = [];
    const fit = client.kmeans(points, {
      ...long,
      nInit: 1e6,
      signal: controller.signal,
      onIteration({ iteration }) {
        told.push(iteration);
        if (told.length === 3) controller.abort(reason);
      },
    });
    await expect(fit).rejects.toBe(reason);
    expect((await client.kmeans(points, { k: 2, ...cpu })).k).toBe(2);
    expect(told).toHaveLength(3);
  });

  it('that is aborted already, or while the worker starts', async () => {
    const reason = new Error('enough');
    await expect(client.kmeans(points, { k: 2, signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const own = createWorkerClient();
    const controller = new AbortController();
    const given = Float32Array.from(data);
    const fit = own.kmeans({ data: given, shape: [N, D] }, { k: 2, signal: controller.signal, transfer: true });
    controller.abort(reason);
    await expect(fit).rejects.toBe(reason);
    expect((await own.kmeans(points, { k: 2 })).k).toBe(2);
    // What was not sent is the caller's still.
    expect(given).toEqual(data);
    own.destroy();
  });

  it('leaves no points of an upload behind', async () => {
    const sent: { type: string; call: number; dataset?: number }[] = [];
    const postMessage = (message: (typeof sent)[number]) => void sent.push(message);
    const worker = Object.assign(new EventEmitter(), { ref() {}, unref() {}, terminate() {}, postMessage });
    const own = createWorkerClient({ worker: worker as never });
    const controller = new AbortController();
    const upload = expect(own.upload(points, { signal: controller.signal })).rejects.toBe('enough');
    await vi.waitFor(() => expect(sent.map(({ type }) => type)).toEqual(['serve', 'call']));
    controller.abort('enough');
    await upload;
    // The worker was done before it heard of it.
    worker.emit('message', { call: sent[1].call, value: { dataset: 7 } });
    expect(sent.slice(2)).toEqual([
      { type: 'abort', call: sent[1].call },
      { type: 'release', dataset: 7 },
    ]);
    own.destroy();
  });

  it('ends what the worker does', async () => {
    const worker = new Worker(script, { eval: true, execArgv: [] });
    const own = createWorkerClient({ worker });
    const controller = new AbortController();
    const fit = expect(own.kmeans(points, { k: 3, nInit: 1e7, ...cpu, signal: controller.signal })).rejects.toThrow();
    const busy = async () => {
      const before = worker.performance.eventLoopUtilization();
      await new Promise((resolve) => setTimeout(resolve, 100));
      return worker.performance.eventLoopUtilization(before).utilization;
    };
    // It would take minutes.
    await vi.waitFor(async () => expect(await busy()).toBeGreaterThan(0.9), { timeout: 60_000 });
    controller.abort();
    await fit;
    await vi.waitFor(async () => expect(await busy()).toBeLessThan(0.1), { timeout: 20_000 });
    own.destroy();
  });
});

describe('memory', () => {
  it('is copied at the call', async () => {
    const given = Float64Array.from(data);
    const sampleWeight = new Float32Array(N).fill(1);
    const init = [rows[0].slice(), rows[1].slice()];
    const fit = client.kmeans({ data: given, shape: [N, D] }, { k: 2, init, sampleWeight, ...cpu });
    given.fill(7);
    sampleWeight.fill(0);
    init[0].fill(0);
    expect(await fit).toEqual(await kmeans(points, { k: 2, init: rows.slice(0, 2), ...cpu }));
    expect(given.every((value) => value === 7)).toBe(true);
  });

  it('is given away by transfer, of a matrix and of columns', async () => {
    const expected = await kmeans(points, { k: 3, ...cpu });
    const given = Float32Array.from(data);
    expect(await client.kmeans({ data: given, shape: [N, D] }, { k: 3, transfer: true, ...cpu })).toEqual(expected);
    expect(given).toHaveLength(0);
    const ofColumns = columns.map((column) => column.slice());
    expect(await client.kmeans({ columns: ofColumns }, { k: 3, transfer: true, ...cpu })).toEqual(expected);
    expect(ofColumns.map(({ length }) => length)).toEqual([0, 0, 0]);
    const given2 = Float32Array.from(data);
    (await client.upload({ data: given2, shape: [N, D] }, { transfer: true })).destroy();
    expect(given2).toHaveLength(0);
  });

  it('that is shared stays', async () => {
    const shared = new Float32Array(new SharedArrayBuffer(4 * N * D));
    shared.set(data);
    const given = { data: shared, shape: [N, D] } as const;
    for (const transfer of [false, true]) {
      expect(await client.kmeans(given, { k: 3, transfer, ...cpu })).toEqual(await kmeans(points, { k: 3, ...cpu }));
    }
    expect(shared).toHaveLength(N * D);
  });

  it('of many points is copied in turns', async () => {
    const n = 2 ** 19;
    const slow = { length: n, get: (i: number) => Math.hypot(i % 17, i % 5) };
    let turns = 0;
    const count = () => {
      turns++;
      immediate = setImmediate(count);
    };
    let immediate = setImmediate(count);
    // Wrong at the very end, so that no worker has a part in it.
    const last = { length: n, get: (i: number) => (i === n - 1 ? null : i) };
    const columns = [...Array(40).fill(slow), last];
    await expect(client.kmeans({ columns }, { k: 2 })).rejects.toThrow(`columns[40][${n - 1}] is null`);
    clearImmediate(immediate);
    // Twenty million values take a hundred milliseconds at least.
    expect(turns).toBeGreaterThan(2);
  });
});

describe('a worker that is not there', () => {
  const gone = async (own: WorkerClient, message: RegExp) => {
    await expect(own.kmeans(points, { k: 2 })).rejects.toThrow(message);
    await expect(own.upload(points)).rejects.toThrow(message);
  };

  it('as its url is wrong', async () => {
    const own = createWorkerClient({ url: new URL('./nothing.js', import.meta.url) });
    await gone(own, /the worker of the client is gone: .*nothing\.js/);
  });

  it('as its script fails', () => gone(createWorkerClient({ worker: inline('throw new Error("broken")') }), /broken/));

  it('as it ends', async () => {
    const worker = inline(script);
    const own = createWorkerClient({ worker });
    const model = await own.kmeans(points, { k: 2, ...cpu });
    const pending = expect(own.kmeans(points, { ...long, onIteration: () => void worker.terminate() })).rejects.toThrow(
      /ended with code/,
    );
    await pending;
    await expect(model.predict(points)).rejects.toThrow(/ended with code/);
  });

  it('as it runs another script, which says nothing', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const worker = inline('setInterval(() => undefined, 1e6)');
    const own = createWorkerClient({ worker });
    const pending = expect(own.kmeans(points, { k: 2 })).rejects.toThrow(/runs another script/);
    await vi.waitFor(() => expect(vi.getTimerCount()).toBe(1));
    vi.runAllTimers();
    vi.useRealTimers();
    await pending;
  });

  it('as the client was destroyed', async () => {
    const own = createWorkerClient();
    const starting = expect(own.kmeans(points, { k: 2 })).rejects.toThrow(new TypeError('the client was destroyed'));
    own.destroy();
    own.destroy();
    await starting;
    await gone(own, /the client was destroyed/);
    const running = createWorkerClient();
    let dataset: ClientDataset | undefined;
    const fit = (async () => {
      dataset = await running.upload(points);
      return running.kmeans(dataset, { ...long, onIteration: () => running.destroy() });
    })();
    await expect(fit).rejects.toThrow(new TypeError('the client was destroyed'));
    dataset!.destroy();
  });

  const inline = (text: string) => new Worker(text, { eval: true, execArgv: [] });
});
