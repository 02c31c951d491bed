/** A fit of shards, whoever asks them: passes over all of them, and what one process makes of their answers. No formula is here. */
import type { Message } from './messages.ts';
import type { Request } from './process.ts';

/** What is told of an iteration. */
export interface ShardProgress {
  /** Completed iterations. */
  readonly iteration: number;
  /** Whether it was the last one. */
  readonly converged: boolean;
  /** Clusters without weight. */
  readonly empty: number;
  /** Rows that were counted, of all shards. */
  readonly rows: number;
  /** Of k-means: that of the centroids before the iteration. */
  readonly inertia?: number;
  /** Of a mixture: that of the parameters before the iteration. */
  readonly lowerBound?: number;
}

/** What a fit is, and how far it goes; also whatever else the verb `start` or `update` takes, such as `tolerance`. */
export interface ShardFitPlan {
  /** What is fitted. */
  readonly kind: 'kmeans' | 'mixture';
  /** Number of clusters or components. */
  readonly k: number;
  /** Default 300. */
  readonly maxIterations?: number;
  /** Centroids [k][d], or an object of means, weights and covariances; default a fit of a sample of the rows. */
  readonly init?: unknown;
  /** Called behind each iteration; `'stop'`, or a promise for it, ends the fit. */
  readonly onIteration?: (progress: ShardProgress) => unknown;
  /** Of the verbs. */
  readonly [option: string]: unknown;
}

/** A process, or whatever answers as one. */
export interface Asked {
  ask(verb: string, request: Request, ...parts: readonly Uint8Array[]): Promise<Message>;
}

export interface ShardsAsked {
  /** Number of shards; their rows lie one behind the other. */
  readonly count: number;
  /**
   * Asks each shard the same, beside its own header, about a state.
   *
   * @param step names the pass
   */
  each(step: string, headers: readonly Request[], state: Uint8Array | null): Promise<readonly Message[]>;
  /** Keeps the state behind an iteration, if it can. */
  readonly keep?: (state: Uint8Array) => Promise<unknown>;
}

/**
 * @param alone a process that needs no rows
 * @param kept a state behind some iteration, to go on from
 * @returns the model, as JSON
 */
export async function fitShardsBy(
  { count, each, keep }: ShardsAsked,
  alone: Asked,
  { maxIterations = 300, init, onIteration, ...plan }: ShardFitPlan,
  kept: Uint8Array | null = null,
): Promise<unknown> {
  const everyone = Array.from({ length: count }, () => ({}));
  let { progress, state } = kept === null ? await begin() : await ask('resume', {}, kept);
  while (!progress.converged && progress.iteration < maxIterations) {
    const step = `${progress.iteration}`;
    const before = state;
    const { iteration } = progress;
    ({ progress, state } = await pass(step, before, 'statistics', 'update'));
    if (progress.empty > 0) {
      const wanted = everyone.map(() => ({ wanted: progress.empty }));
      const moved = await pass(step, before, 'farthest', 'relocate', wanted, state);
      progress = { ...progress, ...moved.progress };
      state = moved.state;
    }
    await keep?.(state);
    // A mixture that has settled is told of by the statistics behind its last iteration.
    if (progress.iteration > iteration && (await onIteration?.(progress)) === 'stop') break;
  }
  return JSON.parse(new TextDecoder().decode((await pass('last', state, 'statistics', 'finish')).state));

  async function begin() {
    const rows = (await question('start', 'describe', null)).map(({ header }) => header.rows as number);
    const firsts = rows.map((_, s) => rows.slice(0, s).reduce((sum, n) => sum + n, 0));
    const places = firsts.map((first) => ({ first, total: firsts[count - 1] + rows[count - 1] }));
    const { state: frame } = await ask('frame', {}, ...bodiesOf(await question('start', 'range', null, places)));
    return pass('start', frame, 'sample', 'start', places, frame, init === undefined ? {} : { init });
  }

  function question(step: string, verb: string, given: Uint8Array | null, headers: readonly Request[] = everyone) {
    return each(
      step,
      headers.map((header) => ({ ...plan, ...header, verb })),
      given,
    );
  }

  /** A pass over all shards, which are asked `verb` about `given`; then one process is asked `then` about `after` and their answers. */
  async function pass(
    step: string,
    given: Uint8Array,
    verb: string,
    then: string,
    headers?: readonly Request[],
    after = given,
    more: Request = {},
  ) {
    return ask(then, more, after, ...bodiesOf(await question(step, verb, given, headers)));
  }

  async function ask(verb: string, more: Request, ...parts: readonly Uint8Array[]) {
    const { header, parts: answered } = await alone.ask(verb, { ...plan, ...more }, ...parts);
    return { progress: header as unknown as ShardProgress, state: answered[0] };
  }
}

function bodiesOf(answers: readonly Message[]): Uint8Array[] {
  return answers.map(({ parts }) => parts[0]);
}
