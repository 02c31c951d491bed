/** Rows as text embeddings are: all that is asked of them. */
import { type OpenEngine, openCpuOfWords } from '../engines.ts';
import type { KMeansProblem } from '../kmeans/cases.ts';
import { cosine } from './cosine.ts';
import { tenIterations } from './lloyd.ts';
import { predictions } from './predict.ts';
import { embeddings, FEW_WIDE, WIDE } from './problems.ts';
import { type Findings, type Setting, scansBytes, THREADS } from './section.ts';
import { seeding } from './seeding.ts';
import { silhouettes } from './silhouettes.ts';
import { wholeCall } from './whole.ts';

/** Multiply-adds of an iteration beyond which plain JavaScript takes minutes for ten. */
const MOST_WORK = 2 ** 31;

export async function* widePoints(setting: Setting): AsyncGenerator<Findings> {
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
  yield await tenIterations(problem, { ...both, javascript });
  yield await cosine(problem, both);
  yield await predictions(problem, both);
  yield await seeding(problem, both);
  yield await silhouettes(problem, setting);
}
