/**
 * A few of the page's uses in Firefox, where there is no WebGPU on most machines.
 */
import { expect, it } from 'vitest';
import { findBrowser } from '../browsers.ts';
import { attributes, chooseFile, clustered, open, statuses, textOf, useBrowser } from './pages.ts';

const firefox = useBrowser('firefox', await findBrowser('firefox'));

it('opens what it brings along, clusters it and draws it', async () => {
  const page = await open(firefox, '?data=embeddings&k=6&engine=cpu');
  await clustered(page);
  expect((await statuses(page)).at(-1)).toBe('done');
  expect(await attributes(page)).toMatchObject({ engine: 'cpu', points: '6000', model: 'kmeans' });
  expect(await page.$$eval('.clusters > li', (items) => items.length)).toBe(6);
  await page.waitForFunction(() => performance.getEntriesByName('picture:whole').length > 0);
  expect(await textOf(page, '#message')).toMatch(/^Converged after \d+ iterations?\.$/);
  await page.close();
});

it('opens a table, and fits a mixture', async () => {
  const page = await open(firefox, '?data=embeddings&k=2&model=mixture&engine=cpu');
  await clustered(page);
  const rows = Array.from({ length: 60 }, (_, i) => `${(i % 2) * 9 + Math.sin(i)}\t${Math.cos(3 * i)}`);
  await chooseFile(page, 'table.tsv', `a\tb\n${rows.join('\n')}\n`);
  await page.waitForSelector('#result[data-points="60"][data-status="done"]');
  expect(await attributes(page)).toMatchObject({ model: 'mixture', engine: 'cpu' });
  expect(
    await page.$$eval(
      '.clusters > li .note',
      (notes) => notes.filter((note) => /^30 rows/.test(note.textContent!)).length,
    ),
  ).toBe(2);
  await page.close();
});
