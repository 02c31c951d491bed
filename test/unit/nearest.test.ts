import { afterAll, describe, expect, it } from 'vitest';
import { createEngine, type HostPoints, KMeansModel, kmeans, nearest } from '../../src/index.ts';
import { Random } from '../../src/random.ts';

const engine = await createEngine({ backend: 'cpu', threads: 1 });
afterAll(() => engine.destroy());

const rows = [[0], [1], [8], [9]];
const cpu = { backend: 'cpu' } as const;

function normals(n: number, d: number): HostPoints & { readonly data: Float64Array } {
  const random = new Random(7);
  return { data: Float64Array.from({ length: n * d }, () => random.normal()), shape: [n, d] };
}

describe('nearest refuses, by name,', () => {
  const refused = (call: Promise<unknown>, kind: typeof TypeError | typeof RangeError, message: string) =>
    expect(call).rejects.toThrow(
      expect.objectContaining({ constructor: kind, message: expect.stringContaining(message) }),
    );

  it('centroids that are none', async () => {
    const dataset = await engine.upload(rows);
    const model = await engine.kmeans(dataset, { k: 2 });
    const buffer = { size: 64, usage: 0x80 } as GPUBuffer;
    await refused(
      nearest(rows, 3 as never),
      TypeError,
      'centroids must be { data, shape }, rows or a KMeansModel, got 3',
    );
    await refused(
      nearest(rows, dataset as never),
      TypeError,
      'centroids must be { data, shape }, rows or a KMeansModel',
    );
    await refused(nearest(rows, { buffer, shape: [2, 1] } as never), TypeError, 'not a GPUBuffer');
    await refused(nearest(rows, model.toJSON() as never), TypeError, 'pass KMeansModel.fromJSON(centroids)');
    await refused(nearest(rows, []), RangeError, 'centroids must have at least one row');
    await refused(nearest(rows, [[1], [1, 2]]), RangeError, 'centroids[1] has 2 features');
    await refused(nearest(rows, [[1], [NaN]]), RangeError, 'centroids[1][0] must be finite');
    await refused(nearest(rows, [[1, 2]]), RangeError, 'points have 1 features, centroids have 2');
    await refused(nearest(dataset, [[1, 2]]), RangeError, 'points have 1 features, centroids have 2');
    await refused(nearest([[1, 2]], model), RangeError, 'points have 2 features, the model has 1');
    await refused(nearest([[NaN]], model), RangeError, 'points[0][0] must be finite');
  });

  it('options that are none', async () => {
    await refused(nearest(rows, rows, { count: 0 }), RangeError, 'count must be an integer of at least 1, got 0');
    await refused(nearest(rows, rows, { count: 1.5 }), RangeError, 'count');
    await refused(nearest(rows, rows, { count: '2' as never }), TypeError, 'count must be a number');
    await refused(nearest(rows, rows, { count: 5 }), RangeError, 'count is 5, there are 4 centroids');
    await refused(nearest(rows, rows, { metric: 'manhattan' as never }), RangeError, 'metric');
    await refused(
      nearest(rows, rows, { counts: 2 } as never),
      TypeError,
      "nearest has no option 'counts': did you mean 'count'",
    );
    await refused(nearest(rows, rows, { sampleWeight: [1, 1, 1, 1] } as never), TypeError, "no option 'sampleWeight'");
    await refused(nearest(rows, rows, { signal: 3 as never }), TypeError, 'signal');
    await refused(nearest(rows, rows, { backend: 'gpu' as never }), RangeError, 'backend');
  });

  it('a metric that is not that of the model, or of the dataset', async () => {
    const unit = await kmeans(rows.slice(1), { k: 1, metric: 'cosine', backend: 'cpu' });
    const dataset = await engine.upload(rows);
    await refused(
      nearest(rows, unit, { metric: 'euclidean' }),
      TypeError,
      "metric 'euclidean' differs from the model's 'cosine'",
    );
    await refused(nearest(dataset, rows, { metric: 'cosine' }), RangeError, 'centroids[0] is zero');
    await refused(
      nearest(dataset, [[1]], { metric: 'cosine' }),
      TypeError,
      "metric 'cosine' differs from the dataset's",
    );
    await refused(nearest(dataset, unit), TypeError, "metric 'cosine' differs from the dataset's");
    await refused(nearest(rows, unit), RangeError, 'points[0] is zero');
  });
});

describe('nearest', () => {
  it.each(['euclidean', 'cosine'] as const)('answers for few rows as for many, %s', async (metric) => {
    const points = normals(200, 6);
    const centroids = normals(30, 6);
    for (const count of [1, 4, 30]) {
      const { indices, distances } = await nearest(points, centroids, { count, metric, ...cpu });
      for (let i = 0; i < 200; i += 13) {
        const row = { data: points.data.slice(6 * i, 6 * i + 6), shape: [1, 6] };
        const alone = await nearest(row, centroids, { count, metric, ...cpu });
        expect(alone.indices).toEqual(indices.slice(i * count, (i + 1) * count));
        expect(alone.distances).toEqual(distances.slice(i * count, (i + 1) * count));
      }
    }
  });

  it('keeps apart centroids that float32 does not', async () => {
    const base = 1.7e12;
    const stamps = Array.from({ length: 40 }, (_, i) => [i % 2 ? base + i / 8 : i / 8]);
    const { indices, distances } = await nearest(stamps, stamps, cpu);
    expect(Array.from(indices)).toEqual(stamps.map((_, i) => i));
    expect(distances.every((distance) => distance === 0)).toBe(true);
  });

  it('reads both arguments before it returns', async () => {
    const points = normals(100, 3);
    const centroids = normals(5, 3);
    const before = await nearest({ ...points, data: points.data.slice() }, centroids, cpu);
    const pending = nearest(points, centroids, cpu);
    centroids.data.fill(0);
    expect(await pending).toEqual(before);
  });
});

describe('representatives', () => {
  it('are of the lowest indices where rows are equal, and fewer where a cluster has no more', async () => {
    const points = [[5], [5], [0], [5], [9], [5]];
    const model = KMeansModel.fromJSON({
      ...{ type: 'KMeansModel', metric: 'euclidean', backend: 'cpu', k: 3, d: 1, centroids: [5, 0, 100] },
      ...{ counts: [1, 1, 1], inertia: 1, iterations: 1, converged: true },
    });
    const many = { data: Float32Array.from(points.concat(points, points).flat()), shape: [18, 1] };
    expect(await model.representatives(points, { count: 3, ...cpu })).toEqual([
      Uint32Array.of(0, 1, 3),
      Uint32Array.of(2),
      new Uint32Array(0),
    ]);
    expect(await model.representatives(points, cpu)).toEqual([
      Uint32Array.of(0),
      Uint32Array.of(2),
      new Uint32Array(0),
    ]);
    expect((await model.representatives(many, { count: 6, ...cpu }))[0]).toEqual(Uint32Array.of(0, 1, 3, 5, 6, 7));
    const sampleWeight = [0, 1, 0, 1, 1, 1];
    expect(await model.representatives(points, { count: 9, sampleWeight, ...cpu })).toEqual([
      Uint32Array.of(1, 3, 5, 4),
      new Uint32Array(0),
      new Uint32Array(0),
    ]);
  });

  it('need a count', async () => {
    const model = await kmeans(rows, { k: 2, ...cpu });
    await expect(model.representatives(rows, { count: 0 })).rejects.toThrow('count must be an integer of at least 1');
    await expect(model.representatives(rows, { number: 2 } as never)).rejects.toThrow(
      "representatives has no option 'number'",
    );
    await expect(model.representatives([[1, 2]], cpu)).rejects.toThrow('points have 2 features, the model has 1');
  });
});
