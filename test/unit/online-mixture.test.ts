/** Stepwise EM: against the reference, batch by batch, and what it comes to. */
import { describe, expect, it } from 'vitest';
import { createEngine, GaussianMixtureModel, OnlineGaussianMixture } from '../../src/index.ts';
import { COVARIANCE_TYPES } from '../../src/mixture/forms/names.ts';
import { Random } from '../../src/random.ts';
import { goldenFlights } from '../golden/flights.ts';
import { flightMixtures } from '../golden/mixture.ts';
import { expectation, maximization, REFERENCE_COVARIANCES, type ReferenceMixture } from '../reference/mixture.ts';

const [n, d, k] = [620, 3, 4];
const random = new Random(31);
const data = Float32Array.from({ length: n * d }, (_, at) => 20 + 3 * (Math.floor(at / d) % k) + random.normal());
const weights = Float32Array.from({ length: n }, () => 0.5 + random.uniform());
const backend = 'cpu';

const rows = (start: number, end: number) => ({ data: data.slice(start * d, end * d), shape: [end - start, d] });
const initOf = ({ weights, means, covariances }: ReferenceMixture) => ({ weights, means, covariances });
const sumOf = (values: ArrayLike<number>) => Array.from(values).reduce((a, b) => a + b, 0);

/** Every second row belongs to one component alone, the others to all. */
const belongs = (at: number) => (Math.floor(at / k) % 2 === 1 ? 1 / k : +(at % k === Math.floor(at / k) % k));

it.each(REFERENCE_COVARIANCES)('%s: an M-step of the statistics of all batches, each with its share', async (type) => {
  const options = { regularization: 0.05 };
  const decay = 0.8;
  // What the start is made from are the first rows.
  let responsibilities = Float64Array.from({ length: 300 * k }, (_, at) => belongs(at));
  const shape = { k, d, covarianceType: type, weights: new Float64Array(k), means: new Float64Array(k * d) };
  const partOf = (start: number, end: number, own: ArrayLike<number> = weights) => ({
    ...{ data: data.subarray(start * d, end * d), n: end - start, d },
    weights: Float64Array.from(own).subarray(start, end),
  });
  let mixture = maximization(partOf(0, 300), responsibilities, { ...shape, covariances: new Float64Array(0) }, options);
  const learner = new OnlineGaussianMixture({
    k,
    covarianceType: type,
    init: initOf(mixture),
    decay,
    backend,
    ...options,
  });
  const shares = Float64Array.from(weights);
  let seen = sumOf(weights.subarray(300, 420));
  for (const [start, end] of [
    [300, 420],
    [420, n],
  ]) {
    const weight = sumOf(weights.subarray(start, end));
    seen += weight;
    const share = (weight / seen) ** decay;
    const before = sumOf(shares.subarray(0, start));
    for (let i = 0; i < end; i++) shares[i] *= i < start ? (1 - share) / before : share / weight;
    const batch = expectation(partOf(start, end), mixture);
    responsibilities = Float64Array.of(...responsibilities, ...batch.responsibilities);
    mixture = maximization(partOf(0, end, shares), responsibilities, mixture, options);
    await learner.partialFit(rows(start, end), { sampleWeight: weights.slice(start, end) });
    const { model } = learner;
    for (const name of ['weights', 'means', 'covariances'] as const) {
      const scale = Math.max(...mixture[name].map(Math.abs));
      model[name].forEach((value, at) => {
        expect(Math.abs(value - mixture[name][at])).toBeLessThanOrEqual(1e-12 * scale);
      });
    }
    expect(model.lowerBounds.at(-1)).toBeCloseTo(batch.lowerBound, 10);
  }
});

describe('a learner', () => {
  const learnerOf = () => new OnlineGaussianMixture({ k, seed: 5, backend });

  it('learns in the order of the calls, and says the same each time', async () => {
    const [one, other] = [learnerOf(), learnerOf()];
    expect(() => one.model).toThrow(TypeError);
    for (let at = 0; at < n; at += 155) await one.partialFit(rows(at, at + 155));
    await Promise.all([0, 155, 310, 465].map((at) => other.partialFit(rows(at, at + 155))));
    const { model } = one;
    expect(other.model).toEqual(model);
    expect(model).toMatchObject({ iterations: 4, converged: false, components: Array(k).fill('ok') });
    expect(GaussianMixtureModel.fromJSON(JSON.parse(JSON.stringify(model))).means).toEqual(model.means);
    model.means.fill(0);
    expect(one.model.means).toEqual(other.model.means);
  });

  it('has not learnt a batch that rejects', async () => {
    const [one, other] = [learnerOf(), learnerOf()];
    await one.partialFit(rows(0, 300));
    const wrong = [
      [[[1, 2]], {}, /2 features/],
      [[[1, 2, NaN]], {}, /points/],
      [rows(300, 600), { signal: AbortSignal.abort(new Error('enough')) }, /enough/],
    ] as const;
    for (const [points, options, message] of wrong) {
      await expect(one.partialFit(points as never, options)).rejects.toThrow(message);
    }
    await one.partialFit(rows(300, n));
    const engine = await createEngine({ backend });
    for (const [start, end] of [
      [0, 300],
      [300, n],
    ]) {
      const dataset = await engine.upload(rows(start, end));
      await other.partialFit(dataset);
    }
    await engine.destroy();
    expect(other.model).toEqual(one.model);
  });

  it('refuses what is wrong', async () => {
    expect(() => new OnlineGaussianMixture({ k, decay: 0.5 })).toThrow(RangeError);
    expect(() => new OnlineGaussianMixture({ k, decay: '1' as never })).toThrow(TypeError);
    expect(() => new OnlineGaussianMixture({ k, tolerance: 1 } as never)).toThrow(/no option 'tolerance'/);
    await expect(learnerOf().partialFit(rows(0, 3))).rejects.toThrow(/k is 4, there are 3/);
    await expect(learnerOf().partialFit({ blocks: () => [] } as never)).rejects.toThrow(TypeError);
  });
});

it("of flights, two passes in batches come further than ten of scikit-learn's iterations from the same start", async () => {
  const flights = await goldenFlights();
  const ofTen = flightMixtures(flights).filter(({ iterations }) => iterations === 10);
  for (const { k, covarianceType, start, score } of ofTen.slice(0, 1)) {
    const learner = new OnlineGaussianMixture({ k, covarianceType, init: start, backend });
    for (let at = 0; at < 2 * flights.n; at += 400) {
      const first = at % flights.n;
      await learner.partialFit({ data: flights.points.slice(3 * first, 3 * (first + 400)), shape: [400, 3] });
    }
    const points = { data: flights.points, shape: [flights.n, 3] };
    expect(await learner.model.score(points, { backend })).toBeGreaterThan(score);
  }
});

it.each(COVARIANCE_TYPES)('%s covariances are never below what regularization adds', async (covarianceType) => {
  const init = {
    means: [
      [0, 0],
      [9, 9],
    ],
  };
  const learner = new OnlineGaussianMixture({ k: 2, covarianceType, init, regularization: 1, backend: 'cpu' });
  for (let batch = 0; batch < 4; batch++)
    await learner.partialFit([
      [0, 0],
      [0.1, 0],
      [9, 9],
      [9.2, 9],
    ]);
  const { covariances, d, k } = learner.model;
  const isMatrix = covarianceType === 'full' || covarianceType === 'tied';
  const variances = Array.from(covariances).filter((_, at) => !isMatrix || (at % (d * d)) % (d + 1) === 0);
  expect(variances.length).toBeLessThanOrEqual(k * d);
  for (const variance of variances) expect(variance).toBeGreaterThanOrEqual(1);
});

it.each(COVARIANCE_TYPES)(
  '%s: batches of any two sizes are learnt from, or refused, and no number is lost',
  async (type) => {
    const batch = (size: number) =>
      Array.from({ length: 40 }, (_, i) => [size * ((i % 2) * 8 + Math.sin(i)), size * Math.cos(3 * i)]);
    for (const sizes of [
      [1e100, 1e-80],
      [1e-80, 1e100],
      [1e140, 1e-140],
      [1, 1e20],
      [1e20, 1],
    ]) {
      const learner = new OnlineGaussianMixture({ k: 2, covarianceType: type, backend });
      await learner.partialFit(batch(sizes[0]));
      const before = learner.model.toJSON();
      const refused = await learner.partialFit(batch(sizes[1])).then(
        () => null,
        (error: Error) => error,
      );
      const { model } = learner;
      if (refused !== null) {
        expect(refused).toEqual(
          new RangeError('points are too small, or too large, beside those of the batches before'),
        );
        expect(Math.max(...sizes) / Math.min(...sizes)).toBeGreaterThan(1e150);
        expect(model.toJSON()).toEqual(before);
      }
      expect(model.iterations, `${sizes}`).toBe(refused === null ? 2 : 1);
      for (const name of ['weights', 'means', 'covariances'] as const) {
        expect(model[name].every(Number.isFinite), `${sizes} ${name}`).toBe(true);
      }
      expect(model.lowerBounds.some(Number.isNaN), `${sizes}`).toBe(false);
    }
  },
);
