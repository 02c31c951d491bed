/**
 * Estimates may spare k-means++ work and never change a row: drawn with them and without, from rows where distances are
 * equal, nearly equal, or of very different lengths.
 */
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type ResidentPoints, upload } from '../../src/cpu/dataset.ts';
import { createCpuEngine } from '../../src/cpu/engine.ts';
import { estimating } from '../../src/cpu/estimates.ts';
import { KMEANS } from '../../src/cpu/families/kmeans.ts';
import { SEEDING } from '../../src/cpu/families/seeding.ts';
import { ShardMemory } from '../../src/cpu/memory.ts';
import type { Potentials } from '../../src/cpu/potentials.ts';
import { type Estimates, plusPlus as plusPlusOf } from '../../src/cpu/seeding.ts';
import { SimdEstimatedPotentials } from '../../src/cpu/simd/estimates.ts';
import { SimdPotentials } from '../../src/cpu/simd/potentials.ts';
import { createSyncCpuEngine } from '../../src/cpu/sync-engine.ts';
import { askAll, CallingThread, make, type Ref } from '../../src/cpu/threads/place.ts';
import type { EngineDataset } from '../../src/engine/contract.ts';
import { plusPlus } from '../../src/kmeans/seeding.ts';
import { Random } from '../../src/random.ts';
import { runAsync, runNow } from '../../src/steps.ts';
import { blobs, type CasePoints, lattice, uniforms } from '../conformance/cases/data.ts';
import { asTheyAre } from './cpu-points.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

const SEEDS = 3;
const CANDIDATES = 5;

/** Where few rows of few features are wanted too. */
const always = (points: ResidentPoints) => estimating(points);

/** The rows of some seeds, drawn with estimates or without. */
function drawn(points: CasePoints, k: number, open?: (points: ResidentPoints, k: number) => Estimates): Uint32Array[] {
  const resident = runNow(upload(asTheyAre(points), [new CallingThread(true)], KMEANS));
  const rows = Array.from({ length: SEEDS }, (_, seed) => {
    const random = new Random(seed);
    const draws = Float32Array.from({ length: 2 * k * CANDIDATES }, () => random.uniform24());
    return runNow(plusPlusOf(resident, k, CANDIDATES, draws, open));
  });
  resident.destroy();
  return rows;
}

const mapped = (points: CasePoints, value: (before: number, i: number, j: number) => number): CasePoints => ({
  ...points,
  data: Float32Array.from(points.data, (before, at) => value(before, Math.floor(at / points.d), at % points.d)),
});

const weighted = (points: CasePoints, weight: (u: number, i: number) => number): CasePoints => {
  const uniform = uniforms(3);
  return { ...points, weights: Float32Array.from({ length: points.n }, (_, i) => weight(uniform(), i)) };
};

const scattered = (n: number, d: number): CasePoints => {
  const uniform = uniforms(n + d);
  return { n, d, data: Float32Array.from({ length: n * d }, () => uniform() - 0.5) };
};

/** A lattice about the origin whose steps float32 has not: distances that are equal are rounded in different ways. */
const mirrored = (side: number, d: number): CasePoints => {
  const points = lattice(side, d);
  return { ...points, data: points.data.map((value) => (value - (side - 1) / 2) * 0.1) };
};

const wide = blobs({ n: 2301, d: 33, groups: 20 });
const narrow = blobs({ n: 3007, d: 3, groups: 30 });

/** Rows in pairs that differ by the last bit of some feature. */
const uneven = scattered(2048, 12);
const nearlyTwice = mapped(uneven, (_, i, j) => {
  const value = uneven.data[(i - (i % 2)) * 12 + j];
  return i % 2 === 1 && j === i % 12 ? value * (1 + 2 ** -23) : value;
});

const ESTIMATED: Record<string, readonly [CasePoints, number]> = {
  'one row a block': [blobs({ n: 9, d: 5, groups: 3 }), 4],
  'one feature': [scattered(3001, 1), 6],
  'two features': [scattered(3001, 2), 12],
  'overlapping groups': [wide, 40],
  'groups of few features': [narrow, 30],
  'without structure': [scattered(1500, 130), 12],
  'a lattice': [lattice(6, 4), 30],
  'rows in mirrored pairs': [mirrored(11, 2), 30],
  'rows in mirrored pairs, of four features': [mirrored(5, 4), 40],
  'the same rows again and again': [mapped(wide, (_, i, j) => wide.data[(i % 60) * 33 + j]), 40],
  'pairs that differ by their last bit': [nearlyTwice, 30],
  'random weights': [weighted(narrow, (u) => 10 * u), 30],
  'weights of many decades': [weighted(wide, (u) => 10 ** (8 * u - 4)), 20],
  'rows without weight': [weighted(wide, (u, i) => (i % 3 === 0 ? u : 0)), 30],
  'rows of few features without weight': [weighted(narrow, (u, i) => (i % 3 === 0 ? u : 0)), 30],
  'lengths of all sizes': [mapped(wide, (value, i) => value * 2 ** (i % 4)), 20],
  'small numbers': [mapped(wide, (value) => value * 1e-12), 20],
  'large numbers': [mapped(wide, (value) => value * 1e12), 20],
};

it.each(Object.entries(ESTIMATED))('%s', (_, [points, k]) => {
  const estimate = vi.spyOn(SimdEstimatedPotentials.prototype, 'estimate');
  expect(drawn(points, k, always)).toEqual(drawn(points, k));
  expect(estimate).toHaveBeenCalled();
});

it.each(Object.entries(ESTIMATED).filter(([, [{ d }, k]]) => d <= 4 && k <= 32))(
  '%s, compared with all candidates',
  (_, [points, k]) => {
    const estimate = vi.spyOn(SimdEstimatedPotentials.prototype, 'estimate');
    expect(drawn(points, k, estimating)).toEqual(drawn(points, k));
    expect(estimate).not.toHaveBeenCalled();
  },
);

it.each([2e-45, 1e-44, 1e-36, 3e36])('weights of %s, which float32 hardly holds', (weight) => {
  const few = weighted(wide, (_, i) => weight * (1 + (i % 3)));
  const sorted = weighted(
    mapped(narrow, (value, i) => value + Math.floor(i / 600)),
    () => weight,
  );
  for (const points of [few, sorted]) expect(drawn(points, 20, estimating)).toEqual(drawn(points, 20));
});

/** Of all pairs of candidates: by how much more the one lowers the potential, as trials find it, lies between the bounds. */
it.each(Object.entries(ESTIMATED))('bounds hold what trials find: %s', (_, [points, k]) => {
  const { draw, estimate } = SimdEstimatedPotentials.prototype;
  let widest = 0;
  const rows: number[][] = [];
  vi.spyOn(SimdEstimatedPotentials.prototype, 'draw').mockImplementation(function* (
    this: SimdEstimatedPotentials,
    ...at
  ) {
    const some = yield* draw.apply(this, at);
    for (const { row } of some) rows.push(Array.from(row));
    return some;
  });
  vi.spyOn(SimdEstimatedPotentials.prototype, 'estimate').mockImplementation(function* (
    this: SimdEstimatedPotentials,
    rough,
  ) {
    const bounds = yield* estimate.call(this, rough);
    const candidates = Float32Array.from(rows.slice(-CANDIDATES).flat());
    const m = CANDIDATES;
    for (const direct of [false, true]) {
      const totals = new Float64Array(m);
      (yield* this.trial(candidates, direct)).forEach((sum, at) => {
        totals[at % m] += sum;
      });
      for (let a = 0; a < m; a++) {
        for (let b = 0; b < m; b++) {
          const most = bounds[2 * a] - (bounds[2 * b] - bounds[2 * b + 1]);
          const rounding = 2 ** -15 * (bounds[2 * a] + bounds[2 * b]) + 1e-12 * totals[a];
          expect(totals[b] - totals[a]).toBeLessThanOrEqual(most + rounding);
        }
        widest = Math.max(widest, bounds[2 * a + 1] / bounds[2 * a]);
      }
    }
    return bounds;
  });
  drawn(points, k, always);
  expect(widest).toBeGreaterThan(0);
});

const TRIED: Record<string, readonly [CasePoints, number]> = {
  'far from the origin': [mapped(wide, (value) => value + 1e5), 10],
  'a far row': [mapped(wide, (value, i) => (i === 1000 ? 1e9 : value)), 10],
  'squares beyond float32': [mapped(wide, (value) => value * 1e25), 10],
};

it.each(Object.entries(TRIED))('from trials alone where integers tell too little: %s', (_, [points, k]) => {
  expect(drawn(points, k, estimating)).toEqual(drawn(points, k));
});

/** Rows of few features are compared four at a time, which nobody shall see: of each row, what one at a time has. */
describe.each([1, 2, 3, 4, 5])('distances of rows of %i features', (d) => {
  const sizes = [1, 2, 3, 4, 6, 7, 8, 9, 12, 4099];

  it.each([...sizes, -12])('%i rows (with weights where negative)', (size) => {
    const n = Math.abs(size);
    const points = size < 0 ? weighted(scattered(n, d), (u) => u) : scattered(n, d);
    const uniform = uniforms(9);
    const centres = Float32Array.from({ length: 3 * d }, () => uniform() - 0.5);
    // One that lies on a row, one beyond float32 but for its square.
    centres.set(points.data.subarray((n - 1) * d), d);
    centres.fill(1e25, 2 * d);
    const { data, weights } = points;
    const squares = (i: number, centre: number) => {
      const terms = Array.from({ length: d }, (_, j) => {
        const difference = Math.fround(data[i * d + j] - centres[centre * d + j]);
        return Math.fround(difference * difference);
      });
      const [a = 0, b = 0, c = 0, e = 0, ...rest] = terms;
      const full = d < 4 ? [a, b, c] : [Math.fround(Math.fround(a + b) + Math.fround(c + e)), ...rest];
      return full.reduce((sum, term) => Math.fround(sum + term), 0);
    };
    const least = Array.from({ length: n }, (_, i) => Math.min(squares(i, 0), squares(i, 2)));
    const nearer = least.map((before, i) => Math.min(before, squares(i, 1)));
    const potentialOf = (distances: number[]) =>
      distances.reduce((sum, distance, i) => sum + (weights?.[i] ?? 1) * distance, 0);

    const extended = vi.spyOn(SimdPotentials.prototype, 'extend');
    const resident = runNow(upload(asTheyAre(points), [new CallingThread(true)], KMEANS));
    const potentials: Ref<Potentials> = make(resident.shards[0], SEEDING, 'potentials');
    const extend = (some: Float32Array) => Array.from(runNow(askAll([potentials], 'extend', some))[0]);
    const attempt = (some: Float32Array, direct: boolean) =>
      Array.from(runNow(askAll([potentials], 'trial', some, direct))[0]);
    const total = (sums: number[], m: number) =>
      Array.from({ length: m }, (_, c) => sums.filter((_, at) => at % m === c).reduce((sum, part) => sum + part, 0));

    const first = total(extend(Float32Array.of(...centres.subarray(0, d), ...centres.subarray(2 * d))), 1)[0];
    expect(first).toBeCloseTo(potentialOf(least), 10);
    for (const direct of [true, false]) {
      const [one, other] = total(attempt(centres.subarray(d), direct), 2);
      const tolerance = direct ? 1e-12 : 1e-5;
      expect(Math.abs(one - potentialOf(nearer))).toBeLessThanOrEqual(tolerance * potentialOf(least));
      expect(Math.abs(other - potentialOf(least))).toBeLessThanOrEqual(tolerance * potentialOf(least));
    }
    extend(centres.subarray(d, 2 * d));
    const { distances } = extended.mock.contexts.at(-1) as unknown as { readonly distances: Float32Array };
    expect(Array.from(distances)).toEqual(nearer);
    resident.destroy();
  });
});

it('goes without estimates where there is no room for them', () => {
  const expected = drawn(wide, 20);
  const allocate = ShardMemory.prototype.allocate;
  let refused = 0;
  vi.spyOn(ShardMemory.prototype, 'allocate').mockImplementation(function (this: ShardMemory, bytes) {
    // Rows as integers take more than half of what they take as float32, and less than all.
    const isRough = bytes > 2 * wide.n * wide.d && bytes < 4 * wide.n * wide.d;
    if (isRough) {
      refused++;
      throw new RangeError('no room');
    }
    return allocate.call(this, bytes);
  });
  expect(drawn(wide, 20, estimating)).toEqual(expected);
  expect(refused).toBe(SEEDS);
});

it('draws the same rows in workers as at once', async () => {
  const points = asTheyAre(blobs({ n: 5003, d: 33, groups: 20 }));
  const dataset = createSyncCpuEngine().upload(points) as EngineDataset;
  const expected = runNow(plusPlus(dataset, 40, new Random(1)));
  for (const options of [{ threads: 1 }, { threads: 2 }, { threads: 2, shared: false }]) {
    const engine = createCpuEngine({ valuesOfThread: 1, ...options });
    const there = await engine.upload(points);
    expect(await runAsync(plusPlus(there, 40, new Random(1)))).toEqual(expected);
    await engine.destroy();
  }
});
