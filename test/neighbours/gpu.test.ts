/** Devices of other libraries, in Chrome: what is promised of a borrowed one, and their rows read where they are. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { Browser, Page } from 'puppeteer';
import { build, type PreviewServer, preview } from 'vite';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { findBrowser, launchBrowser, missingBrowser } from '../browsers.ts';
import { missing } from '../missing.ts';
import { CHECKS } from './checks.ts';
import { DEVICES } from './devices.ts';
import { HOW_TO_INSTALL, isInstalled } from './installed.ts';
import { layer } from './models.ts';

const configFile = fileURLToPath(new URL('vite.config.ts', import.meta.url));
const NEIGHBOURS = [
  ['ONNX Runtime Web', 'onnx'],
  ['TensorFlow.js', 'tfjs'],
  ['jax-js', 'jax'],
  ['luma.gl', 'luma'],
] as const;

/** The README's, by the neighbour that their first line names. */
const examples = await examplesBeside();
const executablePath = await findBrowser('chrome');

let server: PreviewServer;
let chrome: Browser | undefined;
const complaints: string[] = [];

beforeAll(async () => {
  if (executablePath === null || !isInstalled()) return;
  await writeExamples();
  await build({ configFile });
  server = await preview({ configFile, preview: { port: 0, open: false } });
  chrome = await launchBrowser('chrome', executablePath);
});

beforeEach((context) => {
  if (executablePath === null) missing(context, missingBrowser('chrome'));
  if (!isInstalled()) missing(context, HOW_TO_INSTALL);
});

afterEach(() => expect(complaints).toEqual([]));

afterAll(async () => {
  await chrome?.close();
  await server?.close();
});

describe.each(NEIGHBOURS)('on the device of %s', (_, name) => {
  let page: Page;

  beforeAll(async () => {
    if (chrome === undefined) return;
    page = await open();
    await page.evaluate((name) => lend(name), name);
  });

  afterAll(() => page?.close());

  test.for(Object.keys(CHECKS))('%s', async (check) => {
    expect(await page.evaluate((check) => runNeighbourCheck(check), check)).toBeNull();
  });
});

describe('the examples of the README', () => {
  test('there is one beside each', () => expect(Object.keys(examples)).toEqual(NEIGHBOURS.map(([name]) => name)));

  test.for(NEIGHBOURS)('beside %s', async ([name]) => {
    const page = await open();
    await serveModel(page);
    const printed: string[] = [];
    page.on('console', (message) => printed.push(message.text()));
    expect(await page.evaluate((name) => runExample(name), name)).toBeNull();
    expect(printed.at(-1)).toMatch(/\d/);
    await page.close();
  });

  test('they fit the types of all', async () => {
    const [tsc, project] = ['../../node_modules/typescript/bin/tsc', '.'].map((path) =>
      fileURLToPath(new URL(path, import.meta.url)),
    );
    const outcome = promisify(execFile)(process.execPath, [tsc, '-p', project]);
    // What is wrong it prints.
    expect(
      await outcome.then(
        () => '',
        ({ stdout }) => stdout,
      ),
    ).toBe('');
  });
});

describe('on devices as programs ask for them', () => {
  test.for(Object.keys(DEVICES))('%s', async (check) => {
    const page = await open();
    expect(await page.evaluate((check) => runDeviceCheck(check), check)).toBeNull();
    await page.close();
  });
});

async function open(): Promise<Page> {
  const page = await chrome!.newPage();
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.goto(server.resolvedUrls!.local[0]);
  await page.waitForFunction(() => 'lend' in globalThis);
  return page;
}

/** The file that the README names, as one is beside a page. */
async function serveModel(page: Page): Promise<void> {
  await page.setRequestInterception(true);
  page.on('request', (request) =>
    request.url().endsWith('/model.onnx') ? request.respond({ body: layer() }) : request.continue(),
  );
}

async function examplesBeside(): Promise<Record<string, string>> {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const blocks = readme.matchAll(/^```ts\n(\/\/ Beside (.*?) \(.*?)^```$/gms);
  return Object.fromEntries(Array.from(blocks, ([, source, name]) => [name, source]));
}

/** Where the page's modules find them, and the packages that they import. */
async function writeExamples(): Promise<void> {
  await mkdir(new URL('dist/examples/', import.meta.url), { recursive: true });
  for (const [name, source] of Object.entries(examples)) {
    await writeFile(new URL(`dist/examples/${name}.ts`, import.meta.url), source);
  }
}
