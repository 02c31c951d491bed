/** The caller's array: read as it says, checked as it is copied, and never read as something else later. */
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { engineOf } from '../../src/api/create-engine.ts';
import { createCpuEngine } from '../../src/cpu/engine.ts';
import type { ClusteringEngine, EngineDataset } from '../../src/engine/contract.ts';
import {
  createEngine,
  DeviceLostError,
  type Engine,
  GaussianMixtureModel,
  gaussianMixture,
  KMeansModel,
  kmeans,
  type PointsInput,
  silhouetteScore,
} from '../../src/index.ts';
import { COVARIANCE_TYPES } from '../../src/mixture/forms/names.ts';
import { EngineSet } from '../../src/placement.ts';
import { kmeansSync } from '../../src/sync.ts';
import { shareOf } from '../scope.ts';

const cpu = await createEngine({ backend: 'cpu', threads: 1 });
afterAll(() => cpu.destroy());
afterEach(() => {
  vi.restoreAllMocks();
});

/** What the promise rejects with. */
async function reasonOf(promise: Promise<unknown>): Promise<Error> {
  const outcome = await promise.then(
    () => new Error('did not reject'),
    (reason: Error) => reason,
  );
  return outcome;
}

async function expectError(promise: Promise<unknown>, kind: new (message?: string) => Error, message: RegExp) {
  const reason = await reasonOf(promise);
  expect(reason.message).toMatch(message);
  // A RangeError is no TypeError, nor the other way round: the names tell them apart.
  expect(reason.name).toBe(kind.name);
}

const transfer = (data: Float32Array | Float64Array) =>
  structuredClone(data.buffer as ArrayBuffer, { transfer: [data.buffer as ArrayBuffer] });

describe('a device that is lost behind the upload', () => {
  const n = 40_000;
  const make = () => Float32Array.from({ length: 2 * n }, (_, i) => ((i >> 1) % 3) * 4 + (i % 7) / 10);
  const fit = {
    k: 3,
    init: [
      [0, 0],
      [4, 4],
      [8, 8],
    ],
  } as const;

  /** An `'auto'` engine whose GPU is a CPU, and how to lose it. */
  function losable(): { engine: Engine; lose(): void } {
    let lost = false;
    const losable = <T extends object>(target: T): T =>
      new Proxy(target, {
        get(target, key: keyof T & string) {
          if (key === 'backend') return 'webgpu';
          if (key === 'lost') return lost;
          const member = target[key];
          if (typeof member !== 'function') return member;
          const call = member.bind(target) as (...args: never[]) => unknown;
          if (key === 'destroy') return call;
          return (...args: never[]) => {
            if (key === 'bound') return losable(call(...args) as EngineDataset);
            if (lost) throw new DeviceLostError('the GPU device was lost');
            return call(...args);
          };
        },
      });
    const cpu = createCpuEngine({ threads: 1 });
    const gpu = losable<ClusteringEngine>({
      ...cpu,
      upload: async (points, options) => losable(await cpu.upload(points, options)),
    });
    const engine = engineOf(new EngineSet('auto', createCpuEngine({ threads: 1 }), gpu));
    return {
      engine,
      lose() {
        lost = true;
      },
    };
  }

  it('goes on on the CPU where the array is as it was', async () => {
    const { engine, lose } = losable();
    const dataset = await engine.upload({ data: make(), shape: [n, 2] });
    expect([dataset.backend, dataset.reason]).toEqual(['webgpu', 'hardware']);
    const before = await engine.kmeans(dataset, fit);
    lose();
    const model = await engine.kmeans(dataset, fit);
    expect([model.backend, model.reason]).toEqual(['cpu', 'device-lost']);
    expect([dataset.backend, dataset.reason]).toEqual(['cpu', 'device-lost']);
    expect(model.centroids).toEqual(before.centroids);
    expect(model.labels).toEqual(before.labels);
    await engine.destroy();
  });

  const changes: Record<string, (data: Float32Array) => void> = {
    'is used for something else': (data) => data.fill(-100),
    'has the same values in another order': (data) => data.reverse(),
    'has one of its rows twice': (data) => data.copyWithin(0, 2, 4),
    'has one value changed in its last bit': (data) => {
      new Uint32Array(data.buffer)[2 * n - 5] ^= 1;
    },
    'was transferred': transfer,
  };
  for (const [what, change] of Object.entries(changes)) {
    it(`rejects where the array ${what}`, async () => {
      const { engine, lose } = losable();
      const data = make();
      const dataset = await engine.upload({ data, shape: [n, 2] });
      change(data);
      lose();
      await expectError(engine.kmeans(dataset, fit), DeviceLostError, /array/);
      await expectError(engine.gaussianMixture(dataset, { k: 2 }), DeviceLostError, /array/);
      await engine.destroy();
    });
  }

  it('rejects where one of the rows changed', async () => {
    const { engine, lose } = losable();
    const data = make();
    const rows = Array.from({ length: n }, (_, i) => data.slice(2 * i, 2 * i + 2));
    const dataset = await engine.upload(rows);
    [rows[17], rows[18]] = [rows[18], rows[17]];
    lose();
    await expectError(engine.kmeans(dataset, fit), DeviceLostError, /array/);
    await engine.destroy();
  });

  it('is refused where all of it changed behind the call, of which only a sample was read', async () => {
    const { engine } = losable();
    const data = Float32Array.from({ length: 2 ** 19 }, (_, i) => i % 7);
    const uploading = engine.upload({ data, shape: [2 ** 18, 2] });
    data.fill(3);
    await expectError(uploading, TypeError, /^points changed during the upload/);
    await engine.destroy();
  });

  it('keeps the weights that were given', async () => {
    const { engine, lose } = losable();
    const sampleWeight = Float32Array.from({ length: n }, (_, i) => 1 + (i % 4));
    const dataset = await engine.upload({ data: make(), shape: [n, 2] }, { sampleWeight });
    const { counts } = await engine.kmeans(dataset, fit);
    sampleWeight.fill(7);
    lose();
    expect((await engine.kmeans(dataset, fit)).counts).toEqual(counts);
    await engine.destroy();
  });
});

describe('an array that changes while it is copied', () => {
  const n = 2 ** 20;
  // Float64, which is read before it is copied.
  const make = () => Float64Array.from({ length: n }, (_, i) => (i % 3) * 4 + (i % 5) / 8);
  const fit = { k: 3, init: [[0], [4], [8]] };

  // A turn, behind which the clock of the turns does not go by the time of the test before.
  beforeEach(() => new Promise((resolve) => setImmediate(() => setImmediate(resolve))));

  /** Looks at the clock that the first reading takes: where it begins, for a sample and what is usual in it, for each block. */
  const READING = 4 + n / 2 ** 13;

  /** Looks at the clock find so much time gone that each of them lets other work in; the first ones find none. */
  function hurry(after = 0): void {
    let now = performance.now();
    let looks = 0;
    vi.spyOn(performance, 'now').mockImplementation(() => (looks++ < after ? now : (now += 1000)));
  }

  const engines: Record<string, () => Engine> = {
    'on the calling thread': () => engineOf(new EngineSet('cpu', createCpuEngine({ threads: 1 }), null)),
    'on workers': () => engineOf(new EngineSet('cpu', createCpuEngine({ threads: 2, valuesOfThread: 1 }), null)),
    'on workers with memories of their own': () =>
      engineOf(new EngineSet('cpu', createCpuEngine({ threads: 2, valuesOfThread: 1, shared: false }), null)),
  };
  const changes: Record<string, (data: Float32Array | Float64Array) => void> = {
    'was transferred': transfer,
    'has a NaN': (data) => data.fill(NaN, n - 3, n - 2),
    'has an infinity': (data) => data.fill(Infinity, n - 1),
    'has a value beyond those that were there': (data) => data.fill(8.75, n - 1),
    'has a value below those that were there': (data) => data.fill(-1e-30, n - 7, n - 6),
  };
  describe.each(Object.entries(engines))('%s', (_, create) => {
    for (const [what, change] of Object.entries(changes)) {
      it(`is refused where it ${what}`, async () => {
        const engine = create();
        const data = make();
        hurry(READING);
        setImmediate(() => change(data));
        await expectError(engine.upload({ data, shape: [n, 1] }), TypeError, /^points changed during the upload/);
        vi.restoreAllMocks();
        await engine.destroy();
      });

      it(`is refused, or taken as it then is, where it ${what} before all of it was read`, async () => {
        const engine = create();
        const data = make();
        hurry();
        setImmediate(() => change(data));
        const outcome = await engine.upload({ data, shape: [n, 1] }).catch((error: Error) => error);
        vi.restoreAllMocks();
        if (outcome instanceof Error)
          expect(outcome.message).toMatch(/^points(\.data(\[\d+\] must be finite| is detached)| changed)/);
        else {
          const { counts, centroids } = await cpu.kmeans({ data, shape: [n, 1] }, fit);
          const model = await engine.kmeans(outcome, fit);
          expect(model.counts).toEqual(counts);
          expect(Math.abs(model.centroids[2] - centroids[2])).toBeLessThan(1e-6);
        }
        await engine.destroy();
      });
    }

    it('is taken as it was copied where nothing tells that it changed', async () => {
      const engine = create();
      const data = make();
      hurry(READING);
      setImmediate(() => data.fill(4, n / 2));
      const dataset = await engine.upload({ data, shape: [n, 1] });
      vi.restoreAllMocks();
      const model = await engine.kmeans(dataset, fit);
      const expected = await cpu.kmeans({ data, shape: [n, 1] }, fit);
      expect(model.counts).toEqual(expected.counts);
      expect(Math.abs(model.inertia / expected.inertia - 1)).toBeLessThan(1e-6);
      await engine.destroy();
    });
  });

  describe.each(Object.entries(engines))('of float32, which is copied as it is, %s', (_, create) => {
    const makeFloats = () => Float32Array.from(make());

    for (const [what, change] of Object.entries({
      ...changes,
      'has other values': (data: Float32Array | Float64Array) => data.fill(1),
    })) {
      for (const looks of shareOf([0, 20, 200], 2)) {
        it(`is refused, or taken as it then is, where it ${what} behind look ${looks}`, async () => {
          const engine = create();
          const data = makeFloats();
          hurry(looks);
          setImmediate(() => change(data));
          const outcome = await engine.upload({ data, shape: [n, 1] }).catch((error: Error) => error);
          vi.restoreAllMocks();
          if (outcome instanceof Error) {
            expect(outcome.message).toMatch(
              /^points(\.data\[\d+\] must be finite, got (NaN|Infinity)$|\.data is detached| changed during)/,
            );
            expect(outcome.name).toBe(/finite/.test(outcome.message) ? 'RangeError' : 'TypeError');
          } else {
            // One value is no matter; all of them would be.
            const { counts } = await cpu.kmeans({ data: make(), shape: [n, 1] }, fit);
            const of = (await engine.kmeans(outcome, fit)).counts;
            of.forEach((count, c) => {
              expect(Math.abs(count - counts[c])).toBeLessThan(2);
            });
          }
          await engine.destroy();
        });
      }
    }

    it('is refused where all of it changed behind the call', async () => {
      const engine = create();
      const data = makeFloats();
      const uploading = engine.upload({ data, shape: [n, 1] });
      data.fill(NaN);
      await expectError(uploading, TypeError, /^points changed during the upload/);
      await engine.destroy();
    });
  });

  it.each(['kmeans', 'upload'] as const)(
    '%s lets other work in while it first reads, and hears an abort',
    async (call) => {
      const read = (signal = new AbortController().signal) =>
        call === 'upload'
          ? cpu.upload({ data: make(), shape: [n, 1] }, { signal })
          : kmeans({ data: make(), shape: [n, 1] }, { ...fit, backend: 'cpu', maxIterations: 1, signal });
      hurry();
      let turns = 0;
      const timer = setInterval(() => turns++, 0);
      const reading = read();
      for (let i = 0; i < READING / 2; i++) await new Promise(setImmediate);
      expect(await Promise.race([reading, 'reading'])).toBe('reading');
      await reading;
      clearInterval(timer);
      expect(turns).toBeGreaterThan(1);
      const controller = new AbortController();
      const aborted = read(controller.signal);
      setImmediate(() => controller.abort(new Error('enough')));
      await expect(aborted).rejects.toThrow('enough');
      vi.restoreAllMocks();
    },
  );

  it('is taken as it was at the call where it is small', async () => {
    const rows = Array.from({ length: 60 }, (_, i) => [(i % 3) * 4 + (i % 5) / 8]);
    const expected = await kmeans(rows, { ...fit, backend: 'cpu' });
    const fitting = kmeans(rows, { ...fit, backend: 'cpu' });
    rows[7][0] = NaN;
    rows.length = 50;
    expect((await fitting).toJSON()).toEqual(expected.toJSON());
  });

  it('is taken as it was where all of it was copied before', async () => {
    const data = make();
    const dataset = await cpu.upload({ data, shape: [n, 1] });
    const before = await cpu.kmeans(dataset, fit);
    transfer(data);
    expect((await cpu.kmeans(dataset, fit)).toJSON()).toEqual(before.toJSON());
    dataset.destroy();
  });

  it('keeps the weights that were given', async () => {
    const sampleWeight = Float32Array.from({ length: n }, (_, i) => i % 2);
    hurry();
    setImmediate(() => sampleWeight.fill(NaN));
    const dataset = await cpu.upload({ data: make(), shape: [n, 1] }, { sampleWeight });
    vi.restoreAllMocks();
    const { counts } = await cpu.kmeans(dataset, fit);
    expect(counts.reduce((sum, count) => sum + count)).toBe(n / 2);
    dataset.destroy();
  });

  it.each([NaN, 1e9, undefined, '5'])('rows that give %s at some later reading', async (later) => {
    const plain = Array.from({ length: 30 }, (_, i) => [(i % 3) * 4 + (i % 5) / 8]);
    const changed = plain.map((row, i) => (i === 13 ? [Number(later)] : row));
    const fits = [plain, ...(later === 1e9 ? [changed] : [])].map((rows) => cpu.kmeans(rows, fit));
    const allowed = (await Promise.all(fits)).map(({ centroids }) => centroids.join());
    for (let readings = 1; readings < 12; readings++) {
      let left = readings;
      const row = {
        length: 1,
        get 0() {
          return left-- > 0 ? plain[13][0] : (later as number);
        },
      };
      const rows = plain.map((other, i) => (i === 13 ? (row as never) : other));
      const outcome = await cpu.kmeans(rows, fit).catch((error: Error) => error);
      // Seen before it was copied, or read less often than that; else refused.
      if (outcome instanceof KMeansModel) expect(allowed).toContain(outcome.centroids.join());
      else expect(outcome.message).toMatch(/^points(\[13\]\[0\] must be| changed during the upload)/);
    }
  });
});

describe('arrays of other libraries', () => {
  const rows = [
    [0, 0],
    [0, 1],
    [1, 0],
    [100, 50],
    [101, 50],
    [100, 51],
  ];
  const rowMajor = Float32Array.from(rows.flat());
  const columnMajor = Float32Array.from([...rows.map((row) => row[0]), ...rows.map((row) => row[1])]);
  const backwards = rowMajor.slice().reverse();
  const framed = Float64Array.from({ length: 8 * 4 }, (_, at) => rows[(at >> 2) - 1]?.[(at & 3) - 1] ?? NaN);
  const options = {
    k: 2,
    init: [
      [0, 0],
      [100, 50],
    ],
  };

  /** As the package ndarray has them: getters, and an order that is not NumPy's. */
  class NdArray {
    readonly data: Float32Array | Float64Array;
    readonly #shape: number[];
    readonly stride: readonly number[];
    readonly offset: number;

    constructor(data: Float32Array | Float64Array, shape: number[], stride: readonly number[], offset = 0) {
      this.data = data;
      this.#shape = shape;
      this.stride = stride;
      this.offset = offset;
    }

    get shape() {
      return this.#shape;
    }
    get order() {
      return Math.abs(this.stride[0]) > Math.abs(this.stride[1]) ? [1, 0] : [0, 1];
    }
    get dimension() {
      return 2;
    }
  }

  const same: Record<string, unknown> = {
    'npyjs, C order': { data: rowMajor, shape: [6, 2], dtype: 'float32', fortranOrder: false },
    'npyjs, Fortran order': { data: columnMajor, shape: [6, 2], dtype: 'float32', fortranOrder: true },
    'order C': { data: rowMajor, shape: [6, 2], order: 'C' },
    'order F': { data: columnMajor, shape: [6, 2], order: 'F' },
    'zarrita, C order': { data: rowMajor, shape: [6, 2], stride: [2, 1] },
    'zarrita, F order': { data: columnMajor, shape: [6, 2], stride: [1, 6] },
    onnxruntime: { data: rowMajor, dims: [6, 2], type: 'float32', size: 12 },
    'strides in the plural': { data: columnMajor, shape: [6, 2], strides: [1, 6] },
    'strides in a typed array': { data: columnMajor, shape: [6, 2], strides: Int32Array.of(1, 6) },
    ndarray: new NdArray(rowMajor, [6, 2], [2, 1]),
    'ndarray, transposed': new NdArray(columnMajor, [6, 2], [1, 6]),
    'ndarray, a block of a larger one': new NdArray(framed, [6, 2], [4, 1], 5),
    'ndarray, reversed both ways': new NdArray(backwards, [6, 2], [-2, -1], 11),
    'ndarray, every second column': new NdArray(
      Float64Array.from(rows.flatMap(([a, b]) => [a, NaN, b, NaN])),
      [6, 2],
      [4, 2],
    ),
    'an offset and nothing else': { data: Float32Array.from([9, 9, 9, ...rows.flat()]), shape: [6, 2], offset: 3 },
  };
  for (const [name, points] of Object.entries(same)) {
    it(`${name}: as the rows`, async () => {
      const expected = await cpu.kmeans(rows, options);
      const model = await cpu.kmeans(points as PointsInput, options);
      expect(model).toEqual(expected);
      expect(await expected.predict(points as PointsInput, { backend: 'cpu' })).toEqual(expected.labels);
      const mixture = await cpu.gaussianMixture(points as PointsInput, { k: 2, covarianceType: 'spherical' });
      expect(mixture).toEqual(await cpu.gaussianMixture(rows, { k: 2, covarianceType: 'spherical' }));
    });
  }

  it('steps of nothing: one row over and over', async () => {
    const model = await cpu.kmeans(new NdArray(rowMajor, [5, 2], [0, 1], 6) as unknown as PointsInput, { k: 1 });
    expect([...model.centroids, model.inertia]).toEqual([100, 50, 0]);
  });

  it('centroids and means to start from', async () => {
    const start = { data: Float64Array.of(0, 100, 0, 50), shape: [2, 2], fortranOrder: true } as never;
    expect(await cpu.kmeans(rows, { k: 2, init: start })).toEqual(await cpu.kmeans(rows, options));
    const mixture = { k: 2, covarianceType: 'spherical' } as const;
    expect(await cpu.gaussianMixture(rows, { ...mixture, init: { means: start } })).toEqual(
      await cpu.gaussianMixture(rows, { ...mixture, init: { means: options.init } }),
    );
  });

  const refused: Record<string, readonly [unknown, new (message?: string) => Error, RegExp]> = {
    'steps out of the array': [{ data: columnMajor, shape: [6, 2], stride: [1, 7] }, RangeError, /strides? \[1, 7\]/],
    'steps before the array': [{ data: columnMajor, shape: [6, 2], stride: [-1, 6] }, RangeError, /strides? \[-1, 6\]/],
    'an offset out of the array': [{ data: rowMajor, shape: [6, 2], offset: 1 }, RangeError, /^points\.data has 12/],
    'a negative offset': [{ data: rowMajor, shape: [5, 2], offset: -2 }, RangeError, /^points\.offset/],
    'a fractional offset': [{ data: rowMajor, shape: [5, 2], offset: 1.5 }, RangeError, /^points\.offset/],
    'an offset that is none': [{ data: rowMajor, shape: [5, 2], offset: '2' }, TypeError, /^points\.offset/],
    'fractional strides': [{ data: rowMajor, shape: [6, 2], stride: [1.5, 1] }, TypeError, /^points\.stride/],
    'too few strides': [{ data: rowMajor, shape: [6, 2], stride: [] }, TypeError, /^points\.stride/],
    'too many strides': [{ data: rowMajor, shape: [6, 2], strides: [2, 1, 1] }, TypeError, /^points\.stride/],
    'strides that are none': [{ data: rowMajor, shape: [6, 2], strides: 2 }, TypeError, /^points\.stride/],
    'an order that nobody knows': [{ data: rowMajor, shape: [6, 2], order: 'K' }, TypeError, /^points\.order/],
    'an order of dimensions': [{ data: rowMajor, shape: [6, 2], order: [0, 1] }, TypeError, /^points\.order/],
    'an order that is none': [
      { data: rowMajor, shape: [6, 2], fortranOrder: 'no' },
      TypeError,
      /^points\.fortranOrder/,
    ],
    'three dimensions': [{ data: rowMajor, dims: [3, 2, 2] }, TypeError, /^points\.dims/],
    'values behind a method, as tensors have them': [
      { shape: [6, 2], strides: [2], dtype: 'float32', data: async () => rowMajor },
      TypeError,
      /^points\.data/,
    ],
  };
  for (const [name, [points, kind, message]] of Object.entries(refused)) {
    it(`${name}: refused`, () => expectError(cpu.kmeans(points as PointsInput, options), kind, message));
  }
});

describe('numbers beyond 1e150', () => {
  const small = [
    [1, 2],
    [3, 4],
    [5, 7],
  ];
  const flat = (...values: number[]) => ({ data: Float64Array.from(values), shape: [3, 2] as [number, number] });

  for (const value of [5e307, -5e307, 1.0001e150, -Number.MAX_VALUE]) {
    it(`${value} is refused with its index`, async () => {
      const rows = [...small.slice(0, 2), [5, value]];
      const refused = (promise: Promise<unknown>, message: RegExp) => expectError(promise, RangeError, message);
      await refused(cpu.kmeans(rows, { k: 1 }), /^points\[2\]\[1\] /);
      await refused(cpu.kmeans(flat(1, 2, 3, value, 5, 6), { k: 1 }), /^points\.data\[3\] /);
      await refused(cpu.kmeans(rows, { k: 1, metric: 'cosine' }), /^points\[2\]\[1\] /);
      await refused(cpu.kmeans(rows, { k: 1, sampleWeight: Float32Array.of(1, 1, 0) }), /^points\[2\]\[1\] /);
      await refused(cpu.gaussianMixture(rows, { k: 1 }), /^points\[2\]\[1\] /);
      await refused(cpu.kmeans(small, { k: 2, init: [small[0], [value, 1]] }), /^init\[1\]\[0\] /);
      const init = { data: Float64Array.of(1, 2, value, 3), shape: [2, 2] as [number, number] };
      await refused(cpu.kmeans(small, { k: 2, init }), /^init\.data\[2\] /);
      const mixture = { k: 2, covarianceType: 'spherical' } as const;
      await refused(
        cpu.gaussianMixture(small, { ...mixture, init: { means: [[value, 1], small[1]] } }),
        /means\[0\]\[0\] /,
      );
      await refused(cpu.gaussianMixture(small, { ...mixture, init: { means: [1, 2, 3, value] } }), /means\[3\] /);
      expect(() => kmeansSync(rows, { k: 1 })).toThrow(/^points\[2\]\[1\] /);
      const model = await cpu.kmeans(small, { k: 2 });
      await refused(model.predict(rows, { backend: 'cpu' }), /^points\[2\]\[1\] /);
      await refused(model.transform(flat(value, 2, 3, 4, 5, 6), { backend: 'cpu' }), /^points\.data\[0\] /);
      const gaussians = await cpu.gaussianMixture(small, mixture);
      await refused(gaussians.scoreSamples(rows, { backend: 'cpu' }), /^points\[2\]\[1\] /);
    });
  }

  it.each([NaN, Infinity])('%s is refused in a row of weight 0 too', async (value) => {
    const sampleWeight = Float32Array.of(1, 0, 1);
    const rows = [small[0], [0, value], small[2]];
    await expectError(cpu.kmeans(rows, { k: 1, sampleWeight }), RangeError, /^points\[1\]\[1\] /);
    await expectError(cpu.gaussianMixture(rows, { k: 1, sampleWeight }), RangeError, /^points\[1\]\[1\] /);
  });

  it('1e150 is a number like others', async () => {
    const rows = [[-1e150], [-1e150], [1e150], [5e149]];
    const model = await cpu.kmeans(rows, { k: 2, init: [[-1e150], [1e150]] });
    expect(model.centroids[0] / -1e150).toBeCloseTo(1, 6);
    expect(model.centroids[1] / 7.5e149).toBeCloseTo(1, 6);
    expect(model.inertia / 1.25e299).toBeCloseTo(1, 6);
    expect([...model.counts]).toEqual([2, 2]);
  });
});

describe('JSON of what a fit returns can be read', () => {
  const rows = Array.from({ length: 24 }, (_, i) => [(i % 2 ? 1 : -1) * 1e150, ((i * 7) % 5) * 1e149]);
  const heavy = new Float32Array(24).fill(1e38);

  it.each([1, 2, 3])('k-means, %i clusters, where inertia overflows', async (k) => {
    const model = await kmeans(rows, { k, sampleWeight: heavy, backend: 'cpu' });
    const read = KMeansModel.fromJSON(JSON.parse(JSON.stringify(model)));
    // JSON has no Infinity.
    expect(read.inertia).toBe(Math.min(model.inertia, Number.MAX_VALUE));
    expect(read.centroids).toEqual(model.centroids);
    expect(model.centroids.every(Number.isFinite)).toBe(true);
    expect(Number.isNaN(model.inertia)).toBe(false);
    expect(await read.predict(rows, { backend: 'cpu' })).toEqual(model.labels);
    if (k === 1) expect(model.inertia).toBe(Infinity);
    expect(KMeansModel.fromJSON(structuredClone(model.toJSON())).toJSON()).toEqual(model.toJSON());
  });

  it.each(COVARIANCE_TYPES)('a mixture, %s', async (covarianceType) => {
    for (const sampleWeight of [undefined, heavy]) {
      const weights = sampleWeight === undefined ? {} : { sampleWeight };
      const model = await gaussianMixture(rows, { k: 2, covarianceType, ...weights, backend: 'cpu' });
      const read = GaussianMixtureModel.fromJSON(JSON.parse(JSON.stringify(model)));
      expect(read.toJSON()).toEqual(model.toJSON());
      expect(model.means.every(Number.isFinite)).toBe(true);
    }
  });
});

it('wrong options beside wrong points are one error, and none that nobody hears', async () => {
  let now = 0;
  // A turn is due at each look at the clock: the points are still being read when the options are refused.
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => (now += 20));
  const unheard = vi.fn();
  process.on('unhandledRejection', unheard);
  const points = { data: new Float64Array(2 ** 18), shape: [2 ** 16, 4] };
  points.data[2 ** 18 - 1] = Number.NaN;
  const wrong = { backend: 'gpu' as 'cpu' };
  const model = await kmeans(
    [
      [0, 0, 0, 0],
      [1, 1, 1, 1],
    ],
    { k: 2, backend: 'cpu' },
  );
  const calls = [
    kmeans(points, { k: 2, ...wrong }),
    model.predict(points, wrong),
    silhouetteScore(points, new Uint8Array(2 ** 16), wrong),
  ];
  const outcomes = await Promise.allSettled(calls);
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
  for (let turn = 0; turn < 500; turn++) await new Promise((resolve) => setImmediate(resolve));
  expect(unheard).not.toHaveBeenCalled();
  process.off('unhandledRejection', unheard);
  clock.mockRestore();
});
