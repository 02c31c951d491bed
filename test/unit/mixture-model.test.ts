import { describe, expect, it } from 'vitest';
import {
  type CovarianceType,
  createEngine,
  GaussianMixtureModel,
  type GaussianMixtureOptions,
  gaussianMixture,
  kmeans,
  selectModel,
} from '../../src/index.ts';
import { COVARIANCE_TYPES } from '../../src/mixture/forms/names.ts';
import { asInput } from '../conformance/cases/bounds.ts';
import { blobs } from '../conformance/cases/data.ts';
import { covarianceOf, criteria, expectation, inLayout, type ReferenceMixture } from '../reference/mixture.ts';

const cpu = { backend: 'cpu' } as const;
const points = blobs({ n: 301, d: 3, groups: 3, spread: 6, offset: 1 / 3, seed: 77 });
const input = asInput(points);
const fit = (options: Partial<GaussianMixtureOptions> = {}) => gaussianMixture(input, { k: 3, ...cpu, ...options });

/** Three components whose covariances differ as far as the type lets them. */
function given(covarianceType: CovarianceType): ReferenceMixture {
  const full = [
    [4, 1, 1, 2],
    [1, -0.5, -0.5, 0.5],
    [0.25, 0, 0, 9],
  ].map((values) => Float64Array.from(values));
  return {
    k: 3,
    d: 2,
    covarianceType,
    weights: Float64Array.of(0.2, 0.3, 0.5),
    means: Float64Array.of(10, -10, 100, 5, 0, 1000),
    covariances: inLayout(covarianceType, full, 2),
  };
}

describe('JSON', () => {
  it.each(COVARIANCE_TYPES)('keeps all but the labels, in float64: %s', async (covarianceType) => {
    const options = { covarianceType, mixing: 'equal', temperature: [2, 0.5], maxIterations: 5 } as const;
    const model = await fit(options);
    const text = JSON.stringify(model);
    expect(text).not.toContain('labels');
    const read = GaussianMixtureModel.fromJSON(JSON.parse(text));
    expect(read).toBeInstanceOf(GaussianMixtureModel);
    expect({ ...read, labels: model.labels }).toEqual({ ...model });
    expect(read.labels).toEqual(new Uint32Array(0));
    expect([read.mixing, read.temperature]).toEqual(['equal', 0.5]);
    expect(read.toJSON()).toEqual(model.toJSON());
    expect(await read.scoreSamples(input, cpu)).toEqual(await model.scoreSamples(input, cpu));
    expect(await read.bic(input, cpu)).toBe(await model.bic(input, cpu));
  });

  it('of a model that no fit made', () => {
    const model = GaussianMixtureModel.fromParameters(given('diag'));
    const read = GaussianMixtureModel.fromJSON(JSON.parse(JSON.stringify(model)));
    expect(read).toEqual(model);
    expect(read.lowerBound).toBeNaN();
  });

  it('of collapsed components', async () => {
    for (const covarianceType of COVARIANCE_TYPES) {
      const rows = [...new Array(20).fill([1, 2]), [5, 5], [5, 6]];
      const model = await gaussianMixture(rows, { k: 3, covarianceType, regularization: 0, ...cpu });
      const read = GaussianMixtureModel.fromJSON(JSON.parse(JSON.stringify(model)));
      expect(read.toJSON()).toEqual(model.toJSON());
      expect(read.precisionsCholesky).toEqual(model.precisionsCholesky);
    }
  });

  it('is no window into the model', async () => {
    const model = await fit();
    const before = model.toJSON();
    const json = model.toJSON();
    for (const values of [json.weights, json.means, json.covariances, json.lowerBounds]) values[0] = 99;
    json.components[0] = 'empty';
    expect(model.toJSON()).toEqual(before);
    const good = model.toJSON();
    const read = GaussianMixtureModel.fromJSON(good);
    good.means[0] = 98;
    good.components[0] = 'empty';
    expect(read.toJSON()).toEqual(before);
  });

  it('starts another fit', async () => {
    const model = await fit({ tolerance: 1e-9, maxIterations: 500 });
    expect(model.converged).toBe(true);
    const again = await fit({ init: GaussianMixtureModel.fromJSON(model.toJSON()), maxIterations: 1 });
    expect(again.lowerBound).toBeCloseTo(model.lowerBound, 8);
    expect(again.labels).toEqual(model.labels);
  });
});

describe('fromParameters', () => {
  it.each(COVARIANCE_TYPES)('%s', (covarianceType) => {
    const parameters = given(covarianceType);
    const model = GaussianMixtureModel.fromParameters(parameters);
    const { weights, means, covariances } = parameters;
    expect([model.k, model.d, model.covarianceType]).toEqual([3, 2, covarianceType]);
    expect([model.weights, model.means, model.covariances]).toEqual([weights, means, covariances]);
    expect([model.mixing, model.temperature, model.iterations]).toEqual(['free', 1, 0]);
    expect([model.converged, model.decreased, model.lowerBound]).toEqual([false, false, NaN]);
    expect(model.components).toEqual(['ok', 'ok', 'ok']);
    for (let c = 0; c < 3; c++) {
      // U·Uᵀ times the covariance is I.
      const u = covarianceOf({ ...parameters, covariances: model.precisionsCholesky }, c);
      const [a, b, , e] = covarianceOf(parameters, c);
      expect(u[2]).toBe(0);
      const [p, q, r] = [u[0] ** 2 + u[1] ** 2, u[1] * u[3], u[3] ** 2];
      [p * a + q * b - 1, p * b + q * e, q * a + r * b, q * b + r * e - 1].forEach((value) => {
        expect(Math.abs(value)).toBeLessThan(1e-14);
      });
    }
  });

  it('means in every form, copied', () => {
    const { weights, covariances, covarianceType, means } = given('diag');
    const flat = Array.from(means);
    const forms = [
      flat,
      means,
      Float32Array.from(means),
      [flat.slice(0, 2), flat.slice(2, 4), flat.slice(4)],
      { data: means, shape: [3, 2] as [number, number] },
    ];
    for (const form of forms) {
      const model = GaussianMixtureModel.fromParameters({ weights, covariances, covarianceType, means: form });
      expect(model.means).toEqual(means);
      expect(model.means).not.toBe(means);
    }
    const model = GaussianMixtureModel.fromParameters({ weights, covariances, covarianceType, means });
    expect(model.weights).not.toBe(weights);
    expect(model.covariances).not.toBe(covariances);
  });

  it.each(COVARIANCE_TYPES)('densities and criteria are those of the reference: %s', async (covarianceType) => {
    const parameters = given(covarianceType);
    const model = GaussianMixtureModel.fromParameters(parameters);
    const { data } = model.sample(200, { seed: 4 });
    const weights = Float32Array.from({ length: 200 }, (_, i) => i % 4);
    // Of so few digits that no shift of float32 rows takes any.
    const drawn = { data: data.map((value) => Math.round(1024 * value) / 1024), shape: [200, 2] as [number, number] };
    const held = { data: drawn.data, n: 200, d: 2, weights };
    const expected = expectation(held, parameters);
    const options = { ...cpu, sampleWeight: weights };

    const logs = await model.scoreSamples(drawn, options);
    logs.forEach((value, i) => {
      expect(Math.abs(value - expected.values[i])).toBeLessThan(1e-6 * (Math.abs(expected.values[i]) + 3));
    });
    const responsibilities = await model.predictProba(drawn, options);
    responsibilities.forEach((value, at) => {
      expect(Math.abs(value - expected.responsibilities[at])).toBeLessThan(1e-5);
    });
    expect(await model.predict(drawn, options)).toEqual(expected.labels);
    const score = await model.score(drawn, options);
    expect(Math.abs(score - expected.lowerBound)).toBeLessThan(1e-6 * (1 + Math.abs(expected.lowerBound)));
    for (const [name, value] of Object.entries(criteria(held, parameters))) {
      const own = await model[name as 'aic' | 'bic' | 'icl'](drawn, options);
      expect(Math.abs(own / value - 1), name).toBeLessThan(1e-6);
    }
  });
});

describe('sample', () => {
  it('is the same for the same seed', () => {
    const model = GaussianMixtureModel.fromParameters(given('full'));
    expect(model.sample(100, { seed: 3 })).toEqual(model.sample(100, { seed: 3 }));
    expect(model.sample(100, { seed: 3 })).not.toEqual(model.sample(100, { seed: 4 }));
    expect(model.sample(100)).toEqual(model.sample(100, { seed: 0 }));
    const { data, shape, labels } = model.sample(7);
    expect([data.length, shape, labels.length]).toEqual([14, [7, 2], 7]);
  });

  it.each(COVARIANCE_TYPES)('has the weights, means and covariances of the mixture: %s', (covarianceType) => {
    const parameters = given(covarianceType);
    const { weights, means } = parameters;
    const count = 60_000;
    const { data, labels } = GaussianMixtureModel.fromParameters(parameters).sample(count, { seed: 9 });
    for (let c = 0; c < 3; c++) {
      const rows = Array.from(labels.keys()).filter((i) => labels[i] === c);
      const n = rows.length;
      // Five standard deviations of each estimate.
      expect(Math.abs(n / count - weights[c])).toBeLessThan(5 * Math.sqrt((weights[c] * (1 - weights[c])) / count));
      const covariance = covarianceOf(parameters, c);
      for (let i = 0; i < 2; i++) {
        const deviation = (row: number, j: number) => data[2 * row + j] - means[2 * c + j];
        const mean = rows.reduce((sum, row) => sum + deviation(row, i), 0) / n;
        expect(Math.abs(mean)).toBeLessThan(5 * Math.sqrt(covariance[3 * i] / n));
        for (let j = 0; j < 2; j++) {
          const moment = rows.reduce((sum, row) => sum + deviation(row, i) * deviation(row, j), 0) / n;
          const spread = Math.sqrt((covariance[0] * covariance[3] * (i === j ? 2 : 1) + covariance[1] ** 2) / n);
          const bound = i === j ? 5 * covariance[3 * i] * Math.sqrt(2 / n) : 5 * spread;
          expect(Math.abs(moment - covariance[2 * i + j])).toBeLessThan(bound);
        }
      }
    }
  });

  it('draws nothing from a component without weight', () => {
    const model = GaussianMixtureModel.fromParameters({ ...given('diag'), weights: [0.5, 0, 0.5] });
    expect(new Set(model.sample(1000).labels)).toEqual(new Set([0, 2]));
  });
});

describe('from k-means and back', () => {
  it.each(COVARIANCE_TYPES)('means are the centroids, weights the counts: %s', async (covarianceType) => {
    const clusters = await kmeans(input, { k: 3, ...cpu });
    const mixture = await clusters.toGaussianMixture(input, { covarianceType, ...cpu });
    expect(mixture.covarianceType).toBe(covarianceType);
    mixture.means.forEach((value, i) => {
      expect(Math.abs(value - clusters.centroids[i])).toBeLessThan(1e-12);
    });
    expect(mixture.weights).toEqual(clusters.counts.map((count) => count / 301));
    const back = await mixture.toKMeans(input, cpu);
    expect(back.labels).toEqual(clusters.labels);
    expect(back.counts).toEqual(clusters.counts);
    expect(Math.abs(back.inertia / clusters.inertia - 1)).toBeLessThan(1e-6);
  });

  it('the one of k-means itself is tied and spherical', async () => {
    const clusters = await kmeans(input, { k: 3, ...cpu });
    const mixture = await clusters.toGaussianMixture(input, cpu);
    expect(mixture.covarianceType).toBe('tied-spherical');
    expect(Math.abs(mixture.covariances[0] / (clusters.inertia / (3 * 301)) - 1)).toBeLessThan(1e-6);
    expect(Math.abs((await mixture.bic(input, cpu)) / (await clusters.bic(input, cpu)) - 1)).toBeLessThan(1e-6);
    const [drawn, own] = [mixture.sample(50, { seed: 2 }), clusters.sample(50, { seed: 2 })];
    expect(drawn.labels).toEqual(own.labels);
    drawn.data.forEach((value, i) => {
      expect(Math.abs(value - own.data[i])).toBeLessThan(1e-4);
    });
  });
});

describe('inits', () => {
  it.each(['kmeans', 'k-means++', 'random', 'random-from-data'] as const)('%s: one seed, one fit', async (init) => {
    for (const covarianceType of COVARIANCE_TYPES) {
      const [model, again] = [
        await fit({ init, covarianceType, seed: 5 }),
        await fit({ init, covarianceType, seed: 5 }),
      ];
      expect(again).toEqual(model);
      expect([...model.means, ...model.covariances, ...model.weights].every(Number.isFinite)).toBe(true);
      expect(model.weights.reduce((sum, weight) => sum + weight, 0)).toBeCloseTo(1, 12);
    }
  });

  it('several starts: the highest bound, and the first of them is the only one', async () => {
    const one = await fit({ init: 'random', maxIterations: 5 });
    const bounds: number[] = [];
    const many = await fit({
      init: 'random',
      maxIterations: 5,
      tolerance: 0,
      nInit: 6,
      onIteration: ({ iteration, lowerBound }) => iteration === 5 && bounds.push(lowerBound),
    });
    expect(bounds).toHaveLength(6);
    expect(many.lowerBound).toBe(Math.max(...bounds));
    expect(bounds[0]).toBe((await fit({ init: 'random', maxIterations: 5, tolerance: 0 })).lowerBound);
    expect(many.lowerBound).toBeGreaterThanOrEqual(one.lowerBound);
  });

  it('stretched features do not matter where the type can follow', async () => {
    const stretched = Float64Array.from(points.data, (value, at) => value * [1, 1e4, 1e-4][at % 3]);
    for (const covarianceType of ['full', 'tied', 'diag', 'tied-diag'] as const) {
      const plain = await fit({ covarianceType, regularization: 0 });
      const model = await gaussianMixture(
        { data: stretched, shape: [301, 3] },
        { k: 3, covarianceType, regularization: 0, ...cpu },
      );
      expect(model.labels).toEqual(plain.labels);
      expect(Math.abs(model.lowerBound - plain.lowerBound)).toBeLessThan(1e-4);
    }
  });

  it('a mean that is nearest to no row starts with the covariance of the others', async () => {
    const init = { means: [0, 0, 8] };
    const options = {
      k: 3,
      covarianceType: 'spherical',
      mixing: 'equal',
      fixed: ['covariances'],
      init,
      ...cpu,
    } as const;
    const model = await gaussianMixture([[-1], [1], [7], [9], [11]], {
      ...options,
      regularization: 0,
      maxIterations: 1,
    });
    // Of equal weight, the two that have rows count alike, whatever their number of rows.
    const [first, last] = [1, (1 + 1 + 9) / 3];
    [first, (first + last) / 2, last].forEach((variance, c) => {
      expect(Math.abs(model.covariances[c] / variance - 1)).toBeLessThan(1e-12);
    });
  });

  it('what is fixed stays as it starts', async () => {
    const init = GaussianMixtureModel.fromParameters({
      weights: [0.2, 0.3, 0.5],
      means: Array.from(points.data.subarray(0, 9)),
      covariances: [1, 2, 3],
      covarianceType: 'spherical',
    });
    for (const part of ['weights', 'means', 'covariances'] as const) {
      const model = await fit({ covarianceType: 'spherical', init, fixed: [part], maxIterations: 3 });
      model[part].forEach((value, i) => {
        expect(Math.abs(value - init[part][i])).toBeLessThan(1e-12);
      });
      for (const other of ['weights', 'means', 'covariances'] as const) {
        if (other !== part) expect(model[other]).not.toEqual(init[other]);
      }
    }
  });
});

describe('selectModel', () => {
  it('finds the groups, uploads once, and tells a row for each fit', async () => {
    const engine = await createEngine(cpu);
    const dataset = await engine.upload(input);
    const seen: unknown[] = [];
    const { best, table } = await selectModel(dataset, {
      k: [1, 2, 3, 4],
      covarianceType: ['full', 'tied-spherical'],
      nInit: 2,
      seed: 1,
      onProgress: ({ done, total, row }) => seen.push([done, total, row]),
    });
    expect(seen).toEqual(table.map((row, i) => [i + 1, 8, row]));
    expect(table.map(({ k, covarianceType }) => `${covarianceType} ${k}`)).toEqual(
      ['full', 'tied-spherical'].flatMap((type) => [1, 2, 3, 4].map((k) => `${type} ${k}`)),
    );
    expect([best.k, best.covarianceType]).toEqual([3, 'tied-spherical']);
    expect(await best.bic(dataset)).toBe(Math.min(...table.map(({ bic }) => bic)));
    for (const row of table) {
      const model = await engine.gaussianMixture(dataset, { ...pick(row), nInit: 2, seed: 1 });
      expect(row).toEqual({
        k: model.k,
        covarianceType: model.covarianceType,
        aic: await model.aic(dataset),
        bic: await model.bic(dataset),
        icl: await model.icl(dataset),
        lowerBound: model.lowerBound,
        iterations: model.iterations,
        converged: model.converged,
        ok: true,
      });
    }
    await engine.destroy();
  });

  it.each(['aic', 'bic', 'icl'] as const)('by the %s', async (criterion) => {
    const { best, table } = await selectModel(input, { k: [2, 3, 5], criterion, ...cpu });
    const least = Math.min(...table.map((row) => row[criterion]));
    expect(table.find((row) => row[criterion] === least)!.k).toBe(best.k);
  });
});

function pick({ k, covarianceType }: { k: number; covarianceType: CovarianceType }) {
  return { k, covarianceType };
}
