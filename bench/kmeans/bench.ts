/** Lloyd's iterations of each engine beside the peers', from the same start, with the inertia of each recomputed. */
import type { Benchmark } from '../benchmark.ts';
import { ENGINES } from '../engines.ts';
import type { RunPlan } from '../measure.ts';
import { commonUsage } from '../options.ts';
import { CASES, KMeansProblem } from './cases.ts';
import type { KMeansFit } from './contender.ts';
import { kmeansOf } from './contenders/engine.ts';
import { mlKMeans } from './contenders/ml-kmeans.ts';
import { openScikitLearn } from './contenders/scikit-learn.ts';
import { skMeans } from './contenders/skmeans.ts';
import { inertiaOf } from './judge.ts';

const ITERATIONS = 10;

/** Two runs of the slowest peers take a minute each; all cases together about five, on two cores. */
const RUNS: RunPlan = { atLeast: 2, atMost: 7, budgetMs: 10_000 };

const CASE_NAMES = CASES.map(({ name }) => name);

const PEERS = {
  'ml-kmeans': () => [mlKMeans],
  skmeans: () => [skMeans],
  'scikit-learn': openScikitLearn,
};

/** What was judged before. */
const judged = new WeakMap<KMeansProblem, { readonly centroids: Float64Array; readonly inertia: number }[]>();

export const kmeansBenchmark: Benchmark<KMeansProblem, KMeansFit> = {
  name: 'kmeans',
  usage: `npm run bench -- [kmeans] [cases] [options]
  cases                      any of ${CASE_NAMES.join(' ')}; all of them by default
  --peers ml-kmeans,skmeans  peers to time, of ${Object.keys(PEERS).join(' ')}, or none
${commonUsage(RUNS)}`,
  footnote: `
ms an iteration: the time of one call for ${ITERATIONS} iterations from explicit centroids, divided by its passes over the points,
each an assignment and the sums of the clusters. ml-kmeans and skmeans make ${ITERATIONS} passes; their labels belong to the centroids
before the last update. All others make ${ITERATIONS + 1}: after the last update they assign once more. Peers find their points where
they use them, engines find theirs uploaded; neither conversion nor upload is in the time of a fit.
inertia: recomputed in float64 from the centroids that each one returned; off by: from that of the first.`,
  iterations: ITERATIONS,
  mayConverge: false,
  objective: 'inertia',
  cases: CASE_NAMES,
  lists: { engines: ENGINES, peers: Object.keys(PEERS) },
  runs: RUNS,
  *problems({ cases }) {
    for (const size of CASES) if (cases.includes(size.name)) yield KMeansProblem.ofBlobs(size);
  },
  engine: kmeansOf,
  peer: (name) => PEERS[name as keyof typeof PEERS](),
  async evaluate(problem, fit) {
    const centroids = Float64Array.from(await fit.centroids());
    const known = judged.get(problem) ?? [];
    judged.set(problem, known);
    // Engines return the same bits on any number of threads, and wide points take seconds each time.
    const same = known.find((one) => one.centroids.every((value, at) => value === centroids[at]));
    if (same !== undefined) return same.inertia;
    const inertia = inertiaOf(problem, centroids);
    known.push({ centroids, inertia });
    return inertia;
  },
  expected: () => null,
};
