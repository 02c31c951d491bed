/**
 * Bounds and float32 scans may spare work and never change a label: centroids that wander as a test wants them to, on
 * one workspace, so that bounds are kept for as long as they may be, against float64 distances of every row.
 */
import { expect, it } from 'vitest';
import { createCpuEngine } from '../../src/cpu/engine.ts';
import { createSyncCpuEngine } from '../../src/cpu/sync-engine.ts';
import { type Assignment, assignment } from '../../src/kmeans/assign.ts';
import { runAsync } from '../../src/steps.ts';
import { type CasePoints, normals, uniforms } from '../conformance/cases/data.ts';
import { shareOf } from '../scope.ts';
import { asTheyAre } from './cpu-points.ts';

const simd = createSyncCpuEngine();
const plain = createSyncCpuEngine(false);
/** Scans wide points as bytes, where the processor has an instruction for it. */
const relaxed = createCpuEngine({ threads: 1 });
const FEATURES_FOR_RELAXED = 64;

/** Each of the centroids in turn on one workspace of each engine, and what came of them. */
async function expectSame(
  points: CasePoints,
  k: number,
  steps: number,
  move: (before: Float64Array, step: number) => Float64Array,
  start: Float64Array,
) {
  const prepared = asTheyAre(points);
  const engines = points.d < FEATURES_FOR_RELAXED ? [plain, simd] : [plain, simd, relaxed];
  const datasets = await Promise.all(engines.map((engine) => engine.upload(prepared)));
  const workspaces = await Promise.all(datasets.map((dataset) => dataset.kmeans(k)));
  let centroids = start;
  for (let step = 0; step < steps; step++) {
    const [expected, ...others] = await Promise.all(
      workspaces.map((workspace) => runAsync(assignment(workspace, centroids))),
    );
    for (const found of others) expectSameBits(found, expected, step);
    // What follows starts anew.
    if (step % 5 === 4) {
      for (const workspace of workspaces) {
        await workspace.label!(centroids);
        expect(await workspace.labels(), `step ${step}, labels alone`).toEqual(expected.labels);
        expect(await workspace.inertia(), `step ${step}, labels alone`).toBe(expected.inertia);
      }
    }
    centroids = move(centroids, step);
  }
  for (const workspace of workspaces) workspace.close();
  for (const dataset of datasets) dataset.destroy();
}

function expectSameBits(found: Assignment, expected: Assignment, step: number): void {
  const wrong = found.labels.findIndex((label, i) => label !== expected.labels[i]);
  expect(wrong, `step ${step}: row ${wrong} is in ${found.labels[wrong]}, not ${expected.labels[wrong]}`).toBe(-1);
  expect(Buffer.from(found.sums.buffer).equals(Buffer.from(expected.sums.buffer)), `step ${step}: sums`).toBe(true);
  expect(found.counts, `step ${step}`).toEqual(expected.counts);
  expect(found.inertia, `step ${step}`).toBe(expected.inertia);
}

const SEEDS = Number(process.env.SEEDS ?? 1);
const seeds = Array.from({ length: SEEDS }, (_, i) => i + 1);

const SHAPES: readonly [n: number, d: number, k: number][] = [
  [1029, 1, 64],
  [1029, 2, 64],
  [2055, 3, 17],
  [2000, 3, 300],
  [1030, 4, 50],
  [1031, 5, 50],
  [519, 7, 100],
  [1023, 7, 5],
  [700, 33, 64],
  [515, 33, 2],
  [600, 130, 16],
  [4097, 1, 15],
  [301, 64, 40],
  [203, 130, 33],
  [45, 1021, 32],
  [20, 4096, 32],
];

type Made = CasePoints & {
  readonly start: Float64Array;
  /** How far centroids wander; by default over the range of the start. */
  readonly spread?: number;
};

type Make = (n: number, d: number, k: number, seed: number) => Made;

const DATA: Record<string, Make> = {
  blobs(n, d, k, seed) {
    const [u, z] = [uniforms(seed), normals(seed + 1)];
    const start = Float64Array.from({ length: k * d }, () => 20 * (u() - 0.5));
    return {
      n,
      d,
      start,
      data: Float32Array.from({ length: n * d }, (_, at) => start[(Math.floor(at / d) % k) * d + (at % d)] + z()),
    };
  },
  lattice(n, d, k, seed) {
    const u = uniforms(seed);
    return {
      n,
      d,
      start: Float64Array.from({ length: k * d }, () => Math.floor(8 * u())),
      data: Float32Array.from({ length: n * d }, () => Math.floor(8 * u())),
    };
  },
  bisectors(n, d, k, seed) {
    const u = uniforms(seed);
    const start = Float64Array.from({ length: k * d }, () => Math.fround(u() - 0.5));
    const data = new Float32Array(n * d);
    for (let i = 0; i < n; i++) {
      const a = Math.floor(k * u());
      const b = Math.floor(k * u());
      for (let j = 0; j < d; j++) data[i * d + j] = (start[a * d + j] + start[b * d + j]) / 2;
    }
    return { n, d, start, data };
  },
  ulps(n, d, k, seed) {
    const u = uniforms(seed);
    const data = Float32Array.from({ length: n * d }, () => 1 + 2 ** -23 * Math.floor(6 * u()));
    return { n, d, data, start: Float64Array.from({ length: k * d }, () => 1 + 2 ** -23 * 6 * u()) };
  },
  outliers(n, d, k, seed) {
    const [u, z] = [uniforms(seed), normals(seed + 1)];
    const start = Float64Array.from({ length: k * d }, () => 4 * z());
    const data = Float32Array.from({ length: n * d }, () => 4 * z());
    for (let j = 0; j < d; j++) data[Math.floor(n * u()) * d + j] = 1e6;
    return { n, d, start, data };
  },
  'far cells'(n, d, k, seed) {
    const [u, z] = [uniforms(seed), normals(seed + 1)];
    const far = [-9999, 1e6, 1e10, 2 ** 31, 2 ** 62, -(2 ** 100), 2 ** 126];
    const data = Float32Array.from({ length: n * d }, () => z());
    const start = Float64Array.from({ length: k * d }, () => z());
    for (const value of far) {
      const i = Math.floor(n * u());
      const j = Math.floor(d * u());
      data[i * d + j] = value;
      // Some of them have a centroid of their own.
      const c = Math.floor(2 * k * u());
      if (c < k) start[c * d + j] = value;
    }
    return { n, d, start, data, spread: 4 };
  },
  distant(n, d, k, seed) {
    const [u, z] = [uniforms(seed), normals(seed + 1)];
    const start = Float64Array.from({ length: k * d }, (_, at) => (Math.floor(at / d) % 2 ? 1e4 : -1e4) + u());
    return {
      n,
      d,
      start,
      data: Float32Array.from({ length: n * d }, (_, at) => (Math.floor(at / d) % 2 ? 1e4 : -1e4) + z()),
    };
  },
  tiny(n, d, k, seed) {
    const u = uniforms(seed);
    return {
      n,
      d,
      start: Float64Array.from({ length: k * d }, () => 1e-19 * u()),
      data: Float32Array.from({ length: n * d }, () => 1e-19 * u()),
    };
  },
  scales(n, d, k, seed) {
    const u = uniforms(seed);
    const at = () => (u() - 0.5) * 10 ** (30 * u() - 18);
    return { n, d, start: Float64Array.from({ length: k * d }, at), data: Float32Array.from({ length: n * d }, at) };
  },
  duplicates(n, d, k, seed) {
    const u = uniforms(seed);
    const few = Float32Array.from({ length: 20 * d }, () => u());
    const data = Float32Array.from({ length: n * d }, (_, at) => few[(Math.floor(at / d) % 20) * d + (at % d)]);
    return {
      n,
      d,
      data,
      start: Float64Array.from({ length: k * d }, (_, at) => few[(Math.floor(at / d) % 20) * d + (at % d)]),
    };
  },
};

function rangeOf(values: Float64Array): number {
  return values.reduce((a, b) => Math.max(a, b)) - values.reduce((a, b) => Math.min(a, b));
}

type Move = (d: number, seed: number, spread: number) => (before: Float64Array, step: number) => Float64Array;

const MOVES: Record<string, Move> = {
  drift(_d, seed, spread) {
    const z = normals(seed);
    return (before) => before.map((value) => value + 1e-4 * spread * z());
  },
  'tiny drift'(_d, seed, spread) {
    const z = normals(seed);
    return (before) => before.map((value) => value + 1e-8 * spread * z());
  },
  'one at a time'(d, seed, spread) {
    const u = uniforms(seed);
    return (before) => {
      const c = Math.floor((before.length / d) * u());
      return before.map((value, at) => (Math.floor(at / d) === c ? value + spread * (u() - 0.5) : value));
    };
  },
  'swaps and rests'(d, seed) {
    const u = uniforms(seed);
    return (before, step) => {
      if (step % 3 !== 2) return before.slice();
      const k = before.length / d;
      const [a, b] = [Math.floor(k * u()), Math.floor(k * u())];
      const after = before.slice();
      after.set(before.subarray(a * d, (a + 1) * d), b * d);
      after.set(before.subarray(b * d, (b + 1) * d), a * d);
      return after;
    };
  },
  'onto one another'(d, seed) {
    const u = uniforms(seed);
    return (before) => {
      const k = before.length / d;
      const [a, b] = [Math.floor(k * u()), Math.floor(k * u())];
      const after = before.slice();
      after.set(before.subarray(a * d, (a + 1) * d), b * d);
      return after;
    };
  },
  'away and back'(_d, _seed, spread) {
    return (before, step) => before.map((value, at) => value + (step % 2 ? -1 : 1) * 1e-3 * spread * ((at % 7) - 3));
  },
};

const cases = Object.keys(DATA).flatMap((data) => Object.keys(MOVES).map((move) => [data, move] as const));

// Each move is among every eleventh, and six of ten kinds of points.
it.each(shareOf(cases, 11))('%s, %s: labels are those of the float64 distances', async (data, move) => {
  for (const seed of seeds) {
    for (const [n, d, k] of SHAPES) {
      const points = DATA[data](n, d, k, 31 * seed + n);
      const { spread = rangeOf(points.start) } = points;
      try {
        await expectSame(points, k, 12, MOVES[move](d, seed + 7, spread), points.start);
      } catch (error) {
        throw new Error(`${data}, ${move}, n = ${n}, d = ${d}, k = ${k}, seed ${seed}: ${(error as Error).message}`);
      }
    }
  }
});

it.each([
  ['float32', 515, 3, 40],
  ['16-bit integers', 300, 33, 64],
  ['bytes', 203, 130, 33],
] as const)('rows beside which centroids are nothing, scanned as %s', async (_, n, d, k) => {
  const [u, z] = [uniforms(3), normals(4)];
  const lengths = Float64Array.from({ length: n }, () => 2 ** (70 * u() - 5));
  const data = Float32Array.from({ length: n * d }, (_, at) => lengths[Math.floor(at / d)] * z());
  const start = Float64Array.from({ length: k * d }, () => z());
  await expectSame({ n, d, data }, k, 3, MOVES['away and back'](d, 1, 4), start);
});
