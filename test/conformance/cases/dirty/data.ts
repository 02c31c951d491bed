/** Data as people have them: clean columns of many kinds, and what gets into them. Seeded, the same in every runtime. */
import { type CasePoints, normals, uniforms } from '../data.ts';

export interface DirtyPoints extends CasePoints {
  /** In words, for messages. */
  readonly what: string;
  /** Where a fit starts: [k, d]. */
  readonly init: Float64Array<ArrayBuffer>;
  /** Standard deviation of each feature [d] before anything got into it. */
  readonly deviations: Float64Array;
}

/** The value of a clean row that belongs to one of so many groups. */
type Column = (group: number, uniform: () => number, normal: () => number) => number;

const CITIES = [-73.98, -122.42, 2.35, 13.4, 139.69, 151.21];
const PRICES = [4.99, 19.99, 129, 899];

const COLUMNS = {
  measurements: (group, _, normal) => 280 + 10 * group + 2 * normal(),
  hundredths: (group, _, normal) => Math.round(100 * (280 + 10 * group + 2 * normal())) / 100,
  shares: (group, uniform) => (group + 0.8 * uniform()) / 6,
  coordinates: (group, _, normal) => CITIES[group] + 0.05 * normal(),
  // Milliseconds of one day, in bursts a second apart.
  stamps: (group, uniform) => 1.76e12 + 1000 * group + 20 * uniform(),
  // Bursts, or minutes, of two days that are fifteen years apart.
  bursts: (group, uniform) => (group % 2 === 0 ? 1.76e12 : 1.28e12) + 1000 * (group >> 1) + 20 * uniform(),
  days: (group, uniform) => (group % 2 === 0 ? 1.76e12 : 1.28e12) + 60_000 * (group >> 1) + 100 * uniform(),
  prices: (group, uniform) => Math.round(100 * PRICES[group % 4] * (1 + uniform())) / 100,
  mostlyZero: (group, uniform) => (uniform() < 0.8 ? 0 : 5 * (1 + group) * uniform()),
  oneHot: (group) => +(group === 1),
  // Most of them small, some near a million.
  incomes: (group, uniform) => Math.round(10 ** (1 + group / 2 + 3 * uniform() * uniform())),
  years: (group, uniform) => 18 + 12 * group + Math.floor(4 * uniform()),
  constant: () => 1 / 3,
  tiny: (group, uniform) => 1e-40 * (group + 0.5 * uniform()),
} as const satisfies Record<string, Column>;

export type ColumnName = keyof typeof COLUMNS;
const columnNames = Object.keys(COLUMNS) as readonly ColumnName[];

/** What stands for "no data", what overflows to, and what is nearly nothing. */
const SENTINELS = [
  -9999, 3.4028234663852886e38, -3.4028234663852886e38, 2147483647, 1e15, 1e20, 9.96921e36, 5e-324, 1e-310, 1e-40,
] as const;

/** How much of the data a sentinel is: a cell, a row, a column, a third or two thirds of a column, a third of the rows. */
export const PLACES = ['cell', 'row', 'column', 'cells', 'most', 'rows'] as const;

const SHARES: Readonly<Partial<Record<(typeof PLACES)[number], number>>> = { cells: 1 / 3, most: 2 / 3, rows: 1 / 3 };

export interface Dirt {
  readonly value: number;
  readonly place: (typeof PLACES)[number];
}

export interface Recipe {
  readonly columns: readonly ColumnName[];
  readonly n: number;
  /** 2 to 6. */
  readonly groups: number;
  /** Centroids that a fit starts with; those beyond the groups are rows that something got into, or any others. */
  readonly k: number;
  readonly precision: 32 | 64;
  readonly dirt: readonly Dirt[];
  /** Rows of weight 0 with such values, in all columns; the other weights are 1 to 3. */
  readonly masked?: readonly number[];
  /** Every so many rows are a copy of the one before them. */
  readonly copies?: number;
  readonly seed: number;
}

export function makeDirty(recipe: Recipe): DirtyPoints {
  const { columns, n, groups, k, precision, dirt, masked, copies, seed } = recipe;
  const d = columns.length;
  const uniform = uniforms(seed);
  const normal = normals(seed + 1);
  const data = precision === 32 ? new Float32Array(n * d) : new Float64Array(n * d);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < d; j++) data[i * d + j] = COLUMNS[columns[j]](i % groups, uniform, normal);
    if (copies !== undefined && i > 0 && i % copies === 0) data.copyWithin(i * d, (i - 1) * d, i * d);
  }
  const deviations = deviationsOf(data, d);
  const touched = new Set<number>();
  for (const { value, place } of dirt) {
    const column = Math.floor(d * uniform());
    const row = Math.floor(n * uniform());
    for (let i = 0; i < n; i++) {
      const share = SHARES[place];
      const some = place === 'column' || (share === undefined ? i === row : uniform() < share);
      if (!some) continue;
      if (place === 'row' || place === 'rows') data.fill(value, i * d, (i + 1) * d);
      else data[i * d + column] = value;
      if (place !== 'column') touched.add(i);
    }
  }
  const weights = masked && Float32Array.from({ length: n }, () => 1 + Math.floor(3 * uniform()));
  const hidden = new Set<number>();
  masked?.forEach((value, m) => {
    const row = Math.floor(((m + uniform()) * n) / masked.length);
    data.fill(value, row * d, (row + 1) * d);
    weights![row] = 0;
    hidden.add(row);
  });
  const what = `${columns.join()}; n ${n}, groups ${groups}, k ${k}, float${precision}, ${dirt
    .map(({ value, place }) => `${value} in a ${place}`)
    .join()}${masked ? `, masked ${masked.join()}` : ''}${copies ? `, copies ${copies}` : ''}, seed ${seed}`;
  const init = rowsToStartFrom({ data, n, d }, groups, k, touched, hidden, uniform);
  return { data, n, d, weights, what, init, deviations };
}

/** A row of each group, then rows that something got into, then any. */
function rowsToStartFrom(
  { data, n, d }: CasePoints,
  groups: number,
  k: number,
  touched: ReadonlySet<number>,
  hidden: ReadonlySet<number>,
  uniform: () => number,
): Float64Array<ArrayBuffer> {
  const clean = (group: number) => {
    for (let i = group; i < n; i += groups) if (!touched.has(i) && !hidden.has(i)) return i;
    return group;
  };
  const seen = [...touched].filter((i) => !hidden.has(i));
  const rows = Array.from({ length: k }, (_, c) => {
    if (c < groups) return clean(c);
    return seen[c - groups] ?? Math.floor(n * uniform());
  });
  const init = new Float64Array(k * d);
  rows.forEach((row, c) => {
    init.set(data.subarray(row * d, (row + 1) * d), c * d);
  });
  return init;
}

function deviationsOf(data: ArrayLike<number>, d: number): Float64Array {
  const n = data.length / d;
  return Float64Array.from({ length: d }, (_, j) => {
    let sum = 0;
    let squares = 0;
    // About the first row, so that an offset takes no digits.
    for (let i = 0; i < n; i++) {
      const value = data[i * d + j] - data[j];
      sum += value / n;
      squares += (value * value) / n;
    }
    return Math.sqrt(Math.max(0, squares - sum * sum));
  });
}

/** Anything, by a seed. */
export function drawDirty(seed: number): DirtyPoints {
  const uniform = uniforms(seed + 0x5eed);
  const below = (bound: number) => Math.floor(bound * uniform());
  const oneOf = <T>(values: readonly T[]): T => values[below(values.length)];
  const precision = oneOf([32, 64] as const);
  const groups = 2 + below(5);
  const farthest = precision === 32 ? 3.4028234663852886e38 : 1e150;
  return makeDirty({
    columns: Array.from({ length: 1 + below(6) }, () => oneOf(columnNames)),
    n: oneOf([60, 61, 100, 257, 600]),
    groups,
    k: Math.min(6, groups + below(3)),
    precision,
    dirt: Array.from({ length: oneOf([0, 1, 1, 1, 2, 3]) }, () => ({ value: oneOf(SENTINELS), place: oneOf(PLACES) })),
    ...(uniform() < 0.3 ? { masked: Array.from({ length: 1 + below(5) }, () => oneOf([...SENTINELS, farthest])) } : {}),
    ...(uniform() < 0.3 ? { copies: 2 + below(3) } : {}),
    seed,
  });
}
