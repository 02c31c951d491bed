/** Scripts in processes of Python, where there is one that has scikit-learn. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import versions from './scikit-learn.py?raw';
import serve from './serve.py?raw';

const PYTHONS = ['python3', '/usr/bin/python3'];

export interface PythonWith {
  readonly command: string;
  readonly versions: string;
}

/** @throws {Error} where there is no Python with scikit-learn. */
export function findScikitLearn(): Promise<PythonWith> {
  return findPython(versions, 'scikit-learn');
}

/**
 * A Python whose script answers `versions`.
 *
 * @throws {Error} where there is none: `what` is missing.
 */
export async function findPython(script: string, what: string): Promise<PythonWith> {
  for (const command of PYTHONS) {
    const python = new Python(command, script, 1);
    try {
      return { command, versions: await python.call('versions') };
    } catch {
      // The next one may have it.
    } finally {
      python.close();
    }
  }
  throw new Error(`no ${what} for ${PYTHONS.join(' or ')}`);
}

/** A program that answers a JSON line by another; one call of its functions at a time. */
export class Conversation {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;
  #complaints = '';

  constructor(command: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#process = spawn(command, args, { env: { ...process.env, ...env } });
    // A command that is not there ends the lines as well.
    this.#process.on('error', (error) => (this.#complaints += error.message));
    this.#process.stdin.on('error', () => undefined);
    this.#process.stderr.setEncoding('utf8').on('data', (text) => (this.#complaints += text));
    this.#lines = createInterface({ input: this.#process.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  /** The line there and back takes a few hundredths of a millisecond. */
  async call<T>(name: string, ...args: unknown[]): Promise<T> {
    this.#process.stdin.write(`${JSON.stringify([name, ...args])}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`it ended: ${this.#complaints}`);
    return JSON.parse(value);
  }

  /** The same, with the path of a file that holds `values` before the other arguments. */
  async callWith<T>(name: string, values: Float32Array | Uint32Array, ...args: unknown[]): Promise<T> {
    return withFile([values], (path) => this.call<T>(name, path, ...args));
  }

  close(): void {
    this.#lines.close();
    this.#process.kill();
  }
}

/** A script of Python's, running. */
export class Python extends Conversation {
  constructor(command: string, script: string, threads: number) {
    const limit = String(threads);
    const env = { OMP_NUM_THREADS: limit, OPENBLAS_NUM_THREADS: limit, MKL_NUM_THREADS: limit };
    super(command, ['-c', `${script}\n${serve}`], env);
  }
}

/** Raw values in a file of their own, for as long as `work` takes. */
export async function withFile<T>(
  values: readonly (Float32Array | Uint32Array)[],
  work: (path: string) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    const path = join(folder, 'values');
    for (const part of values) writeFileSync(path, part, { flag: 'a' });
    return await work(path);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
