/**
 * Models and datasets behind a Proxy, as reactive state makes them (Vue's `ref` and `reactive`): methods run with the Proxy
 * as `this`, which has none of the private fields, and whose properties may be proxies again. So every instance knows
 * itself, and what is asked of a Proxy is answered by the instance.
 */

/** The same in all bundles of the library that a page has. */
const SELF = Symbol.for('webgpu-clustering.self');

/** Classes whose methods look behind proxies. */
const unwrapping = /* @__PURE__ */ new WeakSet<object>();

/**
 * To be called by the constructor. The methods and getters of the class are wrapped for its first instance, and not where it is
 * declared: a bundler can leave out a class that nobody makes.
 */
export function knowSelf(instance: object, declared: { readonly prototype: object }): void {
  if (!unwrapping.has(declared)) {
    unwrapping.add(declared);
    unwrapThis(declared);
  }
  // A function, which no Proxy replaces; neither listed nor cloned.
  Object.defineProperty(instance, SELF, { value: () => instance, configurable: true });
}

/** The instance behind a Proxy; anything else is what it is. */
export function unwrapped<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  return (value as { readonly [SELF]?: () => T })[SELF]?.() ?? value;
}

/** Makes the methods and getters of a class run on the instance behind a Proxy. */
function unwrapThis({ prototype }: { readonly prototype: object }): void {
  const { constructor: _, ...members } = Object.getOwnPropertyDescriptors(prototype) as Record<
    string,
    PropertyDescriptor
  >;
  for (const [name, member] of Object.entries(members)) {
    const run = member.get ?? (member.value as (...args: unknown[]) => unknown);
    const wrapped = {
      [name](this: unknown, ...args: unknown[]) {
        return run.apply(unwrapped(this), args);
      },
    }[name];
    const change = member.get === undefined ? { value: wrapped } : { get: wrapped };
    Object.defineProperty(prototype, name, { ...member, ...change });
  }
}
