import { afterAll, describe, expect, it } from 'vitest';
import { createEngine, type HostPoints, KMeansModel, kmeans, type Metric } from '../../src/index.ts';
import { Random } from '../../src/random.ts';

const engine = await createEngine({ backend: 'cpu', threads: 1 });
afterAll(() => engine.destroy());

interface Points extends HostPoints {
  readonly data: Float64Array;
}

function points(n: number, d: number, seed: number, value: (random: Random) => number): Points {
  const random = new Random(seed);
  return { data: Float64Array.from({ length: n * d }, () => value(random)), shape: [n, d] };
}

function rowOf({ data, shape: [, d] }: Points, i: number): HostPoints {
  return { data: data.slice(i * d, (i + 1) * d), shape: [1, d] };
}

const DATA: Record<string, { value: (random: Random) => number; d: number; k: number; metric?: Metric }> = {
  numbers: { value: (random) => random.normal(), d: 7, k: 20 },
  'a lattice, full of ties': { value: (random) => random.below(3), d: 4, k: 9 },
  'far from zero': { value: (random) => 1e6 + random.normal(), d: 3, k: 5 },
  'digits that float32 has not': { value: (random) => 1e12 + random.uniform(), d: 2, k: 4 },
  'unit rows': { value: (random) => random.normal(), d: 5, k: 6, metric: 'cosine' },
};

describe('a few rows are answered on the host as an engine answers for many', () => {
  it.each(Object.keys(DATA))('%s', async (name) => {
    const { value, d, k, metric = 'euclidean' } = DATA[name];
    const many = points(300, d, 1, value);
    const model = await kmeans(many, { k, metric, backend: 'cpu', maxIterations: 3 });
    const [labels, distances] = [await model.predict(many), await model.transform(many)];
    let inertia = 0;
    for (let i = 0; i < 300; i++) {
      const row = rowOf(many, i);
      expect(await model.predict(row)).toEqual(labels.slice(i, i + 1));
      expect(await model.transform(row)).toEqual(distances.slice(i * k, (i + 1) * k));
      inertia -= await model.score(row);
    }
    expect(labels).toEqual(model.labels);
    expect(Math.abs(-inertia / (await model.score(many)) - 1)).toBeLessThan(1e-12);
  });

  it('rows out of reach, and weights', async () => {
    const model = await kmeans(
      points(100, 2, 3, (random) => random.uniform()),
      { k: 3, backend: 'cpu' },
    );
    const far = [...Array.from({ length: 20 }, (_, i) => [i / 20, 0]), [1e60, -1e60], [3e140, 0]];
    const labels = await model.predict(far);
    const sampleWeight = Float32Array.of(2, 3, 0);
    const few = [far[1], far[20], far[21]];
    expect(await model.predict(few)).toEqual(Uint32Array.of(labels[1], labels[20], labels[21]));
    const filled = [...few, ...Array.from({ length: 20 }, () => [0, 0])];
    const weights = Float32Array.from(filled, (_, i) => sampleWeight[i] ?? 0);
    expect(await model.score(few, { sampleWeight })).toBe(await model.score(filled, { sampleWeight: weights }));
  });

  it('rows beside which all centroids are nothing', async () => {
    const model = await kmeans(
      points(300, 3, 4, (random) => random.normal()),
      { k: 20, backend: 'cpu' },
    );
    const long = Array.from({ length: 17 }, (_, i) => [10 ** (i + 6), i, -i]);
    const labels = await model.predict(long);
    for (const [i, row] of long.entries()) expect(await model.predict([row])).toEqual(labels.slice(i, i + 1));
  });

  it('the same errors', async () => {
    const model = await kmeans([[0], [1]], { k: 2, backend: 'cpu' });
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(model.predict([[1, 2]])).rejects.toThrow(RangeError);
    await expect(model.predict([[NaN]])).rejects.toThrow('points[0][0] must be finite');
    await expect(model.predict([[1]], { signal })).rejects.toThrow('enough');
    await expect(model.predict([[1]], { backend: 'gpu' as 'cpu' })).rejects.toThrow('backend');
    const unit = await kmeans(
      [
        [1, 0],
        [0, 1],
      ],
      { k: 2, metric: 'cosine', backend: 'cpu' },
    );
    await expect(unit.predict([[1]])).rejects.toThrow('points have 1 features, the model has 2');
    await expect(unit.predict([[0, 0]])).rejects.toThrow('points[0] is zero');
  });

  it('hear a signal between two centroids', async () => {
    const [k, d] = [4000, 1000];
    const model = new Random(1);
    const centroids = Array.from({ length: k * d }, () => model.uniform());
    const plain = { type: 'KMeansModel', metric: 'euclidean', backend: 'cpu' } as const;
    const json = { ...plain, k, d, centroids, counts: Array(k).fill(1), inertia: 1, iterations: 1, converged: true };
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('enough')));
    const rows = points(16, d, 2, (random) => random.uniform());
    await expect(KMeansModel.fromJSON(json).predict(rows, { signal: controller.signal })).rejects.toThrow('enough');
  });
});
