/** Fits of shards by public names: the models of all points in one call, whoever had which rows. */
import { describe, expect, it } from 'vitest';
import {
  addRanges,
  addStatistics,
  type CovarianceType,
  createEngine,
  frameOf,
  fromBytes,
  fromCentroids,
  GaussianMixtureModel,
  gaussianMixture,
  KMeansModel,
  type KMeansShardStatistics,
  kmeans,
  type Metric,
  rangeOf,
  type SharedFrame,
  statisticsOf,
  toBytes,
} from '../../src/index.ts';
import { Random } from '../../src/random.ts';

const [n, d, k] = [5000, 3, 5];
const CUTS = [0, 1, 40, 1300, 1313, 2500, 4950, n];
const ORDERS = [
  [0, 1, 2, 3, 4, 5, 6],
  [6, 5, 4, 3, 2, 1, 0],
  [3, 0, 6, 1, 5, 2, 4],
];

/** Blobs that overlap, off the origin. */
function pointsOf(seed: number) {
  const random = new Random(seed);
  const data = Float32Array.from({ length: n * d }, (_, at) => 50 + (Math.floor(at / d) % 6) + random.normal());
  const weights = Float32Array.from({ length: n }, (_, i) => (i % 7 === 3 ? 0 : 1 + random.uniform()));
  return { data, weights };
}

interface Shard {
  readonly points: { readonly data: Float32Array; readonly shape: [number, number] };
  readonly sampleWeight?: Float32Array;
}

function cut({ data, weights }: ReturnType<typeof pointsOf>, weighted: boolean, cuts: readonly number[]): Shard[] {
  return cuts.slice(1).map((end, s) => ({
    points: { data: data.subarray(cuts[s] * d, end * d), shape: [end - cuts[s], d] },
    ...(weighted ? { sampleWeight: weights.subarray(cuts[s], end) } : {}),
  }));
}

/** The frame of all shards, whose samples are together that of the rows in one call. */
async function frameOfShards(shards: readonly Shard[], metric: Metric): Promise<SharedFrame> {
  const heavy = shards.map(({ points, sampleWeight }) => sampleWeight?.filter((w) => w > 0).length ?? points.shape[0]);
  const total = heavy.reduce((a, b) => a + b);
  const ranges = shards.map(({ points, sampleWeight }, s) => {
    const first = heavy.slice(0, s).reduce((a, b) => a + b, 0);
    return rangeOf(points, { metric, ...(sampleWeight && { sampleWeight }), place: { first, total } });
  });
  const whole = (await Promise.all(ranges)).map((range) => fromBytes(toBytes(range), 'PointsRange')).reduce(addRanges);
  return fromBytes(toBytes(frameOf(whole)), 'SharedFrame');
}

const overTheWire = (model: KMeansModel) => fromBytes(toBytes(model), 'KMeansModel');

async function fitOfShards(shards: readonly Shard[], order: readonly number[], metric: Metric, start: number[][]) {
  const frame = await frameOfShards(shards, metric);
  let model = fromCentroids(start, { metric });
  for (let iteration = 0; iteration < 6; iteration++) {
    const sent = overTheWire(model);
    const parts: KMeansShardStatistics[] = [];
    for (const { points, ...weighed } of shards) {
      const own = await statisticsOf(points, sent, { frame, ...weighed });
      parts.push(fromBytes(toBytes(own), 'KMeansStatistics'));
    }
    model = await model.update(
      order.map((s) => parts[s]).reduce((a, b) => addStatistics(a, b)),
      { tolerance: 0 },
    );
  }
  return model;
}

describe.each([
  ['euclidean', false],
  ['euclidean', true],
  ['cosine', true],
] as const)('k-means of shards, %s, weighted: %s', (metric, weighted) => {
  const all = pointsOf(5);
  const shards = cut(all, weighted, CUTS);
  const start = Array.from({ length: k }, (_, c) => Array.from(all.data.subarray(c * d, (c + 1) * d)));

  it('has the centroids of one shard, and of kmeans, bit for bit', async () => {
    const [whole] = cut(all, weighted, [0, n]);
    const weight = weighted ? { sampleWeight: all.weights } : {};
    const expected = await kmeans(whole.points, {
      ...{ k, metric, init: start, tolerance: 0, maxIterations: 6, backend: 'cpu' },
      ...weight,
    });
    expect(expected.iterations).toBe(6);
    expect((await fitOfShards([whole], [0], metric, start)).centroids).toEqual(expected.centroids);
    for (const order of ORDERS) {
      const model = await fitOfShards(shards, order, metric, start);
      expect(model.centroids).toEqual(expected.centroids);
      expect([model.iterations, model.labels.length, model.inertia]).toEqual([6, 0, NaN]);
      expect(KMeansModel.fromJSON(JSON.parse(JSON.stringify(model))).centroids).toEqual(model.centroids);
    }
  });
});

it('a shard that is computed twice, and discarded once, is what it was', async () => {
  const shards = cut(pointsOf(6), false, CUTS);
  const frame = await frameOfShards(shards, 'euclidean');
  const model = fromCentroids([
    [50, 51, 50],
    [54, 53, 55],
  ]);
  const ask = (s: number) => statisticsOf(shards[s].points, model, { frame });
  const parts = await Promise.all(shards.map((_, s) => ask(s)));
  const again = await ask(5);
  expect(toBytes(again)).toEqual(toBytes(parts[5]));
  const sum = parts.reduce((a, b) => addStatistics(a, b));
  const other = [again, ...parts.filter((_, s) => s !== 5)].reduce((a, b) => addStatistics(a, b));
  expect((await model.update(other)).centroids).toEqual((await model.update(sum)).centroids);
  expect(Math.abs(other.inertia / sum.inertia - 1)).toBeLessThan(1e-12);
  expect(other.n).toBe(n);
});

describe.each(['full', 'tied', 'diag', 'spherical', 'tied-diag', 'tied-spherical'] as const)('mixtures, %s', (type) => {
  it('of shards are that of all points within 1e-12, and of one shard to the bit', async () => {
    const all = pointsOf(7);
    const init = await mixtureOf(type, all.data.subarray(0, 3 * d));
    const [whole] = cut(all, true, [0, n]);
    const fitted = await gaussianMixture(whole.points, {
      ...{ k: 3, covarianceType: type, init, tolerance: 0, maxIterations: 3, backend: 'cpu' },
      sampleWeight: all.weights,
    });
    expect((await fitOf(cut(all, true, [0, n]), init)).means).toEqual(fitted.means);
    const model = await fitOf(cut(all, true, CUTS), init);
    for (const part of ['weights', 'means', 'covariances'] as const) {
      const scale = Math.max(...fitted[part].map(Math.abs));
      model[part].forEach((value, i) => {
        expect(Math.abs(value - fitted[part][i])).toBeLessThanOrEqual(1e-12 * scale);
      });
    }
    expect(model.lowerBounds).toHaveLength(3);
    expect(Math.abs(model.lowerBounds[2] / fitted.lowerBounds[1] - 1)).toBeLessThan(1e-12);
    expect(GaussianMixtureModel.fromJSON(JSON.parse(JSON.stringify(model))).means).toEqual(model.means);
  });
});

async function mixtureOf(covarianceType: CovarianceType, data: Float32Array): Promise<GaussianMixtureModel> {
  const model = await kmeans({ data, shape: [3, d] }, { k: 3, backend: 'cpu' });
  const points = pointsOf(8);
  return model.toGaussianMixture({ data: points.data, shape: [n, d] }, { covarianceType, backend: 'cpu' });
}

async function fitOf(shards: readonly Shard[], init: GaussianMixtureModel): Promise<GaussianMixtureModel> {
  const frame = await frameOfShards(shards, 'euclidean');
  const { weights, means, covariances, covarianceType } = init;
  let model = GaussianMixtureModel.fromParameters({ weights, means, covariances, covarianceType });
  for (let iteration = 0; iteration < 3; iteration++) {
    const sent = fromBytes(toBytes(model), 'GaussianMixtureModel');
    const parts = await Promise.all(
      shards.map(({ points, ...weighed }) => statisticsOf(points, sent, { frame, ...weighed })),
    );
    const sum = parts
      .map((part) => fromBytes(toBytes(part), 'MixtureStatistics'))
      .reduce((a, b) => addStatistics(a, b));
    model = await model.update(sum);
  }
  return model;
}

it('a mixture of shards ends where that of all points does', async () => {
  const all = pointsOf(7);
  const init = await mixtureOf('diag', all.data.subarray(0, 3 * d));
  const { weights, means, covariances, covarianceType } = init;
  const shards = cut(all, false, CUTS);
  const frame = await frameOfShards(shards, 'euclidean');
  for (const tolerance of [1e-2, 1e-3, 1e-5]) {
    const options = { k: 3, covarianceType, init, tolerance, maxIterations: 500 } as const;
    const fitted = await gaussianMixture({ data: all.data, shape: [n, d] }, { ...options, backend: 'cpu' });
    expect(fitted.converged).toBe(true);
    let model = GaussianMixtureModel.fromParameters({ weights, means, covariances, covarianceType });
    while (!model.converged) {
      const parts = await Promise.all(shards.map(({ points }) => statisticsOf(points, model, { frame })));
      model = await model.update(
        parts.reduce((a, b) => addStatistics(a, b)),
        { tolerance },
      );
    }
    expect(model.iterations).toBe(fitted.iterations);
    expect(Math.abs(model.lowerBound / fitted.lowerBound - 1)).toBeLessThan(1e-12);
    const scale = Math.max(...fitted.means.map(Math.abs));
    model.means.forEach((mean, at) => {
      expect(Math.abs(mean - fitted.means[at])).toBeLessThanOrEqual(1e-11 * scale);
    });
  }
});

describe('what does not belong together is refused', () => {
  const { data } = pointsOf(9);
  const points = { data: data.subarray(0, 300), shape: [100, d] };
  const start = (count: number) => fromCentroids(Array.from({ length: count }, (_, c) => [50 + c, 51, 52]));

  it('another k, d, metric, frame, or other centroids', async () => {
    const frame = frameOf(await rangeOf(points));
    const two = await statisticsOf(points, start(2), { frame });
    expect(() => addStatistics(two, two)).not.toThrow();
    const three = await statisticsOf(points, start(3), { frame });
    expect(() => addStatistics(two, three)).toThrow(/\[2, 3\] and of \[3, 3\]/);
    const wider = { data: data.subarray(0, 400), shape: [100, 4] };
    const ofWider = await statisticsOf(
      wider,
      fromCentroids([
        [0, 0, 0, 0],
        [1, 1, 1, 1],
      ]),
    );
    expect(() => addStatistics(two, ofWider)).toThrow(RangeError);
    const elsewhere = frameOf(await rangeOf({ ...points, data: points.data.map((x) => 8 * x) }));
    const moved = await statisticsOf(points, start(2), { frame: elsewhere });
    expect(() => addStatistics(two, moved)).toThrow(/frames/);
    const next = await start(2).update(two);
    const later = await statisticsOf(points, next, { frame });
    expect(() => addStatistics(two, later)).toThrow(/centroids/);
    await expect(next.update(two)).rejects.toThrow(/not of the centroids/);
    const cosine = fromCentroids(
      [
        [1, 0, 0],
        [0, 1, 0],
      ],
      { metric: 'cosine' },
    );
    await expect(statisticsOf(points, cosine, { frame })).rejects.toThrow(TypeError);
    await expect(rangeOf(points).then(async (a) => addRanges(a, await rangeOf(wider)))).rejects.toThrow(RangeError);
  });

  it('points that do not fit into the frame', async () => {
    const frame = frameOf(await rangeOf(points));
    await expect(statisticsOf({ data, shape: [n, d] }, start(2), { frame })).rejects.toThrow(/more than the 100/);
    const far = { data: Float64Array.from(points.data, (x, i) => (i === 7 ? 1e149 : x)), shape: [100, d] };
    await expect(statisticsOf(far, start(2), { frame })).rejects.toThrow(/beyond the frame/);
    const roomy = frameOf(await rangeOf(points), { rows: n });
    expect((await statisticsOf({ data, shape: [n, d] }, start(2), { frame: roomy })).n).toBe(n);
  });

  it('statistics take 8 bytes a number, and are what they were', async () => {
    const [k, d] = [20, 30];
    const rows = { data: Float32Array.from({ length: 100 * d }, (_, i) => Math.sin(i)), shape: [100, d] };
    const model = fromCentroids({ data: Float64Array.from({ length: k * d }, (_, i) => Math.cos(i)), shape: [k, d] });
    const frame = frameOf(await rangeOf(rows));
    const own = await statisticsOf(rows, model, { frame, backend: 'cpu' });
    const bytes = toBytes(own);
    // Integers, in the columns of a stride of two.
    expect(bytes.length).toBeLessThan(2000 + 8 * k * own.exact!.units.limbs * (d + 2));
    const sent = fromBytes(bytes, 'KMeansStatistics');
    expect(sent.counts).toEqual(own.counts);
    expect(sent.sums).toEqual(own.sums);
    const [next, nextSent] = await Promise.all([model.update(own), model.update(sent)]);
    expect(nextSent.centroids).toEqual(next.centroids);
    const moved = fromBytes(toBytes(next), 'KMeansModel');
    expect(moved.centroids).toEqual(next.centroids);
    expect(moved.held).toEqual(next.held);
    expect(toBytes(next).length).toBeLessThan(2000 + 8 * k * d + 8 * k);
    // What was spilled has a place, and is finite.
    for (const spilled of [[[d + 1, 5n]], [[-1, 5n]], [[k * (d + 2), 5n]], [[0, 1n << 2200n]]] as [
      number,
      bigint,
    ][][]) {
      const damaged = {
        ...own,
        exact: { ...own.exact!, integers: [{ ...own.exact!.integers[0], spilled: new Map(spilled) }] },
      };
      expect(() => fromBytes(toBytes(damaged), 'KMeansStatistics'), `${spilled}`).toThrow(/damaged/);
    }
    // Sums beyond what their units are for are sent as they are.
    const far = own.exact!.integers[0].high.map((high) => high + 2 ** 40);
    const beyond = { ...own, exact: { ...own.exact!, integers: [{ ...own.exact!.integers[0], high: far }] } };
    expect(fromBytes(toBytes(beyond), 'KMeansStatistics').exact!.integers[0].high).toEqual(far);
    // Units are finite, and so are sums of them.
    for (const unit of [Number.NaN, 0, -1, Infinity, 2 ** 1000]) {
      const units = { ...own.exact!.units, units: own.exact!.units.units.map(() => unit) };
      for (const given of unit === 2 ** 1000 ? [own] : [own, beyond]) {
        const bytes = toBytes({ ...given, exact: { ...given.exact!, units } });
        expect(() => fromBytes(bytes, 'KMeansStatistics'), `${unit}`).toThrow(/damaged/);
      }
    }
  });

  it('bytes that are cut off, of another version, or something else', async () => {
    const bytes = toBytes(await rangeOf(points));
    for (const length of [0, 11, 40, bytes.length - 1]) {
      expect(() => fromBytes(bytes.subarray(0, length))).toThrow(RangeError);
    }
    const newer = bytes.slice();
    newer[4]++;
    expect(() => fromBytes(newer)).toThrow(/version 4, this is version 3/);
    expect(() => fromBytes(bytes, 'SharedFrame')).toThrow(RangeError);
    expect(() => fromBytes(Uint8Array.of(...bytes, 0))).toThrow(RangeError);
    // As files and sockets give them, which is within something larger.
    for (const at of [0, 1, 8]) {
      const larger = Buffer.alloc(bytes.length + 100);
      larger.set(bytes, at);
      expect(toBytes(fromBytes(larger.subarray(at, at + bytes.length)))).toEqual(bytes);
    }
    // @ts-expect-error: no such thing has bytes
    expect(() => toBytes({ type: 'Dataset' })).toThrow(TypeError);
  });
});

it('what went through JSON is refused where it was to be used', async () => {
  const model = fromCentroids([[0], [8]]);
  const rows = [[0], [1], [9]];
  const throughJSON = <T>(value: T): T => JSON.parse(JSON.stringify(value));
  const [range, statistics] = [await rangeOf(rows), await statisticsOf(rows, model)];
  const mixture = GaussianMixtureModel.fromParameters({
    weights: [1],
    means: [[4]],
    covariances: [9],
    covarianceType: 'spherical',
  });
  const moments = await statisticsOf(rows, mixture);
  const refusal = /carry it by toBytes and fromBytes, not by JSON/;
  await expect(model.update(throughJSON(statistics))).rejects.toThrow(refusal);
  await expect(mixture.update(throughJSON(moments))).rejects.toThrow(refusal);
  expect(() => addStatistics(statistics, throughJSON(statistics))).toThrow(refusal);
  expect(() => addRanges(throughJSON(range), range)).toThrow(refusal);
  expect(() => frameOf(throughJSON(range))).toThrow(refusal);
  await expect(statisticsOf(rows, model, { frame: throughJSON(frameOf(range)) })).rejects.toThrow(refusal);
  for (const value of [range, frameOf(range), statistics, moments]) {
    expect(() => toBytes(throughJSON(value))).toThrow(refusal);
  }
  for (const value of [model, mixture]) expect(() => toBytes(throughJSON(value))).toThrow(/must be a range/);
});

it('rows that stay in an engine tell what they would in a call', async () => {
  const shards = cut(pointsOf(10), true, CUTS);
  const frame = await frameOfShards(shards, 'euclidean');
  const model = fromCentroids([
    [50, 51, 50],
    [54, 53, 55],
  ]);
  const engine = await createEngine({ backend: 'cpu', threads: 1 });
  try {
    for (const { points, sampleWeight } of shards.slice(2, 4)) {
      const dataset = await engine.upload(points, { frame, sampleWeight: sampleWeight! });
      const resident = await statisticsOf(dataset, model, { frame });
      expect(toBytes(resident)).toEqual(
        toBytes(await statisticsOf(points, model, { frame, sampleWeight: sampleWeight! })),
      );
      const own = await engine.upload(points);
      await expect(statisticsOf(own, model, { frame })).rejects.toThrow(/another frame/);
    }
  } finally {
    await engine.destroy();
  }
});
