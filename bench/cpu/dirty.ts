/** One far cell among points that are otherwise clean: what it adds to the time of an iteration. */
import { Random } from '../../src/random.ts';
import { onThreads } from '../contender.ts';
import type { OpenEngine } from '../engines.ts';
import { interleave, type RunPlan } from '../measure.ts';
import { SEED } from '../points.ts';
import { formatTable, threeDigits } from '../table.ts';
import { GOALS, outcome } from './goals.ts';
import type { Findings, Setting } from './section.ts';

export const FAR_CELLS_ON: readonly (readonly [n: number, d: number, k: number])[] = [
  [100_000, 3, 64],
  [60_000, 16, 64],
  [30_000, 64, 128],
];

/** What stands for "no value" in tables, a slip of units, a largest integer, a largest float32. */
const CELLS = [-9999, 1e6, 1e10, 2 ** 31, 3.4e38];

const ITERATIONS = 8;

/** A few milliseconds each. */
const RUNS: RunPlan = { atLeast: 5, atMost: 15, budgetMs: 2000 };

export async function farCells([n, d, k]: (typeof FAR_CELLS_ON)[number], { engines }: Setting): Promise<Findings> {
  const times: { readonly on: string; readonly cell: number | null; readonly ms: number; readonly ratio: number }[] =
    [];
  for (const opened of engines) {
    const [clean, ...dirty] = await fitTimes(opened, n, d, k);
    const on = onThreads(`${n / 1000}k×${d}, k ${k}`, opened.threads);
    times.push({ on, cell: null, ms: clean, ratio: 1 });
    dirty.forEach((ms, i) => {
      times.push({ on, cell: CELLS[i], ms, ratio: ms / clean });
    });
  }
  const table = formatTable(
    ['', 'one cell of', 'ms a fit, best', '/ clean'],
    times.map(({ on, cell, ms, ratio }) => [on, String(cell ?? 'none'), threeDigits(ms), threeDigits(ratio)]),
  );
  console.log(`\none far cell, ${ITERATIONS} iterations\n${table}`);
  return {
    report: { times },
    outcomes: times.flatMap(({ on, cell, ratio }) =>
      cell === null ? [] : [outcome('one far cell / clean', `${cell}, ${on}`, ratio, GOALS.farCell)],
    ),
  };
}

/** Milliseconds of the best fit of the clean points, then of those with each of the cells. */
async function fitTimes({ engine, upload }: OpenEngine, n: number, d: number, k: number): Promise<number[]> {
  const random = new Random(SEED);
  const clean = Float32Array.from({ length: n * d }, () => random.uniform() + random.uniform() + random.uniform());
  const init = { data: clean.slice(100 * d, (100 + k) * d), shape: [k, d] as const };
  const datasets = [(await upload(clean, n, d)).dataset];
  for (const cell of CELLS) {
    const points = clean.slice();
    points[5 * d] = cell;
    datasets.push((await upload(points, n, d)).dataset);
  }
  const fits = datasets.map(
    (dataset) => () => engine.kmeans(dataset, { k, init, maxIterations: ITERATIONS, tolerance: 0 }),
  );
  const measured = await interleave(fits, RUNS);
  for (const dataset of datasets) dataset.destroy();
  return measured.map(({ ms }) => Math.min(...ms));
}
