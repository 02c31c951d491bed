/** The choice of k for k-means. */
import {
  calinskiHarabaszScore,
  daviesBouldinScore,
  destroyDefaultEngines,
  KMeansModel,
  type KMeansSelectionRow,
  type SelectionProgress,
  selectModel,
  silhouetteScore,
} from '../../../src/index.ts';
import { goldenBlobs } from '../../golden/golden.ts';
import stored from '../../golden/scores.json';
import { atMost, type ConformanceCase, check, equal, reasonOf, rejects, withEngine } from '../case.ts';
import { asInput, checkModel, upload } from './bounds.ts';
import { blobs } from './data.ts';
import { COPY_SRC, checkAlive, lend, STORAGE, withLentDevice } from './devices.ts';
import { sameModels } from './seeding.ts';

const golden = stored.sets.at(-1)!;
const k = [2, 3, 4, 5, 6, 7];
const CRITERIA = ['silhouette', 'calinski-harabasz', 'davies-bouldin', 'bic'] as const;
const kmeans = { model: 'kmeans' } as const;

function near(actual: number | null, expected: number, bound: number, what: string): void {
  check(actual !== null, `${what} is missing`);
  atMost(Math.abs(actual - expected) / Math.abs(expected), bound, what);
}

export const select: readonly ConformanceCase[] = [
  withEngine('selectModel of k-means finds the groups, by the figures of scikit-learn', async (engine, { backend }) => {
    const dataset = await upload(engine, goldenBlobs);
    const bound = backend === 'cpu' ? 1e-6 : 1e-5;
    const options = { ...kmeans, k, nInit: 4, tolerance: 0, seed: 3 };
    for (const criterion of CRITERIA) {
      const { best, table, elbow } = await selectModel(dataset, { ...options, criterion });
      equal(best.k, 4, `the best by ${criterion}`);
      equal(elbow, 4, 'elbow');
      check(best instanceof KMeansModel, 'the best is no model');
      checkModel(best, goldenBlobs, 4);
      // Beyond four clusters it depends on the starts which of several fits are found, nearly as good as each other.
      golden.scores.slice(0, 3).forEach(({ silhouette, calinskiHarabasz, daviesBouldin }, i) => {
        const row = table[i];
        const what = (figure: string) => `${figure} at k = ${row.k}, by ${criterion}`;
        equal(row.k, k[i], 'k');
        near(row.inertia, golden.inertias![i], bound, what('inertia'));
        if (criterion === 'silhouette') near(row.silhouette, silhouette, bound, what('silhouette'));
        else equal(row.silhouette, null, what('silhouette'));
        if (criterion === 'calinski-harabasz' || criterion === 'davies-bouldin') {
          near(row.calinskiHarabasz, calinskiHarabasz, bound, what('Calinski-Harabasz'));
          near(row.daviesBouldin, daviesBouldin, bound, what('Davies-Bouldin'));
        }
        equal(row.bic === null, criterion !== 'bic', what('whether there is no bic'));
      });
    }
  }),
  ...(['euclidean', 'cosine'] as const).map((metric) =>
    withEngine(`selectModel of k-means is its fits and their scores, one by one: ${metric}`, async (engine) => {
      const points = blobs({ n: 600, d: 5, groups: 4, spread: 6, seed: 611 });
      const weights = Float32Array.from({ length: 600 }, (_, i) => i % 4);
      const dataset = await upload(engine, { ...points, weights }, metric);
      const options = { k: [1, 3, 4, 6], seed: 5, init: 'random', maxIterations: 9 } as const;
      const sampling = { sampleSize: 120, seed: 5 };
      const reports: SelectionProgress<KMeansSelectionRow>[] = [];
      const onProgress = (progress: SelectionProgress<KMeansSelectionRow>) => void reports.push(progress);
      const judged = await selectModel(dataset, { ...kmeans, ...options, sampleSize: 120, onProgress });
      const dispersed = await selectModel(dataset, { ...kmeans, ...options, criterion: 'davies-bouldin' });
      equal(reports.length, 4, 'reports');
      for (const [i, count] of options.k.entries()) {
        const model = await engine.kmeans(dataset, { ...options, k: count });
        const { inertia, iterations, converged, labels } = model;
        for (const { table, best } of [judged, dispersed]) {
          const row = table[i];
          equal(row.k, count, 'k');
          equal(row.inertia, inertia, 'inertia');
          equal(row.iterations, iterations, 'iterations');
          equal(row.converged, converged, 'converged');
          equal(row.bic, null, 'bic');
          if (best.k === count) sameModels(model, best);
        }
        equal(reports[i].row, judged.table[i], `row ${i}`);
        equal(`${reports[i].done} of ${reports[i].total}`, `${i + 1} of 4`, 'progress');
        const { calinskiHarabasz, daviesBouldin } = dispersed.table[i];
        const { silhouette } = judged.table[i];
        equal(silhouette, count === 1 ? null : await silhouetteScore(dataset, labels, sampling), 'silhouette');
        equal(calinskiHarabasz, count === 1 ? null : await calinskiHarabaszScore(dataset, labels), 'Calinski-Harabasz');
        equal(daviesBouldin, count === 1 ? null : await daviesBouldinScore(dataset, labels), 'Davies-Bouldin');
      }
    }),
  ),
  withEngine('selectModel of k-means: the bic is that of the model', async (engine) => {
    const points = blobs({ n: 300, d: 2, groups: 3, spread: 20, seed: 613 });
    const dataset = await upload(engine, points);
    const { best, table } = await selectModel(dataset, { ...kmeans, k: [1, 2, 3], nInit: 4, criterion: 'bic' });
    equal(best.k, 3, 'the best');
    equal(table[2].bic, await best.bic(dataset), 'bic');
    check(
      table.every(({ bic }) => bic !== null && bic >= table[2].bic!),
      'the best is not the least',
    );
  }),
  withEngine('selectModel of k-means: aborts and errors', async (engine) => {
    const dataset = await upload(engine, goldenBlobs);
    const reason = new Error('enough');
    const controller = new AbortController();
    let reports = 0;
    const onProgress = () => {
      if (++reports === 2) controller.abort(reason);
    };
    const aborted = selectModel(dataset, { ...kmeans, k, onProgress, signal: controller.signal });
    equal(await reasonOf(aborted, 'an aborted selection'), reason, 'reason');
    equal(reports, 2, 'reports');
    const failing = selectModel(dataset, { ...kmeans, k, onProgress: () => Promise.reject(reason) });
    equal(await reasonOf(failing, 'a selection whose callback rejects'), reason, 'error');
    const directed = await upload(engine, goldenBlobs, 'cosine');
    reports = 0;
    const undefinedBic = selectModel(directed, { ...kmeans, k, criterion: 'bic', onProgress });
    await rejects(undefinedBic, TypeError, /^criterion 'bic' .*cosine/, 'the bic of cosines');
    equal(reports, 0, 'fits before that error');
  }),
  withLentDevice('selectModel of k-means reads a borrowed buffer, and leaves it alone', async ({ device, engine }) => {
    const lent = lend(device, goldenBlobs, 256, STORAGE | COPY_SRC);
    const options = { ...kmeans, k: [3, 4, 5], seed: 2, nInit: 4 } as const;
    const { best, table, elbow } = await selectModel(lent, { ...options, device, backend: 'webgpu' });
    equal(best.backend, 'webgpu', 'backend');
    const copied = await selectModel(await engine.upload(asInput(goldenBlobs)), options);
    equal(best.k, copied.best.k, 'k');
    equal(elbow, copied.elbow, 'elbow');
    table.forEach(({ silhouette }, i) => {
      near(silhouette, copied.table[i].silhouette!, 1e-5, `silhouette ${i}`);
    });
    await destroyDefaultEngines();
    await checkAlive(device, lent, goldenBlobs);
    lent.buffer.destroy();
  }),
];
