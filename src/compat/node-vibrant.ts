/**
 * A quantizer for node-vibrant 4, in place of its median cut.
 *
 * @module webgpu-clustering/compat/node-vibrant
 */
import '../globals.ts';
import { checkInteger } from '../check.ts';
import { SRGB } from './oklab.ts';
import { quantize, wordsOf } from './quantization.ts';

/** The class `Swatch` of the package \@vibrant/color. */
export type SwatchClass<S> = new (rgb: [red: number, green: number, blue: number], population: number) => S;

/** What node-vibrant tells a quantizer. */
export interface QuantizerOptions {
  /** How many swatches, at most: an integer of at least 1. */
  colorCount: number;
}

/** What node-vibrant asks for the swatches of RGBA pixels [n, 4]; those with an alpha of 0, which its filters left out, do not count. */
export type Quantizer<S> = (pixels: Uint8Array | Uint8ClampedArray, options: QuantizerOptions) => S[];

/**
 * A quantizer that makes swatches as {@link webgpu-clustering/palette!paletteOf} makes palettes: by k-means in OKLab, those
 * of most pixels first, none for no pixels. What it returns throws a `RangeError` where `colorCount` is not an integer of
 * at least 1.
 *
 * @param Swatch that of \@vibrant/color: this library depends on no package
 * @example
 * ```ts
 * import { Swatch } from '@vibrant/color';
 * import { quantizerOf } from 'webgpu-clustering/compat/node-vibrant';
 *
 * const quantizer = quantizerOf(Swatch);
 * const pixels = new Uint8ClampedArray([250, 0, 0, 255, 252, 0, 0, 255, 0, 0, 200, 255]);
 * for (const { hex, population } of quantizer(pixels, { colorCount: 2 })) console.log(hex, population); // #fb0000 2 | #0000c8 1
 * ```
 */
export function quantizerOf<S>(Swatch: SwatchClass<S>): Quantizer<S> {
  return (pixels, { colorCount }) =>
    quantize(wordsOf(pixels), checkInteger('colorCount', colorCount, 1), SRGB).map(
      ({ colour, population }) => new Swatch(colour, population),
    );
}
