/** Between bytes of an image and OKLab (Ottosson 2020), in which equal distances look alike. */

/** Lightness from 0 to 1, and how green or red, how blue or yellow. */
export type Oklab = readonly [lightness: number, a: number, b: number];

/** Three numbers from 0 to 255. */
export type Triple = [number, number, number];

/** What the three bytes of a pixel mean. */
export interface ColourSpace {
  /** Ascending levels of the 256 values of each channel, from 0 to 31: about as far apart to the eye. */
  readonly levels: readonly [Uint8Array, Uint8Array, Uint8Array];
  /** Means of bytes have fractions. */
  toOklab(x: number, y: number, z: number): Oklab;
  fromOklab(colour: Oklab): Triple;
}

/** Levels of a channel. With 64 of them the palettes of photographs are 1 % nearer, and points four times as many. */
export const LEVELS = 32;

/** Levels of equal width. */
const EVEN = Uint8Array.from({ length: 256 }, (_, value) => (value * LEVELS) >> 8);

/** Levels of equal steps of a grey's lightness, which bytes are not: from 0 to 1 it is as far as from 235 to 255. */
const BY_LIGHTNESS = Uint8Array.from({ length: 256 }, (_, value) =>
  Math.min(LEVELS - 1, Math.floor(LEVELS * Math.cbrt(toLight(value)))),
);

/** Red, green and blue of sRGB (IEC 61966-2-1). */
export const SRGB: ColourSpace = {
  levels: [BY_LIGHTNESS, BY_LIGHTNESS, BY_LIGHTNESS],
  toOklab(red, green, blue) {
    const [r, g, b] = [toLight(red), toLight(green), toLight(blue)];
    const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
    const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
    const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
    return [
      0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
      1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
      0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
    ];
  },
  // A mean of colours of sRGB may lie a little outside of it.
  fromOklab([lightness, a, b]) {
    const l = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3;
    const m = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3;
    const s = (lightness - 0.0894841775 * a - 1.291485548 * b) ** 3;
    return [
      toByte(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
      toByte(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
      toByte(-0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s),
    ];
  },
};

/** The chroma that colorthief writes as 255. */
const MOST_CHROMA = 0.4;

/** Lightness, chroma and hue of OKLab, each scaled to 0 to 255 as colorthief does. */
export const OKLCH: ColourSpace = {
  levels: [EVEN, EVEN, EVEN],
  toOklab(lightness, chroma, hue) {
    const [c, h] = [(chroma / 255) * MOST_CHROMA, (hue / 255) * 2 * Math.PI];
    return [lightness / 255, c * Math.cos(h), c * Math.sin(h)];
  },
  fromOklab([lightness, a, b]) {
    const turns = Math.atan2(b, a) / (2 * Math.PI);
    return [lightness * 255, (Math.hypot(a, b) / MOST_CHROMA) * 255, (turns < 0 ? turns + 1 : turns) * 255];
  },
};

/** Light that a byte of sRGB stands for, from 0 to 1. */
function toLight(byte: number): number {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

function toByte(light: number): number {
  const value = light <= 0.0031308 ? 12.92 * light : 1.055 * light ** (1 / 2.4) - 0.055;
  return Math.round(255 * Math.min(1, Math.max(0, value)));
}
