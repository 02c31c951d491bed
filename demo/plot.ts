/**
 * The picture: two of the features as axes, the flights between them, and a number at each cluster's mean, and a
 * mixture's Gaussians. It can be dragged and zoomed.
 */
import { type Vec2d, vec2d } from 'wgpu-matrix';
import type { Flights } from '../data/flights.ts';
import { runAsync, type Steps } from '../src/steps.ts';
import { type Groups, groupRows } from './density.ts';
import { drawAxes, drawEllipses, drawMeans, layerOfFlights, MARGIN, type Sheet } from './draw.ts';
import type { Clusters } from './messages.ts';
import { clusterColour, neutralColour, type Rgb, type Scheme } from './palette.ts';
import { homeView, panned, type Size, zoomed } from './view.ts';

export interface Plot {
  /** Draws the flights in one colour. */
  setFlights(flights: Flights): void;
  /** Colours the flights: cluster `order[0]` gets the first colour. Null takes the colours away. */
  setClusters(clusters: Clusters | null, order: readonly number[]): void;
  /** Shows one cluster alone, or all. */
  setAlone(cluster: number | null): void;
  /** Shows other features, whole. */
  setFeatures(x: number, y: number): void;
  /** Zooms about the middle, in for factors above 1. */
  zoom(factor: number): void;
  home(): void;
}

const MIDDLE = vec2d.create(0.5, 0.5);

export function createPlot(canvas: HTMLCanvasElement): Plot {
  const context = canvas.getContext('2d')!;
  const darkScheme = matchMedia('(prefers-color-scheme: dark)');
  let view = homeView(2, 1);
  let flights: Flights | null = null;
  let groups: Groups | null = null;
  let clusters: Clusters | null = null;
  let order: readonly number[] = [];
  let alone: number | null = null;
  /** Whether the picture is behind what it is to show. */
  let stale = false;
  let drawing = false;

  new ResizeObserver(requestDraw).observe(canvas);
  darkScheme.addEventListener('change', requestDraw);
  listen(canvas, { zoom, pan, home });

  return {
    setFlights(next) {
      flights = next;
      this.setClusters(null, []);
    },
    setClusters(next, nextOrder) {
      clusters = next;
      order = nextOrder;
      alone = null;
      groups = null;
      requestDraw();
    },
    setAlone(cluster) {
      alone = cluster;
      requestDraw();
    },
    setFeatures(x, y) {
      view = homeView(x, y);
      requestDraw();
    },
    zoom: (factor) => zoom(factor, MIDDLE),
    home,
  };

  function zoom(factor: number, centre: Vec2d): void {
    view = zoomed(view, factor, centre);
    requestDraw();
  }

  function pan(right: number, up: number): void {
    view = panned(view, right, up);
    requestDraw();
  }

  function home(): void {
    view = homeView(view.x, view.y);
    requestDraw();
  }

  function requestDraw(): void {
    stale = true;
    canvas.ariaBusy = 'true';
    if (!drawing) void drawUntilFresh();
  }

  /** What is asked for while it draws comes with the next picture: so dragging shows pictures on its way. */
  async function drawUntilFresh(): Promise<void> {
    drawing = true;
    while (stale) {
      stale = false;
      await new Promise(requestAnimationFrame);
      await runAsync(draw());
    }
    drawing = false;
    canvas.ariaBusy = 'false';
  }

  /** Millions of dots take a while, and leave the page its turns; all that is seen then changes at once. */
  function* draw(): Steps<void> {
    const shown = { flights, clusters, order };
    const place = { view, size: area(canvas), ratio: devicePixelRatio };
    const colours = chooseColours(darkScheme.matches ? 'dark' : 'light');
    let layer: OffscreenCanvas | null = null;
    if (shown.flights !== null) {
      const { n } = shown.flights;
      const sorted = groups ?? (yield* groupRows(clusters?.labels ?? new Uint32Array(n), clusters?.k ?? 1));
      if (clusters === shown.clusters && flights === shown.flights) groups = sorted;
      layer = yield* layerOfFlights(place, shown.flights, sorted, colours);
    }
    const sheet = prepare(place);
    drawAxes(sheet);
    if (layer === null || shown.flights === null) return;
    sheet.context.drawImage(layer, 0, 0, place.size.width, place.size.height);
    if (shown.clusters?.model === 'mixture') drawEllipses(sheet, shown.flights, shown.clusters, colours);
    if (shown.clusters !== null) drawMeans(sheet, shown.flights, shown.clusters, shown.order, colours);
  }

  /** Clears the canvas, in the size that it has now. */
  function prepare({ view, size, ratio }: Pick<Sheet, 'view' | 'size' | 'ratio'>): Sheet {
    const style = getComputedStyle(canvas);
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    context.scale(ratio, ratio);
    context.translate(MARGIN.left, MARGIN.top);
    context.font = `12px ${style.fontFamily}`;
    return { context, view, size, ratio, style };
  }

  /** A colour for each group, null for those not to be shown. */
  function chooseColours(scheme: Scheme): (Rgb | null)[] {
    if (clusters === null) return [neutralColour(scheme)];
    const colours = new Array<Rgb | null>(clusters.k).fill(null);
    order.forEach((cluster, rank) => {
      if (alone === null || alone === cluster) colours[cluster] = clusterColour(rank, scheme);
    });
    return colours;
  }
}

/** The area between the axes, in CSS pixels. */
function area(canvas: HTMLCanvasElement): Size {
  return {
    width: Math.max(1, canvas.clientWidth - MARGIN.left - MARGIN.right),
    height: Math.max(1, canvas.clientHeight - MARGIN.top - MARGIN.bottom),
  };
}

interface Moves {
  zoom(factor: number, centre: Vec2d): void;
  pan(right: number, up: number): void;
  home(): void;
}

function listen(canvas: HTMLCanvasElement, { zoom, pan, home }: Moves): void {
  let held: PointerEvent | null = null;
  canvas.addEventListener('pointerdown', (event) => {
    held = event;
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener('pointermove', (event) => {
    if (held?.pointerId !== event.pointerId) return;
    const { width, height } = area(canvas);
    pan((event.clientX - held.clientX) / width, (held.clientY - event.clientY) / height);
    held = event;
  });
  canvas.addEventListener('lostpointercapture', () => {
    held = null;
  });
  const wheel = (event: WheelEvent) => {
    // Without Ctrl the wheel scrolls the page; a trackpad's pinch comes as a wheel with Ctrl.
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const { width, height } = area(canvas);
    const left = (event.offsetX - MARGIN.left) / width;
    const bottom = 1 - (event.offsetY - MARGIN.top) / height;
    zoom(Math.exp(-event.deltaY / 200), vec2d.create(left, bottom));
  };
  canvas.addEventListener('wheel', wheel, { passive: false });
  const keys: Record<string, () => void> = {
    ArrowLeft: () => pan(0.1, 0),
    ArrowRight: () => pan(-0.1, 0),
    ArrowUp: () => pan(0, -0.1),
    ArrowDown: () => pan(0, 0.1),
    '+': () => zoom(1.5, MIDDLE),
    '-': () => zoom(1 / 1.5, MIDDLE),
    '0': home,
  };
  canvas.addEventListener('keydown', (event) => {
    const act = keys[event.key];
    if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    act();
  });
}
