/** Spherical k-means beside Euclidean on the same unit rows, where both are asked for much the same. */
import type { KMeansProblem } from '../kmeans/cases.ts';
import { interleave, median } from '../measure.ts';
import { formatTable, threeDigits } from '../table.ts';
import { outcome } from './goals.ts';
import type { Findings, Setting } from './section.ts';

const METRICS = ['euclidean', 'cosine'] as const;
const ITERATIONS = 10;

export async function cosine(problem: KMeansProblem, { engines, runs }: Setting): Promise<Findings> {
  const { data, n, d, k, start } = problem;
  const init = { data: start, shape: [k, d] as const };
  const report: Record<string, readonly number[]> = {};
  const rows: string[][] = [];
  const outcomes = [];
  for (const { engine, name } of engines) {
    const datasets = [];
    for (const metric of METRICS) datasets.push(await engine.upload({ data, shape: [n, d] }, { metric }));
    const fits = datasets.map(
      (dataset) => () => engine.kmeans(dataset, { k, init, maxIterations: ITERATIONS, tolerance: 0 }),
    );
    for (const fit of fits) await fit();
    const times = (await interleave<unknown>(fits, runs)).map(({ ms }) => ms);
    for (const dataset of datasets) dataset.destroy();
    METRICS.forEach((metric, i) => {
      report[`${name}, ${metric}`] = times[i];
      rows.push([`${name}, ${metric}`, threeDigits(Math.min(...times[i])), threeDigits(median(times[i]))]);
    });
    const [euclidean, spherical] = times.map((ms) => Math.min(...ms));
    outcomes.push(outcome('cosine / Euclidean', `${problem.name}, ${name}`, spherical / euclidean));
  }
  console.log(`\n${problem.title}, ten iterations by either metric\n${formatTable(['', 'ms, best', 'median'], rows)}`);
  return { report: { ...problem.size, times: report }, outcomes };
}
