/** The mean silhouette of a sample, beside scikit-learn's on as many threads. */
import { silhouetteScore } from '../../src/index.ts';
import type { KMeansProblem } from '../kmeans/cases.ts';
import { interleave, median } from '../measure.ts';
import { formatTable, threeDigits } from '../table.ts';
import { outcome } from './goals.ts';
import type { Findings, Setting } from './section.ts';

/** The default of the call, and what scikit-learn is asked for. */
const SAMPLE = 10_000;
/** Enough for what is loaded and compiled when it is first wanted. */
const FEW = 1000;

export async function silhouettes(problem: KMeansProblem, { engines, scikitLearn, runs }: Setting): Promise<Findings> {
  const { data, n, d, k, start } = problem;
  const last = engines[engines.length - 1];
  const init = { data: start, shape: [k, d] as const };
  const { labels } = await last.engine.kmeans({ data, shape: [n, d] }, { k, init, maxIterations: 2, tolerance: 0 });
  const peer = scikitLearn[scikitLearn.length - 1];
  await peer?.prepare(problem);
  await peer?.judge(labels);
  const calls = {
    cpu: (sampleSize: number) => silhouetteScore({ data, shape: [n, d] }, labels, { backend: 'cpu', sampleSize }),
    ...(peer && { [peer.name]: (size: number) => peer.silhouette(size) }),
  };
  for (const call of Object.values(calls)) await call(FEW);
  const names = Object.keys(calls);
  const whole = Object.values(calls).map((call) => () => call(SAMPLE));
  const times = (await interleave<unknown>(whole, runs)).map(({ ms }) => ms);
  const table = formatTable(
    ['', 'ms, best', 'median'],
    names.map((name, i) => [name, threeDigits(Math.min(...times[i])), threeDigits(median(times[i]))]),
  );
  console.log(`\n${problem.title}, silhouette of ${SAMPLE} rows\n${table}`);
  const [own, other] = times.map((ms) => Math.min(...ms));
  return {
    report: { ...problem.size, times: Object.fromEntries(names.map((name, i) => [name, times[i]])) },
    outcomes: other === undefined ? [] : [outcome('silhouette / scikit-learn', problem.name, own / other)],
  };
}
