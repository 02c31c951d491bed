/** What stands above the dots: axes, numbers at the means, ellipses. All in CSS pixels of the area between the axes. */
import type { AxisInfo, SceneInfo, ToPixels } from './scene.ts';
import { type PlaneView, project, type Size, toPixels, type View, windowOf } from './view.ts';

export interface Tick {
  readonly value: number;
  readonly label: string;
}

/** Round values between two, about so many at most. */
export type TickMaker = (measure: AxisInfo['measure'], low: number, high: number, most: number) => readonly Tick[];

export interface Line {
  readonly from: Point;
  readonly to: Point;
  /** Of a grid, or the edge of a box. */
  readonly kind: 'grid' | 'edge';
}

export interface Label {
  readonly at: Point;
  readonly text: string;
  readonly anchor: 'start' | 'middle' | 'end';
  readonly kind: 'tick' | 'title';
}

export interface Axes {
  readonly lines: readonly Line[];
  readonly labels: readonly Label[];
}

export type Point = readonly [x: number, y: number];

/** A cluster's number, beside its mean where there is no room. */
export interface Badge {
  readonly cluster: number;
  readonly mean: Point;
  readonly at: Point;
  readonly text: string;
  readonly width: number;
  readonly isMoved: boolean;
  /** Whether there was no room for it. */
  readonly isHidden: boolean;
}

export interface Ellipse {
  readonly cluster: number;
  readonly deviations: number;
  readonly middle: Point;
  readonly radii: Point;
  /** In degrees. */
  readonly angle: number;
}

/** Room round the area, for what is written there. */
export interface Margins {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

export function marginsOf({ info }: SceneInfo, width: number): Margins {
  if (info.length === 3) return { left: 4, right: 4, top: 4, bottom: 4 };
  return width < 520 ? { left: 42, right: 10, top: 24, bottom: 38 } : { left: 56, right: 18, top: 26, bottom: 42 };
}

export function axesOf(scene: SceneInfo, view: View, size: Size, ticks: TickMaker): Axes {
  return view.kind === 'plane' ? planeAxes(scene, view, size, ticks) : boxAxes(scene, view, size, ticks);
}

function planeAxes(scene: SceneInfo, view: PlaneView, size: Size, ticks: TickMaker): Axes {
  const { width, height } = size;
  const [x, y] = scene.info;
  const [across, up] = windowOf(view, scene);
  const matrix = toPixels(view, scene, size);
  const lines: Line[] = [];
  const labels: Label[] = [];
  for (const { value, label } of ticksOf(x, across[0], across[1], Math.max(2, width / 68), ticks)) {
    const [column] = project(matrix, [value, 0]);
    lines.push({ kind: 'grid', from: [column, 0], to: [column, height] });
    // Not over the edge: there are few pixels to the right of the area.
    const at: Point = [Math.min(column, width + 8 - 3.4 * label.length), height + 16];
    labels.push({ kind: 'tick', anchor: 'middle', at, text: label });
  }
  for (const { value, label } of ticksOf(y, up[0], up[1], Math.max(2, height / 56), ticks)) {
    const [, row] = project(matrix, [0, value]);
    lines.push({ kind: 'grid', from: [0, row], to: [width, row] });
    labels.push({ kind: 'tick', anchor: 'end', at: [-8, row + 4], text: label });
  }
  const most = Math.floor(width / 6.5);
  if (y.title !== '') labels.push({ kind: 'title', anchor: 'start', at: [-30, -10], text: `↑ ${cut(y.title, most)}` });
  if (x.title !== '') {
    labels.push({ kind: 'title', anchor: 'end', at: [width, height + 35], text: `${cut(x.title, most)} →` });
  }
  return { lines, labels };
}

/** The edges of what is seen at first, with ticks at those that are in nobody's way. */
function boxAxes(scene: SceneInfo, view: View, size: Size, ticks: TickMaker): Axes {
  const matrix = toPixels(view, scene, size);
  const middle = project(
    matrix,
    scene.info.map(({ home }) => (home[0] + home[1]) / 2),
  );
  const lines: Line[] = [];
  const labels: Label[] = [];
  for (const [axis, info] of scene.info.entries()) {
    const edges = edgesOf(scene, matrix, axis);
    lines.push(...edges.map(({ from, to }): Line => ({ kind: 'edge', from, to })));
    const edge = outermost(edges, axis === 2);
    const length = Math.hypot(edge.to[0] - edge.from[0], edge.to[1] - edge.from[1]);
    const beside = outwards(edge, middle);
    const at = (share: number, distance: number): Point => [
      edge.from[0] + share * (edge.to[0] - edge.from[0]) + distance * beside[0],
      edge.from[1] + share * (edge.to[1] - edge.from[1]) + distance * beside[1] + 4,
    ];
    const anchor = beside[0] < -0.5 ? 'end' : beside[0] > 0.5 ? 'start' : 'middle';
    const most = Math.floor(length / 50);
    const [low, high] = info.home;
    for (const { value, label } of most < 1 ? [] : ticksOf(info, low, high, most, ticks)) {
      const share = (value - low) / (high - low);
      lines.push({ kind: 'edge', from: unlowered(at(share, 0)), to: unlowered(at(share, 5)) });
      labels.push({ kind: 'tick', anchor, at: at(share, 14), text: label });
    }
    const title = { kind: 'title', text: cut(shortTitle(info), 30) } as const;
    const top = edge.from[1] < edge.to[1] ? edge.from : edge.to;
    if (axis === 2) labels.push({ ...title, anchor: 'middle', at: [top[0], top[1] - 10] });
    else labels.push({ ...title, anchor, at: at(0.5, anchor === 'middle' ? 38 : 46) });
  }
  return { lines, labels: labels.map((label) => ({ ...label, at: kept(label, size) })) };
}

/** Where a text is whole in the picture. */
function kept({ at: [x, y], anchor, text, kind }: Label, { width, height }: Size): Point {
  // Wide for letters of 12 pixels.
  const length = text.length * (kind === 'title' ? 7 : 6.5);
  const before = { start: 0, middle: length / 2, end: length }[anchor];
  const right = Math.max(before, Math.min(width - (length - before), x));
  return [right, Math.max(10, Math.min(height - 3, y))];
}

/** Without what a component is made of, for which there is no room. */
function shortTitle({ measure, title }: AxisInfo): string {
  return measure === 'component' ? `${title.split(' of ')[0]})` : title;
}

/** From the baseline of a text to the middle of its height. */
function unlowered([x, y]: Point): Point {
  return [x, y - 4];
}

interface Edge {
  readonly from: Point;
  readonly to: Point;
}

/** The four edges along an axis. */
function edgesOf({ info }: SceneInfo, matrix: ToPixels, axis: number): Edge[] {
  const [first, second] = [0, 1, 2].filter((other) => other !== axis);
  return [0, 1, 2, 3].map((corner) => {
    const place = info.map(({ home }) => home[0]);
    place[first] = info[first].home[corner & 1];
    place[second] = info[second].home[corner >> 1];
    const from = project(matrix, place);
    place[axis] = info[axis].home[1];
    return { from, to: project(matrix, place) };
  });
}

/** The lowest in the picture, or the one farthest to the left. */
function outermost(edges: readonly Edge[], isUpright: boolean): Edge {
  const rank = ({ from, to }: Edge) => (isUpright ? -(from[0] + to[0]) : from[1] + to[1]);
  return edges.reduce((best, edge) => (rank(edge) > rank(best) ? edge : best));
}

/** The unit vector at a right angle to an edge that leads away from the middle. */
function outwards({ from, to }: Edge, middle: Point): Point {
  const [x, y] = [to[1] - from[1], from[0] - to[0]];
  const length = Math.hypot(x, y) || 1;
  const away = x * ((from[0] + to[0]) / 2 - middle[0]) + y * ((from[1] + to[1]) / 2 - middle[1]);
  const sign = away < 0 ? -1 : 1;
  return [(sign * x) / length, (sign * y) / length];
}

function ticksOf(axis: AxisInfo, low: number, high: number, most: number, ticks: TickMaker): readonly Tick[] {
  if (axis.title === '') return [];
  const { bend } = axis;
  if (bend === undefined) return ticks(axis.measure, low, high, most);
  const unbent = (t: number) => Math.sign(t) * bend * Math.expm1(Math.abs(t));
  const bent = (value: number) => Math.sign(value) * Math.log1p(Math.abs(value) / bend);
  const [least, greatest] = [unbent(low), unbent(high)];
  const gap = (high - low) / most;
  const found: Tick[] = [];
  for (const value of powers(bend, least, greatest)) {
    const t = bent(value);
    if (found.some((other) => Math.abs(other.value - t) < gap)) continue;
    // Each by itself, as a tick of its own size: what tells those of one step apart is not what tells powers apart.
    const [from, to] = [Math.min(0, 2 * value), Math.max(0, 2 * value)];
    const own = ticks(axis.measure, from, to, 2).find((tick) => Math.abs(tick.value - value) <= 1e-9 * Math.abs(value));
    found.push({ value: t, label: own?.label ?? String(value) });
  }
  return found;
}

/** Round values for a logarithmic axis, those first that must not be missing: 0, powers of ten, then twice and five times these. */
function powers(bend: number, low: number, high: number): number[] {
  // A margin beyond the largest of numbers is at no number.
  const last = Math.ceil(Math.log10(Math.min(Number.MAX_VALUE, Math.max(Math.abs(low), Math.abs(high), bend))));
  const first = Math.floor(Math.log10(bend));
  const exponents = Array.from({ length: Math.max(0, last - first + 1) }, (_, i) => last - i);
  const sizes = [1, 5, 2].flatMap((times) => exponents.map((exponent) => Number(`${times}e${exponent}`)));
  return [0, ...sizes.flatMap((size) => [size, -size])].filter(
    (value) => value >= low && value <= high && Number.isFinite(value),
  );
}

function cut(text: string, most: number): string {
  return text.length <= most ? text : `${text.slice(0, Math.max(1, most - 1))}…`;
}

/** Where clusters are, in coordinates: of their means in features [k, d]; null where axes are not features. */
export function placesOf({ info, shares }: SceneInfo, means: Float64Array, k: number, d: number): number[][] | null {
  if (shares === null) return null;
  return Array.from({ length: k }, (_, c) =>
    info.map(({ dayStart }, axis) => {
      const at = axis * (d + 1);
      let sum = shares[at + d];
      for (let j = 0; j < d; j++) sum += shares[at + j] * means[c * d + j];
      return dayStart !== undefined && sum < dayStart ? sum + 1440 : sum;
    }),
  );
}

const BADGE_HEIGHT = 20;
const LONGEST_NAME = 16;
/** How far a number may be from its mean; where there is no room as near as that, a dot stands for it. */
const FARTHEST = 150;

/** The numbers of the clusters that are in the picture, apart from each other. */
export function badgesOf(
  places: readonly (readonly number[])[],
  names: readonly string[],
  matrix: ToPixels,
  size: Size,
): Badge[] {
  const boxes = places.flatMap((place, cluster) => {
    const mean = project(matrix, place);
    if (!(mean[0] >= 0 && mean[0] <= size.width && mean[1] >= 0 && mean[1] <= size.height)) return [];
    const text = cut(names[cluster] ?? String(cluster + 1), LONGEST_NAME);
    const width = Math.max(BADGE_HEIGHT, 9 + 7 * text.length);
    return [{ cluster, mean, text, width }];
  });
  const room = new Room(size);
  return boxes.map(({ cluster, mean, text, width }) => {
    const at = room.take(mean, width);
    const isMoved = at === null || Math.hypot(at[0] - mean[0], at[1] - mean[1]) > 3;
    return { cluster, mean, text, width, at: at ?? mean, isMoved, isHidden: at === null };
  });
}

/** Steps from a mean to where its number may be, the nearest first. */
const STEPS_AWAY: readonly Point[] = Array.from(
  { length: 51 * 37 },
  (_, i): Point => [6 * ((i % 51) - 25), 8 * (Math.floor(i / 51) - 18)],
)
  .filter(([x, y]) => Math.hypot(x, y) <= FARTHEST)
  .sort((p, q) => Math.hypot(...p) - Math.hypot(...q));

/** Where numbers are already: none covers another. */
class Room {
  /** Boxes by the rows of the picture that they may touch. */
  readonly #rows = new Map<number, { readonly x: number; readonly y: number; readonly width: number }[]>();
  /** Of each place, the steps that need not be tried again. */
  readonly #tried = new Map<string, number>();

  constructor(readonly size: Size) {}

  /** A place in the picture as near to a mean as can be; null where there is none. */
  take([x, y]: Point, width: number): Point | null {
    const key = `${Math.round(x / 4)} ${Math.round(y / 4)} ${width}`;
    for (let step = this.#tried.get(key) ?? 0; step < STEPS_AWAY.length; step++) {
      const at = this.#inside(x + STEPS_AWAY[step][0], y + STEPS_AWAY[step][1], width);
      if (!this.#isFree(at, width)) continue;
      this.#tried.set(key, step);
      this.#add(at, width);
      return at;
    }
    this.#tried.set(key, STEPS_AWAY.length);
    return null;
  }

  #inside(x: number, y: number, width: number): Point {
    const [right, down] = [this.size.width - width / 2, this.size.height - BADGE_HEIGHT / 2];
    return [Math.min(right, Math.max(width / 2, x)), Math.min(down, Math.max(BADGE_HEIGHT / 2, y))];
  }

  #isFree([x, y]: Point, width: number): boolean {
    const row = Math.floor(y / (BADGE_HEIGHT + 2));
    return [row - 1, row, row + 1].every((near) =>
      (this.#rows.get(near) ?? []).every(
        (box) => Math.abs(box.x - x) >= (box.width + width) / 2 + 2 || Math.abs(box.y - y) >= BADGE_HEIGHT + 2,
      ),
    );
  }

  #add([x, y]: Point, width: number): void {
    const row = Math.floor(y / (BADGE_HEIGHT + 2));
    const boxes = this.#rows.get(row) ?? [];
    boxes.push({ x, y, width });
    this.#rows.set(row, boxes);
  }
}

/** Of Gaussians in features, with covariances [k, d, d], what is seen at one and at two standard deviations. */
export function ellipsesOf(
  { shares, info }: SceneInfo,
  covariances: Float64Array,
  d: number,
  places: readonly (readonly number[])[],
  matrix: ToPixels,
): Ellipse[] {
  if (shares === null) return [];
  const m = info.length;
  // From features to pixels: [2, d].
  const turn = [0, 4].map((at) =>
    Array.from({ length: d }, (_, j) =>
      info.reduce((sum, _axis, i) => sum + matrix[at + i] * shares[i * (d + 1) + j], 0),
    ),
  );
  const spread = (p: readonly number[], q: readonly number[], at: number) => {
    let sum = 0;
    for (let i = 0; i < d; i++) for (let j = 0; j < d; j++) sum += p[i] * covariances[at + i * d + j] * q[j];
    return sum;
  };
  return places.flatMap((place, cluster) => {
    const at = cluster * d * d;
    const [xx, xy, yy] = [spread(turn[0], turn[0], at), spread(turn[0], turn[1], at), spread(turn[1], turn[1], at)];
    const middle = project(matrix, place.slice(0, m));
    const mean = (xx + yy) / 2;
    const half = Math.hypot((xx - yy) / 2, xy);
    const angle = (Math.atan2(2 * xy, xx - yy) / 2) * (180 / Math.PI);
    if (!Number.isFinite(mean + half + middle[0] + middle[1])) return [];
    return [2, 1].map((deviations): Ellipse => {
      const radii: Point = [deviations * Math.sqrt(mean + half), deviations * Math.sqrt(Math.max(0, mean - half))];
      return { cluster, deviations, middle, radii, angle };
    });
  });
}
