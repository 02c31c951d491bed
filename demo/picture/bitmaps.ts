/** The worker's end of the picture: bitmaps to be given away to the page. */
import { runAsync } from '../../src/steps.ts';
import { type Grid, type Layer, type Painted, paint } from './painter.ts';
import type { Drawn, Exposure } from './scene.ts';

/** What draws pictures: on the CPU, or on a GPU (gpu/painter.ts). */
export interface Painter {
  /** `drawn.bitmap` is to be transferred; the grid, null for samples, stays for `pickAt`. */
  expose(
    layer: Layer,
    exposure: Exposure,
    signal?: AbortSignal,
  ): Promise<{ readonly drawn: Drawn; readonly grid: Grid | null }>;
}

export function createPainter(): Painter {
  return {
    async expose(layer, exposure, signal) {
      const start = performance.now();
      return exposed('cpu', layer, exposure, await runAsync(paint(layer, exposure), signal), start);
    },
  };
}

/** @param start when the picture was begun */
export function exposed(
  painter: Drawn['painter'],
  { coordinates: { n } }: Layer,
  { id, toPixels, width, height }: Exposure,
  { pixels, inside, drawn, grid }: Painted,
  start: number,
): Awaited<ReturnType<Painter['expose']>> {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d')!.putImageData(new ImageData(pixels, width, height), 0, 0);
  const bitmap = canvas.transferToImageBitmap();
  const milliseconds = performance.now() - start;
  return { drawn: { id, bitmap, toPixels, inside, drawn, n, milliseconds, painter }, grid };
}
