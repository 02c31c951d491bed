/** The conformance suite in a browser: a page on localhost holds the cases, a test runs each. */
import type { Page } from 'puppeteer';
import { createServer, type Plugin, type ViteDevServer } from 'vite';
import { afterAll, beforeAll, test } from 'vitest';
import { inlined, workerFiles } from '../../vite.plugins.ts';
import {
  type BrowserName,
  findBrowser,
  hasAdapter,
  incapableBrowser,
  launchBrowser,
  missingBrowser,
} from '../browsers.ts';
import { missing } from '../missing.ts';
import type { ConformanceCase } from './case.ts';
import { cases } from './cases/index.ts';

/** @param share of the cases that run, by what `npm test` has time for */
export async function conformanceIn(
  browserName: BrowserName,
  name: string,
  share: (all: readonly ConformanceCase[]) => readonly ConformanceCase[] = (all) => all,
): Promise<void> {
  const executable = await findBrowser(browserName);
  if (executable === null) {
    test(name, (context) => missing(context, missingBrowser(browserName)));
    return;
  }
  // Before there are tests: one line is to say that the browser cannot run them, not each of them.
  const browser = await launchBrowser(browserName, executable);
  if (!(await hasAdapter(browser))) {
    await browser.close();
    test(`${name} has an adapter`, () => {
      throw new Error(incapableBrowser(browserName, executable));
    });
    return;
  }

  let server: ViteDevServer | undefined;
  let page: Page;

  beforeAll(async () => {
    server = await servePage();
    page = await browser.newPage();
    await page.goto(`${server.resolvedUrls?.local[0]}test/conformance/page.html?name=${encodeURIComponent(name)}`);
    await page.waitForFunction(() => 'runCase' in globalThis);
  });

  afterAll(async () => {
    await browser.close();
    await server?.close();
  });

  for (const { name } of share(cases.filter(({ only }) => only !== 'cpu'))) {
    test(name, async () => {
      const failure = await page.evaluate((name) => runCase(name), name);
      if (failure !== null) throw new Error(failure);
    });
  }
}

/** WebGPU needs a secure context, which localhost is. */
export async function servePage(): Promise<ViteDevServer> {
  const server = await createServer({
    configFile: false,
    plugins: [inlined(), workerFiles(), policies()],
    logLevel: 'error',
    appType: 'mpa',
    // Nothing is prebundled: two browsers are served at once, and neither may reload.
    optimizeDeps: { noDiscovery: true },
    server: { host: '127.0.0.1', port: 0, hmr: false, ws: false, watch: null },
  });
  return server.listen();
}

export type Policy = 'isolated' | 'no workers' | 'no blobs' | 'no WebAssembly';

/** Headers that a page may ask for by `?policy=`. */
const POLICIES: Readonly<Record<Policy, Readonly<Record<string, string>>>> = {
  isolated: { 'Cross-Origin-Opener-Policy': 'same-origin', 'Cross-Origin-Embedder-Policy': 'require-corp' },
  'no blobs': { 'Content-Security-Policy': "worker-src 'self'" },
  'no workers': { 'Content-Security-Policy': "worker-src 'none'" },
  'no WebAssembly': { 'Content-Security-Policy': "script-src 'self' 'unsafe-inline'; worker-src blob:" },
};

function policies(): Plugin {
  return {
    name: 'policies',
    configureServer({ middlewares }) {
      middlewares.use(({ url }, response, next) => {
        const policy = new URL(url ?? '', 'http://localhost').searchParams.get('policy') as Policy | null;
        const headers = policy === null ? {} : POLICIES[policy];
        for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
        next();
      });
    },
  };
}
