/** The same bits with SIMD or without, pruned or not, on any number of threads, and from any kind of memory. */
import { afterAll, expect, it } from 'vitest';
import { engineOf } from '../../src/api/create-engine.ts';
import { type CpuEngineOptions, createCpuEngine } from '../../src/cpu/engine.ts';
import type { KMeansOptions } from '../../src/index.ts';
import { COVARIANCE_TYPES } from '../../src/mixture/forms/names.ts';
import { EngineSet } from '../../src/placement.ts';
import { blobs, type CasePoints, lattice, mapped, normals, spacedRows, uniforms } from '../conformance/cases/data.ts';
import { goldenFlights } from '../golden/flights.ts';
import { goldens } from '../golden/golden.ts';
import { shareOf } from '../scope.ts';
import { told } from './told.ts';

type Choice = Pick<CpuEngineOptions, 'threads' | 'simd' | 'shared' | 'relaxed'>;

/** Prunes nothing, and scores every row in float64. */
const PLAIN: Choice = { threads: 1, simd: false };
const OTHERS: readonly Choice[] = [
  { threads: 1 },
  { threads: 1, relaxed: false },
  { threads: 2 },
  { threads: 5 },
  { threads: 2, shared: false },
  { threads: 2, simd: false },
  { threads: 5, simd: false },
];

const open = (choice: Choice) => {
  // Few points are worth workers too.
  const engine = createCpuEngine({ valuesOfThread: 1, ...choice });
  return engineOf(new EngineSet('cpu', engine, null));
};
const plain = open(PLAIN);
const others = OTHERS.map((choice) => ({ name: JSON.stringify(choice), engine: open(choice) }));

afterAll(async () => {
  await Promise.all([plain, ...others.map(({ engine }) => engine)].map((engine) => engine.destroy()));
});

interface Fit extends CasePoints {
  readonly k: number;
  /** Default: rows at even strides. */
  readonly init?: KMeansOptions['init'];
  readonly metric?: 'euclidean' | 'cosine';
  readonly maxIterations?: number;
}

async function fitOn(engine: typeof plain, { data, n, d, weights, k, init, metric, maxIterations = 300 }: Fit) {
  const reports: unknown[] = [];
  const points = { data: data as Float32Array, shape: [n, d] as const };
  const ofPoints = { ...(metric && { metric }), ...(weights && { sampleWeight: weights }) };
  const dataset = await engine.upload(points, ofPoints);
  const model = await engine.kmeans(dataset, {
    k,
    seed: 5,
    init: init ?? { data: spacedRows({ data, n, d }, k), shape: [k, d] },
    tolerance: 0,
    maxIterations,
    onIteration: (report) => reports.push(told(report)),
  });
  // Without sums and bounds.
  const predicted = bits(await model.predict(dataset));
  const score = await model.score(dataset);
  dataset.destroy();
  return { ...model.toJSON(), labels: bits(model.labels), counts: model.counts, reports, predicted, score };
}

/** Far quicker to compare than values are. */
function bits({ buffer, byteOffset, byteLength }: Uint32Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('base64');
}

const scattered = (n: number, d: number, seed: number): CasePoints => {
  const uniform = uniforms(seed);
  return { n, d, data: Float32Array.from({ length: n * d }, () => uniform()) };
};

const weighted = (points: CasePoints, weight: (u: number, i: number) => number): CasePoints => {
  const uniform = uniforms(99);
  return { ...points, weights: Float32Array.from({ length: points.n }, (_, i) => weight(uniform(), i)) };
};

/** Rows [start, end) of the features go `by` times as far out as they were. */
const withOutliers = (points: CasePoints, by: number): CasePoints => {
  const data = points.data.slice();
  for (let i = 7; i < points.n; i += Math.floor(points.n / 5)) data[i * points.d] *= by;
  return { ...points, data: data as Float32Array<ArrayBuffer> };
};

/** Every third row is zero. */
const withZeroRows = (points: CasePoints): CasePoints => ({
  ...points,
  data: Float32Array.from(points.data, (value, at) => (Math.floor(at / points.d) % 3 === 0 ? 0 : value)),
});

/** A long row of overlapping groups: their borders creep for many iterations. */
const slow = (n: number, d: number): CasePoints => {
  const [uniform, normal] = [uniforms(3), normals(4)];
  return { n, d, data: Float32Array.from({ length: n * d }, (_, at) => (at % d === 0 ? 30 * uniform() : normal())) };
};

/** Rows on the bisectors of pairs of lattice points, which are the start. */
const bisectors = (n: number, d: number, k: number): Fit => {
  const uniform = uniforms(8);
  const start = Float64Array.from({ length: k * d }, () => 2 * Math.floor(64 * uniform()));
  const data = new Float32Array(n * d);
  for (let i = 0; i < n; i++) {
    const [a, b] = [Math.floor(k * uniform()), Math.floor(k * uniform())];
    for (let j = 0; j < d; j++) data[i * d + j] = (start[a * d + j] + start[b * d + j]) / 2;
  }
  return { data, n, d, k, init: { data: start, shape: [k, d] } };
};

/** A start far from the groups, in reverse: centroids cross, and many are empty at first. */
const crossing = (points: CasePoints, k: number): Fit => {
  const { d } = points;
  const rows = spacedRows(points, k);
  const start = rows.map((_, at) => -3 * rows[(k - 1 - Math.floor(at / d)) * d + (at % d)]);
  return { ...points, k, init: { data: start, shape: [k, d] } };
};

const ulps = (n: number, d: number): CasePoints => {
  const uniform = uniforms(21);
  return { n, d, data: Float32Array.from({ length: n * d }, () => 1 + 2 ** -23 * Math.floor(9 * uniform())) };
};

/** Cells of some rows hold what stands for "no value", or what was measured wrongly. */
const withCells = (points: CasePoints, cells: readonly number[]): CasePoints => {
  const data = Float64Array.from(points.data);
  cells.forEach((cell, i) => {
    data[(5 + 97 * i) * points.d + (i % points.d)] = cell;
  });
  return { ...points, data };
};

/** Time stamps in milliseconds, bursts a second apart, some of them missing. */
const stamps = (n: number): CasePoints => {
  const uniform = uniforms(14);
  const data = Float64Array.from({ length: n }, (_, i) => (i < 3 ? 0 : 1.76e12 + (i % 6) * 1000 + 20 * uniform()));
  return { n, d: 1, data };
};

const decades = (n: number, d: number): CasePoints => {
  const uniform = uniforms(15);
  return { n, d, data: Float32Array.from({ length: n * d }, () => (uniform() - 0.5) * 10 ** (60 * uniform() - 30)) };
};

const duplicates = (n: number, d: number, distinct: number): CasePoints => {
  const rows = scattered(distinct, d, 17).data;
  const data = Float32Array.from(
    { length: n * d },
    (_, at) => rows[((Math.floor(at / d) * 7) % distinct) * d + (at % d)],
  );
  return { n, d, data };
};

const FITS: Record<string, Fit> = {
  ...Object.fromEntries(
    [
      [1, 1, 1],
      [7, 2, 3],
      [8, 3, 2],
      [9, 33, 5],
      [511, 2, 64],
      [512, 7, 64],
      [513, 3, 64],
      [1023, 33, 5],
      [1025, 1, 300],
      [1100, 2, 300],
      [1536, 130, 16],
      [2047, 7, 300],
      [2560, 2, 5],
      [2561, 33, 64],
      [5129, 3, 64],
      [3000, 130, 5],
    ].map(([n, d, k]) => [
      `blobs, n = ${n}, d = ${d}, k = ${k}`,
      { ...blobs({ n, d, groups: Math.max(1, k >> 1), seed: k }), k },
    ]),
  ),
  'scattered, slow to settle, d = 2, k = 64': { ...scattered(4100, 2, 1), k: 64 },
  'scattered, slow to settle, d = 7, k = 64': { ...scattered(2600, 7, 2), k: 64 },
  'scattered, d = 1, k = 300': { ...scattered(3000, 1, 3), k: 300 },
  'borders that creep, d = 1, k = 64': { ...slow(5000, 1), k: 64 },
  'borders that creep, d = 3, k = 20': { ...slow(5000, 3), k: 20 },
  'a lattice with exact ties, d = 2, k = 64': { ...lattice(65, 2), k: 64 },
  'a lattice with exact ties, d = 3, k = 125': { ...lattice(17, 3), k: 125 },
  'a lattice with exact ties, d = 7, k = 64': { ...lattice(3, 7), k: 64 },
  'rows on bisectors, d = 2, k = 64': bisectors(3001, 2, 64),
  'rows on bisectors, d = 33, k = 30': bisectors(1501, 33, 30),
  'groups at ±1e4 deviations, d = 2, k = 64': {
    ...mapped(blobs({ n: 3003, d: 2, groups: 2, spread: 0 }), (value) => value),
    data: Float32Array.from(
      blobs({ n: 3003, d: 2, groups: 1, spread: 0 }).data,
      (v, at) => v + ((at >> 1) % 2 ? 1e4 : -1e4),
    ),
    k: 64,
  },
  'groups at ±1e4 deviations, d = 33, k = 16': {
    n: 1500,
    d: 33,
    data: Float32Array.from(
      blobs({ n: 1500, d: 33, groups: 1, spread: 0 }).data,
      (v, at) => v + (Math.floor(at / 33) % 2 ? 1e4 : -1e4),
    ),
    k: 16,
  },
  'outliers at 1e6 deviations, d = 3, k = 64': { ...withOutliers(blobs({ n: 3000, d: 3, groups: 40 }), 1e6), k: 64 },
  'outliers at 1e6 deviations, d = 33, k = 30': { ...withOutliers(blobs({ n: 1500, d: 33, groups: 20 }), 1e6), k: 30 },
  'rows a few float32 apart, d = 2, k = 64': { ...ulps(3000, 2), k: 64 },
  'rows a few float32 apart, d = 7, k = 33': { ...ulps(3000, 7), k: 33 },
  'duplicates, fewer than clusters': { ...duplicates(2500, 3, 50), k: 64 },
  'duplicates, d = 33': { ...duplicates(1500, 33, 90), k: 64 },
  'centroids that cross, d = 2, k = 64': crossing(blobs({ n: 3000, d: 2, groups: 64 }), 64),
  'centroids that cross, d = 7, k = 32': crossing(blobs({ n: 2000, d: 7, groups: 16 }), 32),
  'weights, a third of them zero': {
    ...weighted(blobs({ n: 3000, d: 3, groups: 30 }), (u) => (u < 1 / 3 ? 0 : u)),
    k: 64,
  },
  'weights from 1e-6 to 1e6': { ...weighted(blobs({ n: 3000, d: 3, groups: 30 }), (u) => 10 ** (12 * u - 6)), k: 64 },
  'weights from 1e-6 to 1e6, d = 33': { ...weighted(scattered(1500, 33, 4), (u) => 10 ** (12 * u - 6)), k: 16 },
  'a cell of −9999, d = 3, k = 64': { ...withCells(scattered(3100, 3, 5), [-9999]), k: 64 },
  'a cell of 3.4e38, d = 16, k = 64': { ...withCells(scattered(2600, 16, 6), [3.4e38]), k: 64 },
  'cells of many kinds, weights, some of them zero': {
    ...weighted(withCells(blobs({ n: 3000, d: 7, groups: 20 }), [-9999, 2 ** 31, 1e15, 1e30, -3.4e38, 1e-42]), (u) =>
      u < 0.1 ? 0 : u < 0.2 ? 1e-30 : 10 ** (8 * u),
    ),
    k: 32,
  },
  'sixty decades': { ...decades(2100, 3), k: 40 },
  'time stamps, some of them missing': { ...stamps(2600), k: 7 },
  'cosine, d = 3, k = 64': { ...blobs({ n: 3000, d: 3, groups: 50 }), k: 64, metric: 'cosine' },
  'cosine, d = 130, k = 12': { ...blobs({ n: 1500, d: 130, groups: 10 }), k: 12, metric: 'cosine' },
  'wide, d = 67, k = 64': { ...blobs({ n: 1500, d: 67, groups: 40, spread: 2 }), k: 64 },
  'wide, d = 1021, k = 33': { ...blobs({ n: 300, d: 1021, groups: 20 }), k: 33 },
  'wide, rows on bisectors, d = 130, k = 40': bisectors(901, 130, 40),
  'wide, one huge feature among small ones, constant others': {
    ...mapped(blobs({ n: 1000, d: 96, groups: 20 }), (value, j) => (j === 5 ? 1e6 * value : j % 3 ? value : 4)),
    k: 40,
  },
  'wide, a third of the rows zero': {
    ...withZeroRows(blobs({ n: 1100, d: 65, groups: 20 })),
    k: 40,
  },
  'empty clusters': {
    ...blobs({ n: 2100, d: 3, groups: 10 }),
    k: 64,
    init: { data: new Float64Array(64 * 3).map((_, at) => (at < 30 ? at : 1e3 + at)), shape: [64, 3] },
  },
  'k-means++': { ...blobs({ n: 4097, d: 7, groups: 30 }), k: 64, init: 'k-means++' },
  'k-means++ with weights': { ...weighted(scattered(2500, 2, 9), (u) => Math.floor(3 * u)), k: 100, init: 'k-means++' },
  'k-means‖': { ...blobs({ n: 4097, d: 7, groups: 30 }), k: 25, init: 'k-means||' },
};

const { points: flights, n: flightCount } = await goldenFlights();
const REAL: Record<string, Fit> = {
  ...Object.fromEntries(goldens.map(({ name, data, n, d }) => [name, { data, n, d, k: 12 }])),
  flights: { data: flights, n: flightCount, d: 3, k: 64 },
};

it.each(shareOf(Object.entries({ ...FITS, ...REAL }), 6))('k-means: %s', async (_, fit) => {
  const expected = await fitOn(plain, fit);
  for (const { name, engine } of others) {
    const found = await fitOn(engine, fit);
    expect(found.reports, name).toEqual(expected.reports);
    expect(found, name).toEqual(expected);
  }
});

const ENGINES_OF_MIXTURES = [
  ['SIMD', others.filter(({ name }) => !name.includes('simd')).map(({ engine }) => engine)],
  ['TypeScript', [plain, ...others.filter(({ name }) => name.includes('simd')).map(({ engine }) => engine)]],
] as const;

const MIXTURES = ENGINES_OF_MIXTURES.flatMap(([kernels, engines]) =>
  COVARIANCE_TYPES.map((covarianceType) => ({ kernels, covarianceType, engines })),
);

it.each(shareOf(MIXTURES, 4))('mixture, $kernels: $covarianceType', async ({ covarianceType, engines }) => {
  for (const [points, k] of [
    [weighted(blobs({ n: 3000, d: 3, groups: 6, spread: 3 }), (u) => Math.floor(3 * u)), 7],
    [blobs({ n: 1537, d: 17, groups: 4, spread: 3 }), 5],
  ] as const) {
    const [expected, ...found] = await Promise.all(
      engines.map(async (engine) => {
        const { data, n, d, weights } = points;
        const bounds: unknown[] = [];
        const model = await engine.gaussianMixture(
          { data: data as Float32Array, shape: [n, d] },
          {
            k,
            covarianceType,
            seed: 3,
            maxIterations: 20,
            onIteration: (report) => bounds.push(told(report)),
            ...(weights && { sampleWeight: weights }),
          },
        );
        return { ...model.toJSON(), labels: bits(model.labels), bounds };
      }),
    );
    for (const other of found) expect(other).toEqual(expected);
  }
});
