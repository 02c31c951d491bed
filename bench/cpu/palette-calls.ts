/** What palettes are asked for, in Node and in a page: as node-vibrant and colorthief ask, of them and of this library. */
import { Swatch } from '@vibrant/color';
import { MMCQ } from '@vibrant/quantizer-mmcq';
import { MmcqQuantizer, pixelsRgbToOklchScaled } from 'colorthief/internals';
import { quantizer } from '../../src/compat/colorthief.ts';
import { quantizerOf } from '../../src/compat/node-vibrant.ts';

export type PackageName = 'node-vibrant' | 'colorthief';

/** One of a package's own quantizer and of its stand-in. */
export interface PaletteCalls {
  readonly before: () => unknown;
  readonly after: () => unknown;
}

/** @param pixels RGBA [n, 4] */
export function paletteCalls(name: PackageName, pixels: Uint8ClampedArray, k: number): PaletteCalls {
  if (name === 'node-vibrant') {
    const ours = quantizerOf(Swatch);
    return {
      before: () => MMCQ(pixels, { colorCount: k }),
      after: () => ours(pixels, { colorCount: k }),
    };
  }
  // What colorthief makes of them first, whoever quantizes.
  const rgb = Array.from({ length: pixels.length / 4 }, (_, i): [number, number, number] => [
    pixels[4 * i],
    pixels[4 * i + 1],
    pixels[4 * i + 2],
  ]);
  const scaled = pixelsRgbToOklchScaled(rgb);
  const own = new MmcqQuantizer();
  return { before: () => own.quantize(scaled, k), after: () => quantizer.quantize(scaled, k) };
}
