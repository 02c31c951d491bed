/** The worker's half of the picture: what it is drawn from, and which rows lie where. */
import { runAsync } from '../../src/steps.ts';
import type { Features } from '../features/features.ts';
import type { Table } from '../tables/table.ts';
import { createPainter } from './bitmaps.ts';
import { type Coordinates, centresOf, coordinatesOf } from './coordinates.ts';
import { type Grid, type Layer, pickAt, placeOf, rowsWithin } from './painter.ts';
import type { Area, AxesChoice, Drawn, Exposure, SceneInfo } from './scene.ts';

/** Clusters of all points. */
export interface Clustered {
  readonly labels: Uint32Array;
  readonly k: number;
}

/** Of some of the points, at ascending places, while a run is under way. */
export interface Live extends Clustered {
  readonly places: Uint32Array;
}

/** A finger is no finer, in CSS pixels. */
const REACH = 12;

export class Stage {
  readonly #painter = createPainter();
  #table: Table | null = null;
  #features: Features | null = null;
  #coordinates: Coordinates | null = null;
  #clustered: Clustered | null = null;
  #doubt: Float32Array | null = null;
  #live: Live | null = null;
  #grid: Grid | null = null;
  /** What the grid is of. */
  #exposed: Exposure | null = null;

  setPoints(table: Table, features: Features): void {
    this.#table = table;
    this.#features = features;
    this.#coordinates = null;
    this.setClusters(null);
  }

  setClusters(clustered: Clustered | null): void {
    this.#clustered = clustered;
    this.#doubt = null;
    this.#live = null;
  }

  /** How unsure it is of each point where it belongs, from 0 to 1. */
  setDoubt(doubt: Float32Array): void {
    this.#doubt = doubt;
  }

  get hasDoubt(): boolean {
    return this.#doubt !== null;
  }

  setLive(live: Live | null): void {
    this.#live = live;
  }

  async aim(axes: AxesChoice, signal: AbortSignal): Promise<SceneInfo> {
    const features = this.#features!;
    const coordinates = await runAsync(coordinatesOf(axes, this.#table!, features), signal);
    if (features !== this.#features) throw new DOMException('The points are others by now.', 'AbortError');
    this.#coordinates = coordinates;
    return coordinates.scene;
  }

  /** Where clusters are in the picture [k, 2 or 3], for axes that are no features; null without clusters. */
  async centres(signal: AbortSignal): Promise<Float64Array | null> {
    if (this.#clustered === null || this.#coordinates === null) return null;
    const { labels, k } = this.#clustered;
    return runAsync(centresOf(this.#coordinates, labels, k), signal);
  }

  async expose(exposure: Exposure, signal: AbortSignal): Promise<Drawn> {
    const { drawn, grid } = await this.#painter.expose(this.#layer(), exposure, signal);
    if (grid !== null) {
      this.#grid = grid;
      this.#exposed = exposure;
    }
    return drawn;
  }

  /** The point nearest to a place of the last whole picture, in pixels of the screen, and where it is; null if there is none. */
  pick(column: number, row: number): { readonly point: number; readonly place: readonly [number, number] } | null {
    if (this.#grid === null || this.#exposed === null) return null;
    const { ratio, toPixels } = this.#exposed;
    const point = pickAt(this.#grid, Math.round(column), Math.round(row), REACH * ratio);
    return point < 0 ? null : { point, place: placeOf(this.#coordinates!, toPixels, point) };
  }

  within({ polygon, toPixels }: Area, signal: AbortSignal): Promise<Uint32Array> {
    return runAsync(rowsWithin(this.#coordinates!, toPixels, polygon), signal);
  }

  #layer(): Layer {
    const coordinates = this.#coordinates!;
    const live = this.#live;
    if (live !== null) return { coordinates: someOf(coordinates, live.places), ...live, doubt: null };
    return { coordinates, labels: this.#clustered?.labels ?? null, k: this.#clustered?.k ?? 1, doubt: this.#doubt };
  }
}

function someOf(coordinates: Coordinates, places: Uint32Array): Coordinates {
  const { values, dimensions } = coordinates;
  const some = new Float32Array(places.length * dimensions);
  places.forEach((place, i) => {
    for (let j = 0; j < dimensions; j++) some[i * dimensions + j] = values[place * dimensions + j];
  });
  return { ...coordinates, n: places.length, values: some };
}
