/** Columns of small whole numbers, which are counted, are what the same numbers are where each row is read. */
import { describe, expect, it } from 'vitest';
import type { Choices, Features, Scaling } from '../../demo/features/features.ts';
import { prepare } from '../../demo/features/prepare.ts';
import { summaries } from '../../demo/features/summaries.ts';
import { sortedIn, talliesOf, tallyOf, totalOf } from '../../demo/features/tally.ts';
import { coordinatesOf } from '../../demo/picture/coordinates.ts';
import type { AxesChoice } from '../../demo/picture/scene.ts';
import { type NumberProfile, profiles } from '../../demo/results/profile.ts';
import type { NumberColumn, Table, Values } from '../../demo/tables/table.ts';
import { Random } from '../../src/random.ts';
import { runNow } from '../../src/steps.ts';
import { table } from './page-columns.ts';

const N = 70_000;
const random = new Random(5);
const whole = (value: (i: number) => number) => Array.from({ length: N }, (_, i) => Math.round(value(i)));

const KINDS: readonly (readonly [name: string, values: Values, measure: NumberColumn['measure']])[] = [
  ['minutes', Uint16Array.from(whole(() => 1439 * random.uniform() ** 2)), 'time'],
  ['signed', Int16Array.from(whole(() => 900 * random.normal())), 'number'],
  ['small', Int8Array.from(whole(() => 20 * random.normal() - 3)), 'number'],
  ['bytes', Uint8Array.from(whole(() => 255 * random.uniform())), 'number'],
  ['flags', Uint8Array.from(whole((i) => (i % 5 === 0 ? 1 : 0))), 'boolean'],
];
/** Of which some rows have none. */
const gappy: NumberColumn = {
  name: 'gappy',
  measure: 'number',
  values: Float64Array.from({ length: N }, (_, i) => (i % 7 === 3 ? Number.NaN : random.normal())),
};

function tableOf([name, values, measure]: (typeof KINDS)[number], isCounted: boolean): Table {
  return table({ name, measure, values: isCounted ? values : Float64Array.from(values) }, gappy);
}

function featuresOf(of: Table, scaling: Scaling, withGaps: boolean, gaps: Choices['gaps'] = 'leave-out'): Features {
  const columns = [
    { isUsed: true, scaling, period: 1440 },
    { isUsed: withGaps, scaling: 'standard', period: 1 },
  ] as const;
  return runNow(prepare(of, { columns, weights: null, gaps }, runNow(summaries(of))));
}

/** The largest difference, relative to the largest number. */
function differenceOf(left: ArrayLike<number>, right: ArrayLike<number>): number {
  expect(left.length).toBe(right.length);
  let [difference, largest] = [0, 0];
  for (let i = 0; i < left.length; i++) {
    difference = Math.max(difference, Math.abs(left[i] - right[i]));
    largest = Math.max(largest, Math.abs(right[i]));
  }
  return difference / largest;
}

describe.each(KINDS)('%s', (...kind) => {
  const [counted, read] = [tableOf(kind, true), tableOf(kind, false)];

  it.each(['none', 'standard', 'robust', 'log', 'cyclic'] as const)('as points: %s', (scaling) => {
    for (const [withGaps, gaps] of [
      [false, 'leave-out'],
      [true, 'leave-out'],
      [true, 'fill'],
    ] as const) {
      const [one, other] = [counted, read].map((each) => featuresOf(each, scaling, withGaps, gaps));
      expect(one.n).toBe(other.n);
      expect(one.rows).toEqual(other.rows);
      // Quartiles of a sample, which here has all rows, and those of the counts.
      expect(differenceOf(one.data, other.data)).toBeLessThan(2e-7);
      expect(one.features.map(({ name, column }) => [name, column])).toEqual(
        other.features.map(({ name, column }) => [name, column]),
      );
    }
  });

  it('as coordinates', () => {
    const axes: AxesChoice = { kind: 'columns', x: 0, y: 1 };
    const both: AxesChoice = { kind: 'columns', x: 0, y: 0 };
    for (const [choice, withGaps] of [
      [axes, false],
      [axes, true],
      [both, false],
    ] as const) {
      for (const scaling of ['standard', 'log'] as const) {
        const [one, other] = [counted, read].map((each) =>
          runNow(coordinatesOf(choice, each, featuresOf(each, scaling, withGaps))),
        );
        const difference = differenceOf(
          one.values.map((value, at) => value + one.offsets[at % 2]).filter(Number.isFinite),
          other.values.map((value, at) => value + other.offsets[at % 2]).filter(Number.isFinite),
        );
        expect(difference).toBeLessThan(2e-7);
        for (const [axis, info] of one.scene.info.entries()) {
          const expected = other.scene.info[axis];
          expect([info.range, info.dayStart]).toEqual([expected.range, expected.dayStart]);
          const width = expected.home[1] - expected.home[0];
          for (const end of [0, 1]) expect(Math.abs(info.home[end] - expected.home[end])).toBeLessThan(0.05 * width);
        }
        // Of what is seen now, whatever it was found from.
        let inside = 0;
        for (let at = 0; at < one.values.length; at += 2) {
          const isWithin = ([low, high]: readonly [number, number], axis: number) => {
            const [value, offset] = [one.values[at + axis], one.offsets[axis]];
            return value >= Math.fround(low - offset) && value <= Math.fround(high - offset);
          };
          if (one.scene.info.every(({ home }, axis) => isWithin(home, axis))) inside++;
        }
        expect(one.scene.outside).toBe(one.n - inside);
      }
    }
  });

  it.each(['standard', 'log', 'cyclic'] as const)('as what clusters are: %s', (scaling) => {
    // One is empty; with so many nothing is counted.
    for (const k of [1, 4, 400]) {
      const profilesOf = (of: Table) => {
        const features = featuresOf(of, scaling, true);
        const values = kind[1];
        const labels = Uint32Array.from(features.rows!, (row) =>
          k === 4 ? Math.min(2, Math.abs(values[row]) % 4) : row % k,
        );
        return runNow(profiles(of, features, labels, k, runNow(summaries(of))));
      };
      const [one, other] = [counted, read].map(profilesOf);
      for (const [cluster, { size, columns }] of one.entries()) {
        expect(size).toBe(other[cluster].size);
        for (const { column, ...found } of columns as NumberProfile[]) {
          const expected = other[cluster].columns.find((each) => each.column === column) as NumberProfile;
          for (const figure of ['centre', 'rest', 'effect'] as const) {
            if (Number.isNaN(expected[figure])) expect(found[figure]).toBeNaN();
            else expect(found[figure]).toBeCloseTo(expected[figure], 6);
          }
        }
      }
    }
  });
});

it('counts from the least to the greatest, rows that are chosen, and groups apart', () => {
  const values = Int8Array.from({ length: 3000 }, (_, i) => (i % 100) - 50);
  expect(runNow(tallyOf(values))).toEqual({ first: -50, counts: new Uint32Array(100).fill(30) });
  const rows = Uint32Array.from({ length: 300 }, (_, i) => (i % 3) + 1);
  expect(runNow(tallyOf(values, rows))).toEqual({ first: -49, counts: Uint32Array.of(100, 100, 100) });
  const groups = Uint32Array.from(values, (value) => (value < 0 ? 0 : 2));
  const tallies = runNow(talliesOf(values, null, groups, 3, [-50, 49]))!;
  expect(tallies.map(totalOf)).toEqual([1500, 0, 1500]);
  expect(tallies.map(({ counts }) => counts.length)).toEqual([50, 0, 50]);
  expect([tallies[0].first, tallies[2].first]).toEqual([-50, 0]);
  expect([...sortedIn(tallies[2], 1500, 5)]).toEqual([5, 15, 25, 35, 45]);
  const places = Uint32Array.from({ length: 2500 }, (_, i) => 2 + i);
  const chosen = runNow(talliesOf(values, places, groups.subarray(2, 2502), 3, [-50, 49]))!;
  expect(chosen.map(totalOf)).toEqual([1250 - 2 + 2, 0, 1250]);
  // Of few rows.
  expect(runNow(tallyOf(values.subarray(0, 255)))).toBeNull();
  expect(runNow(talliesOf(values, null, groups, 4, [-50, 49]))).toBeNull();
  expect(runNow(tallyOf(Float32Array.from(values)))).toBeNull();
});
