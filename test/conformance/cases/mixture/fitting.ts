/** Whole fits: the bound rises, starts of every kind, schedules, warm starts, restarts, and what becomes of a model. */
import { type Engine, GaussianMixtureModel } from '../../../../src/index.ts';
import { expectation, referenceMixture } from '../../../reference/mixture.ts';
import { atMost, type ConformanceCase, check, equal, sameValues, withEngine } from '../../case.ts';
import { asInput, upload } from '../bounds.ts';
import { blobs, type CasePoints, normals } from '../data.ts';
import {
  asInit,
  checkDensities,
  checkLabels,
  checkMethods,
  checkModel,
  checkParameters,
  closeParameters,
  falls,
  sameModels,
} from './bounds.ts';
import { covarianceTypes, draw } from './data.ts';

/** Ten iterations without regularization: they rise, as the reference's do. */
async function checkRise(engine: Engine, temperature: number): Promise<void> {
  for (const covarianceType of covarianceTypes) {
    const { points, start } = draw({ covarianceType, n: 601, d: 3, k: 4, condition: 100, distance: 3, seed: 441 });
    const facts = { temperature, maxIterations: 10, tolerance: 0 };
    const options = { ...facts, regularization: 0 };
    const dataset = await upload(engine, points);
    const model = await engine.gaussianMixture(dataset, { k: 4, covarianceType, init: asInit(start), ...options });
    checkModel(model, points, facts);
    const bounds = [expectation(points, start, temperature).lowerBound, ...model.lowerBounds];
    check(!falls(bounds), `${covarianceType}: the bound falls: ${bounds.join()}`);
    check(model.lowerBound > bounds[0] + 1e-2, `the case is not fair: the bound hardly rises: ${bounds.join()}`);
    equal(model.decreased, false, `${covarianceType}: decreased`);
    const expected = referenceMixture(points, start, options).lowerBounds;
    model.lowerBounds.forEach((bound, i) => {
      // Hard assignment settles: the reference may have stopped where nothing changes but rounding.
      const other = expected[Math.min(i, expected.length - 1)];
      atMost(Math.abs(bound - other), 1e-5 * (1 + Math.abs(other)), `${covarianceType}: bound ${i} less ${other}`);
    });
  }
}

/** Four groups far from each other, in turn. */
const groups = blobs({ n: 601, d: 2, groups: 4, spread: 40, seed: 3 });

/** Whether each label stands for one of the groups. */
function findsGroups(labels: Uint32Array, count: number): boolean {
  const names = labels.slice(0, count);
  return new Set(names).size === count && labels.every((label, i) => label === names[i % count]);
}

/** Two long parallel cigars, turned, in turn; k-means cuts across both. */
function cigars(d: number): CasePoints {
  const normal = normals(443);
  const data = new Float32Array(601 * d);
  for (let i = 0; i < 601; i++) {
    const [along, across] = [60 * normal(), (i % 2 === 0 ? 6 : -6) + normal()];
    for (let j = 0; j < d; j++) data[i * d + j] = normal();
    data[i * d] = 0.8 * along - 0.6 * across;
    data[i * d + 1] = 0.6 * along + 0.8 * across;
  }
  return { data, n: 601, d };
}

const inits = ['kmeans', 'k-means++', 'random', 'random-from-data'] as const;

export const fitting: readonly ConformanceCase[] = [
  ...[0, 0.5, 1, 5].map((temperature) =>
    withEngine(`mixture: the bound never falls at temperature ${temperature}`, (engine) =>
      checkRise(engine, temperature),
    ),
  ),
  ...covarianceTypes.map((covarianceType) =>
    withEngine(`mixture: a whole fit of ${covarianceType}, its methods, its JSON`, async (engine) => {
      const { points } = draw({ covarianceType, n: 701, d: 3, k: 3, condition: 100, offset: 1e3, seed: 445 });
      const dataset = await upload(engine, points);
      const model = await engine.gaussianMixture(dataset, { k: 3, covarianceType, seed: 2 });
      equal(model.converged, true, 'converged');
      equal(model.components.join(), 'ok,ok,ok', 'statuses');
      checkModel(model, points);
      await checkMethods(model, dataset, points);
      await checkDensities(model, dataset, points);
      const read = GaussianMixtureModel.fromJSON(JSON.parse(JSON.stringify(model)));
      const made = GaussianMixtureModel.fromParameters(model);
      for (const other of [read, made]) {
        sameValues(await other.predict(dataset), model.labels, 'labels of the same parameters');
        sameValues(
          await other.scoreSamples(dataset),
          await model.scoreSamples(dataset),
          'log p of the same parameters',
        );
        equal(await other.bic(dataset), await model.bic(dataset), 'bic of the same parameters');
      }
    }),
  ),
  withEngine('mixture: a schedule is one fit after the other', async (engine) => {
    const { points, start } = draw({ covarianceType: 'full', n: 601, d: 3, k: 4, distance: 3, seed: 447 });
    const dataset = await upload(engine, points);
    const stop = { maxIterations: 5, tolerance: 0 };
    const temperature = [4, 2, 1];
    const whole = await engine.gaussianMixture(dataset, { k: 4, init: asInit(start), temperature, ...stop });
    equal(whole.temperature, 1, 'the last temperature');
    equal(whole.iterations, 15, 'iterations');
    equal(whole.decreased, false, 'decreased: bounds of different temperatures do not compare');
    checkParameters(whole);
    checkLabels(whole.labels, points, whole);
    let model: GaussianMixtureModel | null = null;
    const bounds: number[] = [];
    for (const t of temperature) {
      const init = model ?? asInit(start);
      model = await engine.gaussianMixture(dataset, { k: 4, init, temperature: t, ...stop });
      equal(model.temperature, t, 'temperature');
      bounds.push(...model.lowerBounds);
    }
    closeParameters(model!, whole, 'three fits against one');
    bounds.forEach((bound, i) => {
      atMost(Math.abs(whole.lowerBounds[i] - bound), 1e-6 * (1 + Math.abs(bound)), `bound ${i}: difference`);
    });
    const expected = referenceMixture(points, start, { temperature, ...stop });
    const difference = Math.abs(whole.lowerBound - expected.lowerBound);
    atMost(difference, 1e-5 * (1 + Math.abs(expected.lowerBound)), 'bound less that of the reference');
  }),
  withEngine('mixture: only the last temperature of a schedule converges', async (engine) => {
    const dataset = await upload(engine, groups);
    const model = await engine.gaussianMixture(dataset, { k: 4, temperature: [3, 1], maxIterations: 60 });
    check(model.converged, 'converged at the end');
    check(model.iterations >= 2, `${model.iterations} iterations at two temperatures`);
    const cut = await engine.gaussianMixture(dataset, { k: 4, temperature: [1, 5], maxIterations: 1, tolerance: 0 });
    equal(cut.iterations, 2, 'iterations');
    equal(cut.converged, false, 'converged');
  }),
  withEngine('mixture: a warm start goes on where the model stopped', async (engine) => {
    const { points, start } = draw({ covarianceType: 'full', n: 601, d: 3, k: 4, distance: 3, seed: 449 });
    const dataset = await upload(engine, points);
    const options = { k: 4, tolerance: 0 };
    const whole = await engine.gaussianMixture(dataset, { ...options, init: asInit(start), maxIterations: 12 });
    const half = await engine.gaussianMixture(dataset, { ...options, init: asInit(start), maxIterations: 5 });
    const rest = await engine.gaussianMixture(dataset, { ...options, init: half, maxIterations: 7 });
    closeParameters(rest, whole, 'the rest against the whole');
    rest.lowerBounds.forEach((bound, i) => {
      const before = whole.lowerBounds[5 + i];
      atMost(Math.abs(bound - before), 1e-6 * (1 + Math.abs(before)), `bound ${i}: difference`);
    });
    const end = await engine.gaussianMixture(dataset, { k: 4, init: asInit(start) });
    const again = await engine.gaussianMixture(dataset, { k: 4, init: end });
    equal(again.iterations, 1, 'iterations from the end');
    equal(again.converged, true, 'converged');
  }),
  withEngine('mixture: every start is finite, the same for its seed, and better than one component', async (engine) => {
    const dataset = await upload(engine, groups);
    for (const covarianceType of ['full', 'tied-spherical'] as const) {
      const single = await engine.gaussianMixture(dataset, { k: 1, covarianceType });
      for (const init of inits) {
        const options = { k: 4, covarianceType, init, maxIterations: 20 };
        const model = await engine.gaussianMixture(dataset, { ...options, seed: 7 });
        checkModel(model, groups, options);
        check(model.lowerBound > single.lowerBound, `${init}, ${covarianceType}: no better than one component`);
        sameModels(await engine.gaussianMixture(dataset, { ...options, seed: 7 }), model);
        const first = { ...options, maxIterations: 1 };
        const bounds = await Promise.all(
          [1, 2, 3, 2 ** 32 + 1].map(
            async (seed) => (await engine.gaussianMixture(dataset, { ...first, seed })).lowerBound,
          ),
        );
        if (init.startsWith('random')) equal(new Set(bounds).size, 4, `${init}: different starts for different seeds`);
      }
    }
  }),
  withEngine('mixture: far groups are found', async (engine) => {
    const dataset = await upload(engine, groups);
    for (const covarianceType of covarianceTypes) {
      for (const init of ['kmeans', 'k-means++'] as const) {
        const model = await engine.gaussianMixture(dataset, { k: 4, covarianceType, init, nInit: 3 });
        check(findsGroups(model.labels, 4), `${covarianceType}, ${init}: labels`);
      }
    }
    const lloyd = await engine.kmeans(dataset, { k: 4, nInit: 3 });
    check(findsGroups(lloyd.labels, 4), 'the case is not fair: k-means does not find the groups');
    const model = await engine.gaussianMixture(dataset, { k: 4, init: lloyd });
    sameValues(model.labels, lloyd.labels, 'labels from a k-means model');
  }),
  withEngine('mixture: parameters in part, means and points in every form', async (engine) => {
    const { points, start } = draw({ covarianceType: 'full', n: 301, d: 2, k: 3, seed: 451 });
    const dataset = await upload(engine, points);
    const stop = { k: 3, maxIterations: 3, tolerance: 0 };
    const { means, weights, covariances } = start;
    const flat = await engine.gaussianMixture(dataset, { ...stop, init: { means } });
    checkModel(flat, points, stop);
    sameModels(await engine.gaussianMixture(asInput(points), { ...stop, init: { means } }), flat);
    const rows = Array.from({ length: 3 }, (_, c) => Array.from(means.subarray(2 * c, 2 * c + 2)));
    sameModels(await engine.gaussianMixture(dataset, { ...stop, init: { means: rows } }), flat);
    sameModels(
      await engine.gaussianMixture(dataset, { ...stop, init: { means: { data: means, shape: [3, 2] } } }),
      flat,
    );
    for (const init of [
      { means, weights },
      { means, covariances },
      { means, weights: Array.from(weights), covariances: Array.from(covariances) },
    ]) {
      const model = await engine.gaussianMixture(dataset, { ...stop, init });
      checkModel(model, points, stop);
      check(model.lowerBounds[0] !== flat.lowerBounds[0], 'what is given makes no difference');
    }
  }),
  withEngine('mixture: stretched groups, where k-means cuts across, are found by a whitened start', async (engine) => {
    // The more features there are to cut across, the more local maxima.
    for (const { d, seeds, nInit } of [
      { d: 2, seeds: [0, 1, 2], nInit: 1 },
      { d: 5, seeds: [0], nInit: 3 },
    ]) {
      const points = cigars(d);
      const dataset = await upload(engine, points);
      const lloyd = await engine.kmeans(dataset, { k: 2, nInit: 3 });
      const agreeing = lloyd.labels.filter((label, i) => label === i % 2).length / points.n;
      check(Math.abs(agreeing - 0.5) < 0.1, `the case is not fair: k-means agrees with the groups on ${agreeing}`);
      for (const covarianceType of ['full', 'tied'] as const) {
        for (const seed of seeds) {
          const model = await engine.gaussianMixture(dataset, { k: 2, covarianceType, seed, nInit });
          check(findsGroups(model.labels, 2), `${covarianceType}, d = ${d}, seed ${seed}: labels`);
        }
      }
    }
  }),
  withEngine('mixture: nInit keeps the highest bound', async (engine) => {
    const dataset = await upload(engine, blobs({ n: 601, d: 2, groups: 9, spread: 20, seed: 453 }));
    const options = {
      k: 9,
      covarianceType: 'spherical',
      init: 'random-from-data',
      seed: 3,
      maxIterations: 20,
    } as const;
    const ends: number[] = [];
    const best = await engine.gaussianMixture(dataset, {
      ...options,
      nInit: 5,
      onIteration({ iteration, lowerBound }) {
        if (iteration === 1) ends.push(lowerBound);
        else ends[ends.length - 1] = lowerBound;
      },
    });
    equal(ends.length, 5, 'starts');
    const highest = Math.max(...ends);
    check(highest > Math.min(...ends) + 0.1, `the case is not fair: all starts end alike: ${ends.join()}`);
    equal(best.lowerBound, highest, 'bound of the best');
    equal((await engine.gaussianMixture(dataset, options)).lowerBound, ends[0], 'bound of the first start alone');
  }),
  withEngine('mixture: labels and densities are those of temperature 1, whatever the fit', async (engine) => {
    const { points, start } = draw({ covarianceType: 'full', n: 301, d: 2, k: 3, distance: 2, seed: 455 });
    const dataset = await upload(engine, points);
    for (const temperature of [0, 0.5, 5]) {
      const facts = { temperature, maxIterations: 2, tolerance: 0 };
      const model = await engine.gaussianMixture(dataset, { k: 3, init: asInit(start), ...facts });
      checkModel(model, points, facts);
      await checkDensities(model, dataset, points);
      await checkMethods(model, dataset, points);
      const density = expectation(points, model).lowerBound;
      check(Math.abs(model.lowerBound - density) > 1e-3, 'the case is not fair: the temperature makes no difference');
    }
  }),
];
