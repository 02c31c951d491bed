import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Feature, Features } from '../../demo/features/features.ts';
import type { Rgb } from '../../demo/palette.ts';
import { principalComponents } from '../../demo/picture/components.ts';
import { type Coordinates, centresOf, coordinatesOf } from '../../demo/picture/coordinates.ts';
import { createDots, type Wish } from '../../demo/picture/dots.ts';
import { axesOf, badgesOf, ellipsesOf, placesOf } from '../../demo/picture/marks.ts';
import { type Grid, type Layer, paint, pickAt, placeOf, rowsWithin, strideOf } from '../../demo/picture/painter.ts';
import {
  type AxisInfo,
  type Drawn,
  type Exposure,
  SAMPLE,
  type SceneInfo,
  type ToPixels,
} from '../../demo/picture/scene.ts';
import {
  homeView,
  type OrbitView,
  type PlaneView,
  panned,
  project,
  shiftBetween,
  toPixels,
  turned,
  wholeView,
  windowOf,
  zoomed,
} from '../../demo/picture/view.ts';
import type { Column, Table } from '../../demo/tables/table.ts';
import { runAsync, runNow } from '../../src/steps.ts';

function random(seed: number): () => number {
  let state = seed;
  return () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) / 2 ** 32;
}

function tableOf(columns: Column[], n: number): Table {
  return { name: 'test', n, columns, remarks: [] };
}

/** Features of unit scale: one for each numeric column, or as given. */
function featuresOf(table: Table, changes: Partial<Feature>[] = [], rows: Uint32Array | null = null): Features {
  const features = table.columns.map(
    (column, j): Feature => ({
      ...{ column: j, name: column.name, part: 'value', scaling: 'standard', centre: 0, unit: 1, parameter: 0 },
      ...changes[j],
    }),
  );
  const n = rows?.length ?? table.n;
  const d = features.length;
  const data = new Float32Array(n * d);
  for (let i = 0; i < n; i++) {
    for (const [j, { centre, unit }] of features.entries()) {
      const column = table.columns[j];
      data[i * d + j] = column.measure === 'text' ? 0 : (column.values[rows === null ? i : rows[i]] - centre) / unit;
    }
  }
  return { n, d, data, features, rows, weights: null, leftOut: table.n - n, filled: 0 };
}

const number = (name: string, values: number[]): Column => ({
  name,
  measure: 'number',
  values: Float64Array.from(values),
});

const PLANE = { kind: 'columns', x: 0, y: 1 } as const;

describe('coordinates', () => {
  it('are columns in their own units, of the rows that are points, and lose nothing of a date', () => {
    const start = Date.UTC(2024, 0, 1);
    const dates = Float64Array.from({ length: 50 }, (_, i) => start + i * 86_400_000 + i);
    const table = tableOf(
      [
        { name: 'day', measure: 'date', values: dates },
        number(
          'size',
          Array.from(dates, (_, i) => i / 7),
        ),
      ],
      50,
    );
    const rows = Uint32Array.from([3, 10, 49]);
    const { values, offsets, scene, n } = runNow(coordinatesOf(PLANE, table, featuresOf(table, [], rows)));
    expect(n).toBe(3);
    for (const [i, row] of rows.entries()) {
      expect(Math.abs(values[2 * i] + offsets[0] - dates[row])).toBeLessThan(200);
      expect(values[2 * i + 1] + offsets[1]).toBeCloseTo(row / 7, 6);
    }
    expect(scene.info[0]).toMatchObject({ title: 'day', measure: 'date', range: [dates[3], dates[49]] });
    expect(scene.info[1]).toMatchObject({ title: 'size', measure: 'number' });
  });

  it('are seen at first without the outliers, of which it is told how many there are', () => {
    const next = random(1);
    const values = Array.from({ length: 1000 }, (_, i) => (i % 500 === 0 ? 1e6 : next() * 10));
    const table = tableOf(
      [
        number('x', values),
        number(
          'y',
          values.map((_, i) => i + 0.5),
        ),
      ],
      1000,
    );
    const { scene } = runNow(coordinatesOf(PLANE, table, featuresOf(table)));
    expect(scene.info[0].home[0]).toBeGreaterThan(-1);
    expect(scene.info[0].home[1]).toBeLessThan(11);
    expect(scene.info[0].range[1]).toBe(1e6);
    // All of the other axis is seen: nothing there lies far out.
    expect(scene.info[1].home[0]).toBeLessThan(0.5);
    expect(scene.info[1].home[1]).toBeGreaterThan(999.5);
    expect(scene.outside).toBe(2);
  });

  it('of a day begin at four where nights are quiet, and at midnight where they are not', () => {
    const quiet = Array.from({ length: 1000 }, (_, i) => (i % 20 === 0 ? 30 : 360 + (i % 900)));
    const busy = Array.from({ length: 1000 }, (_, i) => (i * 37) % 1440);
    const times = (values: number[]): Column => ({ name: 't', measure: 'time', values: Int16Array.from(values) });
    const table = tableOf([times(quiet), times(busy)], 1000);
    const coordinates = runNow(coordinatesOf(PLANE, table, featuresOf(table)));
    const [early, even] = coordinates.scene.info;
    expect(early).toMatchObject({ dayStart: 240, home: [240, 1680], step: 1 });
    expect(even.home).toEqual([0, 1440]);
    expect(even.dayStart).toBeUndefined();
    expect(coordinates.values[0] + coordinates.offsets[0]).toBe(1470);
    // So do the means that lie in the early hours.
    const [[mean]] = placesOf(coordinates.scene, Float64Array.from([30, 5]), 1, 2)!;
    expect(mean).toBe(1470);
  });

  it.each([
    [[1, 3, 5, 11], 2],
    [[0.1, 0.5, 0.2, 1.7], 0.1],
    [[Math.PI, Math.E, Math.SQRT2, 1], 0],
    [[4, 4, 4, 4], 0],
  ])('of %j lie on a grid of %d', (values, step) => {
    const table = tableOf([number('x', values), number('y', values)], values.length);
    expect(runNow(coordinatesOf(PLANE, table, featuresOf(table))).scene.info[0].step).toBeCloseTo(step, 12);
  });

  it('have a home of some width even where all values are the same, or none is there', () => {
    const table = tableOf([number('x', [7, 7, 7]), number('y', [Number.NaN, Number.NaN, Number.NaN])], 3);
    for (const { home } of runNow(coordinatesOf(PLANE, table, { ...featuresOf(table), features: [] })).scene.info) {
      expect(home[1] - home[0]).toBeGreaterThan(0);
    }
  });

  it('of a gap are what it was filled with', () => {
    const table = tableOf([number('x', [1, Number.NaN, 3]), number('y', [1, 2, 3])], 3);
    const features = featuresOf(table, [{ centre: 2, unit: 4 }]);
    features.data[2] = 0.25;
    const { values, offsets } = runNow(coordinatesOf(PLANE, table, features));
    expect(values[2] + offsets[0]).toBe(3);
  });

  it('go from features to coordinates by shares, and not where an axis is none of them', () => {
    const table = tableOf([number('x', [10, 20, 30]), number('y', [1, 2, 4])], 3);
    const features = featuresOf(table, [
      { centre: 20, unit: 10 },
      { centre: 2, unit: 0.5 },
    ]);
    const { scene } = runNow(coordinatesOf(PLANE, table, features));
    expect(placesOf(scene, Float64Array.from([1, -2, 0, 4]), 2, 2)).toEqual([
      [30, 1],
      [20, 4],
    ]);
    const partial = { ...features, features: features.features.slice(0, 1) };
    expect(runNow(coordinatesOf(PLANE, table, partial)).scene.shares).toBeNull();
  });

  it('of a column that is clustered by its logarithm are logarithms', () => {
    const table = tableOf([number('x', [0, 10, -1000]), number('y', [1, 2, 3])], 3);
    const features = featuresOf(table, [{ scaling: 'log', parameter: 10 }]);
    const { values, offsets, scene } = runNow(coordinatesOf(PLANE, table, features));
    expect(scene.info[0].bend).toBe(10);
    expect(Array.from([0, 2, 4], (at) => values[at] + offsets[0])).toEqual([
      expect.closeTo(0, 6),
      expect.closeTo(Math.log(2), 6),
      expect.closeTo(-Math.log(101), 6),
    ]);
  });

  it('cannot be text', () => {
    const text: Column = { name: 'city', measure: 'text', codes: new Uint32Array(1), words: ['', 'Rome'] };
    const table = tableOf([text, number('y', [1])], 1);
    expect(() => runNow(coordinatesOf(PLANE, table, featuresOf(table)))).toThrow('“city” holds text');
  });

  it('have centres of their own', () => {
    const coordinates = plane([
      [1, 2],
      [3, Number.NaN],
      [10, 10],
    ]);
    const centres = runNow(centresOf({ ...coordinates, offsets: [100, 0] }, Uint32Array.from([0, 0, 2]), 3));
    expect(Array.from(centres)).toEqual([102, 2, Number.NaN, Number.NaN, 110, 10]);
  });
});

describe('components', () => {
  /** Columns of falling spread, mixed by a rotation of neighbours. */
  function mixed(n: number, d: number): Features {
    const next = random(7);
    const table = tableOf(
      Array.from({ length: d }, (_, j) =>
        number(
          `c${j}`,
          Array.from({ length: n }, () => 0 * j),
        ),
      ),
      n,
    );
    const features = featuresOf(table);
    for (let i = 0; i < n; i++) {
      const row = features.data.subarray(i * d, i * d + d);
      for (let j = 0; j < d; j++) row[j] = (next() + next() + next() - 1.5) * (j < 3 ? 12 - 4 * j : 1) + j;
      for (let j = 0; j + 1 < d; j++) {
        const [a, b] = [row[j], row[j + 1]];
        row[j] = 0.8 * a - 0.6 * b;
        row[j + 1] = 0.6 * a + 0.8 * b;
      }
    }
    return features;
  }

  function reference({ n, d, data }: Features, count: number) {
    const rows = Matrix.from1DArray(n, d, Array.from(data));
    const centred = rows.subRowVector(rows.mean('column'));
    const covariance = centred.transpose().mmul(centred).div(n);
    const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(covariance, { assumeSymmetric: true });
    return Array.from({ length: count }, (_, i) => ({
      share: realEigenvalues[d - 1 - i] / covariance.trace(),
      vector: eigenvectorMatrix.getColumn(d - 1 - i),
    }));
  }

  it.each([5, 64, 65, 90])('are those of the covariance, in %d dimensions', async (d) => {
    const features = mixed(600, d);
    const { vectors, shares } = await runAsync(principalComponents(features, 3));
    for (const [i, { share, vector }] of reference(features, 3).entries()) {
      const cosine = vector.reduce((sum, value, j) => sum + value * vectors[i][j], 0);
      expect(Math.abs(cosine)).toBeGreaterThan(0.999);
      expect(shares[i]).toBeCloseTo(share, 3);
      const greatest = vectors[i].reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best));
      expect(greatest).toBeGreaterThan(0);
    }
  });

  it('are projected for all rows, with shares that do the same for means', async () => {
    const features = mixed(300, 6);
    const table = tableOf(
      features.features.map(({ name }) => number(name, [])),
      300,
    );
    const axes = { kind: 'components', count: 3 } as const;
    const { values, scene } = await runAsync(coordinatesOf(axes, table, features));
    for (const row of [0, 17, 299]) {
      const [place] = placesOf(scene, Float64Array.from(features.data.subarray(row * 6, row * 6 + 6)), 1, 6)!;
      for (const [axis, value] of place.entries()) expect(values[row * 3 + axis]).toBeCloseTo(value, 4);
    }
    expect(scene.info[0].title).toMatch(/^Component 1 \(\d+% of the spread\), mostly c0/);
  });

  it('of a single feature are a strip', async () => {
    const table = tableOf([number('x', [1, 2, 3])], 3);
    const axes = { kind: 'components', count: 2 } as const;
    const { values, scene } = await runAsync(coordinatesOf(axes, table, featuresOf(table)));
    expect(scene.info[1]).toMatchObject({ title: '', step: 1, home: [-1, 1] });
    expect([values[1], values[3], values[5]]).toEqual([0, 0, 0]);
    expect(values[0]).toBeCloseTo(-1);
  });
});

/** Coordinates as they are, without grid. */
function plane(points: readonly (readonly number[])[], steps: readonly number[] = [0, 0]): Coordinates {
  const axis = (step: number): AxisInfo => ({ title: 'a', measure: 'number', home: [0, 10], range: [0, 10], step });
  const scene: SceneInfo = { axes: PLANE, info: steps.map(axis), shares: null };
  const dimensions = steps.length;
  return { n: points.length, dimensions, values: Float32Array.from(points.flat()), offsets: steps.map(() => 0), scene };
}

const COLOURS: Rgb[] = Array.from({ length: 40 }, (_, i) => [i, 100 + i, 255 - i]);
const IDENTITY: ToPixels = [1, 0, 0, 0, 0, 1, 0, 0];

function exposureOf(width: number, height: number, changes: Partial<Exposure> = {}): Exposure {
  const base = { id: 1, ratio: 1, toPixels: IDENTITY, colours: COLOURS, scheme: 'light' } as const;
  return { ...base, width, height, alone: null, showsDoubt: false, sample: null, ...changes };
}

/** Points in a crowd, so that each is a pixel. */
function crowd(n: number, k: number, width: number, height: number): Layer {
  const next = random(3);
  const points = Array.from({ length: n }, () => [next() * (width + 2) - 1, next() * (height + 2) - 1]);
  const labels = Uint32Array.from(points, ([x]) =>
    Math.min(k - 1, Math.max(0, Math.floor((x / width + next() / 4) * k))),
  );
  return { coordinates: plane(points), labels, k, doubt: null };
}

/** Counts of a pixel, the slow way. */
function countsAt({ coordinates, labels, k }: Layer, x: number, y: number): number[] {
  const counts = new Array<number>(k).fill(0);
  for (let i = 0; i < coordinates.n; i++) {
    const inColumn = Math.floor(coordinates.values[2 * i]) === x;
    if (inColumn && Math.floor(coordinates.values[2 * i + 1]) === y) counts[labels === null ? 0 : labels[i]]++;
  }
  return counts;
}

const inkAt = ({ pixels }: { pixels: Uint8ClampedArray }, at: number) =>
  Array.from(pixels.subarray(4 * at, 4 * at + 4));

describe('the painter', () => {
  it('gives each pixel the colour of the cluster that has most points there, the more opaque the more there are', () => {
    const layer = crowd(6000, 5, 30, 20);
    const painted = runNow(paint(layer, exposureOf(30, 20)));
    const opacities: [number, number][] = [];
    let inside = 0;
    for (let at = 0; at < 600; at++) {
      const counts = countsAt(layer, at % 30, Math.floor(at / 30));
      const total = counts.reduce((sum, count) => sum + count);
      inside += total;
      const [red, , , opacity] = inkAt(painted, at);
      if (total > 0) expect(counts[red]).toBe(Math.max(...counts));
      opacities.push([total, opacity]);
    }
    opacities.sort((a, b) => a[0] - b[0] || a[1] - b[1]);
    for (let i = 1; i < opacities.length; i++) expect(opacities[i][1]).toBeGreaterThanOrEqual(opacities[i - 1][1]);
    expect(opacities[599][1]).toBe(255);
    expect(painted).toMatchObject({ inside, drawn: 6000 });
    expect(inside).toBeLessThan(6000);
  });

  it('finds the majority of each pixel also where clusters are too many to be counted', () => {
    const width = 1200;
    const height = 1000;
    const k = 40;
    expect(width * height * k).toBeGreaterThan(2 ** 25);
    const next = random(9);
    const points: number[][] = [];
    const labels: number[] = [];
    for (let pixel = 0; pixel < 500; pixel++) {
      for (let i = 0; i < 5; i++) {
        points.push([2 * pixel + next() * 0.99, 500.5]);
        labels.push(i % 2 === 0 ? pixel % k : Math.floor(next() * k));
      }
    }
    const layer: Layer = { coordinates: plane(points), labels: Uint32Array.from(labels), k, doubt: null };
    const painted = runNow(paint(layer, exposureOf(width, height)));
    for (let pixel = 0; pixel < 500; pixel++) expect(inkAt(painted, 500 * width + 2 * pixel)[0]).toBe(pixel % k);
    const alone = runNow(paint(layer, exposureOf(width, height, { alone: 7 })));
    const own = labels.map((label, i) => [label, 500 * width + 2 * Math.floor(i / 5)]).filter(([label]) => label === 7);
    for (const [, at] of own) expect(inkAt(alone, at)[0]).toBe(7);
  });

  it('lets rows that were chosen stand out, in the colours of their clusters', () => {
    const layer = crowd(600, 3, 30, 20);
    const isChosen = (point: number) => point % 5 === 0;
    const labels = layer.labels!.map((label, point) => (isChosen(point) ? label + 3 : label));
    const all = runNow(paint(layer, exposureOf(30, 20)));
    const chosen = runNow(paint({ ...layer, labels, k: 6, hasChosen: true }, exposureOf(30, 20)));
    let [own, others] = [0, 0];
    for (let at = 0; at < 600; at++) {
      const point = chosen.grid!.points[at] - 1;
      if (point < 0) continue;
      const [red, , , opacity] = inkAt(chosen, at);
      if (isChosen(point)) {
        own++;
        expect(red).toBeLessThan(3);
      } else {
        // Dots of chosen rows may cover others.
        if (opacity < inkAt(all, at)[3] / 2) others++;
      }
    }
    expect(Math.min(own, others)).toBeGreaterThan(30);
  });

  it('lets one cluster stand out, with the others behind it and dimmed', () => {
    const layer = crowd(6000, 3, 30, 20);
    const all = runNow(paint(layer, exposureOf(30, 20)));
    const alone = runNow(paint(layer, exposureOf(30, 20, { alone: 1 })));
    let [own, others] = [0, 0];
    for (let at = 0; at < 600; at++) {
      const counts = countsAt(layer, at % 30, Math.floor(at / 30));
      const [red, , , opacity] = inkAt(alone, at);
      if (counts[1] > 0) {
        own++;
        expect(red).toBe(1);
        const point = alone.grid!.points[at] - 1;
        expect(layer.labels![point]).toBe(1);
      } else if (opacity > 0 && red !== 1) {
        // Its dots may be larger than a pixel: these lie above the others.
        // Dots of chosen rows may cover others.
        if (opacity < inkAt(all, at)[3] / 2) others++;
      }
    }
    expect(own).toBeGreaterThan(50);
    expect(others).toBeGreaterThan(50);
  });

  it('shows a few points among very many by larger dots, and a few alone by larger ones still', () => {
    const next = random(5);
    const points = Array.from({ length: 100_000 }, () => [next() * 100, next() * 200]);
    const few = Array.from({ length: 5 }, (_, i) => [200 + 20 * i, 50]);
    const labels = new Uint32Array(100_005).fill(1, 100_000);
    const layer: Layer = { coordinates: plane([...points, ...few]), labels, k: 2, doubt: null };
    const painted = runNow(paint(layer, exposureOf(300, 200)));
    const size = (picture: typeof painted) => {
      let count = 0;
      for (let at = 0; at < 60_000; at++) if (inkAt(picture, at)[3] > 200 && inkAt(picture, at)[0] === 1) count++;
      return count / 5;
    };
    expect(size(painted)).toBeGreaterThanOrEqual(9);
    const alone: Layer = { coordinates: plane(few), labels: new Uint32Array(5).fill(1), k: 2, doubt: null };
    expect(size(runNow(paint(alone, exposureOf(300, 200))))).toBeGreaterThanOrEqual(size(painted));
  });

  it('makes what is in doubt transparent', () => {
    const layer: Layer = { ...crowd(6000, 1, 30, 20), labels: new Uint32Array(6000) };
    const doubt = new Float32Array(6000).fill(0);
    const exposure = exposureOf(30, 20, { showsDoubt: true });
    const sure = runNow(paint({ ...layer, doubt }, exposure));
    const unsure = runNow(paint({ ...layer, doubt: doubt.map(() => 0.5) }, exposure));
    expect(Array.from(sure.pixels)).toEqual(Array.from(runNow(paint(layer, exposureOf(30, 20))).pixels));
    expect(inkAt(unsure, 315)[3] / inkAt(sure, 315)[3]).toBeCloseTo(1 - 0.5 * 0.88, 1);
  });

  it('takes points on the border, outside, infinite and missing, three axes and none at all', () => {
    const points = [
      [0, 0],
      [10, 10],
      [9.999, 9.999],
      [Number.NaN, 1],
      [1, Infinity],
      [-Infinity, 2],
      [-1e-9, 5],
      [1e30, 3],
    ];
    const layer: Layer = { coordinates: plane(points), labels: null, k: 1, doubt: null };
    const painted = runNow(paint(layer, exposureOf(10, 10)));
    expect(painted.inside).toBe(2);
    expect(painted.grid!.points[0]).toBe(1);
    expect(painted.grid!.points[99]).toBe(3);
    const none: Layer = { ...layer, coordinates: plane([]) };
    expect(runNow(paint(none, exposureOf(10, 10)))).toMatchObject({ inside: 0, drawn: 0 });
    const solid: Layer = { ...layer, coordinates: plane([[1, 2, 3]], [0, 0, 0]) };
    const turned = runNow(paint(solid, exposureOf(10, 10, { toPixels: [0, 0, 2, 0, 1, 1, 0, 0] })));
    expect(turned.grid!.points[3 * 10 + 6]).toBe(1);
    expect(runNow(paint(layer, exposureOf(1, 1))).inside).toBe(1);
  });

  it('draws a sample of rows that are spread over all, without a grid to pick from', () => {
    const layer = crowd(1000, 2, 30, 20);
    const stride = strideOf(1000, 300);
    expect(stride).toBe(4);
    const labels = layer.labels!.map((label, i) => (i % stride === 0 ? label : 99));
    const painted = runNow(paint({ ...layer, labels }, exposureOf(30, 20, { sample: 300 })));
    expect(painted.drawn).toBe(250);
    expect(painted.grid).toBeNull();
    for (let at = 0; at < 600; at++) expect(inkAt(painted, at)[0]).toBeLessThan(2);
  });

  it('spreads points over the step of their grid, and picks and selects them where they are seen', () => {
    const points = Array.from({ length: 400 }, () => [5, 5]);
    const coordinates = plane(points, [1, 1]);
    const matrix: ToPixels = [20, 0, 0, 0, 0, 20, 0, 0];
    const { grid } = runNow(
      paint({ coordinates, labels: null, k: 1, doubt: null }, exposureOf(200, 200, { toPixels: matrix })),
    );
    const filled = Array.from(grid!.points.keys()).filter((at) => grid!.points[at] > 0);
    expect(filled.length).toBeGreaterThan(200);
    for (const at of filled) {
      expect(Math.abs((at % 200) + 0.5 - 100)).toBeLessThan(11);
      const [column, row] = placeOf(coordinates, matrix, grid!.points[at] - 1);
      expect([Math.floor(column), Math.floor(row)]).toEqual([at % 200, Math.floor(at / 200)]);
    }
    const half = runNow(rowsWithin(coordinates, matrix, [90, 90, 100, 90, 100, 110, 90, 110]));
    expect(Math.abs(half.length - 200)).toBeLessThan(20);
    expect(half.every((point) => placeOf(coordinates, matrix, point)[0] < 100)).toBe(true);
  });

  it('lets other work in', () => {
    const steps = paint(crowd(200_000, 2, 300, 200), exposureOf(300, 200));
    let turns = 0;
    while (!steps.next().done) turns++;
    expect(turns).toBeGreaterThan(10);
  });
});

describe('picking', () => {
  const points = new Uint32Array(100);
  points[34] = 8;
  points[37] = 9;
  const grid: Grid = { width: 10, height: 10, points };

  it('finds the nearest point in reach', () => {
    expect(pickAt(grid, 5.2, 3.9, 3)).toBe(7);
    expect(pickAt(grid, 6.2, 3.9, 3)).toBe(8);
    expect(pickAt(grid, 4, 8, 3)).toBe(-1);
    expect(pickAt(grid, -2, -2, 20)).toBe(7);
    expect(pickAt(grid, 40, 40, 3)).toBe(-1);
  });
});

describe('rows within a polygon', () => {
  it('are those that the even-odd rule has inside', () => {
    const next = random(11);
    const points = Array.from({ length: 3000 }, () => [next() * 100, next() * 100]);
    // A star that crosses itself: its middle is outside.
    const star = Array.from({ length: 5 }, (_, i) => {
      const angle = (i * 4 * Math.PI) / 5;
      return [50 + 45 * Math.sin(angle), 50 - 45 * Math.cos(angle)];
    });
    const found = new Set(runNow(rowsWithin(plane(points), IDENTITY, star.flat())));
    let differ = 0;
    for (const [i, [x, y]] of points.entries()) {
      let isInside = false;
      star.forEach(([x1, y1], from) => {
        const [x2, y2] = star[(from + 1) % 5];
        if (y1 > y !== y2 > y && x < x1 + ((y - y1) * (x2 - x1)) / (y2 - y1)) isInside = !isInside;
      });
      // Pixels are in or out as a whole.
      if (isInside !== found.has(i)) differ++;
    }
    expect(found.size).toBeGreaterThan(400);
    expect(differ).toBeLessThan(90);
    const middle = points.findIndex(([x, y]) => Math.hypot(x - 50, y - 50) < 8);
    expect(found.has(middle)).toBe(false);
  });

  it('are none in a polygon without area', () => {
    expect(runNow(rowsWithin(plane([[1, 1]]), IDENTITY, [])).length).toBe(0);
    expect(runNow(rowsWithin(plane([[1, 1]]), IDENTITY, [1, 1, 1, 1, 1, 1])).length).toBe(0);
  });
});

describe('the view', () => {
  const axis = (home: [number, number], range: [number, number]): AxisInfo => ({
    ...{ title: 'a', measure: 'number', home, range, step: 0 },
  });
  const scene: SceneInfo = { axes: PLANE, info: [axis([10, 20], [5, 40]), axis([-1, 1], [-1, 1])], shares: null };
  const solid: SceneInfo = {
    axes: { kind: 'space', x: 0, y: 1, z: 2 },
    info: [axis([0, 2], [0, 2]), axis([0, 200], [0, 900]), axis([-5, 5], [-5, 5])],
    shares: null,
  };
  const size = { width: 400, height: 200 };

  it('shows the home of the axes at first, upwards', () => {
    const matrix = toPixels(homeView(scene), scene, size);
    expect(project(matrix, [10, -1])).toEqual([0, 200]);
    expect(project(matrix, [20, 1])).toEqual([400, 0]);
  });

  it('keeps a place where it is when it zooms, and follows the hand when it pans', () => {
    const near = zoomed(homeView(scene), scene, 4, { right: 0.25, up: 0.75 });
    const before = project(toPixels(homeView(scene), scene, size), [12.5, 0.5]);
    const after = project(toPixels(near, scene, size), [12.5, 0.5]);
    expect(after[0]).toBeCloseTo(before[0], 9);
    expect(after[1]).toBeCloseTo(before[1], 9);
    const moved = project(toPixels(panned(near, scene, 0.1, 0.2), scene, size), [12.5, 0.5]);
    expect(moved[0] - after[0]).toBeCloseTo(40, 9);
    expect(moved[1] - after[1]).toBeCloseTo(-40, 9);
  });

  it.each([
    ['right', 1, 0],
    ['left', -1, 0],
    ['up', 0, 1],
    ['down', 0, -1],
  ])('cannot be lost to the %s, nor zoomed to nothing', (_name, right, up) => {
    let view = zoomed(homeView(scene), scene, 3);
    for (let i = 0; i < 200; i++) view = panned(view, scene, right, up);
    const [x, y] = windowOf(view as PlaneView, scene);
    const middle = [(x[0] + x[1]) / 2, (y[0] + y[1]) / 2];
    expect(middle[0]).toBeGreaterThanOrEqual(5 - 1e-9);
    expect(middle[0]).toBeLessThanOrEqual(40 + 1e-9);
    expect(Math.abs(middle[1])).toBeLessThanOrEqual(1 + 1e-9);
    let [near, far] = [view, view];
    for (let i = 0; i < 500; i++) {
      near = zoomed(near, scene, 2);
      far = zoomed(far, scene, 0.5);
    }
    const widths = [near, far].map((each) => (each as PlaneView).width);
    expect(widths[0]).toBeGreaterThan(0);
    expect(widths[1]).toBeLessThan(10);
    expect(windowOf(far as PlaneView, scene)[0][0]).toBeLessThanOrEqual(6);
  });

  it('shows all rows', () => {
    const matrix = toPixels(wholeView(scene), scene, size);
    for (const corner of [
      [5, -1],
      [40, 1],
    ]) {
      const [column, row] = project(matrix, corner);
      expect(column).toBeGreaterThan(0);
      expect(column).toBeLessThan(400);
      expect(row).toBeGreaterThan(0);
      expect(row).toBeLessThan(200);
    }
  });

  it('turns a scene of three axes about its middle, which stays whole in the picture', () => {
    let view = homeView(solid) as OrbitView;
    const middle = [1, 100, 0];
    for (let i = 0; i < 10; i++) {
      view = turned(view, 0.07, i < 5 ? 0.05 : -0.1);
      const matrix = toPixels(view, solid, size);
      expect(project(matrix, middle)).toEqual([expect.closeTo(200, 9), expect.closeTo(100, 9)]);
      // The three axes, in units of their homes, are columns of a part of a rotation.
      const right = [matrix[0], 100 * matrix[1], 5 * matrix[2]];
      const down = [matrix[4], 100 * matrix[5], 5 * matrix[6]];
      const dot = (p: number[], q: number[]) => p.reduce((sum, value, j) => sum + value * q[j], 0);
      expect(dot(right, down)).toBeCloseTo(0, 9);
      expect(dot(right, right)).toBeCloseTo(dot(down, down), 9);
    }
    expect(Math.abs(view.tilt)).toBeLessThanOrEqual(Math.PI / 2);
    expect((wholeView(solid) as OrbitView).zoom).toBeLessThan(1);
  });

  it('says how the picture of before lies in that of now', () => {
    const from = toPixels(homeView(scene), scene, size);
    const to = toPixels(panned(zoomed(homeView(scene), scene, 3), scene, 0.1, -0.2), scene, {
      width: 800,
      height: 300,
    });
    const shift = shiftBetween(from, to, scene);
    const [column, row] = project(from, [13, 0.4]);
    const now = project(to, [13, 0.4]);
    expect(column * shift.scaleX + shift.left).toBeCloseTo(now[0], 6);
    expect(row * shift.scaleY + shift.top).toBeCloseTo(now[1], 6);
    const home = homeView(solid) as OrbitView;
    const still = shiftBetween(toPixels(home, solid, size), toPixels(turned(home, 0.2, 0.1), solid, size), solid);
    expect(still).toEqual({
      scaleX: expect.closeTo(1, 9),
      scaleY: expect.closeTo(1, 9),
      left: expect.closeTo(0, 6),
      top: expect.closeTo(0, 6),
    });
  });
});

describe('marks', () => {
  const axis = (title: string, home: [number, number], more: Partial<AxisInfo> = {}): AxisInfo => ({
    ...{ title, measure: 'number', home, range: home, step: 0, ...more },
  });
  const scene: SceneInfo = {
    axes: PLANE,
    info: [axis('x', [0, 10]), axis('y', [0, 4])],
    // Coordinates are 2·f₀ + 1 and f₁.
    shares: [2, 0, 1, 0, 1, 0],
  };
  const size = { width: 500, height: 400 };
  const whole = (_measure: string, low: number, high: number) =>
    Array.from({ length: Math.floor(high) - Math.ceil(low) + 1 }, (_, i) => Math.ceil(low) + i).map((value) => ({
      value,
      label: String(value),
    }));

  it('have ticks where the view has moved to', () => {
    const view = panned(zoomed(homeView(scene), scene, 2, { right: 0, up: 0 }), scene, -0.2, 0);
    const { labels, lines } = axesOf(scene, view, size, whole);
    const across = labels.filter(({ kind, anchor }) => kind === 'tick' && anchor === 'middle');
    expect(across.map(({ text }) => text)).toEqual(['1', '2', '3', '4', '5', '6']);
    expect(across.map(({ at }) => at[0])).toEqual([0, 100, 200, 300, 400, 500].map((x) => expect.closeTo(x, 6)));
    expect(lines.length).toBe(labels.filter(({ kind }) => kind === 'tick').length);
    expect(labels.filter(({ kind }) => kind === 'title').map(({ text }) => text)).toEqual(['↑ y', 'x →']);
  });

  it('have powers of ten on an axis that is bent', () => {
    const t = (value: number) => Math.log1p(value / 10);
    const bent: SceneInfo = { ...scene, info: [axis('x', [t(0), t(1e6)], { bend: 10 }), scene.info[1]] };
    const powers = (_measure: string, _low: number, high: number) => [{ value: high / 2, label: `~${high / 2}` }];
    const { labels } = axesOf(bent, homeView(bent), size, powers);
    const across = labels.filter(({ kind, anchor }) => kind === 'tick' && anchor === 'middle');
    const texts = across.map(({ text }) => text);
    expect(texts).toEqual(expect.arrayContaining(['~1000', '~10000', '~100000', '~1000000']));
    const at = across.find(({ text }) => text === '~1000')!.at[0];
    expect(at).toBeCloseTo((500 * t(1000)) / t(1e6), 6);
  });

  it('end at the largest of numbers, though the margin does not', () => {
    const t = Math.log1p(1e300 / 10);
    const bent: SceneInfo = { ...scene, info: [axis('x', [-0.03 * t, 1.03 * t], { bend: 10 }), scene.info[1]] };
    const { labels, lines } = axesOf(bent, homeView(bent), size, () => []);
    expect(labels.filter(({ kind, anchor }) => kind === 'tick' && anchor === 'middle').length).toBeGreaterThan(2);
    for (const { from, to } of lines) for (const x of [...from, ...to]) expect(x).toSatisfy(Number.isFinite);
  });

  it('have ticks along three edges of a scene that turns', () => {
    const solid: SceneInfo = { ...scene, info: [...scene.info, axis('z', [0, 3])] };
    const { labels, lines } = axesOf(solid, homeView(solid), size, whole);
    expect(labels.filter(({ kind }) => kind === 'title').map(({ text }) => text)).toEqual(['x', 'y', 'z']);
    expect(lines.filter(({ kind }) => kind === 'edge').length).toBeGreaterThanOrEqual(12);
  });

  it('number clusters at their means, apart from each other, and leave out those outside', () => {
    const places = [
      [5, 2],
      [5, 2],
      [5.1, 2],
      [5, 2.02],
      [20, 2],
      [Number.NaN, 1],
    ];
    const badges = badgesOf(
      places,
      ['1', '2', 'A name that is far too long'],
      toPixels(homeView(scene), scene, size),
      size,
    );
    expect(badges.map(({ cluster }) => cluster)).toEqual([0, 1, 2, 3]);
    expect(badges[2].text).toBe('A name that is …');
    expect(badges[3].text).toBe('4');
    for (const [i, one] of badges.entries()) {
      for (const other of badges.slice(i + 1)) {
        const across = (one.width + other.width) / 2 - Math.abs(one.at[0] - other.at[0]);
        const down = 20 - Math.abs(one.at[1] - other.at[1]);
        expect(Math.min(across, down)).toBeLessThanOrEqual(0);
      }
    }
    expect(badges.some(({ isMoved }) => isMoved)).toBe(true);
  });

  it('leave room for each other where many means coincide, and are dots where there is none', () => {
    const badges = badgesOf(
      Array.from({ length: 64 }, () => [5, 2]),
      [],
      toPixels(homeView(scene), scene, size),
      size,
    );
    const seen = badges.filter(({ isHidden }) => !isHidden);
    for (const [i, one] of seen.entries()) {
      for (const other of seen.slice(i + 1)) {
        const across = (one.width + other.width) / 2 - Math.abs(one.at[0] - other.at[0]);
        expect(Math.min(across, 20 - Math.abs(one.at[1] - other.at[1]))).toBeLessThanOrEqual(0);
      }
    }
    expect(badges).toHaveLength(64);
    expect(seen.length).toBeGreaterThan(20);
  });

  it('outline Gaussians at one and at two standard deviations', () => {
    const matrix = toPixels(homeView(scene), scene, size);
    const means = Float64Array.from([2, 2]);
    const places = placesOf(scene, means, 1, 2)!;
    const [two, one] = ellipsesOf(scene, Float64Array.from([0.25, 0, 0, 1]), 2, places, matrix);
    expect(one).toMatchObject({ cluster: 0, deviations: 1 });
    expect(one.middle).toEqual([expect.closeTo(250), expect.closeTo(200)]);
    // A deviation is 0.5 · 2 of ten across, and 1 of four down.
    expect(one.radii).toEqual([expect.closeTo(100), expect.closeTo(50)]);
    expect(Math.abs(one.angle)).toBeCloseTo(90);
    expect(two.radii[0]).toBeCloseTo(200);
    const [, tilted] = ellipsesOf(scene, Float64Array.from([1, 1, 1, 1]), 2, places, matrix);
    // All on a line: as far as (100, −100) pixels.
    expect(tilted.radii).toEqual([expect.closeTo(Math.hypot(100, 100)), expect.closeTo(0)]);
    expect(tilted.angle).toBeCloseTo(-45);
  });
});

describe('the layer of dots', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  interface Asked {
    readonly exposure: Exposure;
    readonly signal: AbortSignal;
    answer(): Promise<void>;
    refuse(): Promise<void>;
  }

  function layer() {
    const transforms: number[][] = [];
    const context = {
      setTransform: (...values: number[]) => transforms.push(values),
      clearRect() {},
      drawImage() {},
    };
    const asked: Asked[] = [];
    let closed = 0;
    const wholes: Drawn[] = [];
    const troubles: string[] = [];
    const dots = createDots({
      canvas: { width: 0, height: 0, getContext: () => context } as unknown as HTMLCanvasElement,
      expose: (exposure, signal) =>
        new Promise((resolve, reject) => {
          const bitmap = { width: exposure.width, height: exposure.height, close: () => closed++ };
          const { id, toPixels } = exposure;
          const drawn: Drawn = { id, bitmap, toPixels, inside: 1, drawn: 1, n: 1, milliseconds: 1, painter: 'cpu' };
          const after = async (settle: () => void) => {
            settle();
            await vi.advanceTimersByTimeAsync(0);
          };
          const answer = () => after(() => resolve(drawn));
          const refuse = () => after(() => reject(new Error('no')));
          asked.push({ exposure, signal, answer, refuse });
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
      onWhole: (drawn) => wholes.push(drawn),
      onTrouble: (message) => troubles.push(message),
    });
    return { dots, asked, wholes, troubles, transforms, closed: () => closed };
  }

  const scene = plane([]).scene;
  const wish: Wish = {
    ...{
      scene,
      version: 1,
      live: null,
      n: 3_000_000,
      size: { width: 400, height: 200 },
      matrix: IDENTITY,
      ratio: 2,
      isRough: false,
    },
    look: { colours: COLOURS, scheme: 'light', alone: null, showsDoubt: false },
  };
  const moved = (by: number): Wish => ({ ...wish, matrix: [1, 0, 0, by, 0, 1, 0, 0] });

  it('asks for all rows at rest, and not again for what is there', async () => {
    const { dots, asked, wholes } = layer();
    dots.show(wish);
    expect(asked[0].exposure).toMatchObject({
      width: 800,
      height: 400,
      ratio: 2,
      sample: null,
      toPixels: [2, 0, 0, 0, 0, 2, 0, 0],
    });
    expect(dots.whole()).toBeNull();
    await asked[0].answer();
    expect(dots.whole()).toBe(wholes[0]);
    dots.show({ ...wish, look: { ...wish.look } });
    expect(asked.length).toBe(1);
    dots.show({ ...wish, version: 2 });
    expect(asked.length).toBe(2);
    expect(dots.whole()).toBeNull();
  });

  it('moves what there is at once, asks for samples of half the resolution, one at a time, and for all when it rests', async () => {
    const { dots, asked, wholes, transforms, closed } = layer();
    dots.show(wish);
    await asked[0].answer();
    dots.show(moved(10));
    expect(transforms.at(-1)).toEqual([1, 0, 0, 1, 20, 0]);
    expect(asked[1].exposure).toMatchObject({ width: 400, height: 200, ratio: 1, sample: SAMPLE });
    dots.show(moved(20));
    dots.show(moved(30));
    expect(asked.length).toBe(2);
    await asked[1].answer();
    // Of where it was, twice as large and moved on.
    expect(transforms.at(-1)).toEqual([2, 0, 0, 2, 40, 0]);
    expect(closed()).toBe(1);
    expect(asked[2].exposure.toPixels[3]).toBe(30);
    await asked[2].answer();
    expect(asked.length).toBe(3);
    await vi.advanceTimersByTimeAsync(200);
    expect(asked[3].exposure).toMatchObject({ sample: null, ratio: 2 });
    await asked[3].answer();
    expect(wholes.length).toBe(2);
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked.length).toBe(4);
  });

  it('calls a whole picture off when it moves, and closes what comes too late', async () => {
    const { dots, asked, troubles, closed } = layer();
    dots.show(wish);
    dots.show(moved(5));
    expect(asked[0].signal.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(asked[1].exposure.sample).toBe(SAMPLE);
    dots.show({ ...moved(5), scene: { ...scene } });
    await asked[1].answer();
    expect(closed()).toBe(1);
    dots.end();
    await asked[2].answer();
    expect(asked[2].signal.aborted).toBe(true);
    expect(troubles).toEqual([]);
  });

  it('is content with samples while a run is on', async () => {
    const { dots, asked, wholes } = layer();
    dots.show({ ...wish, isRough: true });
    expect(asked[0].exposure.sample).toBe(SAMPLE);
    await asked[0].answer();
    await vi.advanceTimersByTimeAsync(1000);
    expect(asked.length).toBe(1);
    expect(wholes).toEqual([]);
    dots.show(wish);
    expect(asked[1].exposure.sample).toBeNull();
  });

  it('draws a sample anew as often as its labels change, and waits for none of these when the run is over', async () => {
    const { dots, asked, wholes } = layer();
    const running = (): Wish => ({ ...wish, isRough: true, live: {} });
    dots.show(running());
    await asked[0].answer();
    expect(asked.length).toBe(1);
    dots.show(running());
    expect(asked[1].exposure.sample).toBe(SAMPLE);
    dots.show(running());
    expect(asked.length).toBe(2);
    await asked[1].answer();
    expect(asked.length).toBe(3);
    dots.show(wish);
    expect(asked[2].signal.aborted).toBe(true);
    await vi.advanceTimersByTimeAsync(0);
    expect(asked[3].exposure.sample).toBeNull();
    await asked[3].answer();
    expect(wholes.length).toBe(1);
  });

  it('tells of a failure once, and tries again when something else is wished', async () => {
    const { dots, asked, troubles } = layer();
    dots.show(wish);
    await asked[0].refuse();
    await vi.advanceTimersByTimeAsync(1000);
    expect(troubles).toEqual(['no']);
    expect(asked.length).toBe(1);
    dots.show({ ...wish, version: 2 });
    expect(asked.length).toBe(2);
  });
});
