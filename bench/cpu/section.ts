import type { Result } from '../benchmark.ts';
import { onThreads } from '../contender.ts';
import type { OpenEngine } from '../engines.ts';
import type { KMeansContender } from '../kmeans/contender.ts';
import type { ScikitLearnKMeans } from '../kmeans/contenders/scikit-learn.ts';
import type { RunPlan } from '../measure.ts';
import { type Goal, type Outcome, outcome } from './goals.ts';

/** Of every contender that has threads: the goals are for two cores. */
export const THREADS = [1, 2];

/** What all sections work with. */
export interface Setting {
  /** This package's engine, one for each number of threads. */
  readonly engines: readonly OpenEngine[];
  /** The same threads; empty where there is none. */
  readonly scikitLearn: readonly ScikitLearnKMeans[];
  readonly javascript: readonly KMeansContender[];
  readonly runs: RunPlan;
}

/** What a section leaves behind. */
export interface Findings {
  /** For the file. */
  readonly report: unknown;
  readonly outcomes: readonly Outcome[];
  /** Lines about what should have agreed. */
  readonly disagreements?: readonly string[];
}

/** Whether it scans bytes of wide points: what it knows once it had some. */
export async function scansBytes({ engine, upload }: OpenEngine): Promise<boolean> {
  const { dataset } = await upload(new Float32Array(WIDE_ENOUGH), 1, WIDE_ENOUGH);
  dataset.destroy();
  return engine.info.features.includes('wasm-relaxed-dot');
}

/** Features of a row that brings the module for wide points. */
const WIDE_ENOUGH = 64;

/** Nobody but those on so many threads. */
export function withThreads(threads: number, { engines, scikitLearn, javascript, runs }: Setting): Setting {
  const has = (one: { readonly threads: number }) => one.threads === threads;
  return {
    engines: engines.filter(has),
    scikitLearn: scikitLearn.filter(has),
    javascript: javascript.filter(has),
    runs,
  };
}

/** Milliseconds of the best whole fit; NaN where the contender was not timed. */
export function bestFit(results: readonly Result[], contender: string): number {
  return Math.min(...(results.find((result) => result.contender === contender)?.fitMs ?? [Number.NaN]));
}

/** This package's best time over scikit-learn's on as many threads, where that was timed. */
export function overScikitLearn(results: readonly Result[], figure: string, on: string, goal?: Goal): Outcome[] {
  return THREADS.map((threads) => {
    const ratio = bestFit(results, onThreads('cpu', threads)) / bestFit(results, onThreads('scikit-learn', threads));
    return outcome(figure, onThreads(on, threads), ratio, goal);
  }).filter(({ measured }) => !Number.isNaN(measured));
}
