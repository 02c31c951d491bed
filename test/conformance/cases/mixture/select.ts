/** The choice of k and of the covariance type. */
import { GaussianMixtureModel, type SelectionProgress, selectModel } from '../../../../src/index.ts';
import { freeParameters } from '../../../reference/mixture.ts';
import { atMost, type ConformanceCase, check, equal, reasonOf, rejects, withEngine } from '../../case.ts';
import { upload } from '../bounds.ts';
import { checkModel, checkParameters, sameModels } from './bounds.ts';
import { draw, weighted } from './data.ts';

const { points } = draw({ covarianceType: 'full', n: 601, d: 2, k: 3, condition: 100, distance: 12, seed: 493 });
const k = [1, 2, 3, 4];
const covarianceType = ['full', 'tied-spherical'] as const;
const options = { k, covarianceType, seed: 1 };

export const select: readonly ConformanceCase[] = [
  withEngine('selectModel finds the number of components and the type', async (engine) => {
    const dataset = await upload(engine, points);
    for (const criterion of ['bic', 'icl'] as const) {
      const reports: SelectionProgress[] = [];
      const onProgress = (progress: SelectionProgress) => void reports.push(progress);
      const { best, table } = await selectModel(dataset, { ...options, criterion, onProgress });
      check(best instanceof GaussianMixtureModel, 'the best is no model');
      equal(`${best.covarianceType} ${best.k}`, 'full 3', `the best by ${criterion}`);
      checkModel(best, points);
      const tried = covarianceType.flatMap((type) => k.map((count) => `${type} ${count}`));
      equal(table.map((row) => `${row.covarianceType} ${row.k}`).join(), tried.join(), 'rows of the table');
      // A model's parameters have been to the caller's coordinates and back.
      const least = table.map((row) => row[criterion]).reduce((a, b) => Math.min(a, b));
      atMost(Math.abs(least - (await best[criterion](dataset))), 1e-12 * Math.abs(least), criterion);
      equal(reports.length, table.length, 'number of reports');
      reports.forEach(({ done, total, row }, i) => {
        equal(done, i + 1, 'done');
        equal(total, table.length, 'total');
        equal(row, table[i], `row ${i}`);
      });
      for (const row of table) {
        const parameters = freeParameters(row.covarianceType, row.k, 2);
        const penalty = parameters * (Math.log(points.n) - 2);
        const rounding = 2e-6 * points.n * (1 + Math.abs(row.lowerBound));
        atMost(Math.abs(row.bic - row.aic - penalty), rounding, 'bic less aic, against their penalties');
        const likelihood = row.aic - 2 * parameters + 2 * points.n * row.lowerBound;
        atMost(Math.abs(likelihood), rounding, 'aic against the bound');
        check(row.icl >= row.bic - rounding, `icl ${row.icl} is below bic ${row.bic}`);
      }
    }
  }),
  withEngine('selectModel is its fits, one by one, weights included', async (engine) => {
    const heavy = weighted(points, (i) => 1 + (i % 3));
    const dataset = await upload(engine, heavy);
    const few = { k: [2, 3], covarianceType: ['diag'] as const, criterion: 'aic' as const, seed: 5 };
    const { best, table } = await selectModel(dataset, few);
    checkParameters(best);
    for (const row of table) {
      const model = await engine.gaussianMixture(dataset, { k: row.k, covarianceType: row.covarianceType, seed: 5 });
      equal(row.aic, await model.aic(dataset), 'aic');
      equal(row.bic, await model.bic(dataset), 'bic');
      equal(row.icl, await model.icl(dataset), 'icl');
      equal(row.converged, model.converged, 'converged');
      if (row.k === best.k) sameModels(model, best);
    }
  }),
  withEngine('selectModel: aborts, errors and wrong options', async (engine) => {
    const dataset = await upload(engine, points);
    const reason = new Error('enough');
    const controller = new AbortController();
    let reports = 0;
    const onProgress = () => {
      if (++reports === 2) controller.abort(reason);
    };
    const aborted = selectModel(dataset, { ...options, onProgress, signal: controller.signal });
    equal(await reasonOf(aborted, 'an aborted selection'), reason, 'reason');
    equal(reports, 2, 'reports');
    const thrown = new Error('from the callback');
    const failing = selectModel(dataset, {
      ...options,
      onProgress() {
        throw thrown;
      },
    });
    equal(await reasonOf(failing, 'a selection whose callback throws'), thrown, 'error');
    await rejects(selectModel(dataset, { k: [] }), RangeError, /^k/, 'no k');
    await rejects(selectModel(dataset, { k: [2, 0] }), RangeError, /^k\[1\]/, 'a k of 0');
    await rejects(selectModel(dataset, { k: [2], criterion: 'dic' as 'bic' }), RangeError, /^criterion/, 'a criterion');
  }),
];
