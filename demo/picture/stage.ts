/** The worker's half of the picture: what it is drawn from, and which rows lie where. */
import { runAsync } from '../../src/steps.ts';
import type { Features } from '../features/features.ts';
import type { Table } from '../tables/table.ts';
import { createPainter } from './bitmaps.ts';
import { type Coordinates, centresOf, coordinatesOf } from './coordinates.ts';
import type { ResidentPoints } from './gpu/darkroom.ts';
import type { GpuPainter } from './gpu/painter.ts';
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
  /** Where the points are on a GPU. */
  #gpuPainter: GpuPainter | null = null;
  #resident: ResidentPoints | null = null;
  #table: Table | null = null;
  #features: Features | null = null;
  #coordinates: Coordinates | null = null;
  #clustered: Clustered | null = null;
  #doubt: Float32Array | null = null;
  #live: Live | null = null;
  #liveTime = 0;
  /** Points that somebody chose, ascending. */
  #chosen: Uint32Array | null = null;
  /** Clusters, those of chosen points apart from the others. */
  #parted: (Clustered & { readonly of: Clustered | null; readonly chosen: Uint32Array }) | null = null;
  #grid: Grid | null = null;
  /** What the grid is of. */
  #exposed: Exposure | null = null;

  setPoints(table: Table, features: Features): void {
    this.#table = table;
    this.#features = features;
    this.#coordinates = null;
    this.#chosen = null;
    this.setClusters(null);
    void this.paintFrom(null);
  }

  /** The buffer that the points are in: they are drawn from it as long as that works. */
  async paintFrom(points: ResidentPoints | null): Promise<void> {
    if (points === this.#resident) return;
    this.#gpuPainter?.end();
    this.#gpuPainter = null;
    this.#resident = points;
    if (points === null) return;
    const { createGpuPainter } = await import('./gpu/painter.ts');
    if (this.#resident === points) this.#gpuPainter = createGpuPainter(points);
  }

  /** Labels that are on the points' device, given away. */
  adopt(labels: Uint32Array, buffer: GPUBuffer): void {
    if (this.#gpuPainter === null) buffer.destroy();
    else this.#gpuPainter.adopt(labels, buffer);
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

  /** Milliseconds that the last picture of a run that was on took. */
  get liveTime(): number {
    return this.#liveTime;
  }

  async expose(exposure: Exposure, signal: AbortSignal): Promise<Drawn> {
    const start = performance.now();
    const live = this.#live;
    const layer = this.#layer();
    const { drawn, grid } =
      (await this.#exposeOnGpu(layer, exposure, signal)) ?? (await this.#painter.expose(layer, exposure, signal));
    if (live !== null) this.#liveTime = performance.now() - start;
    if (grid !== null) {
      this.#grid = grid;
      this.#exposed = exposure;
    }
    return drawn;
  }

  /** Null where there is no GPU for it. */
  async #exposeOnGpu(layer: Layer, exposure: Exposure, signal: AbortSignal) {
    const painter = this.#gpuPainter;
    // Pictures of a run that is on have few points, and those of before it have no clusters.
    if (painter === null || this.#live !== null || layer.labels === null) return null;
    try {
      return await painter.expose(layer, exposure, signal);
    } catch {
      signal.throwIfAborted();
      // Its device was lost, or has no room: nobody shall notice.
      painter.end();
      if (this.#gpuPainter === painter) this.#gpuPainter = null;
      return null;
    }
  }

  /** The point nearest to a place of the last whole picture, in pixels of the screen, and where it is; null if there is none. */
  pick(column: number, row: number): { readonly point: number; readonly place: readonly [number, number] } | null {
    if (this.#grid === null || this.#exposed === null) return null;
    const { ratio, toPixels } = this.#exposed;
    const point = pickAt(this.#grid, Math.round(column), Math.round(row), REACH * ratio);
    return point < 0 ? null : { point, place: placeOf(this.#coordinates!, toPixels, point) };
  }

  /** Points in an area: they stand out from now on. */
  async choose({ polygon, toPixels }: Area, signal: AbortSignal): Promise<Uint32Array> {
    const features = this.#features;
    const chosen = await runAsync(rowsWithin(this.#coordinates!, toPixels, polygon), signal);
    if (features === this.#features) this.#chosen = chosen;
    return chosen;
  }

  unchoose(): void {
    this.#chosen = null;
    this.#parted = null;
  }

  #layer(): Layer {
    const coordinates = this.#coordinates!;
    const live = this.#live;
    if (live !== null) return { coordinates: someOf(coordinates, live.places), ...live, doubt: null };
    const parted = this.#partedBy(this.#chosen, coordinates.n);
    const { labels, k } = parted ?? this.#clustered ?? { labels: null, k: 1 };
    return { coordinates, labels, k, doubt: this.#doubt, hasChosen: parted !== null };
  }

  #partedBy(chosen: Uint32Array | null, n: number): Clustered | null {
    if (chosen === null || chosen.length === 0) return null;
    const of = this.#clustered;
    if (this.#parted?.of !== of || this.#parted.chosen !== chosen) {
      const labels = of === null ? new Uint32Array(n) : of.labels.slice();
      const k = of?.k ?? 1;
      for (const point of chosen) labels[point] += k;
      this.#parted = { labels, k: 2 * k, of, chosen };
    }
    return this.#parted;
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
