/** What all benchmarks do: open contenders, time them in turn on one problem after another, judge, print and write. */
import type { Contender, Fit, Prepared, Problem } from './contender.ts';
import { type OpenEngine, openEngine } from './engines.ts';
import { interleave, median, type RunPlan } from './measure.ts';
import { type BenchOptions, type Choices, chosenOptions } from './options.ts';
import { circumstances, writeReport } from './report.ts';
import { formatTable, threeDigits } from './table.ts';

/** Between what contenders reach from one start: float32 may settle a near tie otherwise than float64. */
const AGREES = 1e-5;
/** Between what a contender tells of its parameters and what float64 says of them. */
const IS_TOLD = 1e-6;

const SOFTWARE = 'software adapter: says nothing about speed';

/** What is timed, and how its outcome is judged. */
export interface Timing<P extends Problem, F extends Fit> {
  /** Those of each fit that is timed. */
  readonly iterations: number;
  /** Whether a fit may converge before. */
  readonly mayConverge: boolean;
  /** What the contenders improve: `Fit.objective`. */
  readonly objective: string;
  /** The objective of the parameters that a contender returned, in float64. */
  evaluate(problem: P, fit: F): number | Promise<number>;
}

export interface Benchmark<P extends Problem, F extends Fit> extends Choices, Timing<P, F> {
  readonly name: string;
  /** What the columns mean. */
  readonly footnote: string;
  problems(options: BenchOptions): Iterable<P>;
  engine(opened: OpenEngine): Contender<P, F>;
  /** @throws {Error} whose message says why there is none. */
  peer(name: string): readonly Contender<P, F>[] | Promise<readonly Contender<P, F>[]>;
  /** The objective that float64 reaches in as many iterations; null: that of the first contender counts. */
  expected(problem: P): number | null;
}

export interface Result {
  readonly contender: string;
  readonly threads: number;
  readonly iterations: number;
  readonly passes: number;
  readonly uploadMs: number | null;
  /** Milliseconds of each timed call. */
  readonly fitMs: readonly number[];
  readonly msPerIteration: { readonly best: number; readonly median: number };
  /** In float64, of the parameters returned. */
  readonly objective: number;
  /** As the contender tells it. */
  readonly toldObjective: number | null;
}

export async function runBenchmark<P extends Problem, F extends Fit>(
  benchmark: Benchmark<P, F>,
  args: string[],
): Promise<void> {
  const options = chosenOptions(args, benchmark);
  if (options === null) return;
  const contenders = await openContenders(benchmark, options);
  try {
    if (contenders.length > 0) await run(benchmark, contenders, options);
    else {
      console.error('nothing is left to time');
      process.exitCode = 1;
    }
  } finally {
    await Promise.all(contenders.map((contender) => contender.close()));
  }
}

async function openContenders<P extends Problem, F extends Fit>(
  benchmark: Benchmark<P, F>,
  { lists, software }: BenchOptions,
): Promise<Contender<P, F>[]> {
  const openings = [
    ...lists.peers.map((name) => [name, () => benchmark.peer(name)] as const),
    ...lists.engines.map((name) => [name, async () => [benchmark.engine(await openEngine(name, software))]] as const),
  ];
  const opened: Contender<P, F>[] = [];
  for (const [name, open] of openings) {
    try {
      opened.push(...(await open()));
    } catch (error) {
      console.log(`${name} is not timed: ${(error as Error).message}`);
    }
  }
  return opened;
}

async function run<P extends Problem, F extends Fit>(
  benchmark: Benchmark<P, F>,
  contenders: readonly Contender<P, F>[],
  options: BenchOptions,
): Promise<void> {
  const where = circumstances();
  console.log(`${where.processor}, ${where.logicalProcessors} logical processors, Node ${where.node}`);
  for (const { name, about, software } of contenders) {
    if (about !== '') console.log(`${name}: ${about}${software ? ` (${SOFTWARE})` : ''}`);
  }
  const cases = [];
  const disagreements: string[] = [];
  for (const problem of benchmark.problems(options)) {
    console.log(`\n${problem.title}`);
    const results = await runProblem(benchmark, problem, contenders, options.runs);
    if (results.length === 0) {
      console.log('nobody here takes it');
      continue;
    }
    const expected = benchmark.expected(problem) ?? results[0].objective;
    console.log(tableOf(benchmark, results, expected, contenders));
    disagreements.push(...disagreementsOf(benchmark, results, expected).map((line) => `${problem.title}: ${line}`));
    cases.push({ ...problem.size, expected, results });
  }
  console.log(benchmark.footnote);
  for (const line of disagreements) console.error(line);
  if (disagreements.length > 0) process.exitCode = 1;
  const report = {
    benchmark: benchmark.name,
    ...where,
    objective: benchmark.objective,
    contenders: contenders.map(({ name, about, software, threads }) => ({ name, about, software, threads })),
    cases,
  };
  console.log(`\nwritten: ${writeReport(options.out, report)}`);
}

/** Times those that take the problem, in turn. */
export async function runProblem<P extends Problem, F extends Fit>(
  { iterations, mayConverge, evaluate }: Timing<P, F>,
  problem: P,
  contenders: readonly Contender<P, F>[],
  runs: RunPlan,
): Promise<Result[]> {
  const prepared: { readonly name: string; readonly threads: number; readonly points: Prepared<F> }[] = [];
  try {
    for (const contender of contenders) {
      if (contender.takes(problem)) {
        const { name, threads } = contender;
        prepared.push({ name, threads, points: await contender.prepare(problem) });
      }
    }
    // Compilers of every kind do their work before the clock runs.
    for (const { points } of prepared) await points.fit(1);
    const fits = prepared.map(
      ({ points }) =>
        () =>
          points.fit(iterations),
    );
    const measured = await interleave(fits, runs);
    const results: Result[] = [];
    for (const [i, { ms, value }] of measured.entries()) {
      const { name, threads, points } = prepared[i];
      const { passes } = value;
      if (value.iterations !== iterations && !mayConverge) {
        throw new Error(`${name} stopped after ${value.iterations} iterations of ${iterations}`);
      }
      results.push({
        contender: name,
        threads,
        iterations: value.iterations,
        passes,
        uploadMs: points.uploadMs,
        fitMs: ms,
        msPerIteration: { best: Math.min(...ms) / passes, median: median(ms) / passes },
        objective: await evaluate(problem, value),
        toldObjective: value.objective,
      });
    }
    return results;
  } finally {
    for (const { points } of prepared) await points.release();
  }
}

export function tableOf<P extends Problem, F extends Fit>(
  { objective }: Timing<P, F>,
  results: readonly Result[],
  expected: number,
  contenders: readonly Contender<P, F>[],
): string {
  const [first] = results;
  const isSoftware = (name: string) => contenders.some((contender) => contender.name === name && contender.software);
  return formatTable(
    ['', 'ms an iteration, best', 'median', 'runs', 'times the first', 'upload ms', objective, 'off by'],
    results.map((result) => [
      isSoftware(result.contender) ? `${result.contender} (software)` : result.contender,
      threeDigits(result.msPerIteration.best),
      threeDigits(result.msPerIteration.median),
      String(result.fitMs.length),
      threeDigits(first.msPerIteration.best / result.msPerIteration.best),
      result.uploadMs === null ? '–' : threeDigits(result.uploadMs),
      result.objective.toPrecision(9),
      distance(result.objective, expected).toExponential(1),
    ]),
  );
}

/** Lines about objectives that are not as expected, or not what their own contender tells. */
export function disagreementsOf<P extends Problem, F extends Fit>(
  { objective }: Timing<P, F>,
  results: readonly Result[],
  expected: number,
): string[] {
  const compare = (what: string, a: number, b: number, tolerance: number) =>
    // Not "greater than": NaN must not pass.
    distance(a, b) <= tolerance
      ? []
      : [`${objective} ${what} is off by ${distance(a, b).toExponential(1)}: ${a}, ${b}`];
  return results.flatMap(({ contender, objective: reached, toldObjective }) => [
    ...compare(`of ${contender}`, reached, expected, AGREES),
    ...compare(`that ${contender} tells`, toldObjective ?? reached, reached, IS_TOLD),
  ]);
}

/** Relative to 1 + the size of b. */
export function distance(a: number, b: number): number {
  return Math.abs(a - b) / (1 + Math.abs(b));
}
