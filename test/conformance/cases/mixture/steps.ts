/** What the options change in one step: temperatures, equal weights, fixed parts, sample weights. */
import { jointLogDensities } from '../../../reference/mixture.ts';
import { type ConformanceCase, check, equal, sameValues, withEngine } from '../../case.ts';
import { upload } from '../bounds.ts';
import { type CasePoints, repeated, rowsAt, uniforms } from '../data.ts';

import { asInit, checkDensities, checkMethods, checkStep, closeParameters, type StepOptions } from './bounds.ts';
import { covarianceTypes, type Drawn, draw, weighted } from './data.ts';

const shape = { n: 601, d: 3, k: 4, distance: 4 };

/**
 * The rows whose best component is ahead of the second by 0.1 in log π·p: near temperature 0 the others would show each
 * bit of it, times 1/T.
 */
function awayFromBorders({ points, start }: Drawn): CasePoints {
  const { k, d } = start;
  const joint = jointLogDensities(points, start);
  const kept = Array.from({ length: points.n }, (_, i) => i).filter((i) => {
    const row = joint.slice(i * k, (i + 1) * k).sort();
    return row[k - 1] - row[k - 2] > 0.1;
  });
  return { data: Float32Array.from(rowsAt(points, kept)), n: kept.length, d };
}

const fixedParts = ['weights', 'means', 'covariances'] as const;

export const steps: readonly ConformanceCase[] = [
  ...covarianceTypes.map((covarianceType) =>
    withEngine(`mixture: a step of ${covarianceType}: temperatures, equal weights, fixed parts`, async (engine) => {
      const drawn = draw({ ...shape, covarianceType, condition: 100, seed: 11 });
      const { points, start } = drawn;
      const clear = awayFromBorders(drawn);
      const clearSet = await upload(engine, clear);
      for (const temperature of [0, 1e-3]) await checkStep(engine, clearSet, clear, start, { temperature });
      const dataset = await upload(engine, points);
      for (const temperature of [0.5, 5]) await checkStep(engine, dataset, points, start, { temperature });
      for (const part of fixedParts) await checkStep(engine, dataset, points, start, { fixed: [part] });
      await checkStep(engine, dataset, points, start, { fixed: ['weights', 'covariances'], temperature: 0.5 });
      await checkStep(engine, dataset, points, start, { regularization: 0.5 });
      const even = { ...start, weights: new Float64Array(4).fill(1 / 4) };
      const equalOptions: StepOptions = { mixing: 'equal' };
      const model = await checkStep(engine, dataset, points, even, equalOptions);
      sameValues(model.weights, even.weights, 'weights');
      await checkMethods(model, dataset, points, 'equal');
      await checkStep(engine, dataset, points, even, { mixing: 'equal', temperature: 5 });
    }),
  ),
  withEngine('mixture: with all parts fixed nothing changes', async (engine) => {
    const { points, start } = draw({ ...shape, covarianceType: 'full', seed: 13 });
    const model = await engine.gaussianMixture(await upload(engine, points), {
      k: 4,
      init: asInit(start),
      fixed: fixedParts,
      tolerance: 0,
    });
    sameValues(model.weights, start.weights, 'weights');
    closeParameters(model, start, 'the start', 1e-12);
    equal(model.iterations, 1, 'iterations');
    equal(model.converged, true, 'converged');
  }),
  ...covarianceTypes.map((covarianceType) =>
    withEngine(`mixture: a step of ${covarianceType} with weights of any size`, async (engine) => {
      const { points, start } = draw({ ...shape, covarianceType, condition: 100, offset: 100, seed: 15 });
      const uniform = uniforms(17);
      const heavy = weighted(points, () => 10 ** Math.floor(7 * uniform() - 3) * uniform());
      const dataset = await upload(engine, heavy);
      const model = await checkStep(engine, dataset, heavy, start);
      await checkStep(engine, dataset, heavy, start, { temperature: 0.5 });
      await checkMethods(model, dataset, heavy);
      await checkDensities(model, dataset, heavy);
    }),
  ),
  withEngine('mixture: weights 0 to 3 against repeated rows', async (engine) => {
    for (const covarianceType of ['full', 'tied', 'diag'] as const) {
      const { points, start } = draw({ ...shape, covarianceType, seed: 19 });
      const heavy = weighted(points, (i) => (i * 7) % 4);
      const rows = repeated(heavy);
      const options = { k: 4, covarianceType, init: asInit(start), maxIterations: 3, tolerance: 0 };
      const [heavySet, rowSet] = [await upload(engine, heavy), await upload(engine, rows)];
      const fit = await engine.gaussianMixture(heavySet, options);
      const other = await engine.gaussianMixture(rowSet, options);
      closeParameters(fit, other, `${covarianceType}, the rows repeated`);
      const relative = Math.abs((await fit.bic(heavySet)) / (await other.bic(rowSet)) - 1);
      check(relative <= 1e-6, `bic differs by ${relative}`);
      let at = 0;
      // Rows of weight zero have a label all the same.
      fit.labels.forEach((label, i) => {
        for (let copy = 0; copy < heavy.weights![i]; copy++) equal(other.labels[at++], label, `label of row ${i}`);
      });
      await checkMethods(fit, heavySet, heavy);
    }
  }),
  withEngine('mixture: rows of weight zero change nothing', async (engine) => {
    const { points, start } = draw({ ...shape, covarianceType: 'full', seed: 21 });
    const data = points.data.slice();
    const some = weighted({ ...points, data }, (i) => (i % 5 === 0 ? 0 : 1));
    const options = { k: 4, init: asInit(start), maxIterations: 3, tolerance: 0 };
    const plain = await engine.gaussianMixture(await upload(engine, some), options);
    for (let i = 0; i < points.n; i += 5) data.fill(50 + i, 3 * i, 3 * i + 3);
    const moved = await engine.gaussianMixture(await upload(engine, some), options);
    closeParameters(moved, plain, 'with the rows of weight zero elsewhere');
  }),
];
