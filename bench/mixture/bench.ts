/** EM's iterations of each engine beside the peers', from the same start, with the log-likelihood of each recomputed. */
import { COVARIANCE_TYPES } from '../../src/mixture/forms/names.ts';
import { expectation, referenceMixture } from '../../test/reference/mixture.ts';
import type { Benchmark } from '../benchmark.ts';
import { blobs } from '../blobs.ts';
import { ENGINES } from '../engines.ts';
import type { RunPlan } from '../measure.ts';
import { commonUsage } from '../options.ts';
import { Points, SEED } from '../points.ts';
import { CASES, type Mixture, MixtureProblem } from './cases.ts';
import type { MixtureFit } from './contender.ts';
import { mixtureOf } from './contenders/engine.ts';
import { gaussianMixtureModel } from './contenders/gaussian-mixture-model.ts';
import { openScikitLearn } from './contenders/scikit-learn.ts';

const ITERATIONS = 3;

const RUNS: RunPlan = { atLeast: 2, atMost: 7, budgetMs: 5000 };

const CASE_NAMES = CASES.map(({ name }) => name);

const PEERS = {
  'gaussian-mixture-model': () => [gaussianMixtureModel],
  'scikit-learn': openScikitLearn,
};

export const mixtureBenchmark: Benchmark<MixtureProblem, MixtureFit> = {
  name: 'mixture',
  usage: `npm run bench -- mixture [cases] [options]
  cases                      any of ${CASE_NAMES.join(' ')}; all of them by default
  --types full,diag          covariance types, of ${COVARIANCE_TYPES.join(' ')}; all of them by default
  --peers scikit-learn       peers to time, of ${Object.keys(PEERS).join(' ')}, or none
${commonUsage(RUNS)}`,
  footnote: `
ms an iteration: the time of one call for ${ITERATIONS} iterations from explicit parameters, divided by its passes over the points, each
an E-step and the M-step behind it. gaussian-mixture-model makes ${ITERATIONS} passes; it knows only full covariances, and is left out
where it would take minutes. All others make ${ITERATIONS + 1}: after the last M-step they take one more E-step. Peers find their points
where they use them, engines find theirs uploaded; neither conversion nor upload is in the time of a fit.
mean log-likelihood: recomputed in float64 from the parameters that each one returned; off by: from that of ${ITERATIONS} iterations
in float64 from the same start, relative to 1 + its size.`,
  iterations: ITERATIONS,
  mayConverge: false,
  objective: 'mean log-likelihood',
  cases: CASE_NAMES,
  lists: { engines: ENGINES, peers: Object.keys(PEERS), types: COVARIANCE_TYPES },
  runs: RUNS,
  *problems({ cases, lists }) {
    for (const size of CASES) {
      if (!cases.includes(size.name)) continue;
      const points = new Points(size, blobs({ ...size, groups: size.k, seed: SEED }));
      for (const type of COVARIANCE_TYPES) if (lists.types.includes(type)) yield new MixtureProblem(size, points, type);
    }
  },
  engine: mixtureOf,
  peer: (name) => PEERS[name as keyof typeof PEERS](),
  async evaluate(problem, fit) {
    return expectation(problem.points, reference(problem, await fit.mixture())).lowerBound;
  },
  expected(problem) {
    const start = reference(problem, problem.start);
    return referenceMixture(problem.points, start, { maxIterations: ITERATIONS, tolerance: 0 }).lowerBound;
  },
};

function reference({ points: { k, d }, covarianceType }: MixtureProblem, { weights, means, covariances }: Mixture) {
  return { k, d, covarianceType, weights, means, covariances };
}
