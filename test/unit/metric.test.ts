import { describe, expect, it } from 'vitest';
import { kmeans } from '../../src/index.ts';
import { updateCentroids } from '../../src/kmeans/update.ts';
import { METRICS, metricOf } from '../../src/metric.ts';
import { preparePoints } from '../../src/points.ts';
import { runNow } from '../../src/steps.ts';
import { blobs } from '../conformance/cases/data.ts';
import { assign, inertiaOf, REFERENCE_METRICS, REFERENCE_RULES, unitRows } from '../reference/kmeans.ts';

it('the reference knows all of them', () => {
  expect(REFERENCE_METRICS).toEqual(METRICS);
});

describe.each(METRICS)('%s', (metric) => {
  const rules = metricOf(metric);
  const reference = REFERENCE_RULES[metric];
  const points = blobs({ n: 200, d: 3, groups: 4, seed: 5 });
  const { data, n, d } = points;

  it('holds rows as the reference does', () => {
    const prepared = preparePoints({ data, shape: [n, d] }, { metric });
    if ('buffer' in prepared) throw new Error('no GPU was asked for');
    const rows = new Float64Array(n * d);
    prepared.fill(rows, 0, n);
    const { shift, scale } = prepared.frame;
    const expected = reference.unitRows ? unitRows(data, d) : Float64Array.from(data);
    expect(prepared.metric).toBe(metric);
    rows.forEach((value, at) => {
      expect(Math.abs(value / scale + shift[at % d] - expected[at])).toBeLessThan(1e-14 * (1 + Math.abs(expected[at])));
    });
  });

  it('tells distances and inertias, in whatever scale rows are held', () => {
    for (const scale of rules.unitRows ? [1] : [1, 2 ** -20, 2 ** 20]) {
      const squared = 3 * scale * scale;
      expect(Math.abs(reference.squared(rules.distance(squared, scale)) - 3)).toBeLessThan(1e-14);
      expect(rules.inertia(squared, scale)).toBe(3 * reference.share);
    }
  });

  it('makes centroids of sums; what cannot be one stays', () => {
    const before = Float64Array.of(0.6, 0.8, 0.6, 0.8, 0.6, 0.8);
    const sums = Float64Array.of(6, 8, 0, 0, 1e-9, 0);
    const { centroids, shift } = runNow(updateCentroids(before, Float64Array.of(20, 0, 20), sums, metric));
    const [first, last] = rules.unitCentroids
      ? [
          [0.6, 0.8],
          [0.6, 0.8],
        ]
      : [
          [0.3, 0.4],
          [5e-11, 0],
        ];
    expect(Array.from(centroids)).toEqual([...first, 0.6, 0.8, ...last]);
    const moved = centroids.reduce((sum, value, at) => sum + (value - before[at]) ** 2, 0);
    expect(Math.abs(shift - moved)).toBeLessThan(1e-15);
  });

  it('a model belongs together, and has a density or says that it has none', async () => {
    const model = await kmeans({ data, shape: [n, d] }, { k: 4, metric, backend: 'cpu' });
    const held = { ...points, data: reference.unitRows ? unitRows(data, d) : data };
    const expected = inertiaOf(held, assign(held, model.centroids), metric);
    expect(Math.abs(model.inertia / expected - 1)).toBeLessThan(1e-5);
    if (rules.hasDensity) expect(model.sample(3).labels.length).toBe(3);
    else expect(() => model.sample(3)).toThrow(new RegExp(`sample needs a Euclidean model: ${metric} k-means`));
  });
});
