import { outOfFrame } from '../../../src/frame.ts';
import type { Dataset, KMeansModel } from '../../../src/index.ts';
import { seedCentroids } from '../../../src/kmeans/seeding.ts';
import { Random } from '../../../src/random.ts';
import { runAsync } from '../../../src/steps.ts';
import { assign, inertiaOf, referenceKMeans } from '../../reference/kmeans.ts';
import { atMost, type ConformanceCase, check, equal, sameValues, withEngine } from '../case.ts';
import { asInput, checkModel, upload } from './bounds.ts';
import { blobs, type CasePoints, lattice, mapped, permutation, spacedRows } from './data.ts';

const inits = ['k-means++', 'k-means||', 'random'] as const;
type Init = (typeof inits)[number];

/** The centroids that a fit would start from, in the points' coordinates: [k, d]. */
function seeds(dataset: Dataset, k: number, init: Init, seed: number): Promise<Float64Array> {
  return dataset.use(undefined, async (home) => {
    const centroids = await runAsync(seedCentroids(home.dataset, k, init, new Random(seed)));
    return outOfFrame(centroids, home.dataset.frame);
  });
}

/** Index of the row that each centroid is; they are distinct. */
function rowsOf({ data, n, d }: CasePoints, centroids: Float64Array): number[] {
  const indices = new Map(Array.from({ length: n }, (_, i) => [data.subarray(i * d, (i + 1) * d).join(), i]));
  return Array.from({ length: centroids.length / d }, (_, c) => {
    const index = indices.get(centroids.subarray(c * d, (c + 1) * d).join());
    check(index !== undefined, `centroid ${c} is no row`);
    return index;
  });
}

/** Groups of standard deviation 1, side × side of them, 1000 apart. */
function farGroups(side: number, each: number): CasePoints {
  const centres = lattice(side, 2);
  const noise = blobs({ n: centres.n * each, d: 2, groups: 1, spread: 0, seed: 91 });
  const data = noise.data.map(
    (value, at) => value + 1024 * centres.data[(Math.floor(at / 2) % centres.n) * 2 + (at % 2)],
  );
  return { data: Float32Array.from(data), n: noise.n, d: 2 };
}

export function sameModels(a: KMeansModel, b: KMeansModel): void {
  sameValues(a.centroids, b.centroids, 'centroids');
  sameValues(a.labels, b.labels, 'labels');
  sameValues(a.counts, b.counts, 'counts');
  equal(a.inertia, b.inertia, 'inertia');
  equal(a.iterations, b.iterations, 'iterations');
}

export const seeding: readonly ConformanceCase[] = [
  ...inits.flatMap((init) => [
    withEngine(`${init}: the same seed, the same bits`, async (engine) => {
      const points = blobs({ n: 4999, d: 5, seed: 93 });
      const dataset = await upload(engine, points);
      for (const k of [1, 17]) {
        const options = { k, init, seed: 7, maxIterations: 5 };
        const first = await engine.kmeans(dataset, options);
        checkModel(first, points, k);
        sameModels(first, await engine.kmeans(dataset, options));
        sameModels(first, await engine.kmeans(await upload(engine, points), options));
        const others = await Promise.all([8, 9, 2 ** 32 + 7].map((seed) => seeds(dataset, k, init, seed)));
        const own = (await seeds(dataset, k, init, 7)).join();
        check(
          others.every((other) => other.join() !== own),
          `another seed gave the same centroids, k = ${k}`,
        );
      }
    }),
    withEngine(`${init} takes distinct rows`, async (engine) => {
      const points = mapped(blobs({ n: 1001, d: 3, offset: 100, seed: 95 }), Math.fround);
      const dataset = await upload(engine, points);
      for (const k of [1, 2, 65, 257]) {
        const rows = rowsOf(points, await seeds(dataset, k, init, 3));
        equal(new Set(rows).size, k, 'distinct rows');
      }
    }),
    withEngine(`${init} takes every row where there are k`, async (engine) => {
      for (const n of [1, 2, 63, 257]) {
        const points = blobs({ n, d: 3, seed: 97 });
        const model = await engine.kmeans(await upload(engine, points), { k: n, init });
        checkModel(model, points, n);
        equal(new Set(model.labels).size, n, 'clusters');
        sameValues(model.counts, new Float64Array(n).fill(1), 'counts');
      }
    }),
    withEngine(`${init} draws no row of weight zero`, async (engine) => {
      const weights = Float32Array.from({ length: 4999 }, (_, i) => (i % 250 === 17 ? 2 : 0));
      const points = { ...blobs({ n: 4999, d: 3, seed: 57 }), weights };
      const dataset = await upload(engine, points);
      for (const k of [1, 8, 20]) {
        const rows = rowsOf(points, await seeds(dataset, k, init, k));
        equal(new Set(rows).size, k, 'distinct rows');
        for (const row of rows) equal(weights[row], 2, `weight of row ${row}`);
      }
      const model = await engine.kmeans(dataset, { k: 20, init });
      checkModel(model, points, 20);
      sameValues(model.counts, new Float64Array(20).fill(2), 'counts');
    }),
    withEngine(`${init} draws by weight`, async (engine) => {
      // One row of two, 100 times: 75 expected of the heavy one, five standard deviations are 22.
      const points: CasePoints = { data: Float32Array.of(1, 2), n: 2, d: 1, weights: Float32Array.of(1, 3) };
      const dataset = await upload(engine, points);
      let heavy = 0;
      for (let seed = 0; seed < 100; seed++) heavy += rowsOf(points, await seeds(dataset, 1, init, seed))[0];
      atMost(Math.abs(heavy - 75), 22, 'draws of the heavy row, less 75');
    }),
  ]),
  ...(['k-means++', 'k-means||'] as const).map((init) =>
    withEngine(`${init} finds every group`, async (engine) => {
      // A row a group, drawn at random, leaves twice the inertia of the means; one group missed leaves 10^4 times.
      // So many rows that k-means‖ leaves nothing to k-means++.
      const points = farGroups(5, 145);
      const dataset = await upload(engine, points);
      const means = Float64Array.from(lattice(5, 2).data, (value) => 1024 * value);
      const least = referenceKMeans(points, means).inertia;
      for (let seed = 0; seed < 5; seed++) {
        const potential = inertiaOf(points, assign(points, await seeds(dataset, 25, init, seed)));
        atMost(potential, 3 * least, `inertia of the seeds of ${seed}`);
        const { inertia } = await engine.kmeans(dataset, { k: 25, init, seed });
        atMost(inertia, least * (1 + 1e-5), `inertia from the seeds of ${seed}`);
      }
    }),
  ),
  ...inits.map((init) =>
    withEngine(`${init}: weights count by their ratios, however heavy or light`, async (engine) => {
      const points = blobs({ n: 601, d: 2, groups: 3, seed: 61 });
      const fit = async (weight: number) => {
        const weighted = { ...points, weights: new Float32Array(points.n).fill(weight) };
        return engine.kmeans(await upload(engine, weighted), { k: 3, init, seed: 1 });
      };
      const plain = await fit(1);
      for (const weight of [1e38, 1e-38]) {
        const model = await fit(weight);
        sameValues(model.labels, plain.labels, `labels, weight ${weight}`);
        atMost(Math.abs(model.inertia / Math.fround(weight) / plain.inertia - 1), 1e-6, `inertia, weight ${weight}`);
      }
    }),
  ),
  withEngine('k-means++ is greedy', async (engine) => {
    // On one group there is nothing to miss: choosing among candidates shows in the mean of the potential.
    const points = blobs({ n: 2003, d: 2, groups: 1, spread: 0, seed: 99 });
    const dataset = await upload(engine, points);
    const mean = async (init: Init) => {
      let sum = 0;
      for (let seed = 0; seed < 20; seed++)
        sum += inertiaOf(points, assign(points, await seeds(dataset, 17, init, seed)));
      return sum / 20;
    };
    const greedy = await mean('k-means++');
    const random = await mean('random');
    atMost(greedy, 0.75 * random, `mean potential of k-means++, where that of random rows is ${random}`);
  }),
  withEngine('draws do not depend on the order of magnitude', async (engine) => {
    const points = blobs({ n: 1001, d: 3, seed: 101 });
    for (const init of inits) {
      const plain = await seeds(await upload(engine, points), 8, init, 1);
      const scaled = await seeds(
        await upload(
          engine,
          mapped(points, (value) => value * 2 ** 90),
        ),
        8,
        init,
        1,
      );
      sameValues(
        scaled,
        plain.map((value) => value * 2 ** 90),
        init,
      );
    }
  }),
  withEngine('a warm start goes on where the model stopped', async (engine) => {
    const points = blobs({ n: 4097, d: 4, groups: 12, spread: 3, seed: 103 });
    const dataset = await upload(engine, points);
    const init = { data: spacedRows(points, 9), shape: [9, 4] as const };
    const whole = await engine.kmeans(dataset, { k: 9, init, maxIterations: 20, tolerance: 0 });
    const half = await engine.kmeans(dataset, { k: 9, init, maxIterations: 8, tolerance: 0 });
    const inertias: number[] = [];
    const rest = await engine.kmeans(dataset, {
      k: 9,
      init: half,
      maxIterations: 12,
      tolerance: 0,
      onIteration: ({ inertia }) => inertias.push(inertia),
    });
    checkModel(rest, points, 9);
    atMost(Math.abs(inertias[0] - half.inertia), 1e-6 * half.inertia, 'first inertia less that of the model');
    atMost(Math.abs(rest.inertia - whole.inertia), 1e-5 * whole.inertia, 'inertia less that of an uninterrupted fit');
  }),
  withEngine('a warm start from the end stays there', async (engine) => {
    const points = blobs({ n: 1001, d: 3, seed: 105 });
    const dataset = await upload(engine, points);
    const model = await engine.kmeans(dataset, { k: 5, seed: 2 });
    equal(model.converged, true, 'converged');
    const again = await engine.kmeans(dataset, { k: 5, init: model });
    equal(again.converged, true, 'converged again');
    sameValues(again.labels, model.labels, 'labels');
    atMost(again.iterations, 2, 'iterations');
  }),
  withEngine('nInit keeps the lowest inertia', async (engine) => {
    const points = farGroups(4, 31);
    const dataset = await upload(engine, points);
    const starts: number[] = [];
    const best = await engine.kmeans(dataset, {
      k: 16,
      init: 'random',
      nInit: 6,
      seed: 11,
      onIteration({ iteration, inertia }) {
        if (iteration === 1) starts.push(inertia);
        else starts[starts.length - 1] = inertia;
      },
    });
    checkModel(best, points, 16);
    equal(starts.length, 6, 'starts');
    const lowest = Math.min(...starts);
    check(Math.max(...starts) > 2 * lowest, 'the case is not fair: all starts end alike');
    atMost(best.inertia, lowest * (1 + 1e-6), 'inertia, where a start reached');
    const first = await engine.kmeans(dataset, { k: 16, init: 'random', seed: 11 });
    atMost(best.inertia, first.inertia, 'inertia, where the first start alone reached');
  }),
  withEngine('an explicit start is used once', async (engine) => {
    const points = blobs({ n: 63, d: 2, seed: 107 });
    let first = 0;
    await engine.kmeans(await upload(engine, points), {
      k: 3,
      init: asInput({ data: spacedRows(points, 3), n: 3, d: 2 }),
      nInit: 4,
      onIteration: ({ iteration }) => {
        if (iteration === 1) first++;
      },
    });
    equal(first, 1, 'starts');
  }),
  withEngine('the order of rows does not favour a row', async (engine) => {
    // The first row drawn, over many seeds, lies in each quarter about equally often: 25, five deviations are 22.
    const points: CasePoints = { data: Float32Array.from(permutation(4000, 1)), n: 4000, d: 1 };
    const dataset = await upload(engine, points);
    for (const init of ['k-means++', 'random'] as const) {
      const quarters = [0, 0, 0, 0];
      for (let seed = 0; seed < 100; seed++) {
        quarters[Math.floor(rowsOf(points, await seeds(dataset, 1, init, seed))[0] / 1000)]++;
      }
      for (const count of quarters) atMost(Math.abs(count - 25), 22, `${init}: draws of a quarter, less 25`);
    }
  }),
];
