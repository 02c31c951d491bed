/** Labels of many rows by a fitted model, beside scikit-learn's `predict`. */
import { onThreads } from '../contender.ts';
import type { KMeansProblem } from '../kmeans/cases.ts';
import { interleave } from '../measure.ts';
import { formatTable, threeDigits } from '../table.ts';
import { GOALS, outcome } from './goals.ts';
import { type Findings, type Setting, THREADS } from './section.ts';

export async function predictions(problem: KMeansProblem, { engines, scikitLearn, runs }: Setting): Promise<Findings> {
  const { data, n, d, k, start } = problem;
  const tasks: { readonly name: string; readonly run: () => Promise<unknown>; release(): void }[] = [];
  for (const { engine, upload, name } of engines) {
    const { dataset } = await upload(data, n, d);
    const init = { data: start, shape: [k, d] as const };
    const model = await engine.kmeans(dataset, { k, init, maxIterations: 1, tolerance: 0 });
    tasks.push({ name, run: () => model.predict(dataset), release: () => dataset.destroy() });
  }
  for (const peer of scikitLearn) {
    const { fit, release } = await peer.prepare(problem);
    await fit(1);
    tasks.push({ name: peer.name, run: () => peer.predict(), release });
  }
  const times = await interleave(
    tasks.map(({ run }) => run),
    runs,
  );
  const best = new Map(tasks.map(({ name }, i) => [name, Math.min(...times[i].ms)]));
  for (const { release } of tasks) release();
  const table = formatTable(
    ['', 'ms, best'],
    Array.from(best, ([name, ms]) => [name, threeDigits(ms)]),
  );
  console.log(`\n${problem.title}, predict\n${table}`);
  return {
    report: { ...problem.size, times: Object.fromEntries(tasks.map(({ name }, i) => [name, times[i].ms])) },
    outcomes: THREADS.flatMap((threads) => {
      const [own, peer] = ['cpu', 'scikit-learn'].map((name) => best.get(onThreads(name, threads)));
      if (own === undefined || peer === undefined) return [];
      return [outcome('predict / scikit-learn', onThreads(problem.name, threads), own / peer, GOALS.predict)];
    }),
  };
}
