import { expect, it } from 'vitest';
import { layoutOf } from '../../src/gpu/mixture-layout.ts';
import {
  assignPlan,
  DEEP_BYTES,
  hasQuads,
  heldOfRow,
  kmeansWorkPlan,
  LARGEST_EXACT,
  lengthWithin,
  mixtureWorkPlan,
  type PassPlan,
  rowsOfShard,
  spansOf,
  variantFor,
} from '../../src/gpu/plan.ts';

/** What every implementation of WebGPU has. */
const BINDING_BYTES = 2 ** 27;
const WORKGROUP_BYTES = 16_384;

/** Whatever the budget: spans are whole units, within it from a slice on, and hold all slices. */
function covers(plan: PassPlan, n: number, what: string) {
  const { slices, rows, unit, longest, workPerSlice } = plan;
  expect(slices, what).toBe(Math.ceil(n / rows));
  expect(longest % unit, what).toBe(0);
  for (const budget of [0, 2 ** 28, 2 ** 33, 2 ** 40, Infinity]) {
    const length = lengthWithin(budget, plan);
    expect(length === 1 || length * workPerSlice <= budget, what).toBe(true);
    expect(length % unit === 0 || length < unit, what).toBe(true);
    const spans = spansOf(slices, Math.max(length, unit));
    expect(
      spans.map(({ firstSlice }) => firstSlice % unit),
      what,
    ).toEqual(spans.map(() => 0));
    expect(
      spans.reduce((sum, { slices }) => sum + slices, 0),
      what,
    ).toBe(slices);
  }
  expect(lengthWithin(Infinity, plan), what).toBe(longest);
}

it('points and a mixture’s answers of one shard fit one binding each', () => {
  for (const d of [1, 2, 3, 64, 5000]) {
    const rows = rowsOfShard(2 ** 28, d, BINDING_BYTES);
    expect(rows).toBeGreaterThan(0);
    expect(rows * Math.max(8, 4 * d)).toBeLessThanOrEqual(BINDING_BYTES);
  }
});

it.each([true, false])(
  'plans of mixtures stay within bindings and workgroups, and their tiles within slices: tall %s',
  (isTall) => {
    for (const shape of ['own', 'shared', 'axes'] as const) {
      for (const d of [1, 2, 3, 4, 5, 8, 39, 40, 41, 64, 128, 255, 449, 450, 1000, 2000]) {
        for (const k of shape === 'axes' ? [1, 4, 6, 13, 30, 40, 1000] : [1, 4, 16]) {
          const { cells } = layoutOf(k, d, shape);
          const n = 1_000_000;
          const plan = mixtureWorkPlan(n, k, d, shape, cells, BINDING_BYTES, isTall);
          const what = `${shape} d ${d} k ${k}, ${isTall ? 'tall' : 'short'}`;
          expect(plan.longest * cells * 4, what).toBeLessThanOrEqual(BINDING_BYTES);
          expect(plan.held, what).toBeLessThanOrEqual(plan.longest);
          covers(plan, n, what);
          if (plan.kind === 'axes') {
            const { TC, TF, GROUPS, RUN } = plan;
            expect(16 * RUN * GROUPS * (TC + TF / 2), what).toBeLessThanOrEqual(WORKGROUP_BYTES);
            expect(TC * TF * GROUPS, what).toBeGreaterThanOrEqual(64);
            // A thread brings whole numbers of shares and of points.
            expect([RUN % TF, RUN % TC], what).toEqual([0, 0]);
          }
          if (plan.kind !== 'matrices') continue;
          const { TX, TY, SIDE, BLOCKS, GROUPS, RUN } = plan;
          const exact = d <= LARGEST_EXACT ? 4 * TX * TY : 4;
          expect(16 * (8 * (TX + 1) + 8 * TY + TX * TY + TX + exact), what).toBeLessThanOrEqual(WORKGROUP_BYTES);
          const tile = SIDE * GROUPS * RUN;
          const abreast = Math.floor((BLOCKS * GROUPS) / SIDE);
          const brought = Math.ceil((RUN * GROUPS) / Math.ceil((RUN * GROUPS) / abreast));
          expect(2 * 16 * tile + (16 * SIDE + 4) * brought, what).toBeLessThanOrEqual(WORKGROUP_BYTES);
          // The tile has room for what a slice is noted for, and for a sum of each thread.
          expect(tile, what).toBeGreaterThanOrEqual(Math.max(64, BLOCKS * GROUPS));
          expect(BLOCKS * GROUPS, what).toBeGreaterThanOrEqual(64);
          const quads = Math.ceil(d / 4);
          expect(BLOCKS === (SIDE * (SIDE + 1)) / 2 ? SIDE : 16, what).toBe(SIDE < quads ? 16 : quads);
          expect(RUN, what).toBeLessThanOrEqual(32);
        }
      }
    }
  },
);

it('what kernels of many components hand to each other is held of as many slices as a binding has room for', () => {
  for (const [shape, k, d] of [
    ['own', 10_000, 5],
    ['shared', 50_000, 5],
    ['axes', 100_000, 1],
    ['axes', 500_000, 1],
  ] as const) {
    const plan = mixtureWorkPlan(1024, k, d, shape, layoutOf(k, d, shape).cells, BINDING_BYTES, true);
    expect(4 * plan.held * plan.rows * heldOfRow(plan.kind, k, d), `${shape} k ${k}`).toBeLessThanOrEqual(
      BINDING_BYTES,
    );
    covers(plan, 1024, shape);
  }
});

it('passes of k-means stay within memory and, from a slice on, within the budget, and cover all slices in whole units', () => {
  for (const [n, d, k] of [
    [1, 8, 3],
    [5000, 2, 7],
    [1_000_000, 128, 1024],
    [1_000_000, 128, 4096],
    [10_000_000, 3, 32],
    [3_000_000, 5, 2 ** 21],
  ]) {
    const plan = kmeansWorkPlan(n, d, k, BINDING_BYTES);
    const { rows, together, unit, longest, sortedWords, sumSlices } = plan;
    const what = `${n}×${d} k ${k}`;
    // A label and a place in the slice are one key of sort.wgsl.
    expect(k * rows, what).toBeLessThanOrEqual(2 ** 32);
    expect(unit, what).toBe(together * sumSlices.TOGETHER);
    expect((longest / together) * k * (d + 2) * 4, what).toBeLessThanOrEqual(BINDING_BYTES);
    expect(longest * sortedWords * 4, what).toBeLessThanOrEqual(BINDING_BYTES);
    covers(plan, n, what);
  }
});

it('tiles follow the adapter: tall or deep where there are registers, short where that is not known', () => {
  const tile = (d: number, vendor: string, architecture = '') => variantFor(d, { vendor, architecture }).tile;
  expect([tile(5, 'nvidia', 'hopper'), tile(5, 'amd', 'rdna-2'), tile(5, 'apple')]).toEqual(['deep', 'tall', 'tall']);
  expect([tile(5, 'amd', 'gcn-5'), tile(5, 'intel', 'xe-hpg'), tile(5, '')]).toEqual(['short', 'short', 'short']);
  expect(tile(4, 'nvidia')).toBe('direct');
  expect(variantFor(5, { vendor: 'nvidia', architecture: 'hopper' }).subgroups).toBe(false);
});

it('tiled assignments fit the workgroup, and leave fewer than 16 columns a turn idle', () => {
  for (const tile of ['short', 'tall', 'deep'] as const) {
    for (let k = 1; k <= 1100; k++) {
      const plan = assignPlan(128, k, tile);
      if (plan.kind !== 'tiled') throw new Error('d is 5');
      const { TALL, TD, TX, TY } = plan;
      const turns = Math.ceil(k / (8 * TY));
      expect(turns, `k ${k}`).toBe(Math.ceil(k / 128));
      expect(turns * 8 * TY - k, `k ${k}`).toBeLessThan(16 * turns);
      expect(TX * TY).toBeGreaterThanOrEqual(64);
      expect(TX * TY).toBeLessThanOrEqual(256);
      const floats = Math.max(TD * 4 * ((TALL ? 2 : 1) * TX + 2 * TY + 1), 3 * 4 * ((TX * TY) / 2)) + 8 * TY + 1;
      expect(4 * floats).toBeLessThanOrEqual(TD === 16 ? DEEP_BYTES : WORKGROUP_BYTES);
    }
  }
});

it('deep tiles are taken where all threads bring something, and few features are none', () => {
  const depth = (d: number, k: number, tile: 'tall' | 'deep' = 'deep') => {
    const plan = assignPlan(d, k, tile);
    return plan.kind === 'tiled' ? plan.TD : 0;
  };
  expect([depth(128, 1024), depth(16, 128), depth(30, 4096), depth(200, 500)]).toEqual([16, 16, 16, 16]);
  expect([depth(128, 1024, 'tall'), depth(128, 112), depth(17, 128), depth(40, 1024)]).toEqual([8, 8, 8, 8]);
});

it('rows are read by 16 bytes where all of them begin at multiples of that', () => {
  expect(hasQuads(8, [{ base: 0 }, { base: 64 }])).toBe(true);
  expect(hasQuads(8, [{ base: 0 }, { base: 62 }])).toBe(false);
  expect(hasQuads(6, [{ base: 0 }])).toBe(false);
});
