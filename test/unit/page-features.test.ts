/** What the page makes of columns: summaries, suggestions, points and back, and values in words. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { toCircle } from '../../demo/features/circle.ts';
import type { Choices, ColumnChoice, ColumnSummary, Scaling } from '../../demo/features/features.ts';
import {
  clock,
  formatNumber,
  formatOnCircle,
  formatShare,
  formatShort,
  formatSpan,
  formatValue,
  ticks,
  YEAR,
} from '../../demo/features/format.ts';
import { ChoiceError, centreOf, prepare, toScaled, toValue, valueOfPair } from '../../demo/features/prepare.ts';
import { suggestedChoices, summaries } from '../../demo/features/summaries.ts';
import type { Column, NumberColumn, Table } from '../../demo/tables/table.ts';
import { Random } from '../../src/random.ts';
import { runNow } from '../../src/steps.ts';
import { many, numbers, table, text } from './page-columns.ts';

const { NaN: NONE } = Number;

const summary = (column: Column): ColumnSummary => runNow(summaries(table(column)))[0];
/** Beside another column, so that it is not used for want of others. */
const suggestion = (column: Column): ColumnSummary => {
  const n = column.measure === 'text' ? column.codes.length : column.values.length;
  return runNow(
    summaries(
      table(
        column,
        numbers(
          'other',
          Array.from({ length: n }, (_, i) => Math.sin(i)),
        ),
      ),
    ),
  )[0];
};

const random = new Random(7);
const uniform = () => random.uniform();
const normal = () => random.normal();

describe('summaries', () => {
  it('tell what numbers there are, and that infinities are none', () => {
    const { least, greatest, mean, deviation, missing, distinct, isInteger, reason, quantiles } = summary(
      numbers('a', [4, NONE, 2, Infinity, 2, 8]),
    );
    expect({ least, greatest, mean, missing, distinct, isInteger }).toEqual({
      least: 2,
      greatest: 8,
      mean: 4,
      missing: 2,
      distinct: 3,
      isInteger: true,
    });
    expect(deviation).toBeCloseTo(Math.sqrt(6), 12);
    expect(quantiles[2]).toBe(3);
    expect(reason).toBe('one infinite value counts as missing');
  });

  it('are exact beside a large offset', () => {
    const { mean, deviation } = summary(
      numbers(
        'a',
        many(40_000, (i) => 1e12 + (i % 2)),
      ),
    );
    expect(mean).toBe(1e12 + 0.5);
    expect(deviation).toBe(0.5);
  });

  it('of the types of array are the same', () => {
    const values = many(300, (i) => (i * i) % 101);
    const expected = summary(numbers('a', values));
    for (const Type of [Float32Array, Int32Array, Int16Array, Int8Array, Uint32Array, Uint16Array, Uint8Array]) {
      expect(summary({ name: 'a', measure: 'number', values: Type.from(values) })).toEqual(expected);
    }
  });

  it('count distinct values of all rows, not of the sample alone', () => {
    // One row in 30,000 has a value of its own: a sample of a third misses most of them.
    const values = new Int32Array(300_000).map((_, i) => (i % 30_000 === 17_001 ? i : 5));
    expect(summary({ name: 'a', measure: 'number', values }).distinct).toBe(11);
    expect(summary(numbers('a', [0, -0, 0])).distinct).toBe(1);
    expect(
      summary(
        numbers(
          'a',
          many(1000, (i) => i / 7),
        ),
      ).distinct,
    ).toBe(1000);
    expect(
      summary(
        numbers(
          'a',
          many(1001, (i) => i / 7),
        ),
      ).distinct,
    ).toBe(Infinity);
    const zeros = new Float64Array(150_000).map((_, i) => [0, 1, -0, 1][i % 4]);
    expect(summary({ name: 'a', measure: 'number', values: zeros }).distinct).toBe(2);
    const wide = new Float64Array(150_000).map((_, i) => (i % 1000) / 3);
    expect(summary({ name: 'a', measure: 'number', values: wide }).distinct).toBe(1000);
    // The sample has a thousand or fewer, all rows more.
    const rare = new Float64Array(400_000).map((_, i) => (i % 200 === 0 ? i : 0));
    expect(summary({ name: 'a', measure: 'number', values: rare }).distinct).toBe(Infinity);
  });

  it('have a histogram of what lies between the outer quantiles', () => {
    const { histogram } = summary(
      numbers(
        'a',
        many(24_001, (i) => i),
      ),
    );
    expect(histogram).toHaveLength(24);
    expect(Math.min(...histogram)).toBeGreaterThan(985);
    expect(Math.max(...histogram)).toBeLessThan(995);
    const flat = summary(numbers('a', [3, 3, 3, NONE])).histogram;
    expect(flat[0]).toBe(3);
    expect(flat.slice(1).every((count) => count === 0)).toBe(true);
  });

  it('of a sample have quantiles near the true ones', () => {
    const values = new Float64Array(400_000).map((_, i) => (i * 7919) % 400_000);
    const { quantiles } = summary({ name: 'a', measure: 'number', values });
    [0.005, 0.25, 0.5, 0.75, 0.995].forEach((share, i) => {
      expect(Math.abs(quantiles[i] / 400_000 - share)).toBeLessThan(0.005);
    });
  });

  it('of text count its words, and name the most frequent', () => {
    const found = summary(text('where', ['c', 'a', 'b', '', 'b', 'a', 'b']));
    expect(found).toMatchObject({ measure: 'text', missing: 1, distinct: 3, least: NONE, histogram: [] });
    expect(found.words).toEqual([
      ['b', 3],
      ['a', 2],
      ['c', 1],
    ]);
    const letters = Array.from('abcdefghijklmnop').flatMap((letter, i) => Array<string>(20 - i * (i % 2)).fill(letter));
    expect(
      summary(text('letter', letters))
        .words.map(([letter]) => letter)
        .join(''),
    ).toBe('acegikmobd');
  });

  it('of nothing and of one row are there', () => {
    expect(summary(numbers('a', []))).toMatchObject({ missing: 0, distinct: 0, mean: NONE, reason: 'empty' });
    expect(summary(numbers('a', [7]))).toMatchObject({
      least: 7,
      mean: 7,
      deviation: 0,
      reason: 'the same in all rows',
    });
    expect(summary(numbers('a', [NONE, NONE]))).toMatchObject({
      missing: 2,
      least: NONE,
      deviation: NONE,
      isInteger: false,
    });
    expect(runNow(summaries({ name: '', n: 0, columns: [], remarks: [] }))).toEqual([]);
    const { suggested, reason } = summary(text('a', ['', '']));
    expect([suggested.isUsed, reason]).toEqual([false, 'empty']);
  });

  it('are the same of small whole numbers whatever they are kept in', () => {
    const some = (min: number, max: number) => fc.array(fc.integer({ min, max }), { minLength: 1, maxLength: 300 });
    const kinds = [
      fc.record({ kind: fc.constant(Int8Array), n: fc.constant(256), values: some(-128, 127) }),
      fc.record({ kind: fc.constant(Uint8Array), n: fc.constant(300), values: some(0, 255) }),
      fc.record({ kind: fc.constant(Int16Array), n: fc.constant(2 ** 16), values: some(-32768, 32767) }),
      fc.record({ kind: fc.constant(Uint16Array), n: fc.constant(70_000), values: some(0, 65535) }),
    ];
    fc.assert(
      fc.property(fc.oneof(...kinds), ({ kind, n, values }) => {
        // Over and over, in no order.
        const all = Array.from({ length: n }, (_, i) => values[(i * 7919) % values.length]);
        const { mean, deviation, ...small } = summary({ name: 'a', measure: 'number', values: new kind(all) });
        const { mean: wideMean, deviation: wideDeviation, ...rest } = summary(numbers('a', all));
        expect(small).toEqual(rest);
        expect([mean, deviation]).toEqual([expect.closeTo(wideMean, 7), expect.closeTo(wideDeviation, 6)]);
      }),
      { numRuns: 60 },
    );
  });

  it('know of order, and of every number once, in small whole numbers too', () => {
    const of = (values: NumberColumn['values']) => summary({ name: 'a', measure: 'number', values }).reason;
    const up = Int16Array.from({ length: 2 ** 16 }, (_, i) => i - 2 ** 15);
    const mixed = up.map((_, i) => up[(i * 7) % 2 ** 16]);
    for (const values of [up, up.slice().reverse(), mixed]) expect(of(values)).toContain('row number');
    expect(of(mixed.map((value) => Math.max(0, value)))).not.toContain('row number');
  });

  it('of many small whole numbers have quantiles of them all', () => {
    const values = Uint16Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 1000);
    expect(summary({ name: 'a', measure: 'number', values }).quantiles).toEqual([
      expect.closeTo(4.5, 0),
      expect.closeTo(249.5, 0),
      expect.closeTo(499.5, 0),
      expect.closeTo(749.5, 0),
      expect.closeTo(994.5, 0),
    ]);
  });

  it('yield at least once for each 20,000 rows', () => {
    const steps = summaries(table({ name: 'a', measure: 'number', values: new Float64Array(200_000) }));
    let turns = 0;
    while (!steps.next().done) turns++;
    expect(turns).toBeGreaterThanOrEqual(10);
  });
});

it('suspects numbers that are far from all others and known for meaning nothing', () => {
  const values = Array.from({ length: 100 }, (_, i) => 10 + Math.sin(i));
  const reasonOf = (others: number[]) => runNow(summaries(table(numbers('a', [...values, ...others]))))[0].reason;
  expect(reasonOf([-9999, -9999])).toMatch(/-9999, in 2% of the rows, may mean that the value is missing$/);
  expect(reasonOf([99999])).toMatch(/99999, in/);
  expect(reasonOf([-9998])).not.toMatch(/missing/);
  expect(reasonOf([])).not.toMatch(/missing/);
});

describe('suggestions', () => {
  const used = (scaling: Scaling) => ({ isUsed: true, scaling });
  const hundred = (value: (i: number) => number) => many(100, value);

  it.each<[string, Column, string]>([
    ['text', text('a', hundred((i) => i).map(String)), 'text'],
    [
      'what is always the same',
      numbers(
        'a',
        hundred(() => 3),
      ),
      'the same in all rows',
    ],
    [
      'what is the same or missing',
      numbers(
        'a',
        hundred((i) => (i < 9 ? NONE : 3)),
      ),
      'the same wherever',
    ],
    [
      'what is mostly missing',
      numbers(
        'a',
        hundred((i) => (i < 41 ? NONE : uniform())),
      ),
      '41% of its values are missing',
    ],
    [
      'row numbers',
      numbers(
        'a',
        hundred((i) => i + 1),
      ),
      'row number',
    ],
    [
      'row numbers with gaps, descending',
      numbers(
        'a',
        hundred((i) => -3 * i * i),
      ),
      'row number',
    ],
    [
      'row numbers in any order',
      numbers(
        'a',
        hundred((i) => (i * 37) % 100),
      ),
      'row number',
    ],
    [
      'what is named id',
      numbers(
        'customer_id',
        hundred((i) => (i * i) % 29),
      ),
      'tells rows apart',
    ],
    [
      'what is namedId',
      numbers(
        'shopId',
        hundred((i) => (i * i) % 29),
      ),
      'tells rows apart',
    ],
    [
      'dates',
      numbers(
        'day',
        hundred((i) => (i * i) % 29),
        'date',
      ),
      'a date',
    ],
  ])('leave out %s', (_, column, reason) => {
    const found = suggestion(column);
    expect(found.suggested.isUsed).toBe(false);
    expect(found.reason).toContain(reason);
  });

  it.each<[string, Column, Scaling]>([
    [
      'bell-shaped numbers',
      numbers(
        'a',
        many(2000, () => 5 + normal()),
      ),
      'standard',
    ],
    [
      'exponential ones, as waiting times are',
      numbers(
        'a',
        many(2000, () => -Math.log(1 - uniform())),
      ),
      'standard',
    ],
    [
      'sums of money',
      numbers(
        'a',
        many(2000, () => Math.exp(8 + 1.5 * normal())),
      ),
      'log',
    ],
    [
      'counts that are mostly 0',
      numbers(
        'a',
        many(2000, (i) => (i % 3 === 0 ? Math.floor(Math.exp(6 * uniform())) : 0)),
      ),
      'log',
    ],
    [
      'numbers with some far out',
      numbers(
        'a',
        many(2000, (i) => (i % 50 === 0 ? 1e5 * normal() : normal())),
      ),
      'robust',
    ],
    [
      'numbers of which one in six is of a group that lies apart',
      numbers(
        'a',
        many(2000, (i) => (i % 6 === 0 ? 9 : 0) + normal() / 2),
      ),
      'standard',
    ],
    [
      'times of day',
      numbers(
        'a',
        many(200, (i) => (i * 101) % 1440),
        'time',
      ),
      'cyclic',
    ],
    [
      'truths',
      numbers(
        'a',
        many(200, (i) => (i % 40 === 0 ? 1 : 0)),
        'boolean',
      ),
      'standard',
    ],
    [
      '0 and 1 as numbers',
      numbers(
        'a',
        many(2000, (i) => (i % 40 === 0 ? 1 : 0)),
      ),
      'standard',
    ],
    [
      'hours',
      numbers(
        'hour',
        many(200, (i) => (i * 7) % 24),
      ),
      'cyclic',
    ],
    [
      'what is only called so',
      numbers(
        'hours',
        many(200, (i) => (i * 7) % 80),
      ),
      'standard',
    ],
    [
      'hours of an office',
      numbers(
        'hour',
        many(200, (i) => 8 + ((i * i) % 10)),
      ),
      'standard',
    ],
    [
      'whole numbers of which one is there twice',
      numbers(
        'a',
        many(100, (i) => ((i * 37) % 100 === 50 ? 51 : (i * 37) % 100)),
      ),
      'standard',
    ],
    [
      'a grid, whose name ends as an id',
      numbers(
        'grid',
        many(200, (i) => (i * i) % 31),
      ),
      'standard',
    ],
  ])('take %s', (_, column, scaling) => {
    expect(suggestion(column).suggested).toMatchObject(used(scaling));
  });

  it('know the periods', () => {
    expect(
      suggestion(
        numbers(
          'a',
          many(200, (i) => (i * 101) % 1440),
          'time',
        ),
      ).suggested.period,
    ).toBe(1440);
    expect(
      suggestion(
        numbers(
          'hour',
          many(200, (i) => (i * 7) % 24),
        ),
      ).suggested.period,
    ).toBe(24);
    expect(
      suggestion(
        numbers(
          'wind_direction',
          many(200, (i) => (i * 77) % 360),
        ),
      ).suggested.period,
    ).toBe(360);
    expect(
      suggestion(
        numbers(
          'a',
          many(200, (i) => 1e9 * i * i),
          'date',
        ),
      ).suggested.period,
    ).toBe(YEAR);
    expect(
      suggestion(
        numbers(
          'a',
          many(200, (i) => (i * i) % 7),
        ),
      ).suggested.period,
    ).toBe(5);
  });

  it('say which column could be weights', () => {
    const { suggested, reason } = suggestion(
      numbers(
        'Weight',
        many(200, () => 1 + uniform()),
      ),
    );
    expect([suggested.isUsed, reason]).toEqual([true, 'could be the weights of the rows']);
    expect(
      suggestion(
        numbers(
          'weight',
          many(200, () => uniform() - 0.5),
        ),
      ).reason,
    ).toBe('');
  });

  it('leave columns of one unit unscaled', () => {
    const pixels = many(12, (j) => j).map((j) =>
      numbers(
        `pixel ${j}`,
        many(400, () => (j === 0 ? 0 : Math.floor((j === 1 ? 2 : 17) * uniform()))),
      ),
    );
    const found = runNow(summaries(table(...pixels)));
    expect(found[0].suggested.isUsed).toBe(false);
    expect(found.slice(1).every(({ suggested }) => suggested.isUsed && suggested.scaling === 'none')).toBe(true);
    const mixed = pixels.map((column, j) => ({ ...column, values: column.values.map((value) => value * 10 ** j) }));
    expect(runNow(summaries(table(...mixed))).map(({ suggested }) => suggested.scaling)).not.toContain('none');
    const colours = ['L', 'a', 'b'].map((name) =>
      numbers(
        name,
        many(200, () => uniform()),
      ),
    );
    expect(runNow(summaries(table(...colours))).map(({ suggested }) => suggested.scaling)).toEqual(
      Array(3).fill('none'),
    );
  });

  it('leave out where pixels are', () => {
    const place = {
      ...numbers(
        'x',
        many(200, (i) => (i * i) % 31),
      ),
      isPlace: true as const,
    };
    expect(suggestion(place).suggested.isUsed).toBe(false);
    const { isPlace: _, ...other } = place;
    expect(suggestion(other).suggested.isUsed).toBe(true);
  });

  it('are never nothing where something varies', () => {
    const day = numbers(
      'day',
      many(50, (i) => i * 864e5),
      'date',
    );
    const id = numbers(
      'id',
      many(50, (i) => i),
    );
    expect(runNow(summaries(table(id, day))).map(({ suggested }) => suggested.isUsed)).toEqual([false, true]);
    expect(runNow(summaries(table(id))).map(({ suggested }) => suggested.isUsed)).toEqual([true]);
  });

  it('fill gaps where too many rows would be lost', () => {
    const gappy = (name: string, share: number, at: number) =>
      numbers(
        name,
        many(1000, (i) => ((i + at) % 100 < 100 * share ? NONE : normal())),
      );
    const choose = (...columns: Column[]) => {
      const all = table(...columns);
      return suggestedChoices(runNow(summaries(all)), all).gaps;
    };
    expect(choose(gappy('a', 0.15, 0), gappy('b', 0.15, 0))).toBe('leave-out');
    expect(choose(gappy('a', 0.15, 0), gappy('b', 0.15, 50))).toBe('fill');
  });
});

function choicesOf(
  all: Table,
  scalings: readonly (Scaling | null)[],
  more: Partial<Choices> = {},
  period = 1440,
): Choices {
  const columns = all.columns.map(
    (_, i): ColumnChoice => ({ isUsed: scalings[i] != null, scaling: scalings[i] ?? 'standard', period }),
  );
  return { columns, weights: null, gaps: 'leave-out', ...more };
}

function prepared(all: Table, scalings: readonly (Scaling | null)[], more: Partial<Choices> = {}, period = 1440) {
  return runNow(prepare(all, choicesOf(all, scalings, more, period), runNow(summaries(all))));
}

const columnOf = ({ data, d, n }: { data: Float32Array; d: number; n: number }, j: number) =>
  many(n, (i) => data[i * d + j]);
const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
const varianceOf = (values: readonly number[]) => {
  const mean = meanOf(values);
  return meanOf(values.map((value) => (value - mean) ** 2));
};

describe('points', () => {
  it('of a circle are the same from a table as computed', () => {
    const minutes = Uint16Array.from({ length: 20_000 }, (_, i) => 5 + ((i * 7919) % 1440));
    const all = Float64Array.from(minutes);
    const [known, computed] = [minutes, all].map((values) => {
      const [sines, cosines] = [new Float64Array(20_000), new Float64Array(20_000)];
      toCircle({ name: 'a', measure: 'time', values }, 1440, [5, 1444])(all, 0, 20_000, sines, cosines);
      return [sines, cosines];
    });
    expect(known).toEqual(computed);
    expect(computed[0][3]).toBe(Math.sin((2 * Math.PI * all[3]) / 1440));
  });

  const delay = numbers(
    'delay',
    many(5000, () => 30 * normal() ** 3),
  );
  const price = numbers(
    'price',
    many(5000, () => Math.exp(3 * normal())),
  );
  const time = numbers(
    'time',
    many(5000, () => (1440 + 300 * normal()) % 1440),
    'time',
  );
  const all = table(delay, price, time);

  it('standardised have mean 0 and deviation 1, of all the pieces', () => {
    const points = prepared(
      table(
        numbers(
          'a',
          many(40_000, (i) => 1e9 + (i % 1000)),
        ),
      ),
      ['standard'],
    );
    expect(points).toMatchObject({ n: 40_000, d: 1, rows: null, weights: null, leftOut: 0, filled: 0 });
    expect(meanOf(columnOf(points, 0))).toBeCloseTo(0, 6);
    expect(varianceOf(columnOf(points, 0))).toBeCloseTo(1, 6);
  });

  it('of a logarithm are the same', () => {
    const points = prepared(all, [null, 'log', null]);
    expect(varianceOf(columnOf(points, 0))).toBeCloseTo(1, 5);
    const { values } = all.columns[1] as NumberColumn;
    const sorted = [...values].sort((a, b) => a - b);
    expect(points.features[0].parameter).toBeCloseTo(sorted[499] + 0.9 * (sorted[500] - sorted[499]), 12);
    // Of counts, of which many are 0, it is 1.
    expect(
      prepared(
        table(
          numbers(
            'a',
            many(100, (i) => i % 10),
          ),
        ),
        ['log'],
      ).features[0].parameter,
    ).toBe(1);
  });

  it('of a logarithm keep the order and the sign of negative numbers', () => {
    const points = prepared(table(numbers('a', [-1000, -10, -1, 0, 1, 10, 1000])), ['log']);
    const scaled = columnOf(points, 0);
    expect(scaled).toEqual([...scaled].sort((a, b) => a - b));
    expect(scaled[3]).toBeCloseTo(0, 6);
    expect(scaled[0]).toBeCloseTo(-scaled[6], 6);
  });

  it('of quartiles have a median of 0, whatever lies far out', () => {
    const points = prepared(table(numbers('a', [1, 2, 3, 4, 1e9])), ['robust']);
    expect(points.features[0]).toMatchObject({ centre: 3, unit: 2 / 1.349 });
    // Three of four are alike: the distance of quartiles is nothing.
    expect(prepared(table(numbers('a', [2, 2, 2, 2, 2, 2, 2, 6])), ['robust']).features[0].unit).toBeCloseTo(
      Math.sqrt(1.75),
      12,
    );
  });

  it('left as they are lose nothing to a large mean', () => {
    const points = prepared(table(numbers('a', [1e12, 1e12 + 1, 1e12 + 5])), ['none']);
    expect(columnOf(points, 0)).toEqual([-2, -1, 3]);
    expect(points.features[0]).toMatchObject({ centre: 1e12 + 2, unit: 1 });
  });

  it('of a cycle are pairs that weigh as one standardised feature, near midnight too', () => {
    const points = prepared(all, [null, null, 'cyclic']);
    expect(points.features.map(({ name, part }) => [name, part])).toEqual([
      ['sin(time)', 'sine'],
      ['cos(time)', 'cosine'],
    ]);
    expect(varianceOf(columnOf(points, 0)) + varianceOf(columnOf(points, 1))).toBeCloseTo(1, 5);
    const seam = prepared(table(numbers('t', [1439, 0, 1, 720], 'time')), ['cyclic']);
    const distance = (a: number, b: number) =>
      Math.hypot(seam.data[2 * a] - seam.data[2 * b], seam.data[2 * a + 1] - seam.data[2 * b + 1]);
    expect(distance(0, 1)).toBeCloseTo(distance(1, 2), 5);
    expect(distance(0, 2)).toBeLessThan(distance(0, 3) / 100);
  });

  it('leave rows with gaps out, and say which are left', () => {
    const gaps = table(
      numbers('a', [1, NONE, 3, 4, -Infinity]),
      numbers('b', [5, 6, 8, NONE, 9]),
      numbers(
        'c',
        many(5, () => NONE),
      ),
    );
    const points = prepared(gaps, ['none', 'none', null]);
    expect(points).toMatchObject({ n: 2, leftOut: 3, filled: 0 });
    expect(points.rows).toEqual(Uint32Array.of(0, 2));
    expect([...points.data]).toEqual([-1, -1.5, 1, 1.5]);
    expect(points.features[0]).not.toHaveProperty('fill');
  });

  it('fill gaps with the median, of times with the mean direction, and count them', () => {
    const gaps = table(numbers('a', [1, NONE, 3, 8]), numbers('t', [1420, 20, NONE, NONE], 'time'));
    const points = prepared(gaps, ['none', 'cyclic'], { gaps: 'fill' });
    expect(points).toMatchObject({ n: 4, rows: null, leftOut: 0, filled: 3 });
    const [value, sine, cosine] = points.features;
    expect(value.fill).toBe(3);
    expect(toValue(value, points.data[3])).toBe(3);
    const filled = valueOfPair(sine, cosine, points.data[7], points.data[8]);
    expect(Math.min(filled, 1440 - filled)).toBeLessThan(1e-3);
  });

  it('go there and back', () => {
    const points = prepared(all, ['robust', 'log', 'cyclic']);
    fc.assert(
      fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), (value) => {
        for (const feature of points.features.slice(0, 2)) {
          expect(Math.abs(toValue(feature, toScaled(feature, value)) - value)).toBeLessThanOrEqual(
            1e-9 * (1 + Math.abs(value)),
          );
        }
        const [, , sine, cosine] = points.features;
        const time = valueOfPair(sine, cosine, toScaled(sine, value), toScaled(cosine, value));
        expect(time).toBeGreaterThanOrEqual(0);
        expect(time).toBeLessThanOrEqual(1440);
        const apart = Math.abs(time - (((value % 1440) + 1440) % 1440));
        expect(Math.min(apart, 1440 - apart)).toBeLessThan(1e-6);
      }),
    );
    points.features.forEach((feature, j) => {
      const { values } = all.columns[feature.column] as NumberColumn;
      for (const i of [0, 77, 4999])
        expect(points.data[i * points.d + j]).toBe(Math.fround(toScaled(feature, values[i])));
    });
  });

  it('have centres in the units of the columns', () => {
    const points = prepared(all, ['standard', 'log', 'cyclic']);
    const scaled = points.features.map((feature) =>
      toScaled(feature, feature.column === 0 ? 12 : feature.column === 1 ? 250 : 1430),
    );
    const centres = centreOf(points.features, [...scaled.map(() => 0), ...scaled], 1);
    expect(centres.map(({ column }) => column)).toEqual([0, 1, 2]);
    for (const [i, value] of [12, 250, 1430].entries()) expect(centres[i].value).toBeCloseTo(value, 6);
  });

  it('have dates of all times', () => {
    const dates = numbers('when', [-8.64e15, 0, 8.64e15], 'date');
    const points = prepared(table(dates), ['cyclic'], {}, 864e5 * 7);
    expect(points.data.every(Number.isFinite)).toBe(true);
    expect(toValue(prepared(table(dates), ['standard']).features[0], 0)).toBe(0);
  });

  it('have weights of their rows', () => {
    const weighted = table(numbers('a', [1, NONE, 3]), numbers('w', [2, -1, 0.5]));
    expect(prepared(weighted, ['none', null], { weights: 1 }).weights).toEqual(Float32Array.of(2, 0.5));
  });

  it.each<[string, Column[], (Scaling | null)[], Partial<Choices>, RegExp]>([
    ['no column', [numbers('a', [1, 2])], [null], {}, /^No column is chosen/],
    ['text alone', [text('where', ['x', 'y'])], [null], {}, /^This table has no column of numbers/],
    ['text', [text('where', ['x', 'y'])], ['standard'], {}, /^“where” is text/],
    ['a constant', [numbers('a', [2, 2])], ['standard'], {}, /^“a” is the same in all rows/],
    [
      'a constant of what is left',
      [numbers('a', [2, 2, 3]), numbers('b', [1, 5, NONE])],
      ['standard', 'none'],
      {},
      /^“a” is the same/,
    ],
    ['one row', [numbers('a', [2])], ['none'], {}, /^“a” is the same/],
    ['nothing at all', [numbers('a', [NONE, NONE])], ['standard'], {}, /^“a” has no value in any row/],
    [
      'nothing to fill with',
      [numbers('a', [NONE, NONE])],
      ['standard'],
      { gaps: 'fill' },
      /^“a” has no value that gaps/,
    ],
    [
      'no complete row',
      [numbers('a', [NONE, 2, NONE]), numbers('b', [1, NONE, 2])],
      ['standard', 'none'],
      {},
      /^No row has a value in all 2 columns. Most gaps, 2, are in “a”/,
    ],
    ['the same place of all periods', [numbers('a', [10, 1450, 2890])], ['cyclic'], {}, /^“a” is at the same place/],
    ['numbers too large', [numbers('a', [-1e300, 1e300])], ['standard'], {}, /^“a” has numbers too far apart/],
    ['numbers too large for float32', [numbers('a', [0, 1e39])], ['none'], {}, /^“a” has numbers too large/],
    [
      'negative weights',
      [numbers('a', [1, 2]), numbers('w', [1, -2])],
      ['none'],
      { weights: 1 },
      /row 2, in “w”, is negative/,
    ],
    [
      'missing weights',
      [numbers('a', [NONE, 1, 2]), numbers('w', [1, 2, NONE])],
      ['none'],
      { weights: 1 },
      /row 3, in “w”, is missing/,
    ],
    ['no weight', [numbers('a', [1, 2]), numbers('w', [0, 0])], ['none'], { weights: 1 }, /^All weights in “w” are 0/],
    ['weights of text', [numbers('a', [1, 2]), text('w', ['a', 'b'])], ['none'], { weights: 1 }, /^“w” is text/],
  ])('refuse %s in words', (_, columns, scalings, more, message) => {
    const refused = () => prepared(table(...columns), scalings, more);
    expect(refused).toThrow(ChoiceError);
    expect(refused).toThrow(message);
  });

  it('refuse a period of nothing', () => {
    expect(() => prepared(table(numbers('a', [1, 2])), ['cyclic'], {}, 0)).toThrow(/period of “a”/);
  });
});

describe('words', () => {
  it.each([
    [0, '0'],
    [-0.0001, '−0.0001'],
    [1950.4, '1,950'],
    [2.71328, '2.71'],
    [-12.345, '−12.3'],
    [0.000012, '1.2×10⁻⁵'],
    [-6.02e23, '−6.02×10²³'],
    [NONE, '–'],
    [-Infinity, '−∞'],
  ])('of the number %s', (value, words) => {
    expect(formatNumber(value)).toBe(words);
  });

  it('of numbers are those of Intl', () => {
    const random = new Random(1);
    const any = Array.from({ length: 2000 }, () => (random.uniform() - 0.5) * 10 ** (random.uniform() * 18 - 3));
    // With halves, which are no binary numbers.
    const short = Array.from({ length: 4000 }, (_, i) => (i - 2000) / 1000);
    const written = (value: number, leastDigits: number, mostDigits: number) =>
      value
        .toLocaleString('en', { minimumFractionDigits: leastDigits, maximumFractionDigits: mostDigits })
        .replace(/^-(?=0(\.0*)?$)/, '')
        .replace('-', '−');
    for (const value of [...any, ...short].filter((value) => Math.abs(value) >= 1e-4)) {
      const most = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
      expect(formatNumber(value)).toBe(written(value, 0, Math.min(most, 20)));
      for (const digits of [1, 2, 9]) {
        expect(formatValue('number', value, 10 ** -digits)).toBe(written(value, digits, digits));
      }
    }
    expect(formatValue('number', 0.3, 1e-20)).toBe('0.30000000000000000000');
    expect(formatValue('number', 1e23, 1)).toBe('100,000,000,000,000,000,000,000');
  });

  it('of what a step hides have no sign', () => {
    expect(formatValue('number', -0.2, 1)).toBe('0');
    expect(formatValue('number', -0.04, 0.1)).toBe('0.0');
    expect(formatValue('number', -1.25, 0.01)).toBe('−1.25');
  });

  it.each([
    [164_385_225, '164M'],
    [-1.5e9, '−1.5B'],
    [645_888, '645,888'],
    [0, '0'],
    [2e18, '2×10¹⁸'],
  ])('of %s in a sentence', (value, words) => {
    expect(formatShort(value)).toBe(words);
  });

  it('of places in a cycle', () => {
    expect(formatOnCircle('time', 845, 1440)).toBe('14:05');
    expect(formatOnCircle('number', 350, 360)).toBe('350');
    expect(formatOnCircle('date', 70 * 864e5, YEAR)).toBe('12 Mar');
    expect(formatOnCircle('date', 6 * 36e5, 864e5)).toBe('06:00');
    expect(formatOnCircle('date', 3 * 864e5, 7 * 864e5)).toBe('3 days');
  });

  it.each([
    [0, '00:00'],
    [1440, '00:00'],
    [1439.7, '00:00'],
    [-90, '22:30'],
    [-0.2, '00:00'],
    [2250, '13:30'],
    [NONE, '–'],
  ])('of the time %s', (minutes, words) => {
    expect(clock(minutes)).toBe(words);
  });

  it('of seconds where the step needs them', () => {
    expect(clock(845.5, 0.5)).toBe('14:05:30');
    expect(clock(-1 / 60, 1 / 60)).toBe('23:59:59');
    expect(clock(1439.9999, 1 / 60)).toBe('00:00:00');
    expect(clock(0.0025, 0.1 / 60)).toBe('00:00:00.2');
  });

  it('of dates, as far as there are any and beyond', () => {
    expect(formatValue('date', Date.UTC(2001, 2, 12))).toBe('2001-03-12');
    expect(formatValue('date', Date.UTC(2001, 2, 12, 14, 5))).toBe('2001-03-12 14:05');
    expect(formatValue('date', Date.UTC(2001, 2, 12, 14, 5, 9))).toBe('2001-03-12 14:05:09');
    expect(formatValue('date', Date.UTC(2001, 2, 12, 14, 5), 864e5)).toBe('2001-03-12');
    expect(formatValue('date', 8.64e15)).toBe('275760-09-13');
    expect(formatValue('date', 1e17)).toBe('year 3,170,843');
  });

  it('of truths and shares', () => {
    expect([0, 1, 0.25, NONE].map((value) => formatValue('boolean', value))).toEqual(['no', 'yes', '25%', '–']);
    expect([0, 0.0004, 0.034, 0.5, 0.9994, 1].map(formatShare)).toEqual([
      '0%',
      '< 0.1%',
      '3.4%',
      '50%',
      '> 99.9%',
      '100%',
    ]);
  });

  it('of distances', () => {
    expect(formatSpan('time', 90)).toBe('1 h 30 min');
    expect(formatSpan('time', 5)).toBe('5 min');
    expect(formatSpan('date', 12 * 864e5)).toBe('12 days');
    expect(formatSpan('date', 864e5)).toBe('1 day');
    expect(formatSpan('date', 3 * YEAR)).toBe('3 years');
    expect(formatSpan('number', 580.2)).toBe('580');
  });
});

describe('ticks', () => {
  const labels = (...given: Parameters<typeof ticks>) => ticks(...given).map(({ label }) => label);

  it('of numbers are 1, 2 or 5 apart', () => {
    expect(labels('number', 0, 1, 5)).toEqual(['0.0', '0.2', '0.4', '0.6', '0.8', '1.0']);
    expect(ticks('number', 0, 1, 5).map(({ value }) => value)).toEqual([0, 0.2, 0.4, 0.6, 0.8, 1]);
    expect(labels('number', -60, 240, 6)).toEqual(['−50', '0', '50', '100', '150', '200']);
    expect(labels('number', 0, 3e6, 3)).toEqual(['0', '1M', '2M', '3M']);
    expect(labels('component', -1.2, 1.2, 4)).toEqual(['−1', '0', '1']);
    expect(labels('number', 0, 2e-9, 2)).toEqual(['0', '1×10⁻⁹', '2×10⁻⁹']);
  });

  it('of truths are two', () => {
    expect(labels('boolean', -0.4, 1.4, 8)).toEqual(['no', 'yes']);
  });

  it('of times go on behind midnight', () => {
    expect(labels('time', 0, 1440, 8)).toEqual([
      '00:00',
      '03:00',
      '06:00',
      '09:00',
      '12:00',
      '15:00',
      '18:00',
      '21:00',
      '00:00',
    ]);
    expect(labels('time', -120, 120, 4)).toEqual(['22:00', '23:00', '00:00', '01:00', '02:00']);
    expect(labels('time', 60, 61, 2)).toEqual(['01:00:00', '01:00:30', '01:01:00']);
  });

  it('of dates are those of the calendar', () => {
    const at = (...given: [number, number, number?, number?]) => Date.UTC(...given);
    expect(labels('date', at(1999, 5), at(2004, 5), 5)).toEqual(['2000', '2001', '2002', '2003', '2004']);
    expect(labels('date', at(2000, 10, 15), at(2001, 3, 15), 5)).toEqual(['Dec 2000', '2001', 'Feb', 'Mar', 'Apr']);
    expect(labels('date', at(2000, 11, 30), at(2001, 0, 3), 4)).toEqual([
      '30 Dec 2000',
      '31 Dec',
      '1 Jan 2001',
      '2 Jan',
      '3 Jan',
    ]);
    expect(labels('date', at(2001, 0, 3, 18), at(2001, 0, 4, 6), 4)).toEqual([
      '3 Jan 18:00',
      '21:00',
      '4 Jan',
      '03:00',
      '06:00',
    ]);
    expect(labels('date', at(0, 0) - 300 * YEAR, at(0, 0) - 200 * YEAR, 6).length).toBeGreaterThan(3);
    const weeks = ticks('date', at(2001, 0), at(2001, 2), 9).map(({ value }) => new Date(value).getUTCDay());
    expect(weeks.every((day) => day === 1)).toBe(true);
    expect(ticks('date', -1e18, 1e18, 5).length).toBeGreaterThan(2);
  });

  it.each<Parameters<typeof ticks>>([
    ['number', 1, 1, 5],
    ['number', NONE, 1, 5],
    ['time', 0, Infinity, 5],
    ['date', 2, 1, 5],
    ['number', 0, 1, 0],
  ])('are none of %s from %s to %s', (...given) => {
    expect(ticks(...given)).toEqual([]);
  });

  it('lie within, are not too many, and have labels of their own', () => {
    const measures = fc.constantFrom('number' as const, 'date' as const, 'time' as const, 'component' as const);
    const ends = fc.double({ min: -1e13, max: 1e13, noNaN: true });
    fc.assert(
      fc.property(
        measures,
        ends,
        fc.double({ min: 1e-3, max: 1e13, noNaN: true }),
        fc.integer({ min: 1, max: 12 }),
        (measure, low, width, most) => {
          const found = ticks(measure, low, low + width, most);
          expect(found.length).toBeLessThanOrEqual(most + 2);
          const slack = 1e-5 * width + 1e-9 * Math.abs(low);
          for (const { value } of found) expect(value >= low - slack && value <= low + width + slack).toBe(true);
          if (measure === 'number') expect(new Set(found.map(({ label }) => label)).size).toBe(found.length);
        },
      ),
    );
  });
});
