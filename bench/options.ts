import { parseArgs } from 'node:util';
import { ENGINES } from './engines.ts';
import type { RunPlan } from './measure.ts';

/** What a benchmark offers to choose from: by default everything. */
export interface Choices {
  readonly cases: readonly string[];
  /** By the names of their options: `engines` and `peers`, and what else there is. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
  readonly runs: RunPlan;
  readonly usage: string;
}

/** What was chosen of it. */
export interface BenchOptions extends Omit<Choices, 'usage'> {
  readonly software: boolean;
  readonly out: string;
}

/** The options that all benchmarks have. */
export function commonUsage(runs: RunPlan): string {
  return `  --engines ${ENGINES.join().padEnd(17)}engines to time, or none
  --runs 3                   runs of each; by default ${runs.atLeast} to ${runs.atMost}, by the time they take
  --software                 time WebGPU on a software adapter too
  --out bench/results        folder of the JSON file`;
}

/** Null, and the usage told, where the command line is wrong. */
export function chosenOptions(args: string[], choices: Choices): BenchOptions | null {
  try {
    return readOptions(args, choices);
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${choices.usage}`);
    process.exitCode = 2;
    return null;
  }
}

/** @throws {TypeError | RangeError} saying what is wrong with the command line. */
function readOptions(args: string[], { cases, lists, runs }: Choices): BenchOptions {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...Object.fromEntries(Object.keys(lists).map((name) => [name, { type: 'string' as const }])),
      runs: { type: 'string' },
      software: { type: 'boolean', default: false },
      out: { type: 'string', default: 'bench/results' },
    },
  });
  const listed: Readonly<Record<string, unknown>> = values;
  return {
    cases: positionals.length === 0 ? cases : choose('cases', cases, positionals),
    lists: Object.fromEntries(
      Object.entries(lists).map(([name, known]) => [
        name,
        choose(name, known, split(listed[name] as string | undefined) ?? known),
      ]),
    ),
    runs: values.runs === undefined ? runs : exactly(values.runs),
    software: values.software,
    out: values.out,
  };
}

function split(list: string | undefined): string[] | undefined {
  return list === 'none' ? [] : list?.split(',');
}

/** @throws {RangeError} naming what is not known. */
export function choose<Name extends string>(kind: string, known: readonly Name[], wanted: readonly string[]): Name[] {
  const stranger = wanted.find((name) => !(known as readonly string[]).includes(name));
  if (stranger !== undefined) throw new RangeError(`${kind}: no ${stranger}, there are ${known.join(', ')}`);
  return known.filter((name) => wanted.includes(name));
}

function exactly(text: string): RunPlan {
  const runs = Number(text);
  if (!Number.isSafeInteger(runs) || runs < 1) throw new RangeError(`--runs must be a positive integer, got ${text}`);
  return { atLeast: runs, atMost: runs, budgetMs: 0 };
}
