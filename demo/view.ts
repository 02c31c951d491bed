/**
 * What the plot shows: two of the features, and where of their home square.
 */
import { type Mat3d, mat3d, type Vec2d, vec2d } from 'wgpu-matrix';
import { FEATURES } from './axes.ts';

export interface View {
  /** Indices of the features on the two axes. */
  readonly x: number;
  readonly y: number;
  /** From the home square, [0, 1]² with the origin at the lower left, to the square that is shown. */
  readonly window: Mat3d;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

const ZOOM_RANGE = [0.1, 200];

export function homeView(x: number, y: number): View {
  return { x, y, window: mat3d.identity() };
}

/** Nearer by `factor`, with `centre`, in the square that is shown, staying where it is. */
export function zoomed(view: View, factor: number, centre: Vec2d): View {
  const zoom = view.window[0] * factor;
  if (zoom < ZOOM_RANGE[0] || zoom > ZOOM_RANGE[1]) return view;
  const about = mat3d.translation(centre);
  mat3d.scale(about, [factor, factor], about);
  mat3d.translate(about, vec2d.negate(centre), about);
  return { ...view, window: mat3d.multiply(about, view.window) };
}

/** Moved by shares of the square that is shown. */
export function panned(view: View, right: number, up: number): View {
  return { ...view, window: mat3d.multiply(mat3d.translation([right, up]), view.window) };
}

/** From the features' values to pixels of a picture of that size, y downwards. */
export function valuesToPixels({ x, y, window }: View, { width, height }: Size): Mat3d {
  const [left, right] = FEATURES[x].home;
  const [bottom, top] = FEATURES[y].home;
  const toHome = mat3d.scaling([1 / (right - left), 1 / (top - bottom)]);
  mat3d.translate(toHome, [-left, -bottom], toHome);
  const toPixels = mat3d.translation([0, height]);
  mat3d.scale(toPixels, [width, -height], toPixels);
  return mat3d.multiply(toPixels, mat3d.multiply(window, toHome));
}
