/** Log-densities, responsibilities and one EM step of every covariance type, from easy data to badly conditioned. */
import type { CovarianceType } from '../../../../src/index.ts';
import { type ConformanceCase, check, withEngine } from '../../case.ts';
import { upload } from '../bounds.ts';
import { checkDensities, checkMethods, checkStep, type StepOptions, worstCondition } from './bounds.ts';
import { covarianceTypes, draw, type Recipe } from './data.ts';

interface Regime extends Omit<Recipe, 'covarianceType'> {
  readonly options?: StepOptions;
}

/** No multiples of a tile; conditions and offsets in turn. */
const shapes: readonly Regime[] = [
  { n: 301, d: 1, k: 3, offset: 1e4 },
  { n: 1501, d: 2, k: 7, condition: 1e4, offset: 100 },
  { n: 1201, d: 3, k: 37 },
  { n: 401, d: 5, k: 1, condition: 1e4, offset: 1e4 },
  { n: 705, d: 8, k: 13, condition: 100 },
  { n: 503, d: 17, k: 5, condition: 1e4, offset: 10 },
  { n: 307, d: 33, k: 3, condition: 100, offset: 1e3 },
  { n: 259, d: 64, k: 2, condition: 1e4 },
];

/** Of some types only: the conditions that the others do not have, and rows wider than anything else. */
const special: readonly (Regime & { readonly types: readonly CovarianceType[] })[] = [
  { types: ['full'], n: 1501, d: 2, k: 3, condition: 1e6, offset: 100 },
  { types: ['full'], n: 1201, d: 5, k: 4, condition: 1e6 },
  { types: ['full'], n: 701, d: 17, k: 3, condition: 1e6, offset: 10 },
  { types: ['full', 'tied'], n: 1, d: 1, k: 1, options: { regularization: 1 } },
  { types: ['full', 'tied', 'diag'], n: 7, d: 11, k: 2, options: { regularization: 1 } },
  { types: ['full'], n: 29, d: 520, k: 2, condition: 100, options: { regularization: 1 } },
  { types: ['tied'], n: 31, d: 300, k: 1, condition: 100, options: { regularization: 1 } },
  { types: ['diag', 'tied-diag', 'spherical'], n: 301, d: 301, k: 3, condition: 100 },
];

function nameOf(type: CovarianceType, { n, d, k, condition = 1, offset = 0 }: Regime): string {
  return `mixture: ${type}, n = ${n}, d = ${d}, k = ${k}, condition ${condition}, offset ${offset}`;
}

function regime(covarianceType: CovarianceType, { options = {}, ...recipe }: Regime): ConformanceCase {
  return withEngine(nameOf(covarianceType, recipe), async (engine) => {
    const { points, start } = draw({ covarianceType, ...recipe, seed: recipe.n + recipe.d });
    const { condition = 1, d } = recipe;
    if (covarianceType === 'full' && d > 1 && d < 100) {
      check(worstCondition(start) > condition / 4, 'the case is not fair: its correlations are better conditioned');
    }
    const dataset = await upload(engine, points);
    const model = await checkStep(engine, dataset, points, start, options);
    await checkDensities(model, dataset, points);
    await checkMethods(model, dataset, points);
  });
}

export const regimes: readonly ConformanceCase[] = [
  ...covarianceTypes.flatMap((type) => shapes.map((shape) => regime(type, shape))),
  ...special.flatMap(({ types, ...shape }) => types.map((type) => regime(type, shape))),
];
