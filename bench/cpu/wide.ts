/** Rows as text embeddings are: all that is asked of them. */
import { type OpenEngine, openCpuOfWords } from '../engines.ts';
import type { KMeansProblem } from '../kmeans/cases.ts';
import type { RunPlan } from '../measure.ts';
import { cosine } from './cosine.ts';
import { tenIterations } from './lloyd.ts';
import { predictions } from './predict.ts';
import { embeddings, FEW_WIDE, WIDE } from './problems.ts';
import { bestFit, type Findings, type Setting, scansBytes, THREADS } from './section.ts';
import { seeding } from './seeding.ts';
import { silhouettes } from './silhouettes.ts';
import { wholeCall } from './whole.ts';

/** Multiply-adds of an iteration beyond which plain JavaScript takes minutes for ten. */
const MOST_WORK = 2 ** 31;

/** Where nobody says how many: there is much to time, and it takes long enough for few runs to tell. */
const RUNS: RunPlan = { atLeast: 1, atMost: 5, budgetMs: 1000 };

export async function* widePoints(given: Setting): AsyncGenerator<Findings> {
  const setting = { ...given, runs: given.runs.budgetMs > 0 ? RUNS : given.runs };
  // Where there is no other way of scanning, it would be timed twice.
  const words = (await scansBytes(setting.engines[0])) ? THREADS.map(openCpuOfWords) : [];
  try {
    for (const size of WIDE) yield* onePoints(embeddings(size), setting, words);
  } finally {
    await Promise.all(words.map((engine) => engine.close()));
  }
  yield await wholeCall(embeddings(FEW_WIDE), setting);
}

async function* onePoints(
  problem: KMeansProblem,
  setting: Setting,
  words: readonly OpenEngine[],
): AsyncGenerator<Findings> {
  const javascript = problem.data.length * problem.k > MOST_WORK ? [] : setting.javascript;
  const both = { ...setting, engines: [...setting.engines, ...words] };
  const { results, ...found } = await tenIterations(problem, { ...both, javascript });
  yield found;
  // What the metric costs does not depend on the case.
  if (problem.name === WIDE[0].name) yield await cosine(problem, both);
  yield await predictions(problem, both);
  yield await seeding(problem, both, { tenIterationsMs: (name) => bestFit(results, name) });
  yield await silhouettes(problem, setting);
}
