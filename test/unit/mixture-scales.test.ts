/** Mixtures of points 1e180 times as large as others, beside which float64 has no numbers for them. */
import { expect, test } from 'vitest';
import { type GaussianMixtureModel, gaussianMixture, statisticsOf } from '../../src/index.ts';

const scaled = (scale: number) => Array.from({ length: 40 }, (_, i) => [scale * (i % 7), scale * (i % 5)]);
/** A model of numbers, or the one reason why there is none. */
async function expectNumbers(model: Promise<GaussianMixtureModel>, reason: Error): Promise<void> {
  const [settled] = await Promise.allSettled([model]);
  if (settled.status === 'rejected') expect(settled.reason).toEqual(reason);
  else expect([...settled.value.means, ...settled.value.covariances].every(Number.isFinite)).toBe(true);
}

const pairs = [
  [1e100, 1e-80],
  [1e-80, 1e100],
  [1e100, 1e-60],
  [1e-60, 1e100],
  [1e60, 1],
  [1, 1e60],
] as const;

for (const covarianceType of ['spherical', 'tied-spherical', 'diag', 'tied-diag', 'full', 'tied'] as const) {
  test.for(pairs)(`${covarianceType}: a model of rows of %d beside rows of %d`, async ([of, beside]) => {
    const fit = { k: 2, covarianceType, maxIterations: 3 };
    const model = await gaussianMixture(scaled(of), fit);
    const rows = scaled(beside);
    const tooFar = new RangeError('points are too small, or too large, beside the model');
    const noStart = new RangeError('init.covariances are too small, or too large, beside the points');
    await expectNumbers(
      statisticsOf(rows, model).then((statistics) => model.update(statistics)),
      tooFar,
    );
    await expectNumbers(gaussianMixture(rows, { ...fit, init: model }), noStart);
    expect((await model.predictProba(rows)).every(Number.isFinite)).toBe(true);
  });
}
