import { readFileSync } from 'node:fs';

/** How often each task runs: `atLeast` times, then on while its runs fit into `budgetMs`, `atMost` times. */
export interface RunPlan {
  readonly atLeast: number;
  readonly atMost: number;
  readonly budgetMs: number;
}

export interface Measured<T> {
  /** Milliseconds of each run, in order. */
  readonly ms: readonly number[];
  /** What the last run returned. */
  readonly value: T;
}

/** Threads of a run that is over may spin for work still: OpenBLAS's for 2^26 cycles, some 25 ms. */
const SETTLING_MS = 50;

/** Times tasks in turn, so that whatever else the machine does meets all of them alike. */
export async function interleave<T>(tasks: readonly (() => T | Promise<T>)[], plan: RunPlan): Promise<Measured<T>[]> {
  const runs = tasks.map(() => ({ ms: [] as number[], value: undefined as T }));
  for (let round = 0; round < plan.atMost; round++) {
    for (const [i, task] of tasks.entries()) {
      const { ms } = runs[i];
      if (round >= plan.atLeast && sum(ms) + Math.min(...ms) > plan.budgetMs) continue;
      await new Promise((resolve) => setTimeout(resolve, SETTLING_MS));
      const start = performance.now();
      runs[i].value = await task();
      ms.push(performance.now() - start);
    }
  }
  return runs;
}

/** Work that nobody waits for any longer, and that goes on. */
export class Endless extends Error {}

/** @throws {Endless} where work has not come to its end by then. */
export async function within<T>(ms: number, work: T | Promise<T>): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Endless(`no end within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const half = sorted.length / 2;
  return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Of this process, in bytes. */
export function peakResident(): number {
  try {
    // On Linux maxRSS counts the parent as well, as it was when it forked.
    const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))!;
    return 1024 * Number(kilobytes);
  } catch {
    return 1024 * process.resourceUsage().maxRSS;
  }
}
