/** Programs that were written against other packages, before and after the change of an import. */
import { clustersKmeans as turfs } from '@turf/clusters-kmeans';
import { kmeans as theirs } from 'ml-kmeans';
import { kmeans } from '../../src/compat/ml-kmeans.ts';
import { clustersKmeans } from '../../src/compat/turf-clusters-kmeans.ts';
import { KMeansProblem } from '../kmeans/cases.ts';
import { interleave } from '../measure.ts';
import { SEED, type Size } from '../points.ts';
import { formatTable, threeDigits } from '../table.ts';
import { GOALS, type Goal, outcome } from './goals.ts';
import { embeddings, FEW_WIDE } from './problems.ts';
import type { Findings, Setting } from './section.ts';

const NARROW: Size = { name: '20k×2', n: 20_000, d: 2, k: 5 };
const TINY: Size = { name: '100×2', n: 100, d: 2, k: 3 };
const PLACES: Size = { name: '100k places', n: 100_000, d: 2, k: 100 };

/** Of the smallest, so many calls are a run. */
const CALLS = 200;

export async function* afterTheImport(setting: Setting): AsyncGenerator<Findings> {
  yield await mlKMeansOf(embeddings(FEW_WIDE), GOALS.wholeCall, setting);
  yield await mlKMeansOf(KMeansProblem.ofBlobs(NARROW), GOALS.afterTheImport, setting);
  yield await mlKMeansOf(KMeansProblem.ofBlobs(TINY), GOALS.notSlower, setting, CALLS);
  yield await turfOf(KMeansProblem.ofBlobs(PLACES), setting);
}

async function mlKMeansOf(problem: KMeansProblem, goal: Goal, setting: Setting, calls = 1): Promise<Findings> {
  const { rows, k } = problem;
  const options = { seed: SEED };
  return besideOriginal('ml-kmeans', problem, goal, setting, {
    before: () => repeat(calls, () => theirs(rows, k, options)),
    after: () => repeat(calls, () => kmeans(rows, k, options)),
  });
}

async function turfOf(problem: KMeansProblem, setting: Setting): Promise<Findings> {
  const features = problem.rows.map((coordinates) => ({
    type: 'Feature' as const,
    properties: {},
    geometry: { type: 'Point' as const, coordinates },
  }));
  const places = { type: 'FeatureCollection' as const, features };
  const options = { numberOfClusters: problem.k };
  return besideOriginal('turf', problem, GOALS.turf, setting, {
    before: () => turfs(places, { ...options }),
    after: () => clustersKmeans(places, options),
  });
}

function repeat(times: number, call: () => unknown): void {
  for (let i = 0; i < times; i++) call();
}

async function besideOriginal(
  name: string,
  { title, size, name: on }: KMeansProblem,
  goal: Goal,
  { runs }: Setting,
  calls: { readonly before: () => unknown; readonly after: () => unknown },
): Promise<Findings> {
  const tasks = [calls.before, calls.after].map((call) => async () => call());
  for (const task of tasks) await task();
  const [before, after] = (await interleave(tasks, runs)).map(({ ms }) => ms);
  const best = [before, after].map((ms) => Math.min(...ms));
  const table = formatTable(
    [name, 'ms, best'],
    [
      ['before', threeDigits(best[0])],
      ['after', threeDigits(best[1])],
    ],
  );
  console.log(`\n${title}, whole calls\n${table}`);
  return {
    report: { ...size, package: name, before, after },
    outcomes: [outcome(`${name} before / after its import changes`, on, best[0] / best[1], goal)],
  };
}
