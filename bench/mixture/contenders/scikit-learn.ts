/** Scikit-learn in processes of its own, where there is a Python that has it. */
import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import type { Mixture } from '../cases.ts';
import type { MixtureContender } from '../contender.ts';
import script from './scikit-learn.py?raw';

const PYTHONS = ['python3', '/usr/bin/python3'];
const TYPES: readonly string[] = ['full', 'tied', 'diag', 'spherical'];

/**
 * On one thread, and on as many as there are processors.
 *
 * @throws {Error} where there is no Python with scikit-learn.
 */
export async function openScikitLearn(): Promise<MixtureContender[]> {
  const { command, versions } = await findScikitLearn();
  const threads = new Set([1, availableParallelism()]);
  return Array.from(threads, (count) => contender(new Python(command, count), versions, count));
}

async function findScikitLearn(): Promise<{ readonly command: string; readonly versions: string }> {
  for (const command of PYTHONS) {
    const python = new Python(command, 1);
    try {
      return { command, versions: await python.call('versions') };
    } catch {
      // The next one may have it.
    } finally {
      python.close();
    }
  }
  throw new Error(`no scikit-learn for ${PYTHONS.join(' or ')}`);
}

function contender(python: Python, versions: string, threads: number): MixtureContender {
  return {
    name: `scikit-learn, ${threads} ${threads === 1 ? 'thread' : 'threads'}`,
    about: versions,
    software: false,
    threads,
    takes: ({ covarianceType }) => TYPES.includes(covarianceType),
    async prepare({ points: { data, n, d, k }, covarianceType, start }) {
      const folder = mkdtempSync(join(tmpdir(), 'bench-'));
      try {
        const path = join(folder, 'points');
        writeFileSync(path, data);
        const mixture = [start.weights, start.means, start.covariances].map((values) => Array.from(values));
        await python.call('prepare', path, n, d, k, covarianceType, ...mixture);
      } finally {
        rmSync(folder, { recursive: true });
      }
      return {
        uploadMs: null,
        async fit(maxIterations) {
          // The line there and back takes a few hundredths of a millisecond.
          const iterations = await python.call<number>('fit', maxIterations);
          // The last E-step is a pass of its own.
          return {
            iterations,
            passes: iterations + 1,
            objective: null,
            mixture: () => python.call<Mixture>('mixture'),
          };
        },
        release: () => undefined,
      };
    },
    close: () => python.close(),
  };
}

/** The script, running; one call at a time. */
class Python {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #answers: AsyncIterator<string>;
  readonly #lines: Interface;
  #complaints = '';

  constructor(command: string, threads: number) {
    const limit = String(threads);
    const env = { OMP_NUM_THREADS: limit, OPENBLAS_NUM_THREADS: limit, MKL_NUM_THREADS: limit };
    this.#process = spawn(command, ['-c', script], { env: { ...process.env, ...env } });
    // A command that is not there ends the lines as well.
    this.#process.on('error', (error) => (this.#complaints += error.message));
    this.#process.stdin.on('error', () => undefined);
    this.#process.stderr.setEncoding('utf8').on('data', (text) => (this.#complaints += text));
    this.#lines = createInterface({ input: this.#process.stdout });
    this.#answers = this.#lines[Symbol.asyncIterator]();
  }

  async call<T>(name: string, ...args: unknown[]): Promise<T> {
    this.#process.stdin.write(`${JSON.stringify([name, ...args])}\n`);
    const { value, done } = await this.#answers.next();
    if (done) throw new Error(`Python ended: ${this.#complaints}`);
    return JSON.parse(value);
  }

  close(): void {
    this.#lines.close();
    this.#process.kill();
  }
}
