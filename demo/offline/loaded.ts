/**
 * Addresses of what this thread, the page or its worker, has loaded, without those of which it asked for a part. A browser that
 * does not tell which these are is believed to have loaded all of them whole.
 */
export function loadedWhole(entries: readonly PerformanceEntry[] = performance.getEntriesByType('resource')): string[] {
  const isWhole = ({ responseStatus }: Partial<PerformanceResourceTiming>) => !responseStatus || responseStatus === 200;
  const parts = new Set(entries.filter((entry) => !isWhole(entry)).map(({ name }) => name));
  return [...new Set(entries.map(({ name }) => name))].filter((name) => !parts.has(name));
}
