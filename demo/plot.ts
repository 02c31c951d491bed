/**
 * The picture: two of the features as axes, the flights between them, and a number at each cluster's centroid.
 */
import { type Mat3d, mat3d, type Vec2d, vec2d } from 'wgpu-matrix';
import { FEATURES, ticks } from './axes.ts';
import { type AxisMap, drawDensity, type Groups, groupRows } from './density.ts';
import type { Flights } from './flights.ts';
import type { Clusters } from './messages.ts';
import { clusterColour, css, inkOn, type Rgb, type Scheme } from './palette.ts';

export interface Plot {
  /** Draws the flights in one colour. */
  setFlights(flights: Flights): void;
  /** Colours the flights, `order[rank]` being the cluster of the rank-th colour; null takes the colours away. */
  setClusters(clusters: Clusters | null, order: readonly number[]): void;
  /** Shows one cluster alone, or all. */
  setAlone(cluster: number | null): void;
  setFeatures(x: number, y: number): void;
  /** Zooms about the middle, in for factors above 1. */
  zoom(factor: number): void;
  home(): void;
}

const MARGIN = { left: 64, right: 24, top: 10, bottom: 46 };
const ZOOM_RANGE = [0.1, 200];
const MIDDLE = vec2d.create(0.5, 0.5);
const DIMENSIONS = 3;

export function createPlot(canvas: HTMLCanvasElement): Plot {
  const context = canvas.getContext('2d')!;
  const darkScheme = matchMedia('(prefers-color-scheme: dark)');
  let flights: Flights | null = null;
  let clusters: Clusters | null = null;
  let groups: Groups | null = null;
  let order: readonly number[] = [];
  let alone: number | null = null;
  let x = 2;
  let y = 1;
  /** From the home square [0, 1]² to what is shown of it. */
  let view = mat3d.identity();
  let frame = 0;

  const keys: Record<string, () => void> = {
    ArrowLeft: () => pan(0.1, 0),
    ArrowRight: () => pan(-0.1, 0),
    ArrowUp: () => pan(0, -0.1),
    ArrowDown: () => pan(0, 0.1),
    '+': () => zoomAbout(MIDDLE, 1.5),
    '-': () => zoomAbout(MIDDLE, 1 / 1.5),
    '0': home,
  };
  new ResizeObserver(requestDraw).observe(canvas);
  darkScheme.addEventListener('change', requestDraw);
  listen();

  return {
    setFlights(next) {
      flights = next;
      uncolour();
    },
    setClusters(next, ranks) {
      clusters = next;
      order = ranks;
      alone = null;
      if (next === null) return uncolour();
      groups = groupRows(next.labels, next.k);
      requestDraw();
    },
    setAlone(cluster) {
      alone = cluster;
      requestDraw();
    },
    setFeatures(nextX, nextY) {
      x = nextX;
      y = nextY;
      home();
    },
    zoom: (factor) => zoomAbout(MIDDLE, factor),
    home,
  };

  function uncolour(): void {
    if (flights !== null) groups = groupRows(new Uint32Array(flights.n), 1);
    requestDraw();
  }

  function home(): void {
    view = mat3d.identity();
    requestDraw();
  }

  /** `centre` in the coordinates that are shown: (0, 0) at the lower left of the plot, (1, 1) at the upper right. */
  function zoomAbout(centre: Vec2d, factor: number): void {
    const zoomed = view[0] * factor;
    if (zoomed < ZOOM_RANGE[0] || zoomed > ZOOM_RANGE[1]) return;
    const about = mat3d.translation(centre);
    mat3d.scale(about, [factor, factor], about);
    mat3d.translate(about, vec2d.negate(centre), about);
    view = mat3d.multiply(about, view);
    requestDraw();
  }

  function pan(dx: number, dy: number): void {
    view = mat3d.multiply(mat3d.translation([dx, dy]), view);
    requestDraw();
  }

  function requestDraw(): void {
    if (frame === 0) frame = requestAnimationFrame(draw);
  }

  /** The area between the axes, in CSS pixels. */
  function area() {
    const width = Math.max(1, canvas.clientWidth - MARGIN.left - MARGIN.right);
    const height = Math.max(1, canvas.clientHeight - MARGIN.top - MARGIN.bottom);
    return { width, height };
  }

  /** From real units to CSS pixels of the area, y downwards. */
  function valuesToPixels(): Mat3d {
    const { width, height } = area();
    const [left, right] = FEATURES[x].home;
    const [bottom, top] = FEATURES[y].home;
    const screen = mat3d.translation([0, height]);
    mat3d.scale(screen, [width, -height], screen);
    const toHome = mat3d.scaling([1 / (right - left), 1 / (top - bottom)]);
    mat3d.translate(toHome, [-left, -bottom], toHome);
    return mat3d.multiply(screen, mat3d.multiply(view, toHome));
  }

  function draw(): void {
    frame = 0;
    const scheme: Scheme = darkScheme.matches ? 'dark' : 'light';
    const ratio = devicePixelRatio;
    canvas.width = Math.round(canvas.clientWidth * ratio);
    canvas.height = Math.round(canvas.clientHeight * ratio);
    const toPixels = valuesToPixels();
    const style = getComputedStyle(canvas);
    context.scale(ratio, ratio);
    context.font = `12px ${style.fontFamily}`;
    context.translate(MARGIN.left, MARGIN.top);
    drawAxes(toPixels, style);
    if (flights === null || groups === null) return;
    const colours = clusters === null ? [parseColour(style.getPropertyValue('--neutral'))] : ranked(scheme);
    drawFlights(flights, groups, toPixels, colours, ratio);
    if (clusters !== null) drawCentroids(flights, clusters, toPixels, colours, style);
  }

  function ranked(scheme: Scheme): (Rgb | null)[] {
    const colours: (Rgb | null)[] = [];
    order.forEach((cluster, rank) => {
      colours[cluster] = alone === null || alone === cluster ? clusterColour(rank, scheme) : null;
    });
    return colours;
  }

  function drawAxes(toPixels: Mat3d, style: CSSStyleDeclaration): void {
    const { width, height } = area();
    const toValues = mat3d.inverse(toPixels);
    const [left, top] = vec2d.transformMat3([0, 0], toValues);
    const [right, bottom] = vec2d.transformMat3([width, height], toValues);
    context.strokeStyle = style.getPropertyValue('--grid');
    context.fillStyle = style.getPropertyValue('--muted');
    context.lineWidth = 1;
    context.beginPath();
    context.textAlign = 'center';
    context.textBaseline = 'top';
    for (const value of ticks(FEATURES[x], left, right, width / 56)) {
      const at = Math.round(vec2d.transformMat3([value, 0], toPixels)[0]) + 0.5;
      context.moveTo(at, 0);
      context.lineTo(at, height);
      context.fillText(FEATURES[x].tick(value), at, height + 8);
    }
    context.textAlign = 'right';
    context.textBaseline = 'middle';
    for (const value of ticks(FEATURES[y], bottom, top, height / 44)) {
      const at = Math.round(vec2d.transformMat3([0, value], toPixels)[1]) + 0.5;
      context.moveTo(0, at);
      context.lineTo(width, at);
      context.fillText(FEATURES[y].tick(value), -8, at);
    }
    context.stroke();
    context.fillStyle = style.color;
    context.textAlign = 'center';
    context.fillText(FEATURES[x].title, width / 2, height + 36);
    context.save();
    context.translate(-55, height / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(FEATURES[y].title, 0, 0);
    context.restore();
  }

  function drawFlights(
    { n, points, mean, deviation }: Flights,
    groups: Groups,
    toPixels: Mat3d,
    colours: (Rgb | null)[],
    ratio: number,
  ): void {
    const width = Math.round(area().width * ratio);
    const height = Math.round(area().height * ratio);
    const image = new ImageData(width, height);
    const pointsToPixels = mat3d.scaling([ratio, ratio]);
    mat3d.multiply(pointsToPixels, toPixels, pointsToPixels);
    const unit = mat3d.getScaling(pointsToPixels);
    mat3d.translate(pointsToPixels, [mean[x], mean[y]], pointsToPixels);
    mat3d.scale(pointsToPixels, [deviation[x], deviation[y]], pointsToPixels);
    // A third of the pixels, at most, would be covered if the dots lay side by side.
    const dot = Math.min(4, Math.max(1, Math.floor(Math.sqrt((width * height) / (3 * n)))));
    drawDensity(
      image,
      { points, d: DIMENSIONS, x, y },
      axisMap(pointsToPixels, 0, unit[0]),
      axisMap(pointsToPixels, 1, unit[1]),
      groups,
      colours,
      dot,
    );
    const layer = new OffscreenCanvas(width, height);
    layer.getContext('2d')!.putImageData(image, 0, 0);
    context.drawImage(layer, 0, 0, area().width, area().height);
  }

  function drawCentroids(
    { mean, deviation }: Flights,
    { centroids }: Clusters,
    toPixels: Mat3d,
    colours: (Rgb | null)[],
    style: CSSStyleDeclaration,
  ): void {
    const { width, height } = area();
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    context.lineWidth = 2;
    order.forEach((cluster, rank) => {
      const colour = colours[cluster];
      if (colour === null) return;
      const value = (j: number) => mean[j] + deviation[j] * centroids[cluster * DIMENSIONS + j];
      const [left, top] = vec2d.transformMat3([value(x), value(y)], toPixels);
      if (left < 0 || left > width || top < 0 || top > height) return;
      context.beginPath();
      context.arc(left, top, 10, 0, 2 * Math.PI);
      context.fillStyle = css(colour);
      context.fill();
      context.strokeStyle = style.getPropertyValue('--surface');
      context.stroke();
      context.fillStyle = inkOn(colour);
      context.fillText(String(rank + 1), left, top + 0.5);
    });
  }

  function listen(): void {
    let held: PointerEvent | null = null;
    canvas.addEventListener('pointerdown', (event) => {
      held = event;
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener('pointermove', (event) => {
      if (held?.pointerId !== event.pointerId) return;
      const { width, height } = area();
      pan((event.clientX - held.clientX) / width, (held.clientY - event.clientY) / height);
      held = event;
    });
    canvas.addEventListener('lostpointercapture', () => {
      held = null;
    });
    canvas.addEventListener('wheel', zoomByWheel, { passive: false });
    canvas.addEventListener('keydown', (event) => {
      const act = keys[event.key];
      if (act === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      act();
    });
  }

  function zoomByWheel(event: WheelEvent): void {
    // Without Ctrl the wheel scrolls the page; a trackpad's pinch comes as a wheel with Ctrl.
    if (!event.ctrlKey && !event.metaKey) return;
    event.preventDefault();
    const { width, height } = area();
    const left = (event.offsetX - MARGIN.left) / width;
    const bottom = 1 - (event.offsetY - MARGIN.top) / height;
    zoomAbout(vec2d.create(left, bottom), Math.exp(-event.deltaY / 200));
  }
}

/** One axis of a matrix that scales and moves but does not turn; its columns are padded to four. */
function axisMap(matrix: Mat3d, axis: 0 | 1, spread: number): AxisMap {
  return { scale: matrix[axis * 5], offset: matrix[8 + axis], spread };
}

function parseColour(text: string): Rgb {
  return text.match(/\d+/g)!.map(Number) as unknown as Rgb;
}
