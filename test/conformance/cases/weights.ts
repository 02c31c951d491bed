import type { KMeansModel } from '../../../src/index.ts';
import { moments } from '../../reference/kmeans.ts';
import { atMost, type ConformanceCase, equal, sameValues, withEngine } from '../case.ts';
import { checkAll, checkInertia, checkModel, upload } from './bounds.ts';
import { blobs, type CasePoints, repeated, spacedRows, uniforms, wholeNumbers } from './data.ts';

function weighted(points: CasePoints, weight: (i: number) => number): CasePoints {
  return { ...points, weights: Float32Array.from({ length: points.n }, (_, i) => weight(i)) };
}

/** The weighted fit against that of the rows repeated as often as their weight says. */
function checkSame(fit: KMeansModel, rows: KMeansModel, points: CasePoints): void {
  equal(fit.iterations, rows.iterations, 'iterations');
  sameValues(fit.counts, rows.counts, 'counts');
  atMost(Math.abs(fit.inertia - rows.inertia), 1e-6 * rows.inertia, 'difference of inertia');
  const deviations = moments(points).variance.map(Math.sqrt);
  fit.centroids.forEach((value, i) => {
    atMost(Math.abs(value - rows.centroids[i]), 1e-6 * deviations[i % points.d], `difference of centroids[${i}]`);
  });
  let at = 0;
  fit.labels.forEach((label, i) => {
    for (let copy = 0; copy < points.weights![i]; copy++)
      equal(rows.labels[at++], label, `label of row ${i}, copy ${copy}`);
  });
}

export const weights: readonly ConformanceCase[] = [
  ...[
    { what: 'normal groups', points: blobs({ n: 1001, d: 5, seed: 41 }), k: 8 },
    { what: 'whole numbers with ties', points: wholeNumbers(1001, 2, 12, 43), k: 17 },
    { what: 'many rows', points: blobs({ n: 9001, d: 3, seed: 45 }), k: 65 },
  ].map(({ what, points, k }) =>
    withEngine(`weights 0 to 3 against repeated rows: ${what}`, async (engine) => {
      const heavy = weighted(points, (i) => (i * 7) % 4);
      const rows = repeated(heavy);
      const init = { data: spacedRows(points, k), shape: [k, points.d] as const };
      for (const maxIterations of [1, 10]) {
        const fit = await engine.kmeans(await upload(engine, heavy), { k, init, maxIterations });
        checkModel(fit, heavy, k);
        checkSame(fit, await engine.kmeans(await upload(engine, rows), { k, init, maxIterations }), heavy);
      }
    }),
  ),
  withEngine('fractional weights', async (engine) => {
    const uniform = uniforms(47);
    const points = weighted(blobs({ n: 4097, d: 4, seed: 49 }), () => uniform() * 10);
    await checkAll(engine, points, spacedRows(points, 17));
  }),
  withEngine('weights from 1e-6 to 1e6', async (engine) => {
    const uniform = uniforms(51);
    const points = weighted(blobs({ n: 4097, d: 4, seed: 53 }), () => 10 ** Math.floor(13 * uniform() - 6));
    await checkAll(engine, points, spacedRows(points, 17));
  }),
  withEngine('weights of any magnitude', async (engine) => {
    const points = weighted(blobs({ n: 1001, d: 3, seed: 55 }), (i) => 1 + (i % 3));
    const init = { data: spacedRows(points, 8), shape: [8, 3] as const };
    const plain = await engine.kmeans(await upload(engine, points), { k: 8, init });
    for (const scale of [2 ** -120, 2 ** 120]) {
      const scaled = await engine.kmeans(
        await upload(
          engine,
          weighted(points, (i) => (1 + (i % 3)) * scale),
        ),
        { k: 8, init },
      );
      sameValues(scaled.labels, plain.labels, `labels at ${scale}`);
      const deviations = moments(points).variance.map(Math.sqrt);
      scaled.centroids.forEach((value, i) => {
        atMost(
          Math.abs(value - plain.centroids[i]),
          1e-6 * deviations[i % 3],
          `difference of centroids[${i}] at ${scale}`,
        );
      });
      atMost(Math.abs(scaled.inertia / scale / plain.inertia - 1), 1e-6, `inertia at ${scale}`);
    }
  }),
  withEngine('methods on weighted points', async (engine) => {
    const points = weighted(blobs({ n: 1001, d: 3, seed: 59 }), (i) => i % 3);
    const model = await engine.kmeans(await upload(engine, { ...points, weights: undefined }), { k: 4 });
    checkInertia(-(await model.score(await upload(engine, points))), points, model.centroids);
    // A row of weight zero has a label all the same.
    const labels = await model.predict(await upload(engine, points));
    sameValues(labels, model.labels, 'labels');
  }),
];
