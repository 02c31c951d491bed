/** Mini-batch k-means: what a batch teaches, beside the same by hand, and what fits come to beside full ones. */
import { describe, expect, it } from 'vitest';
import { type BlockSource, createEngine, kmeans, MiniBatchKMeans, miniBatchKMeans } from '../../src/index.ts';
import { Random } from '../../src/random.ts';
import { goldenFlights } from '../golden/flights.ts';
import { goldens } from '../golden/golden.ts';

const [n, d, k] = [4000, 3, 4];
const random = new Random(5);
const groupOf = (i: number) => i % k;
const data = Float32Array.from({ length: n * d }, (_, at) => 8 * groupOf(Math.floor(at / d)) + random.normal());
const points = { data, shape: [n, d] };
const init = { data: data.slice(0, k * d), shape: [k, d] };
const cpu = { backend: 'cpu' } as const;

/** Rows in blocks, as often as they are asked for. */
function sourceOf(values: Float32Array, d: number, rows: number) {
  const seen = { passes: 0 };
  const source: BlockSource = {
    async *blocks() {
      seen.passes++;
      for (let from = 0; from < values.length; from += rows * d) {
        const block = values.slice(from, from + rows * d);
        yield { data: block, shape: [block.length / d, d] };
      }
    },
  };
  return { source, seen };
}

describe('of real points the inertia is that of the full fit, within 3 %', () => {
  const digits = goldens.find(({ name }) => name === 'digits')!;
  it.each(['digits', 'flights'])('%s', async (name) => {
    const { data, d } = name === 'digits' ? digits : { data: (await goldenFlights()).points, d: 3 };
    const k = name === 'digits' ? 10 : 16;
    const all = { data, shape: [data.length / d, d] };
    const { inertia } = await kmeans(all, { ...cpu, k, nInit: 2 });
    for (const seed of [0, 1]) {
      const model = await miniBatchKMeans(all, { ...cpu, k, seed });
      expect(model.inertia / inertia).toBeLessThan(1.03);
      expect(model.inertia).toBeCloseTo(-(await model.score(all, cpu)), 6);
      expect([model.converged, model.labels.length]).toEqual([true, all.shape[0]]);
    }
    const { source } = sourceOf(data, d, 1500);
    const streamed = await miniBatchKMeans(source, { ...cpu, k });
    expect(streamed.inertia / inertia).toBeLessThan(1.03);
    expect(streamed.labels).toHaveLength(0);
    const learner = new MiniBatchKMeans({ ...cpu, k, reassignmentRatio: 0 });
    for await (const block of source.blocks()) await learner.partialFit(block as never);
    expect(-(await learner.model.score(all, cpu)) / inertia).toBeLessThan(1.1);
  });
});

describe('miniBatchKMeans', () => {
  it('gives the same bits on any number of threads, again, and others for another seed', async () => {
    const wide = { data: Float32Array.from({ length: 135_000 }, () => random.normal()), shape: [45_000, 3] };
    const expected = await miniBatchKMeans(wide, { ...cpu, k: 8 });
    for (const threads of [1, 3]) {
      const engine = await createEngine({ ...cpu, threads });
      const dataset = await engine.upload(wide);
      const model = await miniBatchKMeans(dataset, { k: 8 });
      expect(model.centroids).toEqual(expected.centroids);
      expect(model.labels).toEqual(expected.labels);
      await engine.destroy();
    }
    expect((await miniBatchKMeans(wide, { ...cpu, k: 8, seed: 1 })).centroids).not.toEqual(expected.centroids);
  });

  it('ends by its rules, by what the caller says, or when there were rows enough', async () => {
    const told: number[] = [];
    const onIteration = ({ iteration, inertia }: { iteration: number; inertia: number }) => {
      told.push(inertia);
      return iteration === 7 ? 'stop' : undefined;
    };
    const patient = { ...cpu, k, init, batchSize: 500, maxNoImprovement: null } as const;
    const stopped = await miniBatchKMeans(points, { ...patient, onIteration });
    expect([stopped.iterations, stopped.converged, told.length]).toEqual([7, false, 7]);
    expect(Math.abs(told[6] / stopped.inertia - 1)).toBeLessThan(0.1);
    const whole = await miniBatchKMeans(points, { ...patient, maxIterations: 2 });
    expect([whole.iterations, whole.converged]).toEqual([16, false]);
    const still = await miniBatchKMeans(points, { ...patient, tolerance: 1e9 });
    expect([still.iterations, still.converged]).toEqual([2, true]);
    const impatient = await miniBatchKMeans(points, { ...patient, maxNoImprovement: 1 });
    expect(impatient.converged && impatient.iterations < 16).toBe(true);
  });

  it('takes no row of weight 0', async () => {
    const far = { data: data.map((value, at) => (at < n * d - 300 ? value : 1e4)), shape: [n, d] };
    const sampleWeight = Float32Array.from({ length: n }, (_, i) => (i < n - 100 ? 1 : 0));
    const model = await miniBatchKMeans(far, { ...cpu, k, sampleWeight, init: 'random' });
    expect(model.counts.reduce((a, b) => a + b)).toBe(n - 100);
    expect(model.inertia).toBeLessThan(4 * n * d);
  });

  it('learns of sorted blocks: clusters are moved behind the first pass only', async () => {
    const sorted = Float32Array.from(
      { length: n * d },
      (_, at) => data[(Math.floor(at / d) % 1000) * k * d + Math.floor(at / d / 1000) * d + (at % d)],
    );
    const { source, seen } = sourceOf(sorted, d, 300);
    const model = await miniBatchKMeans(source, { ...cpu, k, batchSize: 100, reassignmentRatio: 0.01 });
    expect(Array.from(model.counts)).toEqual([1000, 1000, 1000, 1000]);
    // Two before the first batch, one behind the last.
    expect(seen.passes).toBeGreaterThanOrEqual(5);
  });

  it.each([
    ['a batch of no rows', { k, batchSize: 0 }, RangeError, 'batchSize must be an integer of at least 1'],
    ['too few rows to start from', { k, initSize: 3 }, RangeError, 'initSize must be an integer of at least 4'],
    ['a ratio beyond 1', { k, reassignmentRatio: 1.5 }, RangeError, 'reassignmentRatio must be at most 1'],
    ['no patience', { k, maxNoImprovement: 0 }, RangeError, 'maxNoImprovement must be an integer of at least 1'],
    ['too many clusters', { k: n + 1 }, RangeError, `k is ${n + 1}, there are ${n} points`],
    ['an option of kmeans alone', { k, maxSize: 3 }, TypeError, "miniBatchKMeans has no option 'maxSize'"],
  ] as const)('refuses %s', async (_, options, kind, message) => {
    await expect(miniBatchKMeans(points, options as never)).rejects.toThrow(
      expect.objectContaining({ constructor: kind, message: expect.stringContaining(message) }),
    );
  });
});

describe('MiniBatchKMeans', () => {
  const batches = Array.from({ length: 8 }, (_, b) => data.slice(b * 500 * d, (b + 1) * 500 * d));

  it.each(['euclidean', 'cosine'] as const)('%s: a centroid is the mean of all rows that it got', async (metric) => {
    // What comes wanders far from where it was: each batch has its own frame.
    const offset = metric === 'cosine' ? 3 : 1e5;
    const learner = new MiniBatchKMeans({ ...cpu, k, metric, init, reassignmentRatio: 0 });
    const plain = plainLearner(init.data, metric);
    for (const [b, batch] of batches.entries()) {
      const moved = Float64Array.from(batch, (value) => value + offset * b);
      const sampleWeight = Float32Array.from({ length: 500 }, (_, i) => i % 3);
      await learner.partialFit({ data: moved, shape: [500, d] }, { sampleWeight });
      plain.learn(moved, sampleWeight);
    }
    const { model } = learner;
    const scale = metric === 'cosine' ? 1 : 1e6;
    const off = model.centroids.map((value, i) => Math.abs(value - plain.centroids[i]));
    expect(Math.max(...off)).toBeLessThan(1e-7 * scale);
    expect(model.counts).toEqual(plain.counts);
    expect([model.iterations, model.inertia, model.labels.length]).toEqual([8, NaN, 0]);
  });

  it('moves clusters that get no rows, unless told not to', async () => {
    const dead = [[1e6, 0, 0], ...[1, 2, 3].map((c) => Array.from(data.slice(c * d, (c + 1) * d)))];
    for (const reassignmentRatio of [0, undefined]) {
      const learner = new MiniBatchKMeans({
        ...cpu,
        k,
        init: dead,
        ...(reassignmentRatio === 0 && { reassignmentRatio }),
      });
      for (const batch of batches) await learner.partialFit({ data: batch, shape: [500, d] });
      expect(learner.model.counts[0] > 0).toBe(reassignmentRatio !== 0);
      expect(learner.model.centroids[0] < 100).toBe(reassignmentRatio !== 0);
    }
  });

  it('learns in the order of the calls, and nothing of a call that rejects', async () => {
    const [one, other] = [0, 1].map(() => new MiniBatchKMeans({ ...cpu, k }));
    expect(() => one.model).toThrow(TypeError);
    const of = (batch: Float32Array) => ({ data: batch, shape: [500, d] });
    for (const batch of batches) await one.partialFit(of(batch));
    const calls = batches.slice(0, 4).map((batch) => other.partialFit(of(batch)));
    const wrong = other.partialFit([[1, 2]]);
    await expect(wrong).rejects.toThrow('points have 2 features, the model has 3');
    await expect(other.partialFit(of(batches[0]), { signal: AbortSignal.abort() })).rejects.toThrow();
    await Promise.all([...calls, ...batches.slice(4).map((batch) => other.partialFit(of(batch)))]);
    expect(other.model.centroids).toEqual(one.model.centroids);
    expect(other.model.counts).toEqual(one.model.counts);
    await expect(new MiniBatchKMeans({ ...cpu, k }).partialFit([[1]])).rejects.toThrow('there are 1 points');
    expect(() => new MiniBatchKMeans({ k, tolerance: 1 } as never)).toThrow(/no option 'tolerance'/);
  });
});

/** The same, slow and obvious. */
function plainLearner(start: Float32Array, metric: 'euclidean' | 'cosine') {
  const unit = (row: Float64Array) => (metric === 'cosine' ? row.map((value) => value / Math.hypot(...row)) : row);
  const centroids = new Float64Array(k * d);
  for (let c = 0; c < k; c++) centroids.set(unit(Float64Array.from(start.subarray(c * d, (c + 1) * d))), c * d);
  const [counts, sums] = [new Float64Array(k), new Float64Array(k * d)];
  return {
    centroids,
    counts,
    learn(rows: Float64Array, weights: Float32Array) {
      const labels = Array.from(weights, (_, i) => {
        const row = unit(rows.slice(i * d, (i + 1) * d));
        const distances = Array.from(counts, (_, c) =>
          row.reduce((sum, value, j) => sum + (value - centroids[c * d + j]) ** 2, 0),
        );
        return distances.indexOf(Math.min(...distances));
      });
      for (const [i, c] of labels.entries()) {
        const row = unit(rows.slice(i * d, (i + 1) * d));
        counts[c] += weights[i];
        for (let j = 0; j < d; j++) sums[c * d + j] += weights[i] * row[j];
      }
      for (const c of new Set(labels.filter((_, i) => weights[i] > 0))) {
        centroids.set(unit(sums.slice(c * d, (c + 1) * d).map((sum) => sum / counts[c])), c * d);
      }
    },
  };
}

it('a batch that lies far away changes no cluster that it gives nothing to, by a bit', async () => {
  const far = 9.96921e36;
  const learner = new MiniBatchKMeans({ k: 2, backend: 'cpu' });
  await learner.partialFit([
    [280, 40],
    [281, 41],
    [280, far],
    [281, far],
  ]);
  const near = () => Array.from(learner.model.centroids.subarray(0, 2));
  expect(near()).toEqual([280.5, 40.5]);
  await learner.partialFit([
    [280, far],
    [281, far],
  ]);
  expect(near()).toEqual([280.5, 40.5]);
  learner.model.frame.shift.fill(777);
  expect(near()).toEqual([280.5, 40.5]);
});
