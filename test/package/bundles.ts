/** Programs of a project, bundled as their users do it, and what they print in a browser. */
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { build as buildByEsbuild } from 'esbuild';
import { build as buildByVite, createServer, preview } from 'vite';
import webpack from 'webpack';
import { type BrowserName, launchBrowser } from '../browsers.ts';

export type Bundler = 'vite' | 'webpack' | 'esbuild';

/** Modules of a program by their names; it begins with main.js. */
export type Program = Readonly<Record<string, string>>;

const PAGE = '<!doctype html><link rel="icon" href="data:,"><script type="module" src="./main.js"></script>';
const DONE = '\nglobalThis.done = true;';

/**
 * @param entries what is bundled beside main.js, by name
 * @returns the folder that is to be served
 */
export async function bundle(
  bundler: Bundler,
  project: string,
  program: Program,
  entries: Readonly<Record<string, string>> = {},
): Promise<string> {
  await writeProgram(project, program);
  const out = join(project, 'dist');
  await rm(out, { recursive: true, force: true });
  if (bundler === 'vite') {
    const config = { root: project, configFile: false, logLevel: 'warn' } as const;
    // What is loaded on demand makes several files of a worker, which only modules can be.
    await buildByVite({ ...config, build: { target: 'es2022' }, worker: { format: 'es' } });
    return out;
  }
  await mkdir(out);
  await writeFile(join(out, 'index.html'), PAGE);
  const files = { main: './main.js', ...entries };
  if (bundler === 'esbuild') {
    const entryPoints = Object.entries(files).map(([name, path]) => ({ in: path, out: name }));
    await buildByEsbuild({
      entryPoints,
      absWorkingDir: project,
      bundle: true,
      format: 'esm',
      outdir: out,
      logLevel: 'warning',
    });
    return out;
  }
  await new Promise<void>((resolve, reject) => {
    webpack(
      {
        ...{ mode: 'production', context: project, entry: files, output: { path: out, filename: '[name].js' } },
        performance: { hints: false },
      },
      (error, stats) => {
        if (error === null && stats?.hasErrors() === false && !stats.hasWarnings()) resolve();
        else reject(error ?? new Error(stats?.toString('errors-warnings')));
      },
    );
  });
  return out;
}

async function writeProgram(project: string, program: Program): Promise<void> {
  const files = { ...program, 'main.js': program['main.js'] + DONE, 'index.html': PAGE };
  for (const [name, text] of Object.entries(files)) await writeFile(join(project, name), text);
}

/** A folder, served. */
export async function served(folder: string, headers: Readonly<Record<string, string>> = {}) {
  return preview({
    root: dirname(folder),
    configFile: false,
    logLevel: 'warn',
    build: { outDir: folder },
    preview: { host: '127.0.0.1', port: 0, headers },
  });
}

/** A program as Vite serves it while it is written. */
export async function servedAnew(project: string, program: Program) {
  await writeProgram(project, program);
  const server = await createServer({
    root: project,
    configFile: false,
    logLevel: 'warn',
    server: { host: '127.0.0.1', port: 0 },
  });
  return server.listen();
}

/** What a page prints until it is done. */
export async function printed(
  server: { readonly resolvedUrls: { readonly local: string[] } | null; close(): Promise<void> },
  executablePath: string,
  { name = 'chrome', patience }: { readonly name?: BrowserName; readonly patience: number },
): Promise<string[]> {
  const browser = await launchBrowser(name, executablePath);
  try {
    const page = await browser.newPage();
    const lines: string[] = [];
    page.on('console', (message) => lines.push(message.text()));
    const broken = new Promise<never>((_, reject) => page.on('pageerror', reject));
    await page.goto(`${server.resolvedUrls?.local[0]}`);
    await Promise.race([broken, page.waitForFunction(() => 'done' in globalThis, { timeout: patience })]);
    return lines;
  } finally {
    await browser.close();
    await server.close();
  }
}
