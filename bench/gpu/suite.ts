/** All cases on one device, the contenders in turn. Runs in pages too: nothing here imports from Node. */
import type { TunedShape } from '../../src/index.ts';
import type { Prepared } from '../contender.ts';
import { Endless, interleave, median, type RunPlan, within } from '../measure.ts';
import { GPU_CASES, type GpuProblem, problemOf, sizeOf } from './cases.ts';
import { type Ceilings, measureCeilings } from './ceilings.ts';
import type { GpuContender, GpuFit } from './contender.ts';
import { openDevice } from './device.ts';
import { type Judgement, sampledInertia } from './judge.ts';
import { type Library, openLibrary } from './library.ts';
import { type KernelTimes, Meter } from './meter.ts';

/** Iterations of the longer of two fits, whose difference is that of iterations alone. */
const ITERATIONS = { large: 6, small: 3 };
/** What a peer has to be opened. */
export const OPENING_MS = 60_000;
/** What it has for its points and its first fit, compilation and all, and for each fit behind it. */
const LIMIT_MS = { large: 300_000, small: 120_000 };
const RUNS: Readonly<Record<'large' | 'small', RunPlan>> = {
  large: { atLeast: 2, atMost: 5, budgetMs: 3000 },
  small: { atLeast: 1, atMost: 1, budgetMs: 0 },
};

export interface SuiteOptions {
  readonly small: boolean;
  /** Names of cases. */
  readonly cases: readonly string[];
}

/** What somebody who waits is told. */
export interface Listener {
  adapter(adapter: AdapterReport): void;
  case(outcome: CaseReport): void;
}

export interface AdapterReport extends Ceilings {
  readonly name: string;
  readonly software: boolean;
  readonly features: readonly string[];
  readonly timestamps: boolean;
}

export interface ContenderReport {
  readonly contender: string;
  readonly about: string;
  readonly uploadMs: number | null;
  /** Of a first fit of one iteration, what a second takes less: compilation and first allocations. */
  readonly firstCallMs: number;
  /** Between a fit of several iterations and one of one: nothing but iterations. */
  readonly iterationMs: number;
  /** Milliseconds of each timed fit, of one iteration and of several. */
  readonly shortMs: readonly number[];
  readonly longMs: readonly number[];
  readonly iterations: number;
  /** Inertia of the sample at the centroids returned, in float64, relative to the library's; null for mixtures. */
  readonly inertia: number | null;
}

/** What is asked of the library alone. */
export interface LibraryReport extends ContenderReport {
  /** GPU time of an iteration: null without timestamps. */
  readonly gpuMs: number | null;
  /** By kernels. */
  readonly kernels: KernelTimes | null;
  readonly readbackMs: number | null;
  /** Of buffers, at the same time. */
  readonly peakBytes: number;
  readonly judgement: Judgement;
  /** By variants of the kernels, timed behind all else; null for mixtures. */
  readonly tuned: TunedShape | null;
  readonly flopsPerSecond: number;
  /** Shares of what the ceilings' shaders reached in the same run. */
  readonly ofFlops: number;
  readonly ofBandwidth: number;
}

export interface CaseReport {
  readonly case: GpuProblem['size'];
  readonly title: string;
  readonly library: LibraryReport;
  readonly peers: readonly ContenderReport[];
  /** Peers that were to run and did not, and why. */
  readonly failures: readonly string[];
}

export interface SuiteReport {
  readonly adapter: AdapterReport;
  readonly cases: readonly CaseReport[];
}

/** @throws {Error} where there is no adapter. */
export async function runSuite(
  gpu: GPU | undefined,
  peers: readonly GpuContender[],
  options: SuiteOptions,
  listener: Listener,
): Promise<SuiteReport> {
  const { device, adapter, name } = await openDevice(gpu);
  const meter = new Meter(device);
  const library = await openLibrary(device);
  try {
    const about: AdapterReport = {
      name,
      software: library.software,
      features: [...device.features].sort(),
      timestamps: meter.hasTimestamps,
      ...(await measureCeilings(meter, options.small)),
    };
    listener.adapter(about);
    const cases: CaseReport[] = [];
    const stuck: Stuck = new Map();
    for (const each of GPU_CASES) {
      if (!options.cases.includes(each.name)) continue;
      const outcome = await runCase(
        problemOf(sizeOf(each, options.small)),
        library,
        { peers, stuck },
        meter,
        about,
        options,
      );
      listener.case(outcome);
      cases.push(outcome);
    }
    return { adapter: about, cases };
  } finally {
    await library.close();
    device.destroy();
    // Dawn needs its adapter for as long as there is a device.
    void adapter.info;
  }
}

interface Session {
  readonly contender: GpuContender;
  readonly points: Prepared<GpuFit>;
  readonly firstCallMs: number;
}

/** Peers with something that had no end, and where: it is at work still, and they are asked for nothing more. */
type Stuck = Map<GpuContender, string>;

async function runCase(
  problem: GpuProblem,
  library: Library,
  { peers, stuck }: { readonly peers: readonly GpuContender[]; readonly stuck: Stuck },
  meter: Meter,
  adapter: AdapterReport,
  { small }: SuiteOptions,
): Promise<CaseReport> {
  const scale = small ? 'small' : 'large';
  const failures: string[] = [];
  const sessions: Session[] = [];
  const fail = (contender: GpuContender, error: unknown) => {
    if (contender === library) throw error;
    const { message } = error as Error;
    failures.push(`${contender.name}: ${message}`);
    if (error instanceof Endless) stuck.set(contender, `${message} of ${problem.title}`);
  };
  const limited = <T>(contender: GpuContender, work: T | Promise<T>) =>
    contender === library ? work : within(LIMIT_MS[scale], work);
  meter.resetPeak();
  try {
    for (const contender of [library, ...peers]) {
      if (!contender.takes(problem)) continue;
      const why = stuck.get(contender);
      if (why === undefined) {
        try {
          sessions.push(await limited(contender, openSession(contender, problem)));
        } catch (error) {
          fail(contender, error);
        }
      } else failures.push(`${contender.name}: ${why}`);
    }
    const lost = new Set<GpuContender>();
    const fits = sessions.flatMap(({ contender, points }) =>
      [1, ITERATIONS[scale]].map((count) => async () => {
        if (lost.has(contender)) return null;
        try {
          return await limited(contender, points.fit(count));
        } catch (error) {
          fail(contender, error);
          lost.add(contender);
          return null;
        }
      }),
    );
    const measured = await interleave(fits, RUNS[scale]);
    const reports: ContenderReport[] = [];
    let reference = NaN;
    for (const [i, { contender, points, firstCallMs }] of sessions.entries()) {
      const [short, long] = measured.slice(2 * i, 2 * i + 2);
      if (short.value === null || long.value === null) continue;
      const more = long.value.iterations - short.value.iterations;
      const inertia = problem.covarianceType === null ? sampledInertia(problem, await long.value.centroids()) : null;
      if (contender === library) reference = inertia ?? NaN;
      reports.push({
        contender: contender.name,
        about: contender.about,
        uploadMs: points.uploadMs,
        firstCallMs: Math.max(0, firstCallMs - median(short.ms)),
        iterationMs: Math.max(0, median(long.ms) - median(short.ms)) / more,
        shortMs: short.ms,
        longMs: long.ms,
        iterations: long.value.iterations,
        inertia: inertia === null ? null : inertia / reference,
      });
    }
    const [own, ...others] = reports;
    const [{ points }] = sessions;
    const library_ = await libraryReport(own, problem, library, points, meter, adapter, ITERATIONS[scale]);
    return { case: problem.size, title: problem.title, library: library_, peers: others, failures };
  } finally {
    for (const { contender, points } of sessions) if (!stuck.has(contender)) await points.release();
  }
}

async function openSession(contender: GpuContender, problem: GpuProblem): Promise<Session> {
  const points = await contender.prepare(problem);
  const before = performance.now();
  await points.fit(1);
  return { contender, points, firstCallMs: performance.now() - before };
}

async function libraryReport(
  own: ContenderReport,
  problem: GpuProblem,
  library: Library,
  points: Prepared<GpuFit>,
  meter: Meter,
  adapter: AdapterReport,
  iterations: number,
): Promise<LibraryReport> {
  // The longer one last: it is what is judged.
  const one = await meter.kernelTimes(async () => points.fit(1));
  let more = 0;
  const several = await meter.kernelTimes(async () => (more = (await points.fit(iterations)).iterations - 1));
  const kernels =
    one === null || several === null
      ? null
      : Object.fromEntries(
          Object.entries(several).map(([label, ms]) => [label, Math.max(0, ms - (one[label] ?? 0)) / more]),
        );
  const gpuMs = kernels === null ? null : Object.values(kernels).reduce((sum, ms) => sum + ms, 0);
  const peakBytes = meter.peakBytes;
  const judgement = await library.judge();
  const without = await library.withoutReadback();
  // The GPU's own time says what kernels reach; what the host adds is seen in the other.
  const seconds = (gpuMs ?? own.iterationMs) / 1000;
  const flopsPerSecond = problem.flops / seconds;
  return {
    ...own,
    gpuMs,
    kernels,
    readbackMs: without === null ? null : Math.max(0, median(own.shortMs) - without),
    peakBytes,
    judgement,
    tuned: await library.tune(),
    flopsPerSecond,
    ofFlops: flopsPerSecond / adapter.flopsPerSecond,
    ofBandwidth: problem.bytes / seconds / adapter.bytesPerSecond,
  };
}
