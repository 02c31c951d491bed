import fc from 'fast-check';
import { applyPaletteSync, utils } from 'image-q';
import { expect, test } from 'vitest';
import { type PaletteEntry, paletteOf } from '../../src/compat/palette.ts';
import { enlarged, readPhotograph } from '../golden/photographs.ts';
import { paletteError } from '../reference/colour.ts';

const china = await readPhotograph('china');

/** Opaque pixels of the colours. */
function pixelsOf(...colours: number[][]): Uint8ClampedArray {
  return Uint8ClampedArray.from(colours.flatMap((colour) => (colour.length === 4 ? colour : [...colour, 255])));
}

const populationOf = (palette: readonly PaletteEntry[]) => palette.reduce((sum, { population }) => sum + population, 0);

test('no more colours than there are: each is itself, with its pixels, those of most first', () => {
  const red = [200, 0, 0];
  // So near to each other that they are of one cell.
  const [dark, darker] = [
    [1, 2, 3],
    [1, 2, 2],
  ];
  expect(paletteOf(pixelsOf(red, dark, darker, red, darker, red), { k: 9 })).toEqual([
    { rgb: red, population: 3 },
    { rgb: darker, population: 2 },
    { rgb: dark, population: 1 },
  ]);
});

test('one colour is one entry, whatever k is', () => {
  for (const k of [1, 2, 16]) {
    expect(paletteOf(pixelsOf([7, 8, 9], [7, 8, 9]), { k })).toEqual([{ rgb: [7, 8, 9], population: 2 }]);
  }
});

test('k 1 is the mean in OKLab', () => {
  expect(paletteOf(pixelsOf([0, 0, 0], [255, 255, 255]), { k: 1 })).toEqual([{ rgb: [99, 99, 99], population: 2 }]);
});

test('pixels of alpha 0 do not count, those of any other do', () => {
  const pixels = pixelsOf([9, 9, 9, 0], [90, 9, 9, 1], [90, 9, 9, 255], [9, 200, 9, 0]);
  expect(paletteOf(pixels, { k: 4 })).toEqual([{ rgb: [90, 9, 9], population: 2 }]);
});

test('no pixels, or none that can be seen: no colours', () => {
  expect(paletteOf(new Uint8ClampedArray(), { k: 3 })).toEqual([]);
  expect(paletteOf(pixelsOf([1, 2, 3, 0]), { k: 3 })).toEqual([]);
});

test('the same pixels give the same palette: twice, in another order, in other arrays', () => {
  const palette = paletteOf(china.data, { k: 16 });
  expect(paletteOf(china.data, { k: 16 })).toEqual(palette);
  const reversed = new Uint8Array(new Uint32Array(china.data.buffer).slice().reverse().buffer);
  expect(paletteOf(reversed, { k: 16 })).toEqual(palette);
  const inside = new Uint8Array(china.data.length + 5);
  inside.set(china.data, 3);
  expect(paletteOf(inside.subarray(3, -2), { k: 16 })).toEqual(palette);
  expect(paletteOf(Buffer.from(china.data), { k: 16 })).toEqual(palette);
});

test('17 million pixels: the palette of the photograph, 64 times as many pixels', () => {
  const palette = paletteOf(china.data, { k: 16 });
  const large = enlarged(china, 8);
  expect(large.width * large.height).toBeGreaterThan(2 ** 24);
  expect(paletteOf(large.data, { k: 16 })).toEqual(
    palette.map(({ rgb, population }) => ({ rgb, population: 64 * population })),
  );
});

test('of a dark image, whose bytes are few, the palette is as near as that of all its colours', () => {
  const dark = china.data.map((byte, i) => (i % 4 === 3 ? byte : byte >> 4));
  const entries = paletteOf(dark, { k: 64 });
  expect(entries).toHaveLength(64);
  // By means of cells of 32 levels it is 0.40.
  expect(
    paletteError(
      dark,
      entries.map(({ rgb }) => rgb),
    ).ok,
  ).toBeLessThan(0.3);
});

test('of any image: up to k entries for all pixels, colours themselves where there are k or fewer', () => {
  const byte = fc.constantFrom(0, 1, 2, 9, 10, 128, 254, 255);
  const pixel = fc.tuple(byte, byte, byte, fc.constantFrom(0, 1, 255));
  fc.assert(
    fc.property(fc.array(pixel, { maxLength: 60 }), fc.integer({ min: 1, max: 20 }), (pixels, k) => {
      const seen = pixels.filter(([, , , alpha]) => alpha > 0);
      const colours = new Set(seen.map(([r, g, b]) => [r, g, b].join()));
      const palette = paletteOf(pixelsOf(...pixels), { k });
      expect(populationOf(palette)).toBe(seen.length);
      expect(palette).toHaveLength(Math.min(k, colours.size));
      for (const value of palette.flatMap(({ rgb }) => rgb)) expect([value % 1, value & 255]).toEqual([0, value]);
      expect(palette.map(({ population }) => population)).toEqual(
        palette.map(({ population }) => population).sort((a, b) => b - a),
      );
      if (colours.size <= k) for (const { rgb } of palette) expect(colours).toContain(rgb.join());
    }),
  );
});

test.each([
  [[1, 2, 3, 255], { k: 1 }, TypeError, 'pixels must be an array of bytes, got an array of 4'],
  [new Float32Array(4), { k: 1 }, TypeError, 'pixels must be an array of bytes, got Float32Array'],
  [new Uint8Array(7), { k: 1 }, RangeError, 'pixels must be four bytes each, got 7 in all'],
  [new Uint8Array(4), { k: 0 }, RangeError, 'k must be an integer of at least 1, got 0'],
  [new Uint8Array(4), { k: 2.5 }, RangeError, 'k must be an integer of at least 1, got 2.5'],
  [new Uint8Array(4), {}, TypeError, 'k must be a number, got undefined'],
  [new Uint8Array(4), { k: 1, colorCount: 2 }, TypeError, "paletteOf has no option 'colorCount'"],
] as const)('%j with %j is refused', (pixels, options, kind, message) => {
  const call = () => paletteOf(pixels as never, options as never);
  expect(call).toThrow(kind);
  expect(call).toThrow(message);
});

test('image-q paints with it', () => {
  const entries = paletteOf(china.data, { k: 16 });
  const palette = new utils.Palette();
  for (const { rgb } of entries) palette.add(utils.Point.createByRGBA(...rgb, 255));
  const image = utils.PointContainer.fromUint8Array(china.data, china.width, china.height);
  const painted = applyPaletteSync(image, palette, { imageQuantization: 'nearest', colorDistanceFormula: 'euclidean' });
  const found = paletteOf(painted.toUint8Array(), { k: 100 });
  expect(found.map(({ rgb }) => rgb.join()).sort()).toEqual(entries.map(({ rgb }) => rgb.join()).sort());
  expect(populationOf(found)).toBe(china.width * china.height);
});
