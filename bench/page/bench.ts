/** The built page, as somebody meets it who opens it for the first time, and who drops a file of their own. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Browser, Page } from 'puppeteer';
import { blobs } from '../blobs.ts';
import { chromeLauncher } from '../cpu/page-server.ts';
import { median } from '../measure.ts';
import { circumstances, writeReport } from '../report.ts';
import { formatTable, threeDigits } from '../table.ts';
import { rendererMemory } from './memory.ts';
import { Site } from './site.ts';
import { longestTasks, markOf, watchPage } from './watch.ts';

export const PAGE_USAGE = `npm run bench -- page: the built page (npm run build:demo) in Chrome, a fresh profile each time

  --runs 5                   runs of each
  --folder dist-demo         where the page was built
  --plain                    served without the headers that isolate it
  --out bench/results        folder of the JSON file`;

const ROWS = 500_000;
const COLUMNS = 8;
const DRAG_MS = 3000;
/** What Chrome does for itself at its start, such as its own new tab, which nobody sees, is over by then. */
const SETTLED_MS = 2000;

/** What the page is to keep to, on two cores: at most so much. */
const GOALS: Readonly<Record<string, number>> = {
  'script before data, kB gzip': 130,
  'first picture of a sample, ms': 1000,
  'all flights clustered, ms': 3000,
  'the same from the first npm start, ms': 6000,
  'CSV of 500k × 8 from drop to clusters, ms': 2500,
  'memory over an empty page, times the file': 8,
  'a picture while dragging 3M points, ms': 33,
};
const LONGEST_TASK = 50;

/** One run's figures by their names. */
type Figures = Record<string, number>;

interface Visit {
  readonly site: Site;
  readonly browser: Browser;
  readonly page: Page;
}

export async function runPageBenchmark(args: string[]): Promise<void> {
  const options = readOptions(args);
  if (options === null) return;
  const launch = await chromeLauncher();
  const site = await Site.open(options.folder, !options.plain);
  const folder = mkdtempSync(join(tmpdir(), 'bench-page-'));
  const figures = new Map<string, number[]>();
  let chrome = '';
  const visit = async (ratio: number, work: (visit: Visit) => Promise<Figures>) => {
    const browser = await launch();
    try {
      chrome = await browser.version();
      const page = await browser.newPage();
      await page.setViewport({ width: 1280, height: 800, deviceScaleFactor: ratio });
      await watchPage(page);
      await setTimeout(SETTLED_MS);
      site.begin();
      for (const [name, value] of Object.entries(await work({ site, browser, page }))) {
        figures.set(name, [...(figures.get(name) ?? []), value]);
      }
    } finally {
      await browser.close();
    }
  };
  try {
    const file = join(folder, 'points.csv');
    const bytes = writeTable(file);
    for (let run = 0; run < options.runs; run++) {
      await visit(1, openFlights);
      await visit(1, startFromSource);
      await visit(2, dragFlights);
      await visit(1, (visit) => dropFile(visit, file, bytes));
    }
  } finally {
    site.close();
    rmSync(folder, { recursive: true });
  }
  console.log(`${chrome}, ${options.plain ? 'without isolation headers' : 'cross-origin isolated'}\n`);
  console.log(tableOf(figures));
  const report = {
    benchmark: 'page',
    ...circumstances(),
    chrome,
    isolated: !options.plain,
    figures: Object.fromEntries(figures),
  };
  console.log(`\nwritten to ${writeReport(options.out, report)}`);
}

function readOptions(args: string[]) {
  try {
    const { values } = parseArgs({
      args,
      options: {
        runs: { type: 'string', default: '5' },
        folder: { type: 'string', default: 'dist-demo' },
        plain: { type: 'boolean', default: false },
        out: { type: 'string', default: 'bench/results' },
      },
    });
    const runs = Number(values.runs);
    if (!Number.isSafeInteger(runs) || runs < 1)
      throw new RangeError(`--runs must be a positive integer, got ${values.runs}`);
    return { ...values, runs };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${PAGE_USAGE}`);
    process.exitCode = 2;
    return null;
  }
}

async function openFlights({ site, page }: Visit): Promise<Figures> {
  await page.goto(site.address);
  const sample = await markOf(page, 'picture:sample');
  // Told, and seen: while flights are read and clustered pictures are of some of them.
  const done = [await markOf(page, 'run:done'), await markOf(page, 'picture:whole')];
  return {
    'script before data, kB gzip': site.scriptBytes() / 1000,
    'first picture of a sample, ms': sample,
    'all flights clustered, ms': Math.max(...done),
    ...(await tasksOf(page)),
  };
}

/** As `npm start` does it behind `npm ci`, which compiles the kernels: the server, what it bundles first, and the page from its source. */
async function startFromSource({ page }: Visit): Promise<Figures> {
  const started = Date.now();
  const server = spawn(process.execPath, ['node_modules/vite/bin/vite.js', 'demo', '--force'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, CI: 'true', NO_COLOR: '1' },
  });
  try {
    const address = new Promise<string>((resolve, reject) => {
      let said = '';
      server.stdout.setEncoding('utf8').on('data', (text) => {
        said += text;
        const found = /Local: +(\S+)\s/.exec(said);
        if (found !== null) resolve(found[1]);
      });
      server.on('exit', () => reject(new Error(`npm start has ended: ${said}`)));
    });
    await page.goto(await address);
    const done = await markOf(page, 'run:done');
    const origin = await page.evaluate(() => performance.timeOrigin);
    return { 'the same from the first npm start, ms': origin + done - started };
  } finally {
    server.kill();
  }
}

async function dragFlights({ site, page }: Visit): Promise<Figures> {
  await page.goto(site.address);
  await markOf(page, 'run:done');
  await markOf(page, 'picture:whole');
  const canvas = await page.waitForSelector('#picture canvas');
  const { x, y, width, height } = (await canvas!.boundingBox())!;
  const [left, top] = [x + width / 2, y + height / 2];
  await page.mouse.move(left, top);
  await page.mouse.down();
  const from = await page.evaluate(() => globalThis.watch.pictures.length);
  const start = performance.now();
  for (let time = 0; time < DRAG_MS; time = performance.now() - start) {
    const angle = time / 300;
    await page.mouse.move(left + (width / 5) * Math.sin(angle), top + (height / 5) * Math.sin(angle / 1.7));
    // No faster than a mouse.
    await setTimeout(8);
  }
  const pictures = await page.evaluate((first) => globalThis.watch.pictures.slice(first), from);
  await page.mouse.up();
  const intervals = pictures.slice(1).map((at, i) => at - pictures[i]);
  return {
    'a picture while dragging 3M points, ms': intervals.length > 0 ? median(intervals) : DRAG_MS,
    ...(await tasksOf(page)),
  };
}

async function dropFile({ site, browser, page }: Visit, file: string, bytes: number): Promise<Figures> {
  await page.goto(`${site.address}blank`);
  const blank = await rendererMemory(browser);
  await page.goto(site.address);
  const input = await page.waitForSelector('input[type=file]#file');
  await input!.uploadFile(file);
  const done = await markOf(page, 'run:done', 'bench:drop');
  const dropped = await markOf(page, 'bench:drop');
  const after = await rendererMemory(browser);
  return {
    'CSV of 500k × 8 from drop to clusters, ms': done - dropped,
    ...(blank && after && { 'memory over an empty page, times the file': (after.peak - blank.now) / bytes }),
    ...(await tasksOf(page)),
  };
}

async function tasksOf(page: Page): Promise<Figures> {
  const longest = Object.entries(await longestTasks(page));
  return Object.fromEntries(longest.map(([state, ms]) => [`longest task while ${state}, ms`, ms]));
}

/** @returns bytes of the file. */
function writeTable(path: string): number {
  const values = blobs({ n: ROWS, d: COLUMNS, groups: 8, seed: 1 });
  const line = (row: number) => {
    const cells = Array.from(values.subarray(row * COLUMNS, (row + 1) * COLUMNS), (value) => value.toFixed(3));
    return `${cells.join()}\n`;
  };
  const header = `${Array.from({ length: COLUMNS }, (_, j) => `feature ${j + 1}`).join()}\n`;
  const text = header + Array.from({ length: ROWS }, (_, row) => line(row)).join('');
  writeFileSync(path, text);
  return text.length;
}

function tableOf(figures: ReadonlyMap<string, readonly number[]>): string {
  const rows = [...figures].map(([name, values]) => {
    const goal = GOALS[name] ?? LONGEST_TASK;
    const [best, middle] = [Math.min(...values), median(values)];
    return [
      name,
      threeDigits(best),
      threeDigits(middle),
      `${values.length}`,
      `≤ ${goal}`,
      middle <= goal ? '' : 'missed',
    ];
  });
  return formatTable(['', 'best', 'median', 'runs', 'goal', ''], rows);
}
