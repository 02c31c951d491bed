/**
 * The layers of the picture, each drawn into the area between the axes: (0, 0) is its upper left, in CSS pixels.
 */
import { type Mat3d, mat3d, vec2d } from 'wgpu-matrix';
import type { Flights } from '../data/flights.ts';
import type { Steps } from '../src/steps.ts';
import { FEATURES, ticks } from './axes.ts';
import { type Axis, drawDensity, type Groups } from './density.ts';
import type { Clusters, MixtureClusters } from './messages.ts';
import { css, inkOn, type Rgb } from './palette.ts';
import { type Size, type View, valuesToPixels } from './view.ts';

/** Room for the axes' labels round the area. */
export const MARGIN = { left: 64, right: 24, top: 10, bottom: 46 };

const D = FEATURES.length;

/** What each layer is drawn on. */
export interface Sheet {
  readonly context: CanvasRenderingContext2D;
  readonly view: View;
  readonly size: Size;
  /** Pixels of the screen to a CSS pixel. */
  readonly ratio: number;
  readonly style: CSSStyleDeclaration;
}

export function drawAxes({ context, view, size, style }: Sheet): void {
  const { width, height } = size;
  const x = FEATURES[view.x];
  const y = FEATURES[view.y];
  const toPixels = valuesToPixels(view, size);
  const toValues = mat3d.inverse(toPixels);
  const [left, top] = vec2d.transformMat3([0, 0], toValues);
  const [right, bottom] = vec2d.transformMat3([width, height], toValues);
  context.strokeStyle = style.getPropertyValue('--grid');
  context.fillStyle = style.getPropertyValue('--muted');
  context.lineWidth = 1;
  context.beginPath();
  context.textAlign = 'center';
  context.textBaseline = 'top';
  for (const value of ticks(x, left, right, width / 56)) {
    const at = Math.round(vec2d.transformMat3([value, 0], toPixels)[0]) + 0.5;
    context.moveTo(at, 0);
    context.lineTo(at, height);
    context.fillText(x.tick(value), at, height + 8);
  }
  context.textAlign = 'right';
  context.textBaseline = 'middle';
  for (const value of ticks(y, bottom, top, height / 44)) {
    const at = Math.round(vec2d.transformMat3([0, value], toPixels)[1]) + 0.5;
    context.moveTo(0, at);
    context.lineTo(width, at);
    context.fillText(y.tick(value), -8, at);
  }
  context.stroke();
  context.fillStyle = style.color;
  context.textAlign = 'center';
  context.fillText(x.title, width / 2, height + 36);
  context.save();
  context.translate(-55, height / 2);
  context.rotate(-Math.PI / 2);
  context.fillText(y.title, 0, 0);
  context.restore();
}

/** The groups that have a colour, at the resolution of the screen. */
export function* layerOfFlights(
  { view, size, ratio }: Pick<Sheet, 'view' | 'size' | 'ratio'>,
  { n, points, mean, deviation }: Flights,
  groups: Groups,
  colours: readonly (Rgb | null)[],
): Steps<OffscreenCanvas> {
  const width = Math.round(size.width * ratio);
  const height = Math.round(size.height * ratio);
  const toPixels = valuesToPixels(view, { width, height });
  const unit = mat3d.getScaling(toPixels);
  mat3d.translate(toPixels, [mean[view.x], mean[view.y]], toPixels);
  mat3d.scale(toPixels, [deviation[view.x], deviation[view.y]], toPixels);
  // Side by side the dots would cover a third of the picture, at most.
  const dot = Math.min(4, Math.max(1, Math.floor(Math.sqrt((width * height) / (3 * n)))));
  const layer = new OffscreenCanvas(width, height);
  const image = new ImageData(width, height);
  const x = axis(view.x, toPixels[0], toPixels[8], unit[0]);
  const y = axis(view.y, toPixels[5], toPixels[9], unit[1]);
  yield* drawDensity({ image, dot }, { values: points, d: D, x, y }, groups, colours);
  layer.getContext('2d')!.putImageData(image, 0, 0);
  return layer;
}

function axis(column: number, scale: number, offset: number, spread: number): Axis {
  return { column, scale, offset, spread };
}

/** Outlines the Gaussians of the components that have a colour, at one and at two standard deviations. */
export function drawEllipses(
  { context, view, size, style }: Sheet,
  { mean, deviation }: Flights,
  mixture: MixtureClusters,
  colours: readonly (Rgb | null)[],
): void {
  const standardToPixels = valuesToPixels(view, size);
  mat3d.translate(standardToPixels, [mean[view.x], mean[view.y]], standardToPixels);
  mat3d.scale(standardToPixels, [deviation[view.x], deviation[view.y]], standardToPixels);
  context.save();
  context.beginPath();
  context.rect(0, 0, size.width, size.height);
  context.clip();
  colours.forEach((colour, component) => {
    if (colour === null) return;
    const fromCircle = mat3d.multiply(standardToPixels, gaussian(mixture, component, view));
    for (const deviations of [2, 1]) {
      const [a, b, , , c, d, , , e, f] = mat3d.scale(fromCircle, [deviations, deviations]);
      const circle = new Path2D();
      circle.arc(0, 0, 1, 0, 2 * Math.PI);
      const outline = new Path2D();
      outline.addPath(circle, { a, b, c, d, e, f });
      const width = deviations === 1 ? 2 : 1;
      context.lineWidth = width + 2;
      context.strokeStyle = style.getPropertyValue('--surface');
      context.stroke(outline);
      context.lineWidth = width;
      context.strokeStyle = css(colour);
      context.stroke(outline);
    }
  });
  context.restore();
}

/** From the unit circle to a component's ellipse, in the two features that are shown: the factor of its covariance. */
function gaussian(mixture: MixtureClusters, component: number, { x, y }: View): Mat3d {
  const covariance = (i: number, j: number) => mixture.covariances[(component * D + i) * D + j];
  const xx = Math.sqrt(covariance(x, x));
  const xy = covariance(x, y) / xx;
  const yy = Math.sqrt(Math.max(0, covariance(y, y) - xy * xy));
  const at = (j: number) => mixture.means[component * D + j];
  return mat3d.create(xx, xy, 0, 0, yy, 0, at(x), at(y), 1);
}

/** Marks each cluster that has a colour with its number, from 1 in the order given. */
export function drawMeans(
  { context, view, size, style }: Sheet,
  { mean, deviation }: Flights,
  { means }: Clusters,
  order: readonly number[],
  colours: readonly (Rgb | null)[],
): void {
  const toPixels = valuesToPixels(view, size);
  context.textAlign = 'center';
  context.textBaseline = 'middle';
  context.lineWidth = 2;
  context.strokeStyle = style.getPropertyValue('--surface');
  order.forEach((cluster, rank) => {
    const colour = colours[cluster];
    if (colour === null) return;
    const value = (j: number) => mean[j] + deviation[j] * means[cluster * D + j];
    const [left, top] = vec2d.transformMat3([value(view.x), value(view.y)], toPixels);
    if (left < 0 || left > size.width || top < 0 || top > size.height) return;
    context.beginPath();
    context.arc(left, top, 10, 0, 2 * Math.PI);
    context.fillStyle = css(colour);
    context.fill();
    context.stroke();
    context.fillStyle = inkOn(colour);
    context.fillText(String(rank + 1), left, top + 0.5);
  });
}
