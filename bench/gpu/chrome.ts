/** The page of the benchmark, which anybody can open, in a Chrome of its own. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromeLauncher } from '../cpu/page-server.ts';
import type { PageReport } from './page.ts';
import type { Listener, SuiteOptions } from './suite.ts';

/** Beside the benchmark's script, where `vite.config.ts` puts it. */
const PAGE = 'gpu.html';

/** @throws {Error} where there is no Chrome, nothing to launch it with, or no adapter in it: the message says which. */
export async function inChrome(
  { cases, small, withPeers }: SuiteOptions & { readonly withPeers: boolean },
  listener: Listener,
): Promise<PageReport> {
  const path = join(dirname(fileURLToPath(import.meta.url)), PAGE);
  if (!existsSync(path)) throw new Error(`no ${path}`);
  const launch = await chromeLauncher();
  const browser = await launch();
  try {
    const page = await browser.newPage();
    await page.goto(pathToFileURL(path).href);
    await page.waitForSelector('button:not([disabled])');
    const report = await page.evaluate((options) => runGpuBenchmark(options), { cases, small, withPeers });
    for (const line of report.missing) console.log(`not timed: ${line}`);
    listener.adapter(report.adapter);
    for (const outcome of report.cases) listener.case(outcome);
    return { ...report, browser: await browser.version() };
  } finally {
    await browser.close();
  }
}
