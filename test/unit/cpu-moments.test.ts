import { describe, expect, it } from 'vitest';
import { MIXTURE } from '../../src/cpu/families/mixture.ts';
import { createArena, ShardMemory } from '../../src/cpu/memory.ts';
import { type Moments, statisticsOf } from '../../src/cpu/moments.ts';
import { PlainMoments } from '../../src/cpu/plain/moments.ts';
import { shardsOf } from '../../src/cpu/plan.ts';
import { bytesOf, Shard, type ShardShape } from '../../src/cpu/shard.ts';
import type { MixtureKernels } from '../../src/cpu/simd/kernels.ts';
import { SimdMoments } from '../../src/cpu/simd/moments.ts';
import { instantiate } from '../../src/cpu/wasm.ts';
import type { Gaussians } from '../../src/engine/gaussians.ts';
import type { MixtureStatistics } from '../../src/engine/statistics.ts';
import { precisionFactorsOf, toGaussians } from '../../src/mixture/parameters.ts';
import { runNow } from '../../src/steps.ts';
import { rootOf } from '../../src/tree.ts';
import { atMost } from '../conformance/case.ts';
import { type CasePoints, uniforms } from '../conformance/cases/data.ts';
import { covarianceTypes, draw, weighted } from '../conformance/cases/mixture/data.ts';
import { expectation, jointLogDensities, type ReferenceMixture } from '../reference/mixture.ts';

const KINDS = { simd: simdMoments, plain: (shard: Shard) => new PlainMoments(shard) };
type KindName = keyof typeof KINDS;

interface Answers {
  readonly statistics: MixtureStatistics;
  readonly labels: Uint32Array;
  readonly values: Float64Array;
  /** [n, k] */
  readonly densities: Float32Array;
}

/** What the shards of a dataset say, one thread's or as many as there are. */
function answersOf(
  kind: KindName,
  points: CasePoints,
  gaussians: Gaussians,
  temperature: number,
  threads = 1,
): Answers {
  const { n, d, data, weights } = points;
  const parts = shardsOf(n, d, threads).map((extent) => {
    const shape = { extent, d, weighted: weights !== undefined, precise: false };
    const shard = shardOf(shape);
    shard.rows.set(data.subarray(extent.start * d, extent.end * d));
    shard.weights?.set(weights!.subarray(extent.start, extent.end));
    const moments: Moments = KINDS[kind](shard);
    return {
      nodes: runNow(moments.accumulate(gaussians, temperature)),
      labels: runNow(moments.labels()),
      values: runNow(moments.values()),
      densities: runNow(moments.logDensities(gaussians, 0, shard.n)),
    };
  });
  return {
    statistics: runNow(statisticsOf(gaussians, rootOf(parts.flatMap(({ nodes }) => nodes)))),
    labels: Uint32Array.from(parts.flatMap(({ labels }) => [...labels])),
    values: Float64Array.from(parts.flatMap(({ values }) => [...values])),
    densities: Float32Array.from(parts.flatMap(({ densities }) => [...densities])),
  };
}

function shardOf(shape: ShardShape): Shard {
  return new Shard(shape, new ShardMemory(createArena(bytesOf(shape), false)));
}

function simdMoments(shard: Shard): SimdMoments {
  const module = MIXTURE.kernels(false);
  expect(module).not.toBeNull();
  const kernels: unknown = instantiate(module!, shard.memory.memory as WebAssembly.Memory);
  return new SimdMoments(shard, kernels as MixtureKernels);
}

function gaussiansOf({ k, d, covarianceType, weights, means, covariances }: ReferenceMixture): Gaussians {
  const precisionsCholesky = runNow(precisionFactorsOf(covarianceType, k, d, covariances)) as Float64Array;
  return toGaussians({ k, d, covarianceType, weights, means, covariances, precisionsCholesky });
}

/** Σ w·r·y and Σ w·r·yᵀy term by term, with the sizes of their terms. */
function expectedMoments(points: CasePoints, gaussians: Gaussians, responsibilities: Float64Array) {
  const { n, data, weights } = points;
  const { k, d, shape, means, factors } = gaussians;
  const counts = new Float64Array(k);
  const sums = new Float64Array(k * d);
  const squares = new Float64Array({ own: k * d * d, shared: d * d, axes: k * d }[shape]);
  const [sizes, squareSizes] = [sums.slice(), squares.slice()];
  for (let i = 0; i < n; i++) {
    for (let c = 0; c < k; c++) {
      const share = (weights?.[i] ?? 1) * responsibilities[i * k + c];
      const x = Float64Array.from({ length: d }, (_, j) => data[i * d + j] - means[c * d + j]);
      const u = (from: number, to: number) => {
        if (shape === 'axes') return from === to ? factors[c * d + to] : 0;
        return factors[(shape === 'own' ? c * d * d : 0) + from * d + to];
      };
      const y = x.map((_, to) => x.reduce((sum, value, from) => sum + value * u(from, to), 0));
      counts[c] += share;
      for (let j = 0; j < d; j++) {
        sums[c * d + j] += share * y[j];
        sizes[c * d + j] += share * Math.abs(y[j]);
        if (shape === 'axes') squares[c * d + j] += share * y[j] * y[j];
        else {
          const row = (shape === 'own' ? c * d * d : 0) + j * d;
          for (let l = 0; l < d; l++) squares[row + l] += share * y[j] * y[l];
          for (let l = 0; l < d; l++) squareSizes[row + l] += share * (y[j] * y[j] + y[l] * y[l]);
        }
      }
    }
  }
  return { counts, sums, squares, sizes, squareSizes: shape === 'axes' ? squares : squareSizes };
}

/** The difference of two rounded float64 that should be one, relative to a size. */
function close(actual: ArrayLike<number>, expected: ArrayLike<number>, size: (at: number) => number, what: string) {
  expect(actual.length, what).toBe(expected.length);
  for (let at = 0; at < expected.length; at++) {
    const difference = Math.abs(actual[at] - expected[at]);
    atMost(difference, 1e-11 * size(at), `${what}[${at}] is ${actual[at]}, not ${expected[at]}`);
  }
}

function checkAgainstReference(answers: Answers, points: CasePoints, start: ReferenceMixture, temperature: number) {
  const gaussians = gaussiansOf(start);
  const { responsibilities, values, labels } = expectation(points, start, temperature);
  const { statistics } = answers;
  const moments = expectedMoments(points, gaussians, responsibilities);
  const total = moments.counts.reduce((sum, count) => sum + count, 0);
  expect(answers.labels).toEqual(labels);
  close(answers.values, values, (i) => 1 + Math.abs(values[i]), 'values');
  close(statistics.counts, moments.counts, () => total, 'counts');
  close(statistics.sums, moments.sums, (at) => total + moments.sizes[at], 'sums');
  close(statistics.squares, moments.squares, (at) => total + moments.squareSizes[at], 'squares');
  const likelihood = values.reduce((sum, value, i) => sum + (points.weights?.[i] ?? 1) * value, 0);
  const size = values.reduce((sum, value, i) => sum + (points.weights?.[i] ?? 1) * (1 + Math.abs(value)), 0);
  close([statistics.logLikelihood], [likelihood], () => size, 'log-likelihood');
  const joint = jointLogDensities(points, start);
  for (let i = 0; i < points.n; i++) {
    const row = joint.subarray(i * start.k, (i + 1) * start.k);
    const best = Math.max(...row);
    row.forEach((value, c) => {
      const density = answers.densities[i * start.k + c];
      if (value === -Infinity) expect(density).toBe(-Infinity);
      else atMost(Math.abs(density - (value - best)), 1e-6 * (1 + Math.abs(value)), `density ${c} of row ${i}`);
    });
  }
}

const SHAPES = [
  { n: 1, d: 1, k: 1 },
  { n: 7, d: 3, k: 2 },
  { n: 601, d: 1, k: 3 },
  { n: 600, d: 1, k: 13 },
  { n: 610, d: 2, k: 5 },
  { n: 1037, d: 5, k: 4 },
  { n: 523, d: 8, k: 9 },
  { n: 530, d: 19, k: 3 },
  { n: 65, d: 9, k: 1 },
  { n: 41, d: 34, k: 2 },
];

describe.each(Object.keys(KINDS) as KindName[])('moments by %s', (kind) => {
  describe.each(covarianceTypes)('%s', (covarianceType) => {
    it.each(SHAPES)('$n × $d, k $k', ({ n, d, k }) => {
      const { points, start } = draw({ n, d, k, covarianceType, condition: 30, distance: 3, seed: n });
      const uniform = uniforms(n);
      const heavy = weighted(points, (i) => (i % 7 === 0 ? 0 : 4 * uniform()));
      for (const temperature of [1, 0, 0.3, 20]) {
        const some = temperature === 0.3 ? points : heavy;
        checkAgainstReference(answersOf(kind, some, gaussiansOf(start), temperature), some, start, temperature);
      }
    });

    it('temperatures from 1e-9 to 1e30', () => {
      const { points, start } = draw({ n: 200, d: 3, k: 4, covarianceType });
      for (const temperature of [1e-9, 1e-4, 1e4, 1e30]) {
        checkAgainstReference(answersOf(kind, points, gaussiansOf(start), temperature), points, start, temperature);
      }
    });

    it('components without weight and rows that are far from all', () => {
      const { points, start } = draw({ n: 100, d: 3, k: 4, covarianceType });
      const data = points.data.slice();
      data.fill(1e4, 30, 60);
      const far = { ...points, data };
      const light = { ...start, weights: Float64Array.of(0.5, 0, 0.5, 0) };
      for (const temperature of [0, 1]) {
        const answers = answersOf(kind, far, gaussiansOf(light), temperature);
        checkAgainstReference(answers, far, light, temperature);
        expect([answers.statistics.counts[1], answers.statistics.counts[3]]).toEqual([0, 0]);
      }
    });

    it('the same bits from any number of shards, and twice', () => {
      const { points, start } = draw({ n: 3001, d: 3, k: 4, covarianceType, distance: 2 });
      const first = answersOf(kind, points, gaussiansOf(start), 1);
      for (const threads of [1, 2, 5]) expect(answersOf(kind, points, gaussiansOf(start), 1, threads)).toEqual(first);
    });
  });

  it.each([
    { n: 70, d: 67, k: 3 },
    { n: 45, d: 67, k: 60 },
    { n: 19, d: 133, k: 62 },
  ])('groups of whatever size, of wide rows: $n × $d, k $k', ({ n, d, k }) => {
    const { points, start } = draw({ n, d, k, covarianceType: 'full', condition: 30, distance: 3, seed: n });
    // Whole blocks without weight, far from all, and a part of one.
    const data = points.data.slice();
    data.fill(1e4, 8 * d, 16 * d);
    const light = weighted({ ...points, data }, (i) => (i < 11 || i === n - 1 ? 0 : 1 + (i % 3)));
    checkAgainstReference(answersOf(kind, light, gaussiansOf(start), 1), light, start, 1);
  });

  it('equal distances go to the first component', () => {
    const side = 9;
    const lattice = Float32Array.from({ length: 2 * side * side }, (_, at) =>
      at % 2 === 0 ? Math.floor(at / 2) % side : Math.floor(at / 2 / side),
    );
    const means = Float64Array.of(2, 2, 6, 2, 2, 6, 6, 6, 2, 2);
    const start: ReferenceMixture = {
      ...{ k: 5, d: 2, covarianceType: 'tied-spherical', weights: new Float64Array(5).fill(0.2) },
      ...{ means, covariances: Float64Array.of(0.37) },
    };
    const { labels } = answersOf(kind, { data: lattice, n: side * side, d: 2 }, gaussiansOf(start), 0);
    labels.forEach((label, i) => {
      const squares = [0, 1, 2, 3].map(
        (c) => (lattice[2 * i] - means[2 * c]) ** 2 + (lattice[2 * i + 1] - means[2 * c + 1]) ** 2,
      );
      expect(label).toBe(squares.indexOf(Math.min(...squares)));
    });
  });

  it('gives back its memory', () => {
    const { points, start } = draw({ n: 20, d: 3, k: 2, covarianceType: 'full' });
    const shape = { extent: shardsOf(20, 3, 1)[0], d: 3, weighted: false, precise: false };
    const shard = shardOf(shape);
    shard.rows.set(points.data);
    const before = shard.memory.allocate(1);
    shard.memory.free(before);
    const moments = KINDS[kind](shard);
    runNow(moments.accumulate(gaussiansOf(start), 1));
    runNow(moments.logDensities(gaussiansOf(start), 0, 20));
    moments.free();
    expect(shard.memory.allocate(2 ** 20)).toBe(before);
  });
});

describe('exponentials and logarithms of the kernels', () => {
  /** One row on the means of components of which the first has the offset 0: their shares are ∝ e^offset. */
  function sharesOf(offsets: Float64Array): { shares: Float64Array; value: number } {
    const k = offsets.length;
    const gaussians: Gaussians = {
      ...{ k, d: 1, shape: 'axes', means: new Float64Array(k), offsets },
      ...{ factors: new Float64Array(k).fill(1), sharpness: new Float64Array(k).fill(1) },
    };
    const { statistics, values } = answersOf('simd', { data: new Float32Array(1), n: 1, d: 1 }, gaussians, 1);
    return { shares: statistics.counts.map((count) => count / statistics.counts[0]), value: values[0] };
  }

  it('e^x from 0 to −690, and 0 below −708', () => {
    // Shares of a sum of thousands: less would be subnormal.
    const offsets = Float64Array.from({ length: 40_001 }, (_, i) => -690 * (i / 40_000) ** 3);
    const { shares } = sharesOf(offsets);
    // A product and two divisions round too.
    shares.forEach((share, i) => {
      atMost(Math.abs(share / Math.exp(offsets[i]) - 1), 1e-15, `e^${offsets[i]}`);
    });
    const { shares: small } = sharesOf(Float64Array.of(0, -708.5, -745, -1e4, -1e300, -Infinity));
    expect([...small]).toEqual([1, 0, 0, 0, 0, 0]);
  });

  it('log x from 1 on', () => {
    for (let i = 0; i < 2000; i++) {
      const offset = -40 * (i / 2000);
      const { value } = sharesOf(Float64Array.of(0, offset));
      atMost(Math.abs(value - Math.log1p(Math.exp(offset))), 3e-16, `log(1 + e^${offset})`);
    }
    for (const k of [1, 2, 3, 1000, 4096]) expect(sharesOf(new Float64Array(k)).value).toBeCloseTo(Math.log(k), 14);
  });
});
