/** A worker and the calls that it has not answered yet. */
import { owns } from '../check.ts';
import { onAbort } from '../steps.ts';
import { type Script, startThread, type Thread, threadOf, type WorkerLike } from '../thread.ts';
import { errorFromCross } from './errors.ts';
import { isResident, READY, type Request, type Response, type Serve } from './messages.ts';

/** Where the worker is from: a file of the caller's, or one that runs; null for the script of the package. */
export type Source = { readonly url: string | URL } | { readonly worker: WorkerLike } | null;

/** Milliseconds that a worker has to load its script: one that says nothing for so long runs another. */
const START_MS = 60_000;

interface Pending {
  resolve(value: unknown): void;
  reject(reason: unknown): void;
  /** What a callback of the caller's says to progress. */
  readonly tell: (progress: unknown) => 'stop' | undefined;
}

interface Message {
  readonly request: Request;
  readonly transferred: ArrayBuffer[];
}

const nothingToTell = () => undefined;

export class Link {
  #thread: Thread<Request, Response> | null = null;
  /** What calls have to say before there is a thread. */
  readonly #waiting = new Map<number, Message>();
  readonly #pending = new Map<number, Pending>();
  #lastCall = READY;
  /** Why nothing is answered any more. */
  #end: Error | null = null;

  constructor(source: Source, serve: Serve) {
    void this.#start(source, serve).catch((error: Error) => this.#die(error));
  }

  /** @throws {Error} where the worker is not there any more. */
  checkAlive(): void {
    if (this.#end !== null) throw this.#end;
  }

  /**
   * Sends a request and waits for the answer.
   *
   * @param make makes the request of the number of the call
   * @throws the signal's reason as soon as it aborts, what `tell` throws, and what the worker says.
   */
  async ask(
    make: (call: number) => Request,
    transferred: ArrayBuffer[],
    signal: AbortSignal | undefined,
    tell: Pending['tell'] = nothingToTell,
  ): Promise<unknown> {
    this.checkAlive();
    signal?.throwIfAborted();
    const call = ++this.#lastCall;
    const answer = this.#answerTo(call, tell);
    const stop = signal && onAbort(signal, () => this.#giveUp(call, signal.reason));
    try {
      const message = { request: make(call), transferred };
      if (this.#thread === null) this.#waiting.set(call, message);
      else this.#thread.post(message.request, transferred);
      return await answer;
    } finally {
      stop?.();
      this.#forget(call);
    }
  }

  /** What needs no answer. */
  tell(request: Request): void {
    this.#thread?.post(request, []);
  }

  /** Whatever is asked rejects with the reason, now and from now on. */
  end(reason: Error): void {
    if (this.#end !== null) return;
    this.#end = reason;
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#thread?.terminate();
    this.#thread = null;
  }

  async #start(source: Source, serve: Serve): Promise<void> {
    const thread = await threadFrom(source);
    // Somebody may have ended it meanwhile.
    if (this.#end !== null) return thread.terminate();
    this.#thread = thread;
    thread.listen(
      (response) => this.#hear(response),
      (error) => this.#die(error),
    );
    const patience = setTimeout(() => this.#die(new Error('it runs another script: it says nothing')), START_MS);
    this.#answerTo(READY, nothingToTell)
      .catch(() => undefined)
      .finally(() => clearTimeout(patience));
    thread.post(serve, []);
    for (const [call, { request, transferred }] of this.#waiting) {
      try {
        thread.post(request, transferred);
      } catch (error) {
        this.#pending.get(call)?.reject(error);
      }
    }
    this.#waiting.clear();
  }

  #answerTo(call: number, tell: Pending['tell']): Promise<unknown> {
    this.#thread?.hold(true);
    return new Promise((resolve, reject) => this.#pending.set(call, { resolve, reject, tell }));
  }

  #forget(call: number): void {
    this.#waiting.delete(call);
    this.#pending.delete(call);
    if (this.#pending.size === 0) this.#thread?.hold(false);
  }

  /** Nobody waits for the answer any more. */
  #giveUp(call: number, reason: unknown): void {
    this.#pending.get(call)?.reject(reason);
    this.#forget(call);
    this.tell({ type: 'abort', call });
  }

  #hear(response: Response): void {
    const { call } = response;
    const pending = this.#pending.get(call);
    if (owns(response, 'progress')) {
      if (pending !== undefined) this.#hearProgress(call, response.progress, pending);
      return;
    }
    if (owns(response, 'error')) pending?.reject(errorFromCross(response.error));
    else if (pending !== undefined) pending.resolve(response.value);
    // An upload was done before it heard that nobody wants it.
    else if (isResident(response.value)) this.tell({ type: 'release', dataset: response.value.dataset });
    this.#forget(call);
  }

  #hearProgress(call: number, progress: unknown, { tell }: Pending): void {
    try {
      this.tell({ type: 'told', call, answer: tell(progress) });
    } catch (reason) {
      this.#giveUp(call, reason);
    }
  }

  #die(error: Error): void {
    this.end(new Error(`the worker of the client is gone: ${error.message}`, { cause: error }));
  }
}

/** @throws {Error} where a policy forbids it. */
async function threadFrom(source: Source): Promise<Thread<Request, Response>> {
  if (source !== null && owns(source, 'worker')) return threadOf(source.worker);
  const script: Script =
    source === null ? { text: (await import('./script.ts')).default } : { ...source, type: 'module' };
  return startThread(script);
}
