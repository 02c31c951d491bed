/** What the page says of clusters, and the colours they keep. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Choices, Scaling } from '../../demo/features/features.ts';
import { prepare } from '../../demo/features/prepare.ts';
import { summaries } from '../../demo/features/summaries.ts';
import { rankClusters } from '../../demo/results/numbers.ts';
import {
  type ClusterProfile,
  matchColours,
  type NumberProfile,
  profiles,
  type TextProfile,
} from '../../demo/results/profile.ts';
import type { Table } from '../../demo/tables/table.ts';
import { Random } from '../../src/random.ts';
import { runNow } from '../../src/steps.ts';
import { many, numbers, table, text } from './page-columns.ts';

const random = new Random(3);
const normal = () => random.normal();

function profilesOf(
  all: Table,
  labels: readonly number[],
  k: number,
  scalings: Readonly<Record<string, Scaling>>,
  gaps: Choices['gaps'] = 'leave-out',
): ClusterProfile[] {
  const found = runNow(summaries(all));
  const columns = all.columns.map(({ name }) => ({
    isUsed: Object.hasOwn(scalings, name),
    scaling: scalings[name] ?? 'standard',
    period: 1440,
  }));
  const features = runNow(prepare(all, { columns, weights: null, gaps }, found));
  return runNow(profiles(all, features, Uint32Array.from(labels), k, found));
}

function of(profile: ClusterProfile, name: string): NumberProfile {
  const column = profile.columns.find((each) => each.name === name);
  if (column === undefined || column.measure === 'text') throw new Error(`no column of numbers ${name}`);
  return column;
}

function wordsOf(profile: ClusterProfile, name: string): TextProfile {
  const column = profile.columns.find((each) => each.name === name);
  if (column?.measure !== 'text') throw new Error(`no column of text ${name}`);
  return column;
}

describe('profiles', () => {
  // Three kinds of flights: long ones in the morning, short ones around midnight, and middling ones at all hours from JFK.
  const n = 3000;
  const kind = many(n, (i) => i % 3);
  const flights = table(
    numbers(
      'distance',
      kind.map((c) => [1950, 300, 700][c] + 50 * normal()),
    ),
    numbers(
      'time',
      kind.map((c) => (1440 + [460, 0, 0][c] + (c === 2 ? 1440 * random.uniform() : 40 * normal())) % 1440),
      'time',
    ),
    text(
      'origin',
      kind.map((c, i) => (c === 2 && i % 10 < 8 ? 'JFK' : ['BOS', 'LAX', 'SFO', 'DEN'][i % 4])),
    ),
    numbers(
      'id',
      many(n, (i) => i),
    ),
    text(
      'tail',
      many(n, (i) => i).map((i) => `N${i}`),
    ),
  );
  const found = profilesOf(flights, kind, 3, { distance: 'standard', time: 'cyclic' });

  it('say in words what is unlike the rest', () => {
    expect(found[0].sentence).toMatch(
      /^Very high distance \(1,9[45]\d; the rest (49\d|50\d)\), early in the morning \(07:[34]\d; the rest /,
    );
    expect(found[1].sentence).toMatch(/around midnight \((23:5|00:0)\d; the rest /);
    expect(found[2].sentence).toMatch(/[Mm]ostly “JFK” \(\d\d%; the rest 0%\)/);
  });

  it('have names of their own', () => {
    expect(found.map(({ name }) => name)).toEqual(['Very high distance', 'Low distance', 'Mostly “JFK”']);
  });

  it('count', () => {
    expect(found.map(({ cluster, size, share }) => [cluster, size, share])).toEqual(
      [0, 1, 2].map((c) => [c, 1000, 1 / 3]),
    );
  });

  it('have centres, medians and spreads', () => {
    const distance = of(found[0], 'distance');
    const own = many(n, (i) => i).filter((i) => kind[i] === 0);
    const { values } = flights.columns[0] as { values: Float64Array };
    const sorted = own.map((i) => values[i]).sort((a, b) => a - b);
    expect(distance.centre).toBeCloseTo(sorted.reduce((sum, value) => sum + value, 0) / 1000, 6);
    expect(distance.median).toBeCloseTo((sorted[499] + sorted[500]) / 2, 6);
    expect(distance.low).toBeCloseTo(sorted[99] + 0.9 * (sorted[100] - sorted[99]), 6);
    expect(distance.high).toBeGreaterThan(distance.median);
  });

  it('have effects in deviations of all rows', () => {
    const halves = profilesOf(table(numbers('a', [0, 0, 10, 10, 5])), [0, 0, 1, 1, 1], 2, { a: 'standard' });
    const deviation = Math.sqrt(20);
    expect(of(halves[0], 'a').effect).toBeCloseTo((0 - 25 / 3) / deviation, 12);
    expect(of(halves[1], 'a').effect).toBeCloseTo((25 / 3 - 0) / deviation, 12);
    expect(of(halves[1], 'a').rest).toBe(0);
  });

  it('average times on the circle', () => {
    const time = of(found[1], 'time');
    expect(Math.min(time.centre, 1440 - time.centre)).toBeLessThan(5);
    expect(Math.min(time.median, 1440 - time.median)).toBeLessThan(5);
    // From before midnight to behind it.
    expect(time.low).toBeGreaterThan(1380);
    expect(time.high).toBeLessThan(60);
  });

  it('leave out row numbers and texts that are all different, and tell of columns that were not used', () => {
    expect(found[0].columns.map(({ name }) => name).sort()).toEqual(['distance', 'origin', 'time']);
    const chosen = profilesOf(flights, kind, 3, { time: 'cyclic' });
    expect(of(chosen[0], 'distance').effect).toBeCloseTo(of(found[0], 'distance').effect, 12);
  });

  it('of words have shares, and how many times that of all', () => {
    const [word, ...others] = wordsOf(found[2], 'origin').words;
    expect(word.text).toBe('JFK');
    expect(word.share).toBeCloseTo(0.8, 2);
    expect(word.rest).toBe(0);
    expect(word.lift).toBeCloseTo(3, 6);
    expect(others).toEqual([]);
    expect(wordsOf(found[0], 'origin').words.every(({ share, rest }) => share >= 1.5 * rest)).toBe(true);
  });

  it('of words that two clusters have compare them', () => {
    const kind = many(20, (i) => Number(i >= 10));
    const letters = Array.from('xxxxxxyyyyxxyyyyyyyy');
    const [first, second] = profilesOf(
      table(
        numbers(
          'a',
          kind.map((c, i) => 100 * c + ((i * i) % 7)),
        ),
        text('letter', letters),
      ),
      kind,
      2,
      { a: 'standard' },
    );
    expect(wordsOf(first, 'letter').words).toEqual([{ text: 'x', share: 0.6, rest: 0.2, lift: 0.6 / 0.4 }]);
    expect(wordsOf(second, 'letter').words).toEqual([{ text: 'y', share: 0.8, rest: 0.4, lift: 0.8 / 0.6 }]);
    expect(wordsOf(second, 'letter').effect).toBeCloseTo(0.4 / Math.sqrt(0.24), 12);
  });

  it('find a word of a small cluster among many', () => {
    const rows = many(20_000, (i) => i);
    const small = (i: number) => i % 400 === 7;
    const places = table(
      numbers(
        'a',
        rows.map((i) => (small(i) ? 9 : 0) + normal()),
      ),
      text(
        'where',
        rows.map((i) => (small(i) ? 'here' : `place ${i % 3000}`)),
      ),
    );
    const [, rare] = profilesOf(
      places,
      rows.map((i) => Number(small(i))),
      2,
      { a: 'standard' },
    );
    expect(wordsOf(rare, 'where').words.map(({ text }) => text)).toEqual(['here']);
    expect(rare.size).toBe(50);
  });

  it('average logarithms where they were clustered', () => {
    const prices = numbers('price', [1, 10, 100, 1000, 1e4, 1e5, 1e6, 1e7]);
    const [low, high] = profilesOf(table(prices), [0, 0, 0, 0, 1, 1, 1, 1], 2, { price: 'log' });
    expect(of(low, 'price').centre).toBeLessThan(60);
    expect(of(high, 'price').centre).toBeGreaterThan(3e5);
    expect(of(high, 'price').centre).toBeLessThan(3.3e5);
    expect(of(high, 'price').effect).toBeCloseTo(-of(low, 'price').effect, 12);
  });

  it('go by the rows that were left', () => {
    const gaps = table(
      numbers('a', [1, NaN, 1, 9, 9]),
      numbers('b', [3, 100, 3, NaN, 8]),
      text('c', ['x', 'y', 'x', 'y', 'x']),
    );
    const [one, other] = profilesOf(gaps, [0, 0, 1], 2, { a: 'standard', b: 'none' });
    expect([one.size, other.size]).toEqual([2, 1]);
    expect([of(one, 'b').centre, of(other, 'b').centre]).toEqual([3, 8]);
    expect([of(one, 'b').median, of(one, 'b').high, of(other, 'b').median]).toEqual([3, 3, 8]);
    expect([wordsOf(one, 'c').words, wordsOf(other, 'c').words]).toEqual([[], []]);
    // Filled gaps are no values.
    const [filled] = profilesOf(gaps, [0, 0, 0, 1, 1], 2, { a: 'standard', b: 'none' }, 'fill');
    expect(of(filled, 'a').centre).toBe(1);
  });

  it('of clusters without rows, or without values, say so', () => {
    const found = profilesOf(table(numbers('a', [1, 2]), numbers('b', [5, 7]), text('c', ['x', 'y'])), [0, 2], 3, {
      a: 'standard',
    });
    expect(found[1]).toMatchObject({ size: 0, share: 0, name: 'Empty', sentence: 'No rows.' });
    const half = profilesOf(table(numbers('a', [1, 2, 3]), numbers('b', [5, NaN, 6])), [0, 1, 0], 2, { a: 'none' });
    expect(of(half[1], 'b')).toMatchObject({ centre: NaN, median: NaN, effect: 0 });
    const one = profilesOf(table(numbers('a', [1, 2])), [0, 0], 1, { a: 'standard' });
    expect(one[0]).toMatchObject({ name: 'All rows', sentence: 'All rows.', share: 1 });
    expect(of(one[0], 'a')).toMatchObject({ centre: 1.5, rest: NaN, effect: 0 });
  });

  it('that are alike have different names all the same', () => {
    const rows = many(400, (i) => i);
    const alike = profilesOf(
      table(numbers('a', rows.map(normal))),
      rows.map((i) => i % 4),
      4,
      { a: 'standard' },
    );
    expect(new Set(alike.map(({ name }) => name)).size).toBe(4);
    expect(alike[0].sentence).toBe('Near the average in everything.');
    // Two of high a, which differ in b.
    const twins = table(
      numbers(
        'a',
        rows.map((i) => (i % 4 < 2 ? 10 : 0) + normal()),
      ),
      numbers(
        'b',
        rows.map((i) => (i % 2 === 0 ? 3 : 0) + normal()),
      ),
    );
    const names = profilesOf(
      twins,
      rows.map((i) => i % 4),
      4,
      { a: 'standard', b: 'standard' },
    ).map(({ name }) => name);
    expect(names.slice(0, 2)).toEqual(['High a, high b', 'High a, low b']);
  });

  it('of truths, dates and cycles have words of their own', () => {
    const rows = many(600, (i) => i);
    const all = table(
      numbers(
        'late',
        rows.map((i) => (i % 2 === 0 ? Number(i % 10 > 0) : Number(i % 9 === 0))),
        'boolean',
      ),
      numbers(
        'day',
        rows.map((i) => Date.UTC(2001, i % 2 === 0 ? 0 : 6, 1 + (i % 20))),
        'date',
      ),
      numbers(
        'wind',
        rows.map((i) => (i % 2 === 0 ? 1430 : 700) + 5 * normal()),
      ),
    );
    const [even, odd] = profilesOf(
      all,
      rows.map((i) => i % 2),
      2,
      { late: 'standard', day: 'standard', wind: 'cyclic' },
    );
    expect(even.sentence).toMatch(/[Mm]ostly late \(80%; the rest 11%\)/);
    expect(odd.sentence).toMatch(/[Ss]eldom late \(11%; the rest 80%\)/);
    expect(even.sentence).toMatch(/[Ee]arly day \(2001-01-10; the rest 2001-07-11\)/);
    expect(even.sentence).toMatch(/[Ww]ind around 1,430 \(the rest 700\)/);
  });
});

describe('colours', () => {
  it('of a first run are those of the largest clusters first', () => {
    expect(matchColours(null, Uint32Array.of(2, 2, 2, 0, 1, 1), 4)).toEqual([2, 1, 0, 3]);
  });

  it('stay with their rows, whatever their numbers are', () => {
    const before = Uint32Array.of(0, 0, 0, 1, 1, 2);
    const now = Uint32Array.of(1, 1, 1, 2, 2, 0);
    expect(matchColours({ labels: before, colours: [4, 7, 1], k: 3 }, now, 3)).toEqual([1, 4, 7]);
  });

  it('of a cluster that is split go to its larger part, and a free one to the other', () => {
    const before = Uint32Array.of(0, 0, 0, 0, 0, 1, 1, 1);
    const now = Uint32Array.of(0, 0, 1, 1, 1, 2, 2, 2);
    expect(matchColours({ labels: before, colours: [0, 1], k: 2 }, now, 3)).toEqual([2, 0, 1]);
  });

  it('of other rows are new', () => {
    expect(matchColours({ labels: Uint32Array.of(0), colours: [5], k: 1 }, Uint32Array.of(0, 0), 1)).toEqual([0]);
  });

  it('are never the same for two clusters', () => {
    const runs = fc.integer({ min: 1, max: 9 }).chain((k) =>
      fc.record({
        k: fc.constant(k),
        labels: fc.array(fc.integer({ min: 0, max: k - 1 }), { minLength: 30, maxLength: 30 }),
      }),
    );
    fc.assert(
      fc.property(runs, runs, (a, b) => {
        const first = Uint32Array.from(a.labels);
        const colours = matchColours(null, first, a.k);
        const next = matchColours({ labels: first, colours, k: a.k }, Uint32Array.from(b.labels), b.k);
        expect(new Set(next).size).toBe(b.k);
        expect(matchColours({ labels: first, colours, k: a.k }, first, a.k)).toEqual(colours);
      }),
    );
  });
});

it('clusters are ranked by size', () => {
  expect(rankClusters(Float64Array.of(3, 9, 3, 0))).toEqual([1, 0, 2, 3]);
});
