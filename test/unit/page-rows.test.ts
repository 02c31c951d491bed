/** The rows that stand for clusters and those that hardly belong to them; images in the colours of their clusters. */
import { describe, expect, it } from 'vitest';
import type { Features, Scaling } from '../../demo/features/features.ts';
import { prepare } from '../../demo/features/prepare.ts';
import { summaries } from '../../demo/features/summaries.ts';
import { hexOf, seenColour } from '../../demo/palette.ts';
import { paletteOf, repaint } from '../../demo/results/repaint.ts';
import { type Extremes, extremes, rowsTold } from '../../demo/results/rows.ts';
import { tableOfPixels } from '../../demo/tables/image.ts';
import type { Table } from '../../demo/tables/table.ts';
import { type GaussianMixtureModel, gaussianMixture, kmeans } from '../../src/index.ts';
import { Random } from '../../src/random.ts';
import { runAsync, runNow } from '../../src/steps.ts';
import { many, numbers, table, text } from './page-columns.ts';

const random = new Random(5);
const normal = () => random.normal();

function featuresOf(all: Table, scalings: Readonly<Record<string, Scaling>>, weights: number | null = null): Features {
  const columns = all.columns.map(({ name }) => ({
    isUsed: Object.hasOwn(scalings, name),
    scaling: scalings[name] ?? 'standard',
    period: 1440,
  }));
  return runNow(prepare(all, { columns, weights, gaps: 'leave-out' }, runNow(summaries(all))));
}

interface Fitted {
  readonly labels: Uint32Array;
  readonly mixture: GaussianMixtureModel | null;
  readonly run: { readonly k: number; readonly means: Float64Array };
}

async function fitted({ data, n, d }: Features, k: number, kind: 'kmeans' | 'mixture'): Promise<Fitted> {
  const points = { data, shape: [n, d] as const };
  const options = { k, seed: 1, backend: 'cpu' } as const;
  if (kind === 'kmeans') {
    const model = await kmeans(points, options);
    return { labels: model.labels, mixture: null, run: { k, means: model.centroids } };
  }
  const model = await gaussianMixture(points, options);
  return { labels: model.labels, mixture: model, run: { k, means: model.means } };
}

/** The same, with all rows sorted. */
async function slow(features: Features, { labels, mixture, run }: Fitted): Promise<Extremes> {
  const { n, d, data, weights } = features;
  const densities = mixture === null ? null : await mixture.scoreSamples({ data, shape: [n, d] }, { backend: 'cpu' });
  const valueAt = (i: number, j: number) => data[i * d + j];
  const scores = many(n, (i) => {
    if (densities !== null) return -densities[i];
    return many(d, (j) => (valueAt(i, j) - run.means[labels[i] * d + j]) ** 2).reduce((a, b) => a + b);
  });
  const clusters = many(run.k, (c) => c);
  const members = clusters.map((c) => many(n, (i) => i).filter((i) => labels[i] === c));
  const typical = members.map((own) =>
    own
      .filter((i) => weights === null || weights[i] > 0)
      .sort((a, b) => scores[a] - scores[b] || a - b)
      .slice(0, 3),
  );
  const outlying = members.map((own, c) =>
    own
      .sort((a, b) => scores[b] - scores[a] || a - b)
      .slice(0, 3)
      .filter((i) => !typical[c].includes(i)),
  );
  const own = (at: number) => members[Math.floor(at / d)].map((i) => valueAt(i, at % d));
  const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = (values: number[]) => {
    const middle = mean(values);
    return Math.sqrt(mean(values.map((value) => (value - middle) ** 2)));
  };
  return {
    typical,
    outlying,
    means: run.means.map((_, at) => mean(own(at))),
    deviations: run.means.map((_, at) => deviation(own(at))),
  };
}

function expectSame(found: Extremes, expected: Extremes): void {
  expect(found.typical).toEqual(expected.typical);
  expect(found.outlying).toEqual(expected.outlying);
  for (const name of ['means', 'deviations'] as const) {
    found[name].forEach((value, at) => {
      expect(value).toBeCloseTo(expected[name][at], 9);
    });
  }
}

describe('typical and outlying rows', () => {
  // More than is read at a time, with gaps, so that points are not the rows of the table.
  const n = 70_000;
  const kind = many(n, (i) => i % 3);
  const cloud = table(
    numbers(
      'x',
      kind.map((c, i) => (i % 1000 === 7 ? Number.NaN : [0, 10, 5][c] + normal())),
    ),
    numbers(
      'y',
      kind.map((c) => [0, 0, 9][c] + normal()),
    ),
    numbers(
      'weight',
      many(n, (i) => i % 2),
    ),
  );
  const scalings = { x: 'standard', y: 'robust' } as const;

  it.each(['kmeans', 'mixture'] as const)('are those that a slow search finds: %s', async (model) => {
    const features = featuresOf(cloud, scalings);
    const of = await fitted(features, 3, model);
    expectSame(await runAsync(extremes(features, of)), await slow(features, of));
  });

  it('leave rows of no weight out of the typical ones alone', async () => {
    const features = featuresOf(cloud, scalings, 2);
    const of = await fitted(features, 3, 'kmeans');
    const found = await runAsync(extremes(features, of));
    expectSame(found, await slow(features, of));
    expect(found.typical.flat().every((point) => features.weights![point] > 0)).toBe(true);
    expect(found.outlying.flat().some((point) => features.weights![point] === 0)).toBe(true);
  });

  it('are the first of those that are alike, and never both', async () => {
    const grid = table(numbers('x', [0, 1, 1, 0, 1, 1, 0, 9, 9]), numbers('y', [0, 1, 1, 0, 1, 1, 0, 9, 9]));
    const features = featuresOf(grid, { x: 'none', y: 'none' });
    const means = Float64Array.of(-0.5, -0.5, 0, 0);
    const labels = Uint32Array.from(
      features.data.filter((_, at) => at % 2 === 0),
      (x) => (x > 5 ? 1 : 0),
    );
    const found = await runAsync(extremes(features, { labels, mixture: null, run: { k: 2, means } }));
    const shift = features.data[0];
    expect(shift).toBeLessThan(0);
    expect(found.typical.map((points) => points.length)).toEqual([3, 2]);
    expect(found.typical[1]).toEqual([7, 8]);
    expect(found.outlying[1]).toEqual([]);
    for (const points of [...found.typical, ...found.outlying])
      expect(points).toEqual([...points].sort((a, b) => a - b));
    expect(found.outlying[0].filter((point) => found.typical[0].includes(point))).toEqual([]);
  });

  it('are told by their values, and why they are outlying', async () => {
    const size = 300;
    const shop = table(
      text(
        'name',
        Array.from({ length: size }, (_, i) => (i === 0 ? 'n'.repeat(200) : `row ${i}`)),
      ),
      numbers(
        'price',
        many(size, (i) => (i === 4 ? 900 : 100 + normal())),
      ),
      numbers(
        'time',
        many(size, (i) => (i === 9 ? 720 : (1440 + 5 * normal()) % 1440)),
        'time',
      ),
      numbers(
        'delay',
        many(size, (i) => (i === 20 ? Number.NaN : normal())),
      ),
    );
    const features = featuresOf(shop, { price: 'log', time: 'cyclic', delay: 'standard' });
    const found = await runAsync(extremes(features, await fitted(features, 1, 'kmeans')));
    const { typical, outlying } = rowsTold(shop, features, found, 0, [0, 1]);
    expect(typical).toHaveLength(3);
    expect(typical.every(({ why }) => why === '')).toBe(true);
    const of = (row: number) => outlying.find((each) => each.row === row);
    expect(of(4)).toMatchObject({ values: ['row 4', '900'] });
    expect(of(4)!.why).toMatch(/^price 900, far above the mean \(\d+ deviations, of its logarithm\)\.$/);
    expect(of(9)!.why).toMatch(/^time 12:00, far from the usual one \(\d+ deviations\)\.$/);
    const none = { ...found, outlying: [[0]], deviations: found.deviations.map(() => 9) };
    const [row] = rowsTold(shop, features, none, 0, [0]).outlying;
    expect(row).toEqual({ row: 0, values: [`${'n'.repeat(59)}…`], why: 'No single column stands out.' });
  });
});

describe('an image', () => {
  const reading = { signal: new AbortController().signal, onProgress: () => undefined };
  const red = [250, 10, 20, 255];
  const blue = [0, 0, 200, 255];
  const clear = [0, 0, 0, 0];
  const data = Uint8ClampedArray.from([red, blue, clear, blue, blue, red].flat());

  it('has the colours of its clusters, and is painted in them', async () => {
    const image = await tableOfPixels({ width: 3, height: 2, data }, 'flag', reading);
    const features = featuresOf(image, { lightness: 'none', a: 'none' });
    const labels = Uint32Array.of(0, 2, 2, 2, 0);
    const palette = runNow(paletteOf(image, features, labels, 3))!;
    expect(palette.map(hexOf)).toEqual(['#fa0a14', '#808080', '#0000c8']);
    expect(runNow(repaint(image, features, labels, palette))).toEqual(data);
    const half = { ...features, n: 2, rows: Uint32Array.of(1, 4) };
    const part = runNow(repaint(image, half, Uint32Array.of(0, 1), [[1, 2, 3], ...palette]));
    expect(Array.from(part)).toEqual([clear, [1, 2, 3, 255], clear, clear, clear, [250, 10, 20, 255]].flat());
  });

  it('is what other tables are not', () => {
    const plain = table(numbers('x', [1, 2]));
    const features = featuresOf(plain, { x: 'none' });
    expect(runNow(paletteOf(plain, features, Uint32Array.of(0, 1), 2))).toBeNull();
    expect(() => runNow(repaint(plain, features, Uint32Array.of(0, 1), []))).toThrow(/no image/);
  });

  it('has colours in the picture that are seen on what is behind it', () => {
    expect(seenColour([200, 30, 30], 'light')).toEqual([200, 30, 30]);
    expect(seenColour([255, 255, 255], 'dark')).toEqual([255, 255, 255]);
    expect(Math.max(...seenColour([255, 255, 255], 'light'))).toBeLessThan(220);
    expect(Math.min(...seenColour([0, 0, 0], 'dark'))).toBeGreaterThan(45);
  });
});
