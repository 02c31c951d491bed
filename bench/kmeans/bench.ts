/** Lloyd's iterations of each engine beside the peers', from the same start, with the inertia of each recomputed. */
import { assign, inertiaOf } from '../../src/reference/kmeans.ts';
import { interleave, median } from '../measure.ts';
import { circumstances, writeReport } from '../report.ts';
import { formatTable, threeDigits } from '../table.ts';
import { type Case, Problem, SEED } from './cases.ts';
import type { Contender, Prepared } from './contender.ts';
import { type EngineContender, openCpu, openWebGpu } from './contenders/engines.ts';
import { mlKMeans } from './contenders/ml-kmeans.ts';
import { skMeans } from './contenders/skmeans.ts';
import { type BenchOptions, readOptions, USAGE } from './options.ts';

const ITERATIONS = 10;
/** Relative, between contenders after ten iterations: float32 may settle a near tie otherwise than float64. */
const INERTIA_AGREES = 1e-5;
/** Relative, between the inertia that a contender tells and the one of its centroids. */
const INERTIA_IS_TOLD = 1e-6;

const SOFTWARE = 'software adapter: says nothing about speed';
const FOOTNOTE = `
ms an iteration: the time of one call for ${ITERATIONS} iterations from explicit centroids, divided by its passes over the points,
each an assignment and the sums of the clusters. Peers make ${ITERATIONS} passes; their labels belong to the centroids before the
last update. Engines make ${ITERATIONS + 1}: after the last update they assign once more. Peers find their points as plain arrays,
engines find theirs uploaded; neither conversion nor upload is in the time of a fit.
inertia: recomputed in float64 from the centroids that each one returned.`;

interface Result {
  readonly contender: string;
  readonly iterations: number;
  readonly passes: number;
  readonly uploadMs: number | null;
  /** Milliseconds of each timed call. */
  readonly fitMs: readonly number[];
  readonly msPerIteration: { readonly best: number; readonly median: number };
  /** In float64, of the centroids returned. */
  readonly inertia: number;
  /** As the contender tells it. */
  readonly toldInertia: number | null;
}

export async function benchKMeans(args: string[]): Promise<void> {
  let options: BenchOptions;
  try {
    options = readOptions(args);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${USAGE}`);
    process.exitCode = 2;
    return;
  }
  const { engines, leftOut } = await openEngines(options);
  const contenders: Contender[] = [
    ...[mlKMeans, skMeans].filter(({ name }) => options.peers.some((peer) => peer === name)),
    ...engines,
  ];
  for (const line of leftOut) console.log(line);
  if (contenders.length === 0) {
    console.error('nothing is left to time');
    process.exitCode = 1;
    return;
  }
  try {
    await run(contenders, engines, options);
  } finally {
    await Promise.all(contenders.map((contender) => contender.close()));
  }
}

async function openEngines({ engines, software }: BenchOptions) {
  const opened: EngineContender[] = [];
  const leftOut: string[] = [];
  for (const name of engines) {
    try {
      opened.push(await (name === 'cpu' ? openCpu() : openWebGpu(software)));
    } catch (error) {
      leftOut.push(`${name} is not timed: ${(error as Error).message}`);
    }
  }
  return { engines: opened, leftOut };
}

async function run(contenders: readonly Contender[], engines: readonly EngineContender[], options: BenchOptions) {
  const where = circumstances();
  console.log(`${where.processor}, ${where.logicalProcessors} logical processors, Node ${where.node}`);
  for (const { name, adapter, software } of engines) {
    if (adapter !== '') console.log(`${name}: ${adapter}${software ? ` (${SOFTWARE})` : ''}`);
  }
  const cases = [];
  const disagreements: string[] = [];
  for (const size of options.cases) {
    console.log(`\n${size.name}: ${size.n.toLocaleString('en')} points × ${size.d} features, k ${size.k}`);
    const results = await runCase(size, contenders, options);
    console.log(caseTable(results, engines));
    disagreements.push(...disagreementsOf(results).map((line) => `${size.name}: ${line}`));
    cases.push({ ...size, seed: SEED, results });
  }
  console.log(FOOTNOTE);
  for (const line of disagreements) console.error(line);
  if (disagreements.length > 0) process.exitCode = 1;
  const report = {
    benchmark: 'kmeans',
    ...where,
    engines: engines.map(({ name, adapter, software, threads }) => ({ name, adapter, software, threads })),
    cases,
  };
  console.log(`\nwritten: ${writeReport(options.out, report)}`);
}

async function runCase(size: Case, contenders: readonly Contender[], { runs }: BenchOptions): Promise<Result[]> {
  const problem = new Problem(size);
  const prepared: Prepared[] = [];
  try {
    for (const contender of contenders) prepared.push(await contender.prepare(problem));
    // Compilers of every kind do their work before the clock runs.
    for (const { fit } of prepared) await fit(1);
    const fits = prepared.map(({ fit }) => fit.bind(null, ITERATIONS));
    const measured = await interleave(fits, runs);
    return measured.map(({ ms, value }, i) => {
      const { iterations, passes, centroids } = value;
      const { name } = contenders[i];
      if (iterations !== ITERATIONS) throw new Error(`${name} stopped after ${iterations} iterations of ${ITERATIONS}`);
      return {
        contender: name,
        iterations,
        passes,
        uploadMs: prepared[i].uploadMs,
        fitMs: ms,
        msPerIteration: { best: Math.min(...ms) / passes, median: median(ms) / passes },
        inertia: inertiaOf(problem, assign(problem, centroids)),
        toldInertia: value.inertia,
      };
    });
  } finally {
    for (const { release } of prepared) release();
  }
}

function caseTable(results: readonly Result[], engines: readonly EngineContender[]): string {
  const baseline = results.find(({ contender }) => contender === mlKMeans.name);
  const isSoftware = (name: string) => engines.some((engine) => engine.name === name && engine.software);
  return formatTable(
    ['', 'ms an iteration, best', 'median', 'runs', 'times ml-kmeans', 'upload ms', 'inertia'],
    results.map(({ contender, msPerIteration: { best, median }, fitMs, uploadMs, inertia }) => [
      isSoftware(contender) ? `${contender} (software)` : contender,
      threeDigits(best),
      threeDigits(median),
      String(fitMs.length),
      baseline === undefined ? '–' : threeDigits(baseline.msPerIteration.best / best),
      uploadMs === null ? '–' : threeDigits(uploadMs),
      inertia.toPrecision(9),
    ]),
  );
}

/** Lines about inertias that differ from the first contender's, or from what their own contender tells. */
function disagreementsOf(results: readonly Result[]): string[] {
  return results.flatMap(({ contender, inertia, toldInertia }) => [
    ...compare(`${contender} and ${results[0].contender}`, inertia, results[0].inertia, INERTIA_AGREES),
    ...compare(`${contender} and its own word`, inertia, toldInertia ?? inertia, INERTIA_IS_TOLD),
  ]);
}

function compare(what: string, a: number, b: number, tolerance: number): string[] {
  const difference = Math.abs(a - b) / b;
  // Not "greater than": NaN must not pass.
  return difference <= tolerance ? [] : [`inertia of ${what} differs by ${difference.toExponential(1)}: ${a}, ${b}`];
}
