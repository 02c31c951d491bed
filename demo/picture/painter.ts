/**
 * Millions of points in a few hundred thousand pixels: each pixel takes the colour of the cluster that has most points
 * on it, the more opaque the more points there are.
 */
import type { Steps } from '../../src/steps.ts';
import type { Rgb } from '../palette.ts';
import { laid, lengthOf } from '../tables/laid.ts';
import type { Coordinates } from './coordinates.ts';
import type { Exposure, ToPixels } from './scene.ts';
import { jitter, slices } from './slices.ts';

/** All that dots are made of. */
export interface Layer {
  readonly coordinates: Coordinates;
  /** [n]; null before there are clusters. */
  readonly labels: Uint32Array | null;
  readonly k: number;
  /** [n], from 0, sure, to 1; null where it is not known. */
  readonly doubt: Float32Array | null;
  /** Whether k/2 clusters are twice there: labels of rows that are chosen, and stand out, are greater by k/2. */
  readonly hasChosen?: boolean;
}

/** Clusters of a layer, from one to another, that stand out, the others dimmed; null: all are alike. */
export type Standing = readonly [from: number, to: number] | null;

export function standingOf({ labels, k, hasChosen = false }: Layer, { alone }: Exposure): Standing {
  if (labels === null) return null;
  const first = hasChosen ? k / 2 : 0;
  if (alone !== null) return [first + alone, first + alone + 1];
  return hasChosen ? [first, k] : null;
}

/** The colours of a layer's clusters [k], as Uint32: red, green, blue and nothing, in the order of bytes. */
export function inksOf({ labels, k, hasChosen = false }: Layer, { colours }: Exposure): Uint32Array<ArrayBuffer> {
  const kinds = hasChosen ? k / 2 : k;
  return Uint32Array.from({ length: labels === null ? 1 : k }, (_, c) => pack(colours[c % kinds] ?? colours[0]));
}

/** Which point is at a pixel. */
export interface Grid {
  readonly width: number;
  readonly height: number;
  /** [height, width]: a point's index, plus 1; 0 where there is none. */
  readonly points: Uint32Array;
}

export interface Painted {
  /** [height, width, 4]: what ImageData is made from. */
  readonly pixels: Uint8ClampedArray<ArrayBuffer>;
  /** Number of points in the picture, and of those that were looked at. */
  readonly inside: number;
  readonly drawn: number;
  /** Null for samples. */
  readonly grid: Grid | null;
}

const SLICE = 2 ** 15;
/** Counts for each pixel and cluster are kept up to so many of them, 64 MiB; of samples, which are wanted soon, fewer. */
const MOST_COUNTS = { whole: 2 ** 25, sample: 2 ** 23 };
const FULL = 2 ** 16 - 1;
/** Widest dot, in CSS pixels. */
const LARGEST = 7;
/** Where so much of the pixels has points, dots are a pixel each; pixels of fine screens are small for that. */
export const CROWDED = 1;

export function* paint(layer: Layer, exposure: Exposure): Steps<Painted> {
  const { coordinates, labels, k } = layer;
  const { width, height, sample } = exposure;
  const { n } = coordinates;
  const stride = strideOf(n, sample);
  const size = width * height;
  const shot: Shot = {
    labels,
    k: labels === null ? 1 : k,
    standing: standingOf(layer, exposure),
    doubt: exposure.showsDoubt ? layer.doubt : null,
    total: new Uint32Array(size),
    winner: new Uint16Array(size),
    doubts: exposure.showsDoubt && layer.doubt !== null ? new Float32Array(size) : null,
    points: stride === 1 ? new Uint32Array(size) : null,
  };
  const inside = yield* tally(shot, projectionOf(coordinates, exposure.toPixels), exposure, stride);
  const pixels = yield* develop(shot, inksOf(layer, exposure), exposure, inside);
  const grid = shot.points && { width, height, points: shot.points };
  return { pixels, inside, drawn: Math.ceil(n / stride), grid };
}

/** Rows that a sample goes on by: it is rows 0, stride, 2·stride, …; of labels, no others are looked at. */
export function strideOf(n: number, sample: number | null): number {
  return sample === null || sample >= n ? 1 : Math.ceil(n / sample);
}

/** A picture while its points are counted. */
interface Shot {
  /** Null where all points are alike. */
  readonly labels: Uint32Array | null;
  readonly k: number;
  readonly standing: Standing;
  readonly doubt: Float32Array | null;
  /** Number of points on each pixel: of those that stand out, where there are some. */
  readonly total: Uint32Array;
  /** The cluster that has most of them. */
  readonly winner: Uint16Array;
  /** Sums over the same points. */
  readonly doubts: Float32Array | null;
  readonly points: Uint32Array | null;
}

/** From values to pixels, with what spreads points over their grid. */
interface Projection {
  readonly values: Float32Array;
  readonly dimensions: number;
  readonly matrix: ToPixels;
  /** Of each axis; null where nobody could see it. */
  readonly spread: readonly number[] | null;
}

export function projectionOf({ values, dimensions, offsets, scene }: Coordinates, toPixels: ToPixels): Projection {
  const [a, b, c, e, f, g, h, i] = toPixels;
  const [x, y, z = 0] = offsets;
  const matrix: ToPixels = [a, b, c, a * x + b * y + c * z + e, f, g, h, f * x + g * y + h * z + i];
  const steps = [0, 1, 2].map((axis) => scene.info[axis]?.step ?? 0);
  const isSeen = steps.some(
    (step, axis) => step * Math.max(Math.abs(toPixels[axis]), Math.abs(toPixels[4 + axis])) > 0.25,
  );
  return { values, dimensions, matrix, spread: isSeen ? steps : null };
}

/** Pixels and the points on them. */
interface Cover {
  readonly pixels: Uint32Array;
  readonly rows: Uint32Array;
  /** Of both. */
  length: number;
}

/** Lists the points of a range [start, end, stride] that are in the picture, and the pixel that each lies in. */
function project(projection: Projection, width: number, height: number, range: readonly number[], cover: Cover): void {
  const { values, dimensions, spread } = projection;
  const [a, b, c, e, f, g, h, i] = projection.matrix;
  const [start, end, stride] = range;
  const { pixels, rows } = cover;
  const isSolid = dimensions === 3;
  let length = 0;
  for (let row = start; row < end; row += stride) {
    let x = values[row * dimensions];
    let y = values[row * dimensions + 1];
    let z = isSolid ? values[row * 3 + 2] : 0;
    if (spread !== null) {
      x += spread[0] * jitter(row, 0);
      y += spread[1] * jitter(row, 1);
      if (isSolid) z += spread[2] * jitter(row, 2);
    }
    const column = a * x + b * y + c * z + e;
    const line = f * x + g * y + h * z + i;
    // What is not a number is not inside either.
    if (column >= 0 && column < width && line >= 0 && line < height) {
      pixels[length] = (line | 0) * width + (column | 0);
      rows[length++] = row;
    }
  }
  cover.length = length;
}

function newCover(length: number): Cover {
  return { pixels: new Uint32Array(length), rows: new Uint32Array(length), length: 0 };
}

/** Counts the points; returns how many lie inside. */
function* tally(shot: Shot, projection: Projection, { width, height }: Exposure, stride: number): Steps<number> {
  const n = projection.values.length / projection.dimensions;
  const cover = newCover(SLICE);
  const counter = counterOf(shot, width * height, stride === 1 ? MOST_COUNTS.whole : MOST_COUNTS.sample);
  let inside = 0;
  try {
    for (const [start, end] of slices(n, SLICE * stride)) {
      project(projection, width, height, [start, end, stride], cover);
      inside += cover.length;
      counter.count(cover);
      note(shot, cover);
      yield;
    }
    yield* counter.decide();
  } finally {
    counter.end();
  }
  return inside;
}

interface Counter {
  count(cover: Cover): void;
  /** Fills in the totals and winners. */
  decide(): Steps<void>;
  end(): void;
}

function counterOf(shot: Shot, pixels: number, most: number): Counter {
  if (shot.labels === null) return countAll(shot);
  return pixels * shot.k <= most ? countEach(shot, shot.labels, pixels) : takeVotes(shot, shot.labels, pixels);
}

function countAll({ total }: Shot): Counter {
  return {
    count({ pixels, length }) {
      for (let at = 0; at < length; at++) total[pixels[at]]++;
    },
    *decide() {},
    end() {},
  };
}

/** The counts of the picture before, for the next one. */
let spare: Uint16Array | null = null;

function countEach({ k, standing, total, winner }: Shot, labels: Uint32Array, size: number): Counter {
  const counts = spare !== null && spare.length >= size * k ? spare.fill(0, 0, size * k) : new Uint16Array(size * k);
  spare = null;
  /** The winner among some of the clusters; false where there is none. */
  const settle = (pixel: number, first: number, from: number, to: number) => {
    let sum = 0;
    let most = 0;
    for (let c = from; c < to; c++) {
      const count = counts[first + c];
      sum += count;
      if (count > most) {
        most = count;
        winner[pixel] = c;
      }
    }
    total[pixel] = sum;
    return sum > 0;
  };
  return {
    count({ pixels, rows, length }) {
      for (let at = 0; at < length; at++) {
        const place = pixels[at] * k + labels[rows[at]];
        if (counts[place] !== FULL) counts[place]++;
      }
    },
    *decide() {
      for (const [start, end] of slices(size)) {
        for (let pixel = start; pixel < end; pixel++) {
          const first = pixel * k;
          if (standing !== null && settle(pixel, first, standing[0], standing[1])) continue;
          settle(pixel, first, 0, k);
        }
        yield;
      }
    },
    end() {
      spare = counts;
    },
  };
}

/**
 * Where there is no room for counts of each cluster: the vote of Boyer and Moore finds the cluster that has more than half
 * of a pixel's points, and where none has, one of those that have many.
 */
function takeVotes({ standing, total, winner }: Shot, labels: Uint32Array, size: number): Counter {
  const all = new Votes(total, winner);
  const own = standing === null ? null : new Votes(new Uint32Array(size), new Uint16Array(size));
  return {
    count({ pixels, rows, length }) {
      for (let at = 0; at < length; at++) {
        const label = labels[rows[at]];
        all.take(pixels[at], label);
        if (own !== null && label >= standing![0] && label < standing![1]) own.take(pixels[at], label);
      }
    },
    *decide() {
      if (own === null) return;
      for (let pixel = 0; pixel < size; pixel++) {
        if (own.total[pixel] === 0) continue;
        winner[pixel] = own.winner[pixel];
        total[pixel] = own.total[pixel];
      }
      yield;
    },
    end() {},
  };
}

class Votes {
  readonly #lead: Uint32Array;

  constructor(
    readonly total: Uint32Array,
    readonly winner: Uint16Array,
  ) {
    this.#lead = new Uint32Array(total.length);
  }

  take(pixel: number, label: number): void {
    this.total[pixel]++;
    if (this.winner[pixel] === label) this.#lead[pixel]++;
    else if (this.#lead[pixel] > 0) this.#lead[pixel]--;
    else {
      this.winner[pixel] = label;
      this.#lead[pixel] = 1;
    }
  }
}

/** Sums doubts, and keeps a point for each pixel: of those that stand out, where there are some. */
function note({ labels, standing, doubt, doubts, points }: Shot, { pixels, rows, length }: Cover): void {
  const [from, to] = standing ?? [0, Infinity];
  if (points !== null && standing === null) {
    for (let at = 0; at < length; at++) points[pixels[at]] = rows[at] + 1;
  } else if (points !== null) {
    for (let at = 0; at < length; at++) {
      const label = labels![rows[at]];
      if ((label >= from && label < to) || points[pixels[at]] === 0) points[pixels[at]] = rows[at] + 1;
    }
  }
  if (doubts === null || doubt === null) return;
  for (let at = 0; at < length; at++) {
    const label = labels === null ? 0 : labels[rows[at]];
    if (label >= from && label < to) doubts[pixels[at]] += doubt[rows[at]];
  }
}

/**
 * Opacities of a pixel with a single point, where there are many and where there are few; and what is left of that of clusters
 * that do not stand alone, and of points that could be anywhere.
 */
export const OPACITIES = { faint: 0.4, strong: 0.95, dimmed: 0.2, doubtful: 0.12 };

/** Colours the pixels. */
function* develop(
  shot: Shot,
  inks: Uint32Array,
  exposure: Exposure,
  inside: number,
): Steps<Uint8ClampedArray<ArrayBuffer>> {
  const { total, winner, doubts, standing } = shot;
  const { width, height, ratio } = exposure;
  const [from, to] = standing ?? [0, Infinity];
  const { faint, strong, dimmed, doubtful } = OPACITIES;
  const image = new Uint32Array(width * height);
  const depths = depthsOf(opaqueCount(total));
  const crowd = yield* crowdOf(total, exposure, inside);
  const discs = discsOf(ratio);
  const largest = discs[discs.length - 1].length / 2;
  // Those that stand out lie above the others.
  for (const isAbove of standing === null ? [true] : [false, true]) {
    for (let line = 0; line < height; line++) {
      const tiles = Math.floor(line / crowd.side) * crowd.columns;
      for (let column = 0; column < width; column++) {
        const pixel = line * width + column;
        const count = total[pixel];
        if (count === 0) continue;
        const stands = winner[pixel] >= from && winner[pixel] < to;
        if (stands !== isAbove) continue;
        const area = crowd.areas[tiles + Math.floor(column / crowd.side)];
        const faintest = area > 1 ? faint + (strong - faint) * Math.min(1, Math.log(area) / Math.log(9)) : faint;
        let opacity = faintest + (1 - faintest) * depths[count < 255 ? count : 255];
        if (!stands) opacity *= dimmed;
        else if (doubts !== null) opacity *= 1 - (1 - doubtful) * Math.min(1, doubts[pixel] / count);
        const ink = inks[winner[pixel]] | (Math.round(255 * opacity) << 24);
        image[pixel] = ink;
        if (area <= 1) continue;
        const disc = discs[discFor(discs, Math.min(area, largest), pixel)];
        for (let i = 0; i < disc.length; i += 2) {
          const x = column + disc[i];
          const y = line + disc[i + 1];
          if (x < 0 || y < 0 || x >= width || y >= height) continue;
          const at = y * width + x;
          if (total[at] === 0 || (isAbove && (winner[at] < from || winner[at] >= to))) image[at] = ink;
        }
      }
      if (line % 32 === 0) yield;
    }
  }
  return new Uint8ClampedArray(image.buffer);
}

/** Red, green, blue and opacity lie in this order in memory, as they do on all machines with a browser. */
function pack([red, green, blue]: Rgb): number {
  return red | (green << 8) | (blue << 16);
}

/** How large dots are, in squares of the picture. */
interface Crowd {
  /** In pixels. */
  readonly side: number;
  readonly columns: number;
  /** Pixels of a dot. */
  readonly areas: Float32Array;
}

/**
 * Where points are few about, their dots are large: a handful among millions would be lost else. What they cover falls
 * with their number all the same, but as its root.
 */
function* crowdOf(total: Uint32Array, { width, height, ratio }: Exposure, inside: number): Steps<Crowd> {
  const apart = Math.sqrt((width * height) / Math.max(1, inside));
  const side = Math.round(Math.min(64 * ratio, Math.max(8 * ratio, 2 * apart)));
  const columns = Math.ceil(width / side);
  const rows = Math.ceil(height / side);
  const filled = new Float32Array(columns * rows);
  for (let line = 0; line < height; line++) {
    const tiles = Math.floor(line / side) * columns;
    for (let tile = 0, start = 0; start < width; tile++, start += side) {
      let count = 0;
      const end = line * width + Math.min(width, start + side);
      for (let pixel = line * width + start; pixel < end; pixel++) if (total[pixel] > 0) count++;
      filled[tiles + tile] += count;
    }
    if (line % 64 === 0) yield;
  }
  const areas = new Float32Array(columns * rows);
  const crowded = CROWDED * Math.max(1, ratio / 1.5);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      let count = 0;
      for (let y = Math.max(0, row - 1); y <= Math.min(rows - 1, row + 1); y++) {
        for (let x = Math.max(0, column - 1); x <= Math.min(columns - 1, column + 1); x++) {
          count += filled[y * columns + x];
        }
      }
      const across = Math.min(width, (column + 2) * side) - Math.max(0, (column - 1) * side);
      const down = Math.min(height, (row + 2) * side) - Math.max(0, (row - 1) * side);
      areas[row * columns + column] = Math.sqrt((crowded * across * down) / Math.max(1, count));
    }
  }
  return { side, columns, areas };
}

/** Dots by their width, from 1. */
export function discsOf(ratio: number): Int32Array[] {
  return Array.from({ length: Math.round(LARGEST * ratio) }, (_, i) => discOf(i + 1));
}

/** Offsets of a dot's pixels from its middle: x, y, x, y, … */
function discOf(dot: number): Int32Array {
  const middle = (dot - 1) / 2;
  const offsets: number[] = [];
  for (let y = 0; y < dot; y++) {
    for (let x = 0; x < dot; x++) {
      const isIn = dot < 3 || Math.hypot(x - middle, y - middle) < dot / 2 - (dot > 3 ? 0.05 : 0.1);
      if (isIn) offsets.push(x - Math.floor(middle), y - Math.floor(middle));
    }
  }
  return Int32Array.from(offsets);
}

/** One of the two dots that an area lies between: small ones so that all of them together have it. */
function discFor(discs: readonly Int32Array[], area: number, pixel: number): number {
  let above = 1;
  while (above < discs.length - 1 && discs[above].length / 2 < area) above++;
  const [small, large] = [discs[above - 1].length / 2, discs[above].length / 2];
  // Large dots would be seen to differ.
  const chance = above < 4 ? jitter(pixel, 0) + 0.5 : 0.5;
  return chance < (area - small) / (large - small) ? above : above - 1;
}

/** How deep the ink is for so many points: from 0 for one to 1 for `opaque`. */
function depthsOf(opaque: number): Float64Array {
  return Float64Array.from({ length: 256 }, (_, count) => Math.min(1, Math.log(Math.max(1, count)) / Math.log(opaque)));
}

/** From this count on, which one pixel in fifty of those with points exceeds, a pixel is opaque. */
function opaqueCount(total: Uint32Array): number {
  const pixels = new Uint32Array(256);
  for (let at = 0; at < total.length; at++) pixels[total[at] < 255 ? total[at] : 255]++;
  let rest = (total.length - pixels[0]) / 50;
  let value = 255;
  while (value > 2 && pixels[value] <= rest) rest -= pixels[value--];
  return value;
}

/** The nearest point within so many pixels; -1 if there is none. */
export function pickAt({ width, height, points }: Grid, column: number, row: number, radius: number): number {
  const reach = Math.ceil(radius);
  const [middleX, middleY] = [Math.floor(column), Math.floor(row)];
  let nearest = -1;
  let least = radius * radius;
  for (let y = Math.max(0, middleY - reach); y <= Math.min(height - 1, middleY + reach); y++) {
    for (let x = Math.max(0, middleX - reach); x <= Math.min(width - 1, middleX + reach); x++) {
      const point = points[y * width + x];
      const distance = (x - middleX) ** 2 + (y - middleY) ** 2;
      if (point === 0 || distance > least || (distance === least && nearest >= 0)) continue;
      least = distance;
      nearest = point - 1;
    }
  }
  return nearest;
}

/** Where the dot of a point is, in pixels. */
export function placeOf(coordinates: Coordinates, toPixels: ToPixels, point: number): [column: number, row: number] {
  const { values, dimensions, matrix, spread } = projectionOf(coordinates, toPixels);
  const at = [0, 1, 2].map((axis) => {
    const value = axis < dimensions ? values[point * dimensions + axis] : 0;
    return spread === null ? value : value + spread[axis] * jitter(point, axis);
  });
  const [a, b, c, e, f, g, h, i] = matrix;
  return [a * at[0] + b * at[1] + c * at[2] + e, f * at[0] + g * at[1] + h * at[2] + i];
}

/** Points (indices, ascending) whose dots are in a polygon of pixels (x, y, x, y, …), by the even-odd rule. */
export function* rowsWithin(
  coordinates: Coordinates,
  toPixels: ToPixels,
  polygon: readonly number[],
): Steps<Uint32Array> {
  const xs = polygon.filter((_, at) => at % 2 === 0);
  const ys = polygon.filter((_, at) => at % 2 === 1);
  const [left, top] = [Math.floor(Math.min(...xs)), Math.floor(Math.min(...ys))];
  const width = Math.ceil(Math.max(...xs)) - left;
  const height = Math.ceil(Math.max(...ys)) - top;
  if (!(width > 0 && height > 0) || xs.length !== ys.length) return new Uint32Array(0);
  const mask = yield* maskOf(xs, ys, { left, top, width, height });
  const [a, b, c, e, f, g, h, i] = toPixels;
  const projection = projectionOf(coordinates, [a, b, c, e - left, f, g, h, i - top]);
  const cover = newCover(2 ** 15);
  const found: Uint32Array[] = [];
  for (const [start, end] of slices(coordinates.n, 2 ** 15)) {
    project(projection, width, height, [start, end, 1], cover);
    let length = 0;
    for (let at = 0; at < cover.length; at++) {
      if (mask[cover.pixels[at]] === 1) cover.rows[length++] = cover.rows[at];
    }
    found.push(cover.rows.slice(0, length));
    yield;
  }
  return laid(new Uint32Array(lengthOf(found)), found);
}

/** 1 for the pixels whose middle is in the polygon. */
function* maskOf(
  xs: readonly number[],
  ys: readonly number[],
  { left, top, width, height }: { left: number; top: number; width: number; height: number },
): Steps<Uint8Array> {
  const mask = new Uint8Array(width * height);
  for (let line = 0; line < height; line++) {
    const y = top + line + 0.5;
    const crossings: number[] = [];
    for (let from = xs.length - 1, to = 0; to < xs.length; from = to++) {
      if (ys[from] > y === ys[to] > y) continue;
      crossings.push(xs[from] + ((y - ys[from]) * (xs[to] - xs[from])) / (ys[to] - ys[from]) - left);
    }
    crossings.sort((p, q) => p - q);
    for (let pair = 0; pair < crossings.length; pair += 2) {
      const first = Math.max(0, Math.ceil(crossings[pair] - 0.5));
      mask.fill(1, line * width + first, line * width + Math.max(first, Math.ceil(crossings[pair + 1] - 0.5)));
    }
    if (line % 64 === 0) yield;
  }
  return mask;
}
