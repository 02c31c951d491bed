/** The worker's end of the picture: bitmaps to be given away to the page. */
import { runAsync } from '../../src/steps.ts';
import { type Grid, type Layer, paint } from './painter.ts';
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
      const { width, height, id, toPixels } = exposure;
      const { pixels, inside, drawn, grid } = await runAsync(paint(layer, exposure), signal);
      const bitmap = bitmapOf(pixels, width, height);
      const { n } = layer.coordinates;
      const told = { id, toPixels, inside, drawn, n, milliseconds: performance.now() - start, painter: 'cpu' } as const;
      return { drawn: { ...told, bitmap }, grid };
    },
  };
}

/** @param pixels RGBA, not multiplied by alpha */
export function bitmapOf(pixels: Uint8ClampedArray<ArrayBuffer>, width: number, height: number): ImageBitmap {
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d')!.putImageData(new ImageData(pixels, width, height), 0, 0);
  return canvas.transferToImageBitmap();
}
