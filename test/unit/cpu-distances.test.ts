/** Distances summed by clusters: right to float64's digits however close rows are, the same on any number of threads. */
import { expect, it } from 'vitest';
import { createCpuEngine } from '../../src/cpu/engine.ts';
import type { EngineDataset } from '../../src/engine/contract.ts';
import { uniforms } from '../conformance/cases/data.ts';
import { asTheyAre, type Values } from './cpu-points.ts';

type Sums = Float64Array;

async function sumsOf(
  dataset: EngineDataset,
  { others, labels, k, isRoot }: { others: Float64Array; labels: Uint32Array; k: number; isRoot: boolean },
): Promise<Sums> {
  const opened = await dataset.clusterDistances!(labels, k, isRoot);
  try {
    // Twice: what the first call leaves is no part of the second.
    await opened.sums(others.subarray(0, dataset.d));
    return await opened.sums(others);
  } finally {
    opened.close();
  }
}

/** Term by term. */
function expected({ data, n, d }: Values, others: Float64Array, labels: Uint32Array, k: number, isRoot: boolean): Sums {
  const m = others.length / d;
  const sums = new Float64Array(m * k);
  for (let i = 0; i < n; i++) {
    for (let other = 0; other < m; other++) {
      let square = 0;
      for (let j = 0; j < d; j++) square += (data[i * d + j] - others[other * d + j]) ** 2;
      sums[other * k + labels[i]] += isRoot ? Math.sqrt(square) : square;
    }
  }
  return sums;
}

function expectNear(given: Sums, wanted: Sums): void {
  expect(given.length).toBe(wanted.length);
  given.forEach((sum, at) => {
    expect(Math.abs(sum - wanted[at]), `sum ${at}`).toBeLessThanOrEqual(1e-11 * wanted[at]);
  });
}

/** Rows whose distances are a 2^-closeness-th of their lengths. */
function rowsOf(n: number, d: number, closeness: number, precise: boolean): Values {
  const uniform = uniforms(n + d + closeness);
  const data = Array.from({ length: n * d }, () => 1 + 2 ** -closeness * (uniform() - 0.5));
  return { data: precise ? Float64Array.from(data) : Float32Array.from(data), n, d };
}

const shapes: readonly (readonly [n: number, d: number, k: number, m: number])[] = [
  [1, 1, 1, 1],
  [5, 2, 2, 5],
  [513, 3, 3, 7],
  [1203, 17, 5, 6],
  [70, 384, 2, 70],
  [9, 4097, 2, 4],
];

it.each(shapes)('%i rows of %i features in %i clusters, %i others', async (n, d, k, m) => {
  const uniform = uniforms(k);
  const labels = Uint32Array.from({ length: n }, () => Math.floor(k * uniform()));
  for (const precise of [false, true]) {
    for (const closeness of [0, 3, 8, 20]) {
      const values = rowsOf(n, d, closeness, precise);
      const others = Float64Array.from({ length: m * d }, (_, at) => values.data[(at * 7) % (n * d)]);
      for (const isRoot of [true, false]) {
        const wanted = expected(values, others, labels, k, isRoot);
        for (const simd of [true, false]) {
          const dataset = await createCpuEngine({ threads: 1, simd }).upload(asTheyAre(values, precise));
          expectNear(await sumsOf(dataset, { others, labels, k, isRoot }), wanted);
          dataset.destroy();
        }
      }
    }
  }
});

it('a row has no distance to itself', async () => {
  const values = rowsOf(50, 33, 0, true);
  const dataset = await createCpuEngine({ threads: 1 }).upload(asTheyAre(values, true));
  const labels = Uint32Array.from({ length: 50 }, (_, i) => i);
  const others = Float64Array.from(values.data);
  const sums = await sumsOf(dataset, { others, labels, k: 50, isRoot: true });
  for (let i = 0; i < 50; i++) expect(sums[i * 50 + i]).toBe(0);
});

it('has the same bits on one, two and five threads, whoever shares memory', async () => {
  const [n, d, k] = [6001, 5, 4];
  const values = rowsOf(n, d, 1, false);
  const labels = Uint32Array.from({ length: n }, (_, i) => i % k);
  const others = Float64Array.from(values.data.subarray(0, 10 * d));
  const all: Sums[] = [];
  for (const threads of [1, 2, 5]) {
    for (const shared of [true, false]) {
      const engine = createCpuEngine({ threads, shared, valuesOfThread: 1 });
      const dataset = await engine.upload(asTheyAre(values));
      all.push(await sumsOf(dataset, { others, labels, k, isRoot: true }));
      await engine.destroy();
    }
  }
  for (const sums of all) expect(sums).toEqual(all[0]);
  expect(all[0].every((sum) => sum > 0)).toBe(true);
});

it('rejects once the points are gone', async () => {
  const dataset = await createCpuEngine({ threads: 1 }).upload(asTheyAre(rowsOf(8, 2, 0, false)));
  const opened = await dataset.clusterDistances!(new Uint32Array(8), 1, true);
  dataset.destroy();
  await expect((async () => opened.sums(Float64Array.of(1, 2)))()).rejects.toThrow('the dataset was destroyed');
});
