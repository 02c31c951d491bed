/** What a sample tells of its columns, beside what its words say, computed at length. */
import { expect, it } from 'vitest';
import { sampled } from '../../src/frame.ts';
import { Random } from '../../src/random.ts';

const random = new Random(7);
const normal = (length: number) => Array.from({ length }, () => random.normal());

/** Columns by what is hard about them. */
const COLUMNS: Readonly<Record<string, number[]>> = {
  'one value': [3],
  'two values': [5, -1],
  'normal values': normal(256),
  'an odd number of them': normal(257),
  'far from zero': normal(100).map((value) => 1e6 + value),
  'below zero': normal(100).map((value) => -5 - Math.abs(value)),
  'whole numbers, often the same': normal(300).map((value) => Math.round(2 * value)),
  'one far value, and all others in a bucket': [1e9, ...normal(200)],
  'equal values': new Array<number>(50).fill(0.1),
  'nearly all equal': [...new Array<number>(190).fill(2), ...normal(10)],
  'beyond float64 from one another': [-1e308, 1e308, ...normal(30)],
  'tiny values': normal(60).map((value) => value * 1e-320),
  'zeros of both signs': [0, -0, 1, -0, 0, -1, -0],
  ascending: Array.from({ length: 128 }, (_, i) => i),
  descending: Array.from({ length: 128 }, (_, i) => -i),
};

it.each(Object.entries(COLUMNS))('%s', (_, values) => {
  const { columns, medians, deviations, magnitudes } = sampled(Float64Array.from(values), null, 1);
  const sorted = Float64Array.from(values).sort();
  expect(Array.from(columns)).toEqual(Array.from(sorted));
  const median = sorted[Math.ceil(values.length / 2) - 1];
  expect(medians[0]).toBe(median);
  expect(Array.from(deviations)).toEqual(deviationsFrom(median, values));
  expect(Array.from(magnitudes)).toEqual(deviationsFrom(0, values));
});

it('columns of a matrix are those of its features, with NaN behind all numbers', () => {
  const values = [
    [1, Number.NaN],
    [0, 2],
    [2, 1],
  ];
  const { columns } = sampled(Float64Array.from(values.flat()), null, 2);
  expect(Array.from(columns)).toEqual([0, 1, 2, 1, 2, Number.NaN]);
});

/** Of half of the values, of nine in ten, and the least positive one among these. */
function deviationsFrom(centre: number, values: readonly number[]): number[] {
  const ascending = Float64Array.from(values, (value) => Math.abs(value - centre)).sort();
  const usual = ascending.slice(0, Math.ceil(0.9 * values.length));
  return [
    ascending[Math.ceil(values.length / 2) - 1],
    usual[usual.length - 1],
    usual.find((deviation) => deviation > 0) ?? 0,
  ];
}
