/** Rows that shards read themselves: what they tell, and what they are in the frame, is what a reading on the calling thread has. */
import { createHash } from 'node:crypto';
import { afterAll, describe, expect, it } from 'vitest';
import { createCpuEngine } from '../../src/cpu/engine.ts';
import type { EngineDataset } from '../../src/engine/contract.ts';
import { sharedFrameOf } from '../../src/engine/shared-frame.ts';
import type { Frame } from '../../src/frame.ts';
import type { PointsInput, SurveyedPoints, SurveyOptions } from '../../src/points.ts';
import { Random } from '../../src/random.ts';
import { rangeOfPoints } from '../../src/range.ts';
import { shardOf } from '../../src/shard.ts';
import { run, runAsync, runNow } from '../../src/steps.ts';
import { surveyPoints } from '../../src/survey.ts';
import { shareOf } from '../scope.ts';

const engines = {
  'one thread': createCpuEngine({ threads: 1 }),
  'TypeScript on one thread': createCpuEngine({ threads: 1, simd: false }),
  'two workers': createCpuEngine({ threads: 2, valuesOfThread: 1 }),
  'five workers with memories of their own': createCpuEngine({ threads: 5, valuesOfThread: 1, shared: false }),
  'TypeScript on two workers': createCpuEngine({ threads: 2, valuesOfThread: 1, simd: false }),
};
const names = Object.keys(engines) as (keyof typeof engines)[];
const [{ 'one thread': engine }] = [engines];

afterAll(async () => {
  for (const engine of Object.values(engines)) await engine.destroy();
});

const VALUES = 2 ** 18;
const rowsFor = (d: number) => Math.ceil(VALUES / d) + 3;

/** Values of many sizes, some of which come twice, about an offset; reproducible. */
function floats(n: number, d: number, offset = 0): Float32Array {
  const random = new Random(n + d);
  return Float32Array.from(
    { length: n * d },
    (_, at) => offset + (random.uniform() - 0.5) * 2 ** (at % d === 1 ? 12 : 0) + (random.uniform() < 0.01 ? 3 : 0),
  );
}

async function surveyOf(points: PointsInput, options: SurveyOptions = {}): Promise<SurveyedPoints> {
  return (await run(surveyPoints(points, options))) as SurveyedPoints;
}

/** Of the bits of values: to compare them one by one takes longer than all else. */
function digestOf(values: Float32Array | Float64Array): string {
  return createHash('sha256').update(values).digest('hex');
}

/** What there is to know of a dataset, with all of its rows. */
async function all(dataset: EngineDataset) {
  const { n, d, metric, frame, weights, totalWeight, positiveRows, variance, usualVariance, rounding, far } = dataset;
  const rows = await dataset.gather(Uint32Array.from({ length: n }, (_, i) => i));
  const about = await dataset.nearestDistances(new Float64Array(d));
  return {
    ...{ n, d, metric, frame, weights, totalWeight, positiveRows, variance, usualVariance, rounding, far },
    ...{ rows: digestOf(rows), about: digestOf(about) },
  };
}

async function taken(points: SurveyedPoints, name: keyof typeof engines): Promise<EngineDataset | null> {
  return (await engines[name].take?.(points.unread!)) ?? null;
}

const sizes = shareOf([1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 100, 384, 1027], 7, 5);
const ways: Record<string, (d: number) => SurveyOptions> = {
  'in their own frame': () => ({}),
  'at unit length': () => ({ metric: 'cosine' }),
  "in a model's frame": (d) => ({
    frame: { shift: Float64Array.from({ length: d }, (_, j) => j / 3), scale: 0.25, precise: false },
  }),
};

describe.each(Object.entries(ways))('rows %s', (_, optionsFor) => {
  it.each(sizes)('of %i features are the same bits, whoever reads', async (d) => {
    const n = rowsFor(d);
    const data = floats(n, d, d === 3 ? 1000 : 0);
    const options = optionsFor(d);
    const before = await surveyOf({ data: Float64Array.from(data), shape: [n, d] }, options);
    expect(before.unread).toBeUndefined();
    const expected = await all(await engine.upload(runNow(before.prepare('cpu'))));
    for (const name of names) {
      const dataset = await taken(await surveyOf({ data, shape: [n, d] }, options), name);
      expect(await all(dataset!), name).toEqual(expected);
      dataset!.destroy();
    }
  });

  it.each(names)('that are not numbers, or infinite, are found, on %s', async (name) => {
    for (const d of [3, 16]) {
      const n = rowsFor(d);
      for (const [row, value] of [
        [0, NaN],
        [n - 1, Infinity],
        [513, -Infinity],
        [n >> 1, NaN],
      ]) {
        const data = floats(n, d);
        data[row * d + 2] = value;
        // Another one behind it is not the first.
        data[n * d - 1] = row === n - 1 ? data[n * d - 1] : NaN;
        const points = await surveyOf({ data, shape: [n, d] }, optionsFor(d));
        await expect(taken(points, name)).rejects.toThrow(
          new RangeError(`points.data[${row * d + 2}] must be finite, got ${value}`),
        );
      }
    }
  });
});

describe('rows of a shard', () => {
  const sharedOf = async (points: PointsInput) => sharedFrameOf(await runAsync(rangeOfPoints(points, {})));

  it.each(sizes)('of %i features are the same bits in the frame of all, whoever reads', async (d) => {
    const n = rowsFor(d);
    const data = floats(n, d, d === 3 ? 1000 : 0);
    const precise = { data: Float64Array.from(data), shape: [n, d] };
    const shared = await sharedOf(precise);
    const before = await run(shardOf(precise, {}, shared));
    expect(before.unread).toBeUndefined();
    const expected = await all(await engine.upload(runNow(before.prepare('cpu'))));
    for (const name of names) {
      const shard = await run(shardOf({ data, shape: [n, d] }, {}, shared));
      const dataset = await taken(shard, name);
      expect(await all(dataset!), name).toEqual(expected);
      const { weight, mean } = shard.mean()!;
      expect(weight).toBe(n);
      mean.forEach((value, j) => {
        expect(Math.abs(value - before.mean()!.mean[j]), name).toBeLessThan(1e-12 * (1 + Math.abs(value)));
      });
      dataset!.destroy();
    }
  });

  it.each(names)('are for the caller to read where a value is none, or beyond the frame, on %s', async (name) => {
    for (const d of [3, 16]) {
      const n = rowsFor(d);
      const data = floats(n, d);
      const shared = await sharedOf({ data, shape: [n, d] });
      const largest = 3e38;
      // Alone, and beside another that it takes away in a sum.
      for (const wrong of [[NaN], [Infinity], [-Infinity, Infinity], [largest]]) {
        const changed = data.slice();
        for (const [i, value] of wrong.entries()) changed[(n - 2 * i - 1) * d] = value;
        // In a frame so fine float32 cannot hold the largest.
        const fine = { ...shared, frame: { ...shared.frame, scale: 4096 } };
        const shard = await run(shardOf({ data: changed, shape: [n, d] }, {}, fine));
        expect(await taken(shard, name), `${wrong}`).toBeNull();
        expect(shard.mean()).toBeNull();
      }
    }
  });
});

it.each(names)('a zero row has no direction, on %s', async (name) => {
  const d = 5;
  const n = rowsFor(d);
  const data = floats(n, d);
  data.fill(0, 700 * d, 701 * d);
  data.fill(0, 901 * d, 902 * d);
  const points = await surveyOf({ data, shape: [n, d] }, { metric: 'cosine' });
  await expect(taken(points, name)).rejects.toThrow('points[700] is zero');
});

it.each([
  ['Int8Array', Int8Array, 2 ** 7],
  ['Uint8Array', Uint8Array, 2 ** 8],
  ['Uint8ClampedArray', Uint8ClampedArray, 2 ** 8],
  ['Int16Array', Int16Array, 2 ** 15],
  ['Uint16Array', Uint16Array, 2 ** 16],
] as const)('%s is copied as it is too', async (_, Type, reach) => {
  const d = 3;
  const n = rowsFor(d);
  const random = new Random(5);
  const data = new Type(n * d).map(() => random.uniform() * reach);
  const expected = await all(
    await engine.upload(runNow((await surveyOf({ data: Float64Array.from(data), shape: [n, d] })).prepare('cpu'))),
  );
  const dataset = await taken(await surveyOf({ data, shape: [n, d] }), 'two workers');
  expect(await all(dataset!)).toEqual(expected);
});

it.each([
  ['float64', { data: new Float64Array(VALUES), shape: [VALUES, 1] }],
  ['integers that float32 has not', { data: new Int32Array(VALUES), shape: [VALUES, 1] }],
  ['columns', { columns: [new Float32Array(VALUES)] }],
  ['rows one after another in columns', { data: new Float32Array(VALUES), shape: [VALUES / 2, 2], order: 'F' }],
  ['few rows', { data: new Float32Array(VALUES - 2), shape: [VALUES - 2, 1] }],
] as const)('%s: read before', async (_, points) => {
  expect((await surveyOf(points as PointsInput)).unread).toBeUndefined();
});

it('an offset in the array is where the rows begin', async () => {
  const d = 4;
  const n = rowsFor(d);
  const data = floats(n + 2, d);
  const dataset = await taken(await surveyOf({ data, shape: [n, d], offset: 2 * d }), 'one thread');
  const expected = await taken(await surveyOf({ data: data.slice(2 * d), shape: [n, d] }), 'one thread');
  expect(await all(dataset!)).toEqual(await all(expected!));
});

it('rows that float32 cannot tell apart in any frame are left to whoever reads float64', async () => {
  const n = rowsFor(1);
  // Of two sizes, of which the small one is lost beside the other.
  const data = Float32Array.from({ length: n }, (_, i) => (i % 2 === 0 ? 2 ** 60 : 1) * (1 + (i % 1000) / 2000));
  const points = await surveyOf({ data, shape: [n, 1] });
  const prepared = runNow(points.prepare('cpu'));
  for (const name of names) {
    const dataset = await taken(points, name);
    if (prepared.frame.precise) expect(dataset, name).toBeNull();
    else expect((await all(dataset!)).frame).toEqual(prepared.frame);
  }
});

it('rows beyond what is answered in float32 in the frame of a model are left to the host', async () => {
  const n = rowsFor(2);
  const data = floats(n, 2);
  data[77] = 3e38;
  const frame: Frame = { shift: new Float64Array(2), scale: 2 ** 20, precise: false };
  const points = await surveyOf({ data, shape: [n, 2] }, { frame });
  expect(await taken(points, 'two workers')).toBeNull();
  expect(runNow(points.prepare('cpu')).far.indices).toEqual(Uint32Array.of(38));
});

it.each(names)('an abort while rows are copied, or read where they are, ends it, on %s', async (name) => {
  const d = 64;
  const n = 8 * rowsFor(d);
  // What one thread reads behind the last copy may be read before anybody is heard.
  for (const copies of name.includes('one thread') ? [1, 7] : [1, 7, Infinity]) {
    const controller = new AbortController();
    const data = floats(n, d);
    const points = await surveyOf({ data, shape: [n, d] });
    let left = copies;
    Object.defineProperty(data, 'subarray', {
      value(...range: [number, number]) {
        if (--left === 0) controller.abort(new Error('enough'));
        // Behind the last copy: what comes then is reading.
        if (range[1] === n * d && copies === Infinity)
          void Promise.resolve().then(() => controller.abort(new Error('enough')));
        return Float32Array.prototype.subarray.apply(data, range);
      },
    });
    const taking = (async () => engines[name].take!(points.unread!, { signal: controller.signal }))();
    await expect(taking).rejects.toThrow('enough');
    // The engine goes on with other points.
    (await taken(await surveyOf({ data: floats(n, d), shape: [n, d] }), name))!.destroy();
  }
});
