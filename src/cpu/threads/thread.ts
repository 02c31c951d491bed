/** A thread of the platform's, whichever that is: the only place that knows Web Workers from those of Node. */
import type { Worker as NodeWorker } from 'node:worker_threads';
import type { Request, Response } from './messages.ts';
import script from './worker.ts?bundle';

export interface Thread {
  post(request: Request, transferred: ArrayBuffer[]): void;
  listen(onResponse: (response: Response) => void, onError: (error: Error) => void): void;
  /** Whether a process waits for it; it does not for an idle one. */
  hold(held: boolean): void;
  terminate(): void;
}

/**
 * @param url where its script is; undefined for the one that is inlined
 * @throws {Error} where the platform has none.
 */
export function startThread(url?: string | URL): Thread {
  return typeof Worker === 'function' ? webThread(url) : nodeThread(url);
}

function webThread(given: string | URL | undefined): Thread {
  const blob = given === undefined ? blobOfScript() : null;
  const url = given ?? blob!;
  const revoke = () => blob !== null && URL.revokeObjectURL(blob);
  let worker: Worker;
  try {
    worker = new Worker(url, { name: 'webgpu-clustering' });
  } catch (error) {
    revoke();
    throw error;
  }
  return {
    post: (request, transferred) => worker.postMessage(request, transferred),
    listen(onResponse, onError) {
      worker.onmessage = ({ data }: MessageEvent<Response>) => {
        // Not before the script has been read.
        revoke();
        onResponse(data);
      };
      worker.onerror = (event: Partial<ErrorEvent> | undefined) =>
        onError(new Error(`a worker failed: ${event?.message || 'it could not start'}`));
      worker.onmessageerror = () => onError(new Error('a worker failed: its answer cannot be read'));
    },
    hold: () => undefined,
    terminate() {
      revoke();
      worker.terminate();
    },
  };
}

/** A worker may not come from another origin, as a library's own files often do. */
function blobOfScript(): string {
  return URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
}

function nodeThread(url: string | URL | undefined): Thread {
  // Not an import: pages could not load the module, and bundlers would look for it.
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const options = { name: 'webgpu-clustering', execArgv: [], eval: url === undefined };
  const worker: NodeWorker = new Worker(url === undefined ? script : new URL(url), options);
  worker.unref();
  return {
    post: (request, transferred) => worker.postMessage(request, transferred),
    listen(onResponse, onError) {
      worker.on('message', onResponse);
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
