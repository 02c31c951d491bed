import { describe, expect, it } from 'vitest';
import { createCpuEngine } from '../../src/cpu/engine.ts';
import { Ranking } from '../../src/kmeans/ranking.ts';
import { relocateEmpty } from '../../src/kmeans/relocate.ts';
import { worstRows } from '../../src/kmeans/worst-rows.ts';
import { Random } from '../../src/random.ts';
import { runAsync, runNow } from '../../src/steps.ts';
import { asTheyAre } from './cpu-points.ts';

const engine = createCpuEngine({ threads: 1 });

describe('ranking', () => {
  it.each([0, 1, 2, 7, 1000])('rows by falling score, equal ones in index order: %i of them', (n) => {
    const random = new Random(n);
    const scores = Array.from({ length: n }, () => (random.below(5) === 0 ? -Infinity : random.below(40)));
    const expected = scores.flatMap((score, row) => (score > -Infinity ? [row] : []));
    expected.sort((a, b) => scores[b] - scores[a] || a - b);
    const ranking = runNow(Ranking.of(n, (row) => scores[row]));
    const rows = [1, 3, n, 1].flatMap((count) => Array.from(runNow(ranking.next(count))));
    expect(rows).toEqual(expected);
  });
});

describe('worst rows', () => {
  it('are distinct by value, however many have the same', async () => {
    const n = 5000;
    const data = Float64Array.from({ length: 2 * n }, (_, at) => (at === 2 * n - 1 ? 3 : at % 2 === 0 ? -0 : 0));
    data[2] = 0;
    const dataset = await engine.upload(asTheyAre({ data, n, d: 2 }, true));
    const rows = await runAsync(worstRows(dataset, (row) => n - row, 4));
    expect(rows.map(({ index }) => index)).toEqual([0, n - 1]);
  });

  it('count: an empty cluster takes no row whose weight is nothing beside the others', async () => {
    const data = Float32Array.of(0, 1, 100, 50);
    const weights = Float32Array.of(3e38, 3e38, 1, 1e38);
    const dataset = await engine.upload(asTheyAre({ data, n: 4, d: 1, weights }));
    const previous = Float64Array.of(0, 1000, 2000, 3000);
    const result = { centroids: previous, previous, iterations: 1, stop: 'empty', empty: [1, 2, 3] } as const;
    const { centroids, moved } = await runAsync(relocateEmpty(dataset, result));
    expect(moved).toBe(2);
    expect(Array.from(centroids)).toEqual([0, 50, 1, 3000]);
  });
});
