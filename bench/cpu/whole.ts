/** What somebody waits who has rows and wants clusters: one call with the library's own start, beside ml-kmeans. */

import { kmeans as mlKMeans } from 'ml-kmeans';
import { kmeans } from '../../src/index.ts';
import type { KMeansProblem } from '../kmeans/cases.ts';
import { mlKMeans as peer } from '../kmeans/contenders/ml-kmeans.ts';
import { interleave } from '../measure.ts';
import { SEED } from '../points.ts';
import { formatTable, threeDigits } from '../table.ts';
import { GOALS, outcome } from './goals.ts';
import type { Findings, Setting } from './section.ts';

export async function wholeCall(problem: KMeansProblem, { javascript, runs }: Setting): Promise<Findings> {
  const { rows, k } = problem;
  const calls = {
    kmeans: () => kmeans(rows, { k, seed: SEED, backend: 'cpu' }),
    ...(javascript.includes(peer)
      ? { [peer.name]: async () => mlKMeans(rows, k, { seed: SEED, initialization: 'kmeans++' }) }
      : {}),
  };
  for (const call of Object.values(calls)) await call();
  const times = await interleave<unknown>(Object.values(calls), runs);
  const [own, other] = times.map(({ ms }) => Math.min(...ms));
  const table = formatTable(
    ['', 'ms, best'],
    Object.keys(calls).map((name, i) => [name, threeDigits(Math.min(...times[i].ms))]),
  );
  console.log(`\n${problem.title}, the whole call from number[][]\n${table}`);
  return {
    report: { ...problem.size, times: Object.fromEntries(Object.keys(calls).map((name, i) => [name, times[i].ms])) },
    outcomes:
      other === undefined ? [] : [outcome('ml-kmeans / the whole call', problem.name, other / own, GOALS.wholeCall)],
  };
}
