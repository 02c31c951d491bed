import { describe, expect, it } from 'vitest';
import {
  createEngine,
  KMeansModel,
  kmeans,
  type MethodOptions,
  type PointsInput,
  WebGPUUnavailableError,
} from '../../src/index.ts';

/** What transferring leaves of an array. */
function detached(length: number): Float64Array {
  const array = new Float64Array(length);
  structuredClone(array.buffer, { transfer: [array.buffer] });
  return array;
}

/** As apache-arrow has columns: values are behind methods. */
function arrowVector(values: readonly unknown[]): object {
  return { data: [{}], length: values.length, get: (i: number) => values[i], toArray: () => [...values] };
}

const points = [
  [0, 0],
  [1, 0],
  [0, 5],
  [1, 5],
];

type Kind = typeof TypeError | typeof RangeError;
type Row = readonly [what: string, given: unknown, kind: Kind, message: RegExp];

/** What a caller without types might pass. */
const cluster = (given: unknown, options: unknown) => kmeans(given as never, options as never);

async function expectError(promise: Promise<unknown>, kind: Kind, message: RegExp): Promise<void> {
  const error = await promise.then(
    () => 'nothing',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(kind);
  // A RangeError is no TypeError, nor the other way round: the names tell them apart.
  expect((error as Error).name).toBe(kind.name);
  expect((error as Error).message).toMatch(message);
}

function table(name: string, rows: readonly Row[], call: (given: unknown) => Promise<unknown>): void {
  describe(name, () => {
    for (const [what, given, kind, message] of rows) {
      it(what, () => expectError(call(given), kind, message));
    }
  });
}

const flat = (values: readonly number[], shape: unknown) => ({ data: Float64Array.from(values), shape });

table(
  'points',
  [
    ['nothing', undefined, TypeError, /^points must be/],
    ['null', null, TypeError, /^points must be/],
    ['a string', 'points', TypeError, /^points must be/],
    ['an object of something else', { n: 4 }, TypeError, /^points must be/],
    ['columns that are none', { columns: 3 }, TypeError, /^points\.columns must be an array of columns, got 3/],
    ['no columns', { columns: [] }, RangeError, /^points\.columns must have at least one column/],
    ['columns of nothing', { columns: [[], []] }, RangeError, /^points\.columns\[0\] must have at least one value/],
    ['a column that is none', { columns: [[1, 2], null] }, TypeError, /^points\.columns\[1\] must be .*got null/],
    ['a shorter column', { columns: [[1, 2], [3]] }, RangeError, /^points\.columns\[1\] has 1 values, .*\[0\] has 2/],
    [
      'a null in a column',
      { columns: [[1, 2], arrowVector([3, null])] },
      RangeError,
      /^points\.columns\[1\]\[1\] is null$/,
    ],
    ['a string in a column', { columns: [[1, '2']] }, TypeError, /^points\.columns\[0\]\[1\] must be a number/],
    ['a NaN in a column', { columns: [[1, NaN]] }, RangeError, /^points\.columns\[0\]\[1\] .*NaN/],
    ['a bigint beyond float64', { columns: [[1n, 10n ** 400n]] }, RangeError, /^points\.columns\[0\]\[1\] .*Infinity/],
    ['numbers without a shape', [1, 2, 3, 4], TypeError, /^points.*shape/],
    ['a typed array without a shape', new Float32Array(4), TypeError, /^points.*shape/],
    ['no rows', [], RangeError, /^points .*one row/],
    ['rows of nothing', [[], []], RangeError, /^points\[0\] /],
    ['a ragged row', [[1, 2], [3, 4], [5], [6]], RangeError, /^points\[2\] has 1 /],
    [
      'a longer row',
      [
        [1, 2],
        [3, 4, 5],
      ],
      RangeError,
      /^points\[1\] has 3 /,
    ],
    ['a row that is none', [[1, 2], null, 3], TypeError, /^points\[1\] /],
    [
      'a NaN',
      [
        [1, 2],
        [3, NaN],
        [NaN, 4],
      ],
      RangeError,
      /^points\[1\]\[1\] .*NaN/,
    ],
    [
      'an infinity',
      [
        [1, 2],
        [Infinity, 4],
      ],
      RangeError,
      /^points\[1\]\[0\] .*Infinity/,
    ],
    [
      'a negative infinity',
      [
        [1, -Infinity],
        [3, 4],
      ],
      RangeError,
      /^points\[0\]\[1\] .*-Infinity/,
    ],
    [
      'a string in a row',
      [
        [1, 2],
        [3, '4'],
      ],
      TypeError,
      /^points\[1\]\[1\] /,
    ],
    [
      'a hole in a row',
      [
        [1, 2],
        [3, undefined],
      ],
      TypeError,
      /^points\[1\]\[1\] must be a number, got nothing: a hole/,
    ],
    ['a hole where a row is', Object.assign(new Array(3), [[1, 2]]), TypeError, /^points\[1\] .*got undefined$/],
    ['a big integer in a row', [[1n, 2n]], TypeError, /^points\[0\]\[0\] .*got the bigint 1$/],
    ['a fractional length', { length: 1.5, 0: [1], 1: [2] }, TypeError, /^points\.length .*got 1\.5$/],
    ['a negative length', { length: -1 }, TypeError, /^points\.length .*got -1$/],
    ['an infinite length', { length: Infinity, 0: [1] }, TypeError, /^points\.length .*got Infinity$/],
    ['a row of a fractional length', [{ length: 1.5, 0: 1 }], TypeError, /^points\[0\]\.length .*got 1\.5$/],
    ['a row of a negative length', [[1], { length: -1 }], TypeError, /^points\[1\]\.length .*got -1$/],
    ['a detached row', [[1], detached(1)], TypeError, /^points\[1\] is detached/],
    ['detached data', { data: detached(4), shape: [2, 2] }, TypeError, /^points\.data is detached/],
    ['an Arrow vector', arrowVector([[1], [2]]), TypeError, /^points is an Arrow vector: .*toArray\(\)/],
    [
      'an Arrow table',
      { numRows: 2, get: () => 0, toArray: () => [] },
      TypeError,
      /^points is an Arrow table: pass \{ columns: \[table\.getChild\(name\), …\] \} or \{ data, shape/,
    ],
    ['rows that are Arrow vectors', [arrowVector([1, 2])], TypeError, /^points\[0\] is an Arrow vector: .*toArray/],
    ['a JSON model', { type: 'KMeansModel', k: 1 }, TypeError, /^points must be .*got { type, k }$/],
    ['data that is an array', { data: [1, 2], shape: [1, 2] }, TypeError, /^points\.data /],
    ['data that is a buffer', { data: new ArrayBuffer(8), shape: [1, 2] }, TypeError, /^points\.data /],
    ['data that is a view', { data: new DataView(new ArrayBuffer(8)), shape: [1, 2] }, TypeError, /^points\.data /],
    ['rows of big integers', [BigInt64Array.of(1n, 2n)], TypeError, /^points\[0\]\[0\] .*got the bigint 1$/],
    ['no shape', { data: new Float32Array(2) }, TypeError, /^points\.shape /],
    ['a shape of three', flat([1, 2], [1, 2, 1]), TypeError, /^points\.shape must be \[n, d\], got \[1, 2, 1\]$/],
    ['dims of one', { data: new Float32Array(2), dims: [2] }, TypeError, /^points\.dims must be \[n, d\], got \[2\]$/],
    ['a shape of strings', flat([1, 2], ['1', 2]), TypeError, /^points\.shape: n /],
    ['a fractional shape', flat([1, 2], [1, 2.5]), RangeError, /^points\.shape: d .*2\.5/],
    ['n = 0', flat([], [0, 2]), RangeError, /^points\.shape: n .*0/],
    ['d = 0', flat([], [2, 0]), RangeError, /^points\.shape: d .*0/],
    ['a negative shape', flat([1, 2], [-1, -2]), RangeError, /^points\.shape: n .*-1/],
    ['too few values', flat([1, 2, 3], [2, 2]), RangeError, /^points\.data has 3 .*4/],
    ['too many values', flat([1, 2, 3, 4, 5], [2, 2]), RangeError, /^points\.data has 5 .*4/],
    ['a NaN in the data', flat([1, 2, 3, NaN, NaN], [5, 1]), RangeError, /^points\.data\[3\] .*NaN/],
    ['an infinity in the data', flat([1, -Infinity], [1, 2]), RangeError, /^points\.data\[1\] .*-Infinity/],
    ['an object for a GPUBuffer', { buffer: {}, shape: [1, 2] }, TypeError, /^points\.buffer /],
    ['null for a GPUBuffer', { buffer: null, shape: [1, 2] }, TypeError, /^points\.buffer /],
  ],
  (given) => cluster(given, { k: 1, backend: 'cpu' }),
);

table(
  'k',
  [
    ['nothing', undefined, TypeError, /^k /],
    ['a string', '2', TypeError, /^k .*string/],
    ['zero', 0, RangeError, /^k .*0/],
    ['negative', -1, RangeError, /^k .*-1/],
    ['a fraction', 2.5, RangeError, /^k .*2\.5/],
    ['NaN', NaN, RangeError, /^k .*NaN/],
    ['infinite', Infinity, RangeError, /^k .*Infinity/],
    ['more than the points', 5, RangeError, /^k is 5, .*4 points/],
  ],
  (k) => cluster(points, { k, backend: 'cpu' }),
);

it('k over the number of points of positive weight', async () => {
  const sampleWeight = Float32Array.of(1, 0, 2, 0);
  await expectError(
    kmeans(points, { k: 3, sampleWeight, backend: 'cpu' }),
    RangeError,
    /^k is 3, .*2 points of positive/,
  );
});

table(
  'sampleWeight',
  [
    ['a number', 1, TypeError, /^sampleWeight must be an array of numbers, got 1$/],
    ['null', null, TypeError, /^sampleWeight must be an array of numbers, got null$/],
    ['an array with a string', [1, '1', 1, 1], TypeError, /^sampleWeight\[1\] must be a number, got the string '1'$/],
    ['an array with a hole', Object.assign(new Array(4), [1, 1]), TypeError, /^sampleWeight\[2\] .*hole/],
    ['a negative big integer', BigInt64Array.of(1n, -1n, 1n, 1n), RangeError, /^sampleWeight\[1\] .*got -1$/],
    ['beyond float32', Float64Array.of(1, 1, 1, 1e39), RangeError, /^sampleWeight\[3\] is beyond float32, got 1e\+39$/],
    ['detached', detached(4), TypeError, /^sampleWeight is detached/],
    ['too short', new Float32Array(3).fill(1), RangeError, /^sampleWeight has 3 .*4/],
    ['too long', new Float32Array(5).fill(1), RangeError, /^sampleWeight has 5 .*4/],
    ['negative', Float32Array.of(1, 1, -1, -2), RangeError, /^sampleWeight\[2\] .*-1/],
    ['NaN', Float32Array.of(1, NaN, 1, -2), RangeError, /^sampleWeight\[1\] .*NaN/],
    ['infinite', Float32Array.of(1, 1, 1, Infinity), RangeError, /^sampleWeight\[3\] .*Infinity/],
    ['all zero', new Float32Array(4), RangeError, /^sampleWeight .*positive/],
  ],
  (sampleWeight) => cluster(points, { k: 2, sampleWeight, backend: 'cpu' }),
);

table(
  'init',
  [
    ['a word that is none of them', 'kmeans', RangeError, /^init .*'kmeans'/],
    ['a number', 3, TypeError, /^init must be a method, .*got 3$/],
    ['a function', () => 0, TypeError, /^init must be a method, .*got a function$/],
    ['something else', { centers: [[1, 2]] }, TypeError, /^init must be a method, .*got { centers }$/],
    ['the JSON of a model', { type: 'KMeansModel', k: 2 }, TypeError, /^init .*KMeansModel\.fromJSON\(init\)$/],
    ['too few centroids', [[1, 2]], RangeError, /^init has 1 centroids, k is 2/],
    [
      'too many centroids',
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      RangeError,
      /^init has 3 centroids, k is 2/,
    ],
    ['too few features', [[1], [2]], RangeError, /^init has 1 features, .*2/],
    [
      'too many features',
      [
        [1, 2, 3],
        [4, 5, 6],
      ],
      RangeError,
      /^init has 3 features, .*2/,
    ],
    ['a ragged row', [[1, 2], [3]], RangeError, /^init\[1\] /],
    [
      'a NaN',
      [
        [1, 2],
        [3, NaN],
      ],
      RangeError,
      /^init\[1\]\[1\] /,
    ],
    ['an infinity in the data', flat([1, 2, Infinity, 4], [2, 2]), RangeError, /^init\.data\[2\] /],
    ['a wrong shape', flat([1, 2, 3], [2, 2]), RangeError, /^init\.data has 3 .*4/],
    ['a GPUBuffer', { buffer: { size: 16, usage: 128 }, shape: [2, 2] }, TypeError, /^init .*GPUBuffer/],
  ],
  (init) => cluster(points, { k: 2, init, backend: 'cpu' }),
);

it('init: a model of other clusters or other features', async () => {
  const model = await kmeans(points, { k: 3, backend: 'cpu' });
  await expectError(kmeans(points, { k: 2, init: model, backend: 'cpu' }), RangeError, /^init has 3 centroids, k is 2/);
  const wide = points.map((row) => [...row, 1]);
  await expectError(kmeans(wide, { k: 3, init: model, backend: 'cpu' }), RangeError, /^init has 2 features, .*3/);
});

const optionRows: readonly (readonly [name: string, given: unknown, kind: Kind])[] = [
  ['nInit', 0, RangeError],
  ['nInit', 1.5, RangeError],
  ['nInit', '3', TypeError],
  ['maxIterations', 0, RangeError],
  ['maxIterations', -3, RangeError],
  ['maxIterations', 0.5, RangeError],
  ['maxIterations', NaN, RangeError],
  ['maxIterations', '10', TypeError],
  ['tolerance', -1e-9, RangeError],
  ['tolerance', NaN, RangeError],
  ['tolerance', Infinity, RangeError],
  ['tolerance', '0', TypeError],
  ['seed', -1, RangeError],
  ['seed', 0.5, RangeError],
  ['seed', NaN, RangeError],
  ['seed', 2 ** 53, RangeError],
  ['seed', '7', TypeError],
  ['metric', 'manhattan', RangeError],
  ['metric', 2, TypeError],
  ['backend', 'gpu', RangeError],
  ['backend', 2, TypeError],
  ['device', {}, TypeError],
  ['device', 'gpu', TypeError],
  ['device', null, TypeError],
  ['signal', {}, TypeError],
  ['signal', true, TypeError],
  ['onIteration', 'log', TypeError],
  ['onIteration', {}, TypeError],
];

describe('options', () => {
  for (const [name, given, kind] of optionRows) {
    it(`${name}: ${String(given)} (${typeof given})`, () =>
      expectError(cluster(points, { k: 2, backend: 'cpu', [name]: given }), kind, new RegExp(`^${name} `)));
  }
  it('null', () => expectError(cluster(points, null), TypeError, /^options /));
  it('a number', () => expectError(cluster(points, 2), TypeError, /^options /));
  it('nothing', () => expectError(cluster(points, undefined), TypeError, /^k must be a number, got undefined$/));
  it('an init that is not used is checked too', () =>
    expectError(
      cluster(points, {
        k: 2,
        backend: 'cpu',
        init: [
          [1, 2],
          [3, 4],
        ],
        nInit: 0,
      }),
      RangeError,
      /^nInit /,
    ));
});

describe('the cosine', () => {
  const rows = [
    [1, 0],
    [0, 2],
    [0, 0],
    [0, 0],
  ];
  it('a zero row', () =>
    expectError(kmeans(rows, { k: 1, metric: 'cosine', backend: 'cpu' }), RangeError, /^points\[2\] /));
  it('a zero row of weight zero', () => {
    const sampleWeight = Float32Array.of(1, 1, 0, 1);
    return expectError(
      kmeans(rows, { k: 1, metric: 'cosine', sampleWeight, backend: 'cpu' }),
      RangeError,
      /^points\[2\] /,
    );
  });
  it('a NaN', () =>
    expectError(
      kmeans(
        [
          [1, 0],
          [0, NaN],
        ],
        { k: 1, metric: 'cosine', backend: 'cpu' },
      ),
      RangeError,
      /^points\[1\]\[1\] /,
    ));
  it('a zero centroid', () =>
    expectError(
      kmeans(rows.slice(0, 2), {
        k: 2,
        metric: 'cosine',
        init: [
          [1, 1],
          [0, 0],
        ],
        backend: 'cpu',
      }),
      RangeError,
      /^init\[1\] /,
    ));
  it('no density: sample and bic', async () => {
    const model = await kmeans(rows.slice(0, 2), { k: 1, metric: 'cosine', backend: 'cpu' });
    expect(() => model.sample(3)).toThrow(TypeError);
    await expectError((async () => model.bic(rows.slice(0, 2), { backend: 'cpu' }))(), TypeError, /^bic /);
  });
});

describe('GPU buffers without a GPU', () => {
  const given = { buffer: { size: 32, usage: 128 }, shape: [4, 2] };
  it('on the CPU', () => expectError(cluster(given, { k: 2, backend: 'cpu' }), TypeError, /webgpu/));
  it('without their device', () => expectError(cluster(given, { k: 2 }), TypeError, /device/));
  it('in predict', async () => {
    const model = await kmeans(points, { k: 2, backend: 'cpu' });
    await expectError(model.predict(given as never, { backend: 'cpu' }), TypeError, /webgpu/);
  });
});

describe('engines', () => {
  it('WebGPU where there is none', async () => {
    await expect(kmeans(points, { k: 2, backend: 'webgpu' })).rejects.toBeInstanceOf(WebGPUUnavailableError);
    await expect(createEngine({ backend: 'webgpu' })).rejects.toBeInstanceOf(WebGPUUnavailableError);
    // Not for ever: the next call asks again.
    await expect(kmeans(points, { k: 2, backend: 'webgpu' })).rejects.toThrow(/adapter/);
  });
  it('auto where there is none', async () => {
    const engine = await createEngine();
    expect(engine.backend).toBe('cpu');
    expect((await kmeans(points, { k: 2 })).backend).toBe('cpu');
    await engine.destroy();
  });
  const rows: readonly (readonly [name: string, options: unknown, kind: Kind])[] = [
    ['backend', { backend: 'gpu' }, RangeError],
    ['device', { device: {} }, TypeError],
    ['threads', { threads: 0 }, RangeError],
    ['threads', { threads: '4' }, TypeError],
    ['bindingLimit', { bindingLimit: 0 }, RangeError],
    ['tuning', { tuning: null }, TypeError],
    ['tuning', { tuning: '{"version":1}' }, TypeError],
    ['options', null, TypeError],
  ];
  for (const [name, options, kind] of rows) {
    it(`${name}: ${JSON.stringify(options)}`, () =>
      expectError(createEngine(options as never), kind, new RegExp(`^${name} `)));
  }
  it('upload and kmeans of wrong things', async () => {
    const engine = await createEngine({ backend: 'cpu' });
    await expectError(engine.upload(null as never), TypeError, /^points /);
    await expectError(engine.upload(points, null as never), TypeError, /^options /);
    await expectError(engine.upload(points, { metric: 'manhattan' as never }), RangeError, /^metric /);
    await expectError(engine.upload(points, { signal: 'now' as never }), TypeError, /^signal /);
    const dataset = await engine.upload(points);
    await expectError(engine.kmeans(dataset, {} as never), TypeError, /^k /);
    await expectError(engine.kmeans(dataset, { k: 5 }), RangeError, /^k is 5/);
    await engine.destroy();
  });
  it('weights or a metric beside a dataset', async () => {
    const engine = await createEngine({ backend: 'cpu' });
    const dataset = await engine.upload(points);
    const sampleWeight = new Float32Array(4).fill(1);
    await expectError(cluster(dataset, { k: 2, sampleWeight }), TypeError, /^sampleWeight /);
    await expectError(cluster(dataset, { k: 2, metric: 'cosine' }), TypeError, /^metric /);
    await engine.destroy();
  });
});

describe('methods of models', () => {
  it('points of other features', async () => {
    const model = await kmeans(points, { k: 2, backend: 'cpu' });
    for (const method of ['predict', 'transform', 'score', 'bic'] as const) {
      const call = (given: PointsInput, options: MethodOptions): Promise<unknown> => model[method](given, options);
      await expectError(call([[1, 2, 3]], { backend: 'cpu' }), RangeError, /^points .*3.*2/);
      await expectError(call([[1, NaN]], { backend: 'cpu' }), RangeError, /^points\[0\]\[1\] /);
      await expectError(call(points, { backend: 'gpu' as never }), RangeError, /^backend /);
      await expectError(call(points, { signal: 1 as never }), TypeError, /^signal /);
      await expectError(call(points, 3 as never), TypeError, /^options /);
      const sampleWeight = Float32Array.of(1);
      await expectError(call(points, { backend: 'cpu', sampleWeight }), RangeError, /^sampleWeight /);
    }
  });
  it('sample', async () => {
    const model = await kmeans(points, { k: 2, backend: 'cpu' });
    expect(() => model.sample(0)).toThrow(/^count /);
    expect(() => model.sample(2.5)).toThrow(RangeError);
    expect(() => model.sample('2' as never)).toThrow(TypeError);
    expect(() => model.sample(2, { seed: -1 })).toThrow(/^seed /);
  });
});

describe('KMeansModel.fromJSON', () => {
  const frame = (change: object) => ({ shift: [0], scale: 1, precise: false, ...change });
  const json = {
    type: 'KMeansModel',
    k: 2,
    d: 1,
    metric: 'euclidean',
    centroids: [1, 2],
    counts: [3, 4],
    inertia: 5,
    iterations: 6,
    converged: true,
    backend: 'cpu',
  };
  const rows: readonly (readonly [what: string, change: object, kind: Kind, message: RegExp])[] = [
    ['another type', { type: 'GaussianMixtureModel' }, TypeError, /type/],
    ['no type', { type: undefined }, TypeError, /type/],
    ['k of zero', { k: 0 }, RangeError, /^json\.k /],
    ['k as a string', { k: '2' }, TypeError, /^json\.k /],
    ['d of a fraction', { d: 0.5 }, RangeError, /^json\.d /],
    ['another metric', { metric: 'manhattan' }, RangeError, /^json\.metric /],
    ['no metric', { metric: undefined }, TypeError, /^json\.metric /],
    ['no centroids', { centroids: undefined }, TypeError, /^json\.centroids /],
    ['too few centroids', { centroids: [1] }, RangeError, /^json\.centroids has 1 .*2/],
    ['too many centroids', { centroids: [1, 2, 3] }, RangeError, /^json\.centroids has 3 .*2/],
    ['a centroid that is none', { centroids: [1, null] }, TypeError, /^json\.centroids\[1\] /],
    ['a centroid of NaN', { centroids: [NaN, 1] }, RangeError, /^json\.centroids\[0\] /],
    ['too few counts', { counts: [1] }, RangeError, /^json\.counts has 1 .*2/],
    ['a negative count', { counts: [1, -1] }, RangeError, /^json\.counts\[1\] /],
    ['a count that no float32 weight has', { counts: [3, 1e-320] }, RangeError, /^json\.counts\[1\] /],
    ['a count beyond sums of float32', { counts: [1e308, 4] }, RangeError, /^json\.counts\[0\] /],
    ['a centroid beyond 1e150', { centroids: [1, -1e151] }, RangeError, /^json\.centroids\[1\] /],
    ['a frame that is none', { frame: null }, TypeError, /^json\.frame must be an object, got null$/],
    ['a shift beyond 1e150', { frame: frame({ shift: [1e151] }) }, RangeError, /^json\.frame\.shift\[0\] /],
    ['a scale that no fit has', { frame: frame({ scale: 3 }) }, RangeError, /^json\.frame\.scale .*3$/],
    ['a scale beyond them', { frame: frame({ scale: 2 ** 501 }) }, RangeError, /^json\.frame\.scale /],
    ['a negative scale', { frame: frame({ scale: -1 }) }, RangeError, /^json\.frame\.scale .*-1$/],
    ['an inertia of text', { inertia: '1' }, TypeError, /^json\.inertia/],
    ['a negative inertia', { inertia: -1 }, RangeError, /^json\.inertia/],
    ['iterations of a fraction', { iterations: 1.5 }, RangeError, /^json\.iterations /],
    ['converged as a number', { converged: 1 }, TypeError, /^json\.converged /],
    ['another backend', { backend: 'gpu' }, RangeError, /^json\.backend /],
  ];
  for (const [what, change, kind, message] of rows) {
    it(what, () => {
      const call = () => KMeansModel.fromJSON({ ...json, ...change } as never);
      expect(call).toThrow(kind);
      expect(call).toThrow(message);
    });
  }
  it.each([null, undefined, 'KMeansModel', 3, []])('%s', (given) => {
    expect(() => KMeansModel.fromJSON(given as never)).toThrow(TypeError);
  });
  it.each([json, { ...json, counts: [0.5, 0] }, { ...json, frame: frame({ scale: 2 ** -500 }), reason: 'small' }])(
    'a good one',
    (good) => {
      expect(KMeansModel.fromJSON(good as never).toJSON()).toEqual(good);
    },
  );
  it('centroids alone have no density', async () => {
    const model = KMeansModel.fromJSON({ ...json, counts: [0, 0] } as never);
    expect(await model.predict([[1], [2]], { backend: 'cpu' })).toEqual(Uint32Array.of(0, 1));
    expect(() => model.sample(1)).toThrow(RangeError);
    await expectError(model.bic([[1]], { backend: 'cpu' }), RangeError, /counts/);
  });
});
