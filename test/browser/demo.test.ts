/**
 * The page, built and served as it will be, in Chrome.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Browser, type HTTPRequest, launch, type Page } from 'puppeteer';
import { build, createServer, type PreviewServer, preview } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Flights } from '../../data/flights.ts';
import type { ResultElement } from '../../demo/main.ts';
import type { KMeansClusters, MixtureClusters } from '../../demo/messages.ts';
import { findBrowser, launchBrowser, missingBrowser } from '../browsers.ts';
import { missing } from '../missing.ts';
import { HOW_TO_INSTALL, isInstalled } from '../neighbours/installed.ts';
import { expectation, jointLogDensities } from '../reference/mixture.ts';
import { RUNS_ALL } from '../scope.ts';
import { topicOf } from '../topics.ts';

const PATIENCE = 100_000;
const FLIGHTS = 3_000_000;
/** Each picture is made of three passes over the flights, with a look at the clock behind so many of them. */
const PASSES = 3;
const FLIGHTS_OF_LOOK = 2 ** 16;
const root = fileURLToPath(new URL('../../demo', import.meta.url));

const executablePath = await findBrowser('chrome');

type Finished<C> = C & Pick<Flights, 'n' | 'points'>;
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

it('clusters all flights on the CPU, and stays responsive', async () => {
  const page = await open(chrome, '?backend=cpu', hurry);
  await finished(page);
  await drawn(page);
  // The flights as they are, and in the colours of their clusters.
  expect(await turns(page)).toBeGreaterThan(2 * PASSES * (FLIGHTS / FLIGHTS_OF_LOOK));
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

it.each([
  ['cpu', 20_000],
  ['webgpu', 5000],
])('fits a Gaussian mixture: %s', async (backend, points) => {
  const page = await open(chrome, `?backend=${backend}&points=${points}&model=mixture&covariance=full&k=6`);
  await finished(page);
  expect(await attributes(page)).toMatchObject({ model: 'mixture', engine: backend, points: String(points) });
  await expectTrueMixture(page);
  expect(await legendRows(page)).toBe(6);
  expect(await page.$eval('#range', (line) => line.textContent)).toMatch(/^from −\d+\.\d+ to −\d+\.\d+$/);
  await page.close();
});

it('names the components that collapsed', async () => {
  const page = await open(chrome, '?backend=cpu&points=3&model=mixture&k=3');
  await finished(page);
  expect(await remarks(page)).toEqual([expect.stringMatching(/^Clusters 1, 2, and 3: collapsed/)]);
  await page.close();
});

it('changes from one model to the other, and back', async () => {
  const page = await open(chrome, '?backend=cpu&points=5000&k=3');
  await finished(page);
  expect(await shown(page, '#covariance')).toBe(false);
  await page.select('#model', 'mixture');
  await page.select('#covariance', 'tied-diag');
  expect(await shown(page, '#covariance')).toBe(true);
  await page.click('#run');
  await page.waitForSelector('#result[data-model="mixture"][data-status="done"]');
  await expectTrueMixture(page);
  expect(page.url()).toMatch(/model=mixture&covariance=tied-diag/);
  await page.select('#model', 'kmeans');
  await page.click('#run');
  await page.waitForSelector('#result[data-model="kmeans"][data-status="done"]');
  await expectTrueResult(page, 5000);
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
  expect(Number((await attributes(page)).objective)).toBeLessThan(Number(first.objective));
  expect(page.url()).toMatch(/points=5000&k=5&seed=7&model=kmeans&covariance=full$/);
  await page.reload();
  await finished(page);
  expect(await legendRows(page)).toBe(5);
  await page.close();
});

it.each([
  // Some two hundred iterations of ten milliseconds: the click comes in the first ones.
  ['?model=kmeans&k=128', 1_000_000],
  ['?model=mixture&k=32', 100_000],
])('stops a run of %s, and runs again', async (query, n) => {
  const page = await open(chrome, `${query}&points=${n}&backend=cpu`);
  await page.waitForSelector('#result:not([data-iterations="0"])[data-iterations]');
  await page.click('#stop');
  await finished(page);
  expect(await page.$eval('#message', (line) => line.textContent)).toMatch(/^Stopped after \d+ iteration/);
  expect(await page.$eval('#result', (element) => (element as ResultElement).result)).toBeNull();
  await page.select('#model', 'kmeans');
  await page.$eval('#k', (field) => {
    (field as HTMLInputElement).value = '4';
  });
  await page.click('#run');
  await page.waitForSelector('#legend tr:nth-child(4)');
  await expectTrueResult(page, n);
  await page.close();
});

it.each([
  ['?k=0&points=1000', /k must be an integer of at least 1, got 0/],
  ['?k=11&points=10', /k .*10/],
  ['?points=3000001', /points must be a whole number from 1 to 3,000,000/],
  ['?backend=abacus&points=1000', /backend must be one of .*'abacus'/],
  ['?model=heap&points=1000', /model must be 'kmeans' or 'mixture', got 'heap'/],
  ['?model=mixture&covariance=round&points=1000', /covarianceType must be one of .*'round'/],
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

it('the example of embeddings shows how k was chosen, and sentences of one topic for each cluster', async () => {
  const page = await open(chrome, 'examples/embeddings/index.html');
  await finished(page);
  expect(await page.$eval('#message', (line) => line.textContent)).toBe('360 sentences fall into 6 clusters.');
  const rows = await page.$$eval('#table tr', (lines) =>
    lines.map((line) => Array.from(line.children, (cell) => cell.textContent)),
  );
  expect(rows.map(([k]) => k)).toEqual(['2', '3', '4', '5', '6bestelbow', '7', '8', '9', '10']);
  const silhouettes = rows.map(([, silhouette]) => Number(silhouette));
  expect(Math.max(...silhouettes)).toBe(silhouettes[4]);
  const clusters = await page.$$eval('#clusters > li', (items) =>
    items.map((item) => Array.from(item.querySelectorAll('li'), (line) => line.textContent!)),
  );
  expect(clusters.flat()).toHaveLength(18);
  const topics = clusters.map((texts) => new Set(texts.map(topicOf)));
  expect(topics.map((found) => found.size)).toEqual([1, 1, 1, 1, 1, 1]);
  expect(new Set(topics.flatMap((found) => [...found])).size).toBe(6);
  await page.close();
});

it('the example of palettes shows that of k-means nearer to the photograph than those of the packages', async () => {
  const page = await open(chrome, 'examples/palette/index.html');
  await finished(page);
  const shown = () =>
    page.$$eval('figure[data-difference]', (figures) =>
      figures.map((figure) => ({
        difference: Number(figure.dataset.difference),
        swatches: Array.from(figure.querySelectorAll('.swatches li'), (swatch) => swatch.getAttribute('aria-label')),
        isBest: figure.classList.contains('best'),
      })),
    );
  const expectNearer = async (k: number) => {
    await page.waitForFunction(
      (start) => document.getElementById('message')?.textContent?.startsWith(start),
      {},
      `In ${k} colours, those of k-means differ by `,
    );
    await finished(page);
    const [own, ...others] = await shown();
    expect(others).toHaveLength(2);
    for (const { difference } of others) expect(own.difference).toBeLessThan(0.8 * difference);
    expect([own.isBest, ...others.map(({ isBest }) => isBest)]).toEqual([true, false, false]);
    expect(own.swatches).toHaveLength(k);
    for (const swatch of own.swatches) expect(swatch).toMatch(/^#[0-9a-f]{6}, \d+\.\d % of the pixels$/);
    return own.swatches;
  };
  const askFor = (k: number) =>
    page.$eval(
      '#k',
      (field, value) => {
        (field as HTMLInputElement).value = value;
        field.dispatchEvent(new Event('change'));
      },
      String(k),
    );
  const china = await expectNearer(8);
  await page.select('#photograph', 'flower');
  await askFor(6);
  for (const swatch of await expectNearer(6)) expect(china).not.toContain(swatch);
  const field = await page.$('input#file');
  await field!.uploadFile(fileURLToPath(new URL('../golden/data/china.jpg', import.meta.url)));
  await page.waitForFunction(() => document.querySelector<HTMLSelectElement>('#photograph')?.value === 'own');
  await askFor(8);
  expect(await expectNearer(8)).toEqual(china);
  await page.close();
});

it('the example of a map draws clusters on the globe, and in degrees as turf does', async () => {
  const page = await open(chrome, 'examples/map/index.html');
  await finished(page);
  const shown = () =>
    page.evaluate(() => ({
      message: document.getElementById('message')!.textContent!.replace(/\d+ ms/, ''),
      places: document.querySelectorAll('#plot circle:not(.centroid)').length,
      centroids: Array.from(document.querySelectorAll('#plot .centroid'), (mark) => mark.getAttribute('cx')).join(),
      counts: Array.from(document.querySelectorAll('#clusters .badge'), (badge) => Number(badge.textContent)),
    }));
  const onGlobe = await shown();
  expect(onGlobe.message).toBe('3,376 airports in 12 clusters, in  here.');
  expect(onGlobe.places).toBe(3376);
  expect(onGlobe.counts).toHaveLength(12);
  expect(onGlobe.counts.reduce((a, b) => a + b)).toBe(3376);
  await page.click('input[value="degrees"]');
  const inDegrees = await shown();
  expect(inDegrees.counts).toHaveLength(12);
  expect(inDegrees.centroids).not.toBe(onGlobe.centroids);
  await page.$eval('#k', (slider) => {
    (slider as HTMLInputElement).value = '5';
    slider.dispatchEvent(new Event('input', { bubbles: true }));
  });
  expect((await shown()).counts).toHaveLength(5);
  await page.close();
});

it('the example of Arrow shows clusters beside species, and what the library says of nulls', async () => {
  const page = await open(chrome, 'examples/arrow/index.html');
  await finished(page);
  expect(await page.$eval('#message', (line) => line.textContent)).toBe('342 penguins fall into 3 clusters.');
  const cells = (id: string) =>
    page.$$eval(`#${id} tbody tr`, (lines) =>
      lines.map((line) => Array.from(line.children, (cell) => cell.textContent)),
    );
  const counts = await cells('counts');
  expect(counts.map(([species]) => species)).toEqual(['Adelie', 'Chinstrap', 'Gentoo']);
  expect(counts.flatMap(([, ...row]) => row.map(Number)).reduce((a, b) => a + b)).toBe(342);
  expect(await page.$$eval('#plot circle', (marks) => marks.length)).toBe(342);
  expect((await cells('head')).every(([species, cluster]) => /^[A-Z]/.test(species!) && /^[012]$/.test(cluster!))).toBe(
    true,
  );
  expect(await page.$eval('#nulls', (line) => line.textContent)).toContain('“points.columns[0][3] is null”');
  await page.close();
});

it('the example of ONNX says in plain words what is missing: WebGPU, or what it has to load', async () => {
  const without = await launch({
    executablePath: executablePath!,
    args: ['--no-sandbox', '--disable-blink-features=WebGPU'],
  });
  try {
    const page = await open(without, 'examples/onnx/index.html');
    await page.waitForSelector('#result[data-status="missing"]');
    expect(await page.$eval('#message', (line) => line.textContent)).toMatch(/^This browser has no WebGPU/);
    expect(await shown(page, '#run')).toBe(false);
  } finally {
    await without.close();
  }
  const page = await open(chrome, 'examples/onnx/index.html', undefined, (request) => request.abort());
  await page.waitForSelector('#run:not([hidden])');
  await page.click('#run');
  expect(await failure(page)).toMatch(/^It did not work: ONNX Runtime Web could not be loaded/);
  expect(complaints).toEqual([expect.stringMatching(/Failed to load resource/)]);
  complaints = [];
  await page.close();
});

// Beside the package that the page loads.
if (RUNS_ALL) {
  it.for(['built', 'served'])(
    'the example of ONNX tells textures apart on the device of its model: %s',
    async (how, context) => {
      if (!isInstalled()) missing(context, HOW_TO_INSTALL);
      if (how === 'built') {
        const page = await open(chrome, 'examples/onnx/index.html', undefined, answerFromDisk);
        await expectTextures(page);
      } else {
        const source = await createServer({
          root,
          logLevel: 'error',
          server: { port: 0, open: false },
          cacheDir: '../dist-demo/.vite',
        });
        await source.listen();
        try {
          const page = await open(chrome, `${source.resolvedUrls!.local[0]}examples/onnx/index.html`);
          expect(await page.$eval('#origin', (text) => text.textContent)).toBe('this machine');
          await expectTextures(page);
        } finally {
          await source.close();
        }
      }
    },
  );
}

async function expectTextures(page: Page): Promise<void> {
  await page.waitForSelector('#run:not([hidden])');
  await page.click('#run');
  await finished(page);
  const figures = await page.$eval('#figures', (line) => line.textContent!);
  expect(figures).toMatch(/^15,552 rows of 8 numbers, 5 clusters/);
  expect(Number(figures.match(/drawn: (\d\.\d+)/)![1])).toBeGreaterThan(0.85);
  // A colour of its own in each corner and in the middle.
  const colours = await page.$eval('#after', (canvas) => {
    const context = (canvas as HTMLCanvasElement).getContext('2d')!;
    const hueAt = (x: number, y: number) => {
      const [red, green, blue] = context.getImageData(x, y, 1, 1).data;
      const largest = Math.max(red, green, blue);
      return [red, green, blue].map((channel) => Math.round((5 * channel) / largest)).join();
    };
    return [hueAt(10, 10), hueAt(134, 10), hueAt(10, 98), hueAt(134, 98), hueAt(72, 54)];
  });
  expect(new Set(colours).size).toBe(5);
  await page.close();
}

/** What the page asks the network for, from the packages that tests run beside: the same version, or there is no such file. */
async function answerFromDisk(request: HTTPRequest): Promise<void> {
  const [, version, file] =
    request.url().match(/^https:\/\/cdn\.jsdelivr\.net\/npm\/onnxruntime-web@([\d.]+)\/(.*)$/) ?? [];
  const folder = new URL('../neighbours/node_modules/onnxruntime-web/', import.meta.url);
  const stated = JSON.parse(await readFile(new URL('package.json', folder), 'utf8'));
  if (version !== stated.version) return request.abort();
  const contentType = file.endsWith('.wasm') ? 'application/wasm' : 'text/javascript';
  const headers = { 'Access-Control-Allow-Origin': '*' };
  return request.respond({ body: await readFile(new URL(file, folder)), contentType, headers });
}

/**
 * @param query behind the address of the page, or an address
 * @param prepare runs in the page before its own scripts
 * @param answer gets what the page asks others for
 */
async function open(
  browser: Browser,
  query: string,
  prepare?: () => void,
  answer?: (request: HTTPRequest) => Promise<void>,
): Promise<Page> {
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
  if (prepare !== undefined) await page.evaluateOnNewDocument(prepare);
  const address = new URL(query, server.resolvedUrls!.local[0]).href;
  if (answer !== undefined) {
    await page.setRequestInterception(true);
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url());
      const isOwn = origin === new URL(address).origin || protocol === 'data:';
      void (isOwn ? request.continue() : answer(request));
    });
  }
  await page.goto(address);
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

/**
 * Runs in the page: looks at its clock find so much time gone that each of them lets other work in, however busy the
 * machine is, and the turns that come of it are counted.
 */
function hurry(): void {
  const counted = Object.assign(window, { turns: 0 });
  let now = performance.now();
  performance.now = () => (now += 1000);
  window.MessageChannel = class extends MessageChannel {
    constructor() {
      super();
      counted.turns++;
    }
  };
}

function turns(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as { turns: number }).turns);
}

/** The picture shows what it is to show. */
async function drawn(page: Page): Promise<void> {
  await page.waitForSelector('#plot[aria-busy="false"]');
}

function attributes(page: Page): Promise<Record<string, string | undefined>> {
  return page.$eval('#result', (element) => ({ ...(element as HTMLElement).dataset }));
}

function legendRows(page: Page): Promise<number> {
  return page.$$eval('#legend tr', (rows) => rows.length);
}

function remarks(page: Page): Promise<(string | null)[]> {
  return page.$$eval('#remarks li', (lines) => lines.map((line) => line.textContent));
}

function shown(page: Page, selector: string): Promise<boolean> {
  return page.$eval(selector, (element) => element.checkVisibility());
}

/** What the page tells of a mixture, against the E-step of its parameters in float64. */
async function expectTrueMixture(page: Page): Promise<void> {
  const { n, points, labels, k, ...found } = await page.$eval('#result', (element) => {
    const result = (element as ResultElement).result as Finished<MixtureClusters>;
    // Typed arrays would arrive as objects.
    const [points, labels] = [Array.from(result.points), Array.from(result.labels)];
    const { n, k, weights, means, covariances } = result;
    const parameters = [weights, means, covariances].map((values) => Array.from(values));
    return { n, points, labels, k, parameters };
  });
  const d = points.length / n;
  const [weights, means, covariances] = found.parameters.map((values) => Float64Array.from(values));
  // Of any type, as matrices.
  const mixture = { k, d, covarianceType: 'full', weights, means, covariances } as const;
  const truth = expectation({ data: points, n, d }, mixture);
  const joint = jointLogDensities({ data: points, n, d }, mixture);
  const reported = Number((await attributes(page)).objective);
  expect(Math.abs(reported - truth.lowerBound)).toBeLessThanOrEqual(1e-6 * (1 + Math.abs(truth.lowerBound)));
  labels.forEach((label, i) => {
    // Twice the bound of log p, at condition 1.
    const bound = 2e-6 * (Math.abs(truth.values[i]) + d + 1);
    expect(joint[i * k + label]).toBeGreaterThanOrEqual(joint[i * k + truth.labels[i]] - bound);
  });
}

/** The result against itself, in float64: the labels' centroids are the nearest, and inertia and counts are theirs. */
async function expectTrueResult(page: Page, n: number): Promise<void> {
  const found = await page.$eval('#result', (element) => {
    const {
      points,
      labels,
      means: centroids,
      counts,
      k,
    } = (element as ResultElement).result as Finished<KMeansClusters>;
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
  const reported = Number((await attributes(page)).objective);
  expect(found.n).toBe(n);
  expect(Math.abs(reported - found.inertia)).toBeLessThanOrEqual(1e-6 * found.inertia);
  // The points lie within 60 deviations of the mean: 1e-12 · max‖x‖².
  expect(found.worst).toBeLessThanOrEqual(3.6e-9);
  expect(found.sizesAgree).toBe(true);
  for (const mean of found.moments.slice(0, 3)) expect(mean).toBeCloseTo(0, 5);
  for (const square of found.moments.slice(3)) expect(square).toBeCloseTo(1, 5);
}

async function pixelsOfLargestCluster(page: Page): Promise<number> {
  await drawn(page);
  return page.$eval('#plot', (element) => {
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
