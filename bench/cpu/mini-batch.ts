/** Mini-batches beside the full fit of the same points, whole calls, and beside scikit-learn's MiniBatchKMeans. */
import { type Dataset, type KMeansModel, miniBatchKMeans } from '../../src/index.ts';
import { onThreads } from '../contender.ts';
import type { KMeansProblem } from '../kmeans/cases.ts';
import { interleave } from '../measure.ts';
import { formatTable, threeDigits } from '../table.ts';
import { GOALS, outcome } from './goals.ts';
import type { Findings, Setting } from './section.ts';

/** Starts differ: the figures are of all of them. The defaults of mini-batches were chosen by seeds 0 to 2, which these leave out. */
const SEEDS = [11, 12, 13, 14, 15];

interface Found {
  readonly inertia: number;
  readonly iterations: number;
}

/** Upload and fit of each seed in turn. */
export async function miniBatch(problem: KMeansProblem, { engines, scikitLearn }: Setting): Promise<Findings> {
  const { data, n, d, k, title, name } = problem;
  const { engine } = engines[engines.length - 1];
  const onEngine = (fit: (dataset: Dataset) => Promise<KMeansModel>) => async () => {
    const dataset = await engine.upload({ data, shape: [n, d] });
    try {
      const { inertia, iterations } = await fit(dataset);
      return { inertia, iterations };
    } finally {
      dataset.destroy();
    }
  };
  const [theirs] = scikitLearn.slice(-1);
  await theirs?.prepare(problem);
  const rows: (Found & { readonly what: string; readonly seed: number; readonly ms: number })[] = [];
  for (const seed of SEEDS) {
    const calls = {
      kmeans: onEngine((dataset) => engine.kmeans(dataset, { k, seed })),
      miniBatchKMeans: onEngine((dataset) => miniBatchKMeans(dataset, { k, seed })),
      ...(theirs && { [onThreads('MiniBatchKMeans of scikit-learn', theirs.threads)]: () => theirs.miniBatch(seed) }),
    };
    const found = await interleave(Object.values(calls), { atLeast: 1, atMost: 3, budgetMs: 5000 });
    Object.keys(calls).forEach((what, i) => {
      const { ms, value } = found[i];
      rows.push({ what, seed, ms: Math.min(...ms), ...value });
    });
  }
  console.log(
    `\n${title}\n${formatTable(
      ['', 'seed', 'ms, best', 'iterations', 'inertia', '/ kmeans'],
      rows.map(({ what, seed, ms, iterations, inertia }) => [
        what,
        String(seed),
        threeDigits(ms),
        String(iterations),
        inertia.toPrecision(7),
        (inertia / rows.find((row) => row.seed === seed)!.inertia).toFixed(4),
      ]),
    )}`,
  );
  const total = (of: string, figure: 'ms' | 'inertia') =>
    rows.filter(({ what }) => what === of).reduce((sum, row) => sum + row[figure], 0);
  const ratio = (figure: 'ms' | 'inertia') => total('miniBatchKMeans', figure) / total('kmeans', figure);
  return {
    report: { ...problem.size, rows },
    outcomes: [
      outcome('time of miniBatchKMeans / kmeans', name, ratio('ms'), GOALS.miniBatch),
      outcome('inertia of miniBatchKMeans / kmeans', name, ratio('inertia'), GOALS.miniBatchInertia),
    ],
  };
}
