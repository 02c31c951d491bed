import { describe, expect, it } from 'vitest';
import { createEngine, destroyDefaultEngines, KMeansModel, kmeans } from '../../src/index.ts';
import { asInput } from '../conformance/cases/bounds.ts';
import { blobs } from '../conformance/cases/data.ts';
import { squaredDistance } from '../reference/kmeans.ts';

const points = blobs({ n: 501, d: 3, groups: 4, offset: 1 / 3, seed: 211 });
const fit = (metric: 'euclidean' | 'cosine' = 'euclidean') => kmeans(asInput(points), { k: 4, metric, backend: 'cpu' });

describe('JSON', () => {
  it.each(['euclidean', 'cosine'] as const)('keeps all but the labels, in float64: %s', async (metric) => {
    const model = await fit(metric);
    const text = JSON.stringify(model);
    expect(text).not.toContain('labels');
    const read = KMeansModel.fromJSON(JSON.parse(text));
    expect(read).toBeInstanceOf(KMeansModel);
    expect(read.toJSON()).toEqual(model.toJSON());
    expect(read.centroids).toEqual(model.centroids);
    expect(read.counts).toEqual(model.counts);
    expect(read.labels).toEqual(new Uint32Array(0));
    expect([read.k, read.d, read.metric]).toEqual([4, 3, metric]);
    expect([read.inertia, read.iterations, read.converged, read.backend]).toEqual([
      model.inertia,
      model.iterations,
      model.converged,
      'cpu',
    ]);
    expect(await read.predict(asInput(points), { backend: 'cpu' })).toEqual(model.labels);
  });

  it('is no window into the model', async () => {
    const model = await fit();
    const json = model.toJSON();
    const first = model.centroids[0];
    json.centroids[0] = 99;
    expect(model.centroids[0]).toBe(first);
    const read = KMeansModel.fromJSON(json);
    json.centroids[0] = 98;
    expect(read.centroids[0]).toBe(99);
  });

  it('starts another fit', async () => {
    const model = KMeansModel.fromJSON(JSON.parse(JSON.stringify(await fit())));
    const again = await kmeans(asInput(points), { k: 4, init: model, backend: 'cpu' });
    expect(again.converged).toBe(true);
    expect(again.inertia).toBeCloseTo(model.inertia, 6);
  });
});

describe('sample', () => {
  it('is the same for the same seed', async () => {
    const model = await fit();
    expect(model.sample(100, { seed: 3 })).toEqual(model.sample(100, { seed: 3 }));
    expect(model.sample(100, { seed: 3 })).not.toEqual(model.sample(100, { seed: 4 }));
    expect(model.sample(100)).toEqual(model.sample(100, { seed: 0 }));
  });

  it('draws from the tied-spherical mixture', async () => {
    const model = await fit();
    const count = 40_000;
    const { data, shape, labels } = model.sample(count, { seed: 5 });
    expect(shape).toEqual([count, 3]);
    const variance = model.inertia / (3 * 501);
    let squares = 0;
    const drawn = new Float64Array(4);
    labels.forEach((label, i) => {
      drawn[label]++;
      squares += squaredDistance(data, i * 3, model.centroids, label * 3, 3);
    });
    // Five standard deviations of each estimate.
    expect(Math.abs(squares / (3 * count) / variance - 1)).toBeLessThan(5 * Math.sqrt(2 / (3 * count)));
    drawn.forEach((value, c) => {
      const share = model.counts[c] / 501;
      expect(Math.abs(value / count - share)).toBeLessThan(5 * Math.sqrt((share * (1 - share)) / count));
    });
  });

  it('draws nothing from an empty cluster', async () => {
    const model = await kmeans([[1], [1], [1], [2]], { k: 3, init: [[1], [1], [2]], backend: 'cpu' });
    expect(Array.from(model.counts)).toEqual([3, 0, 1]);
    expect(new Set(model.sample(1000).labels)).toEqual(new Set([0, 2]));
  });
});

describe('bic', () => {
  it('is that of the tied-spherical mixture', async () => {
    const model = await fit();
    const [n, d, k] = [501, 3, 4];
    const variance = model.inertia / (d * n);
    let logLikelihood = 0;
    for (let i = 0; i < n; i++) {
      let density = 0;
      for (let c = 0; c < k; c++) {
        const distance = squaredDistance(points.data, i * d, model.centroids, c * d, d);
        density += ((model.counts[c] / n) * Math.exp(-distance / (2 * variance))) / (2 * Math.PI * variance) ** (d / 2);
      }
      logLikelihood += Math.log(density);
    }
    // Means, weights less one, and one variance.
    const parameters = k * d + (k - 1) + 1;
    const expected = parameters * Math.log(n) - 2 * logLikelihood;
    const bic = await model.bic(asInput(points), { backend: 'cpu' });
    expect(Math.abs(bic / expected - 1)).toBeLessThan(1e-6);
  });

  it('prefers the true number of groups', async () => {
    const bics: number[] = [];
    for (const k of [1, 2, 3, 4, 5, 6, 8]) {
      const model = await kmeans(asInput(points), { k, nInit: 5, backend: 'cpu' });
      bics.push(await model.bic(asInput(points), { backend: 'cpu' }));
    }
    expect(bics.indexOf(Math.min(...bics))).toBe(3);
  });

  it('counts weights', async () => {
    const model = await fit();
    const twice = new Float32Array(501).fill(2);
    const doubled = asInput({ data: Float32Array.of(...points.data, ...points.data), n: 1002, d: 3 });
    const weighted = await model.bic(asInput(points), { backend: 'cpu', sampleWeight: twice });
    expect(weighted).toBeCloseTo(await model.bic(doubled, { backend: 'cpu' }), 6);
  });

  it('is -Infinity where nothing is left over', async () => {
    const model = await kmeans([[1], [2]], { k: 2, backend: 'cpu' });
    expect(await model.bic([[1], [2]], { backend: 'cpu' })).toBe(-Infinity);
  });
});

describe('methods', () => {
  it('take points in every form, of any number', async () => {
    const model = await fit();
    const row = Array.from(points.data.subarray(0, 3));
    expect(await model.predict([row], { backend: 'cpu' })).toEqual(model.labels.slice(0, 1));
    const distances = await model.transform([row, row], { backend: 'cpu' });
    expect(distances).toBeInstanceOf(Float32Array);
    expect(distances.length).toBe(8);
    for (let c = 0; c < 4; c++) {
      const expected = Math.sqrt(squaredDistance(row, 0, model.centroids, 3 * c, 3));
      expect(Math.abs(distances[c] / expected - 1)).toBeLessThan(1e-5);
    }
  });

  it('weigh the score', async () => {
    const model = await fit();
    const sampleWeight = new Float32Array(501).fill(3);
    expect(await model.score(asInput(points), { backend: 'cpu', sampleWeight })).toBeCloseTo(-3 * model.inertia, 6);
  });

  it('score rows alike, near or far', async () => {
    const model = await fit();
    const far = [[1e6, 0, 0]];
    const nearest = Math.min(...[0, 1, 2, 3].map((c) => squaredDistance(far[0], 0, model.centroids, 3 * c, 3)));
    expect((await model.score(far, { backend: 'cpu' })) / -nearest).toBeCloseTo(1, 5);
  });
});

describe('engines', () => {
  it('keep points for several fits', async () => {
    const engine = await createEngine({ backend: 'cpu' });
    const dataset = await engine.upload(asInput(points));
    expect([dataset.n, dataset.d, dataset.metric, dataset.backend]).toEqual([501, 3, 'euclidean', 'cpu']);
    for (const k of [1, 2, 4]) {
      const model = await engine.kmeans(dataset, { k, seed: 1 });
      const alone = await kmeans(asInput(points), { k, seed: 1, backend: 'cpu' });
      expect(model.toJSON()).toEqual(alone.toJSON());
      expect(model.labels).toEqual(alone.labels);
    }
    await engine.destroy();
  });

  it('tell what they are', async () => {
    const engine = await createEngine({ backend: 'cpu', threads: 1 });
    expect(engine.backend).toBe('cpu');
    expect(engine.info).toEqual({ adapter: '', features: [], threads: 1, software: false, reason: 'asked' });
    await engine.destroy();
  });

  it('take any points, as kmeans does', async () => {
    const engine = await createEngine({ backend: 'cpu' });
    const model = await engine.kmeans(asInput(points), { k: 4 });
    expect(model.labels).toEqual((await fit()).labels);
    await engine.destroy();
    // They are the engine's own: once it is destroyed there is no other to go to.
    await expect(engine.kmeans(asInput(points), { k: 4 })).rejects.toThrow(/destroyed/);
  });

  it('may be destroyed twice', async () => {
    const engine = await createEngine({ backend: 'cpu' });
    await engine.destroy();
    await engine.destroy();
  });

  it('dispose of themselves and their datasets where the runtime can', async () => {
    const symbols = Symbol as { dispose?: symbol; asyncDispose?: symbol };
    const engine = await createEngine({ backend: 'cpu' });
    const dataset = await engine.upload(asInput(points));
    if (symbols.dispose !== undefined) {
      (dataset as unknown as Record<symbol, () => void>)[symbols.dispose]();
      await expect(engine.kmeans(dataset, { k: 2 })).rejects.toThrow(/destroyed/);
    }
    if (symbols.asyncDispose !== undefined) {
      await (engine as unknown as Record<symbol, () => Promise<void>>)[symbols.asyncDispose]();
      await expect(engine.upload(asInput(points))).rejects.toThrow(/destroyed/);
    }
  });

  it('come back after the default ones were destroyed', async () => {
    await fit();
    await destroyDefaultEngines();
    await destroyDefaultEngines();
    expect((await fit()).backend).toBe('cpu');
  });
});
