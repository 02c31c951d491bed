/** What clusters are called: their numbers, by size. */
import type { Run } from '../work/runs.ts';

/** From the largest to the smallest; of those that are as large the first. */
export function rankClusters(sizes: ArrayLike<number>): number[] {
  return Array.from(sizes, (_, cluster) => cluster).sort((a, b) => sizes[b] - sizes[a] || a - b);
}

/** The clusters of a run: of mixtures by weight. */
export function ranked({ weights, counts }: Pick<Run, 'weights' | 'counts'>): number[] {
  return rankClusters(weights ?? counts);
}

/** What each cluster is called: its rank, from 1 [k]. */
export function numbersOf(run: Pick<Run, 'weights' | 'counts' | 'k'>): number[] {
  const numbers = new Array<number>(run.k);
  ranked(run).forEach((cluster, rank) => {
    numbers[cluster] = rank + 1;
  });
  return numbers;
}
