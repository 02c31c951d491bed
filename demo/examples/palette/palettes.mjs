// @ts-check
import { getPaletteSync } from 'colorthief';
import { Vibrant } from 'node-vibrant/browser';
import { paletteOf } from 'webgpu-clustering/palette';

/** @typedef {{ rgb: [number, number, number], population: number }} Colour */
/** @typedef {{ name: string, about: string, colours: Colour[] }} Palette */

/**
 * The palettes of a picture: ours, and those of the packages' own quantizers, which see all pixels too.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {ImageData} image what is on it
 * @param {number} k
 * @returns {Promise<Palette[]>}
 */
export async function palettesOf(canvas, image, k) {
  const element = new Image();
  element.src = canvas.toDataURL();
  await element.decode();
  const vibrant = new Vibrant(element, { colorCount: k, quality: 1, filters: [] });
  await vibrant.getPalette();
  const thief = getPaletteSync(image, { colorCount: k, quality: 1, ignoreWhite: false, alphaThreshold: 1 }) ?? [];
  return [
    { name: 'paletteOf', about: 'k-means in OKLab, of this library', colours: paletteOf(image.data, { k }) },
    { name: 'node-vibrant', about: 'median cut in RGB', colours: vibrant.result?.colors ?? [] },
    {
      name: 'colorthief',
      about: 'median cut in OKLCH',
      colours: thief.map((color) => ({ rgb: color.array(), population: color.population })),
    },
  ].map((palette) => ({ ...palette, colours: byPopulation(palette.colours) }));
}

/** @param {readonly Colour[]} colours */
function byPopulation(colours) {
  return [...colours].sort((a, b) => b.population - a.population);
}
