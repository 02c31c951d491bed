import { afterAll, expect, it } from 'vitest';
import { createEngine, destroyDefaultEngines, KMeansModel } from '../../src/index.ts';
import { uniforms } from '../conformance/cases/data.ts';
import { checkAllCompanies, checkKMeans } from '../conformance/cases/dirty/rows.ts';
import { modelOf } from '../conformance/cases/numbers.ts';

const options = { backend: 'cpu' } as const;
const engine = await createEngine(options);
afterAll(async () => {
  await engine.destroy();
  await destroyDefaultEngines();
});

it('what a row gets does not depend on the others', () => checkAllCompanies(engine, 'cpu', options, false));

it('a row of nearly nothing has the distances of 0', async () => {
  const model = KMeansModel.fromJSON(modelOf([100.5, 0, 5000.5, 0, -9000.5, 1], 2).toJSON());
  for (const row of [
    [0, Math.sin(Math.PI)],
    [1e-20, 0],
    [5e-324, -5e-324],
    [0, 0],
  ]) {
    const [a, b, c] = await model.transform([row], options);
    expect(a).toBeCloseTo(100.5, 3);
    expect(b).toBeCloseTo(5000.5, 2);
    expect(c).toBeCloseTo(Math.hypot(9000.5, 1), 2);
    expect(Array.from(await model.predict([row], options))).toEqual([0]);
  }
});

const draws = Number(process.env.DIRTY_DRAWS ?? 10);
const first = Number(process.env.DIRTY_SEED ?? 0);

/** Centroids and rows of any size, each row in two companies. */
it(`models of numbers alone, ${draws} draws`, { timeout: 1000 * (60 + draws) }, async () => {
  for (let seed = first; seed < first + draws; seed++) {
    const uniform = uniforms(seed);
    const d = 1 + Math.floor(3 * uniform());
    const k = 1 + Math.floor(5 * uniform());
    const size = (most: number) => (uniform() < 0.5 ? 1 : 10 ** (most * (2 * uniform() - 1))) * (uniform() - 0.5);
    const unit = size(20);
    const centroids = Float64Array.from({ length: k * d }, () => (uniform() < 0.8 ? unit * uniform() : size(20)));
    const data = Float64Array.from({ length: 12 * d }, () => (uniform() < 0.5 ? unit * uniform() : size(150)));
    await checkKMeans(modelOf(centroids, d), { data, n: 12, d }, new Float64Array(d), 'cpu', options, {
      alone: [0, 1, 2, 3, 4, 5],
      besides: [10, 11],
    }).catch((error: Error) => {
      throw new Error(`seed ${seed}, centroids ${centroids.join()}: ${error.message}`);
    });
  }
});
