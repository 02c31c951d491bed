/** Bounds of machine code: trip counts that do not make the terms of the result are refused. */
import { expect, test } from 'vitest';
import { boundOf } from '../../bench/static/bounds.mjs';

const ZERO = {
  ...{ fma: 0, fp: 0, int: 0, imul: 0, sfu: 0, ldsBytes: 0, stsBytes: 0, ldgBytes: 0, stg: 0, atom: 0, shfl: 0 },
};
const loop = (name: string, counts: Partial<typeof ZERO> & { readonly all: number }) => ({
  name,
  depth: name.split('.').length,
  counts: { ...ZERO, ...counts },
});
/** 8 multiply-adds of 10 instructions a trip. */
const row = {
  kernel: 'product',
  threads: 256,
  resident: 32,
  registers: 64,
  spills: 0,
  loops: [loop('kernel', { all: 0 }), loop('1', { all: 10, fma: 8 })],
};
/** 132 workgroups of 256 threads, 800 terms each. */
const size = { n: 132 * 256, d: 8, k: 100 };
const grids = [{ workgroups: [132, 1], times: 1 }];
const entry = { kernel: 'product', case: 'a', terms: 'n·k·d', made: { 1: 8 }, trips: { 1: 100 } };

test('all multiprocessors busy, eight multiply-adds in ten slots', () => {
  const bound = boundOf(row, entry, size, grids);
  expect(bound).toMatchObject({ slotsOfTerm: 1.25, busy: 1, limit: 'issue', floatShare: 0.8, ofPeak: 0.8 });
  // Two warps a scheduler, 1000 slots each.
  expect(bound.msAtLeast).toBeCloseTo((2 * 1000) / 1.755e6, 9);
});

test('a grid that leaves multiprocessors idle', () => {
  const fewer = [{ workgroups: [66, 1], times: 2 }];
  expect(boundOf(row, entry, size, fewer)).toMatchObject({ busy: 0.5, ofPeak: 0.4 });
});

test('2 % are let pass, no more', () => {
  const with_ = (trips: number) => () => boundOf(row, { ...entry, trips: { 1: trips } }, size, grids);
  expect(with_(101)).not.toThrow();
  expect(with_(103)).toThrow('the trips make 824 terms of a thread, the result needs 800 × 1');
  expect(with_(97)).toThrow('776 terms');
  expect(with_(NaN)).toThrow('NaN terms');
});

test('tiles that are not full make more terms than are needed', () => {
  const padded = { ...entry, padding: 1.28, trips: { 1: 128 } };
  expect(boundOf(row, padded, size, grids).slotsOfTerm).toBeCloseTo(1.6, 12);
});

test('loops that the machine code does not have', () => {
  expect(() => boundOf(row, { ...entry, trips: { 1: 100, 2.1: 3 } }, size, grids)).toThrow('no loop 2.1');
});
