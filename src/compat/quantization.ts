/** The colours that stand for the pixels of an image: k-means in OKLab of its colours, weighted by their pixels. */
import { kmeansHere } from '../api/kmeans-here.ts';
import { isNumericArray, wrongKind } from '../check.ts';
import { countColours } from './colours.ts';
import type { ColourSpace, Triple } from './oklab.ts';

export interface Cluster {
  /** In the space of the pixels. */
  readonly colour: Triple;
  /** Pixels. */
  readonly population: number;
}

/**
 * Up to k clusters, those of most pixels first; fewer where there are fewer colours.
 *
 * @param pixels [n], of three bytes each from the lowest on, and alpha; those with an alpha of 0 do not count
 */
export function quantize(pixels: Int32Array, k: number, space: ColourSpace): Cluster[] {
  const { values, counts } = countColours(pixels, space.levels, k);
  const m = counts.length;
  if (m === 0) return [];
  const data = new Float64Array(3 * m);
  for (let i = 0; i < data.length; i += 3) data.set(space.toOklab(values[i], values[i + 1], values[i + 2]), i);
  const { labels, centroids } = kmeansHere({ data, shape: [m, 3] }, { k: Math.min(k, m), sampleWeight: counts });
  const populations = new Float64Array(centroids.length / 3);
  for (let i = 0; i < m; i++) populations[labels[i]] += counts[i];
  const clusters = Array.from(populations, (population, c) => {
    const [lightness, a, b] = centroids.subarray(3 * c);
    return { colour: space.fromOklab([lightness, a, b]), population };
  });
  // One is empty where colours of different bytes are the same, as greys of any hue are.
  return clusters.filter(({ population }) => population > 0).sort((a, b) => b.population - a.population);
}

/**
 * RGBA [n, 4] as a word each [n].
 *
 * @throws {TypeError} where they are no bytes.
 * @throws {RangeError} where there is a part of a pixel.
 */
export function wordsOf(pixels: Uint8Array | Uint8ClampedArray): Int32Array {
  if (!isNumericArray(pixels) || pixels.BYTES_PER_ELEMENT !== 1) throw wrongKind('pixels', 'an array of bytes', pixels);
  if (pixels.length % 4 !== 0) throw new RangeError(`pixels must be four bytes each, got ${pixels.length} in all`);
  const { buffer, byteOffset } = pixels.byteOffset % 4 === 0 ? pixels : new Uint8Array(pixels);
  return new Int32Array(buffer, byteOffset, pixels.length / 4);
}
