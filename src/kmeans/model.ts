import { checkInteger, checkNotNegative, checkOptions, checkSignal, checkWord } from '../check.ts';
import type { Assignment, Backend } from '../engine.ts';
import { type Dataset, type Home, type PlacementOptions, withPoints } from '../placement.ts';
import { intoFrame, kindOf, type Metric, type PointsInput } from '../points.ts';
import { Random } from '../random.ts';

/** Options of the methods that take points. */
export interface MethodOptions extends PlacementOptions {
  /** Weights [n], not negative; for points in a Dataset they belong to it. */
  readonly sampleWeight?: Float32Array;
  /** Rejects with `signal.reason`. */
  readonly signal?: AbortSignal;
}

/** What `toJSON` gives: all of the model but its labels. */
export interface KMeansJSON {
  readonly type: 'KMeansModel';
  readonly k: number;
  readonly d: number;
  readonly metric: Metric;
  readonly centroids: number[];
  readonly counts: number[];
  readonly inertia: number;
  readonly iterations: number;
  readonly converged: boolean;
  readonly backend: Backend;
}

type Fields = Omit<KMeansJSON, 'type' | 'centroids' | 'counts'> & {
  readonly centroids: Float64Array;
  readonly labels: Uint32Array;
  readonly counts: Float64Array;
};

/** Distances in one block of `transform`: 16 MiB. */
const BLOCK_VALUES = 2 ** 22;

/** The result of k-means. It holds no engine and no GPU memory. */
export class KMeansModel {
  /** Number of clusters. */
  readonly k: number;
  /** Number of features. */
  readonly d: number;
  readonly metric: Metric;
  /** [k, d] row-major: exactly the centroids that the last assignment used. */
  readonly centroids: Float64Array;
  /** Index of the nearest centroid [n]; empty in a model made from JSON. */
  readonly labels: Uint32Array;
  /** Summed weights of the clusters [k]. */
  readonly counts: Float64Array;
  /** Σ w·‖x − c‖², for cosine Σ w·(1 − cos): of `labels` and `centroids`. */
  readonly inertia: number;
  /** Lloyd iterations. */
  readonly iterations: number;
  /** Whether the fit stopped by its rule, at a local minimum within tolerance, and not at `maxIterations`. */
  readonly converged: boolean;
  /** Where the fit ended. */
  readonly backend: Backend;

  /** @internal */
  constructor(fields: Fields) {
    this.k = fields.k;
    this.d = fields.d;
    this.metric = fields.metric;
    this.centroids = fields.centroids;
    this.labels = fields.labels;
    this.counts = fields.counts;
    this.inertia = fields.inertia;
    this.iterations = fields.iterations;
    this.converged = fields.converged;
    this.backend = fields.backend;
  }

  /**
   * Index of the nearest centroid of each point; ties go to the lowest index.
   *
   * @returns Uint32Array [n]
   * @throws {RangeError} where the points do not have `d` features.
   */
  predict(points: PointsInput | Dataset, options?: MethodOptions): Promise<Uint32Array> {
    return this.#withPoints(points, options, async (home, signal) => (await this.#assign(home, signal)).labels);
  }

  /**
   * Distance of each point to each centroid: Euclidean, or 1 − cos.
   *
   * @returns Float32Array [n·k], row-major
   * @throws {RangeError} where the points do not have `d` features.
   */
  transform(points: PointsInput | Dataset, options?: MethodOptions): Promise<Float32Array> {
    return this.#withPoints(points, options, async (home, signal) => {
      const { frame, metric, n } = home.dataset;
      const distances = new Float32Array(n * this.k);
      const toDistance =
        metric === 'cosine' ? (squared: number) => squared / 2 : (squared: number) => Math.sqrt(squared) / frame.scale;
      await this.#eachBlock(home, signal, (block, from) => {
        for (let i = 0; i < block.length; i++) distances[from * this.k + i] = toDistance(block[i]);
      });
      return distances;
    });
  }

  /**
   * −inertia of the points under these centroids.
   *
   * @throws {RangeError} where the points do not have `d` features.
   */
  score(points: PointsInput | Dataset, options?: MethodOptions): Promise<number> {
    return this.#withPoints(points, options, async (home, signal) => {
      const { frame, metric } = home.dataset;
      const { inertia } = await this.#assign(home, signal);
      return -(metric === 'cosine' ? inertia / 2 : inertia / (frame.scale * frame.scale));
    });
  }

  /**
   * Bayesian information criterion of the tied-spherical mixture that this model is: weights counts / Σcounts, one
   * variance σ² = inertia / (d·Σcounts); k·d + (k − 1) + 1 free parameters, N the summed weight of `points`.
   * −Infinity where the inertia is 0.
   *
   * @throws {TypeError} for a cosine model, which has no density.
   */
  async bic(points: PointsInput | Dataset, options?: MethodOptions): Promise<number> {
    this.#needDensity('bic');
    return this.#withPoints(points, options, async (home, signal) => {
      const logLikelihood = await this.#logLikelihood(home, signal);
      return this.k * (this.d + 1) * Math.log(home.dataset.totalWeight) - 2 * logLikelihood;
    });
  }

  /**
   * Draws points from the tied-spherical mixture that this model is (see {@link bic}).
   *
   * @returns `data` Float64Array [count·d], its `shape`, and the cluster that each point came from
   * @throws {TypeError} for a cosine model, which has no density.
   */
  sample(
    count: number,
    { seed = 0 }: { seed?: number } = {},
  ): { data: Float64Array; shape: [n: number, d: number]; labels: Uint32Array } {
    this.#needDensity('sample');
    checkInteger('count', count, 1);
    const random = new Random(checkInteger('seed', seed, 0));
    const { k, d, centroids } = this;
    const total = this.counts.reduce((sum, value) => sum + value, 0);
    const deviation = Math.sqrt(this.inertia / (d * total));
    const data = new Float64Array(count * d);
    const labels = new Uint32Array(count);
    for (let i = 0; i < count; i++) {
      let rest = random.uniform() * total;
      let label = 0;
      while (label < k - 1 && rest >= this.counts[label]) rest -= this.counts[label++];
      labels[i] = label;
      for (let j = 0; j < d; j++) data[i * d + j] = centroids[label * d + j] + deviation * normal(random);
    }
    return { data, shape: [count, d], labels };
  }

  /** All of the model but its labels, in float64. */
  toJSON(): KMeansJSON {
    const { k, d, metric, inertia, iterations, converged, backend } = this;
    const centroids = Array.from(this.centroids);
    const counts = Array.from(this.counts);
    return { type: 'KMeansModel', k, d, metric, centroids, counts, inertia, iterations, converged, backend };
  }

  /**
   * The model that `toJSON` gave, with empty `labels`.
   *
   * @throws {TypeError | RangeError} where `json` is no such object.
   */
  static fromJSON(json: KMeansJSON): KMeansModel {
    if (json === null || typeof json !== 'object' || json.type !== 'KMeansModel') {
      throw new TypeError("json must be what KMeansModel.toJSON gives, with type 'KMeansModel'");
    }
    const k = checkInteger('json.k', json.k, 1);
    const d = checkInteger('json.d', json.d, 1);
    if (typeof json.converged !== 'boolean') {
      throw new TypeError(`json.converged must be a boolean, got ${kindOf(json.converged)}`);
    }
    const counts = readNumbers('json.counts', json.counts, k);
    counts.forEach((count, c) => {
      checkNotNegative(`json.counts[${c}]`, count);
    });
    return new KMeansModel({
      k,
      d,
      metric: checkWord('json.metric', json.metric, ['euclidean', 'cosine'] as const),
      centroids: readNumbers('json.centroids', json.centroids, k * d),
      labels: new Uint32Array(0),
      counts,
      inertia: checkNotNegative('json.inertia', json.inertia),
      iterations: checkInteger('json.iterations', json.iterations, 0),
      converged: json.converged,
      backend: checkWord('json.backend', json.backend, ['webgpu', 'cpu'] as const),
    });
  }

  async #withPoints<T>(
    points: PointsInput | Dataset,
    options: MethodOptions | undefined,
    work: (home: Home, signal: AbortSignal | undefined) => Promise<T>,
  ): Promise<T> {
    const checked = checkOptions(options);
    const signal = checkSignal(checked.signal);
    return withPoints(points, { ...checked, metric: this.metric }, (dataset) =>
      dataset.use(async (home) => {
        if (home.dataset.d !== this.d) {
          throw new RangeError(`points have ${home.dataset.d} features, the model has ${this.d}`);
        }
        return work(home, signal);
      }),
    );
  }

  async #assign({ engine, dataset }: Home, signal: AbortSignal | undefined): Promise<Assignment> {
    const workspace = await engine.open(dataset, this.k);
    try {
      return await workspace.accumulate(intoFrame(this.centroids, dataset.frame), signal);
    } finally {
      workspace.close();
    }
  }

  /** Squared distances of some rows to all centroids at a time, in the dataset's frame. */
  async #eachBlock(
    { engine, dataset }: Home,
    signal: AbortSignal | undefined,
    visit: (block: Float32Array, from: number) => void,
  ): Promise<void> {
    const centroids = intoFrame(this.centroids, dataset.frame);
    const rows = Math.max(1, Math.floor(BLOCK_VALUES / this.k));
    for (let from = 0; from < dataset.n; from += rows) {
      signal?.throwIfAborted();
      const end = Math.min(dataset.n, from + rows);
      visit(await engine.allDistances(dataset, centroids, from, end), from);
    }
  }

  /** Σ w·log p(x), by a log-sum-exp over the clusters of positive weight. */
  async #logLikelihood(home: Home, signal: AbortSignal | undefined): Promise<number> {
    const { k, d } = this;
    const { frame, weights } = home.dataset;
    const total = this.counts.reduce((sum, value) => sum + value, 0);
    const variance = this.inertia / (d * total);
    if (variance === 0) return Infinity;
    const logWeights = this.counts.map((count) => Math.log(count / total) - (d / 2) * Math.log(2 * Math.PI * variance));
    const perSquare = -1 / (2 * variance * frame.scale * frame.scale);
    const terms = new Float64Array(k);
    let sum = 0;
    await this.#eachBlock(home, signal, (block, from) => {
      for (let i = 0; i * k < block.length; i++) {
        for (let c = 0; c < k; c++) terms[c] = logWeights[c] + perSquare * block[i * k + c];
        sum += (weights === null ? 1 : weights[from + i]) * logSumExp(terms);
      }
    });
    return sum;
  }

  #needDensity(method: string): void {
    if (this.metric === 'cosine')
      throw new TypeError(`${method} needs a Euclidean model: cosine k-means has no density`);
  }
}

function logSumExp(terms: Float64Array): number {
  let largest = -Infinity;
  for (const term of terms) largest = Math.max(largest, term);
  let sum = 0;
  for (const term of terms) sum += Math.exp(term - largest);
  return largest + Math.log(sum);
}

/** A standard normal number (Box and Muller 1958). */
function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.uniform())) * Math.cos(2 * Math.PI * random.uniform());
}

function readNumbers(name: string, values: unknown, length: number): Float64Array {
  if (!Array.isArray(values)) throw new TypeError(`${name} must be an array, got ${kindOf(values)}`);
  if (values.length !== length) throw new RangeError(`${name} has ${values.length} values, ${length} are needed`);
  return Float64Array.from(values as unknown[], (value, i) => {
    if (typeof value !== 'number') throw new TypeError(`${name}[${i}] must be a number, got ${kindOf(value)}`);
    if (!Number.isFinite(value)) throw new RangeError(`${name}[${i}] must be finite, got ${value}`);
    return value;
  });
}
