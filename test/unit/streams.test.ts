/** Fits of blocks that are read anew for each pass: those of all rows in one call. */
import { describe, expect, it } from 'vitest';
import {
  type BlockSource,
  type GaussianMixtureModel,
  type GaussianMixtureOptions,
  gaussianMixture,
  kmeans,
  miniBatchKMeans,
} from '../../src/index.ts';
import { Random } from '../../src/random.ts';

const [n, d, k] = [5000, 3, 5];
const random = new Random(21);
const data = Float32Array.from({ length: n * d }, (_, at) => 50 + (Math.floor(at / d) % 6) + random.normal());
const weights = Float32Array.from({ length: n }, (_, i) => (i % 7 === 3 ? 0 : 1 + random.uniform()));
const points = { data, shape: [n, d] };
const start = { data: data.slice(0, k * d), shape: [k, d] };

/** Blocks of so many rows, the last of what is left, with what was opened and closed. */
function sourceOf(
  rows: number,
  weighted = false,
  change?: (pass: number, number: number, block: Float32Array) => unknown,
) {
  const seen = { passes: 0, closed: 0, read: 0 };
  const source: BlockSource = {
    blocks: () => {
      const pass = seen.passes++;
      let at = 0;
      const next = async () => {
        if (at >= n) return { done: true as const, value: undefined };
        const end = Math.min(n, at + rows);
        const block = data.slice(at * d, end * d);
        const sampleWeight = weights.slice(at, end);
        const shape = [end - at, d];
        const given = change?.(pass, Math.floor(at / rows), block);
        at = end;
        seen.read++;
        const value = given ?? (weighted ? { points: { data: block, shape }, sampleWeight } : { data: block, shape });
        return { done: false as const, value: value as never };
      };
      const close = async () => {
        seen.closed++;
        return { done: true as const, value: undefined };
      };
      return { [Symbol.asyncIterator]: () => ({ next, return: close }) };
    },
  };
  return { source, seen };
}

describe.each([
  ['euclidean', false],
  ['euclidean', true],
  ['cosine', false],
] as const)('k-means of blocks, %s, weighted: %s', (metric, weighted) => {
  it.each([
    ['an explicit start', start],
    ['a reservoir', 'k-means++'],
  ] as const)('has the centroids of kmeans from %s, bit for bit', async (_, init) => {
    // A row of weight 0 is in no reservoir, but among all rows.
    if (weighted && typeof init === 'string') return;
    const options = { k, metric, init, tolerance: 0, maxIterations: 8, backend: 'cpu' } as const;
    const expected = await kmeans(points, { ...options, ...(weighted && { sampleWeight: weights }) });
    for (const rows of [n, 700]) {
      const { source, seen } = sourceOf(rows, weighted);
      const shifts: number[] = [];
      const model = await kmeans(source, { ...options, onIteration: ({ shift }) => void shifts.push(shift) });
      expect(model.centroids).toEqual(expected.centroids);
      expect(model.counts).toEqual(expected.counts);
      expect(Math.abs(model.inertia / expected.inertia - 1)).toBeLessThan(1e-12);
      expect([model.iterations, model.labels.length]).toEqual([expected.iterations, 0]);
      // Two before the first iteration, one behind the last.
      expect(seen.passes).toBe(2 + shifts.length + 1);
      expect(seen.closed).toBe(0);
    }
  });
});

it('empty clusters take the farthest rows of all blocks', async () => {
  const far = Array.from({ length: 3 }, (_, c) => [1e4 + c, 1e4, 1e4]);
  const init = [[50, 51, 52], [53, 53, 53], ...far];
  const options = { k, init, tolerance: 0, maxIterations: 6, backend: 'cpu' } as const;
  const expected = await kmeans(points, options);
  const model = await kmeans(sourceOf(800).source, options);
  expect(expected.counts.every((count) => count > 0)).toBe(true);
  expect(model.centroids).toEqual(expected.centroids);
});

/** Parameters and bounds of two fits, within a share of the largest. */
function expectNear(model: GaussianMixtureModel, expected: GaussianMixtureModel, share: number) {
  for (const part of ['weights', 'means', 'covariances', 'lowerBounds'] as const) {
    const scale = Math.max(...expected[part].map(Math.abs));
    expect(model[part]).toHaveLength(expected[part].length);
    model[part].forEach((value, i) => {
      expect(Math.abs(value - expected[part][i])).toBeLessThanOrEqual(share * scale);
    });
  }
  const { iterations, converged, components } = expected;
  expect(model).toMatchObject({ iterations, converged, components, labels: new Uint32Array(0) });
}

describe.each([
  ['full', true],
  ['tied', false],
  ['diag', true],
  ['spherical', false],
  ['tied-diag', true],
  ['tied-spherical', false],
] as const)('mixtures of blocks, %s, weighted: %s', (covarianceType, weighted) => {
  it('are that of all rows within 1e-12, and of one block to the bit', async () => {
    const means = [50, 53, 56].map((x) => [x, x + 1, 53]);
    const options = { k: 3, covarianceType, init: { means }, maxIterations: 6, backend: 'cpu' } as const;
    const expected = await gaussianMixture(points, { ...options, ...(weighted && { sampleWeight: weights }) });
    const whole = await gaussianMixture(sourceOf(n, weighted).source, options);
    expectNear(whole, expected, 0);
    const { source, seen } = sourceOf(700, weighted);
    expectNear(await gaussianMixture(source, options), expected, 1e-12);
    // Two before the start, one for it, one before the first iteration.
    expect(seen).toMatchObject({ passes: 4 + expected.iterations, closed: 0 });
  });
});

describe('mixtures of blocks', () => {
  const options = { k: 4, covarianceType: 'diag', backend: 'cpu' } as const;
  const near = [50, 52, 54, 1e4].map((x) => [x, x, x]);

  it.each<[string, Partial<GaussianMixtureOptions>, last?: string]>([
    ['from a reservoir', { init: 'kmeans', seed: 3 }],
    [
      'of hard assignments, until the labels stay',
      { init: { means: near.map(([x], c) => [x - c, 51, 52]) }, temperature: 0, tolerance: 0 },
      'reseeded',
    ],
    ['under a schedule', { init: { means: start.data.slice(0, 4 * d) }, temperature: [2, 1] }],
    [
      'where a component without weight goes to the worst row of all blocks',
      { init: { means: near, weights: near.map(() => 0.25), covariances: near.map(() => [1, 1, 1]) } },
      'reseeded',
    ],
  ])('%s', async (_, more, last = 'ok') => {
    const expected = await gaussianMixture(points, { ...options, ...more });
    expect([expected.converged, expected.components[3]]).toEqual([true, last]);
    expectNear(await gaussianMixture(sourceOf(800).source, { ...options, ...more }), expected, 1e-12);
  });

  it('say of blocks what they say of all rows', async () => {
    const model = await gaussianMixture(points, { ...options, init: { means: near }, maxIterations: 3 });
    const clusters = await kmeans(points, { k, init: start, backend: 'cpu' });
    for (const ask of [
      (...args: Parameters<typeof model.score>) => model.score(...args),
      (...args: Parameters<typeof model.score>) => model.aic(...args),
      (...args: Parameters<typeof model.score>) => model.bic(...args),
      (...args: Parameters<typeof model.score>) => model.icl(...args),
      (...args: Parameters<typeof model.score>) => clusters.bic(...args),
    ]) {
      const expected = await ask(points, { sampleWeight: weights });
      expect(Math.abs((await ask(sourceOf(1300, true).source)) / expected - 1)).toBeLessThan(1e-12);
    }
    await expect(model.score({ blocks: async function* () {} })).rejects.toThrow(/no blocks/);
    await expect(model.score(sourceOf(1300).source, { sampleWeight: weights })).rejects.toThrow(
      /belongs to the blocks/,
    );
    for (const method of ['predict', 'predictProba', 'scoreSamples', 'toKMeans'] as const) {
      await expect(model[method](sourceOf(1300).source as never)).rejects.toThrow(TypeError);
    }
  });

  it('have errors that say in which block, and leave nothing open', async () => {
    const { source, seen } = sourceOf(1000, false, (pass, number) =>
      pass === 3 && number === 3 ? [[1, 2]] : undefined,
    );
    await expect(gaussianMixture(source, options)).rejects.toThrow(/^blocks\[3\]: .*2 features/);
    expect(seen.closed).toBe(1);
    const { source: changed } = sourceOf(1000, false, (pass, _, block) => void (pass === 3 && (block[0] += 1)));
    await expect(gaussianMixture(changed, options)).rejects.toThrow(/other rows/);
    const controller = new AbortController();
    const { source: long, seen: opened } = sourceOf(1000, false, (pass, number) => {
      if (pass === 4 && number === 2) controller.abort('enough');
    });
    await expect(gaussianMixture(long, { ...options, signal: controller.signal })).rejects.toBe('enough');
    expect(opened.closed).toBe(1);
    await expect(gaussianMixture(sourceOf(n).source, { ...options, sampleWeight: weights })).rejects.toThrow(TypeError);
    await expect(gaussianMixture(sourceOf(n).source, { ...options, k: n + 1 })).rejects.toThrow(
      /there are 5000 points/,
    );
  });
});

describe('an error says in which block, and leaves nothing open', () => {
  const options = { k, init: start, backend: 'cpu' } as const;

  it.each<[string, Parameters<typeof sourceOf>[2], RegExp, number]>([
    ['a value that is none', (_, number, block) => void (number === 2 && (block[4] = NaN)), /^blocks\[2\]: points/, 1],
    ['a block of another width', (_, number) => (number === 3 ? [[1, 2]] : undefined), /^blocks\[3\]: .*2 features/, 1],
    [
      'the source itself',
      (pass, number) => {
        if (pass === 3 && number === 1) throw new Error('the disk is gone');
      },
      /^blocks\[1\]: the disk is gone/,
      1,
    ],
    ['a later pass of other rows', (pass, _, block) => void (pass === 3 && (block[0] += 1)), /other rows/, 0],
    ['a later pass of fewer rows', (pass, n) => (pass === 4 && n === 1 ? [[50, 50, 50]] : undefined), /5000 rows/, 0],
  ])('%s', async (_, change, message, closed) => {
    const { source, seen } = sourceOf(1000, false, change);
    await expect(kmeans(source, options)).rejects.toThrow(message);
    expect(seen.closed).toBe(closed);
  });

  it('an abort', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const { source, seen } = sourceOf(1000, false, (pass, number) => {
      if (pass === 3 && number === 2) controller.abort(reason);
    });
    await expect(kmeans(source, { ...options, signal: controller.signal })).rejects.toBe(reason);
    expect(seen.closed).toBe(1);
  });

  it('what does not go with a source', async () => {
    const { source } = sourceOf(1000);
    await expect(kmeans(source, { ...options, maxSize: n })).rejects.toThrow(TypeError);
    await expect(kmeans(source, { ...options, sampleWeight: weights })).rejects.toThrow(TypeError);
    await expect(kmeans({ blocks: 7 } as never, options)).rejects.toThrow(/blocks must be a function/);
    await expect(kmeans({ blocks: async function* () {} }, options)).rejects.toThrow(/no blocks/);
    for (const wrong of [() => undefined, async () => [], () => 7]) {
      await expect(kmeans({ blocks: wrong as never }, options)).rejects.toThrow(/^blocks\(\) must give an iterable/);
    }
    const model = await kmeans(source, options);
    await expect(model.predict(source as never)).rejects.toThrow(TypeError);
  });
});

it('blocks may be in an array, or come one by one without a promise', async () => {
  const halves = [0, 2500].map((first) => ({
    data: data.subarray(d * first, d * (first + 2500)),
    shape: [2500, d] as const,
  }));
  const options = { k, init: start, backend: 'cpu' } as const;
  const { centroids } = await kmeans({ data, shape: [n, d] }, options);
  expect((await kmeans({ blocks: () => halves }, options)).centroids).toEqual(centroids);
  let closed = 0;
  function* blocks() {
    try {
      yield halves[0];
      yield [[1, 2]];
    } finally {
      closed++;
    }
  }
  await expect(kmeans({ blocks }, options)).rejects.toThrow(/^blocks\[1\]: .*2 features/);
  expect(closed).toBe(1);
});

it('a model says of blocks what it says of all rows', async () => {
  const model = await kmeans(points, { k, init: start, backend: 'cpu' });
  const { source } = sourceOf(1300);
  const labels: number[] = [];
  for await (const block of model.predictBlocks(source)) labels.push(...block);
  expect(Uint32Array.from(labels)).toEqual(model.labels);
  expect(Math.abs((await model.score(source)) / (await model.score(points)) - 1)).toBeLessThan(1e-12);
  const { source: weighted } = sourceOf(1300, true);
  const score = await model.score(points, { sampleWeight: weights });
  expect(Math.abs((await model.score(weighted)) / score - 1)).toBeLessThan(1e-12);
  const { source: opened, seen } = sourceOf(1300);
  for await (const _ of model.predictBlocks(opened)) break;
  expect(seen.closed).toBe(1);
});

describe('blocks of which no row counts', () => {
  // The first, two in the middle and the last of blocks of 500 rows.
  const silent = [0, 4, 5, 9];
  const sampleWeight = weights.map((weight, i) => (silent.includes(Math.floor(i / 500)) ? 0 : weight));
  const source = sourceOf(500, false, (_, number, block) => ({
    points: { data: block, shape: [500, d] },
    sampleWeight: sampleWeight.slice(500 * number, 500 * (number + 1)),
  })).source;
  const options = { k, init: start, backend: 'cpu', maxIterations: 4 } as const;

  it('change no centroid and no score, and have labels', async () => {
    const expected = await kmeans(points, { ...options, sampleWeight });
    const model = await kmeans(source, options);
    expect(model.centroids).toEqual(expected.centroids);
    expect(model.counts).toEqual(expected.counts);
    expect(await model.score(source)).toBeCloseTo(await expected.score(points, { sampleWeight }), 9);
    const labels: number[] = [];
    for await (const block of model.predictBlocks(source)) labels.push(...block);
    expect(labels).toEqual(Array.from(await expected.predict(points)));
  });

  it('change no mixture', async () => {
    const init = { means: [50, 53, 56].map((x) => [x, x + 1, 53]) };
    const mixed = { k: 3, covarianceType: 'full', init, backend: 'cpu', maxIterations: 3 } as const;
    expectNear(await gaussianMixture(source, mixed), await gaussianMixture(points, { ...mixed, sampleWeight }), 1e-12);
  });

  it('are looked at all the same', async () => {
    const wrong = (block: unknown, sampleWeight: unknown): BlockSource => ({
      async *blocks() {
        yield [
          [0, 1],
          [1, 1],
          [2, 1],
        ];
        yield { points: block, sampleWeight } as never;
      },
    });
    const fit = (block: unknown, sampleWeight: unknown) => kmeans(wrong(block, sampleWeight), { k: 1, backend: 'cpu' });
    await expect(
      fit(
        [
          [0, 1],
          [2, 3],
        ],
        [null, null],
      ),
    ).rejects.toThrow(/blocks\[1\]: sampleWeight\[0\]/);
    await expect(fit([[0, NaN]], [0])).rejects.toThrow(/blocks\[1\]: points\[0\]\[1\]/);
    await expect(fit([[0, 1, 2]], [0])).rejects.toThrow(/blocks\[1\]: points have 3 features/);
    await expect(fit([[0, 1]], Symbol('x'))).rejects.toThrow(/blocks\[1\]: /);
  });

  it('and rows wider than a stack are read', async () => {
    const width = 140_000;
    const block = { data: Float32Array.from({ length: 3 * width }, (_, i) => i % 7), shape: [3, width] };
    const model = await kmeans(
      {
        blocks: async function* () {
          yield block;
        },
      },
      { k: 2, backend: 'cpu' },
    );
    expect(model.counts.reduce((a, b) => a + b)).toBe(3);
  });

  it('are no source by themselves', async () => {
    const nothing = sourceOf(500, false, (_, _number, block) => ({
      points: { data: block, shape: [500, d] },
      sampleWeight: new Float32Array(500),
    })).source;
    await expect(kmeans(nothing, options)).rejects.toThrow('the source has no row of positive weight');
  });
});

it('clusters so tight that squares have all the digits take a pass an iteration', async () => {
  const drawn = new Random(23);
  const tight = Float32Array.from({ length: 8000 }, (_, at) => (at % 4 < 2 ? 100 : -100) + 0.05 * drawn.normal());
  let passes = 0;
  const source: BlockSource = {
    async *blocks() {
      passes++;
      for (const at of [0, 4000]) yield { data: tight.slice(at, at + 4000), shape: [2000, 2] };
    },
  };
  const model = await kmeans(source, { k: 8, seed: 3, tolerance: 0, backend: 'cpu' });
  expect(model.converged).toBe(true);
  // Two go before, one finds that terms are needed.
  expect(passes).toBeLessThanOrEqual(model.iterations + 4);
});

describe('blocks without rows', () => {
  const empties = [[], { data: new Float32Array(0), shape: [0, d] }, { columns: Array.from({ length: d }, () => []) }];
  const source: BlockSource = {
    async *blocks() {
      yield empties[0];
      for (let first = 0; first < n; first += 2000) {
        const rows = Math.min(2000, n - first);
        yield { data: points.data.slice(first * d, (first + rows) * d), shape: [rows, d] };
        for (const empty of empties) yield empty as never;
      }
    },
  };
  const options = { k, init: start, backend: 'cpu', maxIterations: 4 } as const;

  it('change nothing, and have no labels', async () => {
    const expected = await kmeans(points, options);
    const model = await kmeans(source, options);
    expect(model.centroids).toEqual(expected.centroids);
    expect(await model.score(source)).toBeCloseTo(await expected.score(points), 9);
    const lengths: number[] = [];
    for await (const { length } of model.predictBlocks(source)) lengths.push(length);
    expect(lengths).toEqual([0, 2000, 0, 0, 0, 2000, 0, 0, 0, n - 4000, 0, 0, 0]);
    const learnt = { k, batchSize: 1000, seed: 1, backend: 'cpu' } as const;
    expect((await miniBatchKMeans(source, learnt)).d).toBe(d);
  });

  it('are refused where something is left, or was taken away', async () => {
    const gone = new Float32Array(8);
    structuredClone(gone, { transfer: [gone.buffer] });
    for (const wrong of [
      { data: new Float32Array(6), shape: [0, d] },
      { data: gone, shape: [0, d] },
      { points: [], sampleWeight: [1, 2] },
    ]) {
      const mixed: BlockSource = {
        blocks: async function* () {
          yield points as never;
          yield wrong as never;
        },
      };
      await expect(kmeans(mixed, options)).rejects.toThrow(/^blocks\[1\]: /);
    }
  });

  it('are no points by themselves', async () => {
    const nothing: BlockSource = {
      blocks: async function* () {
        for (const empty of empties) yield empty as never;
      },
    };
    await expect(kmeans(nothing, options)).rejects.toThrow('the source has no rows');
    const transferred = new Float32Array(8);
    structuredClone(transferred, { transfer: [transferred.buffer] });
    const gone: BlockSource = {
      blocks: async function* () {
        yield { columns: [transferred] };
      },
    };
    await expect(kmeans(gone, options)).rejects.toThrow(/^blocks\[0\]: .*transferred/);
  });
});

describe.each(['euclidean', 'cosine'] as const)('blocks that the engine reads for itself, %s', (metric) => {
  const [many, width] = [70_000, 8];
  const numbers = new Random(22);
  const values = Float32Array.from(
    { length: many * width },
    (_, at) => 9 + (Math.floor(at / width) % 5) + numbers.normal(),
  );
  const options = { k: 5, metric, backend: 'cpu', maxIterations: 3, tolerance: 0 } as const;
  const init = { data: values.slice(0, 5 * width), shape: [5, width] };
  const from = (change: (pass: number, block: Float32Array) => void = () => {}): BlockSource => {
    let passes = 0;
    return {
      async *blocks() {
        const pass = passes++;
        for (let at = 0; at < many; at += 35_000) {
          const data = values.slice(at * width, (at + 35_000) * width);
          if (at > 0) change(pass, data);
          yield { data, shape: [35_000, width] };
        }
      },
    };
  };

  it('have the centroids of kmeans, bit for bit', async () => {
    const expected = await kmeans({ data: values, shape: [many, width] }, { ...options, init });
    const model = await kmeans(from(), { ...options, init });
    expect(model.centroids).toEqual(expected.centroids);
    expect(model.inertia).toBeCloseTo(expected.inertia, 6);
  });

  it('are told of by their number where they change', async () => {
    const changed = (value: number) => from((pass, block) => pass === 3 && block.fill(value, 0, width));
    await expect(kmeans(changed(NaN), { ...options, init })).rejects.toThrow(
      'blocks[1]: points.data[0] must be finite',
    );
    if (metric === 'cosine') return;
    await expect(kmeans(changed(1e38), { ...options, init })).rejects.toThrow(RangeError);
    await expect(kmeans(changed(9.5), { ...options, init })).rejects.toThrow('the source had other rows');
  });
});
