import { setTimeout } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import * as theirs from 'ml-kmeans';
import { describe, expect, test } from 'vitest';
import * as ours from '../../src/compat/ml-kmeans.ts';
import { destroyDefaultEngines } from '../../src/index.ts';
import { Random } from '../../src/random.ts';

/** What a program sees of a result, or of the error that is thrown in its place. */
function seen(call: () => { clusters: number[]; centroids: number[][]; converged: boolean; iterations: number }) {
  try {
    const { clusters, centroids, converged, iterations } = call();
    return { clusters, centroids, converged, iterations };
  } catch (error) {
    return { error: (error as Error).message };
  }
}

async function asCall<T>(promise: Promise<T>): Promise<() => T> {
  const result = await promise;
  return () => result;
}

function both(data: number[][], K: number, options: theirs.Options = {}) {
  return [() => ours.kmeans(data, K, options), () => theirs.kmeans(data, K, options)].map(seen);
}

const VALUES = {
  'few integers, full of ties and duplicates': (random: Random) => random.below(4),
  normal: (random: Random) => random.normal(),
  'far from zero': (random: Random) => 1e6 + 1e5 * random.uniform(),
  'tiny and huge': (random: Random) => random.normal() * 10 ** (random.below(60) - 30),
};

describe.each(Object.entries(VALUES))('small calls, %s', (_, draw) => {
  test.each(['kmeans++', 'random', 'mostDistant', 'given'] as const)('%s: the same bits', (start) => {
    const random = new Random(1);
    for (let call = 0; call < 60; call++) {
      const n = 1 + random.below(40);
      const d = 1 + random.below(4);
      const K = 1 + random.below(Math.min(n, 9));
      const data = Array.from({ length: n }, () => Array.from({ length: d }, () => draw(random)));
      const initialization = start === 'given' ? data.slice(0, K) : start;
      const maxIterations = [1, 2, 100, 0][random.below(4)];
      const [own, original] = both(data, K, { initialization, maxIterations, seed: random.below(2 ** 31) });
      expect(own).toEqual(original);
    }
  });
});

describe.each([
  ['narrow', 20_000, 2, 5],
  ['wide', 300, 200, 10],
  ['many clusters', 1000, 8, 60],
])('calls that an engine answers, %s', (_, n, d, K) => {
  const random = new Random(2);
  const centres = Array.from({ length: K }, () => Array.from({ length: d }, () => 4 * random.normal()));
  const data = Array.from({ length: n }, (_, i) => centres[i % K].map((value) => value + random.normal()));

  test.each(['kmeans++', 'random', 'given'] as const)('%s: the same clusters', (start) => {
    const initialization = start === 'given' ? data.slice(0, K) : start;
    const [own, original] = both(data, K, { initialization, seed: 3 });
    expect(own).toEqual(original);
  });

  test('as a promise', async () => {
    const options = { seed: 4 };
    const { clusters, centroids, iterations } = await ours.kmeansAsync(data, K, { ...options, backend: 'cpu' });
    const original = theirs.kmeans(data, K, options);
    expect({ clusters, centroids, iterations }).toEqual({
      clusters: original.clusters,
      centroids: original.centroids,
      iterations: original.iterations,
    });
    await destroyDefaultEngines();
  });

  test('iteration by iteration', () => {
    const options = { seed: 5, maxIterations: 4 };
    const original = theirs.kmeansGenerator(data, K, options);
    for (const own of ours.kmeansGenerator(data, K, options)) {
      const { value } = original.next();
      expect(own).toEqual({ ...value!, distance: own.distance });
    }
    expect(original.next().done).toBe(true);
  });
});

describe('degenerate calls', () => {
  const square = [
    [0, 0],
    [0, 1],
    [1, 0],
    [1, 1],
  ];

  test.each([
    ['duplicates of one row', Array.from({ length: 9 }, () => [1, 2]), 3, { seed: 1 }],
    ['as many clusters as rows', square, 4, { seed: 2 }],
    ['one cluster', square, 1, { seed: 3 }],
    [
      'ties',
      square,
      2,
      {
        initialization: [
          [0, 0.5],
          [1, 0.5],
        ],
      },
    ],
    [
      'an empty cluster',
      square,
      2,
      {
        initialization: [
          [0.5, 0.5],
          [99, 99],
        ],
      },
    ],
    [
      'equal centroids',
      square,
      3,
      {
        initialization: [
          [0, 0],
          [0, 0],
          [1, 1],
        ],
      },
    ],
    ['no tolerance', square, 2, { seed: 4, tolerance: 0 }],
    ['a tolerance that all is within', square, 2, { seed: 4, tolerance: 1e9 }],
    ['a limit that is no number', square, 2, { seed: 4, maxIterations: Number.NaN }],
    ['a limit below 0', square, 2, { seed: 4, maxIterations: -1 }],
    ['no clusters', square, 0, {}],
    ['more clusters than rows', square, 5, {}],
    ['half a cluster', square, 1.5, {}],
    ['no rows', [], 1, {}],
    ['too few centroids', square, 2, { initialization: [[0, 0]] }],
    ['a method that there is not', square, 2, { initialization: 'best' as 'random' }],
    ['a seed that is no integer', square, 2, { seed: 0.5 }],
    ['values that are infinite', [[0], [Infinity], [1]], 2, { initialization: [[0], [1]] }],
  ])('%s: the same result, or the same error', (_, data, K, options) => {
    const [own, original] = both(data, K, options);
    expect(own).toEqual(original);
  });

  test('NaN: an error, as there', () => {
    const options: theirs.Options[] = [{ seed: 1 }, { initialization: [[0], [1]] }];
    for (const given of options) {
      for (const { kmeans } of [ours, theirs]) expect(() => kmeans([[0], [Number.NaN], [1]], 2, given)).toThrow();
    }
  });

  test('what an engine refuses, plain JavaScript answers', async () => {
    const random = new Random(6);
    const data = Array.from({ length: 20_000 }, () => [random.normal(), random.normal()]);
    data[77] = [1e151, 0];
    const initialization = data.slice(0, 5);
    const [own, original] = both(data, 5, { initialization });
    expect(own).toEqual(original);
    expect(seen(await asCall(ours.kmeansAsync(data, 5, { initialization })))).toEqual(original);
  });
});

describe.each([
  ['plain JavaScript answers', 40],
  ['an engine answers', 7000],
])('what types do not let through, in calls that %s', (_, n) => {
  const random = new Random(11);
  const data = Array.from({ length: n }, () => [random.normal(), random.normal()]);
  const K = 10;
  const given = data.slice(0, K);
  const typed = (rows: number[][]) => rows.map((row) => Float64Array.from(row)) as unknown as number[][];
  const withFirst = (row: unknown) => [row, ...given.slice(1)] as number[][];

  test.each(['kmeans++', 'random'] as const)('rows that are typed arrays, %s', (initialization) => {
    const [own, original] = both(typed(data), K, { initialization, seed: 1, maxIterations: 5 });
    expect(own).toEqual(original);
  });

  test.each([
    ['typed arrays', typed(given)],
    ['typed arrays, one without points', typed(withFirst([1e6, 1e6]))],
    ['wider', given.map((row) => [...row, 5])],
    ['narrower', given.map((row) => row.slice(0, 1))],
    ['wider, and without points', withFirst([1e3, 1e3, 7])],
    ['no row', withFirst(3)],
    ['NaN', withFirst([Number.NaN, 0])],
    ['without squares', withFirst([1e200, 0])],
    ['strings', withFirst(['1', '0'])],
  ])('centroids that are %s', (_, initialization) => {
    const [own, original] = both(data, K, { initialization, maxIterations: 5 });
    expect(own).toEqual(original);
  });

  test.each([
    ['ragged', [1]],
    ['null', [null, 1]],
    ['strings', ['2', '1']],
    ['true', [true, 1]],
  ])('rows that are %s', (_, row) => {
    const unusual = Object.assign(data.slice(), { 25: row });
    for (const initialization of ['kmeans++', given] as const) {
      const [own, original] = both(unusual, K, { initialization, seed: 2, maxIterations: 5 });
      expect(own).toEqual(original);
    }
  });

  test('null for options', () => {
    const options = null as unknown as theirs.Options;
    for (const { kmeans } of [ours, theirs]) expect(kmeans(data, K, options).centroids).toHaveLength(K);
  });

  test('what is written to a result holds for the next iteration', () => {
    const written = ({ kmeansGenerator }: Pick<typeof theirs, 'kmeansGenerator'>) => {
      const seen: number[][][] = [];
      for (const result of kmeansGenerator(data, K, { initialization: given })) {
        seen.push(result.centroids);
        if (seen.length === 1) result.centroids = data.slice(20, 20 + K);
        result.converged = seen.length === 3;
      }
      return seen;
    };
    expect(written(ours)).toEqual(written(theirs));
  });
});

test('the most distant of rows that are ragged, infinite or no numbers', () => {
  const random = new Random(12);
  const unusual = [Infinity, Number.NaN, -1e200, 1e160];
  for (let call = 0; call < 300; call++) {
    const value = () => (random.below(12) === 0 ? unusual[random.below(4)] : random.below(9));
    const row = () => Array.from({ length: random.below(6) === 0 ? 3 : 2 }, value);
    const data = Array.from({ length: 3 + random.below(8) }, row);
    const calls = both(data, 1 + random.below(data.length), { initialization: 'mostDistant', seed: call });
    const [own, original] = calls.map((result) => ('error' in result ? 'an error' : result));
    expect(own).toEqual(original);
  }
});

describe('with a distance of the caller', () => {
  const random = new Random(7);
  const data = Array.from({ length: 200 }, () => [random.normal(), random.normal(), random.normal()]);
  const manhattan = (p: number[], q: number[]) => p.reduce((sum, value, j) => sum + Math.abs(value - q[j]), 0);
  /** Not the same from both sides. */
  const uphill = (p: number[], q: number[]) => p.reduce((sum, value, j) => sum + Math.max(0, value - 2 * q[j]), 0);

  test.each(['kmeans++', 'random', 'mostDistant'] as const)('%s: the same bits', async (initialization) => {
    for (const distanceFunction of [manhattan, uphill]) {
      const options = { distanceFunction, initialization, seed: 8 };
      const [own, original] = both(data, 6, options);
      expect(own).toEqual(original);
      expect(seen(await asCall(ours.kmeansAsync(data, 6, options)))).toEqual(original);
    }
  });
});

describe('results', () => {
  const data = [
    [1, 1, 1],
    [1, 2, 1],
    [-1, -1, -1],
    [-1, -1, -1.5],
    [9, 9, 9],
  ];
  const initialization = [data[0], data[2], [99, 99, 99], [77, 77, 77]];
  const [own, original] = [ours, theirs].map(({ kmeans }) => kmeans(data, 4, { initialization, maxIterations: 1 }));

  test('the nearest of other points', () => {
    const others = [
      [0, 1, 0],
      [-9, 0, 0],
      [90, 90, 90],
      [Number.NaN, 0, 0],
    ];
    expect(own.nearest(others)).toEqual(original.nearest(others));
  });

  test('what is known of each cluster', () => {
    expect(own.computeInformation(data)).toEqual(original.computeInformation(data));
  });

  test('the distance that was taken', () => {
    expect(own.distance([1, 2], [3, 5])).toBe(original.distance([1, 2], [3, 5]));
  });

  test('one array of labels for all iterations, as there', () => {
    for (const { kmeansGenerator } of [ours, theirs]) {
      const results = [...kmeansGenerator(data, 2, { initialization: data.slice(0, 2) })];
      expect(results.length).toBeGreaterThan(1);
      expect(results[0].clusters).toBe(results[1].clusters);
    }
  });

  test('no iteration where none is allowed', () => {
    for (const { kmeansGenerator } of [ours, theirs]) {
      expect([...kmeansGenerator(data, 2, { maxIterations: 0, seed: 1 })]).toEqual([]);
    }
  });

  test('the caller keeps its arrays', () => {
    const given = data.slice(0, 2);
    const before = JSON.stringify([data, given]);
    ours.kmeans(data, 2, { initialization: given });
    expect(JSON.stringify([data, given])).toBe(before);
  });

  test('without a seed another start each time', () => {
    const random = new Random(9);
    const noise = Array.from({ length: 300 }, () => [random.uniform()]);
    const starts = Array.from({ length: 5 }, () => ours.kmeans(noise, 8, { maxIterations: 1 }).centroids.join());
    expect(new Set(starts).size).toBeGreaterThan(1);
  });
});

test('iterations that are left free what they held in the engine', async () => {
  setFlagsFromString('--expose-gc');
  const collect: () => void = runInNewContext('gc');
  const data = Array.from({ length: 40_000 }, (_, i) => [i % 7, i % 11]);
  const options = { initialization: data.slice(0, 4) };
  const leave = async (iterations: number) => {
    for (let i = 0; i < iterations; i++) ours.kmeansGenerator(data, 4, options).next();
    await setTimeout(10);
    collect();
    await setTimeout(10);
    return process.memoryUsage().external;
  };
  await leave(10);
  const before = await leave(10);
  for (let round = 0; round < 4; round++) await leave(10);
  // Half a megabyte each.
  expect((await leave(10)) - before).toBeLessThan(10e6);
});

test('a promise heeds its signal', async () => {
  const random = new Random(10);
  const data = Array.from({ length: 30_000 }, () => [random.uniform(), random.uniform()]);
  const controller = new AbortController();
  const call = ours.kmeansAsync(data, 20, { signal: controller.signal, tolerance: 0, maxIterations: 0 });
  controller.abort(new Error('enough'));
  await expect(call).rejects.toThrow('enough');
  await destroyDefaultEngines();
});

test('types are those of the package, and more', () => {
  const kmeans: typeof theirs.kmeans = ours.kmeans;
  const kmeansGenerator: typeof theirs.kmeansGenerator = ours.kmeansGenerator;
  const options: ours.Options = {} satisfies theirs.Options;
  expect([kmeans, kmeansGenerator, options]).toHaveLength(3);
});
