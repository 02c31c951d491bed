import {
  checkBoolean,
  checkInteger,
  checkObject,
  checkWord,
  finite,
  isJSONOf,
  propertyOf,
  readCoordinates,
  readNumbers,
  wrongKind,
} from '../check.ts';
import type { Dataset } from '../dataset.ts';
import type { EngineDataset, MixtureWorkspace } from '../engine/contract.ts';
import type { MixtureStatistics } from '../engine/statistics.ts';
import { type Frame, type FrameJSON, frameFromJSON, frameOfModel, frameToJSON, intoFrame } from '../frame.ts';
import { type Home, REASONS, type Reason } from '../home.ts';
import { fitCentroids as clusterAround } from '../kmeans/centroids.ts';
import { type MethodOptions, withPointsOf } from '../methods.ts';
import { pointsOf } from '../mixture/draw.ts';
import { likelihoodOf, withMixture } from '../mixture/expectation.ts';
import { answersOfFar, type FarAnswer } from '../mixture/far.ts';
import { type ComponentStatus, type FitReport, fitCentroids, type MixtureFit, STATUSES } from '../mixture/fit.ts';
import { COVARIANCE_TYPES, type CovarianceType } from '../mixture/forms/names.ts';
import type { FixedPart } from '../mixture/maximize.ts';
import {
  deviationsOf,
  freeParameters,
  type Mixing,
  type Parameters,
  parametersIntoFrame,
  toGaussians,
} from '../mixture/parameters.ts';
import {
  checkMixing,
  checkTemperature,
  type MixtureStart,
  readCovariances,
  readMeans,
  readWeights,
} from '../mixture/read.ts';
import { drawSample, type SampleOptions } from '../mixture/sample.ts';
import type { MixtureShardStatistics } from '../mixture/shards.ts';
import { checkSpelling } from '../mixture/spelling.ts';
import type { Backend, FarRows, PointsInput } from '../points.ts';
import { knowSelf } from '../proxies.ts';
import { type BlockSource, isSource } from '../reading.ts';
import { runAsync, runNow, type Steps } from '../steps.ts';
import { KMeansModel } from './kmeans-model.ts';
import { mixtureModels } from './known.ts';
import type { RecordOf } from './record.ts';

/** What `toJSON` gives: all of the model but its labels. */
export interface GaussianMixtureJSON {
  /** What it is the JSON of. */
  readonly type: 'GaussianMixtureModel';
  /** Number of components. */
  readonly k: number;
  /** Number of features. */
  readonly d: number;
  /** Form of the covariances. */
  readonly covarianceType: CovarianceType;
  /** Whether the weights were free. */
  readonly mixing: Mixing;
  /** T of the fit, of a schedule the last. */
  readonly temperature: number;
  /** [k], of sum 1 */
  readonly weights: number[];
  /** [k, d] row-major */
  readonly means: number[];
  /** Laid out as the type says. */
  readonly covariances: number[];
  /** null where no fit was: JSON has no NaN. */
  readonly lowerBound: number | null;
  /** The bound after each iteration. */
  readonly lowerBounds: number[];
  /** EM iterations, at all temperatures. */
  readonly iterations: number;
  /** Whether the fit stopped by its rule. */
  readonly converged: boolean;
  /** Whether the bound fell in some iteration by more than rounding. */
  readonly decreased: boolean;
  /** How each component fared [k]. */
  readonly components: ComponentStatus[];
  /** Where the fit ended. */
  readonly backend: Backend;
  /** Why the fit ended on that backend. */
  readonly reason?: Reason | undefined;
  /** What its methods see points in; where it is missing it is made of the parameters. */
  readonly frame?: FrameJSON | undefined;
}

/** Options of {@link GaussianMixtureModel.update}: as those of a fit. */
export interface MixtureUpdateOptions {
  /** Default that of the model. */
  readonly mixing?: Mixing;
  /** Parts that stay as they are. Default none. */
  readonly fixed?: readonly FixedPart[];
  /** Added to the covariances' diagonals, in squared units of the data. Default 1e-6. */
  readonly regularization?: number;
  /** For `converged`. Default 1e-3. */
  readonly tolerance?: number;
}

/** Loaded by those who have sources of blocks. */
const blocks = () => import('../streams/over.ts');

/** Densities in one block of `predictProba`, and multiply-adds for them: 16 MiB, and what no watchdog minds. */
const BLOCK_VALUES = 2 ** 22;
const BLOCK_WORK = 2 ** 28;

/**
 * A mixture of Gaussians. It holds no engine and no GPU memory: methods that take points run where calls without an engine
 * do, or where the dataset is.
 *
 * @example
 * ```ts
 * import { GaussianMixtureModel } from 'webgpu-clustering';
 *
 * const model = GaussianMixtureModel.fromParameters({
 *   weights: [0.5, 0.5],
 *   means: [[0], [9]],
 *   covariances: [1, 4],
 *   covarianceType: 'spherical',
 * });
 * console.log((await model.predictProba([[0], [9]])).map(Math.round).join()); // 1,0,0,1
 * const { data, shape, labels } = model.sample(1000, { seed: 1 });
 * console.log(shape.join(), data.length, labels.length); // 1000,1 1000 1000
 * ```
 */
export class GaussianMixtureModel {
  /** Number of components. */
  readonly k!: number;
  /** Number of features. */
  readonly d!: number;
  /** Form of the covariances. */
  readonly covarianceType!: CovarianceType;
  /** Whether the weights of the fit were free; `'free'` in a model made from parameters. */
  readonly mixing!: Mixing;
  /** T of the fit, of a schedule the last; 1 in a model made from parameters. */
  readonly temperature!: number;
  /** [k], of sum 1 */
  readonly weights!: Float64Array;
  /** [k, d] row-major */
  readonly means!: Float64Array;
  /** Row-major, in the shape that {@link CovarianceType} tells. */
  readonly covariances!: Float64Array;
  /** Upper triangular U with the precision matrix U·Uᵀ, laid out like the covariances. */
  readonly precisionsCholesky!: Float64Array;
  /**
   * Of these parameters and the points of the fit: the weighted mean of T·log Σ(π·p)^(1/T); at T = 1 the log-likelihood,
   * at T = 0 the mean of max log π·p. It never falls at a fixed temperature, within rounding. NaN in a model made from
   * parameters.
   */
  readonly lowerBound!: number;
  /** The same after each iteration. */
  readonly lowerBounds!: Float64Array;
  /** The component of the largest responsibility [n]; empty in a model made from JSON or from parameters. */
  readonly labels!: Uint32Array;
  /** EM iterations, at all temperatures. */
  readonly iterations!: number;
  /**
   * Whether the fit stopped by its rule, at a local maximum within tolerance, and not at `maxIterations`. A bound that
   * fell is no convergence.
   */
  readonly converged!: boolean;
  /** Whether the bound fell in some iteration by more than rounding: the sign of components that collapse. */
  readonly decreased!: boolean;
  /** How each component fared [k]. */
  readonly components!: readonly ComponentStatus[];
  /** Where the fit ended. */
  readonly backend!: Backend;
  /** Why the fit ended on that backend. */
  readonly reason!: Reason;
  /**
   * What its methods see points in: so what they say of a row does not depend on the other rows, and of the points of the
   * fit it is what the fit says.
   * @internal
   */
  readonly frame: Frame;
  /** What the parameters are in the frame, where they come of statistics in it. @internal */
  declare readonly held?: Parameters;
  /** Whether the frame is that of a fit, and not made of the parameters. */
  readonly #fitted: boolean;

  /** @internal */
  constructor({ parameters, report }: MixtureFit, reason: Reason) {
    knowSelf(this, GaussianMixtureModel);
    mixtureModels.add(this);
    Object.assign(this, parameters, report, { lowerBounds: Float64Array.from(report.lowerBounds), reason });
    this.#fitted = report.frame !== null;
    this.frame = report.frame ?? frameOfModel(parameters.means, deviationsOf(parameters), parameters.d);
  }

  /**
   * The component of the largest responsibility of each point; ties go to the lowest index.
   *
   * @returns Uint32Array [n]
   * @throws {RangeError} where the points do not have `d` features.
   * @throws {TypeError | RangeError} as `gaussianMixture` does, for points and options.
   */
  predict(points: PointsInput | Dataset, options?: MethodOptions): Promise<Uint32Array> {
    return this.#withExpectation(points, options, 0, async (_, workspace, { far }) => {
      const labels = await workspace.labels();
      for (const { index, label } of far) labels[index] = label;
      return labels;
    });
  }

  /**
   * The same for the blocks of a source, one after the other, as they are asked for.
   *
   * @throws {TypeError | RangeError} as `predict` does, with the number of the block.
   */
  async *predictBlocks(source: BlockSource, options?: MethodOptions): AsyncGenerator<Uint32Array, void, undefined> {
    yield* (await blocks()).labelsOf(this, source, options);
  }

  /**
   * Responsibilities: the posterior probability of each component, at temperature 1.
   *
   * @returns Float32Array [n·k], row-major
   * @throws {RangeError} where the points do not have `d` features.
   * @throws {TypeError | RangeError} as `gaussianMixture` does, for points and options.
   */
  predictProba(points: PointsInput | Dataset, options?: MethodOptions): Promise<Float32Array> {
    return this.#withPoints(points, options, async ({ dataset }) => {
      const { k, d } = this;
      const { n, frame } = dataset;
      const gaussians = toGaussians(parametersIntoFrame(this, frame));
      const probabilities = new Float32Array(n * k);
      const work = gaussians.shape === 'axes' ? d : d * d;
      const rows = Math.max(1, Math.floor(Math.min(BLOCK_VALUES, BLOCK_WORK / work) / k));
      for (let from = 0; from < n; from += rows) {
        const end = Math.min(n, from + rows);
        const logs = await dataset.logDensities(gaussians, from, end);
        await runAsync(softmax(logs, k, probabilities, from * k), dataset.signal);
      }
      for (const { index, responsibilities } of this.#answersOfFar(dataset.far, 1))
        probabilities.set(responsibilities, index * k);
      return probabilities;
    });
  }

  /**
   * log p(x) of each point, in nats and in the units of the data; a low one is an outlier.
   *
   * @returns Float64Array [n]
   * @throws {RangeError} where the points do not have `d` features.
   * @throws {TypeError | RangeError} as `gaussianMixture` does, for points and options.
   */
  scoreSamples(points: PointsInput | Dataset, options?: MethodOptions): Promise<Float64Array> {
    return this.#withExpectation(points, options, 1, async (dataset, workspace, { far }) => {
      const unit = this.d * Math.log(dataset.frame.scale);
      const values = (await workspace.values()).map((value) => value + unit);
      for (const { index, value } of far) values[index] = value;
      return values;
    });
  }

  /**
   * Weighted mean of log p(x), in nats, whatever the temperature of the fit.
   *
   * @throws {RangeError} where the points do not have `d` features.
   * @throws {TypeError | RangeError} as `gaussianMixture` does, for points and options.
   */
  score(points: PointsInput | Dataset | BlockSource, options?: MethodOptions): Promise<number> {
    return this.#logLikelihood(points, options, 1, (mean) => mean);
  }

  /**
   * Akaike's information criterion (Akaike 1974), −2·log-likelihood + 2·(free parameters): the lower the better.
   *
   * @throws {RangeError} where the points do not have `d` features.
   * @throws {TypeError | RangeError} as `gaussianMixture` does, for points and options.
   */
  aic(points: PointsInput | Dataset | BlockSource, options?: MethodOptions): Promise<number> {
    return this.#logLikelihood(points, options, 1, (mean, total) => 2 * (this.#freeParameters - total * mean));
  }

  /**
   * Bayesian information criterion (Schwarz 1978), −2·log-likelihood + (free parameters)·log N, N the sum of the
   * weights: the lower the better.
   *
   * @throws {RangeError} where the points do not have `d` features.
   * @throws {TypeError | RangeError} as `gaussianMixture` does, for points and options.
   */
  bic(points: PointsInput | Dataset | BlockSource, options?: MethodOptions): Promise<number> {
    return this.#criterion(points, options, 1);
  }

  /**
   * Integrated completed likelihood (Biernacki, Celeux and Govaert 2000): the BIC with each point's likelihood under its
   * most likely component, weight included. The lower the better; it asks for separate components.
   *
   * @throws {RangeError} where the points do not have `d` features.
   * @throws {TypeError | RangeError} as `gaussianMixture` does, for points and options.
   */
  icl(points: PointsInput | Dataset | BlockSource, options?: MethodOptions): Promise<number> {
    return this.#criterion(points, options, 0);
  }

  /**
   * The k-means model whose centroids are the means: labels, counts and inertia are those of the points.
   *
   * @throws {RangeError} where the points do not have `d` features.
   * @throws {TypeError | RangeError} as `gaussianMixture` does, for points and options.
   */
  toKMeans(points: PointsInput | Dataset, options?: MethodOptions): Promise<KMeansModel> {
    // The model that it makes is of the points: they have their own frame.
    return withPointsOf(
      { d: this.d, metric: 'euclidean', frame: undefined },
      points,
      options,
      async ({ dataset, reason }) =>
        new KMeansModel({ ...(await runAsync(clusterAround(dataset, this.means), dataset.signal)), reason }),
    );
  }

  /**
   * Draws points from the mixture.
   *
   * @returns `data` Float64Array [count·d], its `shape`, and the component that each point came from
   * @throws {RangeError} where `count` is no positive integer.
   */
  sample(
    count: number,
    options?: SampleOptions,
  ): { data: Float64Array; shape: [n: number, d: number]; labels: Uint32Array } {
    return drawSample(this, runNow(pointsOf(this)), count, options);
  }

  /** All of the model but its labels, in float64. */
  toJSON(): GaussianMixtureJSON {
    return {
      ...this.record(),
      weights: Array.from(this.weights),
      means: Array.from(this.means),
      covariances: Array.from(this.covariances),
      lowerBounds: Array.from(this.lowerBounds, finite),
    };
  }

  /** The same with arrays in the place of lists. @internal */
  record(): RecordOf<GaussianMixtureJSON> {
    const { k, d, covarianceType, mixing, temperature, iterations, converged, decreased, backend, reason } = this;
    return {
      type: 'GaussianMixtureModel',
      k,
      d,
      covarianceType,
      mixing,
      temperature,
      weights: this.weights,
      means: this.means,
      covariances: this.covariances,
      // JSON has no NaN.
      lowerBound: Number.isNaN(this.lowerBound) ? null : finite(this.lowerBound),
      lowerBounds: this.lowerBounds.map(finite),
      iterations,
      converged,
      decreased,
      components: [...this.components],
      backend,
      ...(this.#fitted ? { reason, frame: frameToJSON(this.frame) } : {}),
    };
  }

  /**
   * The model that `toJSON` gave, with empty `labels`.
   *
   * @throws {TypeError | RangeError} where `json` is no such object, or holds values that no fit can produce: a coordinate over 1e150, a
   * covariance that is not positive definite or has a variance below 2^-1022.
   */
  static fromJSON(json: GaussianMixtureJSON): GaussianMixtureModel {
    if (!isJSONOf('GaussianMixtureModel', json)) {
      throw new TypeError("json must be what GaussianMixtureModel.toJSON gives, with type 'GaussianMixtureModel'");
    }
    const k = checkInteger('json.k', json.k, 1);
    const d = checkInteger('json.d', json.d, 1);
    const covarianceType = checkWord('json.covarianceType', json.covarianceType, COVARIANCE_TYPES);
    const iterations = checkInteger('json.iterations', json.iterations, 0);
    const lowerBounds = readNumbers('json.lowerBounds', json.lowerBounds, iterations);
    const parameters: Parameters = {
      k,
      d,
      covarianceType,
      weights: readWeights('json.weights', json.weights, k),
      means: readCoordinates('json.means', json.means, k * d),
      ...readCovariances('json.covariances', json.covariances, covarianceType, k, d),
    };
    if (!Array.isArray(json.components)) {
      throw wrongKind('json.components', 'an array', json.components);
    }
    if (json.components.length !== k) {
      throw new RangeError(`json.components has ${json.components.length} values, ${k} are needed`);
    }
    const report: FitReport = {
      mixing: checkMixing('json.mixing', json.mixing),
      temperature: checkTemperature('json.temperature', json.temperature),
      lowerBound: json.lowerBound === null ? NaN : readNumbers('json.lowerBound', [json.lowerBound], 1)[0],
      lowerBounds: Array.from(lowerBounds),
      labels: new Uint32Array(0),
      iterations,
      converged: checkBoolean('json.converged', json.converged),
      decreased: checkBoolean('json.decreased', json.decreased),
      components: json.components.map((status, c) => checkWord(`json.components[${c}]`, status, STATUSES)),
      backend: checkWord('json.backend', json.backend, ['webgpu', 'cpu'] as const),
      frame: frameFromJSON(propertyOf(json, 'frame'), d),
    };
    const reason = checkWord('json.reason', propertyOf(json, 'reason') ?? 'asked', REASONS);
    return new GaussianMixtureModel({ parameters, report }, reason);
  }

  /**
   * A model of given parameters: weights [k] of sum 1, means [k, d], covariances laid out as the type says, nested or
   * row-major.
   *
   * @throws {TypeError | RangeError} naming what is wrong; a covariance that is not positive definite, or has a variance
   * below 2^-1022, too.
   */
  static fromParameters(
    given: Required<MixtureStart> & { readonly covarianceType: CovarianceType },
  ): GaussianMixtureModel {
    checkObject('parameters', given);
    checkSpelling('parameters', given, ['weights', 'means', 'covariances', 'covarianceType']);
    const { weights, means, covariances, covarianceType } = given;
    const type = checkWord('covarianceType', covarianceType, COVARIANCE_TYPES);
    const k = readNumbers('weights', weights, (weights as ArrayLike<number> | undefined)?.length ?? 0).length;
    if (k === 0) throw new RangeError('weights must have at least one value');
    const { means: values, d } = readMeans('means', means, k);
    const parameters: Parameters = {
      k,
      d,
      covarianceType: type,
      weights: readWeights('weights', weights, k),
      means: values,
      ...readCovariances('covariances', covariances, type, k, d),
    };
    return GaussianMixtureModel.unfitted(parameters);
  }

  /** @internal */
  static unfitted(parameters: Parameters, frame: Frame | null = null): GaussianMixtureModel {
    return new GaussianMixtureModel({ parameters, report: { ...unfitted(parameters.k), frame } }, 'asked');
  }

  /**
   * The model that statistics of its parameters make: the M-step. `labels` are empty, and `lowerBound` is NaN, since that of the
   * statistics belongs to the parameters before: so does the last of `lowerBounds`. A component without weight keeps its mean and
   * its covariance. Where the statistics tell that the last iteration had settled, the parameters stay as they are, as those of
   * `gaussianMixture` do: the model has `converged`, after as many iterations as before, and `lowerBound` is known.
   *
   * @param options `mixing`, `fixed` and `regularization`: as those of `gaussianMixture`; `tolerance` too, default 1e-3, of the
   *   last two of `lowerBounds`
   * @throws {RangeError} where the statistics are not of these parameters.
   */
  async update(statistics: MixtureShardStatistics, options: MixtureUpdateOptions = {}): Promise<GaussianMixtureModel> {
    const { mixing = this.mixing, fixed = [], regularization = 1e-6, tolerance = 1e-3 } = options;
    const { updated } = await import('../mixture/updated.ts');
    const rules = { mixing: checkMixing('mixing', mixing), fixed, regularization };
    const update = await runAsync(updated(this, statistics, rules));
    const bound = statistics.logLikelihood / statistics.weight;
    const change = bound - (this.lowerBounds.at(-1) ?? NaN);
    const converged = Math.abs(change) < tolerance || change === 0;
    const { held, components } = converged ? this : update;
    const parameters = converged ? this : update.parameters;
    const report = {
      ...unfitted(this.k),
      ...{ mixing: rules.mixing, temperature: this.temperature, frame: statistics.frame, components, converged },
      ...{ lowerBounds: [...this.lowerBounds, bound], lowerBound: converged ? bound : NaN },
      iterations: this.iterations + (converged ? 0 : 1),
    };
    return Object.assign(new GaussianMixtureModel({ parameters, report }, 'asked'), { held });
  }

  #answersOfFar(far: FarRows, temperature: number): FarAnswer[] {
    return answersOfFar(far, toGaussians(this), temperature);
  }

  get #freeParameters(): number {
    return freeParameters(this.covarianceType, this.k, this.d, this.mixing);
  }

  #criterion(
    points: PointsInput | Dataset | BlockSource,
    options: MethodOptions | undefined,
    temperature: number,
  ): Promise<number> {
    return this.#logLikelihood(
      points,
      options,
      temperature,
      (mean, total) => this.#freeParameters * Math.log(total) - 2 * total * mean,
    );
  }

  /** Made of the weighted mean of the rows' values in the caller's units, and the sum of the weights. */
  async #logLikelihood(
    points: PointsInput | Dataset | BlockSource,
    options: MethodOptions | undefined,
    temperature: number,
    make: (mean: number, total: number) => number,
  ): Promise<number> {
    const ask = (points: PointsInput | Dataset, given: MethodOptions | undefined) =>
      this.#likelihood(points, given, temperature);
    const told = isSource(points) ? (await blocks()).sumsOf(points, options, ask) : ask(points, options);
    const [likelihood, total] = await told;
    return make(likelihood / total, total);
  }

  #likelihood(
    points: PointsInput | Dataset,
    options: MethodOptions | undefined,
    temperature: number,
  ): Promise<readonly [likelihood: number, total: number]> {
    return this.#withExpectation(points, options, temperature, async (dataset, _, { statistics, far }) => {
      const apart = far.filter(({ weight }) => weight > 0);
      const likelihood = likelihoodOf(statistics, dataset);
      return [
        apart.reduce((sum, { weight, value }) => sum + weight * value, likelihood),
        apart.reduce((sum, { weight }) => sum + weight, dataset.totalWeight),
      ];
    });
  }

  #withExpectation<T>(
    points: PointsInput | Dataset,
    options: MethodOptions | undefined,
    temperature: number,
    work: (
      dataset: EngineDataset,
      workspace: MixtureWorkspace,
      said: { readonly statistics: MixtureStatistics; readonly far: readonly FarAnswer[] },
    ) => Promise<T>,
  ): Promise<T> {
    return this.#withPoints(points, options, ({ dataset }) =>
      withMixture(dataset, this, async (workspace) => {
        const gaussians = toGaussians(parametersIntoFrame(this, dataset.frame));
        const statistics = await workspace.accumulate(gaussians, temperature);
        return work(dataset, workspace, { statistics, far: this.#answersOfFar(dataset.far, temperature) });
      }),
    );
  }

  #withPoints<T>(
    points: PointsInput | Dataset,
    options: MethodOptions | undefined,
    work: (home: Home) => Promise<T>,
  ): Promise<T> {
    return withPointsOf({ d: this.d, metric: 'euclidean', frame: this.frame }, points, options, work);
  }
}

/** What a model tells that no fit made. */
function unfitted(k: number): FitReport {
  return {
    mixing: 'free',
    temperature: 1,
    lowerBound: NaN,
    lowerBounds: [],
    labels: new Uint32Array(0),
    iterations: 0,
    converged: false,
    decreased: false,
    components: Array.from({ length: k }, () => 'ok' as const),
    backend: 'cpu',
    frame: null,
  };
}

/** The mixture that k-means with centroids [k, d], in the caller's coordinates, is: see `fitCentroids`. */
export async function mixtureOfCentroids(
  { dataset, reason }: Home,
  centroids: Float64Array,
  covarianceType: CovarianceType,
): Promise<GaussianMixtureModel> {
  checkWord('covarianceType', covarianceType, COVARIANCE_TYPES);
  const fit = await fitCentroids(dataset, intoFrame(centroids, dataset.frame), covarianceType);
  return new GaussianMixtureModel(fit, reason);
}

/** Values between two looks at the clock. */
const PAUSE_VALUES = 2 ** 15;

/** Exponentials of logarithms [rows, k], each row divided by its sum: to `to`, from an index on. */
function* softmax(logs: Float32Array, k: number, to: Float32Array, first: number): Steps<void> {
  const responsibilities = new Float64Array(k);
  const pause = k * Math.ceil(PAUSE_VALUES / k);
  for (let at = 0; at < logs.length; at += k) {
    let largest = logs[at];
    for (let c = 1; c < k; c++) largest = Math.max(largest, logs[at + c]);
    let sum = 0;
    for (let c = 0; c < k; c++) {
      responsibilities[c] = Math.exp(logs[at + c] - largest);
      sum += responsibilities[c];
    }
    for (let c = 0; c < k; c++) to[first + at + c] = responsibilities[c] / sum;
    if ((at + k) % pause === 0) yield;
  }
}
