/** What the READMEs and CONTRIBUTING.md name is there: files, constants, and a source for each citation. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string) => readFileSync(join(root, path), 'utf8');

const PAGES = ['README.md', 'CONTRIBUTING.md', ...['src', 'shaders', 'test', 'bench'].map((at) => `${at}/README.md`)];

const code = ['src', 'shaders']
  .flatMap((folder) => (readdirSync(join(root, folder), { recursive: true }) as string[]).map((at) => join(folder, at)))
  .filter((path) => /\.(ts|wgsl)$/.test(path))
  .map(read)
  .join('\n');

it.each(PAGES)('%s names files that exist', (page) => {
  const text = read(page);
  const links = Array.from(text.matchAll(/\]\(([^)#:]+)\)/g), ([, path]) => join(dirname(page), path));
  const named = Array.from(text.matchAll(/`((?:src|test|shaders|bench|demo)\/[\w./-]*)`/g), ([, path]) => path);
  expect([...links, ...named].filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

it('the thresholds in src/README.md are in the source', () => {
  const [, thresholds] = read('src/README.md').split('## Thresholds');
  const names = Array.from(thresholds.matchAll(/`([A-Z][A-Z_]+)`/g), ([, name]) => name);
  expect(names.length).toBeGreaterThan(0);
  expect(names.filter((name) => !code.includes(`const ${name} = `))).toEqual([]);
});

it('what comments cite is in the list of sources', () => {
  const [, sources] = read('src/README.md').split(/^## (?:Sources|Thresholds)$/m);
  // "Lloyd 1982", "Bahmani et al. 2012", "Dempster, Laird and Rubin 1977", over the ends of lines too.
  const citation = /\p{Lu}[\p{L}]+(?:(?:, \p{Lu}\p{L}+)*(?: and (?:Van )?\p{Lu}\p{L}+)+| et al\.)? (?:19|20)\d\d\b/gu;
  const text = code.replace(/\n\s*(?:\*|\/\/)? */g, ' ');
  const cited = new Set(text.match(citation));
  expect(cited.size).toBeGreaterThan(10);
  const listed = Array.from(sources.matchAll(/^\| ([^|]+ \d{4}) \|/gm), ([, name]) => name);
  expect([...cited].filter((name) => !listed.some((source) => name.endsWith(source)))).toEqual([]);
});
