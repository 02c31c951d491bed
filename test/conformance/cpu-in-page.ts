/** The CPU engine in a page: on Web Workers, or without them where the page may have none. */
import { existsSync, readFileSync } from 'node:fs';
import type { Browser, Page } from 'puppeteer';
import type { ViteDevServer } from 'vite';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createCpuEngine } from '../../src/cpu/engine.ts';
import { type BrowserName, findBrowser, launchBrowser, missingBrowser } from '../browsers.ts';
import { missing } from '../missing.ts';
import { inAll, shareOf } from '../scope.ts';
import { type Policy, servePage } from './browser.ts';
import { probe } from './probe.ts';
import { sharing } from './runner.ts';
import { shortCases } from './short.ts';

/** Whether this processor has the instruction that products of bytes are taken for; undefined where nothing tells. */
function hasFastDot(): boolean | undefined {
  if (process.arch === 'arm64') return true;
  return existsSync('/proc/cpuinfo') ? /\bavx_vnni\b/.test(readFileSync('/proc/cpuinfo', 'utf8')) : undefined;
}

/** Some of each kind. */
const sample = shareOf(shortCases, 36, 0, 12);

interface Expectation {
  readonly policy: Policy | null;
  readonly workerUrl?: string;
  readonly workers: number;
  /** Whether rows lie in memory that the page and its workers share. */
  readonly shared: boolean;
  readonly simd: boolean;
}

export const PAGES: readonly Expectation[] = [
  { policy: null, workers: 2, shared: false, simd: true },
  { policy: 'isolated', workers: 2, shared: true, simd: true },
  { policy: 'no blobs', workers: 0, shared: false, simd: true },
  { policy: 'no blobs', workerUrl: '/worker.js', workers: 2, shared: false, simd: true },
  { policy: 'no workers', workers: 0, shared: false, simd: true },
  { policy: 'no WebAssembly', workers: 2, shared: false, simd: false },
];

/** @param pages under policies of its own each */
export async function cpuIn(browserName: BrowserName, pages = PAGES): Promise<void> {
  const executable = await findBrowser(browserName);
  let server: ViteDevServer;
  let browser: Browser;

  beforeAll(async () => {
    if (executable === null) return;
    server = await servePage();
    browser = await launchBrowser(browserName, executable);
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  beforeEach((context) => {
    if (executable === null) missing(context, missingBrowser(browserName));
  });

  async function open(policy: Policy | null, workerUrl?: string): Promise<Page> {
    const page = await browser.newPage();
    await page.evaluateOnNewDocument(watch);
    const query = new URLSearchParams({
      ...{ name: `CPU in ${browserName}`, threads: '2' },
      ...(policy && { policy }),
      ...(workerUrl && { workerUrl }),
    });
    await page.goto(`${server.resolvedUrls?.local[0]}test/conformance/page.html?${query}`);
    await page.waitForFunction(() => 'runProbe' in globalThis);
    return page;
  }

  describe.each(pages)('policy $policy, workerUrl $workerUrl', ({ policy, workerUrl, workers, shared, simd }) => {
    it('gives the bits of Node, by the means that the page has', async () => {
      const page = await open(policy, workerUrl);
      // In one go: a second after the last points workers end.
      const { found, features, seen } = await page.evaluate(async () => ({
        found: await runProbe(),
        features: featuresInUse(),
        seen: { ...globalThis.seen },
      }));
      if (browserName === 'chrome') expect(page.workers()).toHaveLength(workers);
      // Firefox has the instruction from 146 on.
      if (browserName === 'chrome' && hasFastDot() !== undefined) {
        expect(features).toEqual(simd && hasFastDot() ? ['wasm-relaxed-dot'] : []);
      }
      expect(seen).toMatchObject({ alive: workers, shared, compiled: simd });
      const engine = createCpuEngine({ threads: 1 });
      expect(found).toBe(await probe(sharing(engine)()));
      await page.evaluate(() => destroyEngine());
      await noneLeft(page);
      await page.close();
    });
  });

  inAll(it)('ends its workers a while after the last points have gone', async () => {
    const page = await open(null);
    await page.evaluate(() => runProbe());
    await noneLeft(page);
    // They come again.
    const alive = await page.evaluate(async () => {
      await runProbe();
      return globalThis.seen.alive;
    });
    expect(alive).toBe(2);
    await page.close();
  });

  describe.each([null, 'isolated'] as const)('policy %s', (policy) => {
    let page: Page;

    beforeAll(async () => {
      if (executable !== null) page = await open(policy);
    });

    it.each(sample)('$name', async ({ name }) => {
      const failure = await page.evaluate((name) => runCase(name), name);
      if (failure !== null) throw new Error(failure);
    });
  });

  async function noneLeft(page: Page): Promise<void> {
    const alive = async () => {
      const { alive } = await page.evaluate(() => globalThis.seen);
      return browserName === 'chrome' ? Math.max(alive, page.workers().length) : alive;
    };
    await vi.waitFor(async () => expect(await alive()).toBe(0), { timeout: 10_000 });
  }
}

declare global {
  /** What a page has done: workers that were started and neither failed nor were ended, memories that it shares, modules. */
  var seen: { alive: number; shared: boolean; compiled: boolean };
}

/** Runs in the page, before anything else. */
function watch(): void {
  globalThis.seen = { alive: 0, shared: false, compiled: false };
  const { seen } = globalThis;
  const { Memory, Module } = WebAssembly;
  globalThis.Worker = class extends Worker {
    #ended = false;

    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      seen.alive++;
      this.addEventListener('error', () => this.#end());
      this.addEventListener('message', ({ data }: MessageEvent<{ value?: unknown }>) => {
        if (data.value instanceof Memory) seen.shared = true;
      });
    }

    override terminate(): void {
      this.#end();
      super.terminate();
    }

    #end(): void {
      if (!this.#ended) seen.alive--;
      this.#ended = true;
    }
  };
  WebAssembly.Module = class extends Module {
    constructor(bytes: BufferSource) {
      super(bytes);
      seen.compiled = true;
    }
  };
}
