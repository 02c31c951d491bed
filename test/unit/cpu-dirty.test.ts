/** Far values, tiny ones and float64 ones: exact sums, labels of the float64 scores, draws by the squared distances. */

import { afterAll, describe, expect, it } from 'vitest';
import { type CpuEngineOptions, createCpuEngine } from '../../src/cpu/engine.ts';
import { SLICE_ROWS } from '../../src/cpu/plan.ts';
import { squaredDistance } from '../../src/cpu/shard.ts';
import { createSyncCpuEngine } from '../../src/cpu/sync-engine.ts';
import type { DistanceField, EngineDataset, KMeansWorkspace } from '../../src/engine/contract.ts';
import { KMeansModel } from '../../src/index.ts';
import { type Assignment, assignment } from '../../src/kmeans/assign.ts';
import { runAsync, runNow } from '../../src/steps.ts';
import { kmeansSync } from '../../src/sync.ts';
import { normals, uniforms } from '../conformance/cases/data.ts';
import { asTheyAre } from './cpu-points.ts';

type Choice = Pick<CpuEngineOptions, 'threads' | 'simd' | 'shared'>;

const CHOICES: readonly Choice[] = [
  { threads: 1 },
  { threads: 1, simd: false },
  { threads: 2, shared: false, simd: false },
  { threads: 5 },
];
const engines = CHOICES.map((choice) => ({
  name: JSON.stringify(choice),
  engine: createCpuEngine({ valuesOfThread: 1, ...choice }),
}));

afterAll(() => Promise.all(engines.map(({ engine }) => engine.destroy())));

const simd = createSyncCpuEngine();
const plain = createSyncCpuEngine(false);

describe('sums', () => {
  const HUGE = Math.fround(2 ** 126);

  /** Columns as people have them, and worse. */
  const COLUMNS: readonly ((u: () => number) => number)[] = [
    (u) => u() - 0.5,
    (u) => (u() - 0.5) * 10 ** (60 * u() - 30),
    (u) => (u() < 0.01 ? -9999 : u()),
    (u) => (u() < 0.3 ? 2 ** -149 * Math.floor(100 * u()) : 0.25 * u()),
    (u) => (u() < 0.01 ? (u() < 0.5 ? HUGE : -HUGE) : u()),
    (u) => (u() < 0.002 ? 1e15 : Math.floor(10 * u())),
    (u) => (u() < 0.5 ? 0 : -0),
  ];

  const WEIGHTS: Record<string, ((u: number, v: number) => number) | null> = {
    none: null,
    'whole numbers': (u) => Math.floor(3 * u),
    'zero, tiny or one': (u, v) => (u < 0.3 ? 0 : u < 0.6 ? 2 ** -140 * (1 + v) : 1),
    'from 1e-30 to 1e30': (u) => 10 ** (60 * u - 30),
    'denormal beside large': (u, v) => (u < 0.5 ? 2 ** -149 * Math.ceil(9 * v) : 1e30),
  };

  it.each(Object.keys(WEIGHTS))('are those of exact addition, rounded once: weights %s', async (weights) => {
    const [n, k, d] = [4 * SLICE_ROWS + 3, 5, COLUMNS.length];
    const u = uniforms(12);
    const weight = WEIGHTS[weights];
    const data = Float32Array.from({ length: n * d }, (_, at) => COLUMNS[at % d](u));
    const points = asTheyAre({
      ...{ data, n, d },
      ...(weight !== null && { weights: Float32Array.from({ length: n }, () => weight(u(), u())) }),
    });
    // Labels that change, so that rows are taken away again.
    const steps = [1, 2].map(() => Float64Array.from({ length: k * d }, (_, at) => (at % d === 0 ? u() - 0.5 : 0)));
    let expected: ReturnType<typeof exactSums> | null = null;
    for (const { name, engine } of engines) {
      const dataset = await engine.upload(points);
      const workspace = await dataset.kmeans(k);
      let found!: Assignment;
      for (const centroids of steps) found = await runAsync(assignment(workspace, centroids));
      expected ??= exactSums(data, points.weights, found.labels, k, d);
      expect(found.counts, name).toEqual(expected.counts);
      expect(found.sums, name).toEqual(expected.sums);
      workspace.close();
      dataset.destroy();
    }
  });

  /** By integers without limits: in units of 2^-298, which divides every product of two float32. */
  function exactSums(
    data: Float32Array,
    weights: Float32Array | null,
    labels: Uint32Array,
    k: number,
    d: number,
  ): Pick<Assignment, 'labels' | 'counts' | 'sums'> {
    const exact = Array.from({ length: k * (d + 1) }, () => 0n);
    const add = (at: number, value: number) => {
      exact[at] += BigInt(value * 2 ** 298);
    };
    labels.forEach((label, i) => {
      const weight = weights === null ? 1 : weights[i];
      for (let j = 0; j < d; j++) add(label * (d + 1) + j, weight * data[i * d + j]);
      add(label * (d + 1) + d, weight);
    });
    const values = exact.map((sum) => Number(sum) * 2 ** -298);
    return {
      labels,
      counts: Float64Array.from({ length: k }, (_, c) => values[c * (d + 1) + d]),
      sums: Float64Array.from({ length: k * d }, (_, at) => values[Math.floor(at / d) * (d + 1) + (at % d)]),
    };
  }

  it.each([
    [12_000, 1e13],
    [12_000, 1e14],
    [12_000, 1e30],
    [600_000, 1e12],
  ])('of %i values near 0 are not lost to one of %d', (n, far) => {
    const data = Float64Array.from({ length: n }, (_, i) => (i % 3) * 0.25 + (0.02 * ((i * 7919) % 1009)) / 1009);
    data[7] = far;
    for (const weights of [undefined, new Float32Array(n).fill(1)]) {
      const { labels, centroids } = kmeansSync(
        { data, shape: [n, 1] },
        { k: 4, init: [[0], [0.25], [0.5], [far]], maxIterations: 20, ...(weights && { sampleWeight: weights }) },
      );
      expect(labels.findIndex((label, i) => label !== (i === 7 ? 3 : i % 3))).toBe(-1);
      for (const [c, centroid] of [0.01, 0.26, 0.51].entries()) expect(centroids[c]).toBeCloseTo(centroid, 4);
    }
  });
});

describe('labels', () => {
  /** Those of the least float64 distances, term by term. */
  function nearest(data: Float32Array, d: number, centroids: Float64Array): Uint32Array {
    return Uint32Array.from({ length: data.length / d }, (_, i) => {
      let least = Infinity;
      let label = 0;
      for (let c = 0; c < centroids.length / d; c++) {
        const distance = squaredDistance(data, i * d, centroids, c * d, d);
        if (distance < least) {
          least = distance;
          label = c;
        }
      }
      return label;
    });
  }

  /** Of the second, with the bounds of the first. */
  function expectNearest(data: Float32Array, d: number, steps: readonly Float64Array[]): void {
    const n = data.length / d;
    const dataset = simd.upload(asTheyAre({ data, n, d })) as EngineDataset;
    const workspace = dataset.kmeans(steps[0].length / d) as KMeansWorkspace;
    for (const [step, centroids] of steps.entries()) {
      const { labels } = runNow(assignment(workspace, centroids));
      const expected = nearest(data, d, centroids);
      const wrong = labels.reduce((count, label, i) => count + (label === expected[i] ? 0 : 1), 0);
      expect(wrong, `step ${step}`).toBe(0);
    }
    workspace.close();
    dataset.destroy();
  }

  // Float32 knows the scores of centroids near 0 to their last digit, and that of one at 2x to ‖x‖²·2^-22.
  it.each([
    [2, 3, null],
    [2, 3, 1e10],
    [3, 64, 1e10],
    [8, 16, null],
    [8, 16, 1e10],
    [33, 9, 2 ** 126],
  ])('d = %i, k = %i: best and second best near 0, a third centroid at 2x, a cell of %d', (d, k, far) => {
    const n = k === 3 ? 200_000 : 20_000;
    const [u, z] = [uniforms(d + k), normals(k)];
    const x = Float64Array.from({ length: d }, () => 0.5 + u());
    const data = Float32Array.from({ length: n * d }, (_, at) => x[at % d] * (1 + 1e-7 * z()));
    if (far !== null) data[7 * d] = far;
    const start = Float64Array.from({ length: k * d }, (_, at) => {
      const c = Math.floor(at / d);
      return c < 2 ? 1e-7 * z() : c === 2 ? 2 * x[at % d] : -5 * (1 + u());
    });
    const moved = (by: number) => start.map((value) => value * (1 + by * z()));
    expectNearest(data, d, [start, start, start, moved(1e-9), moved(1e-8), moved(1e-7)]);
  });

  // The second nearest of all is one that integers leave out beside a farther one, or float32 beyond 2^60: it comes nearer.
  it.each([
    [8, 1],
    [3, 2 ** 59],
  ])('d = %i, lengths about %d: bounds know of centroids that a scan leaves out', (d, length) => {
    const k = 24;
    const z = normals(d);
    const data = Float32Array.from({ length: 2000 * d }, (_, at) => length * ((at % d === 0 ? 0.95 : 0) + 1e-3 * z()));
    const centroids = (far: number) =>
      Float64Array.from({ length: k * d }, (_, at) => {
        const [c, j] = [Math.floor(at / d), at % d];
        if (c === 0) return length * [0.95, 0, 1.5, 0][Math.min(j, 3)];
        if (c === 1) return length * (j === 0 ? far : 0);
        if (c === 2) return length * (j === 1 ? 100 : 0);
        return length * (j === 0 ? -1.95 : 1e-3 * c);
      });
    expectNearest(data, d, [3, 3, 3, 3, 2.4, 2.3].map(centroids));
  });
});

describe('rows in float64', () => {
  /** Pairs of groups 1e-9 apart, far from where rows are shifted to. */
  function crowded(n: number, d: number) {
    const u = uniforms(31);
    const centres = Float64Array.from(
      { length: 6 * d },
      (_, at) => Math.floor(at / (2 * d)) + (at % d) + (Math.floor(at / d) % 2) * 1e-9,
    );
    const data = Float64Array.from(
      { length: n * d },
      (_, at) => centres[(Math.floor(at / d) % 6) * d + (at % d)] + 1e-10 * (u() - 0.5),
    );
    return { centres, data };
  }

  it('are told apart by what float32 and the expanded scores lose, on any engine', async () => {
    const [n, d] = [2 * SLICE_ROWS + 5, 3];
    const { centres, data } = crowded(n, d);
    for (const weights of [undefined, Float32Array.from({ length: n }, (_, i) => 0.1 + (i % 7) / 3)]) {
      const results: Omit<Assignment, 'exact'>[] = [];
      for (const { engine } of engines) {
        const dataset = await engine.upload(asTheyAre({ data, n, d, ...(weights && { weights }) }, true));
        const workspace = await dataset.kmeans(6);
        // How many shards there are shows in what sums are rounded from.
        const { exact: _, ...found } = await runAsync(assignment(workspace, centres));
        expect(found.labels.findIndex((label, i) => label !== i % 6)).toBe(-1);
        results.push(found);
        const nearest = await dataset.nearestDistances(centres);
        const all = await dataset.allDistances(centres, 2, n);
        const gathered = await dataset.gather(Uint32Array.of(n - 1, 4));
        expect(nearest).toBeInstanceOf(Float64Array);
        expect(Array.from(all.slice(0, 6))).toContain(nearest[2]);
        expect(gathered).toEqual(Float64Array.from([...data.slice((n - 1) * d), ...data.slice(4 * d, 5 * d)]));
        workspace.close();
        dataset.destroy();
      }
      for (const other of results) expect(other).toEqual(results[0]);
      // Exactly, too: products of a float64 and a weight have 77 bits.
      const column = (value: number) => BigInt(value * 2 ** 300);
      const exact = results[0].labels.reduce((sum, label, i) => {
        const product = column(data[i * d]) * column(weights?.[i] ?? 1);
        return label === 3 ? sum + product : sum;
      }, 0n);
      expect(results[0].sums[3 * d]).toBe(Number(exact >> 300n) * 2 ** -300);
    }
  });

  it('are seeded and transformed like others', async () => {
    const [n, d] = [2 * SLICE_ROWS, 2];
    const { data } = crowded(n, d);
    const doubled = data.map((value) => 2 * value);
    for (const { engine } of engines) {
      const dataset = await engine.upload(asTheyAre({ data, n, d }, true));
      const draws = Float32Array.from({ length: 6 * 2 * 2 }, uniforms(3));
      const chosen = await dataset.plusPlus(6, 2, draws);
      expect(new Set(Array.from(chosen, (i) => i % 6)).size).toBe(6);
      const field = await dataset.distanceField();
      const total = await field.extend(await dataset.gather(chosen));
      expect(total).toBeGreaterThan(0);
      expect(total).toBeLessThan(n * d * 1e-20);
      await field.destroy();
      const transformed = await dataset.transformed(Float64Array.of(2, 2), Float64Array.of(1, 1));
      const every = Uint32Array.from({ length: n }, (_, i) => i);
      expect(await transformed.gather(every)).toEqual(doubled);
      transformed.destroy();
      dataset.destroy();
    }
  });
});

describe('draws', () => {
  const n = 3 * SLICE_ROWS + 100;
  const d = 3;

  /** A bulk near 0, and some rows elsewhere. */
  function dirty(far: readonly number[]): Float32Array<ArrayBuffer> {
    const u = uniforms(41);
    const data = Float32Array.from({ length: n * d }, () => u());
    far.forEach((value, i) => {
      data[(100 * i + 1) * d + (i % d)] = value;
    });
    return data;
  }

  it.each([
    ['simd', simd],
    ['plain', plain],
  ] as const)('by %s take rows beyond float32 squares first, then the others', async (_, engine) => {
    const data = dirty([2 ** 126, -(2 ** 125), 1e25, 1e12]);
    const dataset = engine.upload(asTheyAre({ data, n, d })) as EngineDataset;
    for (const candidates of [1, 3, 4]) {
      const k = 12;
      const draws = Float32Array.from({ length: k * candidates * 2 }, uniforms(5 + candidates));
      const chosen = Array.from((await dataset.plusPlus(k, candidates, draws)) as Uint32Array);
      expect(new Set(chosen).size).toBe(k);
      const first = chosen.slice(0, 6);
      for (const far of [1, 101, 201, 301]) expect(first).toContain(far);
    }
    const field = (await dataset.distanceField()) as DistanceField;
    const total = (await field.extend(new Float64Array(d))) as number;
    expect(Number.isFinite(total)).toBe(true);
    const sampled = Array.from((await field.sample(4 / total, 3)) as Uint32Array);
    for (const far of [1, 101, 201]) expect(sampled).toContain(far);
    expect(sampled.length).toBeLessThan(5);
    // Folded in, they have no share any more.
    const rest = (await field.extend(
      Float64Array.from([1, 101, 201, 301].flatMap((i) => Array.from(data.subarray(i * d, (i + 1) * d)))),
    )) as number;
    expect(rest).toBeLessThan(n * d);
    await field.destroy();
    dataset.destroy();
  });

  it('know nothing of rows of weight 0', async () => {
    const clean = dirty([]);
    const masked = dirty([2 ** 126, 1e20]);
    const weights = new Float32Array(n).fill(1);
    weights[1] = weights[101] = 0;
    const draws = Float32Array.from({ length: 8 * 3 * 2 }, uniforms(9));
    const chosen = [clean, masked].map((data) => {
      const dataset = simd.upload(asTheyAre({ data, n, d, weights })) as EngineDataset;
      return dataset.plusPlus(8, 3, draws);
    });
    expect(chosen[1]).toEqual(chosen[0]);
  });
});

describe('what float64 or float32 has no number for', () => {
  it('products with weights that vanish are nothing', () => {
    const tiny = [[1e-320], [2e-320], [3e-320], [0]];
    const model = kmeansSync(tiny, { k: 1, sampleWeight: new Float32Array(4).fill(1e-10) });
    expect(model.centroids[0]).toBeLessThan(1e-300);
    expect(model.centroids[0]).toBeGreaterThanOrEqual(0);
  });

  it('a start so far out that float32 has no number for it stays where it is', () => {
    const rows = Array.from({ length: 40 }, () => [1e-36]);
    const model = kmeansSync(rows, { k: 3, init: [[0], [1000], [2000]], maxIterations: 1 });
    expect(model.centroids.every(Number.isFinite)).toBe(true);
    expect(KMeansModel.fromJSON(JSON.parse(JSON.stringify(model))).centroids).toEqual(model.centroids);
  });
});
