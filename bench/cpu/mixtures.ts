/** EM with diagonal covariances beside scikit-learn. */

import { disagreementsOf, runProblem, tableOf } from '../benchmark.ts';
import { blobs } from '../blobs.ts';
import { mixtureBenchmark } from '../mixture/bench.ts';
import { MixtureProblem } from '../mixture/cases.ts';
import { mixtureOf } from '../mixture/contenders/engine.ts';
import { openScikitLearn } from '../mixture/contenders/scikit-learn.ts';
import { Points, SEED, type Size } from '../points.ts';
import { GOALS } from './goals.ts';
import { type Findings, overScikitLearn, type Setting, THREADS } from './section.ts';

export async function diagonalMixture(size: Size, { engines, scikitLearn, runs }: Setting): Promise<Findings> {
  const points = new Points(size, blobs({ ...size, groups: size.k, seed: SEED }));
  const problem = new MixtureProblem(size, points, 'diag');
  const peers = scikitLearn.length > 0 ? await openScikitLearn(THREADS) : [];
  try {
    const contenders = [...engines.map(mixtureOf), ...peers];
    const results = await runProblem(mixtureBenchmark, problem, contenders, runs);
    const expected = mixtureBenchmark.expected(problem)!;
    console.log(`\n${problem.title}\n${tableOf(mixtureBenchmark, results, expected, contenders)}`);
    return {
      report: { ...problem.size, expected, results },
      // All make the same passes: whole fits compare as iterations do.
      outcomes: overScikitLearn(results, 'EM diag / scikit-learn', size.name, GOALS.mixture),
      disagreements: disagreementsOf(mixtureBenchmark, results, expected).map((line) => `${problem.title}: ${line}`),
    };
  } finally {
    await Promise.all(peers.map((peer) => peer.close()));
  }
}
