/** What a report says, its functions answered: to be compared. */
export function told<P extends object>(progress: P): Record<string, unknown> {
  const entries = Object.entries(progress) as [string, unknown][];
  return Object.fromEntries(entries.map(([name, value]) => [name, typeof value === 'function' ? value() : value]));
}
