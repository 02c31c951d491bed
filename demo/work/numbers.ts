import type { Run } from './runs.ts';

/** The clusters of a run from the largest to the smallest. */
export function ranked({ weights, counts }: Run): number[] {
  const sizes = weights ?? counts;
  return Array.from(sizes.keys()).sort((a, b) => sizes[b] - sizes[a] || a - b);
}

/** What each cluster is called: its rank by size, from 1 [k]. */
export function numbersOf(run: Run): number[] {
  const numbers = new Array<number>(run.k);
  ranked(run).forEach((cluster, rank) => {
    numbers[cluster] = rank + 1;
  });
  return numbers;
}
