import { availableParallelism } from 'node:os';
import { onThreads } from '../../contender.ts';
import { findScikitLearn, Python } from '../../python.ts';
import type { KMeansContender } from '../contender.ts';
import script from './scikit-learn.py?raw';

export interface ScikitLearnKMeans extends KMeansContender {
  /**
   * Milliseconds of the matrix product that an assignment cannot do without: the points of the last problem [n, d] by
   * its start [d, k], by sgemm on as many threads.
   */
  product(): Promise<number>;
  /** Labels the points of the last problem, by the model of the last fit. */
  predict(): Promise<number>;
  /** Fits the last problem by mini-batches, from its own start. */
  miniBatch(seed: number): Promise<{ readonly inertia: number; readonly iterations: number }>;
  /** Labels [n] that silhouettes of the last problem are to judge. */
  judge(labels: Uint32Array): Promise<void>;
  /** The mean silhouette of so many of its rows. */
  silhouette(size: number): Promise<number>;
}

/**
 * By default on one thread, and on as many as there are processors.
 *
 * @throws {Error} where there is no Python with scikit-learn.
 */
export async function openScikitLearn(threads = [1, availableParallelism()]): Promise<ScikitLearnKMeans[]> {
  const { command, versions } = await findScikitLearn();
  return Array.from(new Set(threads), (count) => contender(new Python(command, script, count), versions, count));
}

function contender(python: Python, versions: string, threads: number): ScikitLearnKMeans {
  return {
    name: onThreads('scikit-learn', threads),
    about: versions,
    software: false,
    threads,
    takes: () => true,
    async prepare({ data, n, d, start }) {
      await python.callWith('prepare', data, n, d, Array.from(start));
      return {
        uploadMs: null,
        async fit(maxIterations) {
          const iterations = await python.call<number>('fit', maxIterations);
          return {
            iterations,
            // Behind the last update it assigns once more.
            passes: iterations + 1,
            objective: null,
            centroids: () => python.call<number[]>('centroids'),
          };
        },
        release: () => undefined,
      };
    },
    product: () => python.call('product'),
    predict: () => python.call('predict'),
    miniBatch: (seed) => python.call('mini_batch', seed),
    judge: (labels) => python.callWith('judge', labels),
    silhouette: (size) => python.call('silhouette', size),
    close: () => python.close(),
  };
}
