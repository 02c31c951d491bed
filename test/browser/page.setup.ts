import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type PreviewServer, preview } from 'vite';
import type { TestProject } from 'vitest/node';
import { findBrowser } from '../browsers.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    /** Address of the page, built and served as it will be; empty where there is no browser to open it in. */
    readonly pageAddress: string;
  }
}

/** Builds the page once for all files. */
export default async function setup(project: TestProject): Promise<(() => Promise<void>) | undefined> {
  if ((await findBrowser('chrome')) === null) {
    project.provide('pageAddress', '');
    return undefined;
  }
  const root = fileURLToPath(new URL('../../demo', import.meta.url));
  // In a process of its own, as by hand: what is built under a test runner is no production build.
  const { NODE_ENV: _, ...env } = process.env;
  const vite = fileURLToPath(new URL('../../node_modules/vite/bin/vite.js', import.meta.url));
  await promisify(execFile)(process.execPath, [vite, 'build', root, '--logLevel', 'warn'], { env });
  const server: PreviewServer = await preview({ root, logLevel: 'warn', preview: { port: 0, open: false } });
  project.provide('pageAddress', server.resolvedUrls!.local[0]);
  return () => server.close();
}
