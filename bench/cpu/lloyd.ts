/** Whole fits: ten iterations of all contenders, and to convergence beside scikit-learn. */
import { disagreementsOf, distance, type Result, runProblem, type Timing } from '../benchmark.ts';
import { onThreads } from '../contender.ts';
import { kmeansBenchmark } from '../kmeans/bench.ts';
import type { KMeansProblem } from '../kmeans/cases.ts';
import type { KMeansFit } from '../kmeans/contender.ts';
import { kmeansOf } from '../kmeans/contenders/engine.ts';
import { mlKMeans } from '../kmeans/contenders/ml-kmeans.ts';
import { median } from '../measure.ts';
import { formatTable, threeDigits } from '../table.ts';
import { GOALS, type Goal, type Outcome, outcome } from './goals.ts';
import { bestFit, type Findings, overScikitLearn, type Setting, scansBytes } from './section.ts';

const TO_CONVERGENCE: Timing<KMeansProblem, KMeansFit> = { ...kmeansBenchmark, iterations: 300, mayConverge: true };

const GOALS_OF_TEN: Readonly<Record<string, Goal>> = {
  A: GOALS.fit,
  B: GOALS.fit,
  C: GOALS.fit,
  D: GOALS.fitOfBytes,
  E: GOALS.fit,
  flights: GOALS.fit,
  'flights-8': GOALS.fit,
  '50k×384': GOALS.fit,
  '100k×768': GOALS.fit,
};
/** Where products of bytes are not to be had. */
const GOALS_OF_WORDS: Readonly<Record<string, Goal>> = {
  ...GOALS_OF_TEN,
  D: GOALS.fitOfWords,
  E: GOALS.fitOfWords,
  '50k×384': GOALS.fitOfWords,
  '100k×768': GOALS.fitOfWords,
};

/** Milliseconds of as many matrix products as a fit has assignments. */
interface Floor {
  readonly threads: number;
  readonly ms: number;
}

export async function tenIterations(
  problem: KMeansProblem,
  setting: Setting,
): Promise<Findings & { readonly results: readonly Result[] }> {
  const { engines, scikitLearn, javascript, runs } = setting;
  const contenders = [...engines.map(kmeansOf), ...scikitLearn, ...javascript];
  const results = await runProblem(kmeansBenchmark, problem, contenders, runs);
  const floors: Floor[] = [];
  for (const { threads, product } of scikitLearn) {
    floors.push({ threads, ms: results[0].passes * (await product()) });
  }
  console.log(`\n${problem.title}, ten iterations\n${tableOf(results, floors)}`);
  const { name } = problem;
  const goals = (await scansBytes(engines[0])) ? GOALS_OF_TEN : GOALS_OF_WORDS;
  // scikit-learn's sums are float32: over millions of points the inertia is off in its sixth digit.
  const exact = results.filter(({ contender }) => !scikitLearn.some((peer) => peer.name === contender));
  return {
    results,
    report: { ...problem.size, results, sgemm: floors },
    outcomes: [
      ...overScikitLearn(results, '10 iterations / scikit-learn', name, goals[name]),
      ...overMlKMeans(results, name),
    ],
    disagreements: disagreementsOf(kmeansBenchmark, exact, results[0].objective).map((line) => `${name}: ${line}`),
  };
}

function overMlKMeans(results: readonly Result[], name: string): Outcome[] {
  const ratio = bestFit(results, mlKMeans.name) / bestFit(results, onThreads('cpu', 1));
  if (Number.isNaN(ratio)) return [];
  const goal = ['B', 'C', 'D', 'E'].includes(name) ? GOALS.overMlKMeans : null;
  return [outcome('ml-kmeans / 10 iterations', onThreads(name, 1), ratio, goal)];
}

/** Roundings decide which of many optima is reached: where the inertias differ, the iterations may as well. */
export async function toConvergence(problem: KMeansProblem, setting: Setting, goal?: Goal): Promise<Findings> {
  const contenders = [...setting.engines.map(kmeansOf), ...setting.scikitLearn];
  const results = await runProblem(TO_CONVERGENCE, problem, contenders, setting.runs);
  console.log(`\n${problem.title}, to convergence\n${tableOf(results, [])}`);
  return {
    report: { ...problem.size, results },
    outcomes: overScikitLearn(results, 'to convergence / scikit-learn', problem.name, goal),
  };
}

function tableOf(results: readonly Result[], floors: readonly Floor[]): string {
  const [first] = results;
  const best = (name: string) => bestFit(results, name);
  const floor = (threads: number) => floors.find((one) => one.threads === threads)?.ms ?? Number.NaN;
  const ratio = (value: number) => (Number.isNaN(value) ? '' : threeDigits(value));
  return formatTable(
    [
      '',
      'ms a fit, best',
      'median',
      'runs',
      'iterations',
      '/ sgemm',
      '/ scikit-learn',
      '/ cpu, 1 thread',
      'inertia',
      'off by',
    ],
    [
      ...results.map(({ contender, threads, fitMs, iterations, objective }) => [
        contender,
        threeDigits(best(contender)),
        threeDigits(median(fitMs)),
        String(fitMs.length),
        String(iterations),
        ratio(best(contender) / floor(threads)),
        ratio(best(contender) / best(onThreads('scikit-learn', threads))),
        ratio(best(contender) / best(onThreads('cpu', 1))),
        objective.toPrecision(9),
        distance(objective, first.objective).toExponential(1),
      ]),
      ...floors.map(({ threads, ms }) => [onThreads('sgemm', threads), threeDigits(ms), ...Array(8).fill('')]),
    ],
  );
}
