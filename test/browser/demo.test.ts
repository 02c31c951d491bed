/**
 * The page, built and served as it will be, in Chrome.
 */
import { fileURLToPath } from 'node:url';
import { type Browser, launch, type Page } from 'puppeteer';
import { build, type PreviewServer, preview } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { ResultElement } from '../../demo/main.ts';
import { findBrowser, launchBrowser, missingBrowser } from '../browsers.ts';
import { missing } from '../missing.ts';

const PATIENCE = 100_000;
const FLIGHTS = 3_000_000;
const root = fileURLToPath(new URL('../../demo', import.meta.url));

const executablePath = await findBrowser('chrome');

let server: PreviewServer;
let chrome: Browser;
let complaints: string[] = [];

beforeAll(async () => {
  if (executablePath === null) return;
  await build({ root, logLevel: 'warn' });
  server = await preview({ root, logLevel: 'warn', preview: { port: 0, open: false } });
  chrome = await launchBrowser('chrome', executablePath);
});

afterAll(async () => {
  await chrome?.close();
  await server?.close();
});

beforeEach((context) => {
  if (executablePath === null) missing(context, missingBrowser('chrome'));
  complaints = [];
});

afterEach(() => expect(complaints).toEqual([]));

it('clusters all flights on the CPU', async () => {
  const page = await open(chrome, '?backend=cpu');
  await finished(page);
  expect(await statuses(page)).toEqual(['loading', 'running', 'done']);
  expect(await attributes(page)).toMatchObject({ engine: 'cpu', points: String(FLIGHTS) });
  await expectTrueResult(page, FLIGHTS);
  expect(await pixelsOfLargestCluster(page)).toBeGreaterThan(10_000);
  await page.close();
});

it('clusters flights on WebGPU', async () => {
  const page = await open(chrome, '?backend=webgpu&points=20000');
  await finished(page);
  expect(await statuses(page)).toEqual(['loading', 'running', 'done']);
  expect(await attributes(page)).toMatchObject({ engine: 'webgpu', points: '20000' });
  await expectTrueResult(page, 20_000);
  await page.close();
});

it('takes k and seed from the address and from the fields', async () => {
  const page = await open(chrome, '?backend=cpu&points=5000&k=3&seed=7');
  await finished(page);
  const first = await attributes(page);
  expect(await legendRows(page)).toBe(3);
  await page.$eval('#k', (field) => {
    (field as HTMLInputElement).value = '5';
  });
  await page.click('#run');
  await page.waitForSelector('#legend tr:nth-child(5)');
  expect(Number((await attributes(page)).inertia)).toBeLessThan(Number(first.inertia));
  expect(page.url()).toMatch(/points=5000&k=5&seed=7$/);
  await page.reload();
  await finished(page);
  expect(await legendRows(page)).toBe(5);
  await page.close();
});

it('stops a run, and runs again', async () => {
  const page = await open(chrome, '?backend=cpu&points=300000&k=64');
  await page.waitForSelector('#result:not([data-iterations="0"])[data-iterations]');
  await page.click('#stop');
  await finished(page);
  expect(await page.$eval('#message', (line) => line.textContent)).toMatch(/^Stopped after \d+ iteration/);
  expect(await page.$eval('#result', (element) => (element as ResultElement).result)).toBeNull();
  await page.$eval('#k', (field) => {
    (field as HTMLInputElement).value = '4';
  });
  await page.click('#run');
  await page.waitForSelector('#legend tr:nth-child(4)');
  await expectTrueResult(page, 300_000);
  await page.close();
});

it.each([
  ['?k=0&points=1000', /k must be an integer of at least 1, got 0/],
  ['?k=11&points=10', /k .*10/],
  ['?points=3000001', /points must be a whole number from 1 to 3,000,000/],
  ['?backend=abacus&points=1000', /backend must be one of .*'abacus'/],
])('says what is wrong with %s', async (query, message) => {
  const page = await open(chrome, query);
  expect(await failure(page)).toMatch(message);
  await page.close();
});

it('says that there is no WebGPU, and then runs on the CPU', async () => {
  const args = ['--no-sandbox', '--disable-blink-features=WebGPU'];
  const without = await launch({ executablePath: executablePath!, args });
  try {
    const page = await open(without, '?backend=webgpu&points=1000');
    expect(await failure(page)).toMatch(/no WebGPU/);
    await page.select('#backend', 'cpu');
    await page.click('#run');
    await finished(page);
    expect(await attributes(page)).toMatchObject({ engine: 'cpu', points: '1000' });
    await expectTrueResult(page, 1000);
  } finally {
    await without.close();
  }
});

async function open(browser: Browser, query: string): Promise<Page> {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE);
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  await page.evaluateOnNewDocument(() => {
    const seen: string[] = [];
    Object.assign(window, { statuses: seen });
    new MutationObserver(() => {
      const status = document.getElementById('result')?.dataset.status;
      if (status !== undefined && status !== seen.at(-1)) seen.push(status);
    }).observe(document, { subtree: true, childList: true, attributeFilter: ['data-status'] });
  });
  await page.goto(server.resolvedUrls!.local[0] + query);
  return page;
}

async function finished(page: Page): Promise<void> {
  await page.waitForSelector('#result:is([data-status="done"], [data-status="error"])');
  const { status } = await attributes(page);
  expect(status, await page.$eval('#message', (line) => line.textContent!)).toBe('done');
}

async function failure(page: Page): Promise<string> {
  await page.waitForSelector('#result[data-status="error"]');
  return page.$eval('#message', (line) => line.textContent!);
}

function statuses(page: Page): Promise<string[]> {
  return page.evaluate(() => (window as unknown as { statuses: string[] }).statuses);
}

function attributes(page: Page): Promise<Record<string, string | undefined>> {
  return page.$eval('#result', (element) => ({ ...(element as HTMLElement).dataset }));
}

function legendRows(page: Page): Promise<number> {
  return page.$$eval('#legend tr', (rows) => rows.length);
}

/** The result against itself, in float64: the labels' centroids are the nearest, and inertia and counts are theirs. */
async function expectTrueResult(page: Page, n: number): Promise<void> {
  const found = await page.$eval('#result', (element) => {
    const { points, labels, centroids, counts, k } = (element as ResultElement).result!;
    const d = points.length / labels.length;
    const sums = new Float64Array(2 * d);
    const sizes = new Float64Array(k);
    let inertia = 0;
    let worst = 0;
    for (let i = 0; i < labels.length; i++) {
      let nearest = Infinity;
      let own = 0;
      for (let c = 0; c < k; c++) {
        let distance = 0;
        for (let j = 0; j < d; j++) distance += (points[i * d + j] - centroids[c * d + j]) ** 2;
        if (distance < nearest) nearest = distance;
        if (c === labels[i]) own = distance;
      }
      for (let j = 0; j < d; j++) {
        sums[j] += points[i * d + j];
        sums[d + j] += points[i * d + j] ** 2;
      }
      sizes[labels[i]]++;
      inertia += own;
      worst = Math.max(worst, own - (1 + 2e-5) * nearest);
    }
    const moments = Array.from(sums, (sum) => sum / labels.length);
    return { n: labels.length, inertia, worst, moments, sizesAgree: sizes.every((size, c) => size === counts[c]) };
  });
  const reported = Number((await attributes(page)).inertia);
  expect(found.n).toBe(n);
  expect(Math.abs(reported - found.inertia)).toBeLessThanOrEqual(1e-6 * found.inertia);
  // The points lie within 60 deviations of the mean: 1e-12 · max‖x‖².
  expect(found.worst).toBeLessThanOrEqual(3.6e-9);
  expect(found.sizesAgree).toBe(true);
  for (const mean of found.moments.slice(0, 3)) expect(mean).toBeCloseTo(0, 5);
  for (const square of found.moments.slice(3)) expect(square).toBeCloseTo(1, 5);
}

function pixelsOfLargestCluster(page: Page): Promise<number> {
  return page.$eval('#plot', async (element) => {
    await new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)));
    const canvas = element as HTMLCanvasElement;
    const { data } = canvas.getContext('2d')!.getImageData(0, 0, canvas.width, canvas.height);
    const colour = document.querySelector<HTMLElement>('#legend button')!.style.background.match(/\d+/g)!.map(Number);
    let pixels = 0;
    for (let at = 0; at < data.length; at += 4) {
      // A faint pixel's colour is stored to a few steps only.
      if (data[at + 3] > 0 && colour.every((channel, i) => Math.abs(channel - data[at + i]) <= 4)) pixels++;
    }
    return pixels;
  });
}
