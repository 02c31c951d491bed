import type { Conversation } from '../../python.ts';
import type { GpuContender } from '../contender.ts';

/** A contender of k-means that answers `prepare`, `fit` and `centroids`, in a process of its own. */
export function byConversation(other: Conversation): Omit<GpuContender, 'name' | 'about'> {
  return {
    software: false,
    threads: 1,
    takes: ({ covarianceType }) => covarianceType === null,
    async prepare({ data, n, d, k, start }) {
      await other.callWith('prepare', data, n, d, k, Array.from(start));
      return {
        uploadMs: null,
        async fit(iterations) {
          await other.call('fit', iterations);
          return {
            iterations,
            passes: iterations,
            objective: null,
            centroids: () => other.call<number[]>('centroids'),
          };
        },
        release: () => undefined,
      };
    },
    close: () => other.close(),
  };
}
