/** How many pixels of an image have which colours. */
import { type ColourSpace, LEVELS } from './oklab.ts';

export interface Colours {
  /** [m, 3], as bytes are: the mean of colours that are alike, or each for itself. The same pixels in another order have the same. */
  readonly values: Float64Array;
  /** Pixels of each [m]; none is 0. */
  readonly counts: Float64Array;
}

type Levels = ColourSpace['levels'];

/** Three levels. */
const CELLS = LEVELS ** 3;

/** Of a cell: its pixels, and the sums of their bytes. */
const SUMS = 4;

/**
 * With fewer cells for each colour of a palette, as dark or plain images have, all colours are told apart. Their palettes
 * are 4 % nearer then, with a quarter as many cells 10 to 30 %; of photographs, which have hundreds, 1 %.
 */
const CELLS_EACH = 8;

/** Of so many pixels, sums of bytes are below 2³². */
const BLOCK = 2 ** 24;

/**
 * Pixels of a call, for one long loop is compiled while it runs, and worse. With this, and pixels as words in place of bytes,
 * a palette of 12 megapixels takes 71 ms in place of 81 (Node 20).
 */
const PIECE = 2 ** 14;

/**
 * The colours of pixels that are not wholly transparent: the means of those of a cell of `levels`, or each for itself where
 * there are few cells for a palette of k.
 *
 * @param pixels [n], of three bytes each from the lowest on, and alpha
 */
export function countColours(pixels: Int32Array, levels: Levels, k: number): Colours {
  const sums = sumsOfCells(pixels, levels);
  const cells: number[] = [];
  for (let cell = 0; cell < CELLS; cell++) if (sums[SUMS * cell] > 0) cells.push(cell);
  return cells.length >= CELLS_EACH * k ? meansOf(cells, sums) : allOf(cells, pixels, levels);
}

/** What each value of the channels adds to the index of a cell. */
function indicesOf(levels: Levels): Int32Array[] {
  return levels.map((of, channel) => Int32Array.from(of, (level) => level * LEVELS ** (2 - channel)));
}

/** [cells, SUMS] */
function sumsOfCells(pixels: Int32Array, levels: Levels): Float64Array {
  const sums = new Float64Array(SUMS * CELLS);
  const offsets = indicesOf(levels).map((of) => of.map((index) => SUMS * index));
  for (let start = 0; start < pixels.length; start += BLOCK) {
    const block = sumsOfBlock(pixels.subarray(start, start + BLOCK), offsets);
    for (let i = 0; i < sums.length; i++) sums[i] += block[i] >>> 0;
  }
  return sums;
}

function sumsOfBlock(pixels: Int32Array, [xs, ys, zs]: readonly Int32Array[]): Int32Array {
  const sums = new Int32Array(SUMS * CELLS);
  for (let start = 0; start < pixels.length; start += PIECE) {
    addPixels(pixels, start, Math.min(start + PIECE, pixels.length), sums, xs, ys, zs);
  }
  return sums;
}

/** In integers with a sign: of those without, JavaScript makes float64, and 12 megapixels take 75 ms in place of 45. */
function addPixels(
  pixels: Int32Array,
  start: number,
  end: number,
  sums: Int32Array,
  xs: Int32Array,
  ys: Int32Array,
  zs: Int32Array,
): void {
  for (let i = start; i < end; i++) {
    const pixel = pixels[i];
    if (pixel >>> 24 === 0) continue;
    const x = pixel & 255;
    const y = (pixel >> 8) & 255;
    const z = (pixel >> 16) & 255;
    const at = xs[x] + ys[y] + zs[z];
    sums[at] = (sums[at] + 1) | 0;
    sums[at + 1] = (sums[at + 1] + x) | 0;
    sums[at + 2] = (sums[at + 2] + y) | 0;
    sums[at + 3] = (sums[at + 3] + z) | 0;
  }
}

function meansOf(cells: readonly number[], sums: Float64Array): Colours {
  const counts = Float64Array.from(cells, (cell) => sums[SUMS * cell]);
  const values = new Float64Array(3 * cells.length);
  cells.forEach((cell, i) => {
    for (let channel = 0; channel < 3; channel++) values[3 * i + channel] = sums[SUMS * cell + 1 + channel] / counts[i];
  });
  return { values, counts };
}

function allOf(cells: readonly number[], pixels: Int32Array, levels: Levels): Colours {
  const firsts = levels.map((of) => Array.from({ length: LEVELS }, (_, level) => of.indexOf(level)));
  const within = levels.map((of, channel) => of.map((level, value) => value - firsts[channel][level]));
  const width = 1 + Math.max(...within.flatMap((of) => Array.from(of)));
  const found = countEach(cells, pixels, indicesOf(levels), within, width);
  const values: number[] = [];
  const counts: number[] = [];
  for (let i = 0; i < found.length; i++) {
    if (found[i] === 0) continue;
    const cell = cells[Math.floor(i / width ** 3)];
    firsts.forEach((of, channel) => {
      const level = Math.floor(cell / LEVELS ** (2 - channel)) % LEVELS;
      values.push(of[level] + (Math.floor(i / width ** (2 - channel)) % width));
    });
    counts.push(found[i]);
  }
  return { values: Float64Array.from(values), counts: Float64Array.from(counts) };
}

/** Pixels of each colour of the cells, [cells, width, width, width]. */
function countEach(
  cells: readonly number[],
  pixels: Int32Array,
  [xs, ys, zs]: readonly Int32Array[],
  [dx, dy, dz]: readonly Uint8Array[],
  width: number,
): Uint32Array {
  const places = new Int32Array(CELLS);
  cells.forEach((cell, i) => {
    places[cell] = i * width;
  });
  const counts = new Uint32Array(cells.length * width ** 3);
  for (let i = 0; i < pixels.length; i++) {
    const pixel = pixels[i];
    if (pixel >>> 24 === 0) continue;
    const x = pixel & 255;
    const y = (pixel >> 8) & 255;
    const z = (pixel >> 16) & 255;
    counts[((places[xs[x] + ys[y] + zs[z]] + dx[x]) * width + dy[y]) * width + dz[z]]++;
  }
  return counts;
}
