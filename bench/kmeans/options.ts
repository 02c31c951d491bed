import { parseArgs } from 'node:util';
import type { RunPlan } from '../measure.ts';
import { CASES, type Case } from './cases.ts';

export const ENGINES = ['cpu', 'webgpu'] as const;
export const PEERS = ['ml-kmeans', 'skmeans'] as const;

/** Two runs of the slowest peers take a minute each; all cases together about five, on two cores. */
const DEFAULT_RUNS: RunPlan = { atLeast: 2, atMost: 7, budgetMs: 10_000 };

export const USAGE = `npm run bench -- [cases] [options]
  cases                      any of ${CASES.map(({ name }) => name).join(' ')}; all of them by default
  --engines cpu,webgpu       engines to time, or none
  --peers ml-kmeans,skmeans  peers to time, or none
  --runs 3                   runs of each; by default ${DEFAULT_RUNS.atLeast} to ${DEFAULT_RUNS.atMost}, by the time they take
  --software                 time WebGPU on a software adapter too
  --out bench/results        folder of the JSON file`;

export interface BenchOptions {
  readonly cases: readonly Case[];
  readonly engines: readonly (typeof ENGINES)[number][];
  readonly peers: readonly (typeof PEERS)[number][];
  readonly runs: RunPlan;
  readonly software: boolean;
  readonly out: string;
}

/** @throws {TypeError | RangeError} saying what is wrong with the command line. */
export function readOptions(args: string[]): BenchOptions {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      engines: { type: 'string', default: ENGINES.join() },
      peers: { type: 'string', default: PEERS.join() },
      runs: { type: 'string' },
      software: { type: 'boolean', default: false },
      out: { type: 'string', default: 'bench/results' },
    },
  });
  const names = CASES.map(({ name }) => name);
  const chosen = positionals.length === 0 ? names : choose('case', names, positionals);
  return {
    cases: CASES.filter(({ name }) => chosen.includes(name)),
    engines: choose('engine', ENGINES, split(values.engines)),
    peers: choose('peer', PEERS, split(values.peers)),
    runs: values.runs === undefined ? DEFAULT_RUNS : exactly(values.runs),
    software: values.software,
    out: values.out,
  };
}

function split(list: string): string[] {
  return list === 'none' ? [] : list.split(',');
}

function choose<T extends string>(kind: string, known: readonly T[], wanted: readonly string[]): T[] {
  const stranger = wanted.find((name) => !known.includes(name as T));
  if (stranger !== undefined) throw new RangeError(`no ${kind} ${stranger}: there are ${known.join(', ')}`);
  return known.filter((name) => wanted.includes(name));
}

function exactly(text: string): RunPlan {
  const runs = Number(text);
  if (!Number.isSafeInteger(runs) || runs < 1) throw new RangeError(`--runs must be a positive integer, got ${text}`);
  return { atLeast: runs, atMost: runs, budgetMs: 0 };
}
