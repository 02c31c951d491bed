/**
 * What the package \@turf/clusters-kmeans 7 exports, on the CPU engine of this library: changing the import is all.
 *
 * @module webgpu-clustering/compat/turf-clusters-kmeans
 */
import '../globals.ts';
import { kmeansHere } from '../api/kmeans-here.ts';
import { wrongKind } from '../check.ts';
import { meansOf } from './clusterer.ts';
import skmeans from './skmeans.ts';

/** West, south, east and north in degrees, or west, south, the least height, east, north and the largest height. */
export type BoundingBox = [number, number, number, number] | [number, number, number, number, number, number];

/** A GeoJSON point (RFC 7946). */
export interface Point {
  /** Which geometry it is. */
  type: 'Point';
  /** Longitude and latitude in degrees; a height may follow. */
  coordinates: number[];
  /** What it lies in. */
  bbox?: BoundingBox | undefined;
}

/** A GeoJSON feature at a point. */
export interface PointFeature<P> {
  /** That it is a feature. */
  type: 'Feature';
  /** Where it is. */
  geometry: Point;
  /** What it is; null for nothing. */
  properties: P;
  /** By what others know it. */
  id?: string | number | undefined;
  /** What it lies in. */
  bbox?: BoundingBox | undefined;
}

/** A GeoJSON collection of such features. */
export interface PointCollection<P> {
  /** That it is a collection. */
  type: 'FeatureCollection';
  /** n of them. */
  features: PointFeature<P>[];
  /** What they lie in. */
  bbox?: BoundingBox | undefined;
}

/** What a feature is. */
// biome-ignore lint/suspicious/noExplicitAny: as @types/geojson has it, whose collections are to be taken and returned
export type Properties = { [name: string]: any } | null;

/** What a feature is, with its cluster. */
export type KmeansProps = Properties & {
  /** Index of its cluster. */
  cluster?: number;
  /** Centroid of its cluster; one array for all features of it. */
  centroid?: [number, number];
};

/** Options of {@link clustersKmeans}. */
export interface ClustersKmeansOptions {
  /** Default √(n/2), rounded; at most n. */
  numberOfClusters?: number;
  /** Whether the given collection gets the properties, and not a copy. Default false. */
  mutate?: boolean;
  /**
   * Whether distances are those on a sphere: near ±180° of longitude and near the poles degrees are none. Clusters then begin
   * with k-means++, none is empty while there are as many different places, and heights are left out. Default false, as
   * there.
   */
  spherical?: boolean;
}

/**
 * `clustersKmeans` of turf: k-means of the coordinates, which begins with the first points.
 *
 * @returns the collection, each feature with the properties `cluster` and `centroid`
 * @throws {TypeError} where a feature is no point, or there is none.
 * @throws {RangeError} with `spherical`, where a coordinate is no finite number, or `numberOfClusters` not whole or below 0.
 * @example
 * ```ts
 * import { clustersKmeans } from 'webgpu-clustering/compat/turf-clusters-kmeans';
 *
 * const features = [[179, -17], [10, 50], [-179, -17]].map((coordinates) => ({
 *   type: 'Feature' as const,
 *   properties: {},
 *   geometry: { type: 'Point' as const, coordinates },
 * }));
 * const islands = clustersKmeans({ type: 'FeatureCollection', features }, { numberOfClusters: 2, spherical: true });
 * console.log(islands.features.map(({ properties }) => properties.cluster).join()); // 0,1,0
 * ```
 */
export function clustersKmeans(
  points: PointCollection<Properties>,
  options: ClustersKmeansOptions = {},
): PointCollection<KmeansProps> {
  const { mutate, spherical } = options;
  const n = points.features.length;
  if (n === 0) throw new TypeError('points.features must not be empty');
  const k = Math.min(options.numberOfClusters || Math.round(Math.sqrt(n / 2)), n);
  const positions = points.features.map(positionOf);
  const collection = mutate === true ? points : cloned(points);
  const { labels, centroids } = spherical === true ? onSphere(positions, k) : inPlane(positions, k);
  collection.features.forEach((feature, i) => {
    // Only where there are none: a feature may be frozen, and its properties not.
    feature.properties ??= {};
    Object.assign(feature.properties, { cluster: labels[i], centroid: centroids[labels[i]] });
  });
  return collection as PointCollection<KmeansProps>;
}

export default clustersKmeans;

interface Clusters {
  /** [n] */
  readonly labels: ArrayLike<number>;
  /** [k] */
  readonly centroids: readonly number[][];
}

function positionOf({ geometry }: PointFeature<Properties>, i: number): number[] {
  if (geometry?.type !== 'Point') throw wrongKind(nameOf(i), 'a Point', geometry);
  return geometry.coordinates;
}

function nameOf(i: number): string {
  return `points.features[${i}].geometry`;
}

function inPlane(positions: number[][], k: number): Clusters {
  const { idxs, centroids } = skmeans(positions, k, positions.slice(0, k));
  return { labels: idxs, centroids };
}

/** By the cosine of the angle between points of the unit sphere. */
function onSphere(positions: number[][], k: number): Clusters {
  const units = positions.map(toUnit);
  const { labels } = kmeansHere(units, { k, metric: 'cosine' });
  // In float64: a degree of longitude in float32 is known to a few centimetres.
  return { labels, centroids: meansOf(units, labels, k).means.map(toPosition) };
}

const DEGREE = Math.PI / 180;

function toUnit([longitude, latitude]: number[], i: number): number[] {
  for (const degrees of [longitude, latitude]) {
    if (!Number.isFinite(degrees)) throw new RangeError(`${nameOf(i)}.coordinates must be finite, got ${degrees}`);
  }
  const [lambda, phi] = [longitude * DEGREE, latitude * DEGREE];
  return [Math.cos(phi) * Math.cos(lambda), Math.cos(phi) * Math.sin(lambda), Math.sin(phi)];
}

function toPosition([x, y, z]: number[]): number[] {
  return [Math.atan2(y, x) / DEGREE, Math.atan2(z, Math.hypot(x, y)) / DEGREE];
}

/** A copy as deep as turf's, and in its order, whose properties and coordinates can be written to. */
function cloned({ type, features, ...others }: PointCollection<Properties>): PointCollection<Properties> {
  return { type, ...others, features: features.map(clonedFeature) };
}

function clonedFeature(feature: PointFeature<Properties>): PointFeature<Properties> {
  const { type, properties, geometry, ...others } = feature;
  return { type, ...others, properties: clonedProperties(properties), geometry: clonedGeometry(geometry) };
}

/** Members that GeoJSON does not know are left behind, as there. */
function clonedGeometry({ type, bbox, coordinates }: Point): Point {
  return { type, ...(bbox && { bbox }), coordinates: coordinates.slice() };
}

function clonedProperties(properties: Properties): Properties {
  return Object.fromEntries(
    Object.entries(properties ?? {}).map(([name, value]) => {
      if (value === null || typeof value !== 'object') return [name, value];
      return [name, Array.isArray(value) ? value.slice() : clonedProperties(value)];
    }),
  );
}
