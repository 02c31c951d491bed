/** Threads of the platform's, whichever that is: the only place that knows Web Workers from those of Node. */
import type { MessagePort, Worker as NodeWorker } from 'node:worker_threads';
import { has, owns, wrongKind } from './check.ts';

/** A thread that is sent messages Q, and sends R. */
export interface Thread<Q, R> {
  post(message: Q, transferred: ArrayBuffer[]): void;
  listen(onMessage: (message: R) => void, onError: (error: Error) => void): void;
  /** Whether a process waits for it; it does not for an idle one. */
  hold(held: boolean): void;
  terminate(): void;
}

/** Where a thread's script is: in a string, a classic one; or in a file. */
export type Script = { readonly text: string } | { readonly url: string | URL; readonly type: 'classic' | 'module' };

const NAME = 'webgpu-clustering';

/**
 * @param garbage megabytes that may lie around in it before they are collected, where the platform lets us say so
 * @throws {Error} where the platform has none.
 */
export function startThread<Q, R>(script: Script, garbage?: number): Thread<Q, R> {
  return typeof Worker === 'function' ? startWeb(script) : startNode(script, garbage);
}

/** A Web Worker, or one of Node's worker_threads. */
export interface WorkerLike {
  /** Sends a message. */
  postMessage(message: unknown, transfer: ArrayBuffer[]): void;
  /** Ends it. */
  terminate(): unknown;
}

/**
 * One that is running, whoever made it.
 *
 * @throws {TypeError} where it is none.
 */
export function threadOf<Q, R>(worker: WorkerLike): Thread<Q, R> {
  if (isOfNode(worker)) return nodeThread(worker);
  if (isOfWeb(worker)) return webThread(worker, () => undefined);
  throw wrongKind('worker', 'a Worker', worker);
}

function isOfNode(worker: WorkerLike): worker is NodeWorker {
  return has(worker, 'on') && has(worker, 'unref');
}

function isOfWeb(worker: WorkerLike): worker is Worker {
  return has(worker, 'onmessage');
}

function startWeb<Q, R>(script: Script): Thread<Q, R> {
  if (owns(script, 'url')) {
    return webThread(new Worker(script.url, { name: NAME, type: script.type }), () => undefined);
  }
  // A worker may not come from another origin, as a library's own files often do.
  const blob = URL.createObjectURL(new Blob([script.text], { type: 'text/javascript' }));
  const revoke = () => URL.revokeObjectURL(blob);
  try {
    return webThread(new Worker(blob, { name: NAME }), revoke);
  } catch (error) {
    revoke();
    throw error;
  }
}

/** @param onEnd called when its script has been read, or need not be any more */
function webThread<Q, R>(worker: Worker, onEnd: () => void): Thread<Q, R> {
  return {
    post: (message, transferred) => worker.postMessage(message, transferred),
    listen(onMessage, onError) {
      worker.onmessage = ({ data }: MessageEvent<R>) => {
        onEnd();
        onMessage(data);
      };
      worker.onerror = (event: Partial<ErrorEvent> | undefined) =>
        onError(new Error(`a worker failed: ${event?.message || 'it could not start'}`));
      worker.onmessageerror = () => onError(new Error('a worker failed: its answer cannot be read'));
    },
    hold: () => undefined,
    terminate() {
      onEnd();
      worker.terminate();
    },
  };
}

function startNode<Q, R>(script: Script, garbage?: number): Thread<Q, R> {
  // Not an import: pages could not load the module, and bundlers would look for it.
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const options = { name: NAME, execArgv: [], resourceLimits: { maxYoungGenerationSizeMb: garbage } };
  return nodeThread(
    owns(script, 'url')
      ? new Worker(new URL(script.url), options)
      : new Worker(script.text, { ...options, eval: true }),
  );
}

function nodeThread<Q, R>(worker: NodeWorker): Thread<Q, R> {
  worker.unref();
  return {
    post: (message, transferred) => worker.postMessage(message, transferred),
    listen(onMessage, onError) {
      worker.on('message', onMessage);
      worker.on('messageerror', onError);
      worker.on('error', (error) =>
        onError(new Error(`a worker failed: ${(error as Error).message}`, { cause: error })),
      );
      worker.on('exit', (code) => onError(new Error(`a worker ended with code ${code}`)));
    },
    hold: (held) => (held ? worker.ref() : worker.unref()),
    terminate: () => void worker.terminate(),
  };
}

/**
 * For what runs in a thread: hears what it is sent.
 *
 * @returns what sends messages back
 */
export function listen<Q, R>(onMessage: (message: Q) => void): (message: R, transferred: ArrayBuffer[]) => void {
  if (typeof process === 'object' && typeof process.getBuiltinModule === 'function') {
    const port: MessagePort | null = process.getBuiltinModule('node:worker_threads').parentPort;
    if (port !== null) {
      port.on('message', onMessage);
      return (message, transferred) => port.postMessage(message, transferred);
    }
  }
  addEventListener('message', ({ data }: MessageEvent<Q>) => onMessage(data));
  const parent = self as unknown as { postMessage(message: R, transferred: ArrayBuffer[]): void };
  return (message, transferred) => parent.postMessage(message, transferred);
}
