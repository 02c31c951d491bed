import { ckmeans } from 'simple-statistics';
import { describe, expect, it } from 'vitest';
import { type KMeans1dOptions, kmeans1d } from '../../src/index.ts';
import { Random } from '../../src/random.ts';

/** Σ w·(x − mean)² of one cluster. */
function costOf(values: readonly number[], weights: readonly number[]): number {
  const weight = weights.reduce((sum, w) => sum + w, 0);
  if (weight === 0) return 0;
  const [first] = values;
  const mean = values.reduce((sum, x, i) => sum + weights[i] * (x - first), 0) / weight;
  return values.reduce((sum, x, i) => sum + weights[i] * (x - first - mean) ** 2, 0);
}

/** The least inertia of all ways to cut the sorted values into at most k intervals. */
function bruteForce(values: readonly number[], weights: readonly number[], k: number): number {
  const order = Array.from(values.keys()).sort((a, b) => values[a] - values[b]);
  const [x, w] = [order.map((i) => values[i]), order.map((i) => weights[i])];
  const least = (from: number, left: number): number => {
    const whole = costOf(x.slice(from), w.slice(from));
    if (left === 1) return whole;
    let best = whole;
    for (let to = from + 1; to < x.length; to++) {
      best = Math.min(best, costOf(x.slice(from, to), w.slice(from, to)) + least(to, left - 1));
    }
    return best;
  };
  return least(0, k);
}

/** What the result says of itself, and of the values. */
function expectConsistent(values: readonly number[], options: KMeans1dOptions): number {
  const weights = Array.from(options.sampleWeight ?? values.map(() => 1), Number);
  const result = kmeans1d(values, options);
  const k = result.centroids.length;
  const distinct = new Set(values.filter((_, i) => weights[i] > 0).map((value) => value + 0));
  expect(k).toBe(Math.min(options.k, distinct.size));
  let inertia = 0;
  for (let c = 0; c < k; c++) {
    const rows = Array.from(values.keys()).filter((i) => result.labels[i] === c && weights[i] > 0);
    const [xs, ws] = [rows.map((i) => values[i]), rows.map((i) => weights[i])];
    expect(rows.length).toBeGreaterThan(0);
    expect(result.breaks[c]).toBe(Math.min(...xs));
    if (c > 0) expect(Math.min(...xs)).toBeGreaterThan(result.breaks[c - 1]);
    expect(result.counts[c]).toBeCloseTo(
      ws.reduce((sum, w) => sum + w, 0),
      9,
    );
    expect(result.centroids[c]).toBeGreaterThanOrEqual(result.breaks[c]);
    expect(result.centroids[c]).toBeLessThanOrEqual(Math.max(...xs));
    inertia += costOf(xs, ws);
  }
  expect(Math.abs(result.inertia - inertia)).toBeLessThanOrEqual(1e-12 * inertia);
  return result.inertia;
}

describe('kmeans1d', () => {
  const draws: Record<string, (random: Random) => number> = {
    'uniform numbers': (random) => random.uniform(),
    'ties and duplicates': (random) => random.below(6),
    'numbers far from zero': (random) => 1e9 + random.uniform(),
    'numbers at 1e15': (random) => 1e15 + random.below(64) / 4,
    'clusters far apart, each with digits of its own': (random) => random.below(3) * 1e9 + random.below(100) / 128,
    'both signs, of all sizes': (random) => (random.uniform() - 0.5) * 10 ** (random.below(12) - 6),
    'the largest there are': (random) => (random.uniform() - 0.5) * 1e150,
  };
  it.each(Object.keys(draws))('is the best of all clusterings: %s', (name) => {
    const random = new Random(17);
    for (let round = 0; round < 60; round++) {
      const n = 1 + random.below(11);
      const values = Array.from({ length: n }, () => draws[name](random));
      const sampleWeight = round % 2 ? values.map(() => random.below(3) + 0.5) : values.map(() => 1);
      const k = 1 + random.below(n);
      const best = bruteForce(values, sampleWeight, k);
      const inertia = expectConsistent(values, round % 2 ? { k, sampleWeight } : { k });
      expect(Math.abs(inertia - best)).toBeLessThanOrEqual(1e-9 * best);
    }
  });

  it('finds what the ckmeans of simple-statistics finds', () => {
    const random = new Random(3);
    for (const [n, k] of [
      [200, 4],
      [1000, 7],
      [3000, 12],
    ] as const) {
      const values = Array.from({ length: n }, () => random.normal() + random.below(4));
      const theirs = ckmeans(values, k).reduce(
        (sum, cluster) => sum + costOf(cluster, new Array(cluster.length).fill(1)),
        0,
      );
      expect(Math.abs(expectConsistent(values, { k }) - theirs)).toBeLessThanOrEqual(1e-9 * theirs);
    }
  });

  it('does not see an offset, nor the order of the values', () => {
    const random = new Random(5);
    const values = Array.from({ length: 500 }, () => random.below(2 ** 20) / 2 ** 10);
    const expected = kmeans1d(values, { k: 9 });
    for (const offset of [1e9, -1e9, 2 ** 42]) {
      const { labels, inertia } = kmeans1d(
        values.map((value) => value + offset),
        { k: 9 },
      );
      expect(labels).toEqual(expected.labels);
      expect(inertia / expected.inertia).toBeCloseTo(1, 12);
    }
    const backwards = kmeans1d([...values].reverse(), { k: 9 });
    expect([...backwards.labels].reverse()).toEqual([...expected.labels]);
    expect(backwards.centroids).toEqual(expected.centroids);
  });

  it('tells apart clusters that are narrow beside what lies between them', () => {
    const values = [0, 1e-3, 5e8, 5e8 + 2 ** -10, 1e9, 1e9 + 2 ** -8].flatMap((value) => [value, value]);
    // The narrowest pair is the one about 5e8.
    expect([...kmeans1d(values, { k: 5 }).labels]).toEqual([0, 0, 1, 1, 2, 2, 2, 2, 3, 3, 4, 4]);
  });

  it('counts by weight, and leaves out what has none', () => {
    const values = [0, 1, 10, 11, 5.75, 400];
    const result = kmeans1d(values, { k: 2, sampleWeight: [1, 3, 1, 1, 0, 0] });
    expect([...result.labels]).toEqual([0, 0, 1, 1, 1, 1]);
    expect([...result.centroids]).toEqual([0.75, 10.5]);
    expect([...result.breaks]).toEqual([0, 10]);
    expect([...result.counts]).toEqual([4, 2]);
    // As near to both.
    expect(kmeans1d([0, 10, 5], { k: 2, sampleWeight: [1, 1, 0] }).labels[2]).toBe(0);
  });

  it('has as many clusters as there are distinct values, where k is more', () => {
    const { centroids, labels, breaks, counts, inertia } = kmeans1d([7, -2, 7, 7, 0, -0], { k: 5 });
    expect([...centroids]).toEqual([-2, 0, 7]);
    expect([...labels]).toEqual([2, 0, 2, 2, 1, 1]);
    expect([...breaks].map((value) => value + 0)).toEqual([-2, 0, 7]);
    expect([...counts]).toEqual([1, 2, 3]);
    expect(inertia).toBe(0);
  });

  it('reads every kind of array, and columns', () => {
    const values = [9, 1, 2, 8, 1];
    const expected = kmeans1d(values, { k: 2 });
    for (const Kind of [Float32Array, Float64Array, Int8Array, Uint16Array]) {
      expect(kmeans1d(Kind.from(values), { k: 2 })).toEqual(expected);
    }
    expect(kmeans1d(BigInt64Array.from(values, BigInt), { k: 2 })).toEqual(expected);
    expect(kmeans1d({ length: 5, get: (i) => values[i] }, { k: 2 })).toEqual(expected);
    const sampleWeight = BigUint64Array.of(1n, 1n, 1n, 1n, 1n);
    expect(kmeans1d(values, { k: 2, sampleWeight })).toEqual(expected);
  });

  it('shifts integers of 64 bits before it rounds them', () => {
    const near = 2n ** 62n;
    const { labels, inertia, counts } = kmeans1d(
      BigInt64Array.from([0n, 30n, 1n, 31n, 2n, 29n], (value) => near + value),
      { k: 2 },
    );
    expect([...labels]).toEqual([0, 1, 0, 1, 0, 1]);
    expect([...counts]).toEqual([3, 3]);
    expect(inertia).toBe(4);
  });

  it('has clusters of the least numbers there are', () => {
    const { labels, breaks, inertia } = kmeans1d([1e-323, 0, 5e-324, 0], { k: 2 });
    expect(breaks[0]).toBe(0);
    expect(breaks[1]).toBeGreaterThan(0);
    expect(labels[1]).toBe(0);
    expect(inertia).toBe(0);
  });

  it('leaves the values as they are', () => {
    const values = Float64Array.of(3, 1, 2);
    kmeans1d(values, { k: 2 });
    expect(values).toEqual(Float64Array.of(3, 1, 2));
  });

  it.each([
    ['nothing', undefined, { k: 1 }, TypeError, 'values must be an array or a vector of numbers, got undefined'],
    ['a string', '123', { k: 1 }, TypeError, "values must be an array or a vector of numbers, got the string '123'"],
    ['a matrix', { data: Float64Array.of(1), shape: [1, 1] }, { k: 1 }, TypeError, 'values must be an array'],
    ['rows', [[1], [2]], { k: 1 }, TypeError, 'values[0] must be a number, got an array of 1'],
    ['no value', [], { k: 1 }, RangeError, 'values must have at least one value'],
    ['a NaN', [1, NaN], { k: 1 }, RangeError, 'values[1] must be finite, got NaN'],
    ['an infinity', [-Infinity], { k: 1 }, RangeError, 'values[0] must be finite, got -Infinity'],
    ['a null', [1, null], { k: 1 }, RangeError, 'values[1] is null'],
    ['a hole', [1, undefined], { k: 1 }, TypeError, 'values[1] must be a number, got nothing'],
    ['a value over 1e150', [1, 2e150], { k: 1 }, RangeError, 'values[1] must be at most 1e+150 in magnitude'],
    ['no k', [1, 2], {}, TypeError, 'k must be a number'],
    ['no options', [1, 2], undefined, TypeError, 'k must be a number'],
    ['k = 0', [1, 2], { k: 0 }, RangeError, 'k must be an integer of at least 1, got 0'],
    ['too many clusters', [1, 2], { k: 3 }, RangeError, 'k is 3, there are 2 values of positive weight'],
    [
      'too many for the weights',
      [1, 2],
      { k: 2, sampleWeight: [1, 0] },
      RangeError,
      'k is 2, there are 1 values of positive weight',
    ],
    ['too few weights', [1, 2], { k: 1, sampleWeight: [1] }, RangeError, 'sampleWeight has 1 values, 2 are needed'],
    ['a negative weight', [1, 2], { k: 1, sampleWeight: [1, -1] }, RangeError, 'sampleWeight[1] must be finite and'],
    ['an unknown option', [1, 2], { k: 1, sampleWeights: [1, 1] }, TypeError, "did you mean 'sampleWeight'"],
  ] as const)('refuses %s', (_, values, options, kind, message) => {
    const call = () => kmeans1d(values as never, options as never);
    expect(call).toThrow(expect.objectContaining({ constructor: kind, message: expect.stringContaining(message) }));
  });
});
