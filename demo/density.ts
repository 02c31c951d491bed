/**
 * Millions of points in a few hundred thousand pixels: each pixel takes the colour of the cluster that has most points
 * on it, the more opaque the more points there are.
 */
import type { Steps } from '../src/steps.ts';
import type { Rgb } from './palette.ts';

/** Points [n, d], row-major, with the two columns that are drawn. */
export interface Points {
  readonly values: Float32Array;
  readonly d: number;
  readonly x: Axis;
  readonly y: Axis;
}

/** From a column's values to pixels: value · scale + offset, spread evenly over `spread` pixels. */
export interface Axis {
  readonly column: number;
  readonly scale: number;
  readonly offset: number;
  readonly spread: number;
}

/** A clear picture, and the width of a dot in its pixels. */
export interface Picture {
  readonly image: ImageData;
  readonly dot: number;
}

/** Rows in the order of their clusters: those of cluster c are rows[starts[c]] to rows[starts[c + 1] - 1]. */
export interface Groups {
  readonly rows: Uint32Array;
  readonly starts: Uint32Array;
}

/** Rows, or pixels, between two of the places where drawing can be interrupted. */
const SLICE = 2 ** 16;

/** The ranges [start, end) of so many rows or pixels. */
function* slices(length: number): Generator<[start: number, end: number]> {
  for (let start = 0; start < length; start += SLICE) yield [start, Math.min(length, start + SLICE)];
}

/** A counting sort of the rows by label. */
export function* groupRows(labels: Uint32Array, k: number): Steps<Groups> {
  const starts = new Uint32Array(k + 1);
  for (const [start, end] of slices(labels.length)) {
    for (let i = start; i < end; i++) starts[labels[i] + 1]++;
    yield;
  }
  for (let c = 0; c < k; c++) starts[c + 1] += starts[c];
  const next = starts.slice(0, k);
  const rows = new Uint32Array(labels.length);
  for (const [start, end] of slices(labels.length)) {
    for (let i = start; i < end; i++) rows[next[labels[i]]++] = i;
    yield;
  }
  return { rows, starts };
}

/** Opacity of a pixel with a single point on it. */
const FAINTEST = 0.3;

/** Draws the groups that have a colour. */
export function* drawDensity(
  picture: Picture,
  points: Points,
  groups: Groups,
  colours: readonly (Rgb | null)[],
): Steps<void> {
  const { image } = picture;
  const pixels = image.width * image.height;
  const total = new Uint32Array(pixels);
  const most = new Uint32Array(pixels);
  const winner = new Uint32Array(pixels);
  const counts = new Uint32Array(pixels);
  for (const [c, colour] of colours.entries()) {
    if (colour === null) continue;
    counts.fill(0);
    const rows = groups.rows.subarray(groups.starts[c], groups.starts[c + 1]);
    for (const [start, end] of slices(rows.length)) {
      count(counts, picture, points, rows.subarray(start, end));
      yield;
    }
    for (const [start, end] of slices(pixels)) {
      for (let p = start; p < end; p++) {
        total[p] += counts[p];
        if (counts[p] > most[p]) {
          most[p] = counts[p];
          winner[p] = c;
        }
      }
      yield;
    }
  }
  yield* paint(image, total, winner, colours);
}

function count(counts: Uint32Array, { image, dot }: Picture, { values, d, x, y }: Points, rows: Uint32Array): void {
  const { width, height } = image;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i];
    const left = Math.floor(values[row * d + x.column] * x.scale + x.offset + x.spread * jitter(row, X_STEP));
    const top = Math.floor(values[row * d + y.column] * y.scale + y.offset + y.spread * jitter(row, Y_STEP));
    if (left < 0 || top < 0 || left + dot > width || top + dot > height) continue;
    for (let v = top; v < top + dot; v++) {
      for (let u = left; u < left + dot; u++) counts[v * width + u]++;
    }
  }
}

// The values are whole minutes and whole miles. Spread over their unit they leave no moiré; the additive sequence of the
// plastic number (R2) spreads them evenly, the same way each time.
const X_STEP = 0xc13fa9a9;
const Y_STEP = 0x91e10da5;

function jitter(row: number, step: number): number {
  return (Math.imul(row, step) >>> 0) / 2 ** 32 - 0.5;
}

function* paint(
  image: ImageData,
  total: Uint32Array,
  winner: Uint32Array,
  colours: readonly (Rgb | null)[],
): Steps<void> {
  const { data } = image;
  const depth = (1 - FAINTEST) / Math.log(opaqueCount(total));
  for (const [start, end] of slices(total.length)) {
    for (let p = start; p < end; p++) {
      if (total[p] === 0) continue;
      const at = 4 * p;
      const [red, green, blue] = colours[winner[p]]!;
      data[at] = red;
      data[at + 1] = green;
      data[at + 2] = blue;
      data[at + 3] = 255 * (FAINTEST + depth * Math.log(total[p]));
    }
    yield;
  }
}

/** From this count on, which one pixel in fifty of those with points exceeds, a pixel is opaque. */
function opaqueCount(total: Uint32Array): number {
  const pixels = new Uint32Array(256);
  for (const value of total) pixels[Math.min(value, 255)]++;
  let rest = (total.length - pixels[0]) / 50;
  let value = 255;
  while (value > 2 && pixels[value] <= rest) rest -= pixels[value--];
  return value;
}
