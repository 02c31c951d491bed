import { expect, it } from 'vitest';
import { kneeOf } from '../../src/kmeans/knee.ts';
import stored from '../golden/knees.json';

it.each([
  ['of one step', [1, 2, 3, 4, 5], [100, 10, 9, 8, 7], 1],
  ['where it bends', [1, 2, 3, 4, 5, 6, 7, 8], [100, 60, 30, 10, 9, 8, 7, 6], 3],
  ['by x, not by index', [1, 2, 4, 8, 16, 32], [100, 50, 25, 12, 6, 3], 3],
  // The distances of the paper's definition are the same at both.
  ['the first of equals', [0, 1, 2, 3, 4, 5, 6], [6, 3, 2, 2, 2, 1, 0], 1],
  ['the first of two', [0, 1, 2, 3, 4, 5, 6, 7, 8], [90, 50, 49, 48, 47, 10, 9, 8, 7], 1],
  ['behind a rise', [2, 3, 4, 5, 6, 7], [100, 20, 22, 19, 18, 17], 1],
] as const)('the knee is %s', (_, x, y, knee) => {
  expect(kneeOf(x, y)).toBe(knee);
});

it.each([
  ['a line', [1, 2, 3, 4], [40, 30, 20, 10]],
  ['a level', [1, 2, 3, 4], [5, 5, 5, 5]],
  ['two values', [1, 2], [9, 1]],
  ['one', [3], [9]],
  ['nothing', [], []],
  ['what falls ever more steeply', [1, 2, 3, 4, 5], [100, 99, 95, 80, 0]],
  ['what hardly bends', [1, 2, 3, 4, 5], [100, 70, 48, 24, 0]],
] as const)('there is none in %s', (_, x, y) => {
  expect(kneeOf(x, y)).toBeNull();
});

it('knees are those of the paper, on curves with and without noise', () => {
  expect(stored.curves.filter(({ knee }) => knee === null).length).toBeGreaterThan(5);
  expect(stored.curves.map(({ x, y }) => kneeOf(x, y))).toEqual(stored.curves.map(({ knee }) => knee));
});
