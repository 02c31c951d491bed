/** Pictures by WebGPU, as bitmaps to be given away to the page. */
import { exposed, type Painter } from '../bitmaps.ts';
import { BeyondError, createDarkroom, type Darkroom, type ResidentPoints } from './darkroom.ts';

export interface GpuPainter extends Pick<Darkroom, 'adopt' | 'end'> {
  /** Null where the picture takes more than the device, or single precision, has. */
  expose(...of: Parameters<Painter['expose']>): Promise<Awaited<ReturnType<Painter['expose']>> | null>;
}

export function createGpuPainter(points: ResidentPoints): GpuPainter {
  const darkroom = createDarkroom(points);
  return {
    adopt: darkroom.adopt,
    end: darkroom.end,
    async expose(layer, exposure, signal) {
      const start = performance.now();
      try {
        const painted = await darkroom.develop(layer, exposure, signal);
        signal?.throwIfAborted();
        return exposed('webgpu', layer, exposure, painted, start);
      } catch (error) {
        if (error instanceof BeyondError) return null;
        throw error;
      }
    },
  };
}
