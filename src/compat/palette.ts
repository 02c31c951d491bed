/**
 * Palettes of images: a few colours that stand for all pixels.
 *
 * @module webgpu-clustering/palette
 */
import '../globals.ts';
import { checkInteger, type Names, readOptions } from '../check.ts';
import { SRGB } from './oklab.ts';
import { quantize, wordsOf } from './quantization.ts';

/** A colour of a palette. */
export interface PaletteEntry {
  /** Its red, green and blue in sRGB, integers from 0 to 255. */
  rgb: [red: number, green: number, blue: number];
  /** How many pixels it stands for. */
  population: number;
}

/** Options of {@link paletteOf}. */
export interface PaletteOptions {
  /** How many colours: an integer of at least 1. There are fewer where the image has fewer. */
  readonly k: number;
}

const OPTIONS: Names<PaletteOptions> = { k: true };

/**
 * The palette of an image by k-means in OKLab (Ottosson 2020), where equal distances look alike: the squared distances of
 * the pixels to their colours are small together. The same pixels give the same palette, in whatever order.
 *
 * @param pixels RGBA [n, 4], as in `ImageData`; those with an alpha of 0 do not count
 * @returns up to k colours, those of most pixels first; none for no pixels
 * @throws {TypeError} where `pixels` are no bytes, or an option is of the wrong kind.
 * @throws {RangeError} where they are not whole pixels, or k is not an integer of at least 1.
 * @example
 * ```ts
 * import { paletteOf } from 'webgpu-clustering/palette';
 *
 * const pixels = new Uint8ClampedArray([250, 0, 0, 255, 252, 0, 0, 255, 0, 0, 200, 255]);
 * for (const { rgb, population } of paletteOf(pixels, { k: 2 })) console.log(rgb.join(), population); // 251,0,0 2 | 0,0,200 1
 * ```
 */
export function paletteOf(pixels: Uint8Array | Uint8ClampedArray, options: PaletteOptions): PaletteEntry[] {
  const { k } = readOptions('paletteOf', options, OPTIONS);
  return quantize(wordsOf(pixels), checkInteger('k', k, 1), SRGB).map(({ colour, population }) => ({
    rgb: colour,
    population,
  }));
}
