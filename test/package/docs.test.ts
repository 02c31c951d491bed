/** The API site, made of the doc comments, beside the page as both are deployed. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
let site: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'webgpu-clustering-docs-'));
  site = join(folder, 'site');
  // It fails where a public name has no doc comment, and where a link leads nowhere.
  const typedoc = join(root, 'node_modules/typedoc/bin/typedoc');
  await promisify(execFile)(process.execPath, [typedoc, '--out', join(folder, 'public/api')], { cwd: root });
  await build({
    root: join(root, 'demo'),
    logLevel: 'warn',
    publicDir: join(folder, 'public'),
    build: { outDir: site },
  });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('what the page and the API site link to is there', async () => {
  const pages = (await readdir(site, { recursive: true })).filter((file) => file.endsWith('.html'));
  expect(pages).toEqual(expect.arrayContaining(['index.html', join('api', 'index.html')]));
  const broken = await Promise.all(pages.map(async (page) => (await linksOf(page)).filter((to) => !isThere(page, to))));
  expect(broken.flat()).toEqual([]);
  expect(await linksOf('index.html')).toContain('./api/index.html');
});

test('each entry is in the API site', async () => {
  const { exports } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  // The worker's script exports nothing.
  const entries = Object.keys(exports).filter((path) => !['./package.json', './worker'].includes(path));
  const names = entries.map((path) => `webgpu-clustering${path.slice(1).replaceAll('/', '_')}.html`);
  expect((await readdir(join(site, 'api/modules'))).sort()).toEqual(names.sort());
});

test.for(['functions', 'classes'])('%s have examples', async (kind) => {
  // Those of a queue need a server: README.md has theirs.
  const files = (await readdir(join(site, 'api', kind))).filter((file) => !file.includes('_bullmq.'));
  const pages = files.map((file) => join('api', kind, file));
  expect(pages.length).toBeGreaterThan(0);
  const without = await Promise.all(
    pages.map(async (page) => ((await text(page)).includes('tsd-tag-example') ? [] : [page])),
  );
  expect(without.flat()).toEqual([]);
});

const text = (page: string) => readFile(join(site, page), 'utf8');

/** Addresses within the site. */
async function linksOf(page: string): Promise<string[]> {
  const links = Array.from((await text(page)).matchAll(/<a [^>]*href="([^"]*)"/g), ([, href]) => href);
  return [...new Set(links)].filter((href) => !/^(https?:|#)/.test(href));
}

function isThere(page: string, href: string): boolean {
  return existsSync(new URL(href.replace(/#.*/, ''), new URL(page, `file://${site}/`)));
}
