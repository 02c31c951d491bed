import { afterAll, describe, it } from 'vitest';
import { createEngine } from '../../src/index.ts';
import { asInput, upload } from '../conformance/cases/bounds.ts';
import { uniforms } from '../conformance/cases/data.ts';
import { drawDirty } from '../conformance/cases/dirty/data.ts';
import {
  checkFarDensities,
  checkGroups,
  checkTenSteps,
  correlated,
  drawStep,
} from '../conformance/cases/dirty/mixture.ts';
import { checkDensities } from '../conformance/cases/dirty/rows.ts';
import { checkMaskedKMeans, checkMaskedMixture } from '../conformance/cases/dirty/weights.ts';
import { checkStep } from '../conformance/cases/mixture/bounds.ts';
import { covarianceTypes } from '../conformance/cases/mixture/data.ts';
import { isTied } from '../reference/mixture.ts';

/** DIRTY_DRAWS=1000 looks for longer; DIRTY_SEED=… begins elsewhere. */
const draws = Number(process.env.DIRTY_DRAWS ?? 12);
const first = Number(process.env.DIRTY_SEED ?? 0);

const engine = await createEngine({ backend: 'cpu', threads: 1 });
afterAll(() => engine.destroy());

/** Every draw is made, and the first failures are told. */
function each(name: string, run: (seed: number) => Promise<void>): void {
  it(`${name}: ${draws} draws`, { timeout: 1000 * (60 + draws) }, async () => {
    const failures: string[] = [];
    for (let seed = first; seed < first + draws; seed++) {
      await run(seed).catch((error: Error) => failures.push(`seed ${seed}: ${error.message}`));
    }
    if (failures.length > 0) throw new Error(`${failures.length} of ${draws}:\n${failures.slice(0, 10).join('\n')}`);
  });
}

describe('rows of weight 0', () => {
  each('k-means without them', (seed) =>
    checkMaskedKMeans(engine, 'cpu', drawDirty(seed), ['first', 'between', 'last']),
  );
  each('a mixture without them', (seed) => checkMaskedMixture(engine, 'cpu', drawDirty(seed), ['last']));
});

each('groups that lie far apart', async (seed) => {
  const uniform = uniforms(seed);
  const oneOf = <T>(values: readonly T[]): T => values[Math.floor(values.length * uniform())];
  const width = 10 ** (4 * uniform() - 2);
  const centres = [0];
  while (centres.length < 2 + (seed % 3)) centres.push(centres.at(-1)! + width * 10 ** (1 + 9 * uniform()));
  const offset = oneOf([0, -9999, 1e5, 1.76e12 * width]);
  const covarianceType = oneOf(covarianceTypes.filter((type) => !isTied(type)));
  await checkGroups(engine, 'cpu', { centres, width, offset, covarianceType, seed }).catch((error: Error) => {
    throw new Error(`${covarianceType}, width ${width}, offset ${offset}, centres ${centres.join()}: ${error.message}`);
  });
});

each('a step of EM, and ten, beside rows that are no measurement', async (seed) => {
  const uniform = uniforms(seed + 1);
  const value = [-9999, 1e5, 2147483647, 1e15, -1e20, 1e30, 3e38][seed % 7];
  const covarianceType = covarianceTypes[Math.floor(covarianceTypes.length * uniform())];
  const { points, start } = drawStep(covarianceType, value, seed);
  try {
    const dataset = await upload(engine, points);
    await checkStep(engine, dataset, points, start);
    dataset.destroy();
    await checkTenSteps(engine, points, start);
  } catch (error) {
    throw new Error(`${covarianceType}, ${value}: ${(error as Error).message}`);
  }
});

each('densities at correlations near 1', async (seed) => {
  const uniform = uniforms(seed + 2);
  const { points, model } = correlated((seed % 2 ? 1 : -1) * (1 - 10 ** (-1 - 5 * uniform())), seed);
  const dataset = await engine.upload(asInput(points));
  await checkDensities(model, points, {
    labels: await model.predict(dataset),
    scores: await model.scoreSamples(dataset),
    proba: await model.predictProba(dataset),
  });
  dataset.destroy();
});

it('densities of rows up to 1e150', () => checkFarDensities(engine, 'cpu'));
