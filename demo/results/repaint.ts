/** Images in the colours of their clusters. */
import { SRGB } from '../../src/compat/oklab.ts';
import { runAsync, type Steps } from '../../src/steps.ts';
import type { Features } from '../features/features.ts';
import { PIECE } from '../features/reading.ts';
import type { Rgb } from '../palette.ts';
import { isNumeric, type Table } from '../tables/table.ts';

/** What a cluster of no pixel has. */
const GREY: Rgb = [128, 128, 128];

/** The mean of each cluster's pixels [k], in OKLab, whichever columns were clustered; null where rows are no pixels. */
export function* paletteOf(
  table: Table,
  { n, rows }: Features,
  labels: Uint32Array,
  k: number,
): Steps<readonly Rgb[] | null> {
  if (table.image === undefined) return null;
  const counts = new Float64Array(k);
  const sums = table.image.colour.map(() => new Float64Array(k));
  for (let from = 0; from < n; from += PIECE) {
    const to = Math.min(n, from + PIECE);
    for (let i = from; i < to; i++) counts[labels[i]]++;
    for (const [j, index] of table.image.colour.entries()) {
      const values = valuesOf(table, index);
      for (let i = from; i < to; i++) sums[j][labels[i]] += values[rows === null ? i : rows[i]];
    }
    yield;
  }
  return Array.from(counts, (count, cluster): Rgb => {
    if (count === 0) return GREY;
    const [lightness, a, b] = sums.map((sum) => sum[cluster] / count);
    return SRGB.fromOklab([lightness, a, b]);
  });
}

/** RGBA [height, width, 4]: what was transparent, or left out, is transparent. */
export function* repaint(
  table: Table,
  { n, rows }: Features,
  labels: Uint32Array,
  palette: readonly Rgb[],
): Steps<Uint8ClampedArray<ArrayBuffer>> {
  const { width, height, place } = imageOf(table);
  const [xs, ys] = place.map((index) => valuesOf(table, index));
  const pixels = new Uint8ClampedArray(4 * width * height);
  for (let from = 0; from < n; from += PIECE) {
    const to = Math.min(n, from + PIECE);
    for (let i = from; i < to; i++) {
      const row = rows === null ? i : rows[i];
      const at = 4 * (ys[row] * width + xs[row]);
      const colour = palette[labels[i]];
      pixels[at] = colour[0];
      pixels[at + 1] = colour[1];
      pixels[at + 2] = colour[2];
      pixels[at + 3] = 255;
    }
    yield;
  }
  return pixels;
}

interface Painted {
  readonly table: Table;
  readonly features: Features;
  readonly labels: Uint32Array;
  readonly palette: readonly Rgb[] | null;
}

/** @param most its longer side, in pixels; a larger image is scaled down */
export async function repaintedBitmap(of: Painted, most: number, signal: AbortSignal): Promise<ImageBitmap> {
  const image = await repaintedImage(of, signal);
  const scale = Math.min(1, most / Math.max(image.width, image.height));
  return createImageBitmap(image, {
    resizeWidth: Math.max(1, Math.round(scale * image.width)),
    resizeHeight: Math.max(1, Math.round(scale * image.height)),
    resizeQuality: 'medium',
  });
}

export async function repaintedPng(of: Painted, signal: AbortSignal): Promise<Blob> {
  const image = await repaintedImage(of, signal);
  const canvas = new OffscreenCanvas(image.width, image.height);
  canvas.getContext('2d')!.putImageData(image, 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}

async function repaintedImage({ table, features, labels, palette }: Painted, signal: AbortSignal): Promise<ImageData> {
  if (palette === null) throw new RangeError('This table is no image.');
  const pixels = await runAsync(repaint(table, features, labels, palette), signal);
  return new ImageData(pixels, imageOf(table).width);
}

function imageOf({ image }: Table): NonNullable<Table['image']> {
  if (image === undefined) throw new RangeError('This table is no image.');
  return image;
}

function valuesOf({ columns }: Table, index: number) {
  const column = columns[index];
  if (!isNumeric(column)) throw new TypeError(`“${column.name}” has no numbers.`);
  return column.values;
}
