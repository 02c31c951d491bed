/** Workers that shards live in: Web Workers in a page, worker_threads in Node, from one script that is inlined. */
import { resultOf, runAsync, type Steps } from '../../steps.ts';
import { startThread, type Thread } from '../../thread.ts';
import { KMEANS } from '../families/kmeans.ts';
import type { ShardShape } from '../shard.ts';
import { type Request, type Response, START } from './messages.ts';
import type { Place, Question } from './place.ts';
import type { Family } from './residents.ts';
import script from './start.ts?bundle';

/** Milliseconds that workers wait for more points before they are ended. */
const PATIENCE_MS = 1000;
/** Milliseconds that a worker may take to start: those that take longer may never answer, as where tests stub them. */
const START_MS = 5000;
/** Megabytes of garbage in a worker, which makes little: what its engine by default lets lie would grow for thousands of blocks. */
const GARBAGE = 2;

/** The workers of an engine: started when points need them, ended soon after the last points have gone. */
export class Pool {
  readonly #simd: boolean;
  readonly #shared: boolean;
  readonly #workerUrl: string | URL | undefined;
  /** Each with whether it could start; those that could not, or that died, are taken out. */
  readonly #workers = new Map<WorkerPlace, Promise<boolean>>();
  /** The most that there can be: a worker that could not start is not tried again, and none behind the end. */
  #limit = Infinity;
  #engaging = 0;
  #ending: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param simd whether the workers have kernels, where there are some
   * @param shared whether the workers' memories are
   * @param workerUrl where their script is; undefined for the inlined one
   */
  constructor(simd: boolean, shared: boolean, workerUrl: string | URL | undefined) {
    this.#simd = simd;
    this.#shared = shared;
    this.#workerUrl = workerUrl;
  }

  /**
   * So many workers, to be given points at once; fewer where no more can be had, as under a content security policy.
   *
   * @throws the signal's reason as soon as it aborts.
   */
  async engage(count: number, signal: AbortSignal | undefined): Promise<WorkerPlace[]> {
    this.#engaging++;
    try {
      while (this.#workers.size < Math.min(count, this.#limit)) this.#start();
      const workers = [...this.#workers].slice(0, count);
      const started = await runAsync(resultOf(Promise.all(workers.map(([, started]) => started))), signal);
      return workers.filter((_, w) => started[w]).map(([place]) => place);
    } finally {
      this.#engaging--;
      // Whoever asked may have given up meanwhile.
      this.#rest();
    }
  }

  /** Whatever the workers are asked rejects, and none starts any more. */
  end(): void {
    this.#limit = 0;
    this.#endAll();
  }

  #endAll(): void {
    clearTimeout(this.#ending);
    const places = [...this.#workers.keys()];
    this.#workers.clear();
    for (const place of places) place.terminate();
  }

  #start(): void {
    let thread: Thread<Request, Response>;
    try {
      const url = this.#workerUrl;
      thread = startThread(url === undefined ? { text: script } : { url, type: 'classic' }, GARBAGE);
    } catch {
      this.#limit = this.#workers.size;
      return;
    }
    let hasStarted = false;
    const place = new WorkerPlace(thread, this.#simd, this.#shared, {
      onIdle: () => this.#rest(),
      onDeath: () => {
        this.#workers.delete(place);
        if (!hasStarted) this.#limit = this.#workers.size;
      },
    });
    const started = place.start().then(
      () => (hasStarted = true),
      () => false,
    );
    this.#workers.set(place, started);
  }

  /** Ends the workers after a while, if none has points then. */
  #rest(): void {
    clearTimeout(this.#ending);
    this.#ending = setTimeout(() => {
      if (this.#engaging === 0 && [...this.#workers.keys()].every(({ shards }) => shards === 0)) this.#endAll();
    }, PATIENCE_MS);
    // Node: nobody waits for this.
    if (typeof this.#ending === 'object') this.#ending.unref();
  }
}

interface WorkerEvents {
  /** Its last shard was dropped. */
  onIdle(): void;
  /** It ended of itself, and the shards with it. */
  onDeath(): void;
}

/** A worker, as a place. */
export class WorkerPlace implements Place {
  readonly #thread: Thread<Request, Response>;
  readonly isShared: boolean;
  readonly spares: Float64Array[] = [];
  readonly #simd: boolean;
  readonly #events: WorkerEvents;
  readonly #learnt = new Set<Family>([KMEANS]);
  readonly #shards = new Set<number>();
  readonly #calls = new Map<number, { resolve(value: unknown): void; reject(reason: unknown): void }>();
  #lastCall = START;
  /** Why it answers no more. */
  #end: Error | null = null;

  constructor(thread: Thread<Request, Response>, simd: boolean, shared: boolean, events: WorkerEvents) {
    this.#thread = thread;
    this.#simd = simd;
    this.isShared = shared;
    this.#events = events;
    thread.listen(
      (response) => this.#settle(response),
      (error) => this.#die(error),
    );
  }

  /** Number of shards that live there. */
  get shards(): number {
    return this.#shards.size;
  }

  /** @throws {Error} where it does not answer in time; it is dead then. */
  async start(): Promise<void> {
    const patience = setTimeout(() => this.#die(new Error('a worker did not start')), START_MS);
    try {
      // With a module: a worker that cannot take one is not to have points.
      const start = { type: 'start', shared: this.isShared, kmeans: this.#moduleOf(KMEANS) } as const;
      await this.#answerTo(START, start, []);
    } catch (error) {
      this.#die(error as Error);
      throw error;
    } finally {
      clearTimeout(patience);
    }
  }

  makeShard(id: number, shape: ShardShape): void {
    this.#shards.add(id);
    this.#tell({ type: 'shard', id, shape });
  }

  make(id: number, family: Family, kind: string, on: number, options: unknown): void {
    if (!this.#learnt.has(family)) this.#tell({ type: 'learn', family: family.name, module: this.#moduleOf(family) });
    this.#learnt.add(family);
    this.#tell({ type: 'make', id, family: family.name, kind, on, options });
  }

  ask(id: number, verb: string, args: readonly unknown[], transferred: ArrayBuffer[]): Question<unknown> {
    const call = ++this.#lastCall;
    const answer = this.#answerTo(call, { type: 'ask', call, id, verb, args }, transferred);
    // It may fail before anybody waits for it.
    answer.catch(() => undefined);
    return {
      *answer(): Steps<unknown> {
        return yield* resultOf(answer);
      },
      cancel: () => {
        if (this.#forget(call)) this.#tell({ type: 'cancel', call });
      },
    };
  }

  drop(id: number): void {
    this.#tell({ type: 'drop', id });
    if (this.#shards.delete(id) && this.#shards.size === 0) this.#events.onIdle();
  }

  terminate(): void {
    this.#endWith(new TypeError('the dataset was destroyed'));
    this.#thread.terminate();
  }

  #moduleOf(family: Family): WebAssembly.Module | null {
    return this.#simd ? family.kernels(this.isShared) : null;
  }

  #tell(request: Request): void {
    if (this.#end === null) this.#thread.post(request, []);
  }

  #answerTo(call: number, request: Request, transferred: ArrayBuffer[]): Promise<unknown> {
    if (this.#end !== null) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => {
      // Before it is asked: stubs answer at once.
      this.#calls.set(call, { resolve, reject });
      this.#thread.hold(true);
      try {
        this.#thread.post(request, transferred);
      } catch (error) {
        this.#forget(call);
        throw error;
      }
    });
  }

  #settle(response: Response): void {
    const { call } = response;
    const waiting = this.#calls.get(call);
    if (waiting === undefined) return;
    this.#forget(call);
    if (Object.hasOwn(response, 'error')) waiting.reject(response.error);
    else waiting.resolve(response.value);
  }

  #forget(call: number): boolean {
    const known = this.#calls.delete(call);
    if (this.#calls.size === 0) this.#thread.hold(false);
    return known;
  }

  #die(error: Error): void {
    if (this.#end !== null) return;
    this.#endWith(new Error(`${error.message}: the points that it held are lost`, { cause: error }));
    this.#thread.terminate();
    this.#events.onDeath();
  }

  #endWith(error: Error): void {
    this.#end ??= error;
    for (const { reject } of this.#calls.values()) reject(this.#end);
    this.#calls.clear();
    this.#thread.hold(false);
  }
}
