export type Rgb = readonly [red: number, green: number, blue: number];

/**
 * Okabe and Ito's hues, which stay apart under the common colour vision deficiencies, shifted in lightness to be seen on
 * either background.
 */
const HUES = {
  light: ['#0072b2', '#e08700', '#009e73', '#c2408c', '#4fa8de', '#c94a00', '#b3a000', '#6a51a3'],
  dark: ['#3d9be0', '#f0a020', '#1fbf92', '#e07ab5', '#8fd0f5', '#f0703a', '#efe04a', '#a48ee0'],
};

const NEUTRAL = { light: '#46505f', dark: '#aab6c6' };

export type Scheme = keyof typeof HUES;

/** The colour of flights without a cluster. */
export function neutralColour(scheme: Scheme): Rgb {
  return parseHex(NEUTRAL[scheme]);
}

/** The colour of the i-th cluster. Past eight the hues come again, darker and then lighter. */
export function clusterColour(i: number, scheme: Scheme): Rgb {
  const hues = HUES[scheme];
  const base = parseHex(hues[i % hues.length]);
  const round = Math.floor(i / hues.length) % 3;
  if (round === 0) return base;
  const end = round === 1 ? 0 : 255;
  return base.map((channel) => Math.round(channel + 0.4 * (end - channel))) as unknown as Rgb;
}

export function css([red, green, blue]: Rgb): string {
  return `rgb(${red} ${green} ${blue})`;
}

export function hexOf(colour: Rgb): string {
  return `#${colour.map((channel) => channel.toString(16).padStart(2, '0')).join('')}`;
}

/** Black or white, whichever is read better on the colour (relative luminance of WCAG 2). */
export function inkOn(colour: Rgb): string {
  return luminance(colour) > 0.179 ? '#000' : '#fff';
}

/** What is behind the picture, as in theme.css. */
const SURFACE = { light: '#ffffff', dark: '#14171b' };
const LEAST_CONTRAST = 1.5;

/** The colour itself, or where it would be lost on the surface, as much darker or lighter as it takes to be seen. */
export function seenColour(colour: Rgb, scheme: Scheme, contrast = LEAST_CONTRAST): Rgb {
  const surface = luminance(parseHex(SURFACE[scheme]));
  const end = scheme === 'light' ? 0 : 255;
  for (let part = 0; ; part += 0.05) {
    const moved = colour.map((channel) => Math.round(channel + part * (end - channel))) as unknown as Rgb;
    const [low, high] = [luminance(moved), surface].sort((a, b) => a - b);
    if (part >= 1 || high + 0.05 >= contrast * (low + 0.05)) return moved;
  }
}

function luminance(colour: Rgb): number {
  const [red, green, blue] = colour.map((channel) => {
    const c = channel / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function parseHex(hex: string): Rgb {
  return [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16)) as unknown as Rgb;
}
