import { owns } from './check.ts';
import { startClock, turnIfDue } from './turns.ts';

/**
 * Work that can run at once or in turns with other work: a generator that yields what it waits for, or nothing where
 * it could be interrupted. The loops are written once, in this form, for callers that await and for those that cannot.
 */
export type Steps<T> = Generator<unknown, T, unknown>;

/** What an engine returns: a promise, or from an engine that computes on the spot the value itself. */
export type Awaitable<T> = T | Promise<T>;

/** Waits for a value within steps: `const rows = yield* resultOf(engine.gather(dataset, indices))`. */
export function* resultOf<T>(value: Awaitable<T>): Steps<T> {
  return value instanceof Promise ? ((yield value) as T) : value;
}

/** Runs steps in one go. They may not wait for anything: an engine that computes on the spot has no promises. */
export function runNow<T>(steps: Steps<T>): T {
  const last = untilWaiting(steps, steps.next(), undefined, () => undefined);
  if (last.done) return last.value;
  throw new TypeError('this work waits');
}

/** Runs steps, each in its own way: in one go, or in turns with other work. */
export type Runner = <T>(steps: Steps<T>, signal?: AbortSignal) => Awaitable<T>;

/**
 * Runs steps, waiting where they do, and lets other work in from time to time. That decides when to pause, never what is
 * computed.
 *
 * @param pause called where they could be interrupted; a promise that it returns is waited for
 * @returns the value itself where nothing had to be waited for
 * @throws the reason of `signal`, or rejects with it, soon after its abort, behind the `finally` blocks of the steps.
 */
export function run<T>(steps: Steps<T>, signal?: AbortSignal, pause: Pause = turnIfDue): Awaitable<T> {
  signal?.throwIfAborted();
  startClock();
  const next = untilWaiting(steps, steps.next(), signal, pause);
  return next.done ? next.value : runOn(steps, next.value, signal, pause);
}

/**
 * The same for callers that await: what it throws it rejects with. It begins behind the call, and its pauses let in what
 * waits for promises, so that an abort in the caller's next line is heard, or the answer of a callback.
 */
export async function runAsync<T>(
  steps: Steps<T>,
  signal?: AbortSignal,
  pause: Pause = () => turnIfDue() ?? Promise.resolve(),
): Promise<T> {
  await undefined;
  return run(steps, signal, pause);
}

type Pause = () => Promise<void> | undefined;

/** Goes on without waiting, as far as that goes: returns what has to be waited for, or the end. */
function untilWaiting<T>(
  steps: Steps<T>,
  from: IteratorResult<unknown, T>,
  signal: AbortSignal | undefined,
  pause: Pause,
): IteratorResult<unknown, T> {
  let next = from;
  while (!next.done) {
    const waiting = next.value === undefined ? pause() : next.value;
    if (waiting !== undefined) return { done: false, value: waiting };
    next = signal?.aborted ? steps.throw(signal.reason) : steps.next();
  }
  return next;
}

async function runOn<T>(steps: Steps<T>, waiting: unknown, signal: AbortSignal | undefined, pause: Pause): Promise<T> {
  const waits = waitsUnder(signal);
  try {
    for (;;) {
      const outcome = await waits.outcomeOf(waiting);
      const from = owns(outcome, 'reason') ? steps.throw(outcome.reason) : steps.next(outcome.value);
      const next = untilWaiting(steps, from, signal, pause);
      if (next.done) return next.value;
      waiting = next.value;
    }
  } finally {
    waits.stop();
  }
}

type Outcome = { readonly value: unknown } | { readonly reason: unknown };

/** Waits one after the other, each for a promise or for the abort before it. */
function waitsUnder(signal: AbortSignal | undefined) {
  // Of the wait that is on: a promise for the abort would keep what waits for it, of all waits of a long fit.
  let end: (outcome: Outcome) => void;
  const stop = signal && onAbort(signal, () => end({ reason: signal.reason }));
  return {
    outcomeOf: (waiting: unknown) =>
      new Promise<Outcome>((resolve) => {
        end = resolve;
        if (signal?.aborted) resolve({ reason: signal.reason });
        Promise.resolve(waiting).then(
          (value) => resolve({ value }),
          (reason: unknown) => resolve({ reason }),
        );
      }),
    stop: () => stop?.(),
  };
}

interface Listener {
  readonly callbacks: Set<() => void>;
  call(): void;
}

/** The one listener that a signal has while there is work under it: of more than ten Node warns. */
const listeners = new WeakMap<AbortSignal, Listener>();

/**
 * Calls back when a signal aborts, if it has not yet.
 *
 * @returns what takes the callback back
 */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const listener = listeners.get(signal) ?? listenTo(signal);
  listener.callbacks.add(callback);
  return () => {
    listener.callbacks.delete(callback);
    if (listener.callbacks.size > 0 || listeners.get(signal) !== listener) return;
    listeners.delete(signal);
    signal.removeEventListener('abort', listener.call);
  };
}

function listenTo(signal: AbortSignal): Listener {
  const callbacks = new Set<() => void>();
  const listener = {
    callbacks,
    call: () => {
      for (const callback of callbacks) callback();
    },
  };
  listeners.set(signal, listener);
  signal.addEventListener('abort', listener.call, { once: true });
  return listener;
}

/**
 * What a callback says that has to ask another thread: a fit waits for it before it goes on, as it would for a function to
 * return. For promises of the caller's it does not.
 */
export class Answer extends Promise<'stop' | undefined> {}

/**
 * Runs work with a callback that may be async: what one of its promises rejects with, the work rejects with, at the next
 * call or at the end, where those that are left are waited for. A promise for `'stop'` says so at the next call.
 */
export async function heeding<P, T>(
  callback: ((progress: P) => unknown) | undefined,
  signal: AbortSignal | undefined,
  work: (callback: ((progress: P) => unknown) | undefined) => Promise<T>,
): Promise<T> {
  if (callback === undefined) return work(undefined);
  const pending = new Set<Promise<unknown>>();
  const failures: unknown[] = [];
  let isStopped = false;
  const throwFailure = () => {
    if (failures.length > 0) throw failures[0];
  };
  const value = await work((progress) => {
    throwFailure();
    const answer = callback(progress);
    if (answer instanceof Answer) return answer;
    const heeded = Promise.resolve(answer)
      .then((word) => {
        isStopped ||= word === 'stop';
      })
      .catch((reason: unknown) => failures.push(reason))
      .finally(() => pending.delete(heeded));
    pending.add(heeded);
    return answer === 'stop' || isStopped ? 'stop' : undefined;
  });
  if (pending.size > 0) await runAsync(resultOf(Promise.all(pending)), signal);
  throwFailure();
  return value;
}
