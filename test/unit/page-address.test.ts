/** Links: what they hold comes back, and whatever else they say does no harm. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SCALINGS } from '../../demo/features/features.ts';
import {
  axesOf,
  choicesIn,
  DEFAULT_SETTINGS,
  fromAddress,
  type Link,
  type NamedAxes,
  namedAxes,
  namedChoices,
  toAddress,
} from '../../demo/results/address.ts';
import { COVARIANCE_TYPES } from '../../src/mixture/forms/names.ts';
import { numbers, table, text } from './page-columns.ts';

const SOURCES = ['flights', 'digits'];
const nothing: Link = {
  source: null,
  columns: null,
  weights: null,
  gaps: null,
  settings: DEFAULT_SETTINGS,
  axes: null,
};

describe('a link', () => {
  it('is short where nothing is unusual', () => {
    expect(toAddress({ ...nothing, source: 'flights' })).toBe('data=flights&model=kmeans&k=8&seed=0');
  });

  it('is read as it was written', () => {
    const name = fc.oneof(fc.string(), fc.constantFrom('a:b', 'x=1&k=3', '__proto__', 'ä ö', '1440:time', '#', '+'));
    const kmeans = {
      model: fc.constant('kmeans' as const),
      covariance: fc.constant('full' as const),
      temperature: fc.constant(1),
    };
    const mixture = {
      model: fc.constant('mixture' as const),
      covariance: fc.constantFrom(...COVARIANCE_TYPES),
      temperature: fc.oneof(fc.constant(0), fc.double({ min: 1e-9, max: 1e30, noNaN: true })),
    };
    const common = {
      k: fc.integer({ min: 1, max: 256 }),
      restarts: fc.integer({ min: 1, max: 100 }),
      seed: fc.maxSafeNat(),
      backend: fc.constantFrom('auto' as const, 'cpu' as const, 'webgpu' as const),
    };
    const column = fc.oneof(
      fc.record({
        name,
        scaling: fc.constantFrom(...SCALINGS.filter((each) => each !== 'cyclic')),
        period: fc.constant(null),
      }),
      fc.record({
        name,
        scaling: fc.constant('cyclic' as const),
        period: fc.option(fc.double({ min: 1e-9, max: 1e12, noNaN: true })),
      }),
    );
    const axes: fc.Arbitrary<NamedAxes | null> = fc.oneof(
      fc.constant(null),
      fc.record({ kind: fc.constant('components' as const), count: fc.constantFrom(2 as const, 3 as const) }),
      fc.record({ kind: fc.constant('columns' as const), x: name, y: name }),
      fc.record({ kind: fc.constant('space' as const), x: name, y: name, z: name }),
    );
    const links = fc.record({
      source: fc.constantFrom(null, ...SOURCES),
      columns: fc.option(fc.array(column, { minLength: 1 })),
      weights: fc.option(name),
      gaps: fc.constantFrom(null, 'leave-out' as const, 'fill' as const),
      settings: fc.oneof(fc.record({ ...common, ...kmeans }), fc.record({ ...common, ...mixture })),
      axes,
    });
    const byScaling = (link: Link) => ({
      ...link,
      columns: link.columns && SCALINGS.flatMap((scaling) => link.columns!.filter((each) => each.scaling === scaling)),
    });
    fc.assert(
      fc.property(links, fc.constantFrom('', '?', '#'), (link, mark) => {
        expect(fromAddress(mark + toAddress(link), SOURCES)).toEqual({ link: byScaling(link), notices: [] });
      }),
    );
  });

  it.each([
    ['k=abc', 'k'],
    ['k=0', 'k'],
    ['k=257', 'k'],
    ['k=2.5', 'k'],
    ['k=', 'k'],
    ['k=0x10', 'k'],
    ['k=%20', 'k'],
    ['seed=100000000000000000000', 'seed'],
    ['seed=-1', 'seed'],
    ['restarts=0', 'restarts'],
    ['temperature=-1', 'temperature'],
    ['temperature=NaN', 'temperature'],
    ['model=constructor', 'model'],
    ['model=__proto__', 'model'],
    ['model=foo', 'model'],
    ['covariance=toString', 'covariance'],
    ['engine=gpu', 'engine'],
    ['gaps=maybe', 'gaps'],
    ['data=valueOf', 'valueOf'],
    ['components=4', 'components'],
  ])('that says %s does no harm, and is told of', (address, named) => {
    const { link, notices } = fromAddress(`?${address}`, SOURCES);
    expect(link.settings).toEqual(DEFAULT_SETTINGS);
    expect(link.source).toBeNull();
    expect(notices).toHaveLength(1);
    expect(notices[0]).toContain(named);
  });

  it('of whatever text is read', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.webQueryParameters(), fc.constantFrom('%', '?%E0%A4%A', '&&=&')),
        (address) => {
          const { link } = fromAddress(address, SOURCES);
          expect(Number.isInteger(link.settings.k)).toBe(true);
        },
      ),
    );
  });

  it('shortens what it shows of a long address', () => {
    expect(fromAddress(`?k=${'9'.repeat(10_000)}`, SOURCES).notices[0].length).toBeLessThan(150);
  });

  it('knows the covariances of the library', () => {
    for (const covariance of COVARIANCE_TYPES) {
      expect(fromAddress(`covariance=${covariance}`, SOURCES)).toMatchObject({
        link: { settings: { covariance } },
        notices: [],
      });
    }
  });
});

describe('in a table', () => {
  const all = table(numbers('a', [1]), numbers('b', [1]), text('t', ['x']), numbers('w', [1]));
  const choice = { isUsed: true, scaling: 'standard', period: 7 } as const;
  const suggested = { columns: all.columns.map(() => choice), weights: null, gaps: 'leave-out' } as const;

  it('columns are found by their names', () => {
    const link = {
      columns: [
        { name: 'b', scaling: 'cyclic', period: null },
        { name: 'a', scaling: 'log', period: null },
      ],
      weights: 'w',
      gaps: 'fill',
    } as const;
    const { choices, notices } = choicesIn(link, all, suggested);
    expect(notices).toEqual([]);
    expect(choices).toEqual({
      columns: [
        { ...choice, scaling: 'log' },
        { ...choice, scaling: 'cyclic' },
        { ...choice, isUsed: false },
        { ...choice, isUsed: false },
      ],
      weights: 3,
      gaps: 'fill',
    });
    const named = namedChoices(choices, all, suggested);
    expect(choicesIn(named, all, suggested).choices).toEqual(choices);
  });

  it('those that are not there are told of, and without any it stays as suggested', () => {
    const link = {
      columns: ['gone', 't'].map((name) => ({ name, scaling: 'log', period: null }) as const),
      weights: 'none',
      gaps: null,
    };
    const { choices, notices } = choicesIn(link, all, suggested);
    expect(choices).toEqual(suggested);
    expect(notices).toHaveLength(3);
    expect(notices[1]).toContain('is text');
    expect(choicesIn(nothing, all, suggested)).toEqual({ choices: suggested, notices: [] });
  });

  it('choices that were suggested need no words', () => {
    expect(namedChoices(suggested, all, suggested)).toEqual({ columns: null, weights: null, gaps: null });
  });

  it('axes are found by their names', () => {
    const axes = [
      { kind: 'columns', x: 1, y: 0 },
      { kind: 'space', x: 0, y: 1, z: 3 },
      { kind: 'components', count: 3 },
      null,
    ] as const;
    for (const each of axes) expect(axesOf(namedAxes(each, all), all)).toEqual(each);
    expect(axesOf({ kind: 'columns', x: 'a', y: 'gone' }, all)).toBeNull();
  });
});
