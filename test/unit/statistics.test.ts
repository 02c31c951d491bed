/** Statistics of shards add up, in whatever order, to those of all points: to the bit where sums are exact. */
import { afterAll, describe, expect, it } from 'vitest';
import { createCpuEngine } from '../../src/cpu/engine.ts';
import type { EngineDataset, KMeansWorkspace } from '../../src/engine/contract.ts';
import { ExactTotal } from '../../src/engine/exact-total.ts';
import type { Gaussians } from '../../src/engine/gaussians.ts';
import { sharedFrameOf } from '../../src/engine/shared-frame.ts';
import {
  addKMeansStatistics,
  addMixtureStatistics,
  type KMeansStatistics,
  type MixtureStatistics,
} from '../../src/engine/statistics.ts';
import { addRanges, intoFrame } from '../../src/frame.ts';
import { lloyd } from '../../src/kmeans/lloyd.ts';
import type { SurveyedPoints } from '../../src/points.ts';
import { Random } from '../../src/random.ts';
import { rangeOfPoints } from '../../src/range.ts';
import { runAsync, runNow } from '../../src/steps.ts';
import { surveyPoints } from '../../src/survey.ts';

const engine = createCpuEngine({ threads: 1 });
afterAll(() => engine.destroy());

const CUTS = [0, 1, 18, 700, 713, 1500, 2950, 4000];
const ORDERS = [
  [0, 1, 2, 3, 4, 5, 6],
  [6, 5, 4, 3, 2, 1, 0],
  [3, 0, 6, 1, 5, 2, 4],
];

interface Kind {
  readonly what: string;
  readonly weighted: boolean;
  value(random: Random, i: number): number;
}

const KINDS: readonly Kind[] = [
  { what: 'blobs', weighted: false, value: (random, i) => (i % 5) * 3 + random.normal() },
  { what: 'weighted blobs far from zero', weighted: true, value: (random, i) => 1000 + (i % 4) * 3 + random.normal() },
  { what: 'what needs float64', weighted: true, value: (random, i) => 1e9 * (i % 3) + 1e-3 * random.normal() },
  // What a window of integers does not hold is spilled.
  { what: 'a far row', weighted: true, value: (random, i) => (i === 2000 ? 1e12 : random.normal() * 2 ** -(i % 40)) },
];

describe.each(KINDS)('$what', ({ weighted, value }) => {
  const [n, d, k] = [CUTS[CUTS.length - 1], 3, 7];
  const random = new Random(11);
  const data = Float64Array.from({ length: n * d }, (_, at) => value(random, Math.floor(at / d)));
  const weights = weighted ? Float32Array.from({ length: n }, () => random.uniform() * 3) : undefined;
  const rows = (start: number, end: number) => ({ data: data.subarray(start * d, end * d), shape: [end - start, d] });
  const weighed = (start: number, end: number) => ({ sampleWeight: weights?.subarray(start, end) });
  const survey = (start: number, end: number) =>
    runNow(surveyPoints(rows(start, end), weighed(start, end))) as SurveyedPoints;
  const shards = CUTS.slice(1).map((end, s) => survey(CUTS[s], end));
  const ranges = CUTS.slice(1).map((end, s) => runNow(rangeOfPoints(rows(CUTS[s], end), weighed(CUTS[s], end))));
  const inOrder = <T>(order: readonly number[], items: readonly T[]) => order.map((s) => items[s]);
  const [agreement, ...others] = ORDERS.map((order) => sharedFrameOf(inOrder(order, ranges).reduce(addRanges)));
  const upload = (points: SurveyedPoints) =>
    Promise.resolve(engine.upload({ ...runNow(points.prepare('cpu', agreement.frame)), units: agreement.units }));
  const start = intoFrame(data.subarray(0, k * d), agreement.frame);
  const options = {
    ...{ maxIterations: 12, tolerance: 0, resume: false },
    ...{ onIteration: () => undefined, onCheckpoint: () => undefined },
  };

  /** What `lloyd` takes for one dataset, of several. */
  async function workspaceOf(datasets: readonly EngineDataset[], order: readonly number[]) {
    const workspaces: KMeansWorkspace[] = [];
    for (const dataset of datasets) workspaces.push(await dataset.kmeans(k));
    return {
      async accumulate(centroids: Float64Array): Promise<KMeansStatistics> {
        const parts: KMeansStatistics[] = [];
        for (const s of order) parts.push(await workspaces[s].accumulate(centroids));
        return parts.reduce(addKMeansStatistics);
      },
    };
  }

  it('agree on one frame and one set of units, whatever their order', () => {
    for (const other of others) {
      expect([other.frame, other.units]).toEqual([agreement.frame, agreement.units]);
    }
  });

  it('k-means of seven shards has the centroids of the whole in every order, bit for bit', async () => {
    const whole = await workspaceOf([await upload(survey(0, n))], [0]);
    const expected = await runAsync(lloyd(whole, start, 'euclidean', options));
    expect(expected.iterations).toBeGreaterThan(3);
    const datasets = await Promise.all(shards.map(upload));
    for (const order of ORDERS) {
      const result = await runAsync(lloyd(await workspaceOf(datasets, order), start, 'euclidean', options));
      expect(result).toEqual(expected);
    }
  });

  it('mixtures add up within rounding', async () => {
    const gaussians: Gaussians = {
      ...{ k, d, shape: 'axes', means: start, factors: new Float64Array(k * d).fill(3) },
      sharpness: new Float64Array(k).fill(1),
      offsets: Float64Array.from({ length: k }, (_, c) => -c / 10),
    };
    const accumulate = async (points: SurveyedPoints) =>
      (await (await upload(points)).mixture(k, 'axes')).accumulate(gaussians, 1);
    const whole = await accumulate(survey(0, n));
    const parts: MixtureStatistics[] = [];
    for (const shard of shards) parts.push(await accumulate(shard));
    for (const order of ORDERS) {
      const sum = inOrder(order, parts).reduce(addMixtureStatistics);
      sum.counts.forEach((count, c) => {
        expect(Math.abs(count - whole.counts[c])).toBeLessThanOrEqual(1e-11 * n);
      });
      for (const part of ['sums', 'squares'] as const) {
        const scale = whole[part].reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        sum[part].forEach((value, i) => {
          expect(Math.abs(value - whole[part][i])).toBeLessThanOrEqual(1e-12 * scale);
        });
      }
      expect(Math.abs(sum.logLikelihood / whole.logLikelihood - 1)).toBeLessThanOrEqual(1e-12);
    }
  });
});

describe('what does not belong together', () => {
  const points = { data: Float32Array.from({ length: 64 }, (_, i) => Math.sin(i)), shape: [32, 2] } as const;

  async function statistics(k: number, scale = 1): Promise<KMeansStatistics> {
    const scaled = { ...points, data: points.data.map((x) => x * scale) };
    const surveyed = runNow(surveyPoints(scaled)) as SurveyedPoints;
    const { units } = sharedFrameOf(runNow(rangeOfPoints(scaled, {})));
    const finer = { ...units, units: units.units.map((unit) => unit / scale) };
    const dataset = await engine.upload({ ...runNow(surveyed.prepare('cpu')), units: finer });
    return (await dataset.kmeans(k)).accumulate(new Float64Array(2 * k));
  }

  it('is refused: another k, other units, other parameters', async () => {
    const two = await statistics(2);
    expect(() => addKMeansStatistics(two, two)).not.toThrow();
    const [three, finer] = [await statistics(3), await statistics(2, 4)];
    expect(() => addKMeansStatistics(two, three)).toThrow(RangeError);
    expect(() => addKMeansStatistics(two, finer)).toThrow(/units/);
    const used: Gaussians = {
      ...{ k: 1, d: 1, shape: 'axes', means: Float64Array.of(0), factors: Float64Array.of(1) },
      ...{ sharpness: Float64Array.of(1), offsets: Float64Array.of(0) },
    };
    const zero = Float64Array.of(0);
    const moments = (used: Gaussians) => ({ used, counts: zero, sums: zero, squares: zero, logLikelihood: 0 });
    expect(() => addMixtureStatistics(moments(used), moments({ ...used, means: Float64Array.of(0) }))).not.toThrow();
    expect(() => addMixtureStatistics(moments(used), moments({ ...used, means: Float64Array.of(1) }))).toThrow(
      RangeError,
    );
  });
});

describe('an exact total', () => {
  it.each([
    ['of one size', (random: Random) => random.uniform()],
    ['of all sizes', (random: Random) => random.uniform() * 2 ** Math.floor(random.uniform() * 1800 - 900)],
    ['of few bits', (random: Random) => random.below(1000) / 8],
    ['at the ends of float64', (random: Random) => [1.7e308, 5e-324, 2 ** -960, 0][random.below(4)] / 2],
  ] as const)('is that of integers, rounded once, in any order: values %s', (_, draw) => {
    const random = new Random(3);
    const values = Float64Array.from({ length: 1500 }, () => draw(random));
    const oneByOne = new ExactTotal();
    for (const value of values) oneByOne.add(value);
    const backwards = new ExactTotal();
    const halves = [values.subarray(700), values.subarray(0, 700)].map((half) => {
      const total = new ExactTotal();
      for (let at = 0; at < half.length; at += 400) {
        const block = half.slice(at, at + 400);
        total.addAll(block, block.length, Math.max(...block));
      }
      return total;
    });
    for (const half of halves) backwards.merge(half.digits());
    expect(backwards.digits()).toEqual(oneByOne.digits());
    expect(oneByOne.value()).toBe(exactSum(values));
  });

  it('of what is not finite is infinite', () => {
    for (const values of [
      [1, Infinity],
      [Infinity, 3, Infinity],
      [2, 1e300, Infinity, 5],
    ]) {
      const total = new ExactTotal();
      total.addAll(Float64Array.from(values), values.length, Infinity);
      const whole = new ExactTotal();
      whole.add(7);
      whole.merge(total.digits());
      expect([total.value(), whole.value()]).toEqual([Infinity, Infinity]);
    }
  });

  it('is the same one by one and many at once, where bits are left out too', () => {
    for (const largest of [2 ** -899, 2 ** -850, 2 ** -800, 2 ** -799, 2 ** 989, 2 ** 990]) {
      const values = Float64Array.of(largest, 2 ** -961, 2 ** -961, largest * 2 ** -60, 2 ** -955);
      const [one, all] = [new ExactTotal(), new ExactTotal()];
      for (const value of values) one.add(value);
      all.addAll(values, values.length, largest);
      expect(all.digits()).toEqual(one.digits());
    }
  });

  it('of negative values too', () => {
    const total = new ExactTotal();
    for (const value of [1e300, -3, 2 ** -60, -1e300, 5]) total.add(value);
    expect(total.value()).toBe(2 + 2 ** -60);
    expect(total.value()).toBe(2);
  });
});

/** Of values that are multiples of 2^-1074, by integers: bits below 2^-960 left out of each. */
function exactSum(values: Float64Array): number {
  const LOWEST = 960n;
  let sum = 0n;
  for (const value of values) {
    const words = new BigUint64Array(Float64Array.of(value).buffer);
    const exponent = Number((words[0] >> 52n) & 0x7ffn);
    const fraction = (words[0] & ((1n << 52n) - 1n)) | (exponent === 0 ? 0n : 1n << 52n);
    const shift = BigInt(Math.max(1, exponent) - 1075) + LOWEST;
    sum += shift >= 0n ? fraction << shift : fraction >> -shift;
  }
  // A BigInt becomes the nearest number; of one that has none, what is cut off shows in its last bit.
  const excess = Math.max(0, sum.toString(2).length - 1000);
  const leading = sum >> BigInt(excess);
  return Number(leading << BigInt(excess) === sum ? leading : leading | 1n) * 2 ** (excess - 960);
}
