// @ts-check
import { clustersKmeans } from 'webgpu-clustering/compat/turf-clusters-kmeans';

/**
 * @typedef {{ code: string, name: string, cluster?: number, centroid?: [number, number] }} Airport
 * @typedef {import('webgpu-clustering/compat/turf-clusters-kmeans').PointFeature<Airport>} Place
 * @typedef {{ count: number, centroid: [number, number], nearest: Airport, farthest: number }} Cluster
 */

/**
 * Airports as GeoJSON.
 *
 * @param {string} csv with the columns iata, name, city, state, country, latitude, longitude
 * @returns {Place[]}
 */
export function readAirports(csv) {
  return csv
    .trim()
    .split('\n')
    .slice(1)
    .map((line) => {
      // Names may have commas of their own, in quotes.
      const [code, name, , , , latitude, longitude] = Array.from(
        line.matchAll(/("(?:[^"]|"")*"|[^,]*)(?:,|\r?$)/g),
        ([, field]) => field.replace(/^"|"$/g, ''),
      );
      return {
        type: 'Feature',
        properties: { code, name },
        geometry: { type: 'Point', coordinates: [Number(longitude), Number(latitude)] },
      };
    });
}

/**
 * Puts places into clusters.
 *
 * @param {readonly Place[]} places
 * @param {number} k
 * @param {boolean} spherical whether distances are those on the globe, or between numbers of degrees, as turf has them
 * @returns {{ places: Place[], clusters: Cluster[] }} clusters by their size, each place with its cluster's place among them
 */
export function clustered(places, k, spherical) {
  const collection = { type: /** @type {const} */ ('FeatureCollection'), features: [...places] };
  const { features } = clustersKmeans(collection, { numberOfClusters: k, spherical });
  /** @type {Map<number, Place[]>} */
  const groups = new Map();
  for (const feature of /** @type {Place[]} */ (features)) {
    const cluster = feature.properties.cluster ?? 0;
    groups.set(cluster, [...(groups.get(cluster) ?? []), feature]);
  }
  const bySize = [...groups.values()].sort((a, b) => b.length - a.length);
  const clusters = bySize.map((group, cluster) => {
    const [{ properties }] = group;
    const centroid = /** @type {[number, number]} */ (properties.centroid);
    const distances = group.map(({ geometry }) => kilometresBetween(centroid, geometry.coordinates));
    for (const { properties } of group) properties.cluster = cluster;
    return {
      count: group.length,
      centroid,
      nearest: group[distances.indexOf(Math.min(...distances))].properties,
      farthest: Math.max(...distances),
    };
  });
  return { places: bySize.flat(), clusters };
}

/**
 * Along a great circle.
 *
 * @param {readonly number[]} a longitude and latitude in degrees
 * @param {readonly number[]} b
 */
function kilometresBetween(a, b) {
  const [x, y, u, v] = [...a.slice(0, 2), ...b.slice(0, 2)].map((degrees) => (degrees * Math.PI) / 180);
  const half = Math.sin((v - y) / 2) ** 2 + Math.cos(y) * Math.cos(v) * Math.sin((u - x) / 2) ** 2;
  return 2 * 6371 * Math.asin(Math.sqrt(Math.min(1, half)));
}
