/** What points take on their way into the engine, from a typed array and from rows. */
import type { KMeansProblem } from '../kmeans/cases.ts';
import { interleave, median } from '../measure.ts';
import { formatTable, threeDigits } from '../table.ts';
import type { Findings, Setting } from './section.ts';

export async function uploads(problem: KMeansProblem, { engines, runs }: Setting): Promise<Findings> {
  const { data, rows, n, d } = problem;
  const forms = { Float32Array: { data, shape: [n, d] as const }, 'number[][]': rows };
  const tasks = engines.flatMap(({ engine, name }) =>
    Object.entries(forms).map(([form, points]) => ({
      name: `${name}, ${form}`,
      run: async () => (await engine.upload(points)).destroy(),
    })),
  );
  for (const { run } of tasks) await run();
  const times = await interleave(
    tasks.map(({ run }) => run),
    runs,
  );
  const table = formatTable(
    ['', 'ms, best', 'median'],
    tasks.map(({ name }, i) => [name, threeDigits(Math.min(...times[i].ms)), threeDigits(median(times[i].ms))]),
  );
  console.log(`\n${problem.title}, upload\n${table}`);
  return {
    report: { ...problem.size, times: Object.fromEntries(tasks.map(({ name }, i) => [name, times[i].ms])) },
    outcomes: [],
  };
}
