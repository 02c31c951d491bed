import type { TestContext } from 'vitest';

/**
 * For a test that cannot run because something is missing on this machine: skips it with the reason, which the last
 * lines of `npm test` repeat. In CI nothing may be missing, and it fails.
 */
export function missing(context: TestContext, reason: string): never {
  if (process.env.CI) throw new Error(reason);
  context.skip(reason);
}
