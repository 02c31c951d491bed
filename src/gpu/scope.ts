/** Memory is asked about first: the rest may be a consequence. Scopes are a stack. */
const FILTERS = ['out-of-memory', 'internal', 'validation'] as const satisfies readonly GPUErrorFilter[];

export interface ScopedError {
  readonly filter: GPUErrorFilter;
  readonly message: string;
}

/**
 * Does `work` in error scopes. It must not wait: the device's owner uses the same stack.
 *
 * @returns what it returned, and what the device finds wrong with it
 */
export function scoped<T>(
  device: GPUDevice,
  work: () => T,
): { readonly result: T; readonly errors: Promise<readonly ScopedError[]> } {
  for (const filter of FILTERS) device.pushErrorScope(filter);
  let result: T;
  let popped: Promise<(ScopedError | null)[]>;
  try {
    result = work();
  } finally {
    popped = Promise.all([...FILTERS].reverse().map((filter) => pop(device, filter)));
    popped.catch(() => undefined);
  }
  return { result, errors: popped.then((all) => all.filter((error) => error !== null).reverse()) };
}

async function pop(device: GPUDevice, filter: GPUErrorFilter): Promise<ScopedError | null> {
  const error = await device.popErrorScope();
  return error && { filter, message: error.message };
}
