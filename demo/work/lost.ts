/**
 * A worker that is ended from outside, as where memory runs out, tells nobody, and whoever waits for it waits forever. But
 * the browser frees the locks that it held.
 */

/** In the worker: holds the lock for as long as it lives. False where there are no locks, as on pages that are not secure. */
export function holdLock(name: string): Promise<boolean> {
  return new Promise((resolve) => {
    const locks = locksOf();
    if (locks === undefined) return resolve(false);
    const forever = () => {
      resolve(true);
      return new Promise<never>(() => undefined);
    };
    locks.request(name, forever).catch(() => resolve(false));
  });
}

/** In the page: ends when the one that holds the lock has ended. */
export async function lockFreed(name: string): Promise<void> {
  await locksOf()!.request(name, () => undefined);
}

function locksOf(): LockManager | undefined {
  return navigator.locks as LockManager | undefined;
}
