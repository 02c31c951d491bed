/** The CPU engine on one and two threads beside what people use today, and the goals that were set for it. */
import { openCpu } from '../engines.ts';
import { CASES as KMEANS_CASES, KMeansProblem } from '../kmeans/cases.ts';
import { mlKMeans } from '../kmeans/contenders/ml-kmeans.ts';
import { openScikitLearn } from '../kmeans/contenders/scikit-learn.ts';
import { skMeans } from '../kmeans/contenders/skmeans.ts';
import type { RunPlan } from '../measure.ts';
import { CASES as MIXTURE_CASES } from '../mixture/cases.ts';
import { type BenchOptions, type Choices, chosenOptions } from '../options.ts';
import type { Size } from '../points.ts';
import { circumstances, writeReport } from '../report.ts';
import { inChrome, openChrome } from './chrome.ts';
import { afterTheImport } from './compat.ts';
import { FAR_CELLS_ON, farCells } from './dirty.ts';
import { GOALS, type Outcome, outcomeTable } from './goals.ts';
import { tenIterations, toConvergence } from './lloyd.ts';
import { peakMemory } from './memory.ts';
import { miniBatch } from './mini-batch.ts';
import { diagonalMixture } from './mixtures.ts';
import { palettes } from './palettes.ts';
import { predictions } from './predict.ts';
import { digits, embeddings, flights, SEPARATED, separated, WIDE_IN_CHROME } from './problems.ts';
import { ONE_ROW_OF, oneRow } from './row.ts';
import { type Findings, type Setting, THREADS, withThreads } from './section.ts';
import { seeding } from './seeding.ts';
import { uploads } from './upload.ts';
import { variants } from './variants.ts';
import { widePoints } from './wide.ts';

/** One run of the slowest peers takes half a minute. */
const RUNS: RunPlan = { atLeast: 1, atMost: 15, budgetMs: 5000 };

const PREDICTED: readonly Size[] = [
  { name: 'E', n: 50_000, d: 384, k: 100 },
  { name: '100k×100', n: 100_000, d: 100, k: 256 },
];

type Section = (setting: Setting) => AsyncGenerator<Findings>;

const SECTIONS: Readonly<Record<string, Section>> = {
  ...Object.fromEntries(KMEANS_CASES.map((size): [string, Section] => [size.name, tenIterationsOf(size)])),
  async *'flights-8'(setting) {
    yield await tenIterations(await flights('flights-8', 8), setting);
  },
  async *flights(setting) {
    const problem = await flights('flights', 64);
    yield await tenIterations(problem, setting);
    // 300 iterations are a matter of minutes.
    yield await toConvergence(problem, withThreads(2, setting));
  },
  async *digits(setting) {
    yield await tenIterations(digits(), setting);
    yield await toConvergence(digits(), setting);
  },
  async *separated(setting) {
    for (const size of SEPARATED) yield await toConvergence(separated(size), setting, GOALS.converged);
  },
  async *dirty(setting) {
    for (const shape of FAR_CELLS_ON) yield await farCells(shape, setting);
  },
  async *'one-row'() {
    for (const shape of ONE_ROW_OF) yield await oneRow(shape);
  },
  async *plusplus(setting) {
    yield await seeding(blobProblem('C'), setting, { goal: GOALS.plusPlus });
  },
  async *wide(setting) {
    yield* widePoints(setting);
  },
  async *predict(setting) {
    for (const size of PREDICTED) yield await predictions(KMeansProblem.ofBlobs(size), setting);
  },
  async *upload(setting) {
    yield await uploads(await flights('flights', 64), setting);
    yield await uploads(KMeansProblem.ofBlobs({ name: '100k×384', n: 100_000, d: 384, k: 10 }), setting);
  },
  async *em(setting) {
    for (const size of MIXTURE_CASES) yield await diagonalMixture(size, setting);
  },
  async *compat(setting) {
    yield* afterTheImport(setting);
  },
  async *palettes(setting) {
    yield* palettes(setting, openOrSay);
  },
  async *variants(setting) {
    yield* variants(setting);
  },
  async *'mini-batch'(setting) {
    yield await miniBatch(await flights('flights', 64), setting);
  },
  async *memory() {
    for (const name of ['C', 'D']) yield await peakMemory(blobProblem(name), GOALS.memory);
    yield await peakMemory(await flights('flights', 64), GOALS.memoryOfFlights);
  },
  async *chrome(setting) {
    const chrome = await openOrSay('Chrome', openChrome);
    try {
      if (chrome === null) return;
      for (const name of ['B', 'C', 'D']) yield await inChrome(blobProblem(name), setting, chrome);
      for (const size of WIDE_IN_CHROME) yield await inChrome(embeddings(size), setting, chrome);
      yield await inChrome(await flights('flights', 64), setting, chrome);
    } finally {
      await chrome?.close();
    }
  },
};

function tenIterationsOf(size: Size): Section {
  return async function* (setting) {
    yield await tenIterations(KMeansProblem.ofBlobs(size), setting);
  };
}

function blobProblem(name: string): KMeansProblem {
  return KMeansProblem.ofBlobs(KMEANS_CASES.find((size) => size.name === name)!);
}

const PEERS = ['scikit-learn', mlKMeans.name, skMeans.name];

export const CPU_USAGE = `npm run bench -- cpu [cases] [options]
  cases                      any of ${Object.keys(SECTIONS).join(' ')}; all of them by default
  --peers scikit-learn       peers to time, of ${PEERS.join(' ')}, or none
  --runs 3                   runs of each; by default ${RUNS.atLeast} to ${RUNS.atMost}, by the time they take
  --out bench/results        folder of the JSON file`;

const CHOICES: Choices = {
  usage: CPU_USAGE,
  cases: Object.keys(SECTIONS),
  lists: { peers: PEERS },
  runs: RUNS,
};

const FOOTNOTE = `
A fit: one whole call from the same centroids, with tolerance 0; best and median of its runs, which take turns. This package finds
its points uploaded, the others where they use them. This package and scikit-learn assign once more after the last update, ml-kmeans
and skmeans do not. scikit-learn: KMeans(algorithm='lloyd', n_init=1) of float32 points, its copy of them included.
sgemm: NumPy's float32 product of the points and the centroids, once for each assignment of the fit, in blocks that stay in the cache.
inertia: in float64, of the centroids that each one returned; off by: from that of the first.
one far cell: a fit of points of which one cell is far from all others, over that of the same points without.
one row: the label of a row by predict, over a plain loop over the centroids.
k-means++: a fit of one iteration from it, less a fit of one iteration from centroids; an iteration: a fit of ten over its assignments.
Memory: the peak of the resident memory of a process of its own, less what it had with an engine and its idle workers, without points: the caller's
array once, and all that upload and a fit of ten iterations bring along.
Chrome: as Node, timed from Node, which adds about a millisecond to a fit.`;

export async function runCpuBenchmark(args: string[]): Promise<void> {
  const options = chosenOptions(args, CHOICES);
  if (options === null) return;
  const setting = await openSetting(options);
  const where = circumstances();
  console.log(`${where.processor}, ${where.logicalProcessors} logical processors, Node ${where.node}`);
  const { scikitLearn } = setting;
  if (scikitLearn.length > 0) console.log(scikitLearn[0].about);
  const sections: { readonly section: string; readonly reports: unknown[] }[] = [];
  const outcomes: Outcome[] = [];
  const write = (complete: boolean) => {
    const about = { ...where, complete, scikitLearn: scikitLearn[0]?.about ?? null };
    const report = { benchmark: 'cpu', ...about, outcomes, sections };
    return writeReport(options.out, report);
  };
  try {
    for (const section of options.cases) {
      const reports: unknown[] = [];
      sections.push({ section, reports });
      try {
        for await (const found of SECTIONS[section](setting)) {
          reports.push(found.report);
          outcomes.push(...found.outcomes);
          if (found.outcomes.length > 0) console.log(outcomeTable(found.outcomes));
          write(false);
          for (const line of found.disagreements ?? []) fail(line);
        }
      } catch (error) {
        // The others are worth measuring still.
        fail(error);
      }
    }
  } finally {
    await Promise.all([...setting.engines, ...scikitLearn].map((one) => one.close()));
  }
  console.log(`${FOOTNOTE}\n\n${outcomeTable(outcomes)}`);
  console.log(`\nwritten: ${write(true)}`);
}

async function openSetting({ lists, runs }: BenchOptions): Promise<Setting> {
  const wanted = lists.peers.includes('scikit-learn');
  return {
    engines: await Promise.all(THREADS.map(openCpu)),
    scikitLearn: (wanted ? await openOrSay('scikit-learn', () => openScikitLearn(THREADS)) : null) ?? [],
    javascript: [mlKMeans, skMeans].filter(({ name }) => lists.peers.includes(name)),
    runs,
  };
}

/** Null, and the reason told, where it cannot be opened. */
async function openOrSay<T>(name: string, open: () => Promise<T>): Promise<T | null> {
  try {
    return await open();
  } catch (error) {
    console.log(`${name} is not timed, and its ratios are left out: ${(error as Error).message}`);
    return null;
  }
}

function fail(reason: unknown): void {
  console.error(reason);
  process.exitCode = 1;
}
