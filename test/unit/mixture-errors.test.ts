import { describe, expect, it } from 'vitest';
import { createEngine, GaussianMixtureModel, gaussianMixture, kmeans, selectModel } from '../../src/index.ts';

const points = [
  [0, 0],
  [1, 0],
  [0, 5],
  [1, 5],
  [2, 9],
];

type Kind = typeof TypeError | typeof RangeError;

/** What a caller without types might pass. */
const fit = (options: object, given: unknown = points) =>
  gaussianMixture(given as never, { k: 2, backend: 'cpu', ...options } as never);

async function expectError(promise: Promise<unknown>, kind: Kind, message: RegExp): Promise<void> {
  const error = await promise.then(
    () => 'nothing',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(kind);
  expect((error as Error).name).toBe(kind.name);
  expect((error as Error).message).toMatch(message);
}

function expectThrow(call: () => unknown, kind: Kind, message: RegExp): Promise<void> {
  return expectError((async () => call())(), kind, message);
}

describe('options', () => {
  const rows: readonly (readonly [name: string, given: unknown, kind: Kind, message?: RegExp])[] = [
    ['k', undefined, TypeError],
    ['k', '2', TypeError],
    ['k', 0, RangeError],
    ['k', 2.5, RangeError],
    ['k', 6, RangeError, /^k is 6, .*5 points/],
    ['covarianceType', 'round', RangeError],
    ['covarianceType', 2, TypeError],
    ['covarianceType', ['full'], TypeError],
    ['mixing', 'even', RangeError],
    ['mixing', true, TypeError],
    ['fixed', 'means', TypeError],
    ['fixed', ['means', 'mean'], RangeError, /^fixed\[1\] /],
    ['fixed', [0], TypeError, /^fixed\[0\] /],
    ['temperature', -1, RangeError],
    ['temperature', NaN, RangeError],
    ['temperature', Infinity, RangeError],
    ['temperature', 1e-10, RangeError],
    ['temperature', 1e31, RangeError, /^temperature must be at most 1e\+30/],
    ['temperature', '1', TypeError],
    ['temperature', [], RangeError],
    ['temperature', [2, 1, -1], RangeError, /^temperature\[2\] /],
    ['temperature', [2, '1'], TypeError, /^temperature\[1\] /],
    ['temperature', [[2, 1]], TypeError, /^temperature\[0\] /],
    ['regularization', -1e-9, RangeError],
    ['regularization', NaN, RangeError],
    ['regularization', '0', TypeError],
    ['tolerance', -1e-9, RangeError],
    ['tolerance', Infinity, RangeError],
    ['tolerance', '0', TypeError],
    ['maxIterations', 0, RangeError],
    ['maxIterations', 0.5, RangeError],
    ['maxIterations', '10', TypeError],
    ['nInit', 0, RangeError],
    ['nInit', '3', TypeError],
    ['seed', -1, RangeError],
    ['seed', 2 ** 53, RangeError],
    ['seed', '7', TypeError],
    ['backend', 'gpu', RangeError],
    ['device', {}, TypeError],
    ['signal', true, TypeError],
    ['onIteration', 'log', TypeError],
    ['sampleWeight', [1, 1, 1, 1, null], TypeError, /^sampleWeight\[4\] must be a number, got null$/],
    ['sampleWeight', new Float32Array(4).fill(1), RangeError],
    ['sampleWeight', Float32Array.of(1, -1, 1, 1, 1), RangeError, /^sampleWeight\[1\] /],
    ['sampleWeight', Float32Array.of(0, 0, 1, 0, 0), RangeError, /^k is 2, .*1 points of positive/],
  ];
  for (const [name, given, kind, message = new RegExp(`^${name} `)] of rows) {
    it(`${name}: ${JSON.stringify(given)} (${typeof given})`, () => expectError(fit({ [name]: given }), kind, message));
  }
  it('null', () => expectError(gaussianMixture(points, null as never), TypeError, /^options /));
  it('nothing', () => expectError(gaussianMixture(points, undefined as never), TypeError, /^k /));
  it('points', async () => {
    await expectError(fit({}, null), TypeError, /^points must be/);
    await expectError(fit({}, [[1, 2], [3], [4, 5]]), RangeError, /^points\[1\] /);
    await expectError(
      fit({}, [
        [1, 2],
        [3, NaN],
      ]),
      RangeError,
      /^points\[1\]\[1\] /,
    );
  });
});

describe('init', () => {
  const means = [
    [0, 0],
    [1, 5],
  ];
  const unit = [1, 0, 0, 1];
  const rows: readonly (readonly [what: string, init: unknown, kind: Kind, message: RegExp])[] = [
    ['a word that is none of them', 'k-means', RangeError, /^init .*'k-means'/],
    ['a number', 3, TypeError, /^init /],
    ['nothing in it', {}, TypeError, /^init\.means /],
    ['bare rows', means, TypeError, /^init/],
    ['too few means', { means: [[1, 2]] }, RangeError, /^init\.means has 1 rows, k is 2/],
    ['means of other features', { means: [[1], [2]] }, RangeError, /^init has 1 features, .*2/],
    ['means of no whole rows', { means: [1, 2, 3] }, RangeError, /^init\.means has 3 /],
    ['a ragged row', { means: [[1, 2], [3]] }, RangeError, /^init\.means\[1\] /],
    [
      'means with a NaN',
      {
        means: [
          [1, 2],
          [3, NaN],
        ],
      },
      RangeError,
      /^init\.means\[1\]\[1\] /,
    ],
    ['flat means with a NaN', { means: [1, 2, 3, NaN] }, RangeError, /^init\.means\[3\] /],
    [
      'means of a wrong shape',
      { means: { data: new Float32Array(3), shape: [2, 2] } },
      RangeError,
      /^init\.means\.data /,
    ],
    ['too few weights', { means, weights: [1] }, RangeError, /^init\.weights has 1 .*2/],
    ['a negative weight', { means, weights: [2, -1] }, RangeError, /^init\.weights\[1\] /],
    ['weights of another sum', { means, weights: [1, 1] }, RangeError, /^init\.weights .*sum/],
    ['weights that are no array', { means, weights: 0.5 }, TypeError, /^init\.weights /],
    ['too few covariances', { means, covariances: unit }, RangeError, /^init\.covariances has 4 .*8/],
    ['a covariance of NaN', { means, covariances: [...unit, 1, 0, 0, NaN] }, RangeError, /^init\.covariances\[7\] /],
    ['one not positive definite', { means, covariances: [...unit, 1, 2, 2, 1] }, RangeError, /^init\.covariances.* 1 /],
    ['too few nested covariances', { means, covariances: [unit] }, RangeError, /^init\.covariances has 1 rows, 2 /],
    ['the JSON of a model', { type: 'KMeansModel' }, TypeError, /^init .*KMeansModel\.fromJSON\(init\)$/],
    ['the JSON of a mixture', { type: 'GaussianMixtureModel', means }, TypeError, /GaussianMixtureModel\.fromJSON/],
  ];
  for (const [what, init, kind, message] of rows) it(what, () => expectError(fit({ init }), kind, message));

  it('models of other components, other features, or another type', async () => {
    const clusters = await kmeans(points, { k: 3, backend: 'cpu' });
    await expectError(fit({ init: clusters }), RangeError, /^init has 3 centroids, k is 2/);
    const cosine = await kmeans(
      [
        [1, 0],
        [0, 1],
      ],
      { k: 2, metric: 'cosine', backend: 'cpu' },
    );
    await expectError(fit({ init: cosine }), TypeError, /^init /);
    const mixture = await fit({ covarianceType: 'diag' });
    await expectError(fit({ init: mixture, covarianceType: 'full' }), RangeError, /^init has covarianceType 'diag'/);
    await expectError(
      fit({ init: mixture, covarianceType: 'diag', k: 3 }),
      RangeError,
      /^init has 2 components, k is 3/,
    );
    const wide = points.map((row) => [...row, 1]);
    await expectError(fit({ init: mixture, covarianceType: 'diag' }, wide), RangeError, /^init has 2 features, .*3/);
  });
});

describe('points of another metric', () => {
  it('a cosine dataset has no density', async () => {
    const engine = await createEngine({ backend: 'cpu' });
    const rows = [
      [1, 0],
      [0, 1],
      [1, 1],
    ];
    const dataset = await engine.upload(rows, { metric: 'cosine' });
    await expectError(engine.gaussianMixture(dataset, { k: 2 }), TypeError, /cosine/);
    await expectError(selectModel(dataset, { k: [1, 2] }), TypeError, /cosine/);
    const clusters = await engine.kmeans(dataset, { k: 2 });
    await expectError(clusters.toGaussianMixture(dataset), TypeError, /^toGaussianMixture /);
    await engine.destroy();
  });
  it('weights beside a dataset', async () => {
    const engine = await createEngine({ backend: 'cpu' });
    const dataset = await engine.upload(points);
    await expectError(
      fit({ backend: undefined, sampleWeight: new Float32Array(5).fill(1) }, dataset),
      TypeError,
      /^sampleWeight /,
    );
    await engine.destroy();
  });
});

describe('methods', () => {
  const model = GaussianMixtureModel.fromParameters({
    weights: [0.5, 0.5],
    means: [0, 0, 1, 5],
    covariances: [1, 1],
    covarianceType: 'spherical',
  });
  const methods = ['predict', 'predictProba', 'scoreSamples', 'score', 'aic', 'bic', 'icl', 'toKMeans'] as const;
  it.each(methods)('%s of wrong points and options', async (method) => {
    const call = (given: unknown, options?: unknown) => model[method](given as never, options as never);
    await expectError(call([[1, 2, 3]], { backend: 'cpu' }), RangeError, /^points have 3 features, the model has 2/);
    await expectError(call(undefined, { backend: 'cpu' }), TypeError, /^points must be/);
    await expectError(call(points, null), TypeError, /^options /);
    await expectError(call(points, { backend: 'gpu' }), RangeError, /^backend /);
    await expectError(call(points, { backend: 'cpu', signal: 3 }), TypeError, /^signal /);
    await expectError(call(points, { backend: 'cpu', sampleWeight: Float32Array.of(1) }), RangeError, /^sampleWeight /);
    const reason = new Error('enough');
    await expect(call(points, { backend: 'cpu', signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
  it('sample', async () => {
    await expectThrow(() => model.sample(0), RangeError, /^count /);
    await expectThrow(() => model.sample('2' as never), TypeError, /^count /);
    await expectThrow(() => model.sample(2, { seed: -1 }), RangeError, /^seed /);
    await expectThrow(() => model.sample(2, { seed: '1' as never }), TypeError, /^seed /);
  });
  it('toGaussianMixture', async () => {
    const clusters = await kmeans(points, { k: 2, backend: 'cpu' });
    const call = (given: unknown, options: unknown) => clusters.toGaussianMixture(given as never, options as never);
    await expectError(call(points, { covarianceType: 'round' }), RangeError, /^covarianceType /);
    await expectError(call([[1, 2, 3]], { backend: 'cpu' }), RangeError, /^points have 3 features/);
    await expectError(call(points, null), TypeError, /^options /);
  });
});

describe('GaussianMixtureModel.fromParameters', () => {
  const good = {
    weights: [0.25, 0.75],
    means: [
      [0, 0],
      [1, 5],
    ],
    covariances: [1, 0.5, 0.5, 1, 2, 0, 0, 3],
    covarianceType: 'full',
  };
  const rows: readonly (readonly [what: string, change: object, kind: Kind, message: RegExp])[] = [
    ['no weights', { weights: undefined }, TypeError, /weights/],
    ['empty weights', { weights: [] }, RangeError, /weights/],
    ['weights of another sum', { weights: [0.5, 0.75] }, RangeError, /^weights .*sum/],
    ['a negative weight', { weights: [1.25, -0.25] }, RangeError, /^weights\[1\] /],
    ['a weight of NaN', { weights: [NaN, 1] }, RangeError, /^weights\[0\] /],
    ['a weight that is none', { weights: ['0.5', 0.5] }, TypeError, /^weights\[0\] /],
    ['no means', { means: undefined }, TypeError, /^means /],
    ['too many means', { means: [[0], [1], [2]] }, RangeError, /^means has 3 rows/],
    [
      'a mean of NaN',
      {
        means: [
          [0, 0],
          [NaN, 1],
        ],
      },
      RangeError,
      /^means\[1\]\[0\] /,
    ],
    ['no covariances', { covariances: undefined }, TypeError, /^covariances /],
    ['too few covariances', { covariances: [1, 1] }, RangeError, /^covariances has 2 .*8/],
    [
      'a nested row too long',
      {
        covariances: [
          [
            [1, 0],
            [0, 1, 0],
          ],
          [
            [1, 0],
            [0, 1],
          ],
        ],
      },
      RangeError,
      /^covariances\[0\]\[1\] has 3 values, 2 are needed$/,
    ],
    ['a variance without a precision', { covariances: [1, 0, 0, 1, 1, 0, 0, 1e-320] }, RangeError, /^covariances.* 1 /],
    ['a mean beyond 1e150', { means: [0, 0, 1e151, 0] }, RangeError, /^means\[2\] /],
    ['a row of means beyond 1e150', { means: [[0], [-1e300]] }, RangeError, /^means\[1\]\[0\] /],
    ['a singular covariance', { covariances: [1, 0, 0, 1, 1, 1, 1, 1] }, RangeError, /^covariances.* 1 .*definite/],
    [
      'an asymmetric covariance',
      { covariances: [1, 0.5, 0.4, 1, 2, 0, 0, 3] },
      RangeError,
      /^covariances.* 0 .*symmetric/,
    ],
    ['no type', { covarianceType: undefined }, TypeError, /^covarianceType /],
    ['another type', { covarianceType: 'round' }, RangeError, /^covarianceType /],
  ];
  for (const [what, change, kind, message] of rows) {
    it(what, () =>
      expectThrow(() => GaussianMixtureModel.fromParameters({ ...good, ...change } as never), kind, message),
    );
  }
  it('a good one', () => {
    expect(GaussianMixtureModel.fromParameters(good as never).k).toBe(2);
  });
  it.each([null, undefined, 3])('%s', (given) =>
    expectThrow(() => GaussianMixtureModel.fromParameters(given as never), TypeError, /^parameters must be an object/),
  );
  const nested: readonly (readonly [type: string, nested: unknown, flat: readonly number[]])[] = [
    [
      'full',
      [
        [
          [1, 0.5],
          [0.5, 1],
        ],
        [
          [2, 0],
          [0, 3],
        ],
      ],
      [1, 0.5, 0.5, 1, 2, 0, 0, 3],
    ],
    [
      'tied',
      [
        [1, 0.5],
        [0.5, 1],
      ],
      [1, 0.5, 0.5, 1],
    ],
    ['diag', [Float32Array.of(1, 2), Float32Array.of(3, 4)], [1, 2, 3, 4]],
    ['spherical', [1, 2], [1, 2]],
    ['tied-diag', [1, 2], [1, 2]],
    ['tied-spherical', [1], [1]],
  ];
  it.each(nested)('covariances nested as scikit-learn has them: %s', async (covarianceType, covariances, flat) => {
    const model = GaussianMixtureModel.fromParameters({ ...good, covarianceType, covariances } as never);
    expect(model.covariances).toEqual(Float64Array.from(flat));
    const { means, weights } = good;
    const start = (given: unknown) => fit({ covarianceType, init: { means, weights, covariances: given } });
    expect(await start(covariances)).toEqual(await start(flat));
  });
});

describe('GaussianMixtureModel.fromJSON', () => {
  const json = {
    type: 'GaussianMixtureModel',
    k: 2,
    d: 1,
    covarianceType: 'diag',
    mixing: 'free',
    temperature: 1,
    weights: [0.25, 0.75],
    means: [1, 2],
    covariances: [3, 4],
    lowerBound: -5,
    lowerBounds: [-6, -5],
    iterations: 2,
    converged: true,
    decreased: false,
    components: ['ok', 'reseeded'],
    backend: 'cpu',
  };
  const rows: readonly (readonly [what: string, change: object, kind: Kind, message: RegExp])[] = [
    ['another type', { type: 'KMeansModel' }, TypeError, /type/],
    ['no type', { type: undefined }, TypeError, /type/],
    ['k of zero', { k: 0 }, RangeError, /^json\.k /],
    ['k as a string', { k: '2' }, TypeError, /^json\.k /],
    ['d of a fraction', { d: 0.5 }, RangeError, /^json\.d /],
    ['another covariance type', { covarianceType: 'round' }, RangeError, /^json\.covarianceType /],
    ['another mixing', { mixing: 'even' }, RangeError, /^json\.mixing /],
    ['a negative temperature', { temperature: -1 }, RangeError, /^json\.temperature /],
    ['a temperature of null', { temperature: null }, TypeError, /^json\.temperature /],
    ['too few weights', { weights: [1] }, RangeError, /^json\.weights has 1 .*2/],
    ['weights of another sum', { weights: [1, 1] }, RangeError, /^json\.weights .*sum/],
    ['too many means', { means: [1, 2, 3] }, RangeError, /^json\.means has 3 .*2/],
    ['a mean that is none', { means: [1, null] }, TypeError, /^json\.means\[1\] /],
    ['too few covariances', { covariances: [3] }, RangeError, /^json\.covariances has 1 .*2/],
    ['a variance of 1e-320', { covariances: [3, 1e-320] }, RangeError, /^json\.covariances.* 1 /],
    ['a mean beyond 1e150', { means: [1, 1e300] }, RangeError, /^json\.means\[1\] /],
    ['a variance of zero', { covariances: [3, 0] }, RangeError, /^json\.covariances.* 1 /],
    ['a bound that is none', { lowerBound: '5' }, TypeError, /^json\.lowerBound/],
    ['fewer bounds than iterations', { lowerBounds: [-5] }, RangeError, /^json\.lowerBounds has 1 .*2/],
    ['iterations of a fraction', { iterations: 1.5 }, RangeError, /^json\.iterations /],
    ['converged as a number', { converged: 1 }, TypeError, /^json\.converged /],
    ['decreased as a number', { decreased: 0 }, TypeError, /^json\.decreased /],
    ['too few components', { components: ['ok'] }, RangeError, /^json\.components has 1 .*2/],
    ['components that are none', { components: 'ok' }, TypeError, /^json\.components /],
    ['another status', { components: ['ok', 'fine'] }, RangeError, /^json\.components\[1\] /],
    ['another backend', { backend: 'gpu' }, RangeError, /^json\.backend /],
  ];
  for (const [what, change, kind, message] of rows) {
    it(what, () => expectThrow(() => GaussianMixtureModel.fromJSON({ ...json, ...change } as never), kind, message));
  }
  it.each([null, undefined, 'GaussianMixtureModel', 3, []])('%s', (given) =>
    expectThrow(() => GaussianMixtureModel.fromJSON(given as never), TypeError, /^json /),
  );
  it('a good one', () => {
    expect(GaussianMixtureModel.fromJSON(json as never).toJSON()).toEqual(json);
  });
});

describe('selectModel', () => {
  const rows: readonly (readonly [what: string, options: unknown, kind: Kind, message: RegExp])[] = [
    ['nothing', undefined, TypeError, /^k /],
    ['null', null, TypeError, /^options /],
    ['k that is no list', { k: 3 }, TypeError, /^k /],
    ['no k', { k: [] }, RangeError, /^k /],
    ['a k of zero', { k: [2, 0] }, RangeError, /^k\[1\] /],
    ['a k as a string', { k: ['2'] }, TypeError, /^k\[0\] /],
    ['a k above the points', { k: [1, 6] }, RangeError, /^k is 6, .*5 points/],
    ['a type that is no list', { k: [1], covarianceType: 'full' }, TypeError, /^covarianceType /],
    ['no type', { k: [1], covarianceType: [] }, RangeError, /^covarianceType /],
    ['another type', { k: [1], covarianceType: ['full', 'round'] }, RangeError, /^covarianceType\[1\] /],
    ['another criterion', { k: [1], criterion: 'dic' }, RangeError, /^criterion /],
    ['a criterion that is no word', { k: [1], criterion: 1 }, TypeError, /^criterion /],
    ['onProgress', { k: [1], onProgress: 'log' }, TypeError, /^onProgress /],
    ['signal', { k: [1], signal: 'now' }, TypeError, /^signal /],
    ['nInit', { k: [1], nInit: 0 }, RangeError, /^nInit /],
    ['init', { k: [1], init: 'best' }, RangeError, /^init /],
    ['backend', { k: [1], backend: 'gpu' }, RangeError, /^backend /],
  ];
  for (const [what, options, kind, message] of rows) {
    const given = options !== null && typeof options === 'object' ? { backend: 'cpu', ...options } : options;
    it(what, () => expectError(selectModel(points, given as never), kind, message));
  }
  it('points', () => expectError(selectModel(undefined as never, { k: [1] }), TypeError, /^points must be/));
  it('aborted before and meanwhile', async () => {
    const reason = new Error('enough');
    await expect(selectModel(points, { k: [1], backend: 'cpu', signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
    const controller = new AbortController();
    let fits = 0;
    const selection = selectModel(points, {
      k: [1, 2, 3],
      backend: 'cpu',
      signal: controller.signal,
      onProgress: () => {
        fits++;
        controller.abort(reason);
      },
    });
    await expect(selection).rejects.toBe(reason);
    expect(fits).toBe(1);
  });
});
