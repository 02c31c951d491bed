/**
 * The page, built and served as it will be, as somebody uses it in Chrome.
 */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { tableFromArrays, tableToIPC } from '@uwdata/flechette';
import { parquetWriteBuffer } from 'hyparquet-writer';
import { launch, type Page } from 'puppeteer';
import { describe, expect, inject, it } from 'vitest';
import { hashUniform } from '../../src/random.ts';
import { inAll, shareOf } from '../scope.ts';
import {
  attributes,
  chooseFile,
  clustered,
  executablePath,
  open,
  statuses,
  tasksOfPage,
  textOf,
  useChrome,
} from './pages.ts';

const chrome = useChrome();

/** Three groups, in numbers: 120, 80 and 40 rows, in an order of their own. */
const GROUPS = [
  { name: 'north', rows: 120, at: [0, 0, 1000] },
  { name: 'south', rows: 80, at: [10, 0, 3000] },
  { name: 'west', rows: 40, at: [5, 9, 1000] },
] as const;
const N = 240;
/** From −1.5 to 1.5, as of three dice. */
const noise = (i: number, j: number) =>
  hashUniform(i, 3 * j) + hashUniform(i, 3 * j + 1) + hashUniform(i, 3 * j + 2) - 1.5;
const ROWS = GROUPS.flatMap(({ name, rows, at }) =>
  Array.from({ length: rows }, (_, i) => ({
    region: name,
    length: at[0] + noise(i, 100 * at[0] + 1),
    width: at[1] + noise(i, 100 * at[0] + 2),
    price: at[2] + 40 * noise(i, 100 * at[0] + 3),
  })),
).sort((a, b) => Math.sin(1e4 * a.length) - Math.sin(1e4 * b.length));
const column = <T>(name: keyof (typeof ROWS)[number]) => ROWS.map((row) => row[name]) as T[];
const NUMBERS = ['length', 'width', 'price'] as const;

function csv(delimiter = ',', decimal = '.'): string {
  const number = (value: number) => value.toFixed(6).replace('.', decimal);
  const lines = ROWS.map(({ region, length, width, price }) =>
    [region, ...[length, width, price].map(number)].join(delimiter),
  );
  return `${['region', ...NUMBERS].join(delimiter)}\n${lines.join('\n')}\n`;
}

/** A NumPy file of float64 [n, 3], C order. */
function npy(): Buffer {
  const header = `{'descr': '<f8', 'fortran_order': False, 'shape': (${N}, 3), }`;
  const padded = `${header.padEnd(117)}\n`;
  const values = Float64Array.from(ROWS.flatMap((row) => NUMBERS.map((name) => row[name])));
  const start = Buffer.from([0x93, ...Buffer.from('NUMPY'), 1, 0, padded.length, 0]);
  return Buffer.concat([start, Buffer.from(padded), Buffer.from(values.buffer)]);
}

const FILES: Record<string, () => string | Uint8Array> = {
  'table.csv': () => csv(),
  'table-of-semicolons.csv': () => csv(';', ','),
  'table.tsv': () => csv('\t'),
  'table.jsonl': () => ROWS.map((row) => JSON.stringify(row)).join('\n'),
  'table.npy': npy,
  'table.parquet': () =>
    new Uint8Array(
      parquetWriteBuffer({
        columnData: [
          { name: 'region', data: column<string>('region'), type: 'STRING' },
          ...NUMBERS.map((name) => ({ name, data: column<number>(name), type: 'DOUBLE' as const })),
        ],
      }),
    ),
  'table.arrow': () =>
    tableToIPC(
      tableFromArrays(Object.fromEntries(NUMBERS.map((name) => [name, Float64Array.from(column<number>(name))]))),
      {
        format: 'file',
      },
    )!,
};

const BROKEN: Record<string, readonly [content: string | Uint8Array, says: RegExp]> = {
  'ragged.csv': ['a,b\n1,2\n3\n4,5,6\n7\n8,9,1\n2\n3,4,5\n', /Line 3 has 1 value, the header has 2/],
  'words.csv': ['a,b\nfoo,bar\nbaz,qux\n', /number|column/i],
  'paper.pdf': ['%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n1 0 obj\n', /PDF/],
  'cut.parquet': [new Uint8Array([80, 65, 82, 49, 1, 2, 3, 4, 5, 6]), /Parquet/],
  'empty.csv': ['', /empty|no rows|nothing/i],
  'odd.npy': [new Uint8Array([0x93, 78, 85, 77, 80, 89, 1, 0, 4, 0, 123, 125, 32, 10]), /NPY|NumPy/i],
};

/** Runs so far; another one ends. */
async function nextRun(page: Page, act: () => Promise<unknown>): Promise<void> {
  const before = await page.evaluate(() => performance.getEntriesByName('run:done').length);
  await act();
  await page.waitForFunction(
    (count) =>
      performance.getEntriesByName('run:done').length > count ||
      document.getElementById('result')?.dataset.status === 'error',
    {},
    before,
  );
  await clustered(page);
}

/** Opens the page on a small table of its own, so that the flights are not waited for. */
async function openTable(options: Parameters<typeof open>[2] = {}, query = '?data=embeddings'): Promise<Page> {
  const page = await open(chrome, query, options);
  await clustered(page);
  await nextRun(page, () => chooseFile(page, 'table.csv', csv()));
  return page;
}

/** What moves by itself, as Chrome measures it. */
function watchShifts(): void {
  const shifts: number[] = [];
  Object.assign(window, { shifts });
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries() as (PerformanceEntry & { value: number; hadRecentInput: boolean })[]) {
      if (!entry.hadRecentInput) shifts.push(entry.value);
    }
  }).observe({ type: 'layout-shift', buffered: true });
}

/** Opens the page on a screen of that size: a page that is open loads anew when a phone is made of it. */
async function openAt(width: number, height: number, query: string): Promise<Page> {
  const page = await open(chrome, 'about:blank');
  const isPhone = Math.min(width, height) < 600;
  await page.setViewport({ width, height, isMobile: isPhone, hasTouch: isPhone });
  await page.evaluateOnNewDocument(watchShifts);
  await page.goto(new URL(query, inject('pageAddress')).href);
  return page;
}

async function set(page: Page, selector: string, value: string): Promise<void> {
  await page.$eval(
    selector,
    (field, text) => {
      (field as HTMLInputElement).value = text;
      field.dispatchEvent(new Event('input', { bubbles: true }));
      field.dispatchEvent(new Event('change', { bubbles: true }));
    },
    value,
  );
}

async function cluster(page: Page, k: number): Promise<void> {
  await set(page, '#k', String(k));
  await nextRun(page, () => page.click('#run'));
}

function counts(page: Page): Promise<number[]> {
  return page.$$eval('.clusters > li', (items) =>
    items.map((item) => Number(item.querySelector('.note')!.textContent!.replaceAll(',', '').match(/\d+/)![0])),
  );
}

/** What is given to the user as a file, in the order in which it is given. */
function catchFiles(): void {
  const files: Blob[] = [];
  Object.assign(window, { files });
  URL.createObjectURL = (blob: Blob) => {
    files.push(blob);
    return '#';
  };
}

async function taken(page: Page, selector: string): Promise<Buffer> {
  const before = await page.evaluate(() => (window as unknown as { files: Blob[] }).files.length);
  await page.click(selector);
  await page.waitForFunction((count) => (window as unknown as { files: Blob[] }).files.length > count, {}, before);
  const text = await page.evaluate(async () => {
    const bytes = new Uint8Array(await (window as unknown as { files: Blob[] }).files.at(-1)!.arrayBuffer());
    return Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  });
  return Buffer.from(text, 'latin1');
}

/** What is copied is kept, whether the browser lets a page without a user copy or not. */
function copies(page: Page): Promise<void> {
  return page.evaluate(() => {
    navigator.clipboard.writeText = async (copied) => void Object.assign(window, { copied });
  });
}

it('clusters three million flights at once, and keeps the page answering', async () => {
  const page = await open(chrome, 'about:blank');
  await page.tracing.start({ categories: ['toplevel'] });
  await page.goto(new URL('?engine=cpu', inject('pageAddress')).href);
  await clustered(page);
  expect((await statuses(page)).filter((status) => status !== 'empty')).toEqual([
    'reading',
    'ready',
    'running',
    'done',
  ]);
  expect(await attributes(page)).toMatchObject({ engine: 'cpu', points: '3000000', model: 'kmeans' });
  expect((await counts(page)).reduce((a, b) => a + b)).toBe(3_000_000);
  await page.waitForFunction(() => performance.getEntriesByName('picture:whole').length > 0);
  const tasks = tasksOfPage((await page.tracing.stop())!);
  expect(tasks.length).toBeGreaterThan(100);
  // Ten times what it is to be.
  expect(Math.max(...tasks)).toBeLessThan(500);
  await page.close();
});

describe('opens', () => {
  it.each(shareOf(Object.keys(FILES), 7, 5))('%s', async (name) => {
    const page = await open(chrome, '?data=embeddings&k=3&engine=cpu');
    await clustered(page);
    await nextRun(page, () => chooseFile(page, name, FILES[name]()));
    expect(await attributes(page)).toMatchObject({ points: String(N), engine: 'cpu' });
    expect(await counts(page)).toEqual(GROUPS.map(({ rows }) => rows));
    await page.close();
  });

  it('an image, whose clusters are colours', async () => {
    const page = await open(chrome, '?data=embeddings&k=5', { prepare: catchFiles });
    await clustered(page);
    const photograph = fileURLToPath(new URL('../golden/data/flower.jpg', import.meta.url));
    await nextRun(page, async () => (await page.$('input#file'))!.uploadFile(photograph));
    expect(await attributes(page)).toMatchObject({ points: String(640 * 427) });
    expect(await counts(page)).toHaveLength(5);
    const names = await page.$$eval('.clusters header input', (fields) =>
      fields.map((field) => (field as HTMLInputElement).value),
    );
    expect(new Set(names).size).toBe(5);
    for (const name of names) expect(name).toMatch(/^#[0-9a-f]{6}$/);
    expect(await page.$$eval('.palette li code', (codes) => codes.map((code) => code.textContent))).toEqual(names);
    const colours = await page.$$eval('.clusters > li', (items) =>
      items.map((item) => getComputedStyle(item).getPropertyValue('--cluster').match(/\d+/g)!.map(Number)),
    );
    expect(colours.map((rgb) => `#${Buffer.from(rgb).toString('hex')}`)).toEqual(names);
    await page.waitForSelector('.palette canvas[width="640"][height="427"]');
    // The image itself, in these colours alone.
    const png = await taken(page, '[data-take="repainted"]');
    const found = await page.evaluate(async (bytes) => {
      const bitmap = await createImageBitmap(
        new Blob([Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0))]),
      );
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext('2d')!;
      context.drawImage(bitmap, 0, 0);
      const { data, width, height } = context.getImageData(0, 0, bitmap.width, bitmap.height);
      const met = new Set<string>();
      for (let i = 0; i < data.length; i += 4) met.add(data.slice(i, i + 4).join());
      return { width, height, colours: [...met].map((each) => each.split(',').map(Number)) };
    }, png.toString('base64'));
    expect(found).toMatchObject({ width: 640, height: 427 });
    const painted = found.colours.map(([red, green, blue]) => `#${Buffer.from([red, green, blue]).toString('hex')}`);
    expect(painted.sort()).toEqual(names.sort());
    await copies(page);
    await page.$$eval('.palette button', ([button]) => button.click());
    await page.waitForFunction(() => (window as unknown as { copied?: string }).copied !== undefined);
    const copied = await page.evaluate(() => (window as unknown as { copied: string }).copied);
    expect(copied).toMatch(/^:root \{\n( {2}--colour-\d: #[0-9a-f]{6}; \/\* [\d.]+% \*\/\n){5}\}\n$/);
    await page.close();
  });

  it('text that is pasted', async () => {
    const page = await open(chrome, '?data=embeddings&k=3');
    await clustered(page);
    await nextRun(page, () =>
      page.evaluate((text) => {
        const clipboardData = new DataTransfer();
        clipboardData.setData('text/plain', text);
        document.body.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true }));
      }, csv('\t')),
    );
    expect(await counts(page)).toEqual([120, 80, 40]);
    await page.close();
  });
});

it('says of files that cannot be read why, and goes on', async () => {
  const page = await openTable();
  for (const [name, [content, says]] of Object.entries(BROKEN)) {
    await page.evaluate(() => {
      document.getElementById('result')!.dataset.seen = '';
    });
    await chooseFile(page, name, content);
    await page.waitForSelector('#result[data-status="error"]');
    expect(await textOf(page, '#problem'), name).toMatch(says);
    await nextRun(page, () => chooseFile(page, 'table.csv', csv()));
  }
  await page.close();
});

it('leaves out ids, constants and text, says of gaps what became of them, and takes other columns', async () => {
  const lines = csv().trim().split('\n');
  const table = lines.map((line, i) => `${i === 0 ? 'id' : i},${i === 0 ? 'same' : 7},${line}`);
  table[5] = table[5].replace(/[^,]*$/, '');
  const page = await open(chrome, '?data=embeddings&k=3');
  await clustered(page);
  await nextRun(page, () => chooseFile(page, 'gaps.csv', `${table.join('\n')}\n`));
  const used = await page.$$eval('#columns tbody tr', (rows) =>
    rows.map((row) => [row.querySelector('label')!.textContent!.trim(), row.querySelector('input')!.checked]),
  );
  expect(used).toEqual([
    ['id', false],
    ['same', false],
    ['region', false],
    ['length', true],
    ['width', true],
    ['price', true],
  ]);
  expect(await attributes(page)).toMatchObject({ points: String(N - 1) });
  expect(await textOf(page, '#gaps')).toMatch(/^1 row/);
  await page.$$eval('#columns tbody tr', (rows) => rows[4].querySelector('input')!.click());
  await page.waitForSelector('#result[data-status="ready"]');
  await page.waitForFunction(() => document.getElementById('d')?.textContent === '2');
  await nextRun(page, () => page.click('#run'));
  await page.close();
});

it('finds out how many, and clusters so many', async () => {
  const page = await openTable();
  await page.click('#sweep-run');
  await page.waitForSelector('#recommendation');
  expect(await textOf(page, '#recommendation')).toMatch(/^3 clusters: its silhouette, 0\.[789]\d, is /);
  await nextRun(page, () => page.click('#recommendation + p button'));
  expect(await counts(page)).toEqual([120, 80, 40]);
  await page.close();
});

it('fits mixtures, hard and soft, keeps runs to go back to, and their colours', async () => {
  const page = await openTable();
  await cluster(page, 3);
  const colours = () =>
    page.$$eval('.clusters > li', (items) => items.map((item) => getComputedStyle(item).getPropertyValue('--cluster')));
  const before = await colours();
  await page.select('#model', 'mixture');
  await nextRun(page, () => page.click('#run'));
  expect(await attributes(page)).toMatchObject({ model: 'mixture' });
  expect(await counts(page)).toEqual([120, 80, 40]);
  expect(await colours()).toEqual(before);
  await set(page, '#temperature', '0');
  await nextRun(page, () => page.click('#run'));
  expect(await page.$$eval('#runs tbody tr', (rows) => rows.length)).toBe(4);
  await page.$eval('#runs tbody tr:nth-child(2) button', (button) => (button as HTMLButtonElement).click());
  await page.waitForSelector('#result[data-model="kmeans"]');
  expect(await counts(page)).toEqual([120, 80, 40]);
  await page.close();
});

inAll(it)('stops a run, and keeps what it has come to', async () => {
  const page = await open(chrome, '?k=128&engine=cpu');
  await page.waitForSelector('#result[data-iterations]');
  await page.click('#run');
  await clustered(page);
  expect(await textOf(page, '#message')).toMatch(/^Stopped after \d+ iterations?: this is what it had come to\.$/);
  expect(await counts(page)).toHaveLength(128);
  await page.close();
});

it('colours a sample of the rows anew while a run is on', async () => {
  const page = await open(chrome, '?k=128&engine=cpu');
  await page.waitForSelector('.figures[data-live="true"]');
  const pictures = await page.evaluate(
    () =>
      new Promise<number>((resolve) => {
        const seen = new Set<string>();
        const look = () => {
          const isLive = document.querySelector<HTMLElement>('.figures')!.dataset.live === 'true';
          if (isLive) seen.add(document.querySelector<HTMLCanvasElement>('#picture canvas')!.toDataURL());
          if (seen.size === 4 || !isLive) return resolve(seen.size);
          setTimeout(look, 20);
        };
        look();
      }),
  );
  expect(pictures).toBe(4);
  await page.click('#run');
  await clustered(page);
  await page.close();
});

/** Many rows, of which reading takes some time. */
const long = () => `a,b\n${Array.from({ length: 600_000 }, (_, i) => `${i % 977},${(i * 7) % 1009}.25`).join('\n')}\n`;

inAll(it)('leaves nothing behind of what was called off', async () => {
  const page = await openTable();
  // In the page itself: reading may have ended before a driver outside has seen that it began.
  const seen = page.evaluate(
    () =>
      new Promise<Record<string, boolean>>((resolve) => {
        new MutationObserver((_, observer) => {
          const cancel = document.querySelector<HTMLButtonElement>('.progress progress + button');
          if (document.getElementById('result')?.dataset.status !== 'reading' || cancel === null) return;
          observer.disconnect();
          const fields = [...document.querySelectorAll<HTMLInputElement>('#columns input')];
          resolve({
            runs: document.getElementById('run')!.ariaDisabled !== 'true',
            chooses: fields.some(({ disabled }) => !disabled),
          });
          cancel.click();
        }).observe(document, { subtree: true, childList: true, attributes: true });
      }),
  );
  await chooseFile(page, 'long.csv', long());
  // Neither the table of before nor the one to come is there to be clustered, or to have columns chosen.
  expect(await seen).toEqual({ runs: false, chooses: false });
  await page.waitForSelector('#result[data-status="done"]');
  expect(await page.$('.progress progress')).toBeNull();
  expect(await textOf(page, '#message')).toBe('Reading was cancelled.');
  await cluster(page, 3);
  expect(await counts(page)).toEqual([120, 80, 40]);
  // Of the flights the first rows are there before the others: they are clustered where these never come.
  await page.$$eval('header button', (buttons) =>
    buttons.find(({ textContent }) => textContent === 'Flights')!.click(),
  );
  await page.waitForFunction(() => {
    const isPart = document.querySelector('#columns h2')?.textContent === 'Flights';
    const cancel = document.querySelector<HTMLButtonElement>('.progress progress + button');
    if (isPart) cancel?.click();
    return isPart && cancel !== null;
  });
  await page.waitForSelector('#result[data-status="ready"]');
  await cluster(page, 3);
  const { points } = await attributes(page);
  expect((await counts(page)).reduce((a, b) => a + b)).toBe(Number(points));
  expect(Number(points)).toBeLessThan(3_000_000);
  await page.close();
});

it('clusters nothing but the columns that are chosen', async () => {
  const page = await openTable();
  const rows = csv().trim().split('\n');
  const weighted = rows.map((line, i) => `${line},${i === 0 ? 'weight' : i - 100}`).join('\n');
  await nextRun(page, () => chooseFile(page, 'weighted.csv', weighted));
  await page.$eval('#columns .pair select', (field) => {
    field.value = '4';
    field.dispatchEvent(new Event('change', { bubbles: true }));
  });
  await page.waitForSelector('#result[data-status="error"]');
  expect(await textOf(page, '#problem')).toMatch(/that of row 1, in “weight”, is negative/);
  await page.click('#run');
  await page.click('#sweep-run');
  expect(await attributes(page)).toMatchObject({ status: 'error' });
  expect(await page.$('#clusters')).toBeNull();
  // To read the file again would not help.
  expect(await page.$('.problem button')).toBeNull();
  // A run that is gone cannot be taken home, and nobody is troubled with that.
  await nextRun(page, () => chooseFile(page, 'table.csv', csv()));
  await page.evaluate(() => {
    const take = document.querySelector<HTMLElement>('[data-take="own"]')!;
    document.querySelectorAll<HTMLElement>('#columns tbody input')[1].click();
    take.click();
  });
  await page.waitForSelector('#result[data-status="ready"]');
  expect(await page.$('#problem')).toBeNull();
  await page.close();
});

inAll(it)(
  'takes a double click for one, can run again after a stop, and says of a run what was said of it',
  async () => {
    const page = await openTable();
    await set(page, '#k', '3');
    await nextRun(page, () => page.click('#run', { count: 2 }));
    const first = await textOf(page, '#message');
    expect(first).toMatch(/^Converged after/);
    await chooseFile(page, 'long.csv', long());
    await page.waitForFunction(() => document.getElementById('result')?.dataset.points === '600000');
    await clustered(page);
    const before = await textOf(page, '#message');
    await set(page, '#k', '200');
    // In the page: on a busy machine a click from outside may come when the run is over.
    await page.$eval('#result', (result) => {
      const observer = new MutationObserver(() => {
        if (!result.matches('[data-status="running"][data-iterations]')) return;
        observer.disconnect();
        document.querySelector<HTMLButtonElement>('#run')!.click();
      });
      observer.observe(result, { attributes: true });
    });
    await page.click('#run');
    await page.waitForFunction(() => /^Stopped/.test(document.getElementById('message')?.textContent ?? ''));
    await clustered(page);
    expect(await page.$eval('#run', (button) => button.ariaDisabled)).toBe('false');
    await page.click('#runs tbody button');
    await page.waitForFunction((text) => document.getElementById('message')?.textContent === text, {}, before);
    await page.close();
  },
);

inAll(it)('goes on with numbers of any size, more clusters than rows, and storage that is denied', async () => {
  const page = await openTable({
    prepare: () =>
      Object.defineProperty(Navigator.prototype, 'serviceWorker', {
        get() {
          throw new DOMException('denied', 'SecurityError');
        },
      }),
  });
  const huge = Array.from({ length: 50 }, (_, i) => `${i === 3 ? '1e300' : i},${(i * 7) % 11}`);
  await nextRun(page, () => chooseFile(page, 'huge.csv', `a,b\n${huge.join('\n')}\n`));
  await clustered(page);
  await page.waitForFunction(() => performance.getEntriesByName('picture:whole').length > 1);
  await set(page, '#k', '60');
  await page.click('#run');
  await page.waitForSelector('#result[data-status="error"]');
  expect(await textOf(page, '#problem')).toMatch(/k is 60/);
  await cluster(page, 5);
  expect(await counts(page)).toHaveLength(5);
  // Too few to compare numbers of clusters.
  await chooseFile(page, 'two.csv', 'a,b\n1,2\n3,5\n');
  await page.waitForSelector('#result[data-status="error"][data-points="2"]');
  await page.click('#sweep-run');
  await page.waitForFunction(() => document.getElementById('problem')?.textContent?.includes('3 rows at least'));
  // A field that is out of sight says what is wrong with it.
  await set(page, '#restarts', '0');
  await page.click('#run');
  await page.waitForSelector('#settings details[open]');
  await page.close();
});

inAll(it)('says that its worker was ended, and starts another', async () => {
  const page = await openTable();
  await page.workers()[0].close();
  await page.waitForSelector('#result[data-status="error"]');
  expect(await textOf(page, '#problem')).toMatch(/was ended/);
  await nextRun(page, () => page.click('.problem button'));
  expect(await attributes(page)).toMatchObject({ points: String(N) });
  await page.close();
});

inAll(it)('ends what reads a damaged file for ever', async () => {
  const page = await openTable();
  // The header of a page says nothing of its length: who reads it begins anew again and again.
  await chooseFile(page, 'endless.parquet', await readFile('test/golden/data/endless.parquet'));
  await page.waitForSelector('#result[data-status="reading"]');
  await page.waitForSelector('.progress button');
  await page.click('.progress button');
  expect(await textOf(page, '#message')).toBe('Reading was cancelled.');
  await page.waitForSelector('#result[data-status="error"]');
  expect(await textOf(page, '#problem')).toMatch(/went on when it was cancelled, and was ended/);
  await chooseFile(page, 'table.csv', csv());
  await page.waitForSelector(`#result[data-points="${N}"]`);
  await page.close();
});

it('gives the file back with its clusters, centroids, the model, and code that says what was done', async () => {
  const page = await openTable({ prepare: catchFiles });
  await cluster(page, 3);
  const own = String(await taken(page, '[data-take="own"]'));
  const lines = own.trim().split('\n');
  expect(lines[0]).toBe('region,length,width,price,cluster');
  expect(lines.slice(1).map((line) => line.replace(/,\d$/, ''))).toEqual(csv().trim().split('\n').slice(1));
  const clusterOf = new Map(GROUPS.map(({ name }, i) => [name as string, String(i + 1)]));
  for (const line of lines.slice(1)) expect(line.at(-1)).toBe(clusterOf.get(line.split(',')[0]));
  const parquet = await taken(page, '[data-take="parquet"]');
  const { parquetReadObjects } = await import('hyparquet');
  const rows = await parquetReadObjects({ file: new Uint8Array(parquet).buffer });
  expect(rows.map(({ cluster }) => String(cluster))).toEqual(lines.slice(1).map((line) => line.at(-1)));
  const centroids = String(await taken(page, '[data-take="centroids"]'))
    .trim()
    .split('\n');
  expect(centroids).toHaveLength(4);
  GROUPS.forEach(({ at, rows }, i) => {
    const [number, size, ...values] = centroids[i + 1].split(',').map(Number);
    expect([number, size]).toEqual([i + 1, rows]);
    for (const [j, value] of values.entries()) expect(Math.abs(value - at[j])).toBeLessThan(j === 2 ? 20 : 0.5);
  });
  const { KMeansModel } = await import('../../src/index.ts');
  const saved = JSON.parse(String(await taken(page, '[data-take="model"]')));
  expect(KMeansModel.fromJSON(saved.model).k).toBe(3);
  expect(await textOf(page, '#take-home pre')).toMatch(/kmeans\(.*k: 3/s);
  await page.close();
});

inAll(it)('keeps the names that clusters are given, in the table and in its file', async () => {
  const page = await openTable({ prepare: catchFiles });
  await cluster(page, 3);
  await set(page, '.clusters > li:nth-child(2) header input', 'The “south”, of course');
  const nameOf = new Map(GROUPS.map(({ name }, i) => [name as string, ['1', '"The “south”, of course"', '3'][i]]));
  const lines = String(await taken(page, '[data-take="own"]'))
    .trim()
    .split('\n');
  const parquet = await taken(page, '[data-take="parquet"]');
  const { parquetReadObjects } = await import('hyparquet');
  const rows = await parquetReadObjects({ file: new Uint8Array(parquet).buffer });
  for (const [i, line] of lines.slice(1).entries()) {
    const name = nameOf.get(line.split(',')[0])!;
    expect(line.endsWith(`,${name}`), line).toBe(true);
    expect(rows[i].cluster).toBe(name.replaceAll('"', ''));
  }
  // Another run has clusters of its own; the names of this one wait for it.
  await nextRun(page, () => page.click('#run'));
  const nameField = () =>
    page.$eval('.clusters > li:nth-child(2) header input', (field) => (field as HTMLInputElement).value);
  expect(await nameField()).not.toMatch(/of course/);
  await page.$eval('#runs tbody tr:nth-child(2) button', (button) => (button as HTMLButtonElement).click());
  await page.waitForFunction(() =>
    /of course/.test(document.querySelectorAll<HTMLInputElement>('.clusters header input')[1].value),
  );
  await page.close();
});

inAll(it)('shows typical and outlying rows of a cluster, and all of its columns', async () => {
  const page = await openTable();
  await cluster(page, 3);
  // One row goes far astray, and stays nearest to its own group.
  const table = csv().trim().split('\n');
  const astray = table.findIndex((line) => line.startsWith('south'));
  table[astray] = 'south,9.5,-7,3000';
  await nextRun(page, () => chooseFile(page, 'astray.csv', `${table.join('\n')}\n`));
  await page.waitForSelector('.clusters > li:nth-child(3) .rows');
  expect(await page.$$eval('.spread', (bars) => bars.every((bar) => /^eight of ten from/.test(bar.ariaLabel!)))).toBe(
    true,
  );
  await page.click('.clusters > li:nth-child(2) .rows summary');
  await page.waitForSelector('.clusters > li:nth-child(2) .rows table');
  const heads = await page.$$eval('.rows thead th', (cells) => cells.map((cell) => cell.textContent));
  expect(heads.slice(0, 2)).toEqual(['row', 'region']);
  const rows = await page.$$eval('.rows tbody', (groups) => groups.map((group) => group.innerText.trim().split('\n')));
  expect(rows.map(([title]) => title)).toEqual(['Most typical', 'Most outlying']);
  expect(rows[0]).toHaveLength(4);
  for (const line of rows[0].slice(1)) expect(line).toMatch(/^\d+\tsouth\t/);
  expect(rows[1][1]).toMatch(new RegExp(`^${astray}\tsouth\t`));
  expect(rows[1][2]).toMatch(/^width −7, far below the mean \(\d(\.\d)? deviations\)\.$/);
  // What tells nothing is only there where all columns are.
  const columns = (selector: string) =>
    page.$$eval(`.clusters > li:nth-child(2) ${selector}`, (cells) => cells.map((cell) => cell.textContent));
  const first = await columns('> table th');
  await page.click('.clusters > li:nth-child(2) .more:not(.rows) summary');
  await page.waitForSelector('.clusters > li:nth-child(2) .more:not(.rows) table');
  const all = await columns('.more:not(.rows) th');
  expect([...all].sort()).toEqual(['length', 'price', 'region', 'width']);
  expect(all.slice(0, first.length)).toEqual(first);
  await page.close();
});

it('tells of the row under the pointer, lets those within a box stand out, and compares runs', async () => {
  const page = await openTable();
  await cluster(page, 3);
  await page.waitForFunction(() => performance.getEntriesByName('picture:whole').length > 1);
  const stage = (await page.$('.picture-stage'))!;
  await stage.scrollIntoView();
  const box = (await stage.boundingBox())!;
  const card = () => page.$eval('.picture-card', (element) => element.textContent!).catch(() => '');
  let said = '';
  // Over the picture, until a dot is met.
  for (let step = 0; step < 400 && said === ''; step++) {
    await page.mouse.move(
      box.x + 60 + ((step * 37) % (box.width - 80)),
      box.y + 20 + ((step * 53) % (box.height - 60)),
    );
    said = await card();
  }
  expect(said).toMatch(/price/);
  const inked = (least: number) =>
    page.$eval(
      '.picture-dots',
      (canvas, least) => {
        const { width, height } = canvas as HTMLCanvasElement;
        const { data } = (canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height);
        return data.filter((value, at) => at % 4 === 3 && value > least).length;
      },
      least,
    );
  const before = [await inked(0), await inked(128)];
  await page.$$eval('.picture-tools button', (buttons) =>
    buttons.find(({ textContent }) => textContent === 'Box')!.click(),
  );
  await page.mouse.move(box.x + 70, box.y + 40);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2, box.y + box.height - 60, { steps: 4 });
  await page.mouse.up();
  await page.waitForSelector('#selection');
  expect(await textOf(page, '#selection')).toMatch(/^\d+ of 240 rows lie within\./);
  // The others are dimmed.
  await page.waitForFunction(() => performance.getEntriesByName('picture:whole').length > 2);
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await inked(0)).toBeGreaterThan(0.9 * before[0]);
  expect(await inked(128)).toBeLessThan(before[1]);
  await cluster(page, 2);
  await page.waitForSelector('#agreement .match');
  expect(Number(await textOf(page, '#rand'))).toBeGreaterThan(0.3);
  expect(await page.$$eval('#agreement tbody tr', (rows) => rows.length)).toBe(2);
  await page.close();
});

it('keeps settings in its address, and takes what is wrong there for what is usual', async () => {
  const page = await open(chrome, '?data=digits&model=mixture&covariance=diag&k=4&seed=7&engine=cpu');
  await clustered(page);
  expect(await attributes(page)).toMatchObject({ model: 'mixture', points: '1797', engine: 'cpu' });
  const address = page.url();
  expect(address).toMatch(/data=digits.*model=mixture.*k=4.*covariance=diag.*seed=7/);
  const first = await attributes(page);
  await page.goto(address);
  await clustered(page);
  expect((await attributes(page)).objective).toBe(first.objective);
  await page.goto(new URL('?data=digits&model=constructor&k=abc&seed=1e300&x=foo&y=bar', address).href);
  await clustered(page);
  expect(await attributes(page)).toMatchObject({ model: 'kmeans' });
  expect(await textOf(page, '.remarks')).toMatch(/constructor.*abc.*axes that this table does not have/s);
  await page.close();
});

inAll(it)('asks for the file that a link is for, and then does with it what the link says', async () => {
  const page = await openTable();
  await page.$$eval('#columns tbody tr', (rows) => rows[3].querySelector('input')!.click());
  await page.waitForFunction(() => document.getElementById('d')?.textContent === '2');
  await cluster(page, 3);
  await page.reload();
  await page.waitForFunction(() => document.getElementById('message')?.textContent?.startsWith('Open the file'));
  expect(await attributes(page)).toMatchObject({ status: 'empty' });
  await nextRun(page, () => chooseFile(page, 'table.csv', csv()));
  expect(await textOf(page, '#d')).toBe('2');
  expect(await counts(page)).toEqual([120, 80, 40]);
  // Of another table it says nothing.
  await nextRun(page, () => chooseFile(page, 'other.csv', csv().replace('length', 'height')));
  expect(await textOf(page, '#d')).toBe('3');
  expect(await page.$$eval('.progress .remarks li', (lines) => lines.map((line) => line.textContent))).toEqual([]);
  await page.close();
});

it('says that there is no WebGPU, and then runs on the CPU', async () => {
  const args = ['--no-sandbox', '--disable-blink-features=WebGPU'];
  const without = await launch({ executablePath: executablePath!, args });
  try {
    const page = await open(chrome, '?data=digits&engine=webgpu', { browser: without });
    await page.waitForSelector('#result[data-status="error"]');
    expect(await textOf(page, '#problem')).toMatch(/no WebGPU/);
    await page.select('#backend', 'cpu');
    await nextRun(page, () => page.click('#run'));
    expect(await attributes(page)).toMatchObject({ engine: 'cpu' });
  } finally {
    await without.close();
  }
});

inAll(it)('clusters and draws on WebGPU, and where the device is lost on the CPU: the same picture', async () => {
  const page = await openTable({}, '?data=embeddings&k=3&engine=cpu');
  const [worker] = page.workers();
  await worker.evaluate(() => {
    const { requestDevice } = GPUAdapter.prototype;
    GPUAdapter.prototype.requestDevice = async function (...options) {
      const device = await requestDevice.apply(this, options);
      return Object.assign(globalThis, { device }).device;
    };
  });
  await set(page, '#backend', 'webgpu');
  await nextRun(page, () => page.click('#run'));
  expect(await attributes(page)).toMatchObject({ engine: 'webgpu', points: String(N) });
  expect(await counts(page)).toEqual(GROUPS.map(({ rows }) => rows));
  const pixels = async (painter: string) => {
    await page.waitForSelector(`#picture[data-painter="${painter}"]`);
    return page.$eval('.picture-dots', (canvas) => {
      const { width, height } = canvas as HTMLCanvasElement;
      return Array.from((canvas as HTMLCanvasElement).getContext('2d')!.getImageData(0, 0, width, height).data);
    });
  };
  // Pictures come one after the other: what is looked for is the last of them.
  const patience = { timeout: 30_000, interval: 200 };
  const clusterColours = (picture: number[]) =>
    picture.filter((value, at) => at % 4 === 0 && picture[at + 3] > 200 && Math.abs(value - picture[at + 2]) > 60)
      .length;
  await expect.poll(async () => clusterColours(await pixels('webgpu')), patience).toBeGreaterThan(N / 2);
  const byGpu = await pixels('webgpu');
  await worker.evaluate(() => (globalThis as unknown as { device: GPUDevice }).device.destroy());
  await page.click('[data-cluster="0"] .badge');
  await expect.poll(async () => clusterColours(await pixels('cpu')), patience).toBeLessThan(clusterColours(byGpu));
  await page.click('[data-cluster="0"] .badge');
  // Of transparent pixels colours are rounded.
  const different = (picture: number[]) => picture.filter((value, at) => Math.abs(value - byGpu[at]) > 4).length;
  await expect.poll(async () => different(await pixels('cpu')), patience).toBeLessThan(clusterColours(byGpu) / 50);
  await page.close();
});

inAll(it)('works without a network once it was open', async () => {
  const page = await open(chrome, '?data=embeddings&k=6');
  await clustered(page);
  await page.evaluate(async () => void (await navigator.serviceWorker.ready));
  // All of it is kept: behind the last run there is nothing more that it loads.
  await page.reload();
  await clustered(page);
  await page.setOfflineMode(true);
  await page.reload();
  await clustered(page);
  expect(await counts(page)).toHaveLength(6);
  await nextRun(page, () => chooseFile(page, 'table.csv', csv()));
  expect(await attributes(page)).toMatchObject({ points: String(N) });
  await page.close();
});

it('may send nothing to anybody', async () => {
  const page = await open(chrome, '?data=embeddings');
  await clustered(page);
  const outcome = await page.evaluate(async () => {
    const violated = new Promise<string>((resolve) => {
      document.addEventListener('securitypolicyviolation', (event) => resolve(event.effectiveDirective), {
        once: true,
      });
    });
    const sent = await fetch('https://example.org/', { method: 'POST', body: 'rows' }).then(
      () => 'sent',
      () => 'refused',
    );
    return [sent, await violated];
  });
  expect(outcome).toEqual(['refused', 'connect-src']);
  // The refusal itself.
  const [first, ...others] = chrome.complaints.splice(0);
  for (const message of [first, ...others]) expect(message).toContain('https://example.org/');
  await page.close();
});

describe('its look', () => {
  const sizes = [
    ['a desktop', 1360, 900],
    ['a laptop', 1100, 700],
    ['a phone', 390, 844],
    ['a phone on its side', 844, 390],
    ['a narrow phone', 320, 640],
  ] as const;

  it.each(shareOf(sizes, 4))(
    'has the picture in the first screen of %s, never all of it, and no sideways scrolling',
    async (...size) => {
      const [, width, height] = size;
      const page = await openAt(width, height, '?data=digits&k=20&engine=cpu');
      await clustered(page);
      const { top, tall, across } = await page.evaluate(() => {
        const stage = document.querySelector('.picture-stage')!.getBoundingClientRect();
        return { top: stage.top + scrollY, tall: stage.height, across: document.documentElement.scrollWidth };
      });
      expect(across).toBeLessThanOrEqual(width);
      expect(tall).toBeLessThanOrEqual(0.7 * height);
      expect(tall).toBeGreaterThan(0.3 * height);
      expect(top).toBeLessThan(0.7 * height);
      await page.close();
    },
  );

  it.each(shareOf(['?data=digits&model=mixture&covariance=diag', '?engine=cpu'], 2))(
    'keeps its place while %s is loaded',
    async (query) => {
      const page = await openAt(390, 844, query);
      await clustered(page);
      const shifts = await page.evaluate(() => (window as unknown as { shifts: number[] }).shifts);
      expect(shifts.reduce((sum, shift) => sum + shift, 0)).toBeLessThan(0.1);
      await page.close();
    },
  );

  inAll(it)('scrolls many clusters beside the picture, which stays in sight', async () => {
    const page = await openAt(1360, 900, '?data=digits&k=40&engine=cpu');
    await clustered(page);
    const { list, picture } = await page.evaluate(() => {
      document.querySelector('.clusters')!.lastElementChild!.scrollIntoView({ block: 'nearest' });
      const placeOf = (selector: string) => document.querySelector(selector)!.getBoundingClientRect().toJSON();
      return { list: placeOf('#clusters'), picture: placeOf('.picture-stage') };
    });
    expect(list.height).toBeLessThan(900);
    expect(picture.bottom).toBeGreaterThan(300);
    await page.close();
  });
});

inAll(it)('links to examples that are there, and to the API site', async () => {
  const page = await open(chrome, '?data=embeddings');
  await clustered(page);
  const links = await page.$$eval('a[href]', (found) => found.map((link) => link.getAttribute('href')!));
  expect(links).toContain('./api/index.html');
  const examples = [...new Set(links)].filter((href) => href.startsWith('./examples/'));
  expect(examples).toHaveLength(6);
  const statuses = await page.evaluate(
    (hrefs) => Promise.all(hrefs.map(async (href) => (await fetch(href)).status)),
    examples,
  );
  expect(new Set(statuses)).toEqual(new Set([200]));
  await page.close();
});

it('has nothing that axe finds wrong', async () => {
  const axe = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const page = await openTable();
  await cluster(page, 3);
  await page.waitForSelector('.clusters .rows');
  await page.$$eval('.clusters > li:first-child summary', (summaries) => summaries.map((summary) => summary.click()));
  await page.waitForSelector('.rows table');
  for (const scheme of ['light', 'dark']) {
    await page.emulateMediaFeatures([{ name: 'prefers-color-scheme', value: scheme }]);
    await page.evaluate(axe);
    const found = await page.evaluate(async () => {
      const run = (
        window as unknown as { axe: { run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> } }
      ).axe;
      return (await run.run()).violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
    });
    expect(found).toEqual([]);
  }
  await page.close();
});

it('is used by the keyboard alone', async () => {
  const page = await openTable();
  await page.focus('#k');
  await page.keyboard.down('Control');
  await page.keyboard.press('a');
  await page.keyboard.up('Control');
  await page.keyboard.type('3');
  await nextRun(page, () => page.keyboard.press('Enter'));
  expect(await counts(page)).toEqual([120, 80, 40]);
  // The focus is where it was.
  expect(await page.evaluate(() => document.activeElement?.id)).toBe('k');
  await page.close();
});
