import { availableParallelism } from 'node:os';
import { onThreads } from '../../contender.ts';
import { findScikitLearn, Python } from '../../python.ts';
import type { Mixture } from '../cases.ts';
import type { MixtureContender } from '../contender.ts';
import script from './scikit-learn.py?raw';

const TYPES: readonly string[] = ['full', 'tied', 'diag', 'spherical'];

/**
 * By default on one thread, and on as many as there are processors.
 *
 * @throws {Error} where there is no Python with scikit-learn.
 */
export async function openScikitLearn(threads = [1, availableParallelism()]): Promise<MixtureContender[]> {
  const { command, versions } = await findScikitLearn();
  return Array.from(new Set(threads), (count) => contender(new Python(command, script, count), versions, count));
}

function contender(python: Python, versions: string, threads: number): MixtureContender {
  return {
    name: onThreads('scikit-learn', threads),
    about: versions,
    software: false,
    threads,
    takes: ({ covarianceType }) => TYPES.includes(covarianceType),
    async prepare({ points: { data, n, d, k }, covarianceType, start }) {
      const mixture = [start.weights, start.means, start.covariances].map((values) => Array.from(values));
      await python.callWith('prepare', data, n, d, k, covarianceType, ...mixture);
      return {
        uploadMs: null,
        async fit(maxIterations) {
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
