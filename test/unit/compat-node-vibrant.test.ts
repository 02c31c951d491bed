import { Swatch } from '@vibrant/color';
import { BasicPipeline } from '@vibrant/core';
import { DefaultGenerator } from '@vibrant/generator-default';
import { MMCQ } from '@vibrant/quantizer-mmcq';
import { Vibrant } from 'node-vibrant/node';
import { beforeAll, describe, expect, test } from 'vitest';
import { quantizerOf } from '../../src/compat/node-vibrant.ts';
import { PHOTOGRAPHS, type PhotographName, photographAt, readPhotograph } from '../golden/photographs.ts';
import { paletteError } from '../reference/colour.ts';

const quantizer = quantizerOf(Swatch);

beforeAll(() => {
  // As the package makes its own.
  const pipeline = new BasicPipeline();
  pipeline.filter.register('default', (r, g, b, a) => a >= 125 && !(r > 250 && g > 250 && b > 250));
  pipeline.quantizer.register('mmcq', MMCQ);
  pipeline.quantizer.register('k-means', quantizer);
  pipeline.generator.register('default', DefaultGenerator);
  Vibrant.use(pipeline);
});

/** What the quantizer made of the photograph in node-vibrant: of all its pixels, unless there are filters. */
async function swatchesOf(name: PhotographName, colorCount: number, by: string, filters: string[] = []) {
  const vibrant = new Vibrant(photographAt(name), { colorCount, quality: 1, quantizer: by, filters });
  const palette = await vibrant.getPalette();
  return { palette, colors: vibrant.result?.colors ?? [] };
}

describe.each(PHOTOGRAPHS)('%s', (name) => {
  test.each([6, 16])(
    '%d swatches are a fifth nearer than its own, and so are as few as it makes of them',
    async (k) => {
      const { data } = await readPhotograph(name);
      const errorOf = async (by: string, colorCount: number) => {
        const { colors } = await swatchesOf(name, colorCount, by);
        return {
          count: colors.length,
          ...paletteError(
            data,
            colors.map(({ rgb }) => rgb),
          ),
        };
      };
      const [own, original] = [await errorOf('k-means', k), await errorOf('mmcq', k)];
      expect(own.count).toBe(k);
      expect(own.ok).toBeLessThanOrEqual(0.8 * original.ok);
      expect(own.ciede2000).toBeLessThanOrEqual(0.9 * original.ciede2000);
      expect((await errorOf('k-means', original.count)).ok).toBeLessThanOrEqual(0.8 * original.ok);
    },
  );

  test('swatches are those of the package, for all pixels that its filters leave', async () => {
    const { data } = await readPhotograph(name);
    const { palette, colors } = await swatchesOf(name, 64, 'k-means', ['default']);
    expect(colors).toHaveLength(64);
    for (const swatch of colors) expect(swatch).toBeInstanceOf(Swatch);
    const pixels = Array.from({ length: data.length / 4 }, (_, i) => data.subarray(4 * i, 4 * i + 3));
    const left = pixels.filter((pixel) => !pixel.every((byte) => byte > 250)).length;
    expect(colors.reduce((sum, { population }) => sum + population, 0)).toBe(left);
    expect(Object.keys(palette)).toContain('Vibrant');
    expect(palette.Muted).toBeInstanceOf(Swatch);
    expect(palette.Muted?.hex).toMatch(/^#[0-9a-f]{6}$/);
    expect(JSON.stringify(await swatchesOf(name, 64, 'k-means', ['default']))).toBe(
      JSON.stringify({ palette, colors }),
    );
  });
});

test('an image without pixels that count has no swatches, and no colour in the palette', async () => {
  expect(quantizer(new Uint8ClampedArray(), { colorCount: 3 })).toEqual([]);
  const hidden = new Uint8ClampedArray(16);
  expect(quantizer(hidden, { colorCount: 3 })).toEqual([]);
  expect(Object.values(DefaultGenerator([]))).toEqual(new Array(6).fill(null));
});

test('one swatch is no error, as it is there', () => {
  const pixels = new Uint8ClampedArray([10, 20, 30, 255, 10, 20, 30, 255]);
  expect(quantizer(pixels, { colorCount: 1 }).map((swatch) => swatch.toJSON())).toEqual([
    { rgb: [10, 20, 30], population: 2 },
  ]);
});

test('colorCount is a whole number of at least 1', () => {
  for (const colorCount of [0, 1.5]) expect(() => quantizer(new Uint8Array(4), { colorCount })).toThrow(RangeError);
});
