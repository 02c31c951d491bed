/** What a model takes to say where one row belongs, beside a plain loop over its centroids. */
import { KMeansModel } from '../../src/index.ts';
import { Random } from '../../src/random.ts';
import { interleave, type RunPlan } from '../measure.ts';
import { SEED } from '../points.ts';
import { formatTable, threeDigits } from '../table.ts';
import { GOALS, outcome } from './goals.ts';
import type { Findings } from './section.ts';

export const ONE_ROW_OF: readonly (readonly [k: number, d: number])[] = [
  [100, 384],
  [1000, 768],
  [5000, 1536],
];

const RUNS: RunPlan = { atLeast: 5, atMost: 15, budgetMs: 500 };
/** Multiply-adds of a run, in as many rows one after the other. */
const RUN_WORK = 2 ** 24;

export async function oneRow([k, d]: (typeof ONE_ROW_OF)[number]): Promise<Findings> {
  const random = new Random(SEED);
  const model = KMeansModel.fromJSON({
    ...{ type: 'KMeansModel', k, d, metric: 'euclidean', inertia: 1, iterations: 1, converged: true, backend: 'cpu' },
    centroids: Array.from({ length: k * d }, () => random.uniform()),
    counts: new Array<number>(k).fill(1),
  });
  const row = Float32Array.from({ length: d }, () => random.uniform());
  const rows = Math.ceil(RUN_WORK / (k * d));
  const tasks = [
    () => nearest(row, model.centroids),
    async () => (await model.predict({ data: row, shape: [1, d] }, { backend: 'cpu' }))[0],
  ].map((label) => async () => {
    for (let i = 0; i < rows; i++) await label();
  });
  const [plain, predict] = (await interleave(tasks, RUNS)).map(({ ms }) => Math.min(...ms) / rows);
  const on = `k ${k}, d ${d}`;
  const table = formatTable(
    ['one row', 'ms of a plain loop', 'ms of predict'],
    [[on, threeDigits(plain), threeDigits(predict)]],
  );
  console.log(`\n${table}`);
  return {
    report: { on, plain, predict },
    outcomes: [outcome('predict of one row / a plain loop', on, predict / plain, GOALS.oneRow)],
  };
}

/** As anyone would write it. */
function nearest(row: Float32Array, centroids: Float64Array): number {
  const d = row.length;
  let best = 0;
  let least = Infinity;
  for (let c = 0; c < centroids.length / d; c++) {
    let square = 0;
    for (let j = 0; j < d; j++) square += (row[j] - centroids[c * d + j]) ** 2;
    if (square >= least) continue;
    least = square;
    best = c;
  }
  return best;
}
