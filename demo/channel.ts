/** Calls to a worker: each with a number of its own, so that they may overlap, tell of progress and be called off. */

/** A function of the worker: what it takes, what it tells on its way, and what it returns. */
export interface Call<Argument, Progress, Answer> {
  readonly argument: Argument;
  readonly progress: Progress;
  readonly answer: Answer;
}

// biome-ignore lint/suspicious/noExplicitAny: whatever a call takes and gives.
export type Calls<T> = { readonly [Name in keyof T]: Call<any, any, any> };

interface Asked {
  readonly id: number;
  readonly name: PropertyKey;
  readonly argument: unknown;
}

type Said =
  | { readonly id: number; readonly progress: unknown }
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: { readonly name: string; readonly message: string } };

export interface CallOptions<Progress> {
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly transfer?: Transferable[] | undefined;
}

export type Ask<T extends Calls<T>> = <Name extends keyof T>(
  name: Name,
  argument: T[Name]['argument'],
  options?: CallOptions<T[Name]['progress']>,
) => Promise<T[Name]['answer']>;

/** What a function of the worker gets beside its argument. */
export interface Caller<Progress> {
  readonly signal: AbortSignal;
  readonly tell: (progress: Progress) => void;
}

/** An answer whose buffers are given away. */
export class Given<T> {
  constructor(
    readonly value: T,
    readonly transfer: Transferable[],
  ) {}
}

export type Functions<T extends Calls<T>> = {
  readonly [Name in keyof T]: (
    argument: T[Name]['argument'],
    caller: Caller<T[Name]['progress']>,
  ) => Promise<T[Name]['answer'] | Given<T[Name]['answer']>>;
};

export interface Channel<T extends Calls<T>> {
  readonly ask: Ask<T>;
  /** Ends the worker, and whatever waits for it by an error of this name, and starts another. */
  readonly restart: (error: string) => void;
  /** Ends the worker: whatever waits for it waits forever. */
  readonly end: () => void;
}

/** The end of whoever has started the worker. Errors have the name and the message of those in the worker. */
export function openChannel<T extends Calls<T>>(start: () => Worker): Channel<T> {
  let last = 0;
  const waiting = new Map<number, { readonly hear: (said: Said) => void }>();
  const failAll = (name: string, message: string) => {
    for (const [id, { hear }] of waiting) hear({ id, error: { name, message } });
  };
  const begin = () => {
    const begun = start();
    begun.addEventListener('message', ({ data }: MessageEvent<Said>) => waiting.get(data.id)?.hear(data));
    begun.addEventListener('error', (event) =>
      failAll('Error', event.message || 'The page could not be loaded whole. Load it again.'),
    );
    return begun;
  };
  let worker = begin();
  const restart = (error: string) => {
    worker.terminate();
    worker = begin();
    failAll(error, error);
  };
  const ask: Ask<T> = (name, argument, { onProgress, signal, transfer = [] } = {}) =>
    new Promise((resolve, reject) => {
      const id = ++last;
      const callOff = () => worker.postMessage({ id, off: true });
      const end = () => {
        waiting.delete(id);
        signal?.removeEventListener('abort', callOff);
      };
      waiting.set(id, {
        hear(said) {
          if ('progress' in said) return onProgress?.(said.progress);
          end();
          if ('error' in said) reject(Object.assign(new Error(said.error.message), { name: said.error.name }));
          else resolve(said.answer);
        },
      });
      worker.postMessage({ id, name, argument } satisfies Asked, transfer);
      if (signal?.aborted) callOff();
      signal?.addEventListener('abort', callOff);
    });
  return { ask, restart, end: () => worker.terminate() };
}

/** The worker's end. */
export function answerCalls<T extends Calls<T>>(functions: Functions<T>): void {
  const running = new Map<number, AbortController>();
  const say = (said: Said, transfer: Transferable[] = []) => postMessage(said, { transfer });
  addEventListener('message', async ({ data }: MessageEvent<Asked | { readonly id: number; readonly off: true }>) => {
    const { id } = data;
    if ('off' in data) return running.get(id)?.abort();
    const controller = new AbortController();
    running.set(id, controller);
    try {
      const answerTo = functions[data.name as keyof T];
      const tell = (progress: unknown) => say({ id, progress });
      const answer = await answerTo(data.argument, { signal: controller.signal, tell });
      if (answer instanceof Given) say({ id, answer: answer.value }, answer.transfer);
      else say({ id, answer });
    } catch (error) {
      const { name, message } = error instanceof Error ? error : { name: 'Error', message: String(error) };
      say({ id, error: { name, message } });
    } finally {
      running.delete(id);
    }
  });
}
