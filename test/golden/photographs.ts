/** The photographs of data/, as node-vibrant reads them. */
import { Vibrant } from 'node-vibrant/node';

export const PHOTOGRAPHS = ['china', 'flower'] as const;

export type PhotographName = (typeof PHOTOGRAPHS)[number];

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Photograph extends Size {
  /** RGBA [height, width, 4] */
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}

/** Its file, from the root of the repository. */
export function photographAt(name: PhotographName): string {
  return `test/golden/data/${name}.jpg`;
}

/** @param size scaled to it */
export async function readPhotograph(name: PhotographName, size?: Size): Promise<Photograph> {
  const { ImageClass } = Vibrant.DefaultOpts;
  if (ImageClass === undefined) throw new Error('node-vibrant has nothing to read images with');
  const image = await new ImageClass().load(photographAt(name));
  if (size !== undefined) image.resize(size.width, size.height, 1);
  const { width, height, data } = image.getImageData();
  return { width, height, data: Uint8ClampedArray.from(data) };
}

/** So many times as wide and as high, each pixel repeated. */
export function enlarged({ width, height, data }: Photograph, times: number): Photograph {
  const pixels = new Uint32Array(data.buffer);
  const large = new Uint32Array(pixels.length * times * times);
  for (let y = 0; y < height * times; y++) {
    const row = Math.floor(y / times) * width;
    for (let x = 0; x < width; x++) large.fill(pixels[row + x], (y * width + x) * times, (y * width + x + 1) * times);
  }
  return { width: width * times, height: height * times, data: new Uint8ClampedArray(large.buffer) };
}
