/**
 * Quantizers for colorthief 3, in place of its median cut.
 *
 * @module webgpu-clustering/compat/colorthief
 */
import '../globals.ts';
import { checkInteger } from '../check.ts';
import { type ColourSpace, OKLCH, SRGB } from './oklab.ts';
import { quantize } from './quantization.ts';

/** What `configure({ quantizer })` of colorthief takes. */
export interface Quantizer {
  /** Resolves at once: there is nothing to load. */
  init(): Promise<void>;
  /**
   * The colours that stand for pixels, those of most pixels first, up to `maxColors`: an integer of at least 1. None for no
   * pixels.
   */
  quantize(pixels: [number, number, number][], maxColors: number): QuantizedColor[];
}

/** A colour of a palette. */
export interface QuantizedColor {
  /** In the space of the pixels. */
  color: [number, number, number];
  /** How many pixels it stands for. */
  population: number;
}

/**
 * For colorthief's default, `colorSpace: 'oklch'`: k-means in OKLab (Ottosson 2020) of lightness, chroma and hue, each
 * scaled to 0 to 255 as colorthief hands them over.
 */
export const quantizer: Quantizer = quantizerIn(OKLCH);

/** For `colorSpace: 'rgb'`: k-means in OKLab of red, green and blue in sRGB. Which of both it is, colorthief does not say. */
export const rgbQuantizer: Quantizer = quantizerIn(SRGB);

function quantizerIn(space: ColourSpace): Quantizer {
  return {
    init: async () => undefined,
    quantize: (pixels, maxColors) =>
      quantize(wordsOf(pixels), checkInteger('maxColors', maxColors, 1), space).map(({ colour, population }) => ({
        color: colour,
        population,
      })),
  };
}

function wordsOf(pixels: readonly (readonly [number, number, number])[]): Int32Array {
  const words = new Int32Array(pixels.length);
  for (let i = 0; i < words.length; i++) {
    const pixel = pixels[i];
    words[i] = pixel[0] | (pixel[1] << 8) | (pixel[2] << 16) | (255 << 24);
  }
  return words;
}
