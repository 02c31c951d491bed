// @ts-check
/** A picture of five textures, all of them equally bright: to see them apart takes more than the pixels. */

export const WIDTH = 144;
export const HEIGHT = 108;
export const TEXTURES = 5;

/** Stripes across, upright, rising, and falling; and a board of chequers. Each of the same two shades. */
const PATTERNS = [
  (/** @type {number} */ _x, /** @type {number} */ y) => wave(y),
  (/** @type {number} */ x) => wave(x),
  (/** @type {number} */ x, /** @type {number} */ y) => wave((x + y) / Math.SQRT2),
  (/** @type {number} */ x, /** @type {number} */ y) => wave((x - y) / Math.SQRT2),
  (/** @type {number} */ x, /** @type {number} */ y) => wave(x) * wave(y),
];

/** @param {number} phase in pixels; one period are six */
function wave(phase) {
  return Math.sin((2 * Math.PI * phase) / 6) < 0 ? -1 : 1;
}

/**
 * Which texture is where: in the corners, and one in the middle.
 *
 * @param {number} x
 * @param {number} y
 */
function textureAt(x, y) {
  const [right, down] = [x - WIDTH / 2, y - HEIGHT / 2];
  if (Math.hypot(right, down) < HEIGHT / 3.2) return 4;
  return (right > 0 ? 1 : 0) + (down > 0 ? 2 : 0);
}

/** Brightness from 0 to 1 and the texture of each pixel, row by row. */
export function picture() {
  const textures = new Uint32Array(WIDTH * HEIGHT);
  const pixels = new Float32Array(WIDTH * HEIGHT);
  for (let i = 0, seed = 1; i < pixels.length; i++) {
    const [x, y] = [i % WIDTH, Math.floor(i / WIDTH)];
    textures[i] = textureAt(x, y);
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    const noise = seed / 2 ** 32 - 0.5;
    pixels[i] = 0.5 + 0.25 * PATTERNS[textures[i]](x, y) + 0.3 * noise;
  }
  return { pixels, textures };
}
