/** What of the scene is seen: a window in the plane, or the scene from a side. */
import type { AxisInfo, SceneInfo, ToPixels } from './scene.ts';

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** A window in shares of what is seen at first: 0 to 1 of both axes, from the lower left. */
export interface PlaneView {
  readonly kind: 'plane';
  readonly left: number;
  readonly bottom: number;
  readonly width: number;
  readonly height: number;
}

/** From far away: parallels stay parallel. */
export interface OrbitView {
  readonly kind: 'orbit';
  /** Angles of the eye about the third axis, and above the plane of the others. */
  readonly turn: number;
  readonly tilt: number;
  readonly zoom: number;
  /** Where the middle of the scene is, in shares of the picture from its middle. */
  readonly right: number;
  readonly up: number;
}

export type View = PlaneView | OrbitView;

/** A place in the picture: shares of its width and height from the lower left. */
export interface Place {
  readonly right: number;
  readonly up: number;
}

const MIDDLE: Place = { right: 0.5, up: 0.5 };
const NEAREST = 1e-6;
const ZOOMS = [0.3, 1000] as const;
/** More than a cube's half height from any side, and a margin for what is written there. */
const CUBE = 1.65;

export function homeView({ info }: SceneInfo): View {
  return info.length === 3
    ? { kind: 'orbit', turn: -1.05, tilt: 0.42, zoom: 1, right: 0, up: 0 }
    : { kind: 'plane', left: 0, bottom: 0, width: 1, height: 1 };
}

/** With the rows that lie far out. */
export function wholeView(scene: SceneInfo): View {
  const home = homeView(scene);
  if (home.kind === 'orbit') {
    const lengths = halves(scene);
    const farthest = scene.info.map(({ range, home }, axis) => {
      const middle = (home[0] + home[1]) / 2;
      return Math.max(middle - range[0], range[1] - middle) / lengths[axis];
    });
    return clamped({ ...home, zoom: CUBE / Math.max(CUBE, Math.hypot(...farthest)) }, scene);
  }
  const [x, y] = scene.info.map(outer);
  const pad = 0.02;
  return {
    kind: 'plane',
    left: x[0] - pad * (x[1] - x[0]),
    bottom: y[0] - pad * (y[1] - y[0]),
    width: (1 + 2 * pad) * (x[1] - x[0]),
    height: (1 + 2 * pad) * (y[1] - y[0]),
  };
}

export function isHome(view: View, scene: SceneInfo): boolean {
  const home = homeView(scene);
  return Object.entries(home).every(([name, value]) => view[name as keyof View] === value);
}

/** Nearer by `factor`, with one place of the picture staying where it is. */
export function zoomed(view: View, scene: SceneInfo, factor: number, about: Place = MIDDLE): View {
  if (view.kind === 'orbit') {
    const zoom = Math.min(ZOOMS[1], Math.max(ZOOMS[0], view.zoom * factor));
    const real = zoom / view.zoom;
    const right = (view.right - (about.right - 0.5)) * real + about.right - 0.5;
    const up = (view.up - (about.up - 0.5)) * real + about.up - 0.5;
    return clamped({ ...view, zoom, right, up }, scene);
  }
  const [widest, highest] = largest(scene);
  const wanted = Math.max(NEAREST / Math.min(view.width, view.height), 1 / factor);
  // Where one side shows all there is, zooming out goes on until the other does.
  const across = Math.min(wanted, Math.max(1, widest / view.width));
  const up = Math.min(wanted, Math.max(1, highest / view.height));
  return clamped(
    {
      kind: 'plane',
      left: view.left + about.right * view.width * (1 - across),
      bottom: view.bottom + about.up * view.height * (1 - up),
      width: view.width * across,
      height: view.height * up,
    },
    scene,
  );
}

/** The scene moved by shares of the picture. */
export function panned(view: View, scene: SceneInfo, right: number, up: number): View {
  if (view.kind === 'orbit') return clamped({ ...view, right: view.right + right, up: view.up + up }, scene);
  return clamped({ ...view, left: view.left - right * view.width, bottom: view.bottom - up * view.height }, scene);
}

/** The scene turned as by a hand that moves by shares of the picture. */
export function turned(view: OrbitView, right: number, up: number): OrbitView {
  const tilt = Math.min(Math.PI / 2, Math.max(-Math.PI / 2, view.tilt - up * Math.PI));
  const turn = (view.turn - right * 1.5 * Math.PI) % (2 * Math.PI);
  return { ...view, turn, tilt };
}

/** Nobody gets lost: the middle of the picture stays among the rows. */
function clamped<V extends View>(view: V, scene: SceneInfo): V {
  if (view.kind === 'orbit') {
    const most = 0.5 * Math.max(1, view.zoom);
    return { ...view, right: between(view.right, -most, most), up: between(view.up, -most, most) };
  }
  const [x, y] = scene.info.map(outer);
  return {
    ...view,
    left: along(view.left, view.width, x),
    bottom: along(view.bottom, view.height, y),
  };
}

/** A window of that width whose middle is among the rows, and the more in their middle the less there is beside them. */
function along(start: number, width: number, [low, high]: readonly [number, number]): number {
  const length = high - low;
  const reach = length * between(2 - (1.5 * width) / length, 0.125, 0.5);
  return between(start, (low + high - width) / 2 - reach, (low + high - width) / 2 + reach);
}

function between(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}

/** Where all rows are, and what is seen at first, in shares of the latter. */
function outer({ home, range }: AxisInfo): [low: number, high: number] {
  const length = home[1] - home[0];
  return [Math.min(0, (range[0] - home[0]) / length), Math.max(1, (range[1] - home[0]) / length)];
}

/** Widest and highest windows. */
function largest({ info }: SceneInfo): number[] {
  return info.map(outer).map(([low, high]) => 1.25 * (high - low));
}

/** Half of what is seen at first along each axis: the same for components, whose lengths compare. */
function halves({ info }: SceneInfo): number[] {
  const lengths = info.map(({ home }) => (home[1] - home[0]) / 2);
  const longest = Math.max(...lengths);
  return info.map(({ measure }, axis) => (measure === 'component' ? longest : lengths[axis]));
}

/** From coordinates to pixels of a picture of that size. */
export function toPixels(view: View, scene: SceneInfo, { width, height }: Size): ToPixels {
  if (view.kind === 'plane') {
    const [x, y] = scene.info;
    const across = width / view.width / (x.home[1] - x.home[0]);
    const down = -height / view.height / (y.home[1] - y.home[0]);
    const column = -across * x.home[0] - (view.left / view.width) * width;
    const row = height - down * y.home[0] + (view.bottom / view.height) * height;
    return [across, 0, 0, column, 0, down, 0, row];
  }
  const { turn, tilt, zoom } = view;
  const lengths = halves(scene);
  const scale = (zoom * Math.min(width, height)) / 2 / CUBE;
  const right = [-Math.sin(turn), Math.cos(turn), 0].map((share, i) => (scale * share) / lengths[i]);
  const down = [Math.sin(tilt) * Math.cos(turn), Math.sin(tilt) * Math.sin(turn), -Math.cos(tilt)].map(
    (share, i) => (scale * share) / lengths[i],
  );
  const middle = scene.info.map(({ home }) => (home[0] + home[1]) / 2);
  const dot = (row: number[]) => row.reduce((sum, share, i) => sum + share * middle[i], 0);
  return [
    ...([right[0], right[1], right[2], width * (0.5 + view.right) - dot(right)] as const),
    ...([down[0], down[1], down[2], height * (0.5 - view.up) - dot(down)] as const),
  ];
}

/** Where coordinates are in the picture. */
export function project(matrix: ToPixels, [x, y, z = 0]: readonly number[]): [column: number, row: number] {
  const [a, b, c, e, f, g, h, i] = matrix;
  return [a * x + b * y + c * z + e, f * x + g * y + h * z + i];
}

/** How a picture of before is to be stretched and moved to lie where it belongs now: as exact as can be for a scene that turns. */
export interface Shift {
  readonly scaleX: number;
  readonly scaleY: number;
  readonly left: number;
  readonly top: number;
}

export function shiftBetween(from: ToPixels, to: ToPixels, scene: SceneInfo): Shift {
  const isPlane = scene.info.length === 2;
  const lengths = halves(scene);
  const length = (at: number, matrix: ToPixels) => Math.hypot(...lengths.map((half, axis) => half * matrix[at + axis]));
  const scaleX = length(0, to) / length(0, from);
  const scaleY = length(4, to) / length(4, from);
  const middle = scene.info.map(({ home }) => (home[0] + home[1]) / 2);
  const [x0, y0] = isPlane ? [from[3], from[7]] : project(from, middle);
  const [x1, y1] = isPlane ? [to[3], to[7]] : project(to, middle);
  return { scaleX, scaleY, left: x1 - scaleX * x0, top: y1 - scaleY * y0 };
}

/** The window of a plane in coordinates: [low, high] of both axes. */
export function windowOf(view: PlaneView, { info }: SceneInfo): [x: [number, number], y: [number, number]] {
  const interval = ({ home }: AxisInfo, start: number, length: number): [number, number] => {
    const unit = home[1] - home[0];
    return [home[0] + start * unit, home[0] + (start + length) * unit];
  };
  return [interval(info[0], view.left, view.width), interval(info[1], view.bottom, view.height)];
}
