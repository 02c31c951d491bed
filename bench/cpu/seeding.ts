/** K-means++ beside one Lloyd iteration on the same points. */
import type { OpenEngine } from '../engines.ts';
import type { KMeansProblem } from '../kmeans/cases.ts';
import { interleave } from '../measure.ts';
import { formatTable, threeDigits } from '../table.ts';
import { type Goal, outcome } from './goals.ts';
import type { Findings, Setting } from './section.ts';

interface SeedingTimes {
  readonly name: string;
  readonly seedingMs: number;
  readonly iterationMs: number;
}

const ITERATIONS = 10;
/** A fit makes one assignment more than it has iterations. */
const ASSIGNMENTS = ITERATIONS + 1;

interface SeedingOptions {
  readonly goal?: Goal;
  /** Milliseconds of ten iterations, by the names of the engines, where they are known; else they are timed here. */
  readonly tenIterationsMs?: (name: string) => number;
}

export async function seeding(
  problem: KMeansProblem,
  { engines, runs }: Setting,
  { goal, tenIterationsMs }: SeedingOptions = {},
): Promise<Findings> {
  const times: SeedingTimes[] = [];
  for (const opened of engines) times.push(await timesOf(opened));
  const table = formatTable(
    ['', 'seeding, ms', 'an iteration, ms', 'ratio'],
    times.map(({ name, seedingMs, iterationMs }) => [
      name,
      ...[seedingMs, iterationMs, seedingMs / iterationMs].map(threeDigits),
    ]),
  );
  console.log(`\n${problem.title}, k-means++\n${table}`);
  return {
    report: { ...problem.size, times },
    outcomes: times.map(({ name, seedingMs, iterationMs }) =>
      outcome('k-means++ / one iteration', `${problem.name}, ${name}`, seedingMs / iterationMs, goal),
    ),
  };

  async function timesOf({ engine, upload, name }: OpenEngine): Promise<SeedingTimes> {
    const { data, n, d, k, start } = problem;
    const { dataset } = await upload(data, n, d);
    const explicit = { data: start, shape: [k, d] as const };
    const fit = (init: 'k-means++' | typeof explicit, maxIterations: number) => () =>
      engine.kmeans(dataset, { k, init, maxIterations, tolerance: 0 });
    const short = [fit('k-means++', 1), fit(explicit, 1)];
    // All that the others do, too.
    await short[0]();
    const fits = tenIterationsMs ? short : [...short, fit(explicit, ITERATIONS)];
    const [seeded, one, ten] = (await interleave(fits, runs)).map(({ ms }) => Math.min(...ms));
    dataset.destroy();
    return { name, seedingMs: seeded - one, iterationMs: (tenIterationsMs?.(name) ?? ten) / ASSIGNMENTS };
  }
}
