/**
 * Suites that repeat others on one more platform run a share of their cases in `npm test`, different ones each, and all
 * of them in `npm run test:all`.
 */
export const RUNS_ALL = process.env.TEST_ALL === '1';

/** For what changes seldom and takes long, which only `npm run test:all` runs: in place of `test`. */
export function inAll<T extends (...test: never[]) => unknown>(test: T): T {
  return RUNS_ALL ? test : ((() => undefined) as unknown as T);
}

/** Every nth, from one of the first n on: some of each kind. In `npm run test:all` every one, or every `nthOfAll`. */
export function shareOf<T>(items: readonly T[], nth: number, first = 0, nthOfAll = 1): readonly T[] {
  const every = RUNS_ALL ? nthOfAll : nth;
  return items.filter((_, i) => i % every === first % every);
}
