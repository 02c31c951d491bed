/** The same engine in Chrome, in a page that is isolated from other origins and in one that is not. */
import type { Browser, Page } from 'puppeteer';
import { disagreementsOf, runProblem, tableOf } from '../benchmark.ts';
import { onThreads } from '../contender.ts';
import { kmeansBenchmark } from '../kmeans/bench.ts';
import type { KMeansProblem } from '../kmeans/cases.ts';
import type { KMeansContender } from '../kmeans/contender.ts';
import { kmeansOf } from '../kmeans/contenders/engine.ts';
import { GOALS, type Goal, type Outcome, outcome } from './goals.ts';
import script from './page.ts?bundle';
import { chromeLauncher, PageServer } from './page-server.ts';
import { bestFit, type Findings, type Setting, THREADS } from './section.ts';

/** Chrome has products of bytes wherever the processor has them. */
const GOALS_IN_CHROME: Readonly<Record<string, Goal>> = {
  D: GOALS.fitOfBytes,
  '50k×384': GOALS.fit,
  '100k×768': GOALS.fit,
};

export interface Chrome {
  readonly contenders: readonly KMeansContender[];
  close(): Promise<void>;
}

export async function inChrome(
  problem: KMeansProblem,
  { engines, scikitLearn, runs }: Setting,
  chrome: Chrome,
): Promise<Findings> {
  const contenders = [...engines.map(kmeansOf), ...scikitLearn, ...chrome.contenders];
  const results = await runProblem(kmeansBenchmark, problem, contenders, runs);
  const [{ objective }] = results;
  console.log(`\n${problem.title}, Chrome\n${tableOf(kmeansBenchmark, results, objective, contenders)}`);
  return {
    report: { ...problem.size, results },
    outcomes: chrome.contenders.flatMap(({ name, threads }): Outcome[] => {
      const over = (other: string) => bestFit(results, name) / bestFit(results, onThreads(other, threads));
      const on = `${problem.name}, ${name}`;
      const peer = over('scikit-learn');
      return [
        outcome('Chrome / Node', on, over('cpu')),
        ...(Number.isNaN(peer) ? [] : [outcome('Chrome / scikit-learn', on, peer, GOALS_IN_CHROME[problem.name])]),
      ];
    }),
    // scikit-learn's sums are float32.
    disagreements: disagreementsOf(
      kmeansBenchmark,
      results.filter(({ contender }) => !contender.startsWith('scikit')),
      objective,
    ).map((line) => `${problem.name}: ${line}`),
  };
}

/** @throws {Error} where there is no Chrome, or nothing to launch it with: the message says which. */
export async function openChrome(): Promise<Chrome> {
  const launch = await chromeLauncher();
  const server = new PageServer(script);
  const browsers: Browser[] = [];
  const close = async () => {
    await Promise.all(browsers.map((browser) => browser.close()));
    server.close();
  };
  try {
    const contenders: KMeansContender[] = [];
    for (const isolated of [false, true]) {
      // A browser each: a page in the background would run at another pace.
      const browser = await launch();
      browsers.push(browser);
      const page = await browser.newPage();
      await page.goto(await server.address(isolated));
      if ((await page.evaluate(() => crossOriginIsolated)) !== isolated)
        throw new Error('the isolation headers failed');
      const about = `${await browser.version()}, ${isolated ? 'cross-origin isolated' : 'without isolation headers'}`;
      const name = isolated ? 'Chrome isolated' : 'Chrome';
      for (const threads of THREADS) contenders.push(contender(page, server, name, about, threads));
    }
    return { contenders, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function contender(page: Page, server: PageServer, name: string, about: string, threads: number): KMeansContender {
  return {
    name: onThreads(name, threads),
    about,
    software: false,
    threads,
    takes: () => true,
    async prepare({ data, start, n, d, k }) {
      server.values = [data, start];
      const uploadMs = await page.evaluate((job) => clustering.prepare(job), { threads, n, d, k });
      return {
        uploadMs,
        async fit(maxIterations) {
          // The message there and back takes about a millisecond.
          const { iterations, inertia } = await page.evaluate(
            (...args) => clustering.fit(...args),
            threads,
            maxIterations,
          );
          return {
            iterations,
            passes: iterations + 1,
            objective: inertia,
            centroids: () => page.evaluate((count) => clustering.centroids(count), threads),
          };
        },
        release: () => page.evaluate((count) => clustering.release(count), threads),
      };
    },
    close: () => undefined,
  };
}
