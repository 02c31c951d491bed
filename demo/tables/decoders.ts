/** Threads that decode columns of Parquet files, beside the one that reads them. */
import { openChannel } from '../channel.ts';
import type { DecoderCalls } from './decoder.ts';
import type { Packed } from './pages.ts';
import type { Values } from './table.ts';

const MOST_THREADS = 4;
/** Each decodes one part while the next one waits for it. */
const AHEAD = 2;

type Thread = ReturnType<typeof openChannel<DecoderCalls>> & {
  /** Parts that it has, or that are being brought to it. */
  parts: number;
};

export class Decoders {
  #threads: Thread[] | null = null;
  readonly #waiting: (() => void)[] = [];
  #areBroken = false;
  /** Not outside of browsers, and in the workers of few of them. */
  readonly areThere = typeof Worker === 'function';
  /** Rejects when nobody waits any more: a thread that is busy with a damaged file, perhaps for ever, hears nobody. */
  readonly #off: Promise<never>;
  #hearNoMore: () => void = () => undefined;

  constructor(signal: AbortSignal) {
    this.#off = new Promise((_, reject) => {
      const callOff = () => {
        this.end();
        reject(signal.reason);
      };
      this.#hearNoMore = () => signal.removeEventListener('abort', callOff);
      if (signal.aborted) callOff();
      else signal.addEventListener('abort', callOff);
    });
    this.#off.catch(() => undefined);
  }

  /** Whoever will need them soon need not wait for them then. */
  start(): void {
    if (!this.areThere || this.#threads !== null) return;
    // One core is for whoever waits for them.
    const count = Math.max(1, Math.min((navigator.hardwareConcurrency || 2) - 1, MOST_THREADS));
    const startOne = () => {
      const worker = new Worker(new URL('./decoder.ts', import.meta.url), { type: 'module' });
      // As where its script is not there: it may say so before it is asked for anything, and nothing later.
      worker.addEventListener('error', () => {
        this.#areBroken = true;
      });
      return worker;
    };
    this.#threads = [];
    try {
      while (this.#threads.length < count) this.#threads.push({ ...openChannel<DecoderCalls>(startOne), parts: 0 });
    } catch {
      this.#areBroken = true;
    }
  }

  /** The same of what unpacks a codec. */
  load(codec: Packed['codec']): void {
    for (const { ask } of this.#threads ?? []) ask('load', codec).catch(() => undefined);
  }

  /**
   * The order of the calls is that of their turns.
   *
   * @param bring what is to be decoded, when it is its turn: no more is in memory than is decoded soon
   * @returns null where it cannot be decoded here: whatever that is, those who read it without decoders meet it again, and tell
   * of it
   */
  async decode(bring: () => Promise<Packed>): Promise<Values | null> {
    this.start();
    if (this.#areBroken || this.#threads === null) return null;
    const thread = await this.#free(this.#threads);
    try {
      const packed = this.#areBroken ? null : await bring();
      // Meanwhile one may have broken, which answers nobody.
      if (packed === null || this.#areBroken) return null;
      const decoded = thread.ask('decode', packed, { transfer: [packed.chunk] }).catch(() => {
        this.#areBroken = true;
        return null;
      });
      return await Promise.race([decoded, this.#off]);
    } finally {
      thread.parts--;
      this.#waiting.shift()?.();
    }
  }

  /** The one that has least to do, as soon as there is one. */
  async #free(threads: readonly Thread[]): Promise<Thread> {
    const least = () => threads.reduce((a, b) => (b.parts < a.parts ? b : a));
    while (least().parts >= AHEAD) await new Promise<void>((resolve) => this.#waiting.push(resolve));
    const thread = least();
    thread.parts++;
    return thread;
  }

  end(): void {
    for (const { end } of this.#threads ?? []) end();
    this.#threads = null;
    this.#areBroken = true;
    this.#hearNoMore();
  }
}
