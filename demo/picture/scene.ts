/** What the picture shows, in the words that the worker, which draws, and the page, which moves and marks, share. */
import type { Rgb, Scheme } from '../palette.ts';

/** What the axes are. */
export type AxesChoice =
  | { readonly kind: 'columns'; readonly x: number; readonly y: number }
  /** The plane, or the space, of the greatest variance of the features. */
  | { readonly kind: 'components'; readonly count: 2 | 3 }
  | { readonly kind: 'space'; readonly x: number; readonly y: number; readonly z: number };

/** What there is to know of an axis, to draw its ticks and to choose what is seen at first. */
export interface AxisInfo {
  readonly title: string;
  readonly measure: 'number' | 'date' | 'time' | 'boolean' | 'component';
  /** What is seen at first: nearly all rows lie between. */
  readonly home: readonly [low: number, high: number];
  readonly range: readonly [low: number, high: number];
  /** Least distance of distinct values, where values lie on a grid (whole numbers), over which dots are spread; else 0. */
  readonly step: number;
  /**
   * Of a column that is clustered by its logarithm: coordinates are t = sign(x)·ln(1 + |x| / bend), so that the axis is
   * logarithmic; range and home are such coordinates, too.
   */
  readonly bend?: number;
  /** Of a time of the day: minutes after midnight at which the day begins; what is earlier lies a day later. */
  readonly dayStart?: number;
}

export interface SceneInfo {
  readonly axes: AxesChoice;
  /** Two or three. */
  readonly info: readonly AxisInfo[];
  /**
   * Features [d] → coordinates [m], for centres and ellipses: row-major [m, d + 1], the last column a constant; null where
   * an axis is not a feature of the fit, or the angle of two.
   */
  readonly shares: readonly number[] | null;
  /** Number of rows that lie outside of what is seen at first, gaps included. */
  readonly outside?: number;
}

/**
 * From coordinates to pixels: column = a·x + b·y + c·z + e, row = d·x + … (y downwards), row-major [2, 4]; z counts 0 where
 * there are two axes.
 */
export type ToPixels = readonly [number, number, number, number, number, number, number, number];

/** A picture that is asked for. */
export interface Exposure {
  readonly id: number;
  /** In pixels of the screen. */
  readonly width: number;
  readonly height: number;
  /** Pixels of the screen to a CSS pixel. */
  readonly ratio: number;
  readonly toPixels: ToPixels;
  /** A colour for each cluster; one colour, where there are none. */
  readonly colours: readonly Rgb[];
  readonly scheme: Scheme;
  /** The cluster that stands out, the others dimmed; null: all alike. */
  readonly alone: number | null;
  /** Whether rows are the fainter the less sure it is where they belong. */
  readonly showsDoubt: boolean;
  /** At most so many rows, spread over all, for a picture at once; null: all. */
  readonly sample: number | null;
}

/** Rows that are drawn while the view moves, or while a run is on, of more: `Exposure.sample`. */
export const SAMPLE = 300_000;

/** A picture that was drawn. */
export interface Drawn {
  readonly id: number;
  readonly bitmap: ImageBitmap;
  readonly toPixels: ToPixels;
  /** Number of rows in the picture, of how many that were drawn, of how many there are. */
  readonly inside: number;
  readonly drawn: number;
  readonly n: number;
  readonly milliseconds: number;
  /** What drew it. */
  readonly painter: 'cpu' | 'webgpu';
}

/** The row under the pointer. */
export interface Picked {
  /** In the table, from 0. */
  readonly row: number;
  /** Where its dot is, in pixels of the screen. */
  readonly place: readonly [column: number, row: number];
  readonly cluster: number | null;
  /** What there is to say of it: "delay: +12 min". */
  readonly lines: readonly string[];
}

/** Rows that are asked for: those in a polygon. */
export interface Area {
  /** Corners in the pixels that `toPixels` leads to: x, y, x, y, … */
  readonly polygon: readonly number[];
  readonly toPixels: ToPixels;
}

/** Rows that were chosen; the worker keeps which. */
export interface Selected {
  readonly count: number;
  /** Of how many. */
  readonly n: number;
}
