/** Workers that shards live in: Web Workers in a page, worker_threads in Node, from one script that is inlined. */
import { resultOf, type Steps } from '../steps.ts';
import { kernelModule } from './binary.ts';
import type { Kind } from './host.ts';
import { type Request, type Response, START } from './messages.ts';
import type { Place, Question } from './place.ts';
import type { ShardShape } from './shard.ts';
import { startThread, type Thread } from './thread.ts';

/** Milliseconds that workers wait for more points before they are ended. */
const PATIENCE_MS = 1000;

/** The workers of an engine: started when points need them, ended soon after the last points have gone. */
export class Pool {
  readonly #simd: boolean;
  readonly #shared: boolean;
  #workers: Promise<WorkerPlace>[] = [];
  /** Those that have started. */
  readonly #places = new Set<WorkerPlace>();
  #engaging = 0;
  #ending: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param simd whether the workers have kernels, where there are some
   * @param shared whether the workers' memories are
   */
  constructor(simd: boolean, shared: boolean) {
    this.#simd = simd;
    this.#shared = shared;
  }

  /**
   * So many workers, to be given points at once.
   *
   * @throws {Error} where there can be none: a content security policy may forbid them.
   */
  async engage(count: number): Promise<WorkerPlace[]> {
    this.#engaging++;
    while (this.#workers.length < count) this.#workers.push(this.#start());
    try {
      return await Promise.all(this.#workers.slice(0, count));
    } catch (error) {
      this.end();
      throw error;
    } finally {
      this.#engaging--;
      // Whoever asked may have given up meanwhile.
      this.#rest();
    }
  }

  /** Whatever they are asked rejects. */
  end(): void {
    clearTimeout(this.#ending);
    this.#places.clear();
    for (const worker of this.#workers.splice(0)) {
      worker.then(
        (place) => place.terminate(),
        () => undefined,
      );
    }
  }

  async #start(): Promise<WorkerPlace> {
    const place = new WorkerPlace(startThread(), {
      onIdle: () => this.#rest(),
      onDeath: () => void this.#replace(place),
    });
    try {
      await place.start(this.#simd ? kernelModule(this.#shared) : null, this.#shared);
      this.#places.add(place);
      return place;
    } catch (error) {
      place.terminate();
      throw error;
    }
  }

  /** The shards of a worker that died are lost; new ones go to another. */
  async #replace(place: WorkerPlace): Promise<void> {
    if (!this.#places.delete(place)) return;
    for (const worker of [...this.#workers]) {
      if ((await worker.catch(() => null)) === place) this.#workers.splice(this.#workers.indexOf(worker), 1);
    }
  }

  /** Ends the workers after a while, if none has points then. */
  #rest(): void {
    clearTimeout(this.#ending);
    this.#ending = setTimeout(() => {
      if (this.#engaging === 0 && [...this.#places].every(({ shards }) => shards === 0)) this.end();
    }, PATIENCE_MS);
    // Node: nobody waits for this.
    if (typeof this.#ending === 'object') this.#ending.unref();
  }
}

interface WorkerEvents {
  /** Its last shard was dropped. */
  onIdle(): void;
  /** It ended, whatever the reason. */
  onDeath(): void;
}

/** A worker, as a place. */
export class WorkerPlace implements Place {
  readonly #thread: Thread;
  readonly #events: WorkerEvents;
  readonly #shards = new Set<number>();
  readonly #calls = new Map<number, { resolve(value: unknown): void; reject(reason: unknown): void }>();
  #lastCall = START;
  /** Why it answers no more. */
  #end: Error | null = null;

  constructor(thread: Thread, events: WorkerEvents) {
    this.#thread = thread;
    this.#events = events;
    thread.listen(
      (response) => this.#settle(response),
      (error) => {
        this.#endWith(error);
        events.onDeath();
      },
    );
  }

  /** Number of shards that live there. */
  get shards(): number {
    return this.#shards.size;
  }

  async start(module: WebAssembly.Module | null, shared: boolean): Promise<void> {
    await this.#answerTo(START, { type: 'start', module, shared }, []);
  }

  makeShard(id: number, shape: ShardShape): void {
    this.#shards.add(id);
    this.#thread.post({ type: 'shard', id, shape }, []);
  }

  make(id: number, kind: Kind, on: number, options: unknown): void {
    this.#thread.post({ type: 'make', id, kind, on, options }, []);
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
        if (this.#forget(call)) this.#thread.post({ type: 'cancel', call }, []);
      },
    };
  }

  drop(id: number): void {
    if (this.#end === null) this.#thread.post({ type: 'drop', id }, []);
    if (this.#shards.delete(id) && this.#shards.size === 0) this.#events.onIdle();
  }

  terminate(): void {
    this.#endWith(new TypeError('the dataset was destroyed'));
    this.#thread.terminate();
  }

  #answerTo(call: number, request: Request, transferred: ArrayBuffer[]): Promise<unknown> {
    if (this.#end !== null) return Promise.reject(this.#end);
    return new Promise((resolve, reject) => {
      this.#calls.set(call, { resolve, reject });
      this.#thread.hold(true);
      this.#thread.post(request, transferred);
    });
  }

  #settle({ call, value, error }: Response): void {
    const waiting = this.#calls.get(call);
    if (waiting === undefined) return;
    this.#forget(call);
    if (error === undefined) waiting.resolve(value);
    else waiting.reject(error);
  }

  #forget(call: number): boolean {
    const known = this.#calls.delete(call);
    if (this.#calls.size === 0) this.#thread.hold(false);
    return known;
  }

  #endWith(error: Error): void {
    this.#end ??= error;
    for (const { reject } of this.#calls.values()) reject(this.#end);
    this.#calls.clear();
  }
}
