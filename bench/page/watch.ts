/** What is seen of the page from within: functions that run there, so each has all that it needs. */
import type { Page } from 'puppeteer';

export interface Watch {
  /** Milliseconds after navigation at which the page was in a state. */
  readonly states: [at: number, state: string][];
  readonly tasks: { readonly at: number; readonly duration: number }[];
  /** When true pictures were shown. */
  readonly pictures: number[];
}

declare global {
  var watch: Watch;
}

/** Before the page's own scripts. */
export async function watchPage(page: Page): Promise<void> {
  await page.evaluateOnNewDocument(() => {
    const seen: Watch = { states: [[0, 'loading']], tasks: [], pictures: [] };
    globalThis.watch = seen;
    new MutationObserver(() => {
      const state = document.getElementById('result')?.dataset.status;
      if (state && state !== seen.states.at(-1)?.[1]) seen.states.push([performance.now(), state]);
    }).observe(document, { subtree: true, childList: true, attributeFilter: ['data-status'] });
    new PerformanceObserver((list) => {
      for (const { startTime, duration } of list.getEntries()) seen.tasks.push({ at: startTime, duration });
    }).observe({ type: 'longtask', buffered: true });
    document.addEventListener('picture', () => seen.pictures.push(performance.now()), true);
    const drop = ({ target }: Event) => {
      if (target instanceof HTMLInputElement && target.type === 'file') performance.mark('bench:drop');
    };
    document.addEventListener('change', drop, true);
  });
}

/** Milliseconds after navigation of a mark behind another one, as soon as it is there. */
export async function markOf(page: Page, name: string, behind?: string): Promise<number> {
  const found = await page.waitForFunction(
    (wanted, earlier) => {
      const state = document.getElementById('result')?.dataset.status;
      if (state === 'error') throw new Error(document.getElementById('message')?.textContent ?? 'the page failed');
      const since = earlier === undefined ? 0 : performance.getEntriesByName(earlier).at(-1)?.startTime;
      return performance.getEntriesByName(wanted).find(({ startTime }) => startTime >= (since ?? Infinity))?.startTime;
    },
    // As seldom as that: what is measured runs meanwhile.
    { polling: 50, timeout: 120_000 },
    name,
    behind,
  );
  return (await found.jsonValue()) ?? NaN;
}

/** The longest task that began in each state; those under 50 ms are not told. */
export async function longestTasks(page: Page): Promise<Record<string, number>> {
  const { states, tasks } = await page.evaluate(() => globalThis.watch);
  const longest: Record<string, number> = Object.fromEntries(states.map(([, state]) => [state, 0]));
  for (const { at, duration } of tasks) {
    const [, state] = states.filter(([since]) => since <= at).at(-1)!;
    longest[state] = Math.max(longest[state], duration);
  }
  return longest;
}
