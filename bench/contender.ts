/** One case of a benchmark: points and a start that all contenders share. */
export interface Problem {
  readonly title: string;
  /** What the report says of it. */
  readonly size: Readonly<Record<string, string | number>>;
}

/** An implementation that is timed on problems P. */
export interface Contender<P extends Problem, F extends Fit> {
  readonly name: string;
  /** What it runs on, or which version it is; empty where the report knows without. */
  readonly about: string;
  /** Whether it runs on a software adapter. */
  readonly software: boolean;
  readonly threads: number;
  /** Whether it has what the problem asks for, and an end in sight. */
  takes(problem: P): boolean;
  /** Brings the points where fits find them; not part of their time. */
  prepare(problem: P): Prepared<F> | Promise<Prepared<F>>;
  /** Frees what the contender holds. */
  close(): void | Promise<void>;
}

export interface Prepared<F extends Fit> {
  /** Milliseconds that the points took to reach an engine; null where they are used as they are. */
  readonly uploadMs: number | null;
  /** Iterations from the problem's start, with tolerance 0. */
  fit(iterations: number): F | Promise<F>;
  release(): void | Promise<void>;
}

export interface Fit {
  /** Updates of the parameters. */
  readonly iterations: number;
  /** Passes over the points. */
  readonly passes: number;
  /** What the contender tells of its parameters; null where it tells nothing. */
  readonly objective: number | null;
}

export function onThreads(name: string, threads: number): string {
  return `${name}, ${threads} ${threads === 1 ? 'thread' : 'threads'}`;
}

/** What the peers have in common: plain JavaScript on the calling thread. */
export const PLAIN = { about: '', software: false, threads: 1, close: () => undefined } as const;
