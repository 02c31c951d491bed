import theirs from 'skmeans';
import { afterEach, describe, expect, test, vi } from 'vitest';
import ours, { type Point, type Start } from '../../src/compat/skmeans.ts';
import { Random } from '../../src/random.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

type Arguments<T extends Point> = [
  data: T[],
  k: number,
  initial?: Start<T>,
  maxit?: number,
  distance?: (a: T, b: T) => number,
];

/** What a program sees of a result, or of the error that is thrown in its place. */
function seen(skmeans: typeof ours, [data, k, initial, ...rest]: Arguments<Point>) {
  const random = new Random(0);
  vi.spyOn(Math, 'random').mockImplementation(() => random.uniform());
  const start = Array.isArray(initial) ? initial.slice() : initial;
  try {
    const { it, idxs, centroids } = skmeans(data, k, start, ...rest);
    if (Array.isArray(start)) expect(centroids).toBe(start);
    return { it, k, idxs, centroids };
  } catch (error) {
    return { error: (error as Error).constructor };
  }
}

function both<T extends Point>(...call: Arguments<T>) {
  return [ours, theirs as unknown as typeof ours].map((skmeans) => seen(skmeans, call as unknown as Arguments<Point>));
}

const VALUES = {
  'few integers, full of ties and duplicates': (random: Random) => random.below(4),
  normal: (random: Random) => random.normal(),
  'gaps among them': (random: Random) => (random.below(5) === 0 ? Number.NaN : random.normal()),
  'infinite ones among them': (random: Random) => (random.below(9) === 0 ? Infinity : random.normal()),
};

describe.each(Object.entries(VALUES))('small calls, %s', (_, draw) => {
  test.each(['scalars', 'points'] as const)('%s: the same bits', (kind) => {
    const random = new Random(1);
    for (let call = 0; call < 200; call++) {
      const n = 1 + random.below(40);
      const d = 1 + random.below(4);
      const k = 1 + random.below(Math.min(n, 9));
      const point = () => (kind === 'scalars' ? draw(random) : Array.from({ length: d }, () => draw(random)));
      const data = Array.from({ length: n }, point);
      const initial = [undefined, 'kmrand' as const, data.slice(0, k)][random.below(3)];
      const [own, original] = both(data, k, initial, [60, 1, 2][random.below(3)]);
      expect(own).toEqual(original);
    }
  });
});

describe.each([
  ['narrow', 20_000, 2, 40],
  ['wide', 300, 200, 10],
])('calls that the engine answers, %s', (_, n, d, k) => {
  const random = new Random(2);
  const centres = Array.from({ length: k }, () => Array.from({ length: d }, () => 4 * random.normal()));
  const data = Array.from({ length: n }, (_, i) => centres[i % k].map((value) => value + random.normal()));

  test('the same clusters', () => {
    for (const initial of [undefined, 'kmrand', data.slice(0, k)] as const) {
      const [own, original] = both(data, k, initial, 30);
      expect(own).toEqual(original);
    }
  });

  test('duplicates among the first rows: the last of them has the rows, the others are zero', () => {
    const doubled = [...data.slice(0, 5), ...data.slice(0, 5), ...data];
    const [own, original] = both(doubled, k, doubled.slice(0, k), 5);
    expect(own).toEqual(original);
    expect((own as { centroids: number[][] }).centroids[0]).toEqual(new Array(d).fill(0));
  });
});

test('scalars that the engine answers', () => {
  const random = new Random(3);
  const data = Array.from({ length: 20_000 }, () => random.normal());
  const [own, original] = both(data, 10, data.slice(0, 10), 20);
  expect(own).toEqual(original);
});

test('a distance of the caller', () => {
  const random = new Random(4);
  const data = Array.from({ length: 200 }, () => [random.normal(), random.normal()]);
  const manhattan = (a: number[], b: number[]) => Math.abs(a[0] - b[0]) + Math.abs(a[1] - b[1]);
  const [own, original] = both(data, 5, data.slice(0, 5), 9, manhattan);
  expect(own).toEqual(original);
  const scalars = data.map(([value]) => value);
  const upwards = (a: number, b: number) => Math.max(0, b - a);
  const [ownScalars, originalScalars] = both(scalars, 5, scalars.slice(0, 5), 9, upwards);
  expect(ownScalars).toEqual(originalScalars);
});

test('k-means++ begins with k rows, far ones rather than near ones', () => {
  const random = new Random(5);
  vi.spyOn(Math, 'random').mockImplementation(() => random.uniform());
  const data = Array.from({ length: 400 }, (_, i) => [100 * (i % 4), random.uniform()]);
  for (let call = 0; call < 20; call++) {
    const { centroids } = ours(data, 4, 'kmpp');
    expect(centroids.map(([x]) => x).sort((a, b) => a - b)).toEqual([0, 100, 200, 300]);
  }
});

describe.each([
  ['plain JavaScript answers', 40],
  ['the engine answers', 7000],
])('what types do not let through, in calls that %s', (_, n) => {
  const random = new Random(6);
  const data = Array.from({ length: n }, () => [random.normal(), random.normal()]);
  const scalars = data.map(([value]) => value);
  const typed = (rows: number[][]) => rows.map((row) => Float64Array.from(row)) as unknown as number[][];

  test.each([
    ['rows that are typed arrays', typed(data), 10, undefined],
    ['rows and centroids that are', typed(data), 10, typed(data.slice(0, 10))],
    ['only centroids that are', data, 10, typed(data.slice(0, 10))],
    ['scalars in a typed array', Float64Array.from(scalars) as unknown as number[], 10, undefined],
    ['null among scalars', Object.assign(scalars.slice(), { 5: null }), 10, scalars.slice(10, 20)],
    ['null and undefined, which are different scalars', [null, undefined] as unknown as number[], 2, 'kmrand' as const],
    ['fewer scalars to begin with than clusters', scalars, 10, scalars.slice(0, 3)],
    ['more centroids than clusters', data, 10, data.slice(0, 12)],
    ['a first row without numbers', [[], ...data.slice(1)], 10, data.slice(10, 20)],
    ['clusters that are not whole', data, 9.5, undefined],
    ['a number of clusters that is a string', data, '10' as unknown as number, undefined],
  ])('%s', (_, points, k, initial) => {
    const [own, original] = both<Point>(points, k, initial, 5);
    expect(own).toEqual(original);
  });

  test('false for a distance', () => {
    const [own, original] = both(data, 10, data.slice(0, 10), 5, false as never);
    expect(own).toEqual(original);
  });
});

test('k-means++ takes gaps for zeros, as distances do', () => {
  const random = new Random(7);
  vi.spyOn(Math, 'random').mockImplementation(() => random.uniform());
  const data = Array.from({ length: 40 }, (_, i) => [100 * (i % 4), i < 4 ? Number.NaN : 0]);
  for (let call = 0; call < 20; call++) {
    const { idxs } = ours(data, 4, 'kmpp');
    expect(new Set(idxs).size).toBe(4);
  }
});

test('more clusters than rows: an error, where the package never returns', () => {
  expect(() => ours([[0], [1]], 3)).toThrow('k is 3, there are 2 points');
});

test('no rows, too few given centroids, too few different rows: errors, as there', () => {
  for (const call of [
    [[], 1],
    [[[0], [1]], 2, [[0]]],
    [[[0], [0]], 2, 'kmrand'],
  ] as Arguments<number[]>[]) {
    const [own, original] = both(...call);
    expect(own).toHaveProperty('error');
    expect(original).toHaveProperty('error');
  }
});

test('the nearest centroid to other points', () => {
  const data = [
    [0, 0],
    [0, 2],
    [8, 0],
    [8, 2],
  ];
  const [own, original] = [ours, theirs as unknown as typeof ours].map((skmeans) => skmeans(data, 2, data.slice(1, 3)));
  const farthest = (a: number[], b: number[]) => -Math.abs(a[0] - b[0]);
  for (const point of [
    [1, 1],
    [4, 1],
    [9, 9],
    [Number.NaN, 0],
  ]) {
    expect(own.test(point)).toEqual(original.test(point));
    expect(own.test(point, farthest)).toEqual(original.test(point, farthest));
  }
  const scalars = [ours, theirs as unknown as typeof ours].map((skmeans) =>
    skmeans<number>([1, 2, 8, 9], 2, [1, 9]).test(5),
  );
  expect(scalars[0]).toEqual(scalars[1]);
});
