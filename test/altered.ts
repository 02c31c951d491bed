/** An object with other methods or values in some places: the rest is answered by the object itself. */
export function altered<T extends object>(whole: T, changes: Partial<T>): T {
  return new Proxy(whole, {
    get(target, key) {
      const holder = (key in changes ? changes : target) as T;
      const value = holder[key as keyof T];
      return typeof value === 'function' ? value.bind(holder) : value;
    },
  });
}
