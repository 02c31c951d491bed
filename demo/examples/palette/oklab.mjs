// @ts-check
/** @typedef {[number, number, number]} Three */

/** @param {number} byte */
function toLight(byte) {
  const value = byte / 255;
  return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
}

/**
 * A colour of sRGB in OKLab (https://bottosson.github.io/posts/oklab/), where equal distances look alike.
 *
 * @param {Readonly<Three>} rgb
 * @returns {Three}
 */
function toOklab(rgb) {
  const [r, g, b] = rgb.map(toLight);
  const l = Math.cbrt(0.4122214708 * r + 0.5363325363 * g + 0.0514459929 * b);
  const m = Math.cbrt(0.2119034982 * r + 0.6806995451 * g + 0.1073969566 * b);
  const s = Math.cbrt(0.0883024619 * r + 0.2817188376 * g + 0.6299787005 * b);
  return [
    0.2104542553 * l + 0.793617785 * m - 0.0040720468 * s,
    1.9779984951 * l - 2.428592205 * m + 0.4505937099 * s,
    0.0259040371 * l + 0.7827717662 * m - 0.808675766 * s,
  ];
}

/**
 * The pixels in the nearest colours of a palette, and how far they are from these on average.
 *
 * @param {Uint8ClampedArray<ArrayBuffer>} pixels RGBA [n, 4]
 * @param {readonly Readonly<Three>[]} palette
 */
export function paint(pixels, palette) {
  const colours = palette.map(toOklab);
  const painted = pixels.slice();
  /** @type {Map<number, { rgb: Readonly<Three>, distance: number }>} */
  const nearest = new Map();
  let sum = 0;
  for (let i = 0; i < pixels.length; i += 4) {
    const key = (pixels[i] << 16) | (pixels[i + 1] << 8) | pixels[i + 2];
    let found = nearest.get(key);
    if (found === undefined) {
      const own = toOklab([pixels[i], pixels[i + 1], pixels[i + 2]]);
      const distances = colours.map((other) => Math.hypot(own[0] - other[0], own[1] - other[1], own[2] - other[2]));
      const distance = Math.min(...distances);
      found = { rgb: palette[distances.indexOf(distance)], distance };
      nearest.set(key, found);
    }
    painted.set(found.rgb, i);
    sum += found.distance;
  }
  return { painted, difference: (100 * sum) / (pixels.length / 4) };
}
