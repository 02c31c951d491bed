/** Pictures by WebGPU, as bitmaps to be given away to the page. */
import type { Painter } from '../bitmaps.ts';
import { BeyondError, createDarkroom, type Darkroom, type ResidentPoints } from './darkroom.ts';

export interface GpuPainter extends Pick<Darkroom, 'adopt' | 'end'> {
  /** Null where the picture takes more than the device, or single precision, has. */
  expose(...of: Parameters<Painter['expose']>): Promise<Awaited<ReturnType<Painter['expose']>> | null>;
}

export function createGpuPainter(points: ResidentPoints): GpuPainter {
  const darkroom = createDarkroom(points);
  const format = navigator.gpu.getPreferredCanvasFormat();
  return {
    adopt: darkroom.adopt,
    end: darkroom.end,
    async expose(layer, exposure, signal) {
      const start = performance.now();
      const { width, height, id, toPixels } = exposure;
      const canvas = new OffscreenCanvas(width, height);
      const context = canvas.getContext('webgpu')!;
      context.configure({ device: points.device, format, alphaMode: 'premultiplied' });
      let bitmap: ImageBitmap | null = null;
      try {
        const easel = {
          format,
          texture: () => context.getCurrentTexture(),
          done: () => {
            bitmap = canvas.transferToImageBitmap();
          },
        };
        const { inside, drawn, grid } = await darkroom.develop(layer, exposure, easel, signal);
        signal?.throwIfAborted();
        const { n } = layer.coordinates;
        const milliseconds = performance.now() - start;
        return { drawn: { id, bitmap: bitmap!, toPixels, inside, drawn, n, milliseconds, painter: 'webgpu' }, grid };
      } catch (error) {
        (bitmap as ImageBitmap | null)?.close();
        if (error instanceof BeyondError) return null;
        throw error;
      }
    },
  };
}
