/** Pictures by WebGPU, as bitmaps to be given away to the page. */
import { bitmapOf, type Painter } from '../bitmaps.ts';
import { BeyondError, createDarkroom, type Darkroom, type ResidentPoints } from './darkroom.ts';

export interface GpuPainter extends Pick<Darkroom, 'adopt' | 'end'> {
  /** Null where the picture takes more than the device, or single precision, has. */
  expose(...of: Parameters<Painter['expose']>): Promise<Awaited<ReturnType<Painter['expose']>> | null>;
}

/** Rows of a texture are copied at multiples of so many bytes. */
const ALIGNMENT = 256;

export function createGpuPainter(points: ResidentPoints): GpuPainter {
  const { device } = points;
  const darkroom = createDarkroom(points);
  return {
    adopt: darkroom.adopt,
    end: darkroom.end,
    async expose(layer, exposure, signal) {
      const start = performance.now();
      const { width, height, id, toPixels } = exposure;
      const usage = GPUTextureUsage.RENDER_ATTACHMENT | GPUTextureUsage.COPY_SRC;
      const texture = device.createTexture({ size: [width, height], format: 'rgba8unorm', usage });
      const bytesPerRow = ALIGNMENT * Math.ceil((4 * width) / ALIGNMENT);
      const home = device.createBuffer({
        size: bytesPerRow * height,
        usage: GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ,
      });
      try {
        const easel = {
          format: 'rgba8unorm',
          texture: () => texture,
          // Read back, as what it holds is: canvases of WebGPU stay empty where a browser composes without a GPU.
          done() {
            const encoder = device.createCommandEncoder();
            encoder.copyTextureToBuffer({ texture }, { buffer: home, bytesPerRow }, [width, height]);
            device.queue.submit([encoder.finish()]);
          },
        } as const;
        const { inside, drawn, grid } = await darkroom.develop(layer, exposure, easel, signal);
        await home.mapAsync(GPUMapMode.READ);
        signal?.throwIfAborted();
        const pixels = straight(new Uint8Array(home.getMappedRange()), width, height, bytesPerRow);
        const { n } = layer.coordinates;
        const milliseconds = performance.now() - start;
        const bitmap = bitmapOf(pixels, width, height);
        return { drawn: { id, bitmap, toPixels, inside, drawn, n, milliseconds, painter: 'webgpu' }, grid };
      } catch (error) {
        if (error instanceof BeyondError) return null;
        throw error;
      } finally {
        home.destroy();
        texture.destroy();
      }
    },
  };
}

/** Pixels whose colours are no longer multiplied by their alpha, line by line. */
function straight(
  padded: Uint8Array,
  width: number,
  height: number,
  bytesPerRow: number,
): Uint8ClampedArray<ArrayBuffer> {
  const pixels = new Uint8ClampedArray(4 * width * height);
  for (let line = 0; line < height; line++) {
    for (let at = 4 * width * line, from = bytesPerRow * line; at < 4 * width * (line + 1); at += 4, from += 4) {
      const alpha = padded[from + 3];
      if (alpha === 0) continue;
      for (let channel = 0; channel < 3; channel++) pixels[at + channel] = (padded[from + channel] * 255) / alpha;
      pixels[at + 3] = alpha;
    }
  }
  return pixels;
}
