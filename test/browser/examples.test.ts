/**
 * The pages of examples, built and served as they will be, in Chrome.
 */
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type HTTPRequest, launch, type Page } from 'puppeteer';
import { createServer } from 'vite';
import { expect, it } from 'vitest';
import { FILES, FORMATS } from '../golden/blocks.ts';
import { missing } from '../missing.ts';
import { HOW_TO_INSTALL, isInstalled } from '../neighbours/installed.ts';
import { inAll, RUNS_ALL, shareOf } from '../scope.ts';
import { topicOf } from '../topics.ts';
import { chooseFile, executablePath, finished, isShown, open, useChrome } from './pages.ts';

const root = fileURLToPath(new URL('../../demo', import.meta.url));
const chrome = useChrome();

async function failure(page: Page): Promise<string> {
  await page.waitForSelector('#result[data-status="error"]');
  return page.$eval('#message', (line) => line.textContent!);
}

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

inAll(it)(
  'the example of palettes shows that of k-means nearer to the photograph than those of the packages',
  async () => {
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
  },
);

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

it.each(shareOf(FORMATS, 3))('the example of streaming clusters a file of %s, block by block', async (format) => {
  const page = await open(chrome, 'examples/streaming/index.html');
  await chooseFile(page, `rows.${format}`, FILES[format]());
  const saysEnd = (k: number) =>
    page.waitForFunction(
      (end) => document.getElementById('message')!.textContent!.endsWith(end),
      {},
      `fall into ${k} clusters.`,
    );
  await saysEnd(6);
  await page.$eval('#k', (field) => {
    (field as HTMLInputElement).value = '3';
  });
  await page.click('input[value="exact"]');
  await page.click('#run');
  await saysEnd(3);
  const shares = await page.$$eval('#clusters .badge', (badges) => badges.map((badge) => badge.textContent));
  expect(shares).toEqual(['33.3 %', '33.3 %', '33.3 %']);
  expect(await page.$eval('#cost', (line) => line.textContent)).toMatch(/two blocks, of at most [\d,]+ rows/);
  await page.close();
});

inAll(it)('the example of ONNX says in plain words what is missing: WebGPU, or what it has to load', async () => {
  const without = await launch({
    executablePath: executablePath!,
    args: ['--no-sandbox', '--disable-blink-features=WebGPU'],
  });
  try {
    const page = await open(chrome, 'examples/onnx/index.html', { browser: without });
    await page.waitForSelector('#result[data-status="missing"]');
    expect(await page.$eval('#message', (line) => line.textContent)).toMatch(/^This browser has no WebGPU/);
    expect(await isShown(page, '#run')).toBe(false);
  } finally {
    await without.close();
  }
  const page = await open(chrome, 'examples/onnx/index.html', { answer: (request) => request.abort() });
  await page.waitForSelector('#run:not([hidden])');
  await page.click('#run');
  expect(await failure(page)).toMatch(/^It did not work: ONNX Runtime Web could not be loaded/);
  expect(chrome.complaints).toEqual([expect.stringMatching(/Failed to load resource/)]);
  chrome.complaints = [];
  await page.close();
});

// Beside the package that the page loads.
if (RUNS_ALL) {
  it.for(['built', 'served'])(
    'the example of ONNX tells textures apart on the device of its model: %s',
    async (how, context) => {
      if (!isInstalled()) missing(context, HOW_TO_INSTALL);
      if (how === 'built') {
        const page = await open(chrome, 'examples/onnx/index.html', { answer: answerFromDisk });
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
