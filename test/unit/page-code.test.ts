/** The code that the page gives for a run: it runs, and finds what the run found. */
import { describe, expect, it } from 'vitest';
import type { Choices, Scaling } from '../../demo/features/features.ts';
import { prepare } from '../../demo/features/prepare.ts';
import { summaries } from '../../demo/features/summaries.ts';
import { DEFAULT_SETTINGS } from '../../demo/results/address.ts';
import { codeOf, type Delimited, type Recipe } from '../../demo/results/code.ts';
import type { Table } from '../../demo/tables/table.ts';
import type { Settings } from '../../demo/work/runs.ts';
import * as library from '../../src/index.ts';
import { Random } from '../../src/random.ts';
import { runNow } from '../../src/steps.ts';
import { many, numbers, table, text } from './page-columns.ts';

const NAME = 'flights of "2001", it\'s </script><!-- \\ \u2028.csv';
const CSV: Delimited = { delimiter: ',', encoding: 'utf-8', above: 0, hasHeader: true, width: 7, decimal: '.' };
const random = new Random(11);
const n = 240;
const clock = (minutes: number) =>
  [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, '0')).join(':');

const flights = table(
  text(
    'from, "to"',
    many(n, (i) => i).map((i) => (i % 3 === 0 ? 'a, "b"\nc' : 'x')),
  ),
  numbers(
    'delay',
    many(n, (i) => (i % 17 === 5 ? NaN : Math.round(100 * ((i % 3) * 40 + random.normal())) / 100)),
  ),
  numbers(
    'distance',
    many(n, (i) => Math.round(1000 * Math.exp((i % 2) * 5 + random.normal())) / 1000),
  ),
  numbers(
    'time',
    many(n, (i) => (1000 + (i % 2) * 500 + Math.floor(90 * random.uniform())) % 1440),
    'time',
  ),
  numbers(
    'day',
    many(n, (i) => Date.UTC(2001, 0, 1 + (i % 90), 6, 30)),
    'date',
  ),
  numbers(
    'late',
    many(n, (i) => Number(i % 5 === 0)),
    'boolean',
  ),
  numbers(
    '</script> \u2028 x',
    many(n, (i) => 1 + (i % 4)),
  ),
);

/** The table as a file. */
function fileOf({ columns }: Table, { delimiter, decimal, hasHeader, above }: Delimited, end = '\n'): string {
  const quoted = (value: string) => (/[",;\n]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);
  const lines = many(n, (i) => i).map((i) =>
    columns.map((column) => {
      if (column.measure === 'text') return quoted(column.words[column.codes[i]]);
      const value = column.values[i];
      if (Number.isNaN(value)) return '';
      if (column.measure === 'time') return clock(value);
      if (column.measure === 'date') return new Date(value).toISOString().slice(0, 16).replace('T', ' ');
      if (column.measure === 'boolean') return value === 1 ? 'Yes' : 'no';
      return decimal === ',' ? String(value).replace('.', ',') : String(value);
    }),
  );
  const head = hasHeader ? [columns.map(({ name }) => quoted(name))] : [];
  const notes = many(above, (i) => i).map((i) => [`note ${i}`]);
  return [...notes, ...head, ...lines].map((line) => line.join(delimiter)).join(end);
}

function recipeOf(
  settings: Partial<Settings>,
  scalings: readonly (Scaling | null)[],
  more: Partial<Choices & Recipe> = {},
) {
  const { gaps = 'leave-out', weights = null, delimited = CSV } = more;
  const columns = scalings.map((scaling) => ({
    isUsed: scaling !== null,
    scaling: scaling ?? 'standard',
    period: 1440,
  }));
  const features = runNow(prepare(flights, { columns, weights, gaps }, runNow(summaries(flights))));
  const recipe: Recipe = {
    settings: { ...DEFAULT_SETTINGS, ...settings },
    table: NAME,
    columns: flights.columns,
    features: features.features,
    weights,
    delimited,
    library: 'https://example.org/webgpu-clustering@1.2.3/dist/index.js',
  };
  return { recipe, features };
}

const AsyncFunction: new (...parts: string[]) => (...given: unknown[]) => Promise<unknown> = Object.getPrototypeOf(
  async () => {},
).constructor;

/** Runs a module whose imports are given to it, and gives back what it printed, and its model. */
async function runModule(code: string, file: string) {
  const body = code.replace(/^import \{ (.*) \} from '(.*)';$/gm, (_, names, from) => {
    expect(['node:fs/promises', 'webgpu-clustering']).toContain(from);
    return `const { ${names} } = modules[${JSON.stringify(from)}];`;
  });
  const readFile = async (name: string, encoding?: string) => {
    expect(name).toBe(NAME);
    return encoding === 'utf8' ? file : Buffer.from(file, 'utf16le');
  };
  const printed: unknown[][] = [];
  const modules = { 'node:fs/promises': { readFile }, 'webgpu-clustering': library };
  const run = new AsyncFunction('modules', 'console', `${body}\nreturn { counts, data, rows };`);
  const found = await run(modules, { log: (...words: unknown[]) => printed.push(words) });
  return { ...(found as { counts: number[]; data: Float32Array; rows: string[][] }), printed };
}

async function countsOf({ recipe, features }: ReturnType<typeof recipeOf>): Promise<number[]> {
  const { model, k, covariance, temperature, restarts, seed } = recipe.settings;
  const points = { data: features.data, shape: [features.n, features.d] as const };
  const common = { k, nInit: restarts, seed, ...(features.weights && { sampleWeight: features.weights }) };
  const fitted =
    model === 'kmeans'
      ? await library.kmeans(points, common)
      : await library.gaussianMixture(points, { ...common, covarianceType: covariance, temperature });
  const counts: number[] = Array(k).fill(0);
  for (const label of fitted.labels) counts[label]++;
  return counts;
}

describe('the code of a run', () => {
  const semicolons: Delimited = { ...CSV, delimiter: ';', decimal: ',' };
  it.each<[string, Partial<Settings>, (Scaling | null)[], Partial<Choices & Recipe>]>([
    ['k-means', { k: 3, seed: 4, restarts: 3 }, [null, 'standard', 'log', 'cyclic', null, null, null], {}],
    ['dates, truths and quartiles', { k: 4 }, [null, 'robust', null, null, 'standard', 'standard', 'none'], {}],
    [
      'filled gaps and weights',
      { k: 5 },
      [null, 'none', null, 'cyclic', null, null, null],
      { gaps: 'fill', weights: 6 },
    ],
    [
      'a mixture',
      { model: 'mixture', k: 3, covariance: 'diag', temperature: 1.5, backend: 'cpu' },
      [null, 'standard', 'log', null, null, null, null],
      {},
    ],
    ['decimal commas', { k: 3 }, [null, 'standard', 'log', null, null, null, null], { delimited: semicolons }],
    [
      'tabs without names',
      { k: 3 },
      [null, 'standard', 'log', null, null, null, null],
      { delimited: { ...CSV, delimiter: '\t', hasHeader: false } },
    ],
    [
      'notes above, and letters of two bytes',
      { k: 3 },
      [null, null, 'log', null, null, null, null],
      { delimited: { ...CSV, encoding: 'utf-16le', above: 2 } },
    ],
    ['bars', { k: 3 }, [null, null, 'log', null, null, null, null], { delimited: { ...CSV, delimiter: '|' } }],
  ])('finds its clusters: %s', async (_, settings, scalings, more) => {
    const found = recipeOf(settings, scalings, more);
    const expected = await countsOf(found);
    const { npm } = codeOf(found.recipe);
    for (const end of ['\n', '\r\n']) {
      const { counts, data, rows, printed } = await runModule(npm, fileOf(flights, found.recipe.delimited ?? CSV, end));
      expect(data).toEqual(found.features.data);
      expect(rows[3][0]).toBe('a, "b"\nc');
      expect(counts).toEqual(expected);
      expect(printed).toEqual([['rows of each cluster', expected]]);
    }
  });

  it('says all options that are not the usual ones, and no others', () => {
    const usual = recipeOf({ k: 3 }, [null, 'standard', ...Array(5).fill(null)]).recipe;
    expect(codeOf(usual).npm).toContain('  { k: 3, seed: 0 },\n');
    const settings = { ...usual.settings, model: 'mixture', temperature: 0, restarts: 9, backend: 'webgpu' } as const;
    expect(codeOf({ ...usual, settings }).npm).toContain(
      "  { k: 3, covarianceType: 'full', temperature: 0, nInit: 9, seed: 0, backend: 'webgpu' },\n",
    );
  });

  it('as a page has a map of imports and a script, which names of columns cannot end', async () => {
    const found = recipeOf({ k: 3 }, [null, 'standard', 'log', null, null, null, 'standard']);
    const { script } = codeOf(found.recipe);
    const scripts = Array.from(script.matchAll(/<script type="(\w+)">\n([\s\S]*?)<\/script>/g), ([, type, code]) => [
      type,
      code,
    ]);
    expect(scripts.map(([type]) => type)).toEqual(['importmap', 'module']);
    expect(JSON.parse(scripts[0][1])).toEqual({ imports: { 'webgpu-clustering': found.recipe.library } });
    expect(script.match(/<\/script>/g)).toHaveLength(2);
    expect(script).not.toContain('<!--');
    // A page with a field for the file, in so many words.
    let hear: (event: unknown) => Promise<void> = async () => {};
    const output = { textContent: '' };
    const input = { addEventListener: (_: string, listener: typeof hear) => (hear = listener) };
    const document = { querySelector: (name: string) => (name === 'input' ? input : output) };
    const code = scripts[1][1].replace(/^import \{ (.*) \} from 'webgpu-clustering';$/m, 'const { $1 } = library;');
    await new AsyncFunction('library', 'document', code)(library, document);
    await hear({ target: { files: [new Blob([fileOf(flights, CSV)])] } });
    expect(output.textContent).toBe(`Rows of each cluster: ${(await countsOf(found)).join(', ')}`);
  });

  it('of a table that was no text says where a file of it comes from', () => {
    const { recipe } = recipeOf({ k: 3 }, [null, 'standard', ...Array(5).fill(null)]);
    const { npm } = codeOf({ ...recipe, table: 'flights.parquet', delimited: null });
    expect(npm).toContain("'flights.csv'");
    expect(npm).toContain('Download as CSV');
  });
});
