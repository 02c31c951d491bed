import * as theirs from '@turf/clusters-kmeans';
import { describe, expect, test } from 'vitest';
import * as ours from '../../src/compat/turf-clusters-kmeans.ts';
import { Random } from '../../src/random.ts';

type Collection = Parameters<typeof theirs.clustersKmeans>[0];

function collectionOf(coordinates: readonly number[][]): Collection {
  return {
    type: 'FeatureCollection',
    features: coordinates.map((position, i) => ({
      type: 'Feature',
      id: i,
      properties: { name: `point ${i}`, tags: ['a', { b: i }], nested: { value: null } },
      geometry: { type: 'Point', coordinates: position },
    })),
  };
}

function placesOf(n: number, seed: number, towns = 12): number[][] {
  const random = new Random(seed);
  const centres = Array.from({ length: towns }, () => [360 * random.uniform() - 180, 160 * random.uniform() - 80]);
  return Array.from({ length: n }, (_, i) => centres[i % towns].map((value) => value + 3 * random.normal()));
}

function both(coordinates: readonly number[][], options: { numberOfClusters?: number }) {
  return [ours, theirs].map(({ clustersKmeans }) => clustersKmeans(collectionOf(coordinates), { ...options }));
}

describe('the same collections as of turf', () => {
  test.each([1, 2, 3, 10, 77, 300])('%i points, as many clusters as turf takes', (n) => {
    const [own, original] = both(placesOf(n, n), {});
    expect(own).toEqual(original);
  });

  test.each([1, 5, 60, 61])('%i clusters of 60 points', (numberOfClusters) => {
    const [own, original] = both(placesOf(60, 3), { numberOfClusters });
    expect(own).toEqual(original);
  });

  test('many points, which the engine answers', () => {
    const [own, original] = both(placesOf(10_000, 4), { numberOfClusters: 20 });
    expect(own).toEqual(original);
  });

  test('ties, duplicates among the first points, heights of some', () => {
    const random = new Random(5);
    const grid = Array.from({ length: 200 }, () => [random.below(4), random.below(4)]);
    for (const numberOfClusters of [2, 7, 30]) {
      const [own, original] = both(grid, { numberOfClusters });
      expect(own).toEqual(original);
      const high = grid.map((position, i) => (i % 3 === 0 ? position : [...position, i]));
      const [ownHigh, originalHigh] = both(high, { numberOfClusters });
      expect(ownHigh).toEqual(originalHigh);
    }
  });
});

test('the given collection stays as it is, or is the one that comes back', () => {
  const given = collectionOf(placesOf(30, 6));
  const before = structuredClone(given);
  const copy = ours.clustersKmeans(given);
  expect(given).toEqual(before);
  for (const [i, { properties, geometry }] of copy.features.entries()) {
    expect(properties.tags).not.toBe(given.features[i].properties!.tags);
    expect(properties.nested).not.toBe(given.features[i].properties!.nested);
    expect(geometry.coordinates).not.toBe(given.features[i].geometry.coordinates);
  }
  const mutated = ours.clustersKmeans(given, { mutate: true });
  expect(mutated).toBe(given);
  expect(mutated).toEqual(copy);
});

test('what else collections and features have stays', () => {
  const given = { ...collectionOf(placesOf(5, 7)), bbox: [0, 0, 1, 1] as [number, number, number, number], crs: 'any' };
  const [own, original] = [ours, theirs].map(({ clustersKmeans }) => clustersKmeans(given));
  expect(own).toEqual(original);
});

test('copies have the members of turf, in its order', () => {
  const features = placesOf(5, 11).map((coordinates, id) => ({
    geometry: { bbox: [0, 0, 1, 1], foreign: 1, coordinates, type: 'Point' },
    properties: id % 2 === 0 ? null : { id },
    foreign: 2,
    ...{ id, type: 'Feature' },
  }));
  const given = { features, foreign: 3, type: 'FeatureCollection' } as unknown as Collection;
  const [own, original] = [ours, theirs].map(({ clustersKmeans }) => JSON.stringify(clustersKmeans(given)));
  expect(own).toBe(original);
});

test('of what is given only the properties are written to', () => {
  const given = collectionOf(placesOf(5, 12));
  for (const feature of given.features) Object.freeze(feature);
  Object.freeze(given.features);
  const mutated = ours.clustersKmeans(Object.freeze(given), { mutate: true });
  expect(mutated.features.map(({ properties }) => properties.cluster)).not.toContain(undefined);
});

test('no features: an error, on the sphere too', () => {
  for (const spherical of [false, true]) {
    expect(() => ours.clustersKmeans(collectionOf([]), { spherical })).toThrow(TypeError);
  }
});

test('options are not written to', () => {
  const options = { mutate: false };
  ours.clustersKmeans(collectionOf(placesOf(8, 8)), options);
  expect(options).toEqual({ mutate: false });
});

test('a feature that is no point is an error that says which', () => {
  const given = collectionOf(placesOf(3, 9));
  given.features[1].geometry = { type: 'MultiPoint', coordinates: [[0, 0]] } as never;
  expect(() => ours.clustersKmeans(given)).toThrow('points.features[1].geometry must be a Point');
});

describe('on the sphere', () => {
  const clustersOf = (coordinates: number[][], numberOfClusters: number) =>
    ours.clustersKmeans(collectionOf(coordinates), { numberOfClusters, spherical: true }).features;

  test('both sides of ±180° are near each other, and their centroid lies there', () => {
    const features = clustersOf(
      [
        [179, -17],
        [-179, -17],
        [178, -18],
        [-178, -18],
        [10, 50],
        [11, 51],
      ],
      2,
    );
    expect(new Set(features.slice(0, 4).map(({ properties }) => properties.cluster)).size).toBe(1);
    expect(features[0].properties.cluster).not.toBe(features[4].properties.cluster);
    const [longitude, latitude] = features[0].properties.centroid!;
    expect(180 - Math.abs(longitude)).toBeLessThan(1e-4);
    expect(latitude).toBeCloseTo(-17.5, 1);
  });

  test('longitudes are nothing at a pole', () => {
    const features = clustersOf(
      [
        [0, 89],
        [90, 89],
        [180, 89],
        [-90, 89],
        [0, 0],
        [1, 0],
      ],
      2,
    );
    expect(new Set(features.slice(0, 4).map(({ properties }) => properties.cluster)).size).toBe(1);
    expect(features[0].properties.centroid![1]).toBeCloseTo(90, 3);
  });

  test('far from both, the clusters are those of turf', () => {
    const towns = placesOf(300, 10, 4).map(([x, y]) => [x / 40, y / 40]);
    const labels = (features: ReturnType<typeof clustersOf>) => features.map(({ properties }) => properties.cluster);
    const own = labels(clustersOf(towns, 4));
    const original = labels(theirs.clustersKmeans(collectionOf(towns), { numberOfClusters: 4 }).features);
    const renamed = new Map(own.map((label, i) => [label, original[i]]));
    expect(own.map((label) => renamed.get(label))).toEqual(original);
  });

  test('a centroid is known to more than float32', () => {
    const places = [
      [179, 10],
      [-179, 10],
      [537, 10],
      [30, 0],
    ];
    const [first, , , last] = clustersOf(places, 2).map(({ properties }) => properties.centroid!);
    expect(last[0]).toBeCloseTo(30, 12);
    expect(first[0]).toBeCloseTo(179, 12);
    const [alone] = clustersOf([[2.35, 48.85]], 1);
    expect(alone.properties.centroid![0]).toBeCloseTo(2.35, 12);
    expect(alone.properties.centroid![1]).toBeCloseTo(48.85, 12);
  });

  test.each([Number.NaN, Infinity, null, '1', undefined])('%s is no coordinate', (longitude) => {
    const call = () =>
      clustersOf(
        [
          [0, 0],
          [longitude as number, 0],
        ],
        1,
      );
    expect(call).toThrow(`points.features[1].geometry.coordinates must be finite, got ${longitude}`);
    expect(call).toThrow(RangeError);
  });
});

test('types are those of the package, and more', () => {
  const clustersKmeans: typeof theirs.clustersKmeans = ours.clustersKmeans;
  const standard: typeof theirs.default = ours.default;
  const properties: theirs.KmeansProps = {} satisfies ours.KmeansProps;
  expect([clustersKmeans, standard, properties]).toHaveLength(3);
  // What the types of GeoJSON have, results have.
  const { bbox, features } = ours.clustersKmeans(collectionOf([[0, 0]]));
  expect([bbox, features[0].bbox, features[0].id, features[0].geometry.bbox]).toEqual([
    undefined,
    undefined,
    0,
    undefined,
  ]);
});
