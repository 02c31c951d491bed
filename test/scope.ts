/**
 * Suites that repeat others on one more platform run a share of their cases in `npm test`, different ones each, and all
 * of them in `npm run test:all`.
 */
export const RUNS_ALL = process.env.TEST_ALL === '1';

type Test = (name: string, run: () => unknown) => void;

/** In place of `test`, for what changes seldom and takes long: only `npm run test:all` runs it. */
export function inAll(test: Test): Test {
  return RUNS_ALL ? test : () => undefined;
}

/** Every nth, from one of the first n on: some of each kind. In `npm run test:all` every one, or every `nthOfAll`. */
export function shareOf<T>(items: readonly T[], nth: number, first = 0, nthOfAll = 1): readonly T[] {
  const every = RUNS_ALL ? nthOfAll : nth;
  return items.filter((_, i) => i % every === first % every);
}
