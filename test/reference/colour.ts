/** How far colours of sRGB look apart, written from the definitions: what palettes are judged by. */

export type Rgb = readonly [red: number, green: number, blue: number];

type Three = readonly [number, number, number];
type Matrix = readonly [Three, Three, Three];

/** Linear sRGB to XYZ under D65 (IEC 61966-2-1). */
const TO_XYZ: Matrix = [
  [0.4124564, 0.3575761, 0.1804375],
  [0.2126729, 0.7151522, 0.072175],
  [0.0193339, 0.119192, 0.9503041],
];

/** XYZ to cones, and their cube roots to OKLab (Ottosson 2020). */
const TO_CONES: Matrix = [
  [0.8189330101, 0.3618667424, -0.1288597137],
  [0.0329845436, 0.9293118715, 0.0361456387],
  [0.0482003018, 0.2643662691, 0.633851707],
];
const TO_OKLAB: Matrix = [
  [0.2104542553, 0.793617785, -0.0040720468],
  [1.9779984951, -2.428592205, 0.4505937099],
  [0.0259040371, 0.7827717662, -0.808675766],
];

function product(matrix: Matrix, [x, y, z]: Three): Three {
  const [first, second, third] = matrix.map((row) => row[0] * x + row[1] * y + row[2] * z);
  return [first, second, third];
}

function each(three: Three, of: (value: number) => number): Three {
  return [of(three[0]), of(three[1]), of(three[2])];
}

function toXyz(rgb: Rgb): Three {
  const linear = each(rgb, (byte) =>
    byte / 255 <= 0.04045 ? byte / 255 / 12.92 : ((byte / 255 + 0.055) / 1.055) ** 2.4,
  );
  return product(TO_XYZ, linear);
}

export function toOklab(rgb: Rgb): Three {
  return product(TO_OKLAB, each(product(TO_CONES, toXyz(rgb)), Math.cbrt));
}

export function toCielab(rgb: Rgb): Three {
  const [x, y, z] = toXyz(rgb);
  const f = (t: number) => (t > (6 / 29) ** 3 ? Math.cbrt(t) : t / 3 / (6 / 29) ** 2 + 4 / 29);
  const [fx, fy, fz] = [f(x / 0.95047), f(y), f(z / 1.08883)];
  return [116 * fy - 16, 500 * (fx - fy), 200 * (fy - fz)];
}

/** The distance of two colours in OKLab. */
function deltaEOk(p: Three, q: Three): number {
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

const DEGREE = Math.PI / 180;

/** CIEDE2000 of two colours in CIELAB, with weights of 1 (Sharma, Wu and Dalal 2005). */
export function deltaE2000([l1, a1, b1]: Three, [l2, a2, b2]: Three): number {
  const seventh = (c: number) => Math.sqrt(c ** 7 / (c ** 7 + 25 ** 7));
  const g = 0.5 * (1 - seventh((Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2));
  const [c1, h1] = polar((1 + g) * a1, b1);
  const [c2, h2] = polar((1 + g) * a2, b2);
  const isGrey = c1 * c2 === 0;
  const between = isGrey ? 0 : ((h2 - h1 + 540) % 360) - 180;
  const lightness = l2 - l1;
  const chroma = c2 - c1;
  const hue = 2 * Math.sqrt(c1 * c2) * Math.sin((between / 2) * DEGREE);
  const l = (l1 + l2) / 2;
  const c = (c1 + c2) / 2;
  const h = isGrey ? h1 + h2 : h1 + between / 2;
  const cos = (times: number, less: number) => Math.cos((times * h - less) * DEGREE);
  const t = 1 - 0.17 * cos(1, 30) + 0.24 * cos(2, 0) + 0.32 * cos(3, -6) - 0.2 * cos(4, 63);
  const sl = 1 + (0.015 * (l - 50) ** 2) / Math.sqrt(20 + (l - 50) ** 2);
  const sc = 1 + 0.045 * c;
  const sh = 1 + 0.015 * c * t;
  const turned = (((h + 360) % 360) - 275) / 25;
  const rotation = -2 * seventh(c) * Math.sin(60 * DEGREE * Math.exp(-(turned ** 2)));
  const [dl, dc, dh] = [lightness / sl, chroma / sc, hue / sh];
  return Math.sqrt(dl ** 2 + dc ** 2 + dh ** 2 + rotation * dc * dh);
}

function polar(a: number, b: number): [chroma: number, hue: number] {
  return [Math.hypot(a, b), a === 0 && b === 0 ? 0 : (Math.atan2(b, a) / DEGREE + 360) % 360];
}

/** Means over all pixels of an image of how far each looks from the colour of a palette that looks nearest. */
export interface PaletteError {
  /** In OKLab, times 100. */
  readonly ok: number;
  /** CIEDE2000. */
  readonly ciede2000: number;
}

/** @param pixels RGBA [n, 4], all of them opaque */
export function paletteError(pixels: ArrayLike<number>, palette: readonly Rgb[]): PaletteError {
  const counts = new Map<number, number>();
  for (let i = 0; i < pixels.length; i += 4) {
    const colour = pixels[i] * 65536 + pixels[i + 1] * 256 + pixels[i + 2];
    counts.set(colour, (counts.get(colour) ?? 0) + 1);
  }
  const [inOklab, inCielab] = [palette.map(toOklab), palette.map(toCielab)];
  let ok = 0;
  let ciede2000 = 0;
  for (const [colour, count] of counts) {
    const rgb: Rgb = [colour >> 16, (colour >> 8) & 255, colour & 255];
    const [oklab, cielab] = [toOklab(rgb), toCielab(rgb)];
    ok += count * Math.min(...inOklab.map((other) => deltaEOk(oklab, other)));
    ciede2000 += count * Math.min(...inCielab.map((other) => deltaE2000(cielab, other)));
  }
  const n = pixels.length / 4;
  return { ok: (100 * ok) / n, ciede2000: ciede2000 / n };
}
