/** Images: a row for each pixel, in OKLab, where equal distances look alike. */
import { SRGB } from '../../src/compat/oklab.ts';
import { count, pause, type Reading } from './reading.ts';
import type { Table } from './table.ts';
import { UnreadableError } from './unreadable.ts';

const MOST_PIXELS = 4e6;

export async function readImage(file: Blob, name: string, reading: Reading): Promise<Table> {
  reading.onProgress(0, file.size);
  const image = await decoded(file);
  reading.onProgress(file.size, file.size);
  reading.signal.throwIfAborted();
  const { width, height } = image;
  const scale = Math.min(1, Math.sqrt(MOST_PIXELS / (width * height)));
  const [columns, rows] = [Math.max(1, Math.floor(width * scale)), Math.max(1, Math.floor(height * scale))];
  const context = new OffscreenCanvas(columns, rows).getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('This browser has no canvas to read images with.');
  context.drawImage(image, 0, 0, columns, rows);
  image.close();
  const pixels = context.getImageData(0, 0, columns, rows);
  const table = await tableOfPixels(pixels, name, reading);
  const remarks = [
    `${count(columns)} × ${count(rows)} pixels, with their colours in OKLab: lightness, green to red, blue to yellow.`,
  ];
  if (scale < 1) remarks.push(`Scaled down from ${count(width)} × ${count(height)}.`);
  return { ...table, remarks: [...remarks, ...table.remarks] };
}

async function decoded(file: Blob): Promise<ImageBitmap> {
  try {
    return await createImageBitmap(file);
  } catch {
    throw new UnreadableError('This image is damaged, or of a kind that this browser does not know.');
  }
}

export interface Pixels {
  readonly width: number;
  readonly height: number;
  /** RGBA [height, width, 4] */
  readonly data: Uint8ClampedArray;
}

/** Lightness, a and b of all pixels that are not transparent, and where they are. */
export async function tableOfPixels({ width, height, data }: Pixels, name: string, reading: Reading): Promise<Table> {
  let n = 0;
  for (let i = 3; i < data.length; i += 4) if (data[i] > 0) n++;
  if (n === 0) throw new UnreadableError('All of this image is transparent.');
  const [lightness, a, b] = [new Float32Array(n), new Float32Array(n), new Float32Array(n)];
  const [xs, ys] = [new Uint16Array(n), new Uint16Array(n)];
  // The row that had a colour last: images have fewer colours than pixels, and neighbours are alike.
  const lasts = new Int32Array(2 ** 16).fill(-1);
  const colours = new Uint32Array(n);
  let row = 0;
  for (let y = 0; y < height; y++) {
    await pause(reading);
    for (let x = 0; x < width; x++) {
      const p = 4 * (y * width + x);
      if (data[p + 3] === 0) continue;
      const colour = (data[p] << 16) | (data[p + 1] << 8) | data[p + 2];
      const slot = (Math.imul(colour, 0x9e3779b1) >>> 16) & 0xffff;
      const last = lasts[slot];
      if (last >= 0 && colours[last] === colour) {
        [lightness[row], a[row], b[row]] = [lightness[last], a[last], b[last]];
      } else {
        [lightness[row], a[row], b[row]] = SRGB.toOklab(data[p], data[p + 1], data[p + 2]);
        lasts[slot] = row;
      }
      colours[row] = colour;
      xs[row] = x;
      ys[row] = y;
      row++;
    }
  }
  const left = width * height - n;
  return {
    ...{ name, n },
    columns: [
      { name: 'lightness', measure: 'number', values: lightness },
      { name: 'a', measure: 'number', values: a },
      { name: 'b', measure: 'number', values: b },
      { name: 'x', measure: 'number', values: xs, isPlace: true },
      { name: 'y', measure: 'number', values: ys, isPlace: true },
    ],
    image: { width, height, colour: [0, 1, 2], place: [3, 4] },
    remarks: left > 0 ? [`${count(left)} transparent pixels left out.`] : [],
  };
}
