/** Which of the built files the page needs before it can show anything. */

/** What is loaded with a script, not on demand by it: its static imports, and the scripts of its workers. */
const LOADED =
  /(?:\bfrom|\bimport)\s*["'`]\.\/([^"'`]+\.js)["'`]|new URL\((?:\/\*[^*]*\*\/)?\s*["'`]([^"'`]+\.js)["'`]/g;
const LINKED = /<(?:script|link)\b[^>]*?\b(?:src|href)="\.\/([^"]+)"/g;

/**
 * The files that a page loads at once, without the page itself.
 *
 * @param page text of the HTML
 * @param scripts texts of all scripts, by their names, which are relative to the page
 */
export function shellOf(page: string, scripts: ReadonlyMap<string, string>): string[] {
  const found = new Set<string>();
  const add = (name: string) => {
    if (found.has(name)) return;
    found.add(name);
    const folder = name.slice(0, name.lastIndexOf('/') + 1);
    for (const [, imported, worker] of scripts.get(name)?.matchAll(LOADED) ?? []) {
      const loaded = folder + (imported ?? worker);
      if (scripts.has(loaded)) add(loaded);
    }
  };
  for (const [, name] of page.matchAll(LINKED)) add(name);
  return [...found].sort();
}
