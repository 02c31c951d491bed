import { configure, getColor, getPalette, getPaletteProgressive, getSwatches } from 'colorthief';
import { MmcqQuantizer, type PixelLoader, type Quantizer } from 'colorthief/internals';
import { afterAll, describe, expect, test } from 'vitest';
import { quantizer, rgbQuantizer } from '../../src/compat/colorthief.ts';
import { PHOTOGRAPHS, type Photograph, readPhotograph } from '../golden/photographs.ts';
import { paletteError } from '../reference/colour.ts';
import { shareOf } from '../scope.ts';

afterAll(() => configure({ quantizer: new MmcqQuantizer() }));

// That both are what the package asks for, its own type says.
const QUANTIZERS: readonly (readonly ['oklch' | 'rgb', Quantizer])[] = [
  ['oklch', quantizer],
  ['rgb', rgbQuantizer],
];

/** Of an image that is read already; the package reads with sharp in Node. */
function loaderOf(image: Photograph): PixelLoader<unknown> {
  return { load: async () => image };
}

/** So that no pixel is left out. */
const ALL_PIXELS = { quality: 1, ignoreWhite: false } as const;

describe.each(PHOTOGRAPHS)('%s', async (name) => {
  const image = await readPhotograph(name);
  const loader = loaderOf(image);

  describe.each(QUANTIZERS)('%s', (colorSpace, ours) => {
    const paletteBy = async (by: Quantizer, colorCount: number) =>
      (await getPalette('', { ...ALL_PIXELS, colorCount, colorSpace, quantizer: by, loader })) ?? [];

    test.each(shareOf([16, 6], 2))('%d colours are a fifth nearer than its own', async (k) => {
      const palettes = [await paletteBy(ours, k), await paletteBy(new MmcqQuantizer(), k)];
      const [own, original] = palettes.map((palette) =>
        paletteError(
          image.data,
          palette.map((color) => color.array()),
        ),
      );
      expect(own.ok).toBeLessThanOrEqual(0.8 * original.ok);
      expect(own.ciede2000).toBeLessThanOrEqual(0.9 * original.ciede2000);
    });

    test('colours stand for all pixels, those of most first, and are the same once more', async () => {
      const palette = await paletteBy(ours, 10);
      const populations = palette.map(({ population }) => population);
      expect(populations.reduce((sum, population) => sum + population)).toBe(image.width * image.height);
      expect(populations).toEqual([...populations].sort((a, b) => b - a));
      expect(palette.reduce((sum, { proportion }) => sum + proportion, 0)).toBeCloseTo(1, 12);
      expect((await paletteBy(ours, 10)).map(String)).toEqual(palette.map(String));
    });
  });

  test('configured once, it serves all that the package has', async () => {
    configure({ quantizer, loader });
    const palette = (await getPalette('', { colorCount: 5 })) ?? [];
    expect(palette).toHaveLength(5);
    expect(String(await getColor(''))).toBe(String(palette[0]));
    const { Muted } = await getSwatches('');
    expect(Muted?.color.hex()).toMatch(/^#[0-9a-f]{6}$/);
    const sizes: number[] = [];
    for await (const { palette } of getPaletteProgressive('', { colorCount: 8 })) sizes.push(palette.length);
    expect(sizes).toEqual([8, 8, 8]);
  });
});

test('hues on both sides of 0° are neighbours', () => {
  const reds: [number, number, number][] = [
    [160, 150, 2],
    [160, 150, 253],
  ];
  const blue: [number, number, number] = [160, 150, 170];
  const [red, other] = quantizer.quantize([...reds, blue], 2);
  expect(red.population).toBe(2);
  const [lightness, chroma, hue] = red.color;
  expect(lightness).toBeCloseTo(160, 3);
  expect(chroma).toBeGreaterThan(149);
  expect(Math.min(hue, 255 - hue)).toBeLessThan(1);
  expect(other.color.map(Math.round)).toEqual(blue);
});

test('greys are one colour, whatever their hue', () => {
  const greys: [number, number, number][] = [
    [100, 0, 0],
    [100, 0, 90],
    [100, 0, 180],
  ];
  const found = quantizer.quantize(greys, 3);
  expect(found).toHaveLength(1);
  expect(found[0].population).toBe(3);
  expect(found[0].color[0]).toBeCloseTo(100, 3);
});

describe.each(QUANTIZERS)('%s', (_, ours) => {
  test('fewer colours than are wanted, one, and none', async () => {
    expect(await ours.init()).toBeUndefined();
    const colours: [number, number, number][] = [
      [120, 50, 10],
      [30, 40, 200],
      [120, 50, 10],
    ];
    const [first, second, ...others] = ours.quantize(colours, 5);
    expect(others).toEqual([]);
    expect([first, second].map(({ color, population }) => [color.map(Math.round), population])).toEqual([
      [[120, 50, 10], 2],
      [[30, 40, 200], 1],
    ]);
    expect(Object.keys(first)).toEqual(['color', 'population']);
    expect(ours.quantize(colours, 1)).toHaveLength(1);
    expect(ours.quantize([], 5)).toEqual([]);
  });

  test('pixels stay as they are', () => {
    const pixel: [number, number, number] = [1, 2, 3];
    ours.quantize(Object.freeze([Object.freeze(pixel)]) as never, 2);
    expect(pixel).toEqual([1, 2, 3]);
  });

  test('maxColors is a whole number of at least 1', () => {
    for (const maxColors of [0, 1.5]) expect(() => ours.quantize([[1, 2, 3]], maxColors)).toThrow(RangeError);
  });
});
