/** Where float32 loses digits that the bounds ask for: narrow correlations, starts far away, rows beyond all squares. */
import { type CovarianceType, GaussianMixtureModel } from '../../../../src/index.ts';
import { expectation, inLayout, isTied, type ReferenceMixture } from '../../../reference/mixture.ts';
import { atMost, type ConformanceCase, check, equal, withEngine } from '../../case.ts';
import { upload } from '../bounds.ts';
import { type CasePoints, normals } from '../data.ts';
import { checkDensities, checkStep, type StepOptions, worstCondition } from './bounds.ts';
import { covarianceTypes, draw } from './data.ts';

const GRID = 2 ** 16;

/** Every third row where it is, every third at 4 times and at 16 times its place. */
function stretched({ data, n, d }: CasePoints): CasePoints {
  const scale = (at: number) => GRID * [1, 4, 16][Math.floor(at / d) % 3];
  return { data: Float32Array.from(data, (value, at) => Math.round(scale(at) * value) / GRID), n, d };
}

/** The start moved by so many deviations, the same for all components. */
function moved(start: ReferenceMixture, distance: number): ReferenceMixture {
  const { d } = start;
  const step = distance / Math.sqrt(d);
  return { ...start, means: start.means.map((mean, at) => mean + (at % 2 === 0 ? step : -step)) };
}

/** Rows about 0 and about 5, and three that are 1e18 away. */
function withFarRows(): CasePoints {
  const normal = normals(31);
  const data = Float32Array.from({ length: 2 * 300 }, (_, at) => Math.round(GRID * (normal() + 5 * (at & 2))) / GRID);
  return { data: Float32Array.from([...data, 1e18, 0, 0, -1e18, 1e18, 1e18]), n: 303, d: 2 };
}

/** Two components of which the second is wider: all rows that are far enough are its own. */
function narrow(covarianceType: CovarianceType): ReferenceMixture {
  const [one, two] = [1e-6, 1e-4];
  const correlated = isTied(covarianceType) ? one / 2 : 0;
  const full = [Float64Array.of(one, correlated, correlated, one), Float64Array.of(two, two / 2, two / 2, two)];
  return {
    k: 2,
    d: 2,
    covarianceType,
    weights: Float64Array.of(0.75, 0.25),
    means: Float64Array.of(0, 0, 5, 5),
    covariances: inLayout(covarianceType, full, 2),
  };
}

const asRows = ({ means, k, d }: ReferenceMixture) => ({ data: means, shape: [k, d] as const });

/** The model, as a caller makes it. */
function modelOf(mixture: ReferenceMixture): GaussianMixtureModel {
  return GaussianMixtureModel.fromParameters({ ...mixture, means: asRows(mixture) });
}

export const precision: readonly ConformanceCase[] = [
  ...(['full', 'tied'] as const).map((covarianceType) =>
    withEngine(`mixture: log-densities of narrow ${covarianceType} correlations, near and far`, async (engine) => {
      for (const d of [2, 3, 5, 16]) {
        for (const seed of [1, 2, 3]) {
          const { points, start } = draw({ covarianceType, n: 240, d, k: 2, condition: 1e6, seed: 100 * d + seed });
          if (d > 2)
            check(worstCondition(start) > 1e5, 'the case is not fair: its correlations are better conditioned');
          const rows = stretched(points);
          await checkDensities(modelOf(start), await upload(engine, rows), rows);
        }
      }
    }),
  ),
  withEngine('mixture: log-density of a row across a correlation of 0.999995', async (engine) => {
    const r = 0.999995;
    const model = modelOf({
      k: 1,
      d: 2,
      covarianceType: 'full',
      weights: Float64Array.of(1),
      means: Float64Array.of(5.3, 5.3),
      covariances: Float64Array.of(1, r, r, 1),
    });
    const points = { data: Float32Array.of(9.296875, 9.328125, 5.25, 5.375), n: 2, d: 2 };
    await checkDensities(model, await upload(engine, points), points);
  }),
  ...covarianceTypes.map((covarianceType) =>
    withEngine(`mixture: a step of ${covarianceType} from far away`, async (engine) => {
      const { points, start } = draw({ covarianceType, n: 300, d: 3, k: 1, condition: 100, seed: 41 });
      const dataset = await upload(engine, points);
      const step = (distance: number, options: StepOptions) =>
        checkStep(engine, dataset, points, moved(start, distance), { regularization: 0, ...options });
      for (const distance of [3, 10, 100]) await step(distance, { temperature: 1 });
      for (const temperature of [0, 1, 3]) await step(1000, { temperature });
      await step(1000, { fixed: ['covariances'] });
      await step(1000, { fixed: ['means'] });
    }),
  ),
  withEngine('mixture: a step of two components from far away', async (engine) => {
    for (const covarianceType of ['full', 'tied', 'diag'] as const) {
      const { points, start } = draw({ covarianceType, n: 400, d: 5, k: 2, condition: 100, distance: 30, seed: 43 });
      const dataset = await upload(engine, points);
      for (const temperature of [0, 1]) {
        await checkStep(engine, dataset, points, moved(start, 1), { regularization: 0, temperature });
      }
    }
  }),
  ...covarianceTypes.map((covarianceType) =>
    withEngine(`mixture: rows beyond float32's squares, ${covarianceType}`, async (engine) => {
      const points = withFarRows();
      const mixture = narrow(covarianceType);
      const dataset = await upload(engine, points);
      const model = modelOf(mixture);
      const { values, labels, responsibilities } = expectation(points, mixture);
      const scores = await model.scoreSamples(dataset);
      const found = await model.predict(dataset);
      const proba = await model.predictProba(dataset);
      for (let i = 300; i < 303; i++) {
        atMost(Math.abs(scores[i] / values[i] - 1), 1e-6, `log p of row ${i}: ${scores[i]}, not ${values[i]}`);
        equal(found[i], labels[i], `label of row ${i}`);
        for (let c = 0; c < 2; c++) equal(proba[2 * i + c], responsibilities[2 * i + c], `responsibility of row ${i}`);
      }
      const mean = values.reduce((sum, value) => sum + value, 0) / points.n;
      atMost(Math.abs((await model.score(dataset)) / mean - 1), 1e-6, 'score');
    }),
  ),
];
