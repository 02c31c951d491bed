/** The benchmark that the page offers: k-means of the user's own points, from one start, by all that can do it here. */
import { VALUES_OF_THREAD } from '../../src/cpu/engine.ts';
import { createEngine, type Engine, type EngineOptions, WebGPUUnavailableError } from '../../src/index.ts';
import { turnIfDue } from '../../src/turns.ts';
import type { Caller } from '../channel.ts';
import type { Features } from '../features/features.ts';

/** Lloyd iterations of each, at most: fewer where no row changes its cluster any more. */
const ITERATIONS = 10;
const RUNS = 3;
/** Runs end before there are three, where these would take longer. */
const BUDGET_MS = 6000;
/** Rows that a software adapter gets, at most. */
const SOFTWARE_ROWS = 20_000;
/** What an iteration of ml-kmeans may take, which cannot be interrupted: ten of them three times are under three seconds. */
const PEER_MS = 30;
const PROBE_ROWS = 500;
/** Rows that are copied between two looks at the clock. */
const ROWS_OF_TURN = 4096;
/** Between inertias from one start: float32 may settle a near tie otherwise than float64. */
const AGREES = 1e-5;

export interface ComparisonQuestion {
  /** Weights are not heeded: not all contenders know any. */
  readonly features: Pick<Features, 'n' | 'd' | 'data'>;
  readonly k: number;
  readonly seed: number;
}

/** Who is running, behind how many of how many. */
export interface ComparisonProgress {
  readonly name: string;
  readonly done: number;
  readonly of: number;
}

export interface Contender {
  readonly name: string;
  /** "a software adapter, slow", "on a sample of the rows"; '' where there is nothing to say. */
  readonly remark: string;
  /** The GPU as the browser names it; '' for others. */
  readonly adapter: string;
  /** Rows that it was given, spread over all. */
  readonly rows: number;
  /** Passes over these rows that were timed together: iterations, and where there is one the assignment behind them. */
  readonly passes: number;
  readonly runs: number;
  /** Of one pass, in the best run. */
  readonly milliseconds: number;
  /** Nanoseconds of one pass for one row. */
  readonly nanosecondsPerRow: number;
  readonly inertia: number;
  /** That of the CPU on the same rows. */
  readonly expectedInertia: number;
  /** Whether both are the same within what rounding explains. */
  readonly agrees: boolean;
  /** Rows that have the label that they have on the CPU, of `rows`. */
  readonly equalLabels: number;
}

export interface Comparison {
  readonly n: number;
  readonly d: number;
  readonly k: number;
  readonly seed: number;
  readonly contenders: readonly Contender[];
  /** Those that could not run here, and why. */
  readonly missing: readonly { readonly name: string; readonly reason: string }[];
}

/** Some of the points, and what the CPU makes of them. */
interface Problem {
  readonly rows: number;
  readonly data: Float32Array;
  readonly d: number;
  readonly k: number;
  /** Centroids [k, d] that all begin with. */
  readonly start: Float64Array;
}

interface Expected {
  readonly labels: Uint32Array;
  readonly inertia: number;
}

interface Fitted extends Expected {
  readonly passes: number;
  /** Of each run. */
  readonly ms: readonly number[];
}

/**
 * Times, one after the other, the CPU engine on one thread and on all, WebGPU, and ml-kmeans: each from the same centroids, those
 * that k-means++ and one iteration come to, with as many iterations.
 *
 * @param workerUrl of the library's threads
 * @throws {RangeError} where there are no k clusters in the points
 * @throws the reason of the caller's signal, soon after its abort
 */
export async function compare(
  { features: { n, d, data }, k, seed }: ComparisonQuestion,
  { signal, tell }: Caller<ComparisonProgress>,
  workerUrl?: string | URL,
): Promise<Comparison> {
  const ofCpu = { backend: 'cpu', ...(workerUrl === undefined ? {} : { workerUrl }) } as const;
  return withEngine(ofCpu, async (cpu) => {
    // Few points are on one thread however many there are.
    const threads = Math.min(cpu.info.threads, Math.floor((n * d) / VALUES_OF_THREAD));
    const isParallel = threads > 1;
    const contenders: Contender[] = [];
    const missing: { name: string; reason: string }[] = [];
    let done = 0;
    const next = (name: string) => tell({ name, done: done++, of: isParallel ? 4 : 3 });

    const ofAll = isParallel ? `CPU, ${threads} threads` : ONE_THREAD;
    next(ofAll);
    const seeded = await cpu.kmeans({ data, shape: [n, d] }, { k, seed, maxIterations: 1, signal });
    const whole: Problem = { rows: n, data, d, k, start: seeded.centroids };
    const onAll = await fitBy(cpu, whole, signal);
    const expectedOf = async (problem: Problem) => (problem === whole ? onAll : fitBy(cpu, problem, signal, 1));
    if (isParallel) {
      next(ONE_THREAD);
      const alone = await withEngine({ backend: 'cpu', threads: 1 }, (one) => fitBy(one, whole, signal));
      contenders.push(judged(ONE_THREAD, whole, alone, onAll));
    }
    contenders.push(judged(ofAll, whole, onAll, onAll));

    const attempt = async (name: string, run: () => Promise<Contender>) => {
      next(name);
      try {
        contenders.push(await run());
      } catch (error) {
        signal.throwIfAborted();
        missing.push({ name, reason: reasonOf(error) });
      }
    };
    await attempt(GPU, () =>
      withEngine({ backend: 'webgpu' }, async (gpu) => {
        const { software, adapter } = gpu.info;
        const problem = software ? sampleOf(whole, SOFTWARE_ROWS) : whole;
        const fitted = await fitBy(gpu, problem, signal);
        const about = { adapter, remark: software ? SOFTWARE : '' };
        return judged(GPU, problem, fitted, await expectedOf(problem), about);
      }),
    );
    await attempt(PEER, async () => {
      const peer = await loadPeer();
      const problem = sampleOf(whole, await rowsOfPeer(peer, whole, signal));
      const remark = problem === whole ? '' : 'on a sample of the rows';
      return judged(PEER, problem, await fitByPeer(peer, problem, signal), await expectedOf(problem), { remark });
    });
    return { n, d, k, seed, contenders, missing };
  });
}

const ONE_THREAD = 'CPU, one thread';
const GPU = 'WebGPU';
const PEER = 'ml-kmeans';
const SOFTWARE = 'a software adapter, slow: a CPU plays the GPU';

async function withEngine<T>(options: EngineOptions, work: (engine: Engine) => Promise<T>): Promise<T> {
  const engine = await createEngine(options);
  try {
    return await work(engine);
  } finally {
    await engine.destroy();
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof WebGPUUnavailableError) return 'This browser offers no WebGPU on this machine.';
  return error instanceof Error ? error.message : String(error);
}

/** Rows spread over all of them, or all. */
function sampleOf(problem: Problem, most: number): Problem {
  const { rows, data, d } = problem;
  if (most >= rows) return problem;
  const sample = new Float32Array(most * d);
  for (let i = 0; i < most; i++) {
    const row = Math.floor((i * rows) / most);
    sample.set(data.subarray(row * d, (row + 1) * d), i * d);
  }
  return { ...problem, rows: most, data: sample };
}

/** @param runs 1, untimed but for the first call, where only the outcome matters */
async function fitBy(engine: Engine, problem: Problem, signal: AbortSignal, runs = RUNS): Promise<Fitted> {
  const { rows, data, d, k, start } = problem;
  const dataset = await engine.upload({ data, shape: [rows, d] }, { signal });
  try {
    const fit = (maxIterations: number) => {
      const init = { data: start, shape: [k, d] as const };
      return engine.kmeans(dataset, { k, init, maxIterations, tolerance: 0, signal });
    };
    // Threads start with the first call, and shaders are compiled.
    if (runs > 1) await fit(1);
    const ms: number[] = [];
    for (;;) {
      const began = performance.now();
      const { labels, inertia, iterations } = await fit(ITERATIONS);
      ms.push(performance.now() - began);
      if (ms.length === runs || isSpent(ms)) return { labels, inertia, passes: iterations + 1, ms };
    }
  } finally {
    dataset.destroy();
  }
}

function isSpent(ms: readonly number[]): boolean {
  return ms.reduce((total, value) => total + value, 0) + Math.min(...ms) > BUDGET_MS;
}

function judged(
  name: string,
  { rows }: Problem,
  { labels, inertia, passes, ms }: Fitted,
  expected: Expected,
  { adapter = '', remark = '' } = {},
): Contender {
  const milliseconds = Math.min(...ms) / passes;
  const difference = Math.abs(inertia - expected.inertia);
  return {
    name,
    remark,
    adapter,
    rows,
    passes,
    runs: ms.length,
    milliseconds,
    nanosecondsPerRow: (1e6 * milliseconds) / rows,
    inertia,
    expectedInertia: expected.inertia,
    agrees: difference <= AGREES * expected.inertia,
    equalLabels: labels.reduce((count, label, i) => count + Number(label === expected.labels[i]), 0),
  };
}

type Peer = typeof import('ml-kmeans');

const loadPeer = (): Promise<Peer> => import('ml-kmeans');

async function arraysOf(values: Float32Array | Float64Array, d: number): Promise<number[][]> {
  const rows: number[][] = [];
  for (let at = 0; at < values.length; at += d) {
    rows.push(Array.from(values.subarray(at, at + d)));
    if (rows.length % ROWS_OF_TURN === 0) await turnIfDue();
  }
  return rows;
}

/** As many as an iteration may take time for. */
async function rowsOfPeer(peer: Peer, whole: Problem, signal: AbortSignal): Promise<number> {
  const probe = sampleOf(whole, PROBE_ROWS);
  const { ms } = await fitByPeer(peer, probe, signal);
  const rows = Math.floor((probe.rows * PEER_MS * ITERATIONS) / Math.max(Math.min(...ms), 0.1));
  return Math.min(whole.rows, Math.max(rows, probe.rows));
}

async function fitByPeer({ kmeansGenerator }: Peer, problem: Problem, signal: AbortSignal): Promise<Fitted> {
  const { d, k, data, start } = problem;
  const points = await arraysOf(data, d);
  const options = { initialization: await arraysOf(start, d), maxIterations: ITERATIONS, tolerance: 0 };
  const ms: number[] = [];
  for (;;) {
    const iterations = kmeansGenerator(points, k, options);
    let centroids = options.initialization;
    let passes = 0;
    let time = 0;
    for (;;) {
      const began = performance.now();
      const { value } = iterations.next();
      time += performance.now() - began;
      if (!value) break;
      ({ centroids, iterations: passes } = value);
      await turnIfDue();
      signal.throwIfAborted();
    }
    ms.push(time);
    if (ms.length === RUNS) return { ...assigned(problem, centroids), passes, ms };
  }
}

/** The nearest of the centroids for each row, in float64. */
function assigned({ rows, data, d }: Problem, centroids: readonly (readonly number[])[]): Expected {
  const labels = new Uint32Array(rows);
  let inertia = 0;
  for (let i = 0; i < rows; i++) {
    let least = Infinity;
    for (const [c, centroid] of centroids.entries()) {
      let distance = 0;
      for (let j = 0; j < d; j++) distance += (data[i * d + j] - centroid[j]) ** 2;
      if (distance >= least) continue;
      least = distance;
      labels[i] = c;
    }
    inertia += least;
  }
  return { labels, inertia };
}
