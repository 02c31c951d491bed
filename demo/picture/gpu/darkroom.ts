/** The pictures of painter.ts, drawn by WebGPU from the buffers that were clustered. */
import { Usage } from '../../../src/gpu/flags.ts';
import { runAsync, type Steps } from '../../../src/steps.ts';
import type { Coordinates } from '../coordinates.ts';
import {
  CROWDED,
  discsOf,
  type Grid,
  inksOf,
  type Layer,
  OPACITIES,
  type Painted,
  projectionOf,
  standingOf,
  strideOf,
} from '../painter.ts';
import type { Exposure } from '../scene.ts';
import { slices } from '../slices.ts';
import code from './paint.wgsl?raw';

/** Points [n, d], float32, row-major, on a device: both are somebody else's. */
export interface ResidentPoints {
  readonly device: GPUDevice;
  readonly buffer: GPUBuffer;
  readonly n: number;
  readonly d: number;
}

/** What this cannot draw, or not here: somebody else has to. */
export class BeyondError extends Error {}

export interface Darkroom {
  /** Labels that are on the device already, which are this one's from now on. */
  adopt(labels: Uint32Array, buffer: GPUBuffer): void;
  /**
   * A picture of a layer that has labels. It is read back, as the rows on its pixels are: canvases of WebGPU stay empty where a
   * browser composes without a GPU.
   *
   * @throws {BeyondError} where it takes more than the device, or single precision, has
   */
  develop(layer: Layer, exposure: Exposure, signal?: AbortSignal): Promise<Painted>;
  /** Frees what was made here. */
  end(): void;
}

const { UNIFORM, STORAGE, COPY_DST, COPY_SRC, MAP_READ } = Usage;
/** Bits of the specification, too: COPY_SRC and RENDER_ATTACHMENT of textures. */
const TEXTURE = 0x11;
const FORMAT = 'rgba8unorm';
/** Lines of a texture are copied to multiples of so many bytes. */
const ALIGNMENT = 256;
const THREADS = 256;
const MOST_GROUPS = 4096;
const COUNT_BYTES = 2 ** 27;
/** Features that an axis may be made of; of more it takes less time to read coordinates. */
const MOST_TERMS = 8;
const WIDEST_DOT = 32;
const NONE = 2 ** 32 - 1;
/** Whatever lies beyond is not there: what is not a number, above all. */
const FAR = 1e30;
/** The struct `Frame` of paint.wgsl, and offsets in it, in bytes. */
const FRAME_BYTES = 544;
const ENDS_AT = 448;
const FIRST_AT = 492;
const RATIO_AT = 504;

const STAGES = ['count', 'decide', 'fill', 'settle'] as const;

/** @param countBytes for counts of each pixel and cluster: of more clusters, some are counted at a time */
export function createDarkroom(resident: ResidentPoints, countBytes = COUNT_BYTES): Darkroom {
  const { device } = resident;
  const module = device.createShaderModule({ code });
  const pipelines = Promise.all(
    STAGES.map((entryPoint) => device.createComputePipelineAsync({ layout: 'auto', compute: { module, entryPoint } })),
  );
  const rendering = device.createRenderPipelineAsync({
    layout: 'auto',
    vertex: { module, entryPoint: 'corner' },
    fragment: { module, entryPoint: 'develop', targets: [{ format: FORMAT }] },
  });
  // Whoever asks for a picture hears of it.
  rendering.catch(() => undefined);
  const held = new Map<string, GPUBuffer>();
  const copies = new Map<string, { readonly of: object; readonly buffer: GPUBuffer }>();
  /** One picture at a time: they share buffers. */
  let turn: Promise<unknown> = Promise.resolve();

  return {
    adopt: (labels, buffer) => keep('labels', labels, buffer),
    develop(layer, exposure, signal) {
      const picture = turn.then(() => draw(layer, exposure, signal));
      turn = picture.catch(() => undefined);
      return picture;
    },
    end() {
      for (const buffer of held.values()) buffer.destroy();
      for (const { buffer } of copies.values()) buffer.destroy();
      held.clear();
      copies.clear();
    },
  };

  function keep(name: string, of: object, buffer: GPUBuffer): void {
    copies.get(name)?.buffer.destroy();
    copies.set(name, { of, buffer });
  }

  /** A copy of something on the host, made once. */
  async function copyOf(
    name: string,
    of: object,
    bytes: number,
    write: (to: ArrayBuffer) => Steps<void>,
    signal?: AbortSignal,
  ) {
    const known = copies.get(name);
    if (known?.of === of) return known.buffer;
    checkSize(bytes);
    const buffer = device.createBuffer({ size: bytes, usage: STORAGE, mappedAtCreation: true });
    try {
      await runAsync(write(buffer.getMappedRange()), signal);
    } catch (error) {
      buffer.destroy();
      throw error;
    }
    buffer.unmap();
    keep(name, of, buffer);
    return buffer;
  }

  /** A buffer of at least so many bytes, for one picture and the next. */
  function hold(name: string, bytes: number, usage: number): GPUBuffer {
    const known = held.get(name);
    if (known !== undefined && known.size >= bytes && known.size <= 4 * bytes) return known;
    checkSize(bytes);
    known?.destroy();
    const buffer = device.createBuffer({ size: bytes, usage });
    held.set(name, buffer);
    return buffer;
  }

  function checkSize(bytes: number): void {
    const { maxStorageBufferBindingSize, maxBufferSize } = device.limits;
    if (bytes > Math.min(maxStorageBufferBindingSize, maxBufferSize)) throw new BeyondError('too large for a buffer');
  }

  async function draw(layer: Layer, exposure: Exposure, signal: AbortSignal | undefined): Promise<Painted> {
    signal?.throwIfAborted();
    const { coordinates, k } = layer;
    const labels = layer.labels!;
    const { width, height, ratio, sample, showsDoubt } = exposure;
    const { n } = coordinates;
    const size = width * height;
    const sources = sourcesOf(coordinates, resident);
    const points =
      sources.columns === null
        ? resident.buffer
        : await copyOf('coordinates', coordinates, 4 * n * coordinates.dimensions, finite(coordinates.values), signal);
    const labelsThere = await copyOf('labels', labels, labels.byteLength, copied(labels), signal);
    const doubt = showsDoubt ? layer.doubt : null;
    const doubtThere =
      doubt === null
        ? hold('doubt', 4, STORAGE)
        : await copyOf('doubt', doubt, doubt.byteLength, copied(doubt), signal);
    const discs = discsOf(ratio);
    if (discs.length > WIDEST_DOT) throw new BeyondError('dots are too wide');
    const stride = strideOf(n, sample);
    const rows = Math.ceil(n / stride);
    checkSize(16 * size);
    const group = Math.min(k, Math.floor(countBytes / 4 / size));
    if (group < 1) throw new BeyondError('too many pixels');
    const [count, decide, fill, settle] = await pipelines;
    const develop = await rendering;
    signal?.throwIfAborted();

    device.pushErrorScope('validation');
    device.pushErrorScope('out-of-memory');
    const bytesPerRow = ALIGNMENT * Math.ceil((4 * width) / ALIGNMENT);
    const texture = device.createTexture({ size: [width, height], format: FORMAT, usage: TEXTURE });
    // The picture, behind it how many rows are inside, and of a whole picture the row on each pixel.
    const insideAt = bytesPerRow * height;
    const isWhole = stride === 1;
    const bytes = insideAt + 4 + (isWhole ? 4 * size : 0);
    const staging = device.createBuffer({ size: bytes, usage: COPY_DST | MAP_READ });
    try {
      const squares = Math.ceil(width / Math.max(1, 8 * ratio - 1)) * Math.ceil(height / Math.max(1, 8 * ratio - 1));
      const buffers = {
        0: hold('frame', FRAME_BYTES, UNIFORM | COPY_DST),
        1: points,
        2: labelsThere,
        3: doubtThere,
        4: hold('counts', 4 * size * group, STORAGE | COPY_DST),
        5: hold('grid', 4 * size, STORAGE | COPY_DST | COPY_SRC),
        6: hold('doubts', doubt === null ? 4 : 4 * size, STORAGE | COPY_DST),
        7: hold('state', 4 * 258, STORAGE | COPY_DST | COPY_SRC),
        8: hold('tallies', 16 * size, STORAGE | COPY_DST),
        9: hold('filled', 4 * squares, STORAGE | COPY_DST),
        10: hold('areas', 4 * squares, STORAGE),
        11: hold('reaches', 4 * squares, STORAGE),
        12: hold('discs', 4 * 33 * WIDEST_DOT, STORAGE | COPY_DST),
        13: hold('inks', 4 * k, STORAGE | COPY_DST),
      } as const;
      type Place = keyof typeof buffers;
      const bound = (pipeline: GPUComputePipeline | GPURenderPipeline, places: readonly Place[]) =>
        device.createBindGroup({
          layout: pipeline.getBindGroupLayout(0),
          entries: places.map((binding) => ({ binding, resource: { buffer: buffers[binding] } })),
        });
      const { queue } = device;
      queue.writeBuffer(buffers[12], 0, bitsOf(discs));
      queue.writeBuffer(buffers[13], 0, inksOf(layer, exposure));
      queue.writeBuffer(
        buffers[0],
        0,
        frameOf(exposure, sources, {
          ...{
            rows,
            stride,
            k,
            group,
            standing: standingOf(layer, exposure) ?? [0, NONE],
            hasDoubt: doubt !== null,
            largest: discs.length,
          },
        }),
      );
      const across = (items: number) => Math.min(MOST_GROUPS, Math.ceil(items / THREADS));
      const run = (
        pass: GPUComputePassEncoder,
        pipeline: GPUComputePipeline,
        places: readonly Place[],
        groups: number,
      ) => {
        pass.setPipeline(pipeline);
        pass.setBindGroup(0, bound(pipeline, places));
        pass.dispatchWorkgroups(groups);
      };
      for (let first = 0; first < k; first += group) {
        queue.writeBuffer(buffers[0], FIRST_AT, Uint32Array.of(first));
        const encoder = device.createCommandEncoder();
        for (const place of first === 0 ? ([4, 5, 6, 7, 8, 9] as const) : ([4] as const))
          encoder.clearBuffer(buffers[place]);
        const pass = encoder.beginComputePass();
        run(pass, count, [0, 1, 2, 3, 4, 5, 6, 7], across(rows));
        run(pass, decide, [0, 4, 8], across(size));
        pass.end();
        queue.submit([encoder.finish()]);
      }
      const encoder = device.createCommandEncoder();
      const pass = encoder.beginComputePass();
      run(pass, fill, [0, 7, 8, 9], across(size));
      run(pass, settle, [0, 7, 9, 10, 11, 12], 1);
      pass.end();
      const render = encoder.beginRenderPass({
        colorAttachments: [{ view: texture.createView(), loadOp: 'clear', storeOp: 'store' }],
      });
      render.setPipeline(develop);
      render.setBindGroup(0, bound(develop, [0, 6, 7, 8, 10, 11, 12, 13]));
      render.draw(3);
      render.end();
      encoder.copyTextureToBuffer({ texture }, { buffer: staging, bytesPerRow }, [width, height]);
      encoder.copyBufferToBuffer(buffers[7], 0, staging, insideAt, 4);
      if (isWhole) encoder.copyBufferToBuffer(buffers[5], 0, staging, insideAt + 4, 4 * size);
      queue.submit([encoder.finish()]);
      const errors = [device.popErrorScope(), device.popErrorScope()];
      for (const error of await Promise.all(errors)) if (error !== null) throw new Error(error.message);
      await staging.mapAsync(MAP_READ);
      const home = staging.getMappedRange();
      const [inside] = new Uint32Array(home, insideAt, 1);
      const found = new Uint32Array(home, insideAt + 4);
      const grid: Grid | null = isWhole ? { width, height, points: found.map((point) => point & 0x7fffffff) } : null;
      return { pixels: straight(new Uint8Array(home), width, height, bytesPerRow), inside, drawn: rows, grid };
    } finally {
      staging.destroy();
      texture.destroy();
    }
  }
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

function copied(values: Uint32Array | Float32Array) {
  return function* (to: ArrayBuffer): Steps<void> {
    new Uint8Array(to).set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
    yield;
  };
}

/** Values, with what is not a number far away. */
function finite(values: Float32Array) {
  return function* (to: ArrayBuffer): Steps<void> {
    const there = new Float32Array(to);
    for (const [start, end] of slices(values.length)) {
      for (let i = start; i < end; i++) there[i] = Number.isNaN(values[i]) ? FAR : values[i];
      yield;
    }
  };
}

/** Each axis as a sum of columns of a buffer: what of them, and what comes on top. */
interface Sources {
  /** Null where the buffer is that of the points; else that of coordinates, which has so many columns. */
  readonly columns: number | null;
  readonly d: number;
  readonly axes: readonly {
    readonly terms: readonly Term[];
    readonly constant: number;
    readonly dayStart: number | null;
  }[];
  readonly coordinates: Coordinates;
}

interface Term {
  readonly feature: number;
  readonly share: number;
}

/** The points themselves, where axes are made of few of their features; else the coordinates of the picture. */
function sourcesOf(coordinates: Coordinates, { n, d }: ResidentPoints): Sources {
  const { dimensions: m, offsets, scene } = coordinates;
  const { shares, info } = scene;
  if (info.some(({ range }) => range.some((end) => Math.abs(end) >= FAR / 10))) throw new BeyondError('too far');
  const fromPoints = () =>
    info.map(({ dayStart, step }, axis) => {
      const at = axis * (d + 1);
      const terms = Array.from({ length: d }, (_, feature) => ({ feature, share: shares![at + feature] }));
      // In single precision a time may be a little earlier than it is.
      const start = dayStart === undefined ? null : dayStart - Math.max(1e-3, step / 2);
      return { terms: terms.filter(({ share }) => share !== 0), constant: shares![at + d], dayStart: start };
    });
  const axes = shares === null || n !== coordinates.n ? null : fromPoints();
  if (axes?.every(({ terms }) => terms.length <= MOST_TERMS)) return { columns: null, d, axes, coordinates };
  const own = offsets.map((constant, feature) => ({ terms: [{ feature, share: 1 }], constant, dayStart: null }));
  return { columns: m, d: m, axes: own, coordinates };
}

interface FrameNumbers {
  readonly rows: number;
  readonly stride: number;
  readonly k: number;
  readonly group: number;
  readonly standing: readonly [from: number, to: number];
  readonly hasDoubt: boolean;
  readonly largest: number;
}

/** What the shaders know as `frame`. */
function frameOf({ toPixels, width, height, ratio }: Exposure, sources: Sources, numbers: FrameNumbers): ArrayBuffer {
  const { coordinates, axes, d } = sources;
  const { rows, stride, k, group, standing, hasDoubt, largest } = numbers;
  const { spread } = projectionOf(coordinates, toPixels);
  const [a, b, c, e, f, g, h, i] = toPixels;
  // Numbers are small about the middle of what is seen: there single precision is enough for any zoom.
  const wanted =
    axes.length === 2
      ? [(width / 2 - e) / a, (height / 2 - i) / g]
      : coordinates.scene.info.map(({ home }) => (home[0] + home[1]) / 2);
  const terms: number[] = [];
  const ends = [0, 0, 0, 0];
  const middles = [0, 0, 0];
  const dayStarts = [-3e38, -3e38, -3e38, 0];
  for (const [axis, { terms: own, constant, dayStart }] of axes.entries()) {
    middles[axis] = constant;
    for (const { feature, share } of own) {
      const taken = own.length === 1 ? Math.fround((wanted[axis] - constant) / share) : 0;
      terms.push(feature, share, taken, 0);
      middles[axis] += share * taken;
    }
    ends[axis] = terms.length / 4;
    if (dayStart !== null) dayStarts[axis] = dayStart - middles[axis];
  }
  if (axes.length === 2) ends[2] = ends[1];
  const [x, y, z] = middles;
  const floats = [
    ...[a, b, c, a * x + b * y + c * z + e, f, g, h, f * x + g * y + h * z + i],
    ...(spread ?? [0, 0, 0]),
    0,
    ...dayStarts,
    ...terms,
  ];
  // What a zero or an infinity would become of them is no picture.
  const isTame = floats.every(
    (value) => value === 0 || (Math.abs(value) > 1e-30 && Math.abs(value) < FAR) || value === -3e38,
  );
  if (!isTame) throw new BeyondError('too small or too large for single precision');
  const bytes = new ArrayBuffer(FRAME_BYTES);
  const [asFloats, asIntegers] = [new Float32Array(bytes), new Uint32Array(bytes)];
  const { faint, strong, dimmed, doubtful } = OPACITIES;
  const crowded = CROWDED * Math.max(1, ratio / 1.5);
  asFloats.set(floats);
  asIntegers.set(
    [...ends, rows, stride, d, width, height, k, standing[0], 0, group, Number(hasDoubt), 0, largest],
    ENDS_AT / 4,
  );
  asFloats[RATIO_AT / 4] = ratio;
  asFloats.set([faint, strong, dimmed, doubtful, crowded], RATIO_AT / 4 + 2);
  asIntegers[RATIO_AT / 4 + 7] = standing[1];
  return bytes;
}

/** Dots by their width: the number of their pixels, and their rows as bits. */
function bitsOf(discs: readonly Int32Array[]): Uint32Array<ArrayBuffer> {
  const bits = new Uint32Array(33 * discs.length);
  for (const [i, disc] of discs.entries()) {
    const middle = i >> 1;
    bits[33 * i] = disc.length / 2;
    for (let at = 0; at < disc.length; at += 2) bits[33 * i + 1 + disc[at + 1] + middle] |= 1 << (disc[at] + middle);
  }
  return bits;
}
