/** Opening pages in Chrome, and what they tell of themselves. */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, HTTPRequest, Page } from 'puppeteer';
import { afterAll, afterEach, beforeAll, beforeEach, expect, inject } from 'vitest';
import { type BrowserName, findBrowser, launchBrowser, missingBrowser } from '../browsers.ts';
import { missing } from '../missing.ts';

const PATIENCE = 100_000;

const address = inject('pageAddress');
export const executablePath = await findBrowser('chrome');

/** A browser, for the tests of a file: none of them may leave a message in the console. */
export interface Browsing {
  readonly browser: Browser;
  /** Errors of the console and of the page. */
  complaints: string[];
}

export function useChrome(): Browsing {
  return useBrowser('chrome', executablePath);
}

export function useBrowser(name: BrowserName, path: string | null): Browsing {
  const browsing = { browser: undefined as unknown as Browser, complaints: [] as string[] };
  beforeAll(async () => {
    if (path !== null) browsing.browser = await launchBrowser(name, path);
  });
  afterAll(() => browsing.browser?.close());
  beforeEach((context) => {
    if (path === null) missing(context, missingBrowser(name));
    browsing.complaints = [];
  });
  afterEach(() => expect(browsing.complaints).toEqual([]));
  return browsing;
}

export interface OpenOptions {
  readonly browser?: Browser;
  /** Runs in the page before its own scripts. */
  readonly prepare?: () => void;
  /** Gets what the page asks others for. */
  readonly answer?: (request: HTTPRequest) => Promise<void>;
}

/** @param query behind the address of the page, or an address */
export async function open(browsing: Browsing, query: string, options: OpenOptions = {}): Promise<Page> {
  const page = await (options.browser ?? browsing.browser).newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on('pageerror', (error) => browsing.complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') browsing.complaints.push(message.text());
  });
  await page.evaluateOnNewDocument(() => {
    const seen: string[] = [];
    Object.assign(window, { statuses: seen });
    new MutationObserver(() => {
      const status = document.getElementById('result')?.dataset.status;
      if (status !== undefined && status !== seen.at(-1)) seen.push(status);
    }).observe(document, { subtree: true, childList: true, attributeFilter: ['data-status'] });
  });
  if (options.prepare !== undefined) await page.evaluateOnNewDocument(options.prepare);
  const target = new URL(query, address).href;
  const { answer } = options;
  if (answer !== undefined) {
    await page.setRequestInterception(true);
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      const isOwn = origin === new URL(target).origin || protocol === 'data:';
      void (isOwn ? request.continue() : answer(request));
    });
  }
  await page.goto(target);
  return page;
}

export async function chooseFile(page: Page, name: string, content: string | Uint8Array): Promise<void> {
  const path = join(tmpdir(), `page-${process.pid}-${name}`);
  await writeFile(path, content);
  const field = await page.$('input#file');
  await field!.uploadFile(path);
}

export async function finished(page: Page): Promise<void> {
  await page.waitForSelector('#result:is([data-status="done"], [data-status="error"])');
  const { status } = await attributes(page);
  const said = await page.$$eval('#message, #problem', (lines) => lines.map((line) => line.textContent).join(' '));
  expect(status, said).toBe('done');
}

/** Waits for the clusters to be shown, too: their part of the page is loaded when it is first needed. */
export async function clustered(page: Page): Promise<void> {
  await finished(page);
  await page.waitForSelector('.clusters[aria-busy="false"] > li');
}

export function statuses(page: Page): Promise<string[]> {
  return page.evaluate(() => (window as unknown as { statuses: string[] }).statuses);
}

export function attributes(page: Page): Promise<Record<string, string | undefined>> {
  return page.$eval('#result', (element) => ({ ...(element as HTMLElement).dataset }));
}

export function textOf(page: Page, selector: string): Promise<string> {
  return page.$eval(selector, (element) => element.textContent!);
}

export function isShown(page: Page, selector: string): Promise<boolean> {
  return page.$eval(selector, (element) => element.checkVisibility());
}

interface TraceEvent {
  readonly name: string;
  /** `X` of what is over, `B` of what was not when the trace ended. */
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  readonly args: { readonly name?: string };
  /** By the clock, in microseconds. */
  readonly dur: number;
  /** Time that the thread itself took; Chrome 156 leaves it out of a tenth of them, most of them of a microsecond. */
  readonly tdur?: number;
}

/**
 * How long the main thread of a page with workers was at work in each of its tasks, in milliseconds. What it takes by
 * the clock says more of what else runs: other tests take the cores meanwhile.
 *
 * @param trace of the category `toplevel`
 */
export function tasksOfPage(trace: Uint8Array): number[] {
  const { traceEvents } = JSON.parse(new TextDecoder().decode(trace)) as { traceEvents: TraceEvent[] };
  const threads = traceEvents.filter(({ name }) => name === 'thread_name');
  // Chrome keeps a process ready for the next page, which has a main thread, too.
  const { pid } = threads.find(({ args }) => args.name === 'DedicatedWorker thread')!;
  const main = threads.find((thread) => thread.pid === pid && thread.args.name === 'CrRendererMain')!;
  const isOfMain = (event: Pick<TraceEvent, 'pid' | 'tid'>) => event.pid === pid && event.tid === main.tid;
  const tasks = traceEvents.filter(
    ({ ph, name, ...event }) => ph === 'X' && name === 'ThreadControllerImpl::RunTask' && isOfMain(event),
  );
  if (2 * tasks.filter(({ tdur }) => tdur !== undefined).length < tasks.length) {
    throw new Error('this Chrome does not say how long its threads were at work');
  }
  // A thread works no longer than the clock runs.
  return tasks.map(({ tdur, dur }) => (tdur ?? dur) / 1000);
}
