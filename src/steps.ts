/**
 * Work that can run at once or in turns with other work: a generator that yields what it waits for, or nothing where
 * it could be interrupted. The loops are written once, in this form, for callers that await and for those that cannot.
 */
export type Steps<T> = Generator<unknown, T, unknown>;

/** What an engine returns: a promise, or from an engine that computes on the spot the value itself. */
export type Awaitable<T> = T | Promise<T>;

/** Waits for a value within steps: `const rows = yield* resultOf(engine.gather(dataset, indices))`. */
export function* resultOf<T>(value: Awaitable<T>): Steps<T> {
  return value instanceof Promise ? ((yield value) as T) : value;
}

/** Runs steps in one go. They may not wait for anything: an engine that computes on the spot has no promises. */
export function runNow<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done) return value;
    if (value !== undefined) throw new TypeError('work that waits cannot run in one go');
  }
}

/**
 * Runs steps, waiting where they do.
 *
 * @param pause called wherever they could be interrupted; what it returns is waited for
 */
export async function runAsync<T>(steps: Steps<T>, pause?: () => Promise<void> | undefined): Promise<T> {
  let next = steps.next();
  while (!next.done) {
    const waiting = next.value === undefined ? pause?.() : next.value;
    if (waiting === undefined) {
      next = steps.next();
      continue;
    }
    let value: unknown;
    try {
      value = await waiting;
    } catch (reason) {
      next = steps.throw(reason);
      continue;
    }
    next = steps.next(value);
  }
  return next.value;
}
