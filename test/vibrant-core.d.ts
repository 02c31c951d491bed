/** What the tests use of @vibrant/core 4.0.4, whose own declarations begin with a file that is not there. */
import type { Palette } from '@vibrant/color';
import type { BasicPipeline, ProcessResult } from '../node_modules/@vibrant/core/dist/esm/pipeline/index.js';

export { BasicPipeline } from '../node_modules/@vibrant/core/dist/esm/pipeline/index.js';

interface Image {
  load(source: string | Buffer): Promise<Image>;
  resize(width: number, height: number, ratio: number): void;
  getImageData(): { data: Uint8ClampedArray | Buffer; width: number; height: number };
}

interface Options {
  colorCount: number;
  quality: number;
  filters: string[];
  quantizer: string;
  ImageClass: new () => Image;
}

export class Vibrant {
  static DefaultOpts: Partial<Options>;
  static use(pipeline: BasicPipeline): void;
  constructor(source: string | Buffer | HTMLImageElement, options?: Partial<Options>);
  readonly result: ProcessResult | undefined;
  getPalette(): Promise<Palette>;
}
